"""What came in shows in what came out: an argument itself, its sum, or a multiple of it too many."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_helpers.checks.patterns.pair import Array, Pair, Pattern, alike, shared_inputs
from backprop_helpers.checks.spec import Exercise


def is_an_argument(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    for argument, arrays in shared_inputs(exercise, pairs):
        if all(alike(p.got, a) for p, a in zip(pairs, arrays, strict=True)):
            return Pattern(
                f"equals {argument}",
                f"{name} is {argument} itself, unchanged.",
                f"What has to be done with {argument} on the way?",
            )
    return None


def reduced(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got is a sum or mean of one argument over one axis, which is not what was wanted."""
    ways = itertools.product((0, 1, None), (("sum", np.sum), ("mean", np.mean)))
    for (argument, arrays), (axis, (verb, f)) in itertools.product(
        shared_inputs(exercise, pairs), list(ways)
    ):
        if all(_is_reduction(p.got, a, axis, f) for p, a in zip(pairs, arrays, strict=True)):
            over = "all entries" if axis is None else f"axis {axis}"
            return Pattern(
                f"{verb} over {over}",
                f"{name} is the {verb} of {argument} over {over}.",
                "Which axis must disappear, and should it be added up or averaged?",
            )
    return None


def _is_reduction(got: Array, a: Array, axis: int | None, f: Callable[..., Any]) -> bool:
    if a.ndim < 2 or got.size < 1:
        return False
    value = np.asarray(f(a, axis=axis), dtype=float)
    return alike(got, np.broadcast_to(value, got.shape) if value.shape == () else value)


def off_by_argument(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got − expected = k · a for an argument a and one number k: a term too many, as that of a penalty on w."""
    for argument, arrays in shared_inputs(exercise, pairs):
        off = [p.got - p.expected for p in pairs]
        if any(a.shape != d.shape or a.size < 2 or not a.any() for a, d in zip(arrays, off, strict=True)):
            continue
        k = float(np.vdot(arrays[0], off[0]) / np.vdot(arrays[0], arrays[0]))
        if k and all(alike(d, k * a) for a, d in zip(arrays, off, strict=True)):
            return Pattern(
                f"off by {argument}",
                f"{name} differs from what it should be by {k:.4g} · {argument}.",
                f"Which term adds or takes away {argument}, and does this exercise ask for it?",
            )
    return None
