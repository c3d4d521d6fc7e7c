"""Random directions: a number of evaluations that does not grow with the size of the arrays.

The slope of L along a direction v is the sum of gradient times v. A direction with a random number of its own for
every entry, none of them small, changes that sum by at least half of any single entry's error, and errors of several
entries cancel with probability zero: with random signs alone, two opposite errors would cancel half of the time.
"""

from __future__ import annotations

import numpy as np

from .full import Claim, too_noisy
from .inputs import random_signs
from .lines import SAFETY, Floats, Line, Scalar, typical_size
from .numerical import BEND
from .report import Entry, Quantity, noisy_sentence, wrong_sentence

DIRECTIONS = 2


def check_directions(scalar: Scalar, claim: Claim, rng: np.random.Generator) -> Quantity | None:
    """The verdict from two random directions, or None where one of them crosses a kink."""
    widest = Line(0.0, 0.0, kink=False, finite=True)
    for _ in range(DIRECTIONS):
        line = _slope_along(scalar, claim, _direction(scalar, claim.k, rng))
        if line.kink or not line.finite:
            return None
        if abs(line.excess) > line.tolerance and not too_noisy(scalar, 0.0, claim.g):
            return _wrong(scalar, claim, rng)
        widest = max(widest, line, key=lambda one: one.tolerance)
    result = claim.quantity()
    if too_noisy(scalar, widest.tolerance, claim.g):
        result.status, result.kind = "skipped", "too noisy"
        result.sentence = noisy_sentence(widest.tolerance)
    else:
        result.sentence = (
            f"right along {DIRECTIONS} random directions through all its numbers ({claim.g.size}); the slopes differ "
            f"by {abs(widest.excess):.1g}, and up to {widest.tolerance:.1g} is rounding."
        )
    return result


def _wrong(scalar: Scalar, claim: Claim, rng: np.random.Generator) -> Quantity:
    result = claim.quantity()
    result.status, result.kind, result.wrong = "failed", "wrong values", 1
    result.worst = _locate(scalar, claim, rng)
    result.sentence = wrong_sentence(result.worst, 0, claim.g.size, 0)
    return result


def _direction(scalar: Scalar, k: int, rng: np.random.Generator) -> Floats:
    a = scalar.args[k].reshape(-1)
    direction: Floats = random_signs(rng, a.shape) * np.maximum(np.abs(a), typical_size(a))
    return direction


def _slope_along(scalar: Scalar, claim: Claim, direction: Floats) -> Line:
    """One central difference; a close look where it is not what the gradient says."""
    h = scalar.eps ** (1.0 / 3.0)
    excess, slope = _glance(scalar, claim, direction, h)
    own = 4.0 * claim.eps * float(np.abs(claim.g) @ np.abs(direction))
    floor = scalar.floor * float(np.abs(direction).sum())
    tolerance = SAFETY * scalar.rounding / (2.0 * h) + floor + BEND * h * h * abs(slope) + own
    if abs(excess) <= tolerance:
        return Line(excess, tolerance, kink=False, finite=True)
    line = scalar.look(claim.k, direction, h, claim.g)
    return Line(line.excess, line.tolerance + own, line.kink, line.finite)


def _glance(scalar: Scalar, claim: Claim, direction: Floats, h: float) -> tuple[float, float]:
    """(slope of L minus the slope that the gradient predicts, slope of L) by one central difference."""
    a = scalar.args[claim.k].reshape(-1)
    start = a.copy()
    with np.errstate(all="ignore"):
        a += h * direction
        up, predicted = scalar.value().reshape(-1).copy(), (a - start) @ claim.g
        a[...] = start - h * direction
        change = float((up - scalar.value().reshape(-1)) @ scalar.upstream)
        predicted -= (a - start) @ claim.g
        a[...] = start
        return (change - float(predicted)) / (2.0 * h), change / (2.0 * h)


def _locate(scalar: Scalar, claim: Claim, rng: np.random.Generator) -> Entry | None:
    """A wrong entry, found by halving: of two halves, the one whose random direction disagrees more."""
    low, high, h = 0, claim.g.size, scalar.eps ** (1.0 / 3.0)
    direction = _direction(scalar, claim.k, rng)
    while high - low > 1:
        middle = (low + high) // 2
        parts = []
        for start, stop in ((low, middle), (middle, high)):
            part = np.zeros(claim.g.size)
            part[start:stop] = direction[start:stop]
            parts.append(abs(_glance(scalar, claim, part, h)[0]))
        if not np.isfinite(parts).all():
            return None
        low, high = (low, middle) if parts[0] >= parts[1] else (middle, high)
    line = scalar.look_at_entry(claim.k, low, float(scalar.steps(claim.k)[low]), claim.g)
    if not line.finite or line.kink or abs(line.excess) <= line.tolerance:
        return None
    return Entry(claim.index(low), float(claim.g[low]), float(claim.g[low] + line.excess), line.tolerance)
