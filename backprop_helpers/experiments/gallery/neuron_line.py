"""One neuron over points in the plane: w₁, w₂ and b turn and shift its line, the activation shapes its output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import (
    ACTIVATIONS,
    PLANE_X,
    PLANE_Y,
    SPAN,
    Array,
    plane_grid,
)
from backprop_helpers.experiments.svg import Figure, Panel, number

POINTS = np.array(
    [[-2.8, 1.2], [-2, -1.6], [-1.2, 0.4], [-0.6, 2.2], [0.5, -2.3], [1.1, 0.8], [1.9, -0.9], [2.7, 1.7]]
)


@dataclass(frozen=True)
class Neuron:
    w: Array  # (2,)
    b: float
    activation: str
    z: Array  # (8,) pre-activations of POINTS
    out: Array  # (8,) activation(z)
    grid: Array  # (40, 40) outputs over the plane
    positive: int  # points with z > 0
    distance: float  # from the origin to the line z = 0; infinite when w is zero


def model(w1: float, w2: float, b: float, activation: str) -> Neuron:
    w, g = np.array([w1, w2]), ACTIVATIONS[activation]
    z, length = POINTS @ w + b, float(np.hypot(w1, w2))
    grid = g(plane_grid() @ w + b).reshape(40, 40)
    distance = abs(b) / length if length else float("inf")
    return Neuron(w, b, activation, z, g(z), grid, int((z > 0).sum()), distance)


def _marks(panel: Panel, x: Array, y: Array, positive: Array) -> None:
    panel.points(x[positive], y[positive], "orange", shape="square", size=9)
    panel.points(x[~positive], y[~positive], "blue", size=9)


def _free(panel: Panel, tip: Array, w: Array) -> tuple[float, float]:
    """Where before or beside the tip of w a letter touches no point, in picture units (dx, dy): the first such place."""
    ahead = np.arctan2(-w[1], w[0])  # pictures count downwards
    turns = ahead + np.array([0, 1, -1, 2, -2]) * np.pi / 4
    places = 14 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    letters = np.array([panel.px(tip[0]), panel.py(tip[1])]).reshape(2) + places
    points = np.stack([panel.px(POINTS[:, 0]), panel.py(POINTS[:, 1])], axis=1)
    room = np.linalg.norm(letters[:, None] - points, axis=2).min(axis=1)
    dx, dy = places[int(np.argmax(room >= 24)) if (room >= 24).any() else int(room.argmax())]
    return round(float(dx), 1), round(float(dy) + 4, 1)  # a letter stands on its line


def view(r: Neuron) -> Figure:
    plane = Panel(PLANE_X, PLANE_Y, title="Output over the plane", xlabel="x₁", ylabel="x₂")
    plane.heatmap(r.grid, *SPAN[r.activation])
    if np.isfinite(r.distance):
        foot = -r.b * r.w / (r.w @ r.w)  # the point of the line closest to the origin
        along = 20 * np.array([-r.w[1], r.w[0]]) / np.hypot(r.w[0], r.w[1])
        tip = foot + r.w
        ends = np.stack([foot - along, foot + along])
        plane.line(ends[:, 0], ends[:, 1], "ink")
        plane.arrow(foot[0], foot[1], tip[0], tip[1], "purple")
        dx, dy = _free(plane, tip, r.w)
        plane.label(tip[0], tip[1], "w", "purple", dx=dx, dy=dy)
    _marks(plane, POINTS[:, 0], POINTS[:, 1], r.z > 0)
    z = np.linspace(-8, 8, 161)
    low, high = (-1.3, 1.3) if r.activation in ("sigmoid", "tanh") else (-8.0, 8.0)
    curve = Panel(
        (-8, 8), (low, high), title="The same points on the activation", xlabel="z = w·x + b", ylabel="output"
    )
    curve.line(z, ACTIVATIONS[r.activation](z), "muted")
    _marks(curve, r.z, r.out, r.z > 0)
    return Figure(plane, curve)


def sentence(r: Neuron) -> str:
    if not np.isfinite(r.distance):
        return f"Both weights are 0, so there is no line: every point has z = b = {number(r.b)}."
    return (
        f"The line z = 0 lies {number(round(r.distance, 2))} from the origin, at right angles to w = ({number(r.w[0])}, "
        f"{number(r.w[1])}). {r.positive} of 8 points lie on the side w points to (squares, z > 0)."
    )


neuron_line = Experiment(
    name="neuron_line",
    title="One neuron and its line",
    controls=(
        Slider("w1", "w₁", -3.0, 3.0, 0.1, 1.0),
        Slider("w2", "w₂", -3.0, 3.0, 0.1, 0.5),
        Slider("b", "b", -4.0, 4.0, 0.1, 0.0),
        Choice("activation", "activation", tuple(ACTIVATIONS), "sigmoid"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "You leave w₁ and w₂ alone and make b larger. What happens to the line z = 0?",
        (
            Option(
                "It turns around the origin.",
                "Turning needs a change in the direction of w; b is not part of w.",
            ),
            Option(
                "It slides, parallel to itself, against the direction of w.",
                "w·x = −b: a larger b needs a smaller w·x, so the line moves against w and more points get z > 0.",
                right=True,
            ),
            Option(
                "It stays; only the colours get stronger.",
                "Colours get stronger when w grows. With a larger b other points have z = 0, so the line itself moves.",
            ),
        ),
    ),
)
