"""What the caller handed over: the arguments by name, and everything that can be wrong with them, in sentences."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass
class Inputs:
    """Arguments of f: their names, the originals, and working copies that may be nudged."""

    f: Callable[..., Any]
    names: list[str]
    given: list[Any]
    work: list[Any]
    floating: list[int]
    by_name: bool
    notes: list[str] = field(default_factory=list)

    def position(self, which: int | str) -> int:
        """The number of an argument, from its number or its name. Raises KeyError or IndexError in a sentence."""
        if isinstance(which, str):
            if which not in self.names:
                raise KeyError(f"There is no argument {which!r}; the arguments are {', '.join(self.names)}.")
            return self.names.index(which)
        if not -len(self.names) <= which < len(self.names):
            raise IndexError(f"There is no argument number {which}: f has {len(self.names)} arguments.")
        return which % len(self.names)

    def differentiable(self, wrt: Sequence[int | str] | int | str | None) -> list[int]:
        """The arguments to differentiate by: those named, or every one that holds floats."""
        if wrt is not None:
            asked = [wrt] if isinstance(wrt, (int, str)) else list(wrt)
            places = [self.position(one) for one in asked]
            for k in places:
                self.work[k] = as_work(self.given[k], self.names[k])
            return places
        if not self.floating:
            kinds = ", ".join(
                f"{name} is {describe(a)}" for name, a in zip(self.names, self.given, strict=True)
            )
            raise TypeError(
                f"There is nothing to differentiate: no argument holds floats ({kinds}). A small nudge of a whole "
                "number is rounded away, so pass arrays of floats: np.asarray(x, dtype=float)."
            )
        return self.floating

    def restore(self) -> None:
        """Put the working copies back to what was given, in place, after f changed them."""
        for a, given in zip(self.work, self.given, strict=True):
            if isinstance(a, np.ndarray):
                a[...] = given

    def changed(self) -> list[str]:
        """Names of the arguments whose working copy is no longer what was given."""
        return [
            name
            for name, a, given in zip(self.names, self.work, self.given, strict=True)
            if isinstance(a, np.ndarray) and not same(a, np.asarray(given).astype(a.dtype))
        ]


def prepare(f: Callable[..., Any], args: Any, names: Sequence[str] | None) -> Inputs:
    """Name the arguments and copy the arrays among them.

    args: a sequence of arguments, or a dict of keyword arguments, or one array alone.
    """
    if not callable(f):
        raise TypeError(f"f must be a function of the arrays in args, and it is {describe(f)}.")
    by_name = isinstance(args, Mapping)
    if by_name:
        keys = [str(key) for key in args]
        given = list(args.values())
        call: Callable[..., Any] = lambda *a: f(**dict(zip(keys, a, strict=True)))  # noqa: E731
        names = keys
    else:
        given = [args] if isinstance(args, (np.ndarray, np.generic, float, int)) else list(args)
        call = f
    if names is None:
        names = parameter_names(f, len(given))
    if len(names) != len(given):
        raise ValueError(
            f"names must hold one name for each of the {len(given)} arguments; it holds {len(names)}."
        )
    inputs = Inputs(call, [str(n) for n in names], given, [], [], by_name)
    for k, (name, a) in enumerate(zip(inputs.names, given, strict=True)):
        if isinstance(a, float) or (isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in "fc"):
            inputs.work.append(as_work(a, name))
            inputs.floating.append(k)
            if isinstance(a, np.ndarray) and a.size > 1 and 0 in a.strides:
                inputs.notes.append(
                    f"{name} is a broadcast view: several of its entries are one number in memory. "
                    "It was checked on a copy in which every entry stands alone."
                )
        else:
            inputs.work.append(a.copy() if isinstance(a, np.ndarray) else a)
    return inputs


def as_work(a: Any, name: str) -> Floats:
    """A float64 copy in C order, whose entries have memory of their own. Raises TypeError in a sentence."""
    a = np.asarray(a)
    if a.dtype.kind not in "fbiu":
        raise TypeError(f"{name} must hold real numbers, and it is {describe(a)}. Pass an array of floats.")
    work: Floats = np.array(a, dtype=np.float64, order="C", copy=True)
    return work


def parameter_names(f: Callable[..., Any], count: int) -> list[str]:
    """Names of f's positional parameters, or arg0, arg1, … where they cannot be read."""
    try:
        parameters = list(inspect.signature(f).parameters.values())[:count]
    except (TypeError, ValueError):
        parameters = []
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if len(parameters) == count and all(p.kind in plain for p in parameters):
        return [p.name for p in parameters]
    return [f"arg{i}" for i in range(count)]


def check_upstream(upstream: Any, shape: tuple[int, ...]) -> Floats:
    """The upstream gradient as float64 of exactly f's shape. Raises ValueError or TypeError in a sentence."""
    u = np.asarray(upstream)
    if u.dtype.kind not in "fbiu":
        raise TypeError(f"upstream must hold real numbers, and it is {describe(u)}.")
    if u.shape != shape:
        raise ValueError(
            f"upstream must have the shape of f's output, {shape}, and it has {u.shape}. "
            + broadcast_warning(u.shape, shape)
        )
    if not np.isfinite(u).all():
        raise ValueError("upstream must be finite, and it holds NaN or infinite values.")
    return np.array(u, dtype=np.float64)


def broadcast_warning(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """A sentence about two different shapes that NumPy would have combined without a word; else empty."""
    try:
        together = np.broadcast_shapes(a, b)
    except ValueError:
        return ""
    return f"NumPy would have stretched the two to {together} without a word."


def describe(a: Any) -> str:
    """What a value is, in a few words."""
    if isinstance(a, np.ndarray):
        return f"an array of {a.dtype} with shape {a.shape}"
    if a is None:
        return "None"
    return f"a {type(a).__name__}"


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Equal in shape and every entry, NaN equal to NaN."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "fc" and b.dtype.kind in "fc":
        return bool(np.array_equal(a, b, equal_nan=True))
    return bool(np.array_equal(a, b))


def random_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Random numbers of either sign and of sizes between 1/2 and 3/2: none is small, no two cancel."""
    numbers: Floats = np.asarray(rng.uniform(-1.0, 1.0, shape))
    return numbers + np.copysign(0.5, numbers)
