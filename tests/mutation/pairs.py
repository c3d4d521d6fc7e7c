"""Functions with two mistakes that are known one by one: two mutations of a reference at different places.

Each of the two alone is named by its check, so both names are true of the function that has them together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from backprop_helpers.checks import diagnose, exercises
from tests.mutation.mutants import Mutant, compiled, mutants_of, source


@dataclass(frozen=True)
class Pair:
    """names: of the two misconceptions, sorted; lines: the two changed lines; fn: the function that has both."""

    exercise: str
    names: tuple[str, str]
    lines: tuple[str, str]
    fn: Callable[..., Any]


def pairs_of(exercise: str) -> list[Pair]:
    """One function for every two misconceptions of an exercise that mutations of its reference happen to be."""
    reference = exercises()[exercise].references[0]
    original = source(reference)
    found: dict[tuple[str, str], Pair] = {}
    for (a, first), (b, second) in itertools.combinations(list(_named(exercise)), 2):
        names = (min(a, b), max(a, b))
        code = _both(original, first.code, second.code)
        if a == b or names in found or code is None:
            continue
        fn = compiled(reference, code)
        if fn and code not in (first.code, second.code):
            found[names] = Pair(exercise, names, (first.line, second.line), fn)
    return list(found.values())


def _named(exercise: str) -> Iterator[tuple[str, Mutant]]:
    """Mutants that are a registered misconception, and its name."""
    for mutant in mutants_of(exercise, exercises()[exercise].references[0]):
        name = diagnose(exercise, mutant.fn).misconception
        if name and " " not in name:
            yield name, mutant


def _both(original: str, first: str, second: str) -> str | None:
    """Two changes of one text in one; None where they overlap."""
    a, b = sorted((_change(original, first), _change(original, second)))
    if a[1] >= b[0]:
        return None
    return original[: a[0]] + a[2] + original[a[1] : b[0]] + b[2] + original[b[1] :]


def _change(original: str, changed: str) -> tuple[int, int, str]:
    """Where a changed text differs: from, to, and what stands there instead."""
    start = next(
        (i for i, (x, y) in enumerate(zip(original, changed, strict=False)) if x != y),
        min(len(original), len(changed)),
    )
    rest = min(len(original), len(changed)) - start
    same = next((i for i in range(rest) if original[-1 - i] != changed[-1 - i]), rest)
    return start, len(original) - same, changed[start : len(changed) - same]
