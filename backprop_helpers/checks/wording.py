"""What a learner reads: what is wrong, where, how to look further; or that all holds, and what was checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from backprop_helpers.checks.compare import Difference, close, tolerance_for
from backprop_helpers.checks.diagnosis import Diagnosis
from backprop_helpers.checks.result import CheckResult
from backprop_helpers.checks.spec import Exercise, Fn, Tolerance, yes_or_no
from backprop_helpers.checks.travel import counted
from backprop_helpers.checks.trial import Trial, failed, first_difference, harmful
from backprop_helpers.gradcheck.digits import told_apart


def stopped(exercise: Exercise, bad: Trial, page: bool) -> CheckResult:
    """Of a function that is still empty or never comes back there is no more to say; page: it is on the learner's own."""
    look = f"The signature is {exercise.signature}. The hints below its cell open one at a time."
    empty = bad.seen.problem == "unwritten" and "still empty" in bad.seen.sentence
    if page and empty:
        look += " Written already? If its cell stopped with an error, the old, empty function is still there."
    return CheckResult(exercise.name, False, bad.seen.sentence, look=look, empty=empty)


def explained(exercise: Exercise, trials: Sequence[Trial], found: Diagnosis, hidden: bool) -> CheckResult:
    """Put the failing trials into the three lines a learner reads."""
    bad = next(t for t in trials if failed(exercise, t))
    first = first_difference(exercise, trials)
    message = _message(exercise, bad, first, found)
    result = CheckResult(
        exercise.name,
        False,
        message,
        where=_where(exercise, bad, first, message, hidden, named=bool(found.says)),
        look=_look(exercise, trials, first, found, hidden),
        quantity=first[1].quantity.name if first else None,
        misconception=_joined(found),
        pattern=found.pattern or None,
        remarks=_remarks(exercise, trials, passed=False),
    )
    if first and not hidden:
        result = replace(result, got=first[1].got, expected=first[1].expected, index=first[1].index)
    return result


def _look(
    exercise: Exercise,
    trials: Sequence[Trial],
    first: tuple[Trial, Difference] | None,
    found: Diagnosis,
    hidden: bool,
) -> str:
    """The hint of what was named; else what is known of the inputs on which it holds, before a pattern's hint."""
    unnamed = first and not found.names and not any(t.seen.problem for t in trials)
    if exercise.first_holds and unnamed and not failed(exercise, trials[0]):
        return exercise.first_holds
    bad = next((t for t in trials if t.seen.problem == "raised"), None)
    if bad and not found.hint and not hidden:
        # where values are off on other inputs, the lines above speak of those
        other = first is not None and next(t for t in trials if failed(exercise, t)) is not bad
        return (
            f"On other inputs it stops. {_called_with(exercise, bad)}"
            if other
            else _called_with(exercise, bad)
        )
    return found.hint or _where_to_look(exercise, trials, first) or reminder(exercise)


def _joined(found: Diagnosis) -> str | None:
    if not found.names:
        return None
    return (" or " if " Or: " in found.says else " + ").join(found.names)


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
    spoilt = harmful(exercise, bad.seen)
    if not spoilt:
        return f"{exercise.name} gives the right values, but NumPy warns on the way: {bad.seen.warned}."
    names = " and ".join(spoilt)
    return f"{exercise.name} gives the right values but changes {names} in place; whoever called it still needs the old values."


def _where(
    exercise: Exercise,
    bad: Trial,
    first: tuple[Trial, Difference] | None,
    message: str,
    hidden: bool,
    named: bool,
) -> str:
    """The inputs on which it stopped, where it did; else the quantity, its worst entry and the inputs.

    named: the message says what is wrong, so that a measured no instead of yes would only say it again.
    """
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
    if trial.case.calls:
        on += f" {trial.case.calls}"
    if named and d.quantity.shown is yes_or_no and d.got is not None:
        return f"{name}: {yes_or_no(d.got)}.{on}"
    if d.quantity.measured and d.got is not None and d.expected is not None:
        write = d.quantity.shown or (lambda value: _minus(f"{value:.6g}"))
        return f"{name}: got {write(d.got)}; expected {write(d.expected)}.{on}"
    if d.got is None or d.expected is None or d.index is None:
        return on.strip() if d.sentence in message else f"{d.sentence}{on}"
    at = f"{name}[{', '.join(map(str, d.index))}]" if d.index else name
    called = f"{name}, which is {d.quantity.meaning}," if "[" in name else name
    shape = f" {d.quantity.shape} = {d.expected.shape}" if d.expected.shape else ""
    off = f", {_share(d.wrong, d.expected.size)} off, the worst" if d.expected.size > 1 else ""
    got, right = (_minus(number) for number in told_apart(float(d.got[d.index]), float(d.expected[d.index])))
    enough = f"; close enough is within {tolerance_for(d.quantity, trial.case).rtol:g} of it"
    near = close(d.got[d.index], d.expected[d.index], _nearly(tolerance_for(d.quantity, trial.case)))
    return (
        f"{f'{called}{shape}{off} {at}' if d.index else name}: got {got}, expected {right}"
        f"{enough if near else ''}.{on}"
    )


COUNTED = 20  # entries of an array up to which they are counted; of more a share says it


def _share(wrong: float, size: int) -> str:
    if wrong == 1:
        return "every entry"
    if size <= COUNTED:
        return f"{round(wrong * size)} of {size} entries"
    return f"{wrong:.0%} of the entries" if wrong >= 0.01 else "a few entries"


def _nearly(tolerance: Tolerance) -> Tolerance:
    """Within it a reader may ask how close is close enough; of numbers further apart nobody does."""
    return replace(tolerance, rtol=1e4 * tolerance.rtol, atol=1e4 * tolerance.atol)


