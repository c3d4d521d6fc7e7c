"""General patterns in a wrong result, for mistakes that no registered misconception explains.

Each pattern must hold in every failing case before it is said, and what is said is a fact about the
numbers ("8 times too large, and 8 is N"), never a guess about the learner. One kind of pattern a file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from backprop_helpers.checks.patterns.arguments import is_an_argument, off_by_argument, reduced
from backprop_helpers.checks.patterns.calls import same_without_upstream, stale
from backprop_helpers.checks.patterns.functions import function, shifted, truncated, zero
from backprop_helpers.checks.patterns.lines import cut_off, one_number_a_line
from backprop_helpers.checks.patterns.pair import Pair, Pattern
from backprop_helpers.checks.patterns.places import masked, one_slice, reordered, reshaped, transposed
from backprop_helpers.checks.patterns.ratios import change_scaled, ratio
from backprop_helpers.checks.spec import Exercise, Fn
from backprop_helpers.checks.trial import Trial

__all__ = ["Pattern", "describe"]

_LOOKS: tuple[Callable[[str, Sequence[Pair], Exercise], Pattern | None], ...] = (
    zero,
    ratio,
    function,
    transposed,
    is_an_argument,
    change_scaled,
    reduced,
    truncated,
    shifted,
    cut_off,
    masked,
    off_by_argument,
    one_slice,
    one_number_a_line,
    reordered,
)


def describe(exercise: Exercise, trials: Sequence[Trial], fn: Fn, forward: Fn | None) -> Pattern | None:
    """The first pattern that holds in every case in which the first wrong quantity is off."""
    first = next(
        (d.quantity for q in exercise.quantities for t in trials for d in t.differences if d.quantity is q),
        None,
    )
    if first is None:
        return None
    if first.fault:
        return Pattern(first.name, first.fault, "")
    pairs = [
        Pair(t.case, d, d.got, d.expected)
        for t in trials
        for d in t.differences
        if d.quantity is first and d.got is not None and d.expected is not None
    ]
    if pairs and all(p.difference.kind == "precision" for p in pairs):
        return None  # right to some digits, which its own sentence says
    if not pairs or len(pairs) < sum(any(d.quantity is first for d in t.differences) for t in trials):
        return None
    name = first.name
    if all(p.got.shape != p.expected.shape for p in pairs):
        return (
            reshaped(name, pairs) or is_an_argument(name, pairs, exercise) or reduced(name, pairs, exercise)
        )
    pairs = [p for p in pairs if p.got.shape == p.expected.shape]
    finite = [p for p in pairs if np.isfinite(p.got).all() and np.isfinite(p.expected).all()]
    if len(finite) < len(pairs):
        return None
    unsteady = stale(name, pairs, exercise, fn, forward)
    if unsteady:
        return unsteady
    for look in _LOOKS:
        found = look(name, pairs, exercise)
        if found:
            return _only_where_negative(name, pairs, trials) if found.kind == "sign" else found
    return same_without_upstream(name, pairs, exercise, fn, forward)


def _only_where_negative(name: str, pairs: Sequence[Pair], trials: Sequence[Trial]) -> Pattern:
    """Of a wrong sign: is it wrong everywhere, or lost just where something negative is right?"""
    wrong = [p.case for p in pairs]
    right = [
        np.asarray(e, dtype=float)
        for t in trials
        for e in t.expected.get(name, ())[:1]
        if not any(t.case is case for case in wrong)
    ]
    if all((p.expected <= 0).all() for p in pairs) and any((e > 0).any() for e in right):
        return Pattern(
            "sign lost",
            f"{name} is never negative; it is right where it should be positive, and has lost its sign elsewhere.",
            "Is there an abs, a square or a root on the way?",
        )
    return Pattern("sign", f"{name} has the wrong sign.", "Which of the two is subtracted from which?")
