"""Slopes by a complex step: exact to rounding, where the function can be fed complex numbers.

For a function that is a formula, f(x + ih) = f(x) + ih f'(x) − h² f''(x)/2 − …, so the imaginary part over h is the
slope, and as nothing is subtracted h may be so small that h² vanishes. Source: W. Squire and G. Trapp, "Using complex
variables to estimate derivatives of real functions", SIAM Review 40 (1998) 110–112. Functions that treat the
imaginary part differently (absolute values, comparisons, a cast to float) give nonsense, so the result is checked
along random lines by real differences before it is believed.
"""

from __future__ import annotations

import warnings

import numpy as np

from .inputs import random_signs
from .lines import Floats, Scalar, typical_size

STEP = 2.0**-100


def complex_gradient(scalar: Scalar, k: int, rng: np.random.Generator) -> Floats | None:
    """dL/dargs[k], flattened, by complex steps; None where the function does not allow them."""
    real = scalar.args[k]
    z = real.astype(np.complex128)
    flat = z.reshape(-1)
    gradient = np.empty(real.size)
    scalar.args[k] = z
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")
            for i in range(real.size):
                kept = flat[i]
                flat[i] = kept + 1j * STEP
                y = np.asarray(scalar.f(*scalar.args))
                scalar.calls += 1
                flat[i] = kept
                if y.shape != scalar.shape or y.dtype.kind not in "fc":
                    return None
                gradient[i] = y.reshape(-1).imag @ scalar.upstream / STEP
    except Exception:  # whatever a function does with numbers it was not written for: it does not allow them
        return None
    finally:
        scalar.args[k] = real
    if not np.isfinite(gradient).all() or not _agrees(scalar, k, gradient, rng):
        return None
    return gradient


def _agrees(scalar: Scalar, k: int, gradient: Floats, rng: np.random.Generator) -> bool:
    a = scalar.args[k].reshape(-1)
    size = np.maximum(np.abs(a), typical_size(a))
    for _ in range(2):
        line = scalar.look(k, random_signs(rng, a.shape) * size, scalar.eps ** (1.0 / 3.0), gradient)
        if not line.finite or line.kink or abs(line.excess) > line.tolerance:
            return False
    return True
