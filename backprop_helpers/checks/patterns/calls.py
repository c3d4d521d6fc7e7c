"""Called once more: the same inputs and another answer, or another upstream gradient and the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backprop_helpers.checks.observe import observe
from backprop_helpers.checks.patterns.pair import Pair, Pattern, alike
from backprop_helpers.checks.spec import Exercise, Fn
from backprop_helpers.checks.travel import as_numbers


def stale(name: str, pairs: Sequence[Pair], exercise: Exercise, fn: Fn, forward: Fn | None) -> Pattern | None:
    """The same inputs twice, two answers: something is kept between the calls, or drawn at random."""
    again = observe(exercise, fn, pairs[0].case, forward)
    value = as_numbers(again.values.get(name))
    if again.problem or isinstance(value, str) or alike(value, pairs[0].got):
        return None
    return Pattern(
        "not the same twice",
        f"{name} comes out differently when {exercise.name} is called again with the same inputs.",
        "What does the function keep from one call to the next, and does it draw random numbers of its own?",
    )


def same_without_upstream(
    name: str, pairs: Sequence[Pair], exercise: Exercise, fn: Fn, forward: Fn | None
) -> Pattern | None:
    """Another upstream gradient, the same answer: upstream was dropped."""
    for p in pairs:
        k = p.case.upstream
        if k is None:
            return None
        args = list(p.case.args)
        args[k] = np.asarray(args[k]) * 3.0 + 1.0
        again = observe(exercise, fn, replace(p.case, args=tuple(args)), forward)
        value = as_numbers(again.values.get(name))
        if again.problem or isinstance(value, str) or not alike(value, p.got):
            return None
        # a quantity of the forward pass does not depend on upstream where it is right, either
        right = as_numbers(
            observe(exercise, exercise.references[0], replace(p.case, args=tuple(args)), forward).values.get(
                name
            )
        )
        if not isinstance(right, str) and alike(right, p.expected):
            return None
    upstream = exercise.arguments[pairs[0].case.upstream or 0]
    return Pattern(
        "upstream dropped",
        f"{name} stays the same whatever the upstream gradient {upstream} is.",
        f"Where does {upstream} enter? The chain rule is upstream × local.",
    )
