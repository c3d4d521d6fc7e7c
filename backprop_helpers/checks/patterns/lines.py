"""Right up to one number a row or a column, or cut off at a limit: a step that treats whole lines alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop_helpers.checks.compare import close
from backprop_helpers.checks.patterns.pair import ALIKE, Pair, Pattern, explained
from backprop_helpers.checks.spec import Exercise


def cut_off(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got = expected, cut off at one limit below or above that is the same in every case."""
    low, high = min(float(p.got.min()) for p in pairs), max(float(p.got.max()) for p in pairs)
    if low == high or not all(explained(p, np.clip(p.expected, low, high)) for p in pairs):
        return None
    below = sum(int(np.sum(~close(p.got, p.expected, ALIKE) & (p.expected < low))) for p in pairs)
    above = sum(int(np.sum(~close(p.got, p.expected, ALIKE) & (p.expected > high))) for p in pairs)
    inside = sum(int(np.sum((p.expected > low) & (p.expected < high))) for p in pairs)
    if below + above < 2 or inside < 2:  # so few could lie there by chance
        return None
    limits = [f"below {low:.4g}"] * bool(below) + [f"above {high:.4g}"] * bool(above)
    return Pattern(
        "cut off",
        f"{name} is right except that it never goes {' or '.join(limits)}; what lies beyond is cut off there.",
        "What keeps the numbers inside these limits, and is it asked for?",
    )


def one_number_a_line(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got − expected, or got / expected, is one number a column (the same in every row) or one a row."""
    if any(p.got.ndim != 2 for p in pairs):
        return None
    if all(min(p.got.shape) < 2 for p in pairs):  # one row alone has one number a column, whatever it is
        return None
    for axis, line in ((0, "column"), (1, "row")):
        across = "every row" if axis == 0 else "every column"
        if all(explained(p, p.expected + (p.got - p.expected).mean(axis, keepdims=True)) for p in pairs):
            return Pattern(
                f"one number a {line} too many",
                f"{name} is off by one number for each {line}, the same in {across}.",
                f"What is computed once for each {line} and then added or taken away?",
            )
        if sum(_telling(p, axis) for p in pairs) > 2 and all(_by_factors(p, axis) for p in pairs):
            return Pattern(
                f"one factor a {line}",
                f"each {line} of {name} is right up to a factor of its own.",
                f"What is computed once for each {line} and then multiplied or divided by?",
            )
    return None


def _telling(p: Pair, axis: int) -> int:
    """How many wrong lines have two numbers or more: a single one has a factor whatever it is."""
    wrong = ~close(p.got, p.expected, ALIKE)
    return int(np.sum(wrong.any(axis) & (np.count_nonzero(p.expected, axis) > 1)))


def _by_factors(p: Pair, axis: int) -> bool:
    """Whether every line came out multiplied by one number."""
    with np.errstate(all="ignore"):
        r = np.sum(p.got * p.expected, axis, keepdims=True) / np.sum(p.expected**2, axis, keepdims=True)
    return explained(p, p.expected * np.where(np.isfinite(r), r, 0.0))
