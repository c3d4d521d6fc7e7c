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
from backprop_helpers.checks.compare import Difference, close, difference, tolerance_for
from backprop_helpers.checks.diagnosis import Diagnosis, diagnosis
from backprop_helpers.checks.forwards import trusted
from backprop_helpers.checks.limits import captured_prints
from backprop_helpers.checks.observe import FINAL, Elsewhere, NotThere, Observation, observe
from backprop_helpers.checks.registry import exercise_named
from backprop_helpers.checks.result import CheckFailed, CheckResult
from backprop_helpers.checks.spec import DIFFERENCES, Case, Exercise, Fn
from backprop_helpers.checks.trial import Trial
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
    """Check a learner's function: show a card when it holds, raise one clear sentence when it does not.

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
        raise CheckFailed(result)
    if not hidden:
        _show(result)


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
            look=_reminder(exercise),
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
        if any(_failed(exercise, t) for t in trials):
            return _also(_explain(exercise, trials, fn, used, hidden, known), doubt)
    return _also(_holds(exercise, trials, used, by_reference=hidden), doubt)


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
        if any(_failed(exercise, t) for t in trials):
            return _also(_explain(exercise, trials, fn, used, hidden, known, one.replays), doubt)
        if hidden and exercise.elsewhere:
            further = known_answers(_further(exercise), one.number)
            more = _compared_all(exercise, further, fn.observe(exercise, further.cases, used), hidden)
            if any(_failed(exercise, t) for t in more):
                return _explain(exercise, more, fn, used, hidden, ())
    return _also(_holds(exercise, trials, used, by_reference=True), doubt)


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


def _harmful(exercise: Exercise, seen: Observation) -> tuple[str, ...]:
    """Names of arguments that were changed in place and must not be."""
    allowed = {exercise.arguments[i] for i in exercise.may_change}
    return tuple(name for name in seen.changed if name not in allowed)


def _failed(exercise: Exercise, trial: Trial) -> bool:
    seen = trial.seen
    loud = exercise.quiet and seen.warned
    return bool(seen.problem or trial.differences or _harmful(exercise, seen) or loud)


def _explain(
    exercise: Exercise,
    trials: Sequence[Trial],
    fn: Fn,
    forward: Fn | None,
    hidden: bool,
    known: Sequence[Misconception] | None,
    replays: dict[Any, Observation] | None = None,
) -> CheckResult:
    """Put the failing trials into the three lines a learner reads."""
    bad = next(t for t in trials if _failed(exercise, t))
    if bad.seen.problem in FINAL:
        look = f"The signature is {exercise.signature}. The hints beside its cell open one at a time."
        return CheckResult(exercise.name, False, bad.seen.sentence, look=look)
    first = _first_difference(exercise, trials)
    found = diagnosis(exercise, trials, fn, forward, known, replays)
    message = _message(exercise, bad, first, found)
    result = CheckResult(
        exercise.name,
        False,
        message,
        where=_where(exercise, bad, first, message, hidden),
        look=found.hint or _where_to_look(exercise, trials, first) or _reminder(exercise),
        quantity=first[1].quantity.name if first else None,
        misconception=_joined(found),
        pattern=found.pattern or None,
        remarks=_remarks(exercise, trials, passed=False),
    )
    if first and not hidden:
        result = replace(result, got=first[1].got, expected=first[1].expected, index=first[1].index)
    return result


def _joined(found: Diagnosis) -> str | None:
    if not found.names:
        return None
    return (" or " if " Or: " in found.says else " + ").join(found.names)


def _first_difference(exercise: Exercise, trials: Sequence[Trial]) -> tuple[Trial, Difference] | None:
    """The first wrong quantity in backward order; among its cases the first."""
    for q in exercise.quantities:
        for t in trials:
            for d in t.differences:
                if d.quantity is q:
                    return t, d
    return None


def _message(exercise: Exercise, bad: Trial, first: tuple[Trial, Difference] | None, found: Diagnosis) -> str:
    if found.says:
        return f"{exercise.name}: {found.says}"
    if bad.seen.problem:
        return bad.seen.sentence
    if first:
        d = first[1]
        if d.sentence:
            return f"{exercise.name}: {d.sentence}"
        return f"{exercise.name}: {d.quantity.name}, {d.quantity.meaning}, has wrong values. None of the mistakes known here gives these numbers."
    harmful = _harmful(exercise, bad.seen)
    if not harmful:
        return f"{exercise.name} gives the right values, but NumPy warns on the way: {bad.seen.warned}."
    names = " and ".join(harmful)
    return f"{exercise.name} gives the right values but changes {names} in place; whoever called it still needs the old values."


def _where(
    exercise: Exercise, bad: Trial, first: tuple[Trial, Difference] | None, message: str, hidden: bool
) -> str:
    """The inputs on which it stopped, where it did; else the quantity, its worst entry and the inputs."""
    trial, d = first if first and not bad.seen.problem else (bad, None)
    on = f" Inputs: {trial.case.label}." if trial.case.label else ""
    if d is None:
        shapes = ", ".join(str(a.shape) for a in trial.case.args if isinstance(a, np.ndarray))
        inputs = (f"inputs: {trial.case.label}" if trial.case.label else f"inputs of shapes {shapes}") + "."
        stopped = trial.seen.problem == "raised" and trial.seen.sentence not in message and not hidden
        if not stopped:
            return inputs
        said = trial.seen.sentence.partition(" That means: ")[0].removeprefix(f"{exercise.name} ")
        return f"it {said} {inputs[0].upper()}{inputs[1:]}"
    name = d.quantity.name
    if hidden:
        return f"{name}{'' if d.quantity.measured else f' {d.quantity.shape}'}, on inputs that are not shown.{on}"
    if d.quantity.measured and d.got is not None and d.expected is not None:
        write = d.quantity.shown or (lambda value: f"{value:.6g}")
        return f"{name}: got {write(d.got)}; expected {write(d.expected)}.{on}"
    if d.got is None or d.expected is None or d.index is None:
        return on.strip() if d.sentence in message else f"{d.sentence}{on}"
    at = f"{name}[{', '.join(map(str, d.index))}]" if d.index else name
    shape = f" {d.quantity.shape} = {d.expected.shape}" if d.expected.shape else ""
    share = (
        "every entry"
        if d.wrong == 1
        else f"{d.wrong:.0%} of the entries"
        if d.wrong >= 0.01
        else "a few entries"
    )
    off = f", {share} off, the worst" if d.expected.size > 1 else ""
    tolerance = tolerance_for(d.quantity, trial.case)
    got, right = _told_apart(float(d.got[d.index]), float(d.expected[d.index]))
    return (
        f"{f'{name}{shape}{off} {at}' if d.index else name}: got {got}, expected {right}; "
        f"close enough is within {tolerance.rtol:g} of it.{on}"
    )


def _told_apart(a: float, b: float) -> tuple[str, str]:
    """Both numbers with six digits, or with as many more as it takes to see that they differ."""
    for digits in range(6, 18):
        written = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if written[0] != written[1]:
            break
    return written


def _reminder(exercise: Exercise) -> str:
    return f"The signature is {exercise.signature}. For the whole arrays: from backprop_helpers import diagnose, then diagnose({exercise.name!r}, {exercise.name}).got and .expected."


def _where_to_look(
    exercise: Exercise, trials: Sequence[Trial], first: tuple[Trial, Difference] | None
) -> str:
    """Where no known mistake fits: what is right already, and on which inputs; nothing where all is wrong."""
    if first is None or any(t.seen.problem for t in trials):
        return ""
    d, said = first[1], []
    if d.quantity.look and d.got is not None and d.expected is not None and d.got.shape == d.expected.shape:
        tolerance = tolerance_for(d.quantity, first[0].case)
        said.append(d.quantity.look(int(np.argmin(close(d.got, d.expected, tolerance).ravel()))))
    off = {e.quantity.name for t in trials for e in t.differences}
    right = [q.name for q in exercise.quantities if q.name not in off and not q.measured]
    if right and not said:
        said.append(
            f"Right on all inputs: {', '.join(right)}. So look at what {d.quantity.name} needs besides."
        )
    holds = [t.case.label for t in trials if t.case.label and not t.differences]
    if holds and not d.quantity.look:
        said.append(
            f"It holds on these inputs: {'; '.join(holds)}. What do the others have that these have not?"
        )
    return " ".join(said)


def _remarks(exercise: Exercise, trials: Sequence[Trial], passed: bool) -> tuple[str, ...]:
    """What is no mistake but worth knowing."""
    remarks = []
    printed = max(t.seen.printed for t in trials)
    if printed:
        remarks.append(f"it printed {printed:,} characters in one call, which are not shown here.")
    changed = sorted(
        {name for t in trials for name in t.seen.changed if name not in _harmful(exercise, t.seen)}
    )
    if changed:
        names = " and ".join(changed)
        remarks.append(
            f"it changes {names} in place; here that does no harm, but whoever still needs the old {names} must copy it first."
        )
    warned = next((t.seen.warned for t in trials if t.seen.warned), "")
    if warned:
        remarks.append(f"NumPy warned: {warned}.")
    harmful = sorted({name for t in trials for name in _harmful(exercise, t.seen)})
    if harmful and not passed and any(t.differences for t in trials):
        remarks.append(
            f"it also changes {' and '.join(harmful)} in place, where the old values are still needed."
        )
    return tuple(remarks)


def _holds(
    exercise: Exercise, trials: Sequence[Trial], forward: Fn | None, by_reference: bool
) -> CheckResult:
    by = ""
    if exercise.numerical and not by_reference:
        by = f" by finite differences of {_whose(forward)}"
    labels = [t.case.label for t in trials if t.case.label]
    inputs = f" Inputs: {'; '.join(labels)}." if labels else ""
    names = ", ".join(q.name for q in exercise.quantities)
    return CheckResult(
        exercise.name,
        True,
        f"{exercise.name} holds.",
        checked=f"Checked {names}{by}{_untouched(exercise, trials)}.{inputs}",
        remarks=_remarks(exercise, trials, passed=True),
    )


def _untouched(exercise: Exercise, trials: Sequence[Trial]) -> str:
    """What was checked about the inputs; a remark says what was changed and does no harm."""
    if not any(t.seen.changed for t in trials):
        return ", and that the inputs stay as they were"
    kept = [name for i, name in enumerate(exercise.arguments) if i not in exercise.may_change]
    if not kept:
        return ""
    return f", and that {' and '.join(kept)} {'stay as they were' if len(kept) > 1 else 'stays as it was'}"


def _whose(forward: Fn | None) -> str:
    name = getattr(forward, "__name__", "forward")
    if forward is None or str(getattr(forward, "__module__", "")).startswith("backprop_helpers"):
        return "the course's forward pass"
    return f"your own {name}"


def _show(result: CheckResult) -> None:
    """Display the card; plain print where there is no notebook."""
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(result)
    else:
        display(result)
