"""Slopes of every entry: the numerical gradient, and the same with its own uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .complex_step import complex_gradient
from .inputs import Inputs, check_upstream, prepare
from .lines import SAFETY, Floats, Scalar

Method = Literal["central", "complex", "auto"]
Wrt = Sequence[int | str] | int | str | None

# What a smooth function's truncation may be without a second look, in units of (h / x)² times its largest slope.
BEND = 10.0


@dataclass(frozen=True)
class NumericalGradient:
    """The slopes of sum(f * upstream) by the entries of one argument.

    name: the argument's    value: the slopes, in the argument's shape    noise: how far from the truth each may be, by
    rounding and by the curvature of f    kink: True where the slopes on the two sides differ or cannot be measured, so
    that there is no gradient to compare with
    """

    name: str
    value: Floats
    noise: Floats
    kink: NDArray[np.bool_]


def numerical_gradient(
    f: Callable[..., Any],
    args: Sequence[Any] | Mapping[str, Any] | NDArray[Any],
    *,
    upstream: Any = None,
    wrt: Wrt = None,
    method: Method = "central",
    rng: np.random.Generator | int | None = None,
) -> Any:
    """Gradient of sum(f(*args) * upstream) by finite differences, two evaluations an entry.

    f: returns one array or scalar    args: its arguments; a dict is passed by name    upstream: shape of f's output;
    None means all ones    wrt: numbers or names of the arguments to differentiate by; None means all that hold floats
    method: "central" for (L(x + h) − L(x − h)) / 2h with the step of `Scalar.steps`; "complex" for a complex step,
    ValueError where f does not allow it; "auto" for complex where allowed and central elsewhere.

    Returns a list of float64 arrays in the order of wrt, or a dict by name where args is a dict. Nothing in args is
    changed. Raises TypeError and ValueError in sentences for what cannot be differentiated.
    """
    if method not in ("central", "complex", "auto"):
        raise ValueError(f'method must be "central", "complex" or "auto", and it is {method!r}.')
    inputs, scalar, places, generator = _set_up(f, args, upstream, wrt, rng)
    found: list[Floats] = []
    for k in places:
        g = complex_gradient(scalar, k, generator) if method != "central" else None
        if g is None and method == "complex":
            raise ValueError(
                f"f does not allow a complex step in {inputs.names[k]}: fed with complex numbers it fails, drops the "
                'imaginary part or disagrees with real differences. Use method="central".'
            )
        if g is None:
            g = _central(scalar, k)
        found.append(g.reshape(scalar.args[k].shape))
    if inputs.by_name:
        return {inputs.names[k]: g for k, g in zip(places, found, strict=True)}
    return found


def numerical_vjp(
    f: Callable[..., Any],
    args: Sequence[Any] | Mapping[str, Any] | NDArray[Any],
    *,
    upstream: Any = None,
    wrt: Wrt = None,
    rng: np.random.Generator | int | None = None,
) -> list[NumericalGradient]:
    """The vector–Jacobian product by central differences, each entry with its uncertainty; arguments as above.

    A second step, four times as long, shows the truncation: it shrinks as h², so the two differ by 15 times the error
    of the shorter. Entries where they disagree, or whose two sides have different slopes, are examined more closely.
    """
    inputs, scalar, places, _ = _set_up(f, args, upstream, wrt, rng)
    found = []
    for k in places:
        every, h = np.arange(scalar.args[k].size), scalar.steps(k)
        right, left = scalar.slopes(k, every, h)
        value = (right + left) / 2.0
        wide = sum(scalar.slopes(k, every, 4.0 * h)) / 2.0
        noise = SAFETY * scalar.rounding / (2.0 * h) + scalar.floor + np.abs(wide - value)
        kink = np.zeros(every.size, dtype=bool)
        zero = np.zeros(every.size)
        for i in np.flatnonzero(needs_a_look(scalar, value - wide, right, left, h)):
            line = scalar.look_at_entry(k, int(i), float(h[i]), zero)
            value[i], noise[i], kink[i] = line.excess, line.tolerance, line.kink or not line.finite
        shape = scalar.args[k].shape
        found.append(
            NumericalGradient(
                inputs.names[k], value.reshape(shape), noise.reshape(shape), kink.reshape(shape)
            )
        )
    return found


def first_tolerance(scalar: Scalar, slopes: Floats, h: Floats) -> Floats:
    """How far from the truth central differences with steps h may be, before any second look."""
    finite = np.abs(slopes[np.isfinite(slopes)])
    largest = float(finite.max()) if finite.size else 0.0
    rounding = SAFETY * scalar.rounding / (2.0 * h) + scalar.floor
    return np.asarray(rounding + BEND * scalar.eps ** (2.0 / 3.0) * largest)


def needs_a_look(
    scalar: Scalar, difference: Floats, right: Floats, left: Floats, h: Floats, extra: float = 0.0
) -> NDArray[np.bool_]:
    """Entries whose difference is not explained by rounding, or whose slopes on the two sides differ."""
    with np.errstate(invalid="ignore"):
        odd = ~(np.abs(difference) <= first_tolerance(scalar, (right + left) / 2.0, h) + extra)
    return np.asarray(odd | torn(scalar, right, left, h))


def torn(scalar: Scalar, right: Floats, left: Floats, h: Floats) -> NDArray[np.bool_]:
    """Entries whose slopes on the two sides differ by more than a smooth function's would."""
    with np.errstate(invalid="ignore"):
        steepest = np.nanmax(np.abs(np.concatenate([right, left])), initial=0.0)
        # A smooth function's slopes differ by h times its curvature, about h / x of the slope itself.
        smooth = max(2e-3, 10.0 * scalar.eps ** (1.0 / 3.0)) * steepest
        return np.asarray(np.abs(right - left) > np.maximum(smooth, 2.0 * SAFETY * scalar.rounding / h))


def _central(scalar: Scalar, k: int) -> Floats:
    h = scalar.steps(k)
    right, left = scalar.slopes(k, np.arange(h.size), h)
    value = (right + left) / 2.0
    for i in np.flatnonzero(~np.isfinite(value)):  # a step too long for the function: shorter ones may do
        line = scalar.look_at_entry(k, int(i), float(h[i]), np.zeros(h.size))
        value[i] = line.excess if line.finite else np.nan
    return value


def _set_up(
    f: Callable[..., Any], args: Any, upstream: Any, wrt: Wrt, rng: np.random.Generator | int | None
) -> tuple[Inputs, Scalar, list[int], np.random.Generator]:
    inputs = prepare(f, args, None)
    places = inputs.differentiable(wrt)
    scalar = Scalar(inputs.f, inputs.work)
    if inputs.changed():
        inputs.restore()
        scalar.copy_each_call = True
    if upstream is not None:
        scalar.upstream = check_upstream(upstream, scalar.shape).reshape(-1)
    generator = np.random.default_rng(0 if rng is None else rng)
    with np.errstate(all="ignore"):
        scalar.measure_noise(places, generator)
    return inputs, scalar, places, generator
