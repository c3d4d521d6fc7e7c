"""Train a small network and watch: boundary, loss on the points it learns from and on points kept aside, epoch by epoch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_helpers.data import two_arcs
from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import (
    Array,
    Params,
    descend,
    draw_classes,
    loss_and_grads,
    plane_grid,
    scores,
)
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.losses import accuracy, cross_entropy, softmax
from backprop_helpers.network import init_params

EPOCHS, BATCH, POINTS = 300, 16, 160
X_RANGE, Y_RANGE = (-2.4, 2.4), (-1.86, 1.86)
TOP = 1.4  # of the loss axis; ln 2 ≈ 0.69 is pure guessing between two classes


def _rings(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    y = np.arange(n) % 2
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == 0, 1.45, 0.55)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


def _corners(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    x = rng.uniform(0.2, 1.5, (n, 2)) * rng.choice([-1.0, 1.0], (n, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def _spirals(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    y = np.arange(n) % 2
    t = rng.uniform(0.15, 1.0, n)
    angle = 6.5 * t + np.pi * y
    return 1.7 * np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1), y


def _arcs(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    return two_arcs(n, noise=0.0, seed=int(rng.integers(2**31)))


DATA: dict[str, Callable[[np.random.Generator, int], tuple[Array, Array]]] = {
    "two rings": _rings,
    "two arcs": _arcs,
    "four corners": _corners,
    "two spirals": _spirals,
}


class Training:
    """One run, as far as somebody has looked: params before epoch 0, 1, … and both losses."""

    def __init__(self, data: str, noise: float, seed: int, units: int, activation: str, rate: float) -> None:
        self.rng = np.random.default_rng(seed)
        x, y = DATA[data](self.rng, 2 * POINTS)
        x = x + noise * self.rng.standard_normal(x.shape)
        self.x, self.y = x[:POINTS], y[:POINTS]
        self.x_val, self.y_val = x[POINTS:], y[POINTS:]
        self.activation, self.rate = activation, rate
        self.params: list[Params] = [init_params([2, units, 2], self.rng, scale=1.0)]
        self.losses: list[tuple[float, float]] = [self._losses()]

    def until(self, epoch: int) -> None:
        """Train on, where nobody has looked so far yet."""
        while len(self.params) <= epoch:
            params = self.params[-1]
            rows = self.rng.permutation(POINTS)
            with np.errstate(over="ignore", invalid="ignore"):  # too large a rate diverges, and shows it
                for start in range(0, POINTS, BATCH):
                    some = rows[start : start + BATCH]
                    _, grads = loss_and_grads(self.x[some], self.y[some], params, self.activation)
                    params = descend(params, grads, self.rate)
                self.params.append(params)
                self.losses.append(self._losses())

    def _losses(self) -> tuple[float, float]:
        params = self.params[-1]
        return (
            cross_entropy(scores(self.x, params, self.activation), self.y),
            cross_entropy(scores(self.x_val, params, self.activation), self.y_val),
        )


training = functools.lru_cache(maxsize=16)(Training)


@dataclass(frozen=True)
class Look:
    epoch: int
    loss: float  # on the points it learns from
    val_loss: float  # on the points kept aside
    wrong: int  # of the points kept aside
    x: Array  # (POINTS, 2)
    y: Array  # (POINTS,)
    losses: Array  # (epoch + 1, 2)
    grid: Array  # (40, 40) probability of class 1


def model(epoch: int, data: str, units: int, activation: str, rate: float, noise: float, seed: int) -> Look:
    run = training(data, noise, seed, units, activation, rate)
    run.until(epoch)
    params = run.params[epoch]
    grid = softmax(scores(plane_grid(40, X_RANGE, Y_RANGE), params, activation))[:, 1].reshape(40, 40)
    right = accuracy(scores(run.x_val, params, activation), run.y_val)
    losses = np.array(run.losses[: epoch + 1])
    wrong = round(POINTS * (1 - right))
    return Look(epoch, losses[-1, 0], losses[-1, 1], wrong, run.x, run.y, losses, grid)


def view(r: Look) -> Figure:
    plane = Panel(X_RANGE, Y_RANGE, title="What the network answers", xlabel="x₁", ylabel="x₂")
    if np.isfinite(r.grid).all():  # a network that diverged answers nothing
        plane.heatmap(r.grid)
        plane.boundary(r.grid, 0.5)
    draw_classes(plane, r.x, r.y)
    curve = Panel((0, EPOCHS), (0, TOP), title="Loss so far", xlabel="epoch", ylabel="cross-entropy")
    curve.line(range(r.epoch + 1), r.losses[:, 0], "purple")
    curve.line(range(r.epoch + 1), r.losses[:, 1], "green", dash="6 4")
    curve.points(r.epoch, r.loss, "purple", size=9)
    curve.points(r.epoch, r.val_loss, "green", shape="square", size=8)
    curve.legend([("points it learns from", "purple"), ("points kept aside (dashed)", "green")])
    return Figure(plane, curve)


def sentence(r: Look) -> str:
    if not np.isfinite(r.loss):
        return f"After {r.epoch} epochs the loss is no number any more: the steps are too large. Lower the learning rate."
    return (
        f"After {r.epoch} epochs the loss is {r.loss:.3f} on the points it learns from and {r.val_loss:.3f} on points "
        f"kept aside, of which {r.wrong} of {POINTS} lie on the wrong side of the boundary."
    )


live_training = Experiment(
    name="live_training",
    title="Training, live",
    controls=(
        Slider("epoch", "epoch", 0, EPOCHS, 1, 0, play=True),
        Choice("data", "data", tuple(DATA), "two rings"),
        Slider("units", "hidden units", 1, 16, 1, 2),
        Choice("activation", "activation", ("tanh", "ReLU", "sigmoid", "none"), "tanh"),
        Slider("rate", "learning rate", -2.0, 1.0, 0.25, -0.5, log=True),
        Slider("noise", "noise", 0.0, 0.6, 0.05, 0.1),
        Slider("seed", "seed", 0, 9, 1, 0),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"epoch": 150, "units": 4},
    prediction=Prediction(
        "The points of one class lie in a ring around the other. How many hidden units (tanh) does the network need before its "
        "boundary can close around the inner ring?",
        (
            Option(
                "1: a unit can bend.",
                "One unit looks along one direction only, so its boundary is one straight line, however long it trains.",
            ),
            Option(
                "2: one for each class.",
                "Units do not belong to classes. Two directions give a band or a wedge, open at an end: after 300 epochs about "
                "25 of 160 points are still on the wrong side, whichever seed.",
            ),
            Option(
                "3.",
                "Three lines close a triangle, which the activation rounds. With 3 units 0 to 2 of 160 points stay wrong, whichever seed.",
                right=True,
            ),
            Option(
                "More than 8, a circle has no corners.",
                "A circle would need no end of lines, but the gap between the rings leaves room for a rounded triangle. "
                "More units make the start matter less, and the training faster.",
            ),
        ),
    ),
)
