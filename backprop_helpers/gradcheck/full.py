"""Every entry: one central difference each, and a close look at those that differ by more than rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .complex_step import complex_gradient
from .lines import Floats, Scalar
from .numerical import Method, first_tolerance, needs_a_look, torn
from .report import Entry, Quantity, noisy_sentence, right_sentence, wrong_sentence

# Rounding of a derived gradient, in units of its format's spacing times its largest entry: sums of a few thousand
# terms in any order stay far below.
GRADIENT_ROUNDING = 64.0
# Close looks spent on one quantity that is known to be wrong, to find the worst entry.
LOOKS = 24


@dataclass(frozen=True)
class Claim:
    """One gradient that somebody derived.

    k: number of the argument in the Scalar    g: the gradient, flattened    eps: spacing of the coarsest number format
    that it was computed in
    """

    k: int
    argument: str
    name: str
    shape: tuple[int, ...]
    g: Floats
    eps: float

    def quantity(self) -> Quantity:
        """A verdict to be filled in: right until shown otherwise."""
        return Quantity(self.name, self.argument, self.shape, "passed", "right", "right.", total=self.g.size)

    def index(self, flat: int) -> tuple[int, ...]:
        return tuple(int(j) for j in np.unravel_index(flat, self.shape))


@dataclass
class _Entries:
    """What is known of each entry, flattened."""

    expected: Floats
    tolerance: Floats
    skipped: NDArray[np.bool_]
    wrong: NDArray[np.bool_]


def check_every_entry(scalar: Scalar, claim: Claim, method: Method, rng: np.random.Generator) -> Quantity:
    """The verdict on a gradient, with the worst entry and arrays of what was expected and how closely."""
    g, h = claim.g, scalar.steps(claim.k)
    right, left = _slopes(scalar, claim, method, h, rng)
    expected = (right + left) / 2.0
    own = GRADIENT_ROUNDING * claim.eps * float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    tolerance = first_tolerance(scalar, expected, h) + own
    entries = _Entries(expected, tolerance, np.zeros(g.size, dtype=bool), np.zeros(g.size, dtype=bool))
    with np.errstate(invalid="ignore"):
        excess = np.nan_to_num(np.abs(expected - g) / tolerance, nan=np.inf)
        first_error = np.abs(expected - g)
    suspects = np.flatnonzero(needs_a_look(scalar, expected - g, right, left, h, own))
    suspects = suspects[np.argsort(-excess[suspects], kind="stable")]
    if suspects.size == 0:  # so that the error of the worst is estimated by more than theory
        suspects = np.array([int(np.argmax(excess))])
    looks = 0
    for i in suspects.tolist():
        if entries.wrong.any() and looks >= LOOKS:
            break
        looks += 1
        line = scalar.look_at_entry(claim.k, i, float(h[i]), g)
        if not line.finite or line.kink:
            entries.skipped[i] = True
            continue
        entries.expected[i], entries.tolerance[i] = g[i] + line.excess, line.tolerance + own
        entries.wrong[i] = abs(line.excess) > entries.tolerance[i]
    # Where the quantity is known to be wrong the rest is judged by the first difference alone.
    rest = suspects[looks:]
    uneven = ~np.isfinite(excess[rest]) | (
        torn(scalar, right, left, h)[rest] & (np.abs(right - left) > first_error)[rest]
    )
    entries.skipped[rest[uneven]] = True
    entries.wrong[rest[~uneven & (excess[rest] > 10.0)]] = True
    return _verdict(scalar, claim, entries)


def _slopes(
    scalar: Scalar, claim: Claim, method: Method, h: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    exact = None if method == "central" else complex_gradient(scalar, claim.k, rng)
    if exact is not None:
        return exact, exact
    if method == "complex":
        raise ValueError(
            f'f does not allow a complex step in {claim.argument}. Use method="central" or method="auto".'
        )
    return scalar.slopes(claim.k, np.arange(claim.g.size), h)


def _verdict(scalar: Scalar, claim: Claim, entries: _Entries) -> Quantity:
    g, result = claim.g, claim.quantity()
    expected, tolerance = entries.expected, entries.tolerance
    expected[entries.skipped], tolerance[entries.skipped] = np.nan, np.nan
    result.wrong, result.skipped = int(entries.wrong.sum()), int(entries.skipped.sum())
    result.got, result.expected, result.tolerance = (a.reshape(claim.shape) for a in (g, expected, tolerance))
    if result.skipped == g.size:
        result.status, result.kind = "skipped", "kinks"
        result.sentence = (
            "could not be checked: f has no single slope at any entry. "
            "Move the inputs off the kinks, for example by adding small random numbers."
        )
        return result
    error = np.abs(expected - g)
    if result.wrong:
        score = np.where(entries.wrong, error, -1.0)
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            score = np.where(entries.skipped, -1.0, np.nan_to_num(error / tolerance))
    i = int(np.argmax(score))
    result.worst = Entry(claim.index(i), float(g[i]), float(expected[i]), float(tolerance[i]))
    noisy = too_noisy(scalar, float(np.nanmax(tolerance)), np.concatenate([g, expected]))
    if noisy and (not result.wrong or too_noisy(scalar, 0.0, g)):
        result.status, result.kind, result.wrong = "skipped", "too noisy", 0
        result.sentence = noisy_sentence(result.worst.noise)
    elif result.wrong:
        result.status, result.kind = "failed", "wrong values"
        result.sentence = wrong_sentence(result.worst, result.wrong, g.size, result.skipped)
    else:
        result.sentence = right_sentence(result.worst, g.size, result.skipped)
    return result


def too_noisy(scalar: Scalar, tolerance: float, slopes: Floats) -> bool:
    """Whether f has so few correct digits that a right gradient could not be told from a wrong one."""
    size = float(scalar.reach @ np.abs(scalar.upstream))
    # A double precision function that has lost two thirds of its digits wriggles faster than the noise is measured.
    if scalar.rounding > (1e-2 if scalar.eps > 1e-9 else 1e-5) * size:
        return True
    largest = float(np.nanmax(np.abs(slopes)))
    return scalar.rounding > 1e-6 * size and largest > 0 and tolerance > 0.3 * largest
