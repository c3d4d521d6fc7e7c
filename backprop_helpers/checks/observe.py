"""Run a function on one case and write down everything that matters about what it did."""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from backprop_helpers.checks.copies import copied, unchanged
from backprop_helpers.checks.limits import TookTooLong, captured_prints, time_limit
from backprop_helpers.checks.spec import CHANGED, Case, Exercise, Fn, Wrong


@dataclass(frozen=True)
class Observation:
    """What one call did.

    values: quantity name → what came back; problem: kind of the reason why there are no values
    ("unwritten", "raised", "too long", "unreadable") or ""; sentence: that problem for the learner;
    error: the exception's type name; changed: names of arguments that came back changed;
    printed: number of characters printed; warned: first NumPy warning, as "overflow encountered in exp".
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    sentence: str = ""
    error: str = ""
    changed: tuple[str, ...] = ()
    printed: int = 0
    warned: str = ""


def observe(
    exercise: Exercise, fn: Fn, case: Case, forward: Fn | None = None, *, trusted: bool = False
) -> Observation:
    """Drive fn on copies of the case's arguments. Never raises for anything fn does.

    trusted: fn is the course's own and needs no clock beside it, which saves a thread.
    """
    mine = _private(case)
    forward = forward or exercise.forward
    with warnings.catch_warnings(record=True) as caught, captured_prints() as printed:
        warnings.simplefilter("always")
        values: dict[str, Any] = {}
        problem = sentence = error = ""
        try:
            with contextlib.nullcontext() if trusted else time_limit(exercise.seconds):
                values = dict(exercise.run(exercise, fn, mine, forward))
        except NotImplementedError as exc:
            problem, sentence = "unwritten", _unwritten(exercise, exc)
        except TookTooLong:
            problem = "too long"
            sentence = (
                f"{exercise.name} did not come back within {exercise.seconds:g} seconds and was stopped. "
                "Look for a loop that never ends, such as a `while` whose condition never changes."
            )
        except Wrong as wrong:
            problem, sentence = "unreadable", str(wrong)
        except KeyboardInterrupt:
            raise
        except BaseException as exc:  # a learner's SystemExit must not end the kernel either
            problem, error = "raised", type(exc).__name__
            sentence = _raised(exercise, exc)
    inside = values.pop(CHANGED, ())
    return Observation(
        values=values,
        problem=problem,
        sentence=sentence,
        error=error,
        changed=(*_changed(exercise, case, mine), *inside),
        printed=printed.count,
        warned=next((str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)), ""),
    )


def _private(case: Case) -> Case:
    """A case whose arrays are copies, so that nothing a function does can reach the next call."""
    return replace(case, args=copied(case.args), extra=copied(dict(case.extra)))


def _changed(exercise: Exercise, before: Case, after: Case) -> tuple[str, ...]:
    names = exercise.arguments
    changed = []
    for i, (was, now) in enumerate(zip(before.args, after.args, strict=True)):
        if not unchanged(was, now):
            changed.append(names[i] if i < len(names) else f"argument {i + 1}")
    return tuple(changed)


# What the commonest exceptions of a learner's code mean, in a sentence; from counted real mistakes.
_MEANING = {
    "NameError": "a name is used that nothing has given a value: check its spelling, and that the cell which makes it was run",
    "UnboundLocalError": "a name is used before it has a value on this path through the function",
    "ZeroDivisionError": "something is divided by zero",
    "IndexError": "an index lies outside its array",
    "KeyError": "a key is used that the dictionary doesn't have",
    "RecursionError": "the function calls itself without an end",
}


def _unwritten(exercise: Exercise, exc: BaseException) -> str:
    """Which function is still empty: the exercise itself, or another of the learner's that it calls."""
    frames = traceback.extract_tb(exc.__traceback__)
    inner = frames[-1].name if frames else exercise.name
    if inner.startswith("<") or len(_learner_frames(exc)) < 2:
        return f"{exercise.name} is still empty: write its body, run that cell, then this one."
    return (
        f"{exercise.name} calls {inner}, which is still empty: write that first, run its cell, then this one."
    )


def _raised(exercise: Exercise, exc: BaseException) -> str:
    """One sentence about an exception: which, where in the learner's code, what to look at."""
    text = " ".join(str(exc).split()).rstrip(".")
    shown = f"{type(exc).__name__}: {text[:200]}" if text else type(exc).__name__
    line = _learner_line(exc)
    where = f" in its line `{line}`" if line else ""
    sentence = f"{exercise.name} stopped with {shown}{where}."
    meaning = _MEANING.get(type(exc).__name__)
    if isinstance(exc, SystemExit):
        meaning = "the function ends Python itself: take out exit() or quit()"
    if isinstance(exc, TypeError) and "positional argument" in text:
        meaning = f"the check calls it as {exercise.signature.split(' -> ')[0]}"
    if isinstance(exc, TypeError) and "'numpy." in text and "item assignment" in text:
        meaning = (
            "arithmetic on an array of shape () gives a plain NumPy number, which can't be assigned to; "
            "np.array(...) and .astype(...) give an array, whatever the shape"
        )
    if isinstance(exc, ValueError) and "truth value of an array" in text:
        meaning = (
            "`if`, `and` and Python's own `max` want one answer, but an array has one for every entry; "
            "NumPy has functions that answer entry by entry"
        )
    if isinstance(exc, ValueError) and ("matmul" in text or "broadcast" in text or "shapes" in text):
        meaning = "two shapes don't fit together: print the `.shape` of everything in that line"
    if meaning:
        sentence += f" That means: {meaning}."
    return sentence


def _learner_frames(exc: BaseException) -> list[traceback.FrameSummary]:
    """Where the exception went through code that is neither an installed package nor this one."""
    frames = traceback.extract_tb(exc.__traceback__)
    return [f for f in frames if "site-packages" not in f.filename and "backprop_helpers" not in f.filename]


def _learner_line(exc: BaseException) -> str:
    """The source line the exception came from, the last one outside installed packages."""
    mine = _learner_frames(exc)
    return (mine[-1].line or "").strip()[:120] if mine else ""
