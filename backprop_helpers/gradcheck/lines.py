"""A black-box function of several arrays, its values along lines, and what the slopes there can tell.

The quantity differentiated is the scalar L = sum(f(*args) * upstream): its gradient is the vector–Jacobian product
that a backward pass returns, so no Jacobian is ever built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .noise import PLACES, format_spacing, length, output_noise

Floats = NDArray[np.float64]

# How many standard deviations of rounding noise a difference may show before it needs a second look. Among 10⁷
# Gaussian numbers the largest is about 5.5; the rest covers that the noise itself is only estimated.
SAFETY = 30.0
# Steps of the second look, as multiples of the first one: two larger, for functions noisier than they seem; four
# smaller, for kinks nearby and for steep functions.
LADDER = (32.0, 4.0, 1.0, 2.0**-3, 2.0**-6, 2.0**-9)
_CHUNK = 1 << 16  # numbers held at once: the outputs of one chunk stay in the processor's cache


@dataclass(frozen=True)
class Line:
    """What was learned on one line through the point.

    excess: slope of L minus the slope that the gradient predicts    tolerance: how far `excess` may be from zero by
    rounding and curvature alone    kink: the slopes on the two sides differ    finite: the slope could be measured
    """

    excess: float
    tolerance: float
    kink: bool
    finite: bool


class Scalar:
    """L = sum(f(*args) * upstream) with working copies of the arguments that may be nudged.

    args: the arguments as f receives them, floating ones as writable C-ordered float64 arrays of their own memory.
    """

    def __init__(self, f: Callable[..., Any], args: Sequence[Any], *, copy_each_call: bool = False) -> None:
        self.f = f
        self.args = list(args)
        self.copy_each_call = copy_each_call
        self.calls = 0
        self.base = self.value().copy()
        self.shape = self.base.shape
        self.upstream: Floats = np.ones(self.base.size)
        self.eps = float(np.finfo(np.float64).eps)
        self.noise: Floats = np.zeros(self.base.size)
        # Standard deviation of the noise of a difference of two values of L.
        self.rounding = 0.0
        # Slopes below which f may be flat in its number format though it is not on paper: where a sigmoid or the
        # probability of a class is within a rounding of 1, it does not move at all any more.
        self.floor = 0.0
        self.reach: Floats = np.abs(self.base.reshape(-1)).astype(np.float64)

    def value(self) -> NDArray[Any]:
        """f at the present arguments; whatever is no real array is refused by `as_output`."""
        self.calls += 1
        if self.copy_each_call:
            return as_output(self.f(*[a.copy() if isinstance(a, np.ndarray) else a for a in self.args]))
        return as_output(self.f(*self.args))

    def rows(self, k: int, places: Sequence[int], numbers: Sequence[float], out: Floats) -> None:
        """out[r] = f with args[k].flat[places[r]] replaced by numbers[r]: the inner loop of every check."""
        f, args, flat, shape, slow = (
            self.f,
            self.args,
            self.args[k].reshape(-1),
            self.shape,
            self.copy_each_call,
        )
        for r, (i, number) in enumerate(zip(places, numbers, strict=True)):
            kept = flat[i]
            flat[i] = number
            try:
                y = self.value() if slow else f(*args)
            finally:
                flat[i] = kept
            if type(y) is not np.ndarray or y.shape != shape:
                y = self._same_shape(y)
            out[r] = y
        self.calls += 0 if slow else len(places)

    def _same_shape(self, y: Any) -> NDArray[Any]:
        again = as_output(y)
        if again.shape != self.shape:
            raise ValueError(
                f"f must return the same shape every time: it returned {self.shape} at the given arguments "
                f"and {again.shape} close by. Let the shape of the output depend on the shapes of the inputs only."
            )
        return again

    def measure_noise(self, differentiated: Sequence[int], rng: np.random.Generator) -> None:
        """Find out how precise f is, by 13 evaluations. Call it once `upstream` is known.

        Sets `eps`, the spacing of f's number format; `noise` (size of f,), from 12 values close by; `reach`, the size
        of each output or of its change over a longer way, from one more; `rounding` and `floor`.
        """
        start = [self.args[k].copy() for k in differentiated]
        moves = [rng.uniform(0.5, 1.0, a.shape) * (typical_size(a) * 2.0**-27) for a in start]
        values = np.empty((len(PLACES), *self.shape))
        for p, place in enumerate(PLACES):
            for k, a, move in zip(differentiated, start, moves, strict=True):
                self.args[k][...] = a + place * move
            values[p] = self._same_shape(self.value())
        for k, a, move in zip(differentiated, start, moves, strict=True):
            self.args[k][...] = a + 2.0**15 * move
        far = np.abs(self._same_shape(self.value()) - self.base).reshape(-1)
        self.reach = np.maximum(self.reach, np.nan_to_num(far, posinf=0.0))
        for k, a in zip(differentiated, start, strict=True):
            self.args[k][...] = a
        own = float(np.finfo(self.base.dtype).eps)
        self.eps = format_spacing(values, max(own, float(np.finfo(np.float64).eps)))
        if np.isfinite(values).all():
            self.noise = output_noise(values.reshape(len(PLACES), -1), self.eps)
        else:
            self.noise = self.eps * np.abs(np.nan_to_num(self.base.reshape(-1)))
        self.rounding = float(np.sqrt(2.0)) * length(self.upstream * self.noise)
        self.floor = 4.0 * self.eps * float(np.abs(self.upstream).sum())

    def steps(self, k: int) -> Floats:
        """The central difference's best step for each entry of args[k], flattened.

        Truncation grows as h², rounding as eps / h; their sum is least near h = eps^(1/3) times the length over which
        the function bends. That length is unknown: the entry's own size, or the typical size of its array where the
        entry is smaller. Source: W. H. Press et al., Numerical Recipes, section 5.7.
        """
        a = self.args[k].reshape(-1)
        return np.asarray(np.maximum(np.abs(a), typical_size(a)) * self.eps ** (1.0 / 3.0))

    def slopes(self, k: int, places: NDArray[np.intp], h: Floats) -> tuple[Floats, Floats]:
        """Slopes of L to the right and to the left of the entries `places` of args[k]; h: their steps."""
        x = self.args[k].reshape(-1)[places]
        right, left = np.empty(len(places)), np.empty(len(places))
        rows = max(1, _CHUNK // max(1, self.base.size))
        buffer = np.empty((min(rows, len(places)), *self.shape))
        f0 = self.base.astype(np.float64)
        for start in range(0, len(places), rows):
            part = slice(start, start + rows)
            some = places[part].tolist()
            for slope, sign in ((right, 1.0), (left, -1.0)):
                moved = x[part] + sign * h[part]
                out = buffer[: len(some)]
                with np.errstate(all="ignore"):
                    self.rows(k, some, moved.tolist(), out)
                    out -= f0
                    # The step that was really taken: x + h is rounded, their difference is not.
                    slope[part] = out.reshape(len(some), -1) @ self.upstream / (moved - x[part])
        return right, left

    def look_at_entry(self, k: int, i: int, h: float, gradient: Floats) -> Line:
        """`look` along one entry; with steps that are short beside the entry itself where f ends or bends close by."""
        line = self.look(k, i, h, gradient)
        own = abs(float(self.args[k].reshape(-1)[i])) * self.eps ** (1.0 / 3.0)
        if (line.finite and not line.kink) or not 0.0 < own < h:
            return line
        return self.look(k, i, own, gradient)

    def look(self, k: int, direction: Floats | int, h: float, gradient: Floats) -> Line:
        """Examine one line through args[k] closely, with the steps of LADDER.

        direction: (size of args[k],), or the number of one entry    h: first step    gradient: what the gradient is
        claimed to be, flattened; slopes are compared with it along the moves really made, so that no rounding of the
        moves is mistaken for an error.
        """
        rises, claims, bends = (np.empty(len(LADDER)) for _ in range(3))
        steps = h * np.array(LADDER)
        with np.errstate(all="ignore"):
            for n, t in enumerate(steps.tolist()):
                up, predicted_up = self._move(k, direction, t, gradient)
                down, predicted_down = self._move(k, direction, -t, gradient)
                rises[n] = (up - down) @ self.upstream
                claims[n] = (rises[n] - (predicted_up - predicted_down)) / (2.0 * t)
                # The two sides are compared output by output, so that none can cancel another.
                bends[n] = np.abs(up + down) @ np.abs(self.upstream) / t
        way = 1.0 if isinstance(direction, int) else float(np.abs(direction).sum())
        return self._judge(steps, rises / (2.0 * steps), claims, bends, way * self.floor)

    def _move(self, k: int, direction: Floats | int, t: float, gradient: Floats) -> tuple[Floats, float]:
        """How every output changes when args[k] moves by t along direction, and how L should according to gradient."""
        a = self.args[k].reshape(-1)
        start = a.copy()
        if isinstance(direction, int):
            a[direction] += t
            predicted = float((a[direction] - start[direction]) * gradient[direction])
        else:
            a += t * direction
            predicted = float((a - start) @ gradient)
        change: Floats = self._same_shape(self.value()).reshape(-1) - self.base.reshape(-1).astype(np.float64)
        a[...] = start
        return change, predicted

    def _judge(self, steps: Floats, slopes: Floats, claims: Floats, bends: Floats, floor: float) -> Line:
        usable = np.isfinite(claims)
        if usable.sum() < 3 or not usable[-1]:
            return Line(float("nan"), float("inf"), kink=False, finite=False)
        # A smooth function bends 64 times less over a step 64 times smaller; a kink is as sharp at any scale.
        near, far = -2, -4
        jagged = float(np.abs(self.upstream) @ self.noise) / steps[near]
        kink = bool(
            bends[near] > SAFETY * jagged
            and np.isfinite(bends[far])
            and bends[near] > 0.25 * bends[far]
            # No excuse for an error a thousand times its size.
            and bends[near] > 1e-3 * abs(claims[near])
        )
        rounding = SAFETY * self.rounding / (2.0 * steps[1:]) + floor
        # The change from one step to the next shows the truncation; the smaller step is the better of the two.
        with np.errstate(invalid="ignore"):
            errors = np.abs(np.diff(claims)) + rounding
            gaps = np.abs(np.diff(slopes))
        errors[~np.isfinite(errors)] = np.inf
        best = int(np.argmin(errors))
        # Slopes of a smooth function settle as the steps shrink, until rounding takes over. Where they do not, and even
        # the best two disagree, f jumps or wriggles faster than the steps can follow.
        grows = bool(np.any((gaps[1:] > gaps[:-1]) & (gaps[1:] > rounding[1:])))
        kink |= grows and bool(gaps[best] > max(rounding[best], 0.05 * abs(slopes[best + 1])))
        finite = bool(np.isfinite(errors[best]))
        return Line(float(claims[best + 1]), float(errors[best]), kink=kink, finite=finite)


def typical_size(a: Floats) -> float:
    """The size of an array's numbers for choosing steps: its largest, but within 1/16 and 1."""
    largest = float(np.abs(a).max()) if a.size else 1.0
    return min(1.0, max(largest, 2.0**-4)) if largest > 0 else 1.0


def as_output(y: Any) -> NDArray[Any]:
    """f's result as a real array. Raises TypeError in a sentence for anything else."""
    if isinstance(y, tuple):
        raise TypeError(
            f"f must return one array, and it returned a tuple of {len(y)}. If it returns (out, cache), "
            "hand over only the first: lambda *args: forward(*args)[0]."
        )
    out: NDArray[Any] = np.asarray(y)
    if out.dtype.kind in "biu":
        return out.astype(np.float64)
    if out.dtype.kind != "f":
        raise TypeError(
            f"f must return real numbers, and it returned {out.dtype} values. Return an array of floats."
        )
    return out
