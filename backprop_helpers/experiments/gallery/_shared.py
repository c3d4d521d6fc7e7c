"""What several experiments use: activations by name, and the plane they draw on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.data import two_arcs
from backprop_helpers.experiments.svg import Panel
from backprop_helpers.layers import (
    affine_backward,
    affine_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from backprop_helpers.losses import softmax_loss

Array = NDArray[Any]
Params = list[tuple[Array, Array]]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "none": lambda z: np.asarray(z, dtype=float),
    "sigmoid": lambda z: sigmoid_forward(z)[0],
    "tanh": lambda z: tanh_forward(z)[0],
    "ReLU": lambda z: relu_forward(z)[0],
}
# forward and backward of each
PAIRS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "none": (lambda z: (z, None), lambda dout, _: dout),
    "sigmoid": (sigmoid_forward, sigmoid_backward),
    "tanh": (tanh_forward, tanh_backward),
    "ReLU": (relu_forward, relu_backward),
}
# lowest and highest value of the heat map's colours; halfway between them there is no colour
SPAN = {"none": (-4.0, 4.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "ReLU": (-4.0, 4.0)}

# With a panel's usual size these limits give both axes the same scale, so right angles look right.
PLANE_X, PLANE_Y = (-3.88, 3.88), (-3.0, 3.0)


@functools.cache
def arcs() -> tuple[Array, Array]:
    """The 200 points of `two_arcs`, made once and locked: a picture that follows a slider asks for them at every step."""
    x, y = two_arcs()
    x.flags.writeable = y.flags.writeable = False
    return x, y


@functools.lru_cache(maxsize=16)
def plane_grid(
    n: int = 40, x_range: tuple[float, float] = PLANE_X, y_range: tuple[float, float] = PLANE_Y
) -> Array:
    """Points (n·n, 2) that cover a rectangle row by row, lowest row first; made once and locked, as `arcs`."""
    x, y = np.meshgrid(np.linspace(*x_range, n), np.linspace(*y_range, n))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    points.flags.writeable = False
    return points


def draw_classes(panel: Panel, x: Array, y: Array) -> None:
    """Points x (N, 2) by class y (N,): blue circles for 0, orange squares for 1."""
    panel.points(x[y == 0, 0], x[y == 0, 1], "blue", size=6)
    panel.points(x[y == 1, 0], x[y == 1, 1], "orange", shape="square", size=6)


def draw_quadratic(panel: Panel, curvature: Array) -> None:
    """Level lines of ½ (λ₁ w₁² + λ₂ w₂²) for curvature (2,): ellipses whose loss grows fourfold from one to the next."""
    t = np.linspace(0, 2 * np.pi, 73)
    for loss in (0.05, 0.2, 0.8, 3.2, 12.8, 51.2):
        panel.line(
            np.cos(t) * np.sqrt(2 * loss / curvature[0]),
            np.sin(t) * np.sqrt(2 * loss / curvature[1]),
            "muted",
            width=1,
        )


def until_gone(path: Array) -> Array:
    """A path (T, 2) up to its first point outside the plane, so that a diverging one does not paint it full."""
    outside = np.abs(path).max(axis=1) > 5
    return path[: int(outside.argmax()) + 1] if outside.any() else path


def scores(x: Array, params: Params, activation: str) -> Array:
    """Scores (N, C) of a network with the named activation between its affine layers; x is (N, D)."""
    for w, b in params[:-1]:
        x = ACTIVATIONS[activation](x @ w + b)
    w, b = params[-1]
    return x @ w + b


def loss_and_grads(x: Array, y: Array, params: Params, activation: str) -> tuple[float, Params]:
    """Mean cross-entropy of labels y (N,) and the gradients [(dw, db), …], for a network as in `scores`."""
    forward, backward = PAIRS[activation]
    caches = []
    for i, (w, b) in enumerate(params):
        x, affine = affine_forward(x, w, b)
        last = i == len(params) - 1
        x, act = (x, None) if last else forward(x)
        caches.append((affine, act))
    loss, upstream = softmax_loss(x, y)
    grads: Params = []
    for i, (affine, act) in reversed(list(enumerate(caches))):
        if i < len(params) - 1:
            upstream = backward(upstream, act)
        upstream, dw, db = affine_backward(upstream, affine)
        grads.insert(0, (dw, db))
    return loss, grads


def descend(params: Params, grads: Params, learning_rate: float) -> Params:
    """One step of gradient descent, w − η dw, as new arrays."""
    return [
        (w - learning_rate * dw, b - learning_rate * db)
        for (w, b), (dw, db) in zip(params, grads, strict=True)
    ]
