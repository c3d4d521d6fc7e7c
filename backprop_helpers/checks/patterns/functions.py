"""One function of what is right in every entry: a step that is missing, or one too many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from backprop_helpers.checks.patterns.pair import Array, Pair, Pattern, explained, throughout
from backprop_helpers.checks.spec import Exercise


def zero(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(p.got.size == 1 for p in pairs):  # a single 0 may be the result of anything
        return None
    if all(np.abs(p.got).max(initial=0) <= 1e-14 * np.abs(p.expected).max(initial=0) for p in pairs):
        return Pattern("zero", f"{name} is zero everywhere.", "Is it ever filled in after it was made?")
    return None


def function(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got = f(expected) with one well-known f: a step that is missing or one too many."""
    if sum(p.got.size for p in pairs) < 3:
        return None
    for text, f in _FUNCTIONS:
        with np.errstate(all="ignore"):
            if all(explained(p, np.asarray(f(p.expected))) for p in pairs):
                return Pattern(
                    f"function {text}",
                    f"{name} is {text} what it should be, {throughout(pairs)}.",
                    "Which step is one too many, or missing?",
                )
    return None


_FUNCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("the square root of", np.sqrt),
    ("the square of", np.square),
    ("the logarithm of", np.log),
    ("e to the power of", np.exp),
    ("1 minus", lambda a: 1 - a),
    ("1 divided by", lambda a: 1 / a),
    ("the size, without the sign, of", np.abs),
)


def shifted(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if any(p.got.size < 2 for p in pairs):
        return None
    shifts = [float((p.got - p.expected).flat[0]) for p in pairs]
    if all(explained(p, p.expected + s) for p, s in zip(pairs, shifts, strict=True)):
        side = "small" if shifts[0] < 0 else "large"
        return Pattern(
            "shift",
            f"{name} is too {side} by the same amount in every entry ({abs(shifts[0]):.4g}).",
            f"Something is {'taken from' if shifts[0] < 0 else 'added to'} every entry.",
        )
    return None


def truncated(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if not any(p.got.any() for p in pairs):  # a 0 has lost more than its decimals
        return None
    if all(explained(p, np.trunc(p.expected)) or explained(p, np.floor(p.expected)) for p in pairs):
        return Pattern(
            "truncated",
            f"{name} has lost everything behind the decimal point.",
            "An integer array can't hold fractions: what dtype is the array you write into?",
        )
    return None
