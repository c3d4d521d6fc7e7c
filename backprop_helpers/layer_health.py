"""What ails a network, layer by layer, read from its signals and its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: What `diagnose_layers` may say of a layer.
VERDICTS = ("healthy", "dead", "saturated", "vanishing", "exploding")


def _rms(a: Array) -> Any:
    """Root mean square of all entries, one number."""
    return np.sqrt(np.mean(a**2))


def diagnose_layers(outputs: Sequence[Array], gradients: Sequence[Array], activation: str) -> list[str]:
    """One word for every hidden layer; the first rule that fits decides.

    outputs: one array (N, H) per hidden layer, first layer first: what its activation gave for a batch;
    gradients: one array (N, H) per hidden layer, ∂L/∂(that output); activation: "relu" or "tanh".

    "dead": ReLU, and more than half of the units give 0 for every row. "saturated": tanh, and more than half of all
    entries have a slope 1 − h² below 0.05. "vanishing": the root mean square of the gradient is less than 1/1000 of that
    of the last hidden layer. "exploding": it is more than 1000 times that. Else "healthy".
    Returns a list of these words. The thresholds are the course's own.
    """
    last = _rms(gradients[-1])
    words = []
    for h, dh in zip(outputs, gradients, strict=True):
        if activation == "relu" and np.mean(np.all(h == 0, axis=0)) > 0.5:
            words.append("dead")
        elif activation == "tanh" and np.mean(1 - h**2 < 0.05) > 0.5:
            words.append("saturated")
        elif _rms(dh) < last / 1000:
            words.append("vanishing")
        elif _rms(dh) > last * 1000:
            words.append("exploding")
        else:
            words.append("healthy")
    return words
