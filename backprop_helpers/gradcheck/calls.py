"""What the functions do when called: change their inputs, return something else the second time, share memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inputs import Inputs, same
from .lines import Scalar
from .report import GradReport, Problem

# Reasons not to compare anything: differences of such a function mean nothing.
HOPELESS = ("f non-deterministic", "f non-finite")


def observe_forward(inputs: Inputs, report: GradReport) -> Scalar:
    """f, evaluated twice at the given arguments; whatever is odd about it goes into the report."""
    scalar = Scalar(inputs.f, inputs.work)
    changed = inputs.changed()
    if changed:
        scalar.copy_each_call = True
        inputs.restore()
        report.problems.append(
            Problem(
                "f in-place",
                f"f changes its argument {changed[0]} in place. Whoever called it loses the old values: "
                "work on a copy, or write out = … where it says out[…] = … or out *= … .",
            )
        )
        scalar.base = scalar.value().copy()
    again = scalar.value()
    for name, a in zip(inputs.names, inputs.work, strict=True):
        if isinstance(a, np.ndarray) and np.shares_memory(again, a):
            report.notes.append(
                f"The output of f is a view of {name}: changing one of them in place changes the other."
            )
    compare_runs(scalar, again, report)
    if not np.isfinite(scalar.base).all():
        where = _first(~np.isfinite(scalar.base))
        report.problems.append(
            Problem(
                "f non-finite",
                f"f itself returns {scalar.base[where]}{at(where)}, so there is no slope to compare with. "
                "Make the forward pass finite first: look for a division by 0, log of 0, or exp of a large number.",
            )
        )
    return scalar


def observe_forward_again(scalar: Scalar, inputs: Inputs, report: GradReport) -> None:
    """After many calls f must still return the same, and its arguments must still be what they were."""
    changed = [] if scalar.copy_each_call else inputs.changed()
    if changed:
        inputs.restore()
        report.problems.append(
            Problem(
                "f in-place",
                f"f changes its argument {changed[0]} in place at some of the points nearby. Work on a copy.",
            )
        )
    compare_runs(scalar, scalar.value(), report)


def compare_runs(scalar: Scalar, again: NDArray[Any], report: GradReport) -> None:
    """Note it where f returned something else for the same arguments."""
    if any(p.kind == "f non-deterministic" for p in report.problems):
        return
    alike = again.shape == scalar.shape
    if alike:
        with np.errstate(invalid="ignore"):
            size = np.abs(scalar.base).max(initial=0.0)
            gap = np.abs(again - scalar.base)
        # Threads may add in another order: a few units in the last place are no randomness.
        alike = bool(np.all((gap <= 100 * np.finfo(scalar.base.dtype).eps * size) | ~np.isfinite(gap)))
    if not alike:
        report.problems.append(
            Problem(
                "f non-deterministic",
                "f returns different values for the same arguments, so differences of it mean nothing. If it draws "
                "random numbers, as dropout does, draw them once outside and pass them in; if it keeps state between "
                "calls, reset it.",
            )
        )


def call_backward(
    backward: Callable[..., Any], upstream: NDArray[Any], inputs: Inputs, report: GradReport
) -> Any:
    """The gradients that backward returns; it is called twice, on copies, to see what it changes."""
    first, names = _observe_call(backward, upstream, inputs, report)
    second, _ = _observe_call(backward, upstream, inputs, None)
    if not _alike(first, second):
        report.problems.append(
            Problem(
                "backward non-deterministic",
                "backward returns different gradients when called twice with the same arguments. It draws random "
                "numbers, or it adds to something kept from the last call: start from zero each time.",
            )
        )
    return tuple(first) if names is None else dict(zip(names, first, strict=True))


def _observe_call(
    backward: Callable[..., Any], upstream: NDArray[Any], inputs: Inputs, report: GradReport | None
) -> tuple[list[Any], list[str] | None]:
    """Copies of the gradients of one call, and their names where a dict came."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in inputs.given]
    up = upstream.copy() if upstream.ndim else float(upstream)
    result = backward(up, *copies)
    names = [str(key) for key in result] if isinstance(result, Mapping) else None
    parts = list(result.values()) if isinstance(result, Mapping) else as_list(result, len(inputs.floating))
    if report is not None:
        if isinstance(up, np.ndarray) and not same(up, upstream):
            report.problems.append(
                Problem(
                    "backward in-place",
                    "backward changes the upstream gradient in place. Another branch of the network may still need "
                    "it: write dx = dout * mask where it says dout *= mask or dout[…] = 0.",
                )
            )
        for name, a, given in zip(inputs.names, copies, inputs.given, strict=True):
            if isinstance(a, np.ndarray) and not same(a, given):
                report.problems.append(
                    Problem(
                        "backward in-place",
                        f"backward changes {name} in place, which it was lent only for reading. "
                        f"Work on a copy: {name}.copy().",
                    )
                )
        for owner, a in [("the upstream gradient", up), *zip(inputs.names, copies, strict=True)]:
            if any(_overlap(part, a) for part in parts):
                report.notes.append(
                    f"A gradient shares its memory with {owner}: adding to one in place would change the other."
                )
    return [p.copy() if isinstance(p, np.ndarray) else p for p in parts], names


def _overlap(a: Any, b: Any) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and bool(np.shares_memory(a, b))


def _alike(a: list[Any], b: list[Any]) -> bool:
    if len(a) != len(b):
        return False
    for p, q in zip(a, b, strict=True):
        try:
            one, other = np.asarray(p), np.asarray(q)
        except ValueError:
            continue  # no array at all: the verdict on the quantity says so
        if one.shape != other.shape or one.dtype != other.dtype:
            return False
        if one.dtype.kind not in "fcbiu" or np.array_equal(one, other):
            continue
        if one.dtype.kind in "biu" or not np.allclose(one, other, rtol=1e-6, atol=0, equal_nan=True):
            return False
    return True


def as_list(result: Any, arguments: int) -> list[Any]:
    """The gradients of a result that may be one array alone, or one written as nested lists of numbers."""
    several = isinstance(result, (tuple, list))
    if isinstance(result, list) and len(result) not in (0, arguments):
        several = not all(isinstance(r, (list, float, int)) for r in result)
    return list(result) if several else [result]


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def at(index: tuple[int, ...]) -> str:
    return f" at {list(index)}" if index else ""
