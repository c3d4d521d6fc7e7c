"""Losses: how far off a prediction is, in one number, and its gradient.

Two conventions hold everywhere in the course: `mse` is the mean over *every entry* of the
prediction, and `cross_entropy` is the mean over the N rows of a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _same_shape(pred: Array, y: Array) -> None:
    if pred.shape != y.shape:
        raise ValueError(
            f"pred has shape {pred.shape} and y has shape {y.shape}; they must be equal, "
            "otherwise NumPy would stretch one of them and compare every prediction with every target."
        )


def _labels(scores: Array, y: Array) -> None:
    if scores.ndim != 2 or y.shape != (scores.shape[0],):
        raise ValueError(
            f"scores has shape {scores.shape} and y has shape {y.shape}; expected scores (N, C) and one label per row, y (N,)."
        )
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y has dtype {y.dtype}; expected integer labels 0 … {scores.shape[1] - 1}.")
    if y.size and not 0 <= y.min() <= y.max() < scores.shape[1]:
        raise ValueError(
            f"y holds labels {y.min()} … {y.max()}; with {scores.shape[1]} columns they must lie in 0 … {scores.shape[1] - 1}."
        )


def mse(pred: Array, y: Array) -> float:
    """Mean squared error over every entry: the sum of (pred − y)² divided by the number of entries.

    pred, y: arrays of one shape, in the target's units. Returns a float in those units squared.
    Raises ValueError where the shapes differ.
    """
    _same_shape(pred, y)
    return float(np.mean((pred - y) ** 2))


def mse_backward(pred: Array, y: Array) -> Array:
    """Gradient of `mse` with respect to pred: 2 (pred − y) / number of entries.

    pred, y: arrays of one shape. Returns dpred of that shape. Raises ValueError where the shapes differ.
    """
    _same_shape(pred, y)
    return 2 * (pred - y) / pred.size


def log_softmax(scores: Array) -> Array:
    """Logarithm of the softmax, row by row: s − max − log Σ exp(s − max).

    scores: (N, C) logits. Returns (N, C), finite for any finite scores; each row's exponentials sum to 1.
    Subtracting the row's maximum leaves the result unchanged and keeps exp from overflowing
    (Blanchard, Higham and Higham, IMA Journal of Numerical Analysis 41 (2021), 2311–2330).
    """
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def softmax(scores: Array) -> Array:
    """Scores turned into probabilities, row by row: exp(s_c) / Σ_k exp(s_k).

    scores: (N, C) logits. Returns p (N, C), each row non-negative with sum 1.
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    p: Array = powers / powers.sum(axis=1, keepdims=True)
    return p


def cross_entropy(scores: Array, y: Array) -> float:
    """Mean over the rows of −log(probability given to the true class).

    scores: (N, C) logits; y: (N,) integer labels 0 … C−1. Returns a float in nats, at least 0.
    Raises ValueError where y is not one integer label per row.
    """
    _labels(scores, y)
    return float(-log_softmax(scores)[np.arange(len(y)), y].mean())


def softmax_loss(x: Array, y: Array) -> tuple[float, Array]:
    """Softmax and cross-entropy in one step: the loss and its gradient (p − one-hot(y)) / N.

    x: (N, C) logits; y: (N,) integer labels 0 … C−1. Returns the loss (float, nats) and dx (N, C).
    Raises ValueError where y is not one integer label per row.
    """
    _labels(x, y)
    rows = np.arange(len(y))
    shifted = x - x.max(axis=1, keepdims=True)
    powers = np.exp(shifted)  # once, for the loss and for its gradient
    total = powers.sum(axis=1, keepdims=True)
    loss = -(shifted - np.log(total))[rows, y].mean()
    dx = powers / total
    dx[rows, y] -= 1
    return float(loss), dx / len(y)


def accuracy(scores: Array, y: Array) -> float:
    """Share of rows whose largest score stands at the true class, between 0 and 1.

    scores: (N, C); y: (N,) integer labels. Raises ValueError where y is not one integer label per row.
    """
    _labels(scores, y)
    return float(np.mean(scores.argmax(axis=1) == y))
