"""How precise is a function? Its rounding noise, measured from a few values along a line.

On a line a smooth function is almost a low polynomial, and differences of differences remove polynomials. What is
left in the third differences of closely spaced values is rounding. For independent noise of standard deviation s the
third difference has variance 20 s², the sum of the squared binomial coefficients 1, 3, 3, 1.

Source of the idea: J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM Journal on Scientific
Computing 33 (2011) 1292–1314, there with an adaptive order; here with one fixed order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Where on the line f is evaluated, on either side of the point and not at it: kinks at the point itself (a ReLU fed
# with 0) are no noise, and one nearby is crossed on one side only.
PLACES = (-7, -6, -5, -4, -3, -2, 2, 3, 4, 5, 6, 7)
_THIRD_DIFFERENCE_VARIANCE = 1.0 + 9.0 + 9.0 + 1.0
# A correctly rounded value is off by a number uniform in ± half a unit in the last place: standard deviation 1/√12.
_ROUNDED_ONCE = 1.0 / np.sqrt(12.0)


def output_noise(values: Floats, eps: float) -> Floats:
    """Standard deviation of the rounding noise of each output.

    values: (12, ...) outputs at PLACES on a short line    returns (...), the quieter of the two sides, but never below
    the noise of a value rounded once to a number format of relative spacing `eps`.
    """
    # Squares of very large values are infinite and of very small ones 0: measured in units of a power of two near them.
    _, unit = np.frexp(np.abs(values).max(initial=0.0))
    values = np.ldexp(values, -unit)
    half = len(PLACES) // 2
    sides = [
        np.sqrt(np.mean(np.diff(side, n=3, axis=0) ** 2, axis=0) / _THIRD_DIFFERENCE_VARIANCE)
        for side in (values[:half], values[half:])
    ]
    measured: Floats = np.minimum(*sides)
    floor = _ROUNDED_ONCE * eps * np.abs(values).max(axis=0)
    # Three differences are few: an output that looks more precise than all others together is probably like them.
    size = np.sqrt(np.sum(values**2, axis=0))
    total = np.sqrt(np.sum(size**2))
    typical = np.sqrt(np.sum(measured**2)) * size / total if total > 0 else 0.0
    noise: Floats = np.maximum(np.maximum(measured, floor), typical)
    return np.ldexp(noise, unit)


def length(values: Floats) -> float:
    """The root of the sum of squares, of numbers so large or small that their squares are not numbers any more, too."""
    _, unit = np.frexp(np.abs(values).max(initial=0.0))
    return float(np.ldexp(np.sqrt(np.sum(np.ldexp(values, -unit) ** 2)), unit))


def format_spacing(values: Floats, eps: float) -> float:
    """Relative spacing of the number format that `values` were computed in; `eps` is that of their own.

    A function may compute in single precision and hand back doubles. Then every value is a single-precision number,
    which doubles with random digits are not; and it has digits to the end, which small whole numbers have not.
    """
    with np.errstate(over="ignore", under="ignore"):
        if not np.array_equal(values.astype(np.float32), values):
            return eps
    for smaller in (np.float16, np.float32):
        info = np.finfo(smaller)
        if eps < info.eps and _has_digits(values, info.nmant + 1) and not _has_digits(values, info.nmant - 3):
            return float(info.eps)
    return eps


def _has_digits(values: Floats, bits: int) -> bool:
    """Whether `bits` binary digits are enough for every value."""
    scaled = np.ldexp(np.frexp(values)[0], bits)
    return bool(np.all(scaled == np.rint(scaled)))
