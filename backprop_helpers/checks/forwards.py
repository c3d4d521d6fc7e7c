"""Whether a learner's own forward pass can be believed, before a backward pass is checked against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from backprop_helpers.checks.compare import difference
from backprop_helpers.checks.drives import call, output_of_pair
from backprop_helpers.checks.observe import Elsewhere, NotThere, Observation, observe
from backprop_helpers.checks.spec import Case, Driven, Exercise, Fn, Quantity, call_and_name, name_returned

_OUT = Quantity("its output", "", "what the forward pass returns")


def trusted(exercise: Exercise, forward: Any, cases: Sequence[Case]) -> tuple[Fn | None, str]:
    """The forward to check against, and a sentence where it is not the one that was given.

    A forward that gives other values than the course's on any case has other slopes too, and a right backward pass
    would be called wrong because of it. Then (None, why) comes back, which means the course's own.
    """
    if forward is None or exercise.forward is None or exercise.output is None:
        return forward, ""
    if forward is exercise.forward:
        return forward, ""
    name = getattr(forward, "__name__", "forward function")
    if isinstance(forward, Elsewhere):
        return _trusted_elsewhere(exercise, forward, cases)
    if not callable(forward):
        return None, f"forward is a {type(forward).__name__}, not a function, so the course's own was used."
    probe = replace(
        exercise, name=name, signature=f"{name}(…)", inputs=exercise.arguments, run=_output, returns=("out",)
    )
    for case in cases:
        doubt = _doubt(name, case, observe(probe, forward, case), observe(probe, exercise.forward, case))
        if doubt:
            return None, doubt
    return forward, ""


def _doubt(name: str, case: Case, seen: Observation, right: Observation) -> str:
    """Why a forward can't be believed after what it did on a case; "" where it did what is right."""
    why = seen.sentence
    if not seen.problem:
        off = difference(_OUT, seen.values["out"], [right.values["out"]], case)
        why = (off.sentence or "its output has wrong values.") if off else ""
    if not why and seen.changed:
        why = f"it changes {' and '.join(seen.changed)} in place."
    if not why:
        return ""
    on = f" (inputs: {case.label})" if case.label else ""
    return f"your own {name} does not hold{on}: {why} So this check used the course's forward and its cache."


def _trusted_elsewhere(exercise: Exercise, forward: Elsewhere, cases: Sequence[Case]) -> tuple[Any, str]:
    """The same for a forward in another process, which is asked about all cases at once."""
    pair = exercise.run is not call_and_name  # a backward pass, whose cases are (dout, *inputs)
    name = getattr(forward, "__name__", "forward function")
    probe = replace(
        exercise,
        name=name,
        signature=f"{name}(…)",
        inputs=exercise.arguments,
        returns=("out", "cache") if pair else ("out",),
        quantities=(replace(_OUT, name="out"),),
        run=Driven(output_of_pair if pair else call, _named_out, spare=True),
    )
    try:
        seen = forward.observe(probe, cases, None)
    except NotThere as missing:
        return None, f"{missing} So this check used the course's forward and its cache."
    for case, one in zip(cases, seen, strict=False):
        doubt = _doubt(name, case, one, observe(probe, exercise.forward or forward, case))
        if doubt:
            return None, doubt
    return forward, ""


def _named_out(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    return name_returned(exercise, raw)


def _output(exercise: Exercise, fn: Fn, case: Case, forward: Fn | None) -> Mapping[str, Any]:
    assert exercise.output is not None
    return {"out": exercise.output(case, fn)}
