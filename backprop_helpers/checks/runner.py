"""`check` and `diagnose`: run an exercise's check on a learner's function and say what was found."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_helpers._progress import record
from backprop_helpers.checks import notebook, wording
from backprop_helpers.checks.compare import Difference, difference
from backprop_helpers.checks.diagnosis import diagnosis
from backprop_helpers.checks.forwards import trusted
from backprop_helpers.checks.limits import captured_prints
from backprop_helpers.checks.observe import FINAL, Elsewhere, NotThere, Observation, observe
from backprop_helpers.checks.registry import exercise_named
from backprop_helpers.checks.result import CheckFailed, CheckResult
from backprop_helpers.checks.spec import DIFFERENCES, Case, Exercise, Fn
from backprop_helpers.checks.trial import Trial, failed
from backprop_helpers.misconceptions import Misconception

# An instructor's configuration puts the real one here; without it hidden checks are still different
# from visible ones, but not secret.
SECRET_SEED = "BACKPROP_SECRET_SEED"

_listener: ContextVar[Callable[[CheckResult, bool], None] | None] = ContextVar("listener", default=None)
_secret: ContextVar[str | None] = ContextVar("secret", default=None)


@contextlib.contextmanager
def graded(secret: str, listener: Callable[[CheckResult, bool], None]) -> Iterator[None]:
    """Within it, every `check` tells its result to listener(result, hidden) instead of showing and remembering it.

    secret: what hidden checks draw their inputs from, instead of the environment's.
    """
    tokens = _listener.set(listener), _secret.set(secret)
    try:
        yield
    finally:
        _listener.reset(tokens[0])
        _secret.reset(tokens[1])


def check(name: str, fn: Fn, *, forward: Fn | None = None, hidden: bool = False) -> None:
    """Check a learner's function: a card says what was found; where it does not hold, one clear sentence is raised too.

    name: the exercise, as "affine_forward"; fn: the learner's function; forward: the learner's own forward
    function to check a backward pass against (default: the course's); hidden: use the grader's secret inputs
    and show no numbers. Raises CheckFailed, an AssertionError, where the check does not hold.
    """
    result = diagnose(name, fn, forward=forward, hidden=hidden)
    listen = _listener.get()
    if listen is not None:
        listen(result, hidden)
        if not result.passed:
            raise CheckFailed(result)
        return
    if not hidden:
        record(result.name, exercise_named(name).lesson, result.passed)
    if not result.passed:
        raise notebook.failure(result)
    if not hidden:
        notebook.show(result)


def diagnose(
    name: str,
    fn: Any,
    *,
    forward: Fn | None = None,
    hidden: bool = False,
    seed: int | None = None,
    known: Sequence[Misconception] | None = None,
) -> CheckResult:
    """The same as `check`, as an object and without raising.

    seed: draw the inputs from this seed instead of the usual ones; known: the misconceptions to consider
    (default: all of the exercise's). Raises KeyError for an unknown exercise.
    """
    exercise = exercise_named(name)
    if not callable(fn):
        return CheckResult(
            name,
            False,
            f"The second argument of check is {type(fn).__name__}, not a function. Write check({name!r}, {name}) without parentheses behind the name.",
        )
    try:
        return _judge(exercise, fn, forward, hidden, seed, known)
    except NotThere as missing:
        return CheckResult(name, False, str(missing))
    except (
        Exception
    ) as problem:  # what came back was stranger than the check foresaw: say so, without a traceback
        return CheckResult(
            name,
            False,
            f"the check of {name} could not make sense of what came back ({type(problem).__name__}: {str(problem)[:200]}).",
            look=wording.reminder(exercise),
        )


def _judge(
    exercise: Exercise,
    fn: Fn,
    forward: Fn | None,
    hidden: bool,
    seed: int | None,
    known: Sequence[Misconception] | None,
) -> CheckResult:
    """Run all cases of every seed; explain the first seed that fails."""
    if isinstance(fn, Elsewhere):
        return _judge_elsewhere(exercise, fn, forward, hidden, seed, known)
    for number in _seeds(exercise, hidden, seed):
        cases = exercise.cases(np.random.default_rng(number))
        used, doubt = trusted(exercise, forward, cases)
        trials = _trials(exercise, fn, cases, used, hidden)
        if any(failed(exercise, t) for t in trials):
            return _also(_explain(exercise, trials, fn, used, hidden, known), doubt)
    return _also(wording.holds(exercise, trials, used, by_reference=hidden), doubt)


def _judge_elsewhere(
    exercise: Exercise,
    fn: Elsewhere,
    forward: Fn | None,
    hidden: bool,
    seed: int | None,
    known: Sequence[Misconception] | None,
) -> CheckResult:
    """The same for a function in another process, which is asked about all seeds at once.

    A class is asked the same questions one learner after another: what is right there is worked out once.
    """
    answers = [known_answers(exercise, number) for number in _seeds(exercise, hidden, seed)]
    used, doubt = trusted(exercise, forward, _together(answers))
    seen = fn.observe(exercise, _together(answers), used)
    for one in answers:
        trials = _compared_all(exercise, one, seen[: len(one.cases)], hidden)
        seen = seen[len(one.cases) :]
        if any(failed(exercise, t) for t in trials):
            return _also(_explain(exercise, trials, fn, used, hidden, known, one.replays), doubt)
        if hidden and exercise.elsewhere:
            further = known_answers(_further(exercise), one.number)
            more = _compared_all(exercise, further, fn.observe(exercise, further.cases, used), hidden)
            if any(failed(exercise, t) for t in more):
                return _explain(exercise, more, fn, used, hidden, ())
    return _also(wording.holds(exercise, trials, used, by_reference=True), doubt)


def _also(result: CheckResult, doubt: str) -> CheckResult:
    return replace(result, remarks=(doubt, *result.remarks)) if doubt else result


def _seeds(exercise: Exercise, hidden: bool, seed: int | None) -> list[int]:
    if seed is not None:
        return [seed]
    if not hidden:
        return [_number(exercise.name)]
    secret = _secret.get() or os.environ.get(SECRET_SEED, "development")
    return [_number(f"{secret}/{exercise.name}/{i}") for i in range(exercise.rounds)]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


class Answers:
    """What is right on the cases of one seed, worked out when first asked for."""

    def __init__(self, exercise: Exercise, number: int) -> None:
        self.exercise, self.number = exercise, number
        self.cases = list(exercise.cases(np.random.default_rng(number)))
        self.replays: dict[Any, Observation] = {}
        self._expected: dict[int, dict[str, list[Any]]] = {}

    def expected(self, i: int) -> dict[str, list[Any]]:
        """Of case i, by quantity: what the references give."""
        if i not in self._expected:
            self._expected[i] = _by_references(self.exercise, self.cases[i])
        return self._expected[i]


_furthers: dict[int, tuple[Exercise, Exercise]] = {}


def _further(exercise: Exercise) -> Exercise:
    """The exercise with the cases that only a process of its own is asked."""
    known = _furthers.get(id(exercise))
    if known is None or known[0] is not exercise:
        further = replace(exercise, cases=exercise.elsewhere or exercise.cases)
        known = _furthers[id(exercise)] = exercise, further
    return known[1]


KEPT = 300  # of the latest answers
_answers: dict[tuple[int, int], Answers] = {}
_lists: dict[tuple[int, ...], tuple[list[Answers], list[Case]]] = {}


def known_answers(exercise: Exercise, number: int) -> Answers:
    """The answers of an exercise for one seed; the latest are kept."""
    key = id(exercise), number
    found = _answers.get(key)
    if found is None or found.exercise is not exercise:
        if len(_answers) >= KEPT:
            _answers.pop(next(iter(_answers)))
        found = _answers[key] = Answers(exercise, number)
    return found


def _together(answers: list[Answers]) -> list[Case]:
    """The cases of several seeds in one list, which is the same one whenever the answers are."""
    key = tuple(map(id, answers))
    if key not in _lists:
        if len(_lists) >= KEPT:
            _lists.pop(next(iter(_lists)))
        _lists[key] = answers, [case for one in answers for case in one.cases]
    return _lists[key][1]


def _compared_all(
    exercise: Exercise, answers: Answers, seen: Sequence[Observation], hidden: bool
) -> list[Trial]:
    """What was seen on the cases of one seed, compared with what is right; fewer where it ended early."""
    return [
        _compared(exercise, _loosely(exercise, answers.cases[i], hidden), one, answers.expected(i))
        for i, one in enumerate(seen)
    ]


def _trials(
    exercise: Exercise, fn: Fn, cases: Sequence[Case], forward: Fn | None, hidden: bool
) -> list[Trial]:
    """All cases, but nothing after one that is still empty or never ends: more of it would tell no more."""
    trials = []
    for case in cases:
        trials.append(_try(exercise, fn, case, forward, hidden))
        if trials[-1].seen.problem in FINAL:
            break
    return trials


def _try(exercise: Exercise, fn: Fn, case: Case, forward: Fn | None, hidden: bool) -> Trial:
    """Run one case and compare with the oracle: finite differences in a visible check that has them."""
    seen = observe(exercise, fn, case, forward)
    numerical = exercise.numerical if not hidden else None
    default = exercise.forward
    if not numerical or default is None:
        return _compared(exercise, case, seen, _by_references(exercise, case))
    with captured_prints(), np.errstate(all="ignore"):
        found = numerical(case, forward or default)
    expected = {q.name: found[q.name] for q in exercise.quantities}
    lists = {name: right if isinstance(right, list) else [right] for name, right in expected.items()}
    return _compared(exercise, _loosely(exercise, case, hidden), seen, lists)


def _loosely(exercise: Exercise, case: Case, hidden: bool) -> Case:
    """A case as a visible check judges it: as close as finite differences can tell, where it uses them."""
    if hidden or not exercise.numerical or exercise.forward is None:
        return case
    return replace(case, tolerance=case.tolerance or DIFFERENCES)


def _by_references(exercise: Exercise, case: Case) -> dict[str, list[Any]]:
    expected: dict[str, list[Any]] = {q.name: [] for q in exercise.quantities}
    for reference in exercise.references:
        known = observe(exercise, reference, case, trusted=True)
        if known.problem:
            raise RuntimeError(f"The reference of {exercise.name} failed on its own check: {known.sentence}")
        for q in exercise.quantities:
            expected[q.name].append(known.values[q.name])
    return expected


def _compared(exercise: Exercise, case: Case, seen: Observation, expected: dict[str, list[Any]]) -> Trial:
    differences: list[Difference] = []
    if not seen.problem:
        for q in exercise.quantities:
            d = difference(q, seen.values.get(q.name), expected[q.name], case)
            if d:
                differences.append(d)
    return Trial(case, seen, expected, tuple(differences))


def _explain(
    exercise: Exercise,
    trials: Sequence[Trial],
    fn: Fn,
    forward: Fn | None,
    hidden: bool,
    known: Sequence[Misconception] | None,
    replays: dict[Any, Observation] | None = None,
) -> CheckResult:
    """What a learner is told of the failing trials."""
    bad = next(t for t in trials if failed(exercise, t))
    if bad.seen.problem in FINAL:
        return wording.stopped(exercise, bad, page=not hidden and not isinstance(fn, Elsewhere))
    found = diagnosis(exercise, trials, fn, forward, known, replays)
    return wording.explained(exercise, trials, found, hidden)
