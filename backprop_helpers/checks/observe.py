"""Run a function on one case and write down everything that matters about what it did."""

from __future__ import annotations

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backprop_helpers.checks.attempt import Attempt, Raised, Wrong, attempt, in_words
from backprop_helpers.checks.limits import time_limit
from backprop_helpers.checks.spec import CHANGED, REMARKS, Case, Exercise, Fn
from backprop_helpers.checks.travel import counted


@dataclass(frozen=True)
class Observation:
    """What one call did.

    values: quantity name → what came back; problem: kind of the reason why there are no values
    ("unwritten", "raised", "too long", "unreadable", "gone") or ""; sentence: that problem for the learner;
    error: the exception's type name, of a KeyError with the key; changed: names of arguments that came back changed;
    printed: number of characters printed; warned: first NumPy warning, as "overflow encountered in exp"; remarks: sentences
    about what is right but worth knowing.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    sentence: str = ""
    error: str = ""
    changed: tuple[str, ...] = ()
    printed: int = 0
    warned: str = ""
    remarks: tuple[str, ...] = ()


# After these there is no use in trying another case.
FINAL = ("unwritten", "too long", "gone")


class Elsewhere(ABC):
    """A learner's function that runs in another process: it can't be called from a check, only be asked to be observed."""

    @abstractmethod
    def observe(self, exercise: Exercise, cases: Sequence[Case], forward: Any) -> list[Observation]:
        """One observation a case, ending early after one whose problem is in FINAL. forward: None for the exercise's own.

        Raises NotThere where there is no such function.
        """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("this function runs in another process")


class NotThere(Exception):
    """There is no function of that name; the text says so to the learner."""


def observe(
    exercise: Exercise, fn: Fn, case: Case, forward: Fn | None = None, *, trusted: bool = False
) -> Observation:
    """Drive fn on copies of the case's arguments. Never raises for anything fn does.

    trusted: fn is the course's own and needs no clock beside it, which saves a thread.
    """
    if isinstance(fn, Elsewhere):
        return fn.observe(exercise, [case], forward)[0]

    def work(args: tuple[Any, ...], extra: dict[str, Any]) -> Any:
        return exercise.run(exercise, fn, replace(case, args=args, extra=extra), forward or exercise.forward)

    limit = contextlib.nullcontext() if trusted else time_limit(exercise.seconds)
    return seen_in(exercise, attempt(work, case.args, case.extra, limit))


def seen_in(exercise: Exercise, found: Attempt) -> Observation:
    """An attempt whose raw are the values already, in the words of the exercise."""
    values = dict(found.raw) if not found.problem else {}
    inside = (*found.inside, *values.pop(CHANGED, ()))
    remarks = tuple(values.pop(REMARKS, ()))
    names = exercise.arguments
    changed = (names[i] if i < len(names) else f"argument {i + 1}" for i in found.changed)
    return Observation(
        values=values,
        problem=found.problem,
        sentence=_sentence(exercise, found),
        error=_error(found.raised) if found.raised and found.problem == "raised" else "",
        changed=(*changed, *inside),
        printed=found.printed,
        warned=found.warned,
        remarks=remarks,
    )


def measured(exercise: Exercise, case: Case, found: Attempt) -> Observation:
    """An attempt of the first half of a `Driven`, made elsewhere: the second half is done here."""
    run: Any = exercise.run
    if found.problem:
        return seen_in(exercise, found)
    try:
        values = dict(run.measure(exercise, case, found.raw))
        return seen_in(exercise, replace(found, raw=values))
    except Wrong as wrong:
        return seen_in(exercise, replace(found, raw=None, problem="unreadable", sentence=str(wrong)))
    except Exception as problem:  # what came back has another form than the drive gives it
        return seen_in(exercise, replace(found, raw=None, problem="raised", raised=in_words(problem)))


def _error(raised: Raised) -> str:
    """What two exceptions must share to be the same mistake: which key is missing tells one from another."""
    return f"{raised.kind}: {raised.text}" if raised.kind == "KeyError" else raised.kind


def _sentence(exercise: Exercise, found: Attempt) -> str:
    """The problem for the learner; "" where there is none."""
    if found.problem == "unwritten" and found.raised:
        return _unwritten(exercise, found.raised)
    if found.problem == "raised" and found.raised:
        return _raised(exercise, found.raised)
    if found.problem == "too long":
        return (
            f"{exercise.name} did not come back within {exercise.seconds:g} seconds and was stopped. "
            "Look for a loop that never ends, such as a `while` whose condition never changes."
        )
    return found.sentence


# What the commonest exceptions of a learner's code mean, in a sentence; from counted real mistakes.
_MEANING = {
    "NameError": "a name is used that nothing has given a value: check its spelling, and that the cell which makes it was run",
    "UnboundLocalError": "a name is used before it has a value on this path through the function",
    "ZeroDivisionError": "something is divided by zero",
    "IndexError": "an index lies outside its array",
    "KeyError": "a key is used that the dictionary doesn't have",
    "RecursionError": "the function calls itself without an end",
}


# `if cache:` and `cache != None`, where cache is an array
_ASKS_WHETHER_THERE = re.compile(
    r"[!=]= *None\b|\bNone *[!=]=|\b(if|while|not|and|or) +\w+ *(:|$|else\b|and\b|or\b)"
)
_PLAIN = {
    "float": "a plain number",
    "int": "a plain number",
    "NoneType": "None",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dictionary",
}
_NO_ATTRIBUTE = re.compile(rf"'({'|'.join(_PLAIN)})' object has no attribute '(\w+)'")


def _unwritten(exercise: Exercise, raised: Raised) -> str:
    """Which function is still empty, or stops in spite of its code: the exercise itself, or another that it calls."""
    own = not raised.inner or raised.inner.startswith("<") or raised.depth < 2
    if raised.left:
        code = "above your code, which is never reached" if raised.left == "above" else "below your code"
        which = exercise.name if own else f"{exercise.name} calls {raised.inner}, which"
        return (
            f"{which} stops at the line `raise NotImplementedError()`: it still stands {code}. "
            f"Take that line out, run {'that' if own else 'its'} cell, then this one."
        )
    if own:
        return f"{exercise.name} is still empty: write its body, run that cell, then this one."
    ours = exercise.ready.get(raised.inner, "")
    instead = f" Or call {ours} there for now: it is the course's own, ready-made." if ours else ""
    return f"{exercise.name} calls {raised.inner}, which is still empty: write that first, run its cell, then this one.{instead}"


# NumPy tells of products in the language of its own insides, with a "gufunc signature"
_LENGTHS = re.compile(
    r"matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature \S+ "
    r"\(size (\d+) is different from (\d+)\)"
)
_NO_ARRAY = re.compile(r"matmul: Input operand ([01]) does not have enough dimensions \(has 0, gufunc .*\)")


def _in_our_words(text: str) -> str:
    """What NumPy says of a product of two arrays, so that a beginner can read it; all else as it is."""
    if lengths := _LENGTHS.fullmatch(text):
        right, left = lengths.groups()
        return f"in a matrix product a row on the left has {counted(int(left), 'numbers')} and a column on the right has {right}"
    if which := _NO_ARRAY.fullmatch(text):
        side = "right" if which[1] == "1" else "left"
        return f"in a matrix product there is a single number on the {side}, where an array has to stand"
    return text


def _raised(exercise: Exercise, raised: Raised) -> str:
    """One sentence about an exception: which, where in the learner's code, what to look at."""
    text = _in_our_words(raised.text)
    shown = f"{raised.kind}: {text[:200]}" if text else raised.kind
    where = f" in its line `{raised.line}`" if raised.line else ""
    sentence = f"{exercise.name} stopped with {shown}{where}."
    meaning = _meaning(exercise, raised)
    return f"{sentence} That means: {meaning}." if meaning else sentence