def _minus(number: str) -> str:
    """A number with the sign that formulas have, as on the pages."""
    return number.replace("-", "−")


def _called_with(exercise: Exercise, bad: Trial) -> str:
    """Of a function that stopped with an error: what came in, and how to see more, since a check shows no prints."""
    args = bad.case.args
    named = [
        (name, a)
        for name, a in zip(exercise.arguments, args, strict=False)
        if isinstance(a, np.ndarray) and a.shape
    ]
    if not named:
        return f"The signature is {exercise.signature}. A check hides what you print: call {exercise.name} yourself, with a print above the line that stopped."
    shapes = [f"{name} of shape {a.shape}" for name, a in named]
    said = f"It was called with {', '.join(shapes[:-1])}{' and ' if shapes[1:] else ''}{shapes[-1]}. A check hides what you print: "
    if exercise.inputs:  # a backward pass unpacks them from its cache, if it gets so far
        return f"{said}call {exercise.name} yourself on such arrays, with a print of the shapes above the line that stopped."
    wanted = f"put print({', '.join(f'{name}.shape' for name, _ in named)}) above the line that stopped and "
    if len(named) < len(args) or any(a.dtype.kind != "f" for _, a in named):
        return f"{said}{wanted}call {exercise.name} yourself on such arrays."
    ones = ", ".join(f"np.ones({a.shape if a.ndim > 1 else a.size})" for _, a in named)
    return f"{said}{wanted}run {exercise.name}({ones})."


def reminder(exercise: Exercise) -> str:
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
    off_by = _off_by_at_most(trials)
    if off_by is not None:
        said.append(
            f"It is nearly right everywhere, off by {_minus(f'{off_by:.1g}')} at most. So it is not the inputs: which step is only "
            "nearly exact, as a small h, a constant that is added, or a rounded number?"
        )
    elif holds and not d.quantity.look:
        said.append(_on_some(holds, [t.case.label for t in trials if t.case.label and t.differences]))
    return " ".join(said)


FEW = 3  # inputs that are listed; of more nobody sees what they have in common


def _on_some(holds: Sequence[str], fails: Sequence[str]) -> str:
    """On which inputs it holds, or on which it fails where these are few."""
    if len(holds) > FEW and len(fails) <= FEW:
        these = "this input" if len(fails) == 1 else "these inputs"
        return f"It fails on {these} alone: {'; '.join(fails)}. What is there that the {len(holds)} others have not?"
    more = f"; and {len(holds) - FEW} more" if len(holds) > FEW else ""
    return f"It holds on these inputs: {'; '.join(holds[:FEW])}{more}. What do the others have that these have not?"


NEARLY = 1e-4  # of the largest right number: what is off by less is a matter of how exact a step is


def _off_by_at_most(trials: Sequence[Trial]) -> float | None:
    """The largest error there is, where all are small beside the numbers they belong to; else None.

    Then the inputs on which it holds are those whose tolerance lets it pass, and have nothing else in common.
    """
    worst = 0.0
    for d in (d for t in trials for d in t.differences):
        if d.got is None or d.expected is None or d.got.shape != d.expected.shape or d.quantity.measured:
            return None
        off = float(np.abs(d.got - d.expected).max(initial=0))
        if not off <= NEARLY * float(np.abs(d.expected).max(initial=0)):
            return None
        worst = max(worst, off)
    return worst


def _remarks(exercise: Exercise, trials: Sequence[Trial], passed: bool) -> tuple[str, ...]:
    """What is no mistake but worth knowing."""
    remarks = []
    printed = max(t.seen.printed for t in trials)
    if printed:
        remarks.append(f"it printed {counted(printed, 'characters')} in one call, not shown here.")
    changed = sorted(
        {name for t in trials for name in t.seen.changed if name not in harmful(exercise, t.seen)}
    )
    if changed:
        names = " and ".join(changed)
        remarks.append(
            f"it changes {names} in place; here that does no harm, but whoever still needs the old {names} must copy it first."
        )
    warned = next((t.seen.warned for t in trials if t.seen.warned), "")
    if warned:
        remarks.append(f"NumPy warned: {warned}.")
    if passed:
        remarks += dict.fromkeys(remark for t in trials for remark in t.seen.remarks)
    spoilt = sorted({name for t in trials for name in harmful(exercise, t.seen)})
    if spoilt and not passed and any(t.differences for t in trials):
        remarks.append(
            f"it also changes {' and '.join(spoilt)} in place, where the old values are still needed."
        )
    return tuple(remarks)


def holds(exercise: Exercise, trials: Sequence[Trial], forward: Fn | None, by_reference: bool) -> CheckResult:
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
        checked=f"Checked: {names}{by}{_untouched(exercise, trials)}.{inputs}",
        remarks=_remarks(exercise, trials, passed=True),
    )


def _untouched(exercise: Exercise, trials: Sequence[Trial]) -> str:
    """What was checked about the inputs; a remark says what was changed and does no harm."""
    if not any(t.seen.changed for t in trials):
        return "; the inputs stay as they were"
    kept = [name for i, name in enumerate(exercise.arguments) if i not in exercise.may_change]
    if not kept:
        return ""
    return f"; {' and '.join(kept)} {'stay as they were' if len(kept) > 1 else 'stays as it was'}"


def _whose(forward: Fn | None) -> str:
    name = getattr(forward, "__name__", "forward")
    if forward is None or str(getattr(forward, "__module__", "")).startswith("backprop_helpers"):
        return "the course's forward pass"
    return f"your own {name}"
