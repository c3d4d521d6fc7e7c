"""The right numbers in wrong places, or wrong ones in some places only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from backprop_helpers.checks.compare import close
from backprop_helpers.checks.patterns.pair import (
    ALIKE,
    Array,
    Pair,
    Pattern,
    alike,
    explained,
    shared_inputs,
)
from backprop_helpers.checks.spec import Exercise


def reshaped(name: str, pairs: Sequence[Pair]) -> Pattern | None:
    if all(p.got.T.shape == p.expected.shape and alike(p.got.T, p.expected) for p in pairs):
        return Pattern(
            "transposed",
            f"{name} is the transpose of what it should be.",
            "Swap the two factors' roles, or transpose once.",
        )
    if all(
        p.got.size == p.expected.size and alike(p.got.reshape(p.expected.shape), p.expected) for p in pairs
    ):
        return Pattern(
            "reshaped",
            f"{name} holds the right numbers in the wrong shape.",
            "Give it the shape of what it belongs to.",
        )
    return None


def transposed(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(p.got.ndim == 2 and alike(p.got.T, p.expected) for p in pairs):
        return reshaped(name, pairs)
    return None


def reordered(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(p.got.size > 2 and explained(p, np.sort(p.expected, axis=None)[_ranks(p.got)]) for p in pairs):
        return Pattern(
            "reordered",
            f"{name} holds the right numbers in the wrong places.",
            "Look at the order in which rows and columns are read.",
        )
    return None


def _ranks(a: Array) -> Array:
    """The place of each entry in the sorted order, in the shape of a."""
    return np.argsort(np.argsort(a, axis=None, kind="stable"), kind="stable").reshape(a.shape)


_SIDES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("> 0", lambda a: a > 0),
    ("≤ 0", lambda a: a <= 0),
    ("< 0", lambda a: a < 0),
    ("= 0", lambda a: a == 0),
)


def masked(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """Wrong exactly where an argument of the same shape is positive, or not positive, or zero."""
    for (argument, arrays), (text, holds) in itertools.product(shared_inputs(exercise, pairs), _SIDES):
        if all(_wrong_where(p, a, holds) for p, a in zip(pairs, arrays, strict=True)):
            return Pattern(
                f"wrong where {argument} {text}",
                f"{name} is right except exactly where {argument} {text}.",
                "Look at which side of the condition keeps its value.",
            )
    return None


def _wrong_where(p: Pair, a: Array, holds: Callable[[Array], Array]) -> bool:
    if a.shape != p.got.shape or a.size < 2:
        return False
    wrong = ~close(p.got, p.expected, ALIKE)
    return bool(np.array_equal(wrong, holds(a)) and wrong.any() and not wrong.all())


def one_slice(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """Wrong in one row or column only, counted from the front or from the end."""
    for axis, word in ((0, "row"), (1, "column")):
        if any(p.got.ndim != 2 for p in pairs) or all(p.got.shape[axis] < 2 for p in pairs):
            continue
        if all(
            np.sum(~close(p.got, p.expected, ALIKE)) < 2 for p in pairs
        ):  # one entry lies in some row anyway
            continue
        where = [np.unique(np.nonzero(~close(p.got, p.expected, ALIKE))[axis]) for p in pairs]
        if any(len(w) != 1 for w in where):
            continue
        for index, said in ((0, "first"), (-1, "last")):
            if all(w[0] == index % p.got.shape[axis] for w, p in zip(where, pairs, strict=True)):
                return Pattern(
                    f"{said} {word}",
                    f"{name} is right except in its {said} {word}.",
                    f"What is different about the {said} {word}: where does a loop or a slice begin and end?",
                )
    return None