def _meaning(exercise: Exercise, raised: Raised) -> str:
    """What is behind it, where that is known; else ""."""
    text, kinds = raised.text, raised.kinds
    meaning = _MEANING.get(raised.kind, "")
    if "SystemExit" in kinds:
        meaning = "the function ends Python itself: take out exit() or quit()"
    if "TypeError" in kinds and "positional argument" in text and "History.add()" in text:
        meaning = (
            "history.add takes two numbers, the training loss and the validation loss, and no pair of them"
        )
    elif "TypeError" in kinds and "positional argument" in text:
        meaning = f"the check calls it as {exercise.signature.split(' -> ')[0]}"
    if "TypeError" in kinds and "'numpy." in text and "item assignment" in text:
        meaning = (
            "arithmetic on an array of shape () gives a plain NumPy number, which can't be assigned to; "
            "np.array(...) and .astype(...) give an array, whatever the shape"
        )
    if "TypeError" in kinds and "can be converted to Python scalars" in text:
        meaning = (
            "something that works on a single number, as Python's math.exp or float, was given a whole array; "
            "NumPy's functions, as np.exp, work on every entry"
        )
    if "OverflowError" in kinds and "math range" in text:
        meaning = "Python's math functions stop where a result is too large for a float; give them smaller numbers, or use a formula that never makes so large a one"
    if "TypeError" in kinds and "Cannot cast ufunc" in text and "to dtype('int" in text:
        meaning = (
            "the array on the left holds integers, and an operator with = in it (/=, *=, -=) would have to write fractions "
            "into it; make a new array of floats instead"
        )
    if "ValueError" in kinds and "truth value of an array" in text:
        meaning = (
            "`if`, `and` and Python's own `max` want one answer, but an array has one for every entry; "
            "NumPy has functions that answer entry by entry"
        )
        if _ASKS_WHETHER_THERE.search(raised.line):
            meaning += ". Whether there is something at all is asked with `is not None`"
    if "ValueError" in kinds and ("matmul" in text or "broadcast" in text or "shapes" in text):
        meaning = "two shapes don't fit together: print the `.shape` of everything in that line"
    if "ValueError" in kinds and "inhomogeneous" in text:
        meaning = (
            "arrays of different shapes stand together where one array is expected; "
            "a function that returns two things, as (out, cache), gives a pair that has to be taken apart"
        )
    if "ValueError" in kinds and "cannot reshape" in text:
        meaning = (
            "a reshape lays the same numbers out anew and can't make them more or fewer; to have fewer, several must be "
            "added up (or taken away) first"
        )
    nothing_of_the_kind = _NO_ATTRIBUTE.search(text) if "AttributeError" in kinds else None
    if nothing_of_the_kind:
        kind, name = nothing_of_the_kind.groups()
        meaning = f"what stands before .{name} in that line is {_PLAIN[kind]} this time"
        if kind != "NoneType":
            meaning += "; the docstring says which kinds of thing may come in"
    return meaning
