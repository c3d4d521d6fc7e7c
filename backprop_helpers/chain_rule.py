"""The chain rule in small pieces: slopes by finite differences, local gradients, and vector–Jacobian products.

Names: a local gradient is `da_dz`, what z does to a; `dz` alone always means the gradient of the loss L with
respect to z, in the shape of z. The sum over paths is the multivariable chain rule; that one sweep from the loss
backwards serves every variable is shown in Baydin et al., "Automatic differentiation in machine learning: a survey",
Journal of Machine Learning Research 18 (2018), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.layers import sigmoid_forward

Array = NDArray[Any]

# Near the cube root of 2⁻⁵², where the falling truncation error of a central difference meets the rising rounding error.
STEP = 1e-5


def numerical_derivative(f: Callable[[float], Any], x: float, h: float = STEP) -> Any:
    """Slope of f at x by the central difference (f(x + h) − f(x − h)) / 2h.

    f: a function of one number that returns one number; x: a number; h: the step, in units of x.
    Returns a number in units of f over units of x, wrong by about h² f‴ / 6 and by rounding.
    """
    return (f(x + h) - f(x - h)) / (2 * h)


def numerical_gradient(f: Callable[[Array], Any], x: Array, h: float = STEP) -> Array:
    """Slopes of f by every entry of x, one central difference an entry.

    f: a function of an array shaped like x that returns one number; x: any shape, also of integers; it is left
    unchanged; h: the step. Returns a float64 array of x's shape.
    """
    moved = np.array(x, dtype=np.float64)  # a copy, and of floats: an integer array can't hold x + h
    grad = np.zeros(moved.shape)
    for i in np.ndindex(moved.shape):
        here = moved[i]
        moved[i] = here + h
        above = f(moved)
        moved[i] = here - h
        below = f(moved)
        moved[i] = here
        grad[i] = (above - below) / (2 * h)
    return grad


def sigmoid_slope(a: Array) -> Array:
    """The sigmoid's slope σ′(z), from its value a = σ(z): a (1 − a).

    a: any shape, entries between 0 and 1. Returns that shape.
    """
    slope: Array = a * (1 - a)
    return slope


def neuron_locals(x: float, w: float, a: float, y: float) -> tuple[float, float, float, float, float]:
    """Every local gradient of one neuron, z = w x + b, a = σ(z), L = (a − y)².

    x, w, a, y: numbers. Returns dl_da = 2 (a − y), da_dz = a (1 − a), dz_dw = x, dz_dx = w, dz_db = 1.
    """
    return 2 * (a - y), a * (1 - a), x, w, 1.0


def neuron_gradient(x: Array, w: Array, b: float, y: float) -> tuple[Array, Any]:
    """Gradients of one neuron with D inputs, z = w·x + b, a = σ(z), L = (a − y)².

    x, w: (D,); b, y: numbers. Returns dw (D,) = 2 (a − y) a (1 − a) x and db, the same without x.
    """
    a, _ = sigmoid_forward(np.dot(w, x) + b)
    da = 2 * (a - y)
    dz = da * sigmoid_slope(a)
    return dz * x, dz


def swish_backward(dout: Array, x: Array) -> Array:
    """Gradient of swish, out = x ⊙ σ(x), where x is used twice and the gradients of its two uses add.

    dout, x: any one shape. Returns dx of that shape, dout (σ(x) + x σ′(x)).
    Swish: Ramachandran, Zoph and Le, "Searching for activation functions", arXiv 1710.05941 (2017).
    """
    a, _ = sigmoid_forward(x)
    direct = dout * a
    through_gate = dout * x * sigmoid_slope(a)
    dx: Array = direct + through_gate
    return dx


def cross_entropy_slope(p: Array, y: int) -> Array:
    """Gradient of L = −log p_y with respect to the probabilities of one example.

    p: (C,), all above 0; y: an integer label 0 … C−1. Returns dp (C,): −1 / p_y at y and 0 elsewhere.
    """
    dp = np.zeros(p.shape)
    dp[y] = -1 / p[y]
    return dp


def scores_slope(p: Array, y: int) -> Array:
    """Gradient of L = −log softmax(s)_y with respect to the scores s of one example: p − one-hot(y).

    p: (C,), the softmax of s; y: an integer label 0 … C−1. Returns ds (C,).
    """
    ds: Array = p.copy()
    ds[y] -= 1
    return ds


def softmax_vjp(dp: Array, p: Array) -> Array:
    """Upstream times the softmax Jacobian, row by row, without forming it: p ⊙ (dp − Σ_k dp_k p_k).

    dp: (N, C), the gradient of the loss with respect to p; p: (N, C), rows of softmax. Returns ds (N, C).
    """
    ds: Array = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    return ds
