"""What a pattern is, and what it is looked for in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.checks.compare import Difference, close
from backprop_helpers.checks.spec import SINGLE, Case, Exercise, Tolerance

Array = NDArray[Any]


ALIKE = Tolerance(1e-6, 1e-9, "")


@dataclass(frozen=True)
class Pattern:
    """kind: a short name; says: the fact as a sentence; hint: what to look at."""

    kind: str
    says: str
    hint: str


@dataclass(frozen=True)
class Pair:
    """The first wrong quantity in one case: got and expected, of finite numbers."""

    case: Case
    difference: Difference
    got: Array
    expected: Array


def alike(got: Array, expected: Array) -> bool:
    return got.shape == expected.shape and bool(close(got, expected, ALIKE).all())


def throughout(pairs: Sequence[Pair]) -> str:
    """Where something holds that holds everywhere: of single numbers there are no entries to speak of."""
    return "in every entry" if any(p.got.ndim for p in pairs) else "overall"


def explained(p: Pair, by: Array) -> bool:
    """Whether `by` is what came back, and much nearer to it than what is right: else it explains nothing."""
    single = any(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in p.case.args)
    if p.got.shape != by.shape or not close(p.got, by, SINGLE if single else ALIKE).all():
        return False
    return float(np.linalg.norm(p.got - by)) <= 1e-3 * float(np.linalg.norm(p.got - p.expected))


def inputs(exercise: Exercise, case: Case) -> dict[str, Array]:
    """Every array that went in, by name; those inside a config as config['velocity']."""
    found: dict[str, Array] = {}
    for name, value in zip(exercise.arguments, case.args, strict=False):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            found[name] = np.asarray(value, dtype=float)
        elif isinstance(value, dict):
            found |= {
                f"{name}[{k!r}]": np.asarray(v, dtype=float)
                for k, v in value.items()
                if isinstance(v, np.ndarray)
            }
    return found


def shared_inputs(exercise: Exercise, pairs: Sequence[Pair]) -> list[tuple[str, list[Array]]]:
    """The arrays that went in in every one of the pairs: name and one array per pair."""
    each = [inputs(exercise, p.case) for p in pairs]
    return [(name, [e[name] for e in each]) for name in each[0] if all(name in e for e in each)]
