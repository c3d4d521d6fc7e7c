"""What an exercise's check is made of, as data.

An `Exercise` says on which inputs a learner's function runs, what it must return, which oracle
knows the right values and how close is close enough. Running it, naming the bug and telling the
learner are other files' work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_helpers.checks import attempt, drives
from backprop_helpers.checks.attempt import Changing, Task, Wrong, named
from backprop_helpers.checks.travel import plain

__all__ = [
    "CHANGED",
    "DIFFERENCES",
    "LETTERS",
    "REMARKS",
    "ROUNDING",
    "SINGLE",
    "Case",
    "Driven",
    "Exercise",
    "Fn",
    "Quantity",
    "Tolerance",
    "Wrong",
    "backward_of_forward",
    "call_and_name",
    "name_returned",
    "never_an_exception",
    "yes_or_no",
]

Fn = Callable[..., Any]


@dataclass(frozen=True)
class Tolerance:
    """How close is close enough: |got − expected| ≤ atol + rtol · |expected|, and why these numbers."""

    rtol: float
    atol: float
    reason: str


ROUNDING = Tolerance(
    1e-9, 1e-12, "two right ways to compute this in float64 differ by rounding only, a few parts in 10¹⁴"
)
# Expected values that were themselves found by central differences.
DIFFERENCES = Tolerance(
    1e-6, 1e-8, "the expected value comes from finite differences, which are right to about 8 digits"
)
SINGLE = Tolerance(1e-4, 1e-6, "the inputs are float32, which carries about 7 digits")


@dataclass(frozen=True)
class Quantity:
    """One thing that is compared, such as dw.

    name: as the learner calls it; shape: in letters, as "(D, M)"; meaning: for messages, as
    "the gradient of the loss with respect to w"; fault: for a property that a `run` measured, as a count or a
    share: what it means when it is off, a sentence. Patterns in such numbers would say nothing; shown: how a
    measured value is written for a learner, where its numbers alone don't read (as "no" for 0); look(first): where to look when
    no known mistake gives these numbers, first being the index of the first wrong entry of an array.
    """

    name: str
    shape: str
    meaning: str
    tolerance: Tolerance = ROUNDING
    fault: str = ""
    shown: Callable[[Any], str] | None = None
    look: Callable[[int], str] | None = None

    @property
    def measured(self) -> bool:
        """Whether it is a property that was measured, which a tolerance would say nothing about."""
        return bool(self.fault or self.shown)


def yes_or_no(value: Any) -> str:
    """How a measured 1 or 0 is shown."""
    return "yes" if value else "no"


@dataclass(frozen=True)
class Case:
    """One call of the learner's function.

    args: positional arguments, handed over as copies; label: what is special about them, as
    "x of rank 4"; sizes: the letters of the shapes and their values, pairwise distinct;
    upstream: the position in args of the upstream gradient, if there is one; tolerance: instead
    of the quantities' own, where these inputs need another; free: quantity name → boolean mask
    of entries that are not compared, as a kink (said in the message); calls: what is called with
    what, where a reader can follow that by hand, a sentence said where it fails; extra: whatever the
    exercise's own `run` needs besides (a seed, a forward's inputs), never shown.
    """

    args: tuple[Any, ...]
    label: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    upstream: int | None = None
    tolerance: Tolerance | None = None
    free: Mapping[str, Any] = field(default_factory=dict)
    calls: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


# A `run` may add this key: names of things besides the arguments that the function changed in place.
CHANGED = "__changed__"
# And this one: sentences about what is right but worth knowing.
REMARKS = "__remarks__"


@dataclass(frozen=True)
class Driven:
    """A `run` in two halves, so that the first can happen somewhere else.

    drive: a function of one `Task` in `drives/`, which handles the learner's function and returns raw data: arrays, numbers,
    texts, and lists, tuples and dictionaries of them (never a yes or no that it decides itself). It runs beside the learner's
    code, in the notebook or in a sandbox, and knows no answer. measure(exercise, case, raw): makes of that what is
    compared, {quantity name: value}, where no learner's code runs; raises Wrong for what can't be read.
    extra: keys of case.extra that drive is given, all others stay here; spare: whether what a function returns besides the
    quantities (a cache) stays where it is.
    """

    drive: Callable[[Task], Any]
    measure: Callable[[Exercise, Case, Any], Mapping[str, Any]]
    extra: tuple[str, ...] = ()
    spare: bool = False

    def __call__(self, exercise: Exercise, fn: Fn, case: Case, forward: Fn | None) -> dict[str, Any]:
        """Both halves here, one after the other."""
        raw = self.drive(
            Task(exercise.name, exercise.returns, fn, forward, case.args, self.handed_over(case))
        )
        inside: tuple[str, ...] = ()
        if isinstance(raw, Changing):
            raw, inside = raw.raw, raw.names
        values = dict(self.measure(exercise, case, plain(raw)))
        return {**values, CHANGED: inside} if inside else values

    def handed_over(self, case: Case) -> dict[str, Any]:
        """What of case.extra the drive is given."""
        return {key: case.extra[key] for key in self.extra if key in case.extra}


def name_returned(exercise: Exercise, returned: Any) -> dict[str, Any]:
    """Give the values of a return statement their names; raises Wrong where the count is off."""
    return named(exercise.name, exercise.returns, returned)


def never_an_exception(exercise: Exercise, returned: Any) -> None:
    """Raises Wrong where an exception was returned like a value: then nobody is stopped by it."""
    attempt.never_an_exception(exercise.name, returned)


def _named_values(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    return name_returned(exercise, raw)


# The usual run: call fn on the case's arguments and name what it returns.
call_and_name = Driven(drives.call, _named_values, spare=True)

# The run of a backward pass: forward(*inputs) makes the cache, fn(dout, cache) is judged. case.args is (dout, *inputs):
# the cache never leaves the learner's own pair of functions.
backward_of_forward = Driven(drives.backward, _named_values, spare=True)


@dataclass(frozen=True)
class Exercise:
    """Everything a check needs to know about one exercise.

    name: of the learner's function or class; lesson: as "01_forward_pass"; signature: as the page
    writes it; returns: the names of what the function returns, in order; quantities: what is
    compared, **in backward order**, so that the first wrong one is the first mistake;
    cases(rng): the calls, on fresh random inputs; reference: a right implementation, or several
    where the text leaves room (an entry is right when it agrees with any of them);
    run: how fn is driven on a case, giving {quantity name: value} (a `Driven`, so that a class can be graded with it); inputs: names of a case's
    arguments where they are not the signature's; forward: the default forward
    function of a backward pass; numerical(case, forward): the expected values by finite
    differences of that forward, which a visible check uses instead of the reference (a list where
    several are right, as at a kink); output(case, forward): what a forward gives on a case, so that a
    learner's own can be compared with `forward` before its differences are believed;
    may_change: positions of arguments that may be changed in place with no more than a remark;
    quiet: whether a NumPy warning is a mistake, where the text asks for a function that doesn't overflow;
    seconds: how long one call may take; rounds: how many seeds a hidden check draws; behaviour: the exercise is judged
    by what it reaches, so it has no registered wrong solutions; elsewhere(rng): further cases for a function that runs in a
    process of its own with bounded memory, where what it needs shows by itself; ready: {name of another exercise's
    function that this one calls: the course's own, as the page names it}, for a learner who has not written that yet;
    first_holds: where to look when the first case holds and another does not.
    """

    name: str
    lesson: str
    signature: str
    returns: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    cases: Callable[[np.random.Generator], Sequence[Case]]
    reference: Fn | tuple[Fn, ...]
    run: Callable[[Exercise, Fn, Case, Fn | None], Mapping[str, Any]] = call_and_name
    inputs: tuple[str, ...] = ()
    forward: Fn | None = None
    numerical: Callable[[Case, Fn], Mapping[str, Any]] | None = None
    output: Callable[[Case, Fn], Any] | None = None
    may_change: tuple[int, ...] = ()
    quiet: bool = False
    seconds: float = 5.0
    rounds: int = 3
    behaviour: bool = False
    elsewhere: Callable[[np.random.Generator], Sequence[Case]] | None = None
    ready: Mapping[str, str] = field(default_factory=dict)
    first_holds: str = ""

    @property
    def references(self) -> tuple[Fn, ...]:
        return self.reference if isinstance(self.reference, tuple) else (self.reference,)

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of a case's arguments: `inputs`, or those of the signature."""
        if self.inputs:
            return self.inputs
        inside = self.signature.partition("(")[2].partition(")")[0]
        return tuple(part.split("=")[0].strip() for part in inside.split(",") if part.strip())


# What the letters of a shape stand for, in messages.
LETTERS: Mapping[str, str] = {
    "N": "the number of rows in the batch",
    "D": "the number of inputs of the layer",
    "M": "the number of outputs of the layer",
    "H": "the number of hidden units",
    "C": "the number of classes",
    "K": "the number of columns of the prediction",
    "size": "the number of entries",
}
