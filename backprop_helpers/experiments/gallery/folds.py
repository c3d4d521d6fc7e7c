"""What a hidden layer folds: without an activation any number of units is one line; with one, the boundary bends."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import (
    ACTIVATIONS,
    PAIRS,
    Array,
    Params,
    arcs,
    draw_classes,
    plane_grid,
    scores,
)
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.losses import accuracy, softmax
from backprop_helpers.network import init_params

X_RANGE, Y_RANGE, CUT = (
    (-2.2, 2.2),
    (-1.7, 1.7),
    0.1,
)  # CUT: height of the line along which the score is shown


@dataclass(frozen=True)
class Folds:
    activation: str
    units: int
    hidden: tuple[Array, Array]  # w (2, units), b (units,): each unit's own line is w·x + b = 0
    grid: Array  # (40, 40) probability of class 1
    cut: Array  # (221,) score difference along x₂ = CUT
    accuracy: float
    straight: bool  # whether the score along the cut is a straight line to 9 digits


# Small networks get stuck from many a start, so for 1 … 8 units the best seed below 20 is taken: the most points
# on the right side, then the lowest loss.
BEST_START = {
    "none": (0,) * 8,
    "sigmoid": (3, 10, 3, 13, 12, 9, 9, 17),
    "tanh": (14, 4, 12, 4, 5, 9, 17, 17),
    "ReLU": (12, 11, 9, 1, 16, 1, 14, 8),
}


def trained(activation: str, units: int, start: int | None = None) -> Params:
    """A 2-units-2 network after 300 full-batch steps with momentum 0.9 on two arcs, from its best start or a given one."""
    if start is None:
        return _best(activation)[units - 1]
    return train(activation, [_first(units, start)])[0]


@functools.cache
def _best(activation: str) -> list[Params]:
    """The networks of 1 … 8 units, all when the first is asked for: a slider then moves at once."""
    return train(activation, [_first(i + 1, seed) for i, seed in enumerate(BEST_START[activation])])


def _first(units: int, seed: int) -> Params:
    return init_params([2, units, 2], np.random.default_rng(seed), scale=1.0)


def train(activation: str, networks: list[Params]) -> list[Params]:
    """Several networks trained side by side, as one whose unit j adds to the score of its own network alone.

    With two classes the loss depends on the difference of the scores alone, and the gradients of both columns of w2 are
    opposite: one column u is enough, which moves twice as far.
    """
    x, y = arcs()
    forward, backward = PAIRS[activation]
    sizes = [len(b1) for (_, b1), _ in networks]
    own = np.repeat(np.arange(len(sizes)), sizes)[:, None] == np.arange(len(sizes))
    w1 = np.hstack([w for (w, _), _ in networks])
    b1 = np.concatenate([b for (_, b), _ in networks])
    first_u = own * np.concatenate([w2[:, 1] - w2[:, 0] for _, (w2, _) in networks])[:, None]
    first_c = np.array([b2[1] - b2[0] for _, (_, b2) in networks])
    u, c = first_u, first_c
    columns, rows, labels = np.ascontiguousarray(x.T), len(y), y[:, None]
    v_w1, v_b1, v_u, v_c = 0 * w1, 0 * b1, 0 * u, 0 * c
    for _ in range(300):
        h, cache = forward(x @ w1 + b1)
        dscores = (0.5 + 0.5 * np.tanh((h @ u + c) / 2) - labels) / rows  # the sigmoid, minus the label
        dz = backward(dscores @ u.T, cache)
        v_u, v_c = 0.9 * v_u - 0.6 * own * (h.T @ dscores), 0.9 * v_c - 0.6 * dscores.sum(axis=0)
        v_w1, v_b1 = 0.9 * v_w1 - 0.3 * (columns @ dz), 0.9 * v_b1 - 0.3 * dz.sum(axis=0)
        w1, b1, u, c = w1 + v_w1, b1 + v_b1, u + v_u, c + v_c
    found: list[Params] = []
    for k, (_, (w2, b2)) in enumerate(networks):
        mine = own[:, k]
        moved_u, moved_c = (u - first_u)[mine, k] / 2, (c - first_c)[k] / 2
        second = w2 + np.stack([-moved_u, moved_u], axis=1), b2 + np.array([-moved_c, moved_c])
        found.append([(w1[:, mine], b1[mine]), second])
    return found


def model(activation: str, units: int) -> Folds:
    x, y = arcs()
    params = trained(activation, units)
    grid = softmax(scores(plane_grid(40, X_RANGE, Y_RANGE), params, activation))[:, 1].reshape(40, 40)
    along = np.linspace(*X_RANGE, 221)
    both = scores(np.stack([along, np.full(221, CUT)], axis=1), params, activation)
    cut = both[:, 1] - both[:, 0]
    straight = bool(np.abs(np.diff(cut, 2)).max() < 1e-9 * np.abs(cut).max())
    right = accuracy(scores(x, params, activation), y)
    return Folds(activation, units, params[0], grid, cut, right, straight)


def view(r: Folds) -> Figure:
    x, y = arcs()
    plane = Panel(X_RANGE, Y_RANGE, title="Boundary, and each unit's own line", xlabel="x₁", ylabel="x₂")
    plane.heatmap(r.grid)
    w, b = r.hidden
    for j in range(r.units):
        normal = w[:, j] / np.hypot(w[0, j], w[1, j])
        foot = -b[j] / np.hypot(w[0, j], w[1, j]) * normal
        plane.line(
            [foot[0] - 9 * normal[1], foot[0] + 9 * normal[1]],
            [foot[1] + 9 * normal[0], foot[1] - 9 * normal[0]],
            "muted",
            width=1.3,
            dash="5 4",
        )
    draw_classes(plane, x, y)
    plane.boundary(r.grid, 0.5)
    plane.line(X_RANGE, [CUT, CUT], "purple", width=1.5, dash="2 3")
    along, top = np.linspace(*X_RANGE, 221), max(4.0, float(np.abs(r.cut).max()) * 1.1)
    curve = Panel(
        X_RANGE, (-top, top), title="Score along the dotted line", xlabel="x₁", ylabel="score 1 − score 0"
    )
    curve.line(X_RANGE, [0, 0], "muted", width=1.3)
    curve.line(along, r.cut, "purple")
    return Figure(plane, curve)


def sentence(r: Folds) -> str:
    units = "1 hidden unit" if r.units == 1 else f"{r.units} hidden units"
    shape = "is one straight line" if r.straight else "bends"
    if r.straight and r.activation != "none":
        shape += ", because no unit's own line crosses it here"
    return (
        f"{units}, activation {r.activation}: the score along the cut {shape}; "
        f"{number(round(100 * r.accuracy, 1))} % of the points are on the right side."
    )


folds = Experiment(
    name="folds",
    title="What a hidden layer folds",
    controls=(
        Slider("units", "hidden units", 1, 8, 1, 4),
        Choice("activation", "activation", tuple(ACTIVATIONS), "none"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"activation": "ReLU"},
    prediction=Prediction(
        "The activation is “none”: two affine layers in a row. You raise the hidden units from 1 to 8. What changes?",
        (
            Option(
                "The boundary gets more bends.",
                "Bends come from the activation. Without one, (x w⁽¹⁾ + b⁽¹⁾) w⁽²⁾ + b⁽²⁾ is affine.",
            ),
            Option(
                "Nothing: it stays one straight line.",
                "x (w⁽¹⁾w⁽²⁾) + (b⁽¹⁾w⁽²⁾ + b⁽²⁾) is a single affine layer, however many columns w⁽¹⁾ has. "
                "Choose ReLU or tanh and the line bends where a unit's own line lies.",
                right=True,
            ),
            Option(
                "It stays straight but fits much better.",
                "One line is found already with one unit; more units find the same.",
            ),
        ),
    ),
)
