"""Compare what came back with what was expected, and say exactly where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.checks.spec import SINGLE, Case, Quantity, Tolerance
from backprop_helpers.checks.travel import as_numbers

Array = NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """How one quantity is off.

    kind: "type", "shape", "finite", "precision" or "value"; sentence: only for the first four, which
    need no further diagnosis; got, expected: the whole arrays where both could be read;
    index: the worst entry; wrong: share of entries that are off.
    """

    quantity: Quantity
    kind: str
    sentence: str = ""
    got: Array | None = None
    expected: Array | None = None
    index: tuple[int, ...] | None = None
    wrong: float = 1.0


def tolerance_for(quantity: Quantity, case: Case) -> Tolerance:
    if case.tolerance is not None:
        return case.tolerance
    arrays = [a for a in case.args if isinstance(a, np.ndarray)]
    return SINGLE if any(a.dtype == np.float32 for a in arrays) else quantity.tolerance


def difference(quantity: Quantity, got: Any, expected: Sequence[Any], case: Case) -> Difference | None:
    """None where got agrees with any of the expected values, entry by entry; else how it differs."""
    right = [np.asarray(e, dtype=np.float64) for e in expected]
    first = right[0]
    numbers = as_numbers(got)
    if isinstance(numbers, str):
        kind = "a single number" if first.shape == () else f"an array of shape {first.shape}"
        return Difference(quantity, "type", f"{quantity.name} is {numbers}; expected {kind}.")
    fits = [r for r in right if r.shape == numbers.shape]
    if not fits:
        return Difference(quantity, "shape", _shape_sentence(quantity, numbers, first), numbers, first)
    tolerance = tolerance_for(quantity, case)
    ok = np.zeros(first.shape, dtype=bool)
    for r in fits:
        ok |= close(numbers, r, tolerance)
    if quantity.name in case.free:
        ok |= np.asarray(case.free[quantity.name], dtype=bool)
    if ok.all():
        return None
    index = _worst(numbers, fits[0], ok)
    share = float(np.mean(~ok))
    off = Difference(quantity, "value", "", numbers, fits[0], index, share)
    bad = ~np.isfinite(numbers) & ~ok
    if bad.any() and np.isfinite(fits[0]).all():
        return Difference(
            quantity, "finite", _finite_sentence(quantity, numbers, bad), numbers, fits[0], index, share
        )
    if close(numbers, fits[0], SINGLE).all() and tolerance.rtol < 1e-8:
        return Difference(
            quantity, "precision", _precision_sentence(quantity, got), numbers, fits[0], index, share
        )
    return off


def close(got: Array, expected: Array, tolerance: Tolerance) -> NDArray[np.bool_]:
    """Entrywise: equal within the tolerance; the same infinity or both NaN also count as equal."""
    with np.errstate(all="ignore"):
        near = np.abs(got - expected) <= tolerance.atol + tolerance.rtol * np.abs(expected)
    near &= np.isfinite(expected)  # a tolerance relative to infinity would take every number
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.asarray(near | same)


def _worst(got: Array, expected: Array, ok: NDArray[np.bool_]) -> tuple[int, ...]:
    with np.errstate(all="ignore"):
        off = np.abs(got - expected)
    off = np.where(np.isnan(off), np.inf, off)
    off = np.where(ok, -1.0, off)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))


def _shape_sentence(quantity: Quantity, got: Array, expected: Array) -> str:
    letters = f" {quantity.shape}" if quantity.shape and quantity.shape != "()" else ""
    if expected.shape == ():
        return f"{quantity.name} is an array of shape {got.shape}; expected a single number."
    if got.shape == ():
        return f"{quantity.name} is a single number; expected an array{letters} = {expected.shape}."
    text = f"{quantity.name} has shape {got.shape}; expected{letters} = {expected.shape}."
    if got.ndim == 2 and got.shape == expected.shape[::-1] and got.ndim == expected.ndim:
        text += " It is the other way round: a transpose is missing or one too many."
    return text


def _finite_sentence(quantity: Quantity, got: Array, bad: NDArray[np.bool_]) -> str:
    nan, inf = int(np.isnan(got[bad]).sum()), int(np.isinf(got[bad]).sum())
    kinds = " and ".join(
        f"{n} of {got.size} entries {what}" for n, what in ((nan, "nan"), (inf, "infinite")) if n
    )
    return f"{quantity.name} is not finite: {kinds}, where an ordinary number is right."


def _precision_sentence(quantity: Quantity, got: Any) -> str:
    dtype = np.asarray(got).dtype
    if dtype == np.float32:
        return f"{quantity.name} came back as float32 although the inputs are float64: half of the digits are lost."
    return (
        f"{quantity.name} is right to about 5 digits only. Is a small constant added, or something rounded?"
    )
