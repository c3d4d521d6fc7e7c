"""What several experiments use: activations by name, and the plane they draw on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.layers import relu_forward, sigmoid_forward, tanh_forward

Array = NDArray[Any]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "none": lambda z: np.asarray(z, dtype=float),
    "sigmoid": lambda z: sigmoid_forward(z)[0],
    "tanh": lambda z: tanh_forward(z)[0],
    "ReLU": lambda z: relu_forward(z)[0],
}
# lowest and highest value of the heat map's colours; halfway between them there is no colour
SPAN = {"none": (-4.0, 4.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "ReLU": (-4.0, 4.0)}

# With a panel's usual size these limits give both axes the same scale, so right angles look right.
PLANE_X, PLANE_Y = (-3.88, 3.88), (-3.0, 3.0)


def plane_grid(n: int = 40) -> Array:
    """Points (n·n, 2) that cover the plane row by row, lowest row first."""
    x, y = np.meshgrid(np.linspace(*PLANE_X, n), np.linspace(*PLANE_Y, n))
    return np.stack([x.ravel(), y.ravel()], axis=1)
