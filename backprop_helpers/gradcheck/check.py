"""The verdict: gradients somebody derived, against finite differences of the function itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .complex_step import complex_gradient
from .inputs import (
    Inputs,
    broadcast_warning,
    check_upstream,
    describe,
    prepare,
    random_signs,
    same,
)
from .lines import SAFETY, Floats, Line, Scalar, typical_size
from .numerical import BEND, Method, Wrt, first_tolerance, needs_a_look
from .report import Entry, GradReport, Problem, Quantity, right_sentence, wrong_sentence

# Rounding of a derived gradient, in units of its format's spacing times its largest entry: sums of a few thousand
# terms in any order stay far below.
GRADIENT_ROUNDING = 64.0
# Close looks spent on one quantity once it is known to be wrong.
LOOKS = 24
# A function with fewer correct digits than this cannot tell a right gradient from a wrong one by differences.
TOO_NOISY = 1e-2

Gradients = Callable[..., Any] | Mapping[str, Any] | Sequence[Any] | NDArray[Any]


def gradcheck(
    f: Callable[..., Any],
    grads: Gradients,
    args: Sequence[Any] | Mapping[str, Any] | NDArray[Any],
    *,
    upstream: Any = None,
    names: Sequence[str] | None = None,
    wrt: Wrt = None,
    mode: Literal["full", "fast"] = "full",
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
    generator = np.random.default_rng(0 if rng is None else rng)
    report = GradReport([], [], notes=inputs.notes, mode=mode)
    scalar = _first_look_at_f(inputs, report)
    u = _upstream(scalar, grads, upstream, generator, report)
    found = _call_backward(grads, u, inputs, report) if callable(grads) else grads
    pairs = _pair(found, inputs, wrt)
    scalar.upstream = u.reshape(-1)
    if not report.problems or all(p.kind == "in-place" for p in report.problems):
        with np.errstate(all="ignore"):
            scalar.measure_noise([k for k, _, _ in pairs if _is_real(inputs.work[k])], generator)
        checker = _Checker(scalar, mode, method, generator, report)
        report.quantities = [checker.quantity(k, inputs.names[k], name, g) for k, name, g in pairs]
        _look_again_at_f(scalar, inputs, report)
    else:
        report.quantities = [
            Quantity(
                name, inputs.names[k], np.shape(inputs.work[k]), "skipped", "not checked", "not checked."
            )
            for k, name, _ in pairs
        ]
    report.order = _order(order, report.quantities)
    report.evaluations = scalar.calls
    return report


def _first_look_at_f(inputs: Inputs, report: GradReport) -> Scalar:
    """Evaluate f twice at the given arguments and note whatever is odd about it."""
    scalar = Scalar(inputs.f, inputs.work)
    raw = inputs.f(*inputs.work) if not inputs.changed() else None
    if isinstance(raw, np.ndarray):
        owners = [
            n
            for n, a in zip(inputs.names, inputs.work, strict=True)
            if isinstance(a, np.ndarray) and np.shares_memory(raw, a)
        ]
        if owners:
            report.notes.append(
                f"The output of f is a view of {owners[0]}: changing one of them in place changes the other."
            )
    changed = inputs.changed()
    if changed:
        scalar.copy_each_call = True
        inputs.restore()
        report.problems.append(
            Problem(
                "in-place",
                f"f changes its argument {changed[0]} in place. Whoever called it loses the old values: "
                "work on a copy, or write out = ... in place of out[...] = ... .",
            )
        )
        scalar.base = scalar.value().copy()
    _compare_runs(scalar, report)
    if not np.isfinite(scalar.base).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(scalar.base))[0])
        at = f" at {list(where)}" if where else ""
        report.problems.append(
            Problem(
                "non-finite",
                f"f itself returns {scalar.base[where]}{at}, so there is no slope to compare with. "
                "Make the forward pass finite first: look for a division by 0, log of 0, or exp of a large number.",
            )
        )
    return scalar


def _compare_runs(scalar: Scalar, report: GradReport) -> None:
    again = scalar.value()
    if any(p.kind == "non-deterministic" for p in report.problems):
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
                "non-deterministic",
                "f returns different values for the same arguments, so differences of it mean nothing. If it draws "
                "random numbers, as dropout does, draw them once outside and pass them in; if it keeps state between "
                "calls, reset it.",
            )
        )


def _look_again_at_f(scalar: Scalar, inputs: Inputs, report: GradReport) -> None:
    """After many calls: f must still return the same, and its arguments must still be what they were."""
    _compare_runs(scalar, report)
    changed = [] if scalar.copy_each_call else inputs.changed()
    if changed:
        report.problems.append(
            Problem(
                "in-place",
                f"f changes its argument {changed[0]} in place at some of the points nearby. Work on a copy.",
            )
        )


def _upstream(
    scalar: Scalar, grads: Gradients, upstream: Any, rng: np.random.Generator, report: GradReport
) -> Floats:
    if upstream is not None:
        return check_upstream(upstream, scalar.shape)
    if callable(grads):
        return random_signs(rng, scalar.shape)
    if scalar.base.size > 1:
        report.notes.append(
            "No upstream gradient was given, so all ones were used. Ones hide mistakes: a factor that was forgotten, "
            "or a softmax whose terms cancel. Random numbers show them."
        )
    return np.ones(scalar.shape)


def _call_backward(backward: Callable[..., Any], u: Floats, inputs: Inputs, report: GradReport) -> Any:
    """The gradients that backward returns; called twice, on copies, to see what it changes."""
    results: list[list[Any]] = []
    for _ in range(2):
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in inputs.given]
        up = u.copy() if u.ndim else float(u)
        result = backward(up, *copies)
        if isinstance(up, np.ndarray) and not same(up, u) and not results:
            report.problems.append(
                Problem(
                    "in-place",
                    "backward changes the upstream gradient in place. Another branch of the network may still need "
                    "it: write dx = dout * mask in place of dout *= mask, or dout[...] = 0.",
                )
            )
        for name, a, given in zip(inputs.names, copies, inputs.given, strict=True):
            if isinstance(a, np.ndarray) and not same(a, given) and not results:
                report.problems.append(
                    Problem("in-place", f"backward changes {name} in place. Work on a copy: {name}.copy().")
                )
        shared = {"the upstream gradient": up} | dict(zip(inputs.names, copies, strict=True))
        parts = list(result.values()) if isinstance(result, Mapping) else _as_list(result)
        for owner, a in shared.items():
            if not results and any(
                isinstance(p, np.ndarray) and isinstance(a, np.ndarray) and np.shares_memory(p, a)
                for p in parts
            ):
                report.notes.append(
                    f"A gradient shares its memory with {owner}: adding to one in place would change the other."
                )
        results.append([np.array(p, copy=True) if isinstance(p, np.ndarray) else p for p in parts])
        if len(results) == 1:
            first = dict(zip(result, results[0], strict=True)) if isinstance(result, Mapping) else results[0]
    if not _alike(results[0], results[1]):
        report.problems.append(
            Problem(
                "non-deterministic",
                "backward returns different gradients when called twice with the same arguments. It draws random "
                "numbers, or something it keeps between calls is added up: start from zero each time.",
            )
        )
    return first


def _alike(a: list[Any], b: list[Any]) -> bool:
    if len(a) != len(b):
        return False
    for p, q in zip(a, b, strict=True):
        try:
            if not np.allclose(np.asarray(p, float), np.asarray(q, float), rtol=1e-6, atol=0, equal_nan=True):
                return False
        except (TypeError, ValueError):
            continue  # not numbers, or other shapes: the verdict on the quantity says so
    return True


def _as_list(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _is_real(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype == np.float64


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
        gradients = _as_list(found)
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
        if not _is_real(inputs.work[k]):
            inputs.work[k] = np.array(inputs.work[k], dtype=np.float64)
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


@dataclass
class _Checker:
    scalar: Scalar
    mode: str
    method: Method
    rng: np.random.Generator
    report: GradReport

    def quantity(self, k: int, argument: str, name: str, gradient: Any) -> Quantity:
        shape = self.scalar.args[k].shape
        trouble = _unfit(name, argument, gradient, shape)
        if trouble is not None:
            kind, sentence = trouble
            return Quantity(name, argument, shape, "failed", kind, sentence, total=self.scalar.args[k].size)
        given = np.asarray(gradient)
        if given.dtype.kind in "iub":
            self.report.notes.append(f"{name} holds {given.dtype}, not floats; its values were compared.")
        g = given.astype(np.float64).reshape(-1)
        format_eps = float(np.finfo(given.dtype).eps) if given.dtype.kind == "f" else 0.0
        if g.size == 0:
            return Quantity(name, argument, shape, "passed", "right", "right: it is empty, as it should be.")
        if self.mode == "fast":
            verdict = self._fast(k, argument, name, g, format_eps)
            if verdict is not None:
                return verdict
            self.report.notes.append(
                f"A random direction through {argument} crossed a kink, so every entry of {name} was examined."
            )
        return self._full(k, argument, name, g, format_eps)

    # -- every entry -----------------------------------------------------------------------------------------------

    def _full(self, k: int, argument: str, name: str, g: Floats, format_eps: float) -> Quantity:
        scalar, shape = self.scalar, self.scalar.args[k].shape
        h = scalar.steps(k)
        exact = complex_gradient(scalar, k, self.rng) if self.method != "central" else None
        if exact is None and self.method == "complex":
            raise ValueError(
                f'f does not allow a complex step in {argument}. Use method="central" or method="auto".'
            )
        if exact is None:
            right, left = scalar.slopes(k, np.arange(g.size), h)
        else:
            right = left = exact
        expected = (right + left) / 2.0
        finite = np.abs(expected[np.isfinite(expected)])
        own = GRADIENT_ROUNDING * format_eps * float(finite.max(initial=0.0))
        tolerance = first_tolerance(scalar, expected, h) + own
        skipped = np.zeros(g.size, dtype=bool)
        wrong = np.zeros(g.size, dtype=bool)
        suspects = np.flatnonzero(needs_a_look(scalar, expected - g, right, left, h, own))
        with np.errstate(invalid="ignore"):
            excess = np.nan_to_num(np.abs(expected - g) / tolerance, nan=np.inf)
        suspects = suspects[np.argsort(-excess[suspects], kind="stable")]
        if suspects.size == 0:
            suspects = np.array([int(np.argmax(excess))])
        looks = 0
        for i in suspects:
            if wrong.any() and looks >= LOOKS:
                break
            line = scalar.look(k, int(i), h[i], g)
            looks += 1
            self._settle(i, line, own, g, expected, tolerance, skipped, wrong)
        rest = suspects[looks:]
        with np.errstate(invalid="ignore"):
            torn = ~(np.abs(right - left)[rest] < np.abs(expected - g)[rest])
            off = np.abs(expected - g)[rest] > 10.0 * tolerance[rest]
        skipped[rest[torn]] = True
        wrong[rest[off & ~torn]] = True
        expected[skipped], tolerance[skipped] = np.nan, np.nan
        return self._verdict(name, argument, shape, g, expected, tolerance, skipped, wrong)

    @staticmethod
    def _settle(
        i: np.intp,
        line: Line,
        own: float,
        g: Floats,
        expected: Floats,
        tolerance: Floats,
        skipped: NDArray[np.bool_],
        wrong: NDArray[np.bool_],
    ) -> None:
        if not line.finite or line.kink:
            skipped[i] = True
            return
        expected[i] = g[i] + line.excess
        tolerance[i] = line.tolerance + own
        wrong[i] = abs(line.excess) > tolerance[i]

    def _verdict(
        self,
        name: str,
        argument: str,
        shape: tuple[int, ...],
        g: Floats,
        expected: Floats,
        tolerance: Floats,
        skipped: NDArray[np.bool_],
        wrong: NDArray[np.bool_],
    ) -> Quantity:
        total, left_out = g.size, int(skipped.sum())
        result = Quantity(
            name,
            argument,
            shape,
            "passed",
            "right",
            "",
            wrong=int(wrong.sum()),
            skipped=left_out,
            total=total,
            got=g.reshape(shape),
            expected=expected.reshape(shape),
            tolerance=tolerance.reshape(shape),
        )
        if left_out == total:
            result.status, result.kind = "skipped", "kinks"
            result.sentence = (
                "could not be checked: f has no single slope at any entry. "
                "Move the inputs off the kinks, for example by adding small random numbers."
            )
            return result
        error = np.abs(expected - g)
        score = np.where(wrong, error, -1.0) if wrong.any() else np.where(skipped, -1.0, error / tolerance)
        i = int(np.nanargmax(score))
        index = tuple(int(j) for j in np.unravel_index(i, shape))
        result.worst = Entry(index, float(g[i]), float(expected[i]), float(tolerance[i]))
        if wrong.any():
            result.status, result.kind = "failed", "wrong values"
            result.sentence = wrong_sentence(result.worst, result.wrong, total, left_out)
        elif self._too_noisy(float(np.nanmax(tolerance)), g, expected):
            result.status, result.kind = "skipped", "too noisy"
            result.sentence = _noisy_sentence(result.worst)
        else:
            result.sentence = right_sentence(result.worst, total, left_out)
        return result

    def _too_noisy(self, tolerance: float, g: Floats, expected: Floats) -> bool:
        size = float(np.abs(self.scalar.base.reshape(-1)) @ np.abs(self.scalar.upstream))
        if self.scalar.rounding < 1e-6 * size:
            return False
        largest = max(float(np.nanmax(np.abs(g))), float(np.nanmax(np.abs(expected))))
        return tolerance > 0.3 * largest

    # -- random directions -----------------------------------------------------------------------------------------

    def _fast(self, k: int, argument: str, name: str, g: Floats, format_eps: float) -> Quantity | None:
        """The verdict from two random directions, or None where one of them crosses a kink."""
        scalar, shape = self.scalar, self.scalar.args[k].shape
        h = scalar.eps ** (1.0 / 3.0)
        worst = Line(0.0, 0.0, kink=False, finite=True)
        for _ in range(2):
            direction = self._direction(k)
            line = self._glance(k, direction, h, g, format_eps)
            if abs(line.excess) > line.tolerance or not line.finite:
                line = scalar.look(k, direction, h, g)
                own = 4.0 * format_eps * float(np.abs(g) @ np.abs(direction))
                line = Line(line.excess, line.tolerance + own, line.kink, line.finite)
            if line.kink or not line.finite:
                return None
            if abs(line.excess) > line.tolerance:
                entry = self._locate(k, shape, g, h, format_eps)
                sentence = wrong_sentence(entry, 0, g.size, 0)
                return Quantity(
                    name,
                    argument,
                    shape,
                    "failed",
                    "wrong values",
                    sentence,
                    worst=entry,
                    wrong=1,
                    total=g.size,
                )
            worst = max(worst, line, key=lambda one: one.tolerance)
        if self._too_noisy(worst.tolerance, g, g):
            entry = Entry((), float("nan"), float("nan"), worst.tolerance)
            return Quantity(
                name,
                argument,
                shape,
                "skipped",
                "too noisy",
                _noisy_sentence(entry),
                total=g.size,
            )
        sentence = (
            f"right along two random directions through all {g.size} entries; the slopes differ by "
            f"{abs(worst.excess):.1g}, and up to {worst.tolerance:.1g} is rounding."
        )
        return Quantity(name, argument, shape, "passed", "right", sentence, total=g.size)

    def _direction(self, k: int) -> Floats:
        a = self.scalar.args[k].reshape(-1)
        direction: Floats = random_signs(self.rng, a.shape) * np.maximum(np.abs(a), typical_size(a))
        return direction

    def _glance(self, k: int, direction: Floats, h: float, g: Floats, format_eps: float) -> Line:
        """One central difference along a line, with the rounding it may have."""
        scalar = self.scalar
        a = scalar.args[k].reshape(-1)
        start = a.copy()
        with np.errstate(all="ignore"):
            a += h * direction
            up, predicted = scalar.value().reshape(-1).copy(), (a - start) @ g
            a[...] = start - h * direction
            change = (up - scalar.value().reshape(-1)) @ scalar.upstream
            predicted -= (a - start) @ g
        a[...] = start
        excess = float(change - predicted) / (2.0 * h)
        tolerance = (
            SAFETY * scalar.rounding / (2.0 * h)
            + BEND * h * h * abs(float(change)) / (2.0 * h)
            + 4.0 * format_eps * float(np.abs(g) @ np.abs(direction))
        )
        return Line(excess, tolerance, kink=False, finite=bool(np.isfinite(excess)))

    def _locate(self, k: int, shape: tuple[int, ...], g: Floats, h: float, format_eps: float) -> Entry | None:
        """A wrong entry, found by halving: of two halves, the one whose random direction disagrees more."""
        low, high = 0, g.size
        direction = self._direction(k)
        while high - low > 1:
            middle = (low + high) // 2
            parts = []
            for start, stop in ((low, middle), (middle, high)):
                part = np.zeros(g.size)
                part[start:stop] = direction[start:stop]
                parts.append(abs(self._glance(k, part, h, g, format_eps).excess))
            if not np.isfinite(parts).all():
                return None
            low, high = (low, middle) if parts[0] >= parts[1] else (middle, high)
        line = self.scalar.look(k, low, float(self.scalar.steps(k)[low]), g)
        if not line.finite or line.kink or abs(line.excess) <= line.tolerance:
            return None
        index = tuple(int(j) for j in np.unravel_index(low, shape))
        return Entry(index, float(g[low]), float(g[low] + line.excess), line.tolerance)


def _noisy_sentence(entry: Entry) -> str:
    return (
        f"could not be checked: rounding alone may explain differences up to {entry.noise:.1g}, about as much as the "
        "gradient itself. Compute f in double precision (float64)."
    )


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
        at = f"the first at {list(where)}: " if where else ""
        return (
            "non-finite",
            f"WRONG. {int(bad.sum())} of {given.size} entries are no finite numbers, {at}{given[where]}. "
            "Look for a division by 0, log of 0, or exp of a large number.",
        )
    return None
