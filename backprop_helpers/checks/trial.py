"""One case of a check: what was asked, what the learner's function did, and how far that is from right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backprop_helpers.checks.compare import Difference
from backprop_helpers.checks.observe import Observation
from backprop_helpers.checks.spec import Case, Exercise


@dataclass(frozen=True)
class Trial:
    """One case, what the learner's function did on it, and how that differs quantity by quantity."""

    case: Case
    seen: Observation
    expected: Mapping[str, Sequence[Any]]
    differences: tuple[Difference, ...]


def harmful(exercise: Exercise, seen: Observation) -> tuple[str, ...]:
    """Names of arguments that were changed in place and must not be."""
    allowed = {exercise.arguments[i] for i in exercise.may_change}
    return tuple(name for name in seen.changed if name not in allowed)


def failed(exercise: Exercise, trial: Trial) -> bool:
    """Whether anything is wrong: it stopped, gave other values, changed what must stay, or warned where it should not."""
    seen = trial.seen
    loud = exercise.quiet and seen.warned
    return bool(seen.problem or trial.differences or harmful(exercise, seen) or loud)


def first_difference(exercise: Exercise, trials: Sequence[Trial]) -> tuple[Trial, Difference] | None:
    """The first wrong quantity in backward order; among its cases the first."""
    for q in exercise.quantities:
        for t in trials:
            for d in t.differences:
                if d.quantity is q:
                    return t, d
    return None
