"""The verdict: gradients somebody derived, against finite differences of the function itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .calls import (
    HOPELESS,
    as_list,
    at,
    call_backward,
    observe_forward,
    observe_forward_again,
)
from .fast import check_directions
from .full import Claim, check_every_entry
from .inputs import Inputs, as_work, broadcast_warning, check_upstream, describe, prepare, random_signs
from .lines import Scalar
from .numerical import Method, Wrt
from .report import GradReport, Problem, Quantity

Gradients = Callable[..., Any] | Mapping[str, Any] | Sequence[Any] | NDArray[Any]
Mode = Literal["full", "fast"]


def gradcheck(
    f: Callable[..., Any],
    grads: Gradients,
    args: Sequence[Any] | Mapping[str, Any] | NDArray[Any],
    *,
    upstream: Any = None,
    names: Sequence[str] | None = None,
    wrt: Wrt = None,
    mode: Mode = "full",
    method: Method = "central",
    order: Sequence[str] | None = None,
    rng: np.random.Generator | int | None = None,
) -> GradReport:
    """Compare gradients of sum(f(*args) * upstream) with finite differences.

    f: forward; returns one array or scalar    grads: arrays in the order of the arguments (of all, or of those that
    hold floats), or a dict by argument name (`"x"` or `"dx"`), or a function `backward(upstream, *args)` that returns
    one of these    args: arguments of f, or a dict of them; arrays are copied, never changed    upstream: shape of f's
    output; None draws random numbers where grads is a function, and means all ones where it is not    names: names of
    the arguments; None reads them from f    wrt: the arguments to check, by number or name; None means all for which
    there is a gradient    mode: "full" examines every entry and names the worst; "fast" examines two random directions
    per quantity, a number of evaluations that does not grow with its size, and names an entry only where it fails
    method: "central", "complex" or "auto", as in `numerical_gradient`    order: names in backward order; None means
    the last argument first    rng: generator or seed; None means a fixed seed, so that a report can be repeated.

    A quantity fails only where the difference exceeds what rounding and curvature can explain, which is measured.
    Entries on a kink are skipped, and a quantity of nothing else is neither passed nor failed.

    Returns a GradReport. Everything wrong with f or grads is in it; what is wrong with the call (an upstream of
    another shape, the wrong number of gradients, nothing to differentiate) raises ValueError, TypeError or KeyError.
    """
    if mode not in ("full", "fast"):
        raise ValueError(f'mode must be "full" or "fast", and it is {mode!r}.')
    if method not in ("central", "complex", "auto"):
        raise ValueError(f'method must be "central", "complex" or "auto", and it is {method!r}.')
    inputs = prepare(f, args, names)
    if wrt is not None:
        inputs.differentiable(wrt)
    generator = np.random.default_rng(0 if rng is None else rng)
    report = GradReport([], [], notes=inputs.notes, mode=mode)
    scalar = observe_forward(inputs, report)
    u = _upstream(scalar, inputs, grads, upstream, generator, report)
    found = call_backward(grads, u, inputs, report) if callable(grads) else grads
    try:
        pairs = _pair(found, inputs, wrt)
    except (ValueError, KeyError) as error:
        if not callable(grads):
            raise
        report.problems.append(Problem("backward wrong gradients", f"backward: {error.args[0]}"))
        return report
    scalar.args = inputs.work
    scalar.upstream = u.astype(np.float64).reshape(-1)
    if any(p.kind in HOPELESS for p in report.problems):
        report.quantities = [_not_checked(k, name, inputs) for k, name, _ in pairs]
    else:
        with np.errstate(all="ignore"):
            scalar.measure_noise([k for k, _, _ in pairs], generator)
        for k, name, gradient in pairs:
            claim = _claim(k, name, gradient, inputs, report)
            report.quantities.append(
                claim
                if isinstance(claim, Quantity)
                else _judge(scalar, claim, mode, method, generator, report)
            )
        observe_forward_again(scalar, inputs, report)
    report.order = _order(order, report.quantities)
    report.evaluations = scalar.calls
    return report


def _judge(
    scalar: Scalar, claim: Claim, mode: Mode, method: Method, rng: np.random.Generator, report: GradReport
) -> Quantity:
    if claim.g.size == 0:
        result = claim.quantity()
        result.sentence = "right: it is empty, as it should be."
        return result
    if mode == "fast":
        verdict = check_directions(scalar, claim, rng)
        if verdict is not None:
            return verdict
        report.notes.append(
            f"A random direction through {claim.argument} crossed a kink, so every entry of {claim.name} was examined."
        )
    return check_every_entry(scalar, claim, method, rng)


def _not_checked(k: int, name: str, inputs: Inputs) -> Quantity:
    return Quantity(
        name,
        inputs.names[k],
        np.shape(inputs.work[k]),
        "skipped",
        "not checked",
        "not checked, for the reason above.",
        total=int(np.size(inputs.work[k])),
    )


def _coarsest(inputs: Inputs) -> np.dtype[Any]:
    """The shortest number format among the arguments that hold floats."""
    formats = [np.asarray(inputs.given[k]).dtype for k in inputs.floating]
    return max(formats, key=lambda one: float(np.finfo(one).eps), default=np.dtype(np.float64))


def _upstream(
    scalar: Scalar,
    inputs: Inputs,
    grads: Gradients,
    upstream: Any,
    rng: np.random.Generator,
    report: GradReport,
) -> NDArray[Any]:
    if upstream is not None:
        check_upstream(upstream, scalar.shape)
        return np.asarray(upstream)
    if callable(grads):
        return random_signs(rng, scalar.shape).astype(_coarsest(inputs))
    if scalar.base.size > 1:
        report.notes.append(
            "No upstream gradient was given, so all ones were used. Ones hide mistakes: a factor that was forgotten, "
            "or a softmax whose terms cancel. Random numbers show them."
        )
    return np.ones(scalar.shape)


def _claim(k: int, name: str, gradient: Any, inputs: Inputs, report: GradReport) -> Claim | Quantity:
    """The gradient ready to be compared, or the verdict where it cannot be."""
    argument, shape = inputs.names[k], inputs.work[k].shape
    trouble = _unfit(name, argument, gradient, shape)
    if trouble is not None:
        return Quantity(name, argument, shape, "failed", *trouble, total=inputs.work[k].size)
    given = np.asarray(gradient)
    eps = float(np.finfo(_coarsest(inputs)).eps)
    if given.dtype.kind == "f":
        eps = max(eps, float(np.finfo(given.dtype).eps))
    else:
        report.notes.append(f"{name} holds {given.dtype} values, not floats; they were compared as they are.")
    return Claim(k, argument, name, shape, given.astype(np.float64).reshape(-1), eps)


def _pair(found: Any, inputs: Inputs, wrt: Wrt) -> list[tuple[int, str, Any]]:
    """(argument number, name of the gradient, gradient) for each quantity. Integers among them become floats."""
    pairs: list[tuple[int, str, Any]] = []
    if isinstance(found, Mapping):
        for key, g in found.items():
            bare = key if key in inputs.names else str(key).removeprefix("d")
            if bare not in inputs.names:
                raise KeyError(
                    f"grads holds {key!r}, which is none of the arguments: they are {', '.join(inputs.names)}. "
                    "Name each gradient after its argument, with or without a d in front."
                )
            pairs.append((inputs.names.index(bare), key if key != bare else f"d{bare}", g))
    else:
        gradients = as_list(found, len(inputs.floating))
        floating = inputs.floating if wrt is None else inputs.differentiable(wrt)
        if len(gradients) == len(floating):
            places = list(floating)
        elif len(gradients) == len(inputs.names):
            places = list(range(len(inputs.names)))
        else:
            raise ValueError(
                f"There must be one gradient for each of the {len(floating)} arguments that hold floats "
                f"({', '.join(inputs.names[k] for k in floating)}), and there are {len(gradients)}."
            )
        pairs = [
            (k, f"d{inputs.names[k]}", g)
            for k, g in zip(places, gradients, strict=True)
            if g is not None or k in inputs.floating
        ]
    if wrt is not None:
        asked = inputs.differentiable(wrt)
        pairs = [pair for pair in pairs if pair[0] in asked]
    if not pairs:
        inputs.differentiable(None)
        raise ValueError("There is no gradient to check: grads is empty, or wrt names none of them.")
    for k, _, _ in pairs:
        work = inputs.work[k]
        if not (isinstance(work, np.ndarray) and work.dtype == np.float64):
            inputs.work[k] = as_work(work, inputs.names[k])
            inputs.notes.append(
                f"{inputs.names[k]} holds whole numbers, where a small nudge would be rounded away. "
                "It was checked as floats."
            )
    return pairs


def _order(order: Sequence[str] | None, quantities: list[Quantity]) -> list[str]:
    if order is None:
        return [q.name for q in reversed(quantities)]
    known = {q.argument: q.name for q in quantities} | {q.name: q.name for q in quantities}
    unknown = [name for name in order if name not in known]
    if unknown:
        raise KeyError(f"order names {unknown[0]!r}, which is none of {', '.join(known)}.")
    first = list(dict.fromkeys(known[name] for name in order))
    return first + [q.name for q in reversed(quantities) if q.name not in first]


def _unfit(name: str, argument: str, gradient: Any, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """(kind, sentence) where a gradient cannot even be compared; None where it can."""
    if gradient is None:
        return "missing", f"WRONG. It is missing: None came where an array of shape {shape} was expected."
    try:
        given = np.asarray(gradient)
    except ValueError:
        return "not numbers", "WRONG. It is no array: its rows have different lengths."
    if given.dtype.kind not in "fbiu":
        return "not numbers", f"WRONG. It holds {describe(gradient)}, where real numbers were expected."
    if given.shape != shape:
        hint = broadcast_warning(given.shape, shape)
        if given.ndim == 2 and given.T.shape == shape:
            hint = "The transpose has the right shape."
        return (
            "wrong shape",
            f"WRONG shape. {name} has shape {given.shape} and {argument} has shape {shape}; a gradient has one "
            f"number for each number it belongs to. {hint}".strip(),
        )
    bad = ~np.isfinite(given)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        return (
            "non-finite",
            f"WRONG. {int(bad.sum())} of {given.size} entries are no finite numbers: {given[where]}{at(where)}. "
            "Look for a division by 0, log of 0, or exp of a large number.",
        )
    return None
