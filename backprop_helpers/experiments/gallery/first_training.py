"""A whole training run to look at: a small network learns to tell two interleaved arcs apart, epoch by epoch."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import PLANE_X, PLANE_Y, Array, plane_grid
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.losses import accuracy, softmax, softmax_loss
from backprop_helpers.network import Params, init_params, mlp_backward, mlp_forward

EPOCHS, LEARNING_RATE, HIDDEN, PER_ARC = 150, 1.0, 8, 40


@dataclass(frozen=True)
class Epoch:
    epoch: int
    loss: float
    accuracy: float  # share of the points on their own side
    grid: Array  # (40, 40) probability of the second class over the plane
    losses: Array  # (EPOCHS + 1,) loss after each epoch; entry 0 is before the first


def arcs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Two interleaved arcs: points x (80, 2) and their class y (80,), 0 or 1."""
    t = np.linspace(0, np.pi, PER_ARC)
    upper = np.stack([np.cos(t) - 0.5, np.sin(t) - 0.25], axis=1)
    x = 1.6 * np.concatenate([upper, -upper])
    return x + 0.15 * rng.standard_normal(x.shape), np.repeat([0, 1], PER_ARC)


@functools.cache
def run() -> tuple[Array, Array, tuple[Params, ...], Array]:
    """The data, the parameters after each epoch, and the losses; always the same."""
    rng = np.random.default_rng(0)
    x, y = arcs(rng)
    params, snapshots, losses = init_params([2, HIDDEN, 2], rng, scale=0.5), [], []
    for _ in range(EPOCHS + 1):
        scores, caches = mlp_forward(x, params)
        loss, dscores = softmax_loss(scores, y)
        snapshots.append(params)
        losses.append(loss)
        grads = mlp_backward(dscores, caches)
        params = [
            (w - LEARNING_RATE * dw, b - LEARNING_RATE * db)
            for (w, b), (dw, db) in zip(params, grads, strict=True)
        ]
    return x, y, tuple(snapshots), np.array(losses)


def model(epoch: int) -> Epoch:
    x, y, snapshots, losses = run()
    params = snapshots[epoch]
    over_plane = softmax(mlp_forward(plane_grid(), params)[0])[:, 1].reshape(40, 40)
    right = accuracy(mlp_forward(x, params)[0], y)
    return Epoch(epoch, float(losses[epoch]), right, over_plane, losses)


def view(r: Epoch) -> Figure:
    x, y, _, _ = run()
    plane = Panel(PLANE_X, PLANE_Y, title="What the network answers", xlabel="x₁", ylabel="x₂")
    plane.heatmap(r.grid)
    plane.points(x[y == 0, 0], x[y == 0, 1], "blue", size=7)
    plane.points(x[y == 1, 0], x[y == 1, 1], "orange", shape="square", size=7)
    curve = Panel((0, EPOCHS), (0, 1), title="How wrong it is", xlabel="epoch", ylabel="loss")
    epochs = np.arange(EPOCHS + 1)
    curve.line(epochs, r.losses, "muted", width=1.4, dash="4 3")
    curve.line(epochs[: r.epoch + 1], r.losses[: r.epoch + 1], "purple")
    curve.points([r.epoch], [r.loss], "purple", size=9)
    return Figure(plane, curve)


def sentence(r: Epoch) -> str:
    when = "Before training" if r.epoch == 0 else f"After {r.epoch} epoch{'s' if r.epoch > 1 else ''}"
    return (
        f"{when} the loss is {number(round(r.loss, 3))}, and {round(r.accuracy * 2 * PER_ARC)} of {2 * PER_ARC} points "
        "lie on the side of their own class. Where the shading fades, the network is undecided: that is the boundary."
    )


first_training = Experiment(
    name="first_training",
    title="A network learns, epoch by epoch",
    controls=(Slider("epoch", "epoch", 0, EPOCHS, 1, 0),),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "The loss says how wrong the network is. It begins near 0.9. How will it fall during 150 epochs?",
        (
            Option(
                "By the same amount in every epoch.",
                "That would be a straight line. Look at the first ten epochs and at the last ten.",
            ),
            Option(
                "Fast at first, then ever more slowly.",
                "The first five epochs take away more than half of it. The fewer mistakes are left, the less there is "
                "to learn from each epoch.",
                right=True,
            ),
            Option(
                "Hardly at all for a long time, then suddenly.",
                "A network that begins with very small weights does wait like that. This one finds a direction at once.",
            ),
        ),
    ),
)
