"""Find out which mistake was made.

In this order: replay the registered wrong solutions on the same inputs; where each wrong quantity
is explained by another of them, or only two together explain the numbers, name both; look for a general pattern; else say only where and how
the values part. A name is given only when every value of every case agrees with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_helpers.checks.compare import close, tolerance_for
from backprop_helpers.checks.composition import Together
from backprop_helpers.checks.observe import Observation, observe
from backprop_helpers.checks.patterns import describe
from backprop_helpers.checks.spec import Exercise, Fn, Quantity, Tolerance
from backprop_helpers.checks.travel import as_numbers
from backprop_helpers.checks.trial import Trial
from backprop_helpers.misconceptions import Misconception, for_exercise

# Two wrong results are the same mistake only when they agree far beyond chance.
SAME = Tolerance(1e-6, 1e-9, "")


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong in one sentence, a hint, and the names it was given (none where nothing fits)."""

    says: str = ""
    hint: str = ""
    names: tuple[str, ...] = ()
    pattern: str = ""


def diagnosis(
    exercise: Exercise,
    trials: Sequence[Trial],
    fn: Fn,
    forward: Fn | None = None,
    known: Sequence[Misconception] | None = None,
    replays: dict[Any, Observation] | None = None,
) -> Diagnosis:
    """Name the mistake behind the trials, of which at least one failed.

    known: the misconceptions to consider instead of all of the exercise's (to study what is said without one);
    replays: what wrong solutions did on these very cases, from one diagnosis to the next.
    """
    entries = for_exercise(exercise.name) if known is None else known
    suspects = [variant for m in entries for variant in m.variants()]

    done = {} if replays is None else replays

    def replay(m: Misconception, i: int) -> Observation:
        key = m.wrong, i
        if key not in done:
            done[key] = observe(exercise, m.wrong, trials[i].case, trusted=True)
        return done[key]

    def fits(m: Misconception, changes_more: bool) -> bool:
        found = [(t, replay(m, i)) for i, t in enumerate(trials)]
        if m.exactly and any(t.seen.sentence != known.sentence for t, known in found):
            return False
        return all(_same(exercise, t, known, changes_more) for t, known in found)

    whole = _once(m for m in suspects if fits(m, False))
    if not whole and any(t.differences for t in trials):
        # wrong values are named all the same where an argument is changed in place besides (said as a remark)
        whole = _once(m for m in suspects if fits(m, True))
    if whole:
        return Diagnosis(
            says=" Or: ".join(m.says for m in whole),
            hint=whole[0].hint,
            names=tuple(m.name for m in whole),
        )
    mixed = _one_for_each_quantity(exercise, trials, suspects, replay)
    if not mixed and any(t.differences for t in trials):
        right = [[observe(exercise, r, t.case, trusted=True) for t in trials] for r in exercise.references]
        mixed = Together(exercise, trials, replay, right, _is).only_pair(suspects)
    if mixed:
        return Diagnosis(
            says=" And: ".join(m.says for m in mixed),
            hint=mixed[0].hint,
            names=tuple(m.name for m in mixed),
        )
    pattern = describe(exercise, trials, fn, forward)
    return Diagnosis(says=pattern.says, hint=pattern.hint, pattern=pattern.kind) if pattern else Diagnosis()


def _once(found: Iterable[Misconception]) -> list[Misconception]:
    """Each name once: several variants of one misconception may fit."""
    return list({m.name: m for m in found}.values())


def _same(exercise: Exercise, trial: Trial, replay: Observation, changes_more: bool) -> bool:
    """Whether a wrong solution did on this case exactly what the learner's function did.

    changes_more: the learner's function may change further arguments in place.
    """
    seen = trial.seen
    if seen.problem or replay.problem:
        if seen.problem == "unreadable":  # its sentence says what came back instead
            return replay.problem == seen.problem and replay.sentence == seen.sentence
        return (seen.problem, seen.error) == (replay.problem, replay.error)
    if set(seen.changed) != set(replay.changed) and not (
        changes_more and set(seen.changed) > set(replay.changed)
    ):
        return False
    if exercise.quiet and not trial.differences and bool(seen.warned) != bool(replay.warned):
        return False  # where the values are right, a warning is all there is to go by
    return all(_agree(q, trial, replay) for q in exercise.quantities)


def _agree(quantity: Quantity, trial: Trial, replay: Observation) -> bool:
    """Whether both gave the same."""
    return _is(quantity, trial, replay.values.get(quantity.name))


def _is(quantity: Quantity, trial: Trial, value: Any) -> bool:
    """Whether that is what was seen; where several answers are right, as at a kink, two right ones are the same."""
    case, seen = trial.case, trial.seen
    got, theirs = as_numbers(seen.values.get(quantity.name)), as_numbers(value)
    if isinstance(got, str) or isinstance(theirs, str):
        return got is theirs or (isinstance(got, str) and isinstance(theirs, str) and got == theirs)
    if got.shape != theirs.shape:
        return False
    near = close(got, theirs, SAME)
    if quantity.name in case.free and got.shape == near.shape:
        near = near | case.free[quantity.name]
    right = [np.asarray(e, dtype=float) for e in trial.expected.get(quantity.name, ())]
    if len(right) > 1 and all(r.shape == got.shape for r in right):
        tolerance = tolerance_for(quantity, case)
        mine, known = (np.any([close(a, r, tolerance) for r in right], axis=0) for a in (got, theirs))
        near = near | (mine & known)
    return bool(near.all())


def _one_for_each_quantity(
    exercise: Exercise,
    trials: Sequence[Trial],
    suspects: Sequence[Misconception],
    replay: Callable[[Misconception, int], Observation],
) -> list[Misconception]:
    """Different misconceptions in different quantities, each explaining its own in every case; else nothing."""
    if any(trial.seen.problem for trial in trials):
        return []
    wrong = [q for q in exercise.quantities if any(d.quantity is q for t in trials for d in t.differences)]
    if len(wrong) < 2 or any(q.fault for q in wrong):  # measured properties hang together
        return []
    found: list[Misconception] = []
    for quantity in wrong:
        fits = _once(
            m
            for m in suspects
            if all(
                not replay(m, i).problem and _agree(quantity, t, replay(m, i)) for i, t in enumerate(trials)
            )
        )
        if len(fits) != 1:
            return []
        if fits[0] not in found:
            found.append(fits[0])
    # one name alone would have fitted as a whole, if it were the explanation
    return found if len(found) > 1 else []
