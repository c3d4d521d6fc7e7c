"""A complete tiny training: a 2-16-2 network learns two interleaved arcs; boundary and loss move together."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import (
    Array,
    Params,
    arcs,
    descend,
    draw_classes,
    loss_and_grads,
    plane_grid,
    scores,
)
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.losses import accuracy, softmax
from backprop_helpers.network import init_params

EPOCHS, LEARNING_RATE = 150, 1.0
X_RANGE, Y_RANGE = (-2.2, 2.2), (-1.7, 1.7)
END_OF_TITLE = (X_RANGE[1], Y_RANGE[1])  # the upper right corner, above which the kinds of points are named


@dataclass(frozen=True)
class Run:
    epoch: int
    loss: float
    accuracy: float  # share of the 200 points on their own side of the boundary
    losses: Array  # (epoch + 1,)
    grid: Array  # (40, 40) probability of class 1


@functools.cache
def history() -> tuple[tuple[Params, ...], Array]:
    """Parameters before epoch 0, 1, … and the loss of each (EPOCHS + 1,): full-batch gradient descent, fixed seed."""
    x, y = arcs()
    params, kept, losses = init_params([2, 16, 2], np.random.default_rng(1), scale=0.5), [], []
    for _ in range(EPOCHS + 1):
        loss, grads = loss_and_grads(x, y, params, "ReLU")
        kept.append(params)
        losses.append(loss)
        params = descend(params, grads, LEARNING_RATE)
    return tuple(kept), np.array(losses)


def model(epoch: int) -> Run:
    x, y = arcs()
    kept, losses = history()
    params = kept[epoch]
    grid = softmax(scores(plane_grid(40, X_RANGE, Y_RANGE), params, "ReLU"))[:, 1].reshape(40, 40)
    right = accuracy(scores(x, params, "ReLU"), y)
    return Run(epoch, float(losses[epoch]), right, losses[: epoch + 1], grid)


def view(r: Run) -> Figure:
    x, y = arcs()
    plane = Panel(X_RANGE, Y_RANGE, title="What it answers", xlabel="x₁", ylabel="x₂")
    plane.label(*END_OF_TITLE, "■ the other", "orange", anchor="end", dy=-10)
    plane.label(*END_OF_TITLE, "● one kind", "blue", anchor="end", dx=-84, dy=-10)
    plane.heatmap(r.grid)
    plane.boundary(r.grid, 0.5)
    draw_classes(plane, x, y)
    curve = Panel((0, EPOCHS), (0, 1), title="Loss so far", xlabel="epoch", ylabel="cross-entropy")
    curve.right = 20  # room for half of the number below the last epoch
    curve.line(range(r.epoch + 1), r.losses, "purple")
    curve.points(r.epoch, r.loss, "purple", size=10)
    curve.label(r.epoch, r.loss, f"{r.loss:.3f}", anchor="start" if r.epoch < 110 else "end", dx=9, dy=-9)
    return Figure(plane, curve)


def sentence(r: Run) -> str:
    wrong = round(200 * (1 - r.accuracy))
    return f"After {r.epoch} epochs the loss is {r.loss:.3f} and {wrong} of 200 points lie on the wrong side of the boundary."


training_run = Experiment(
    name="training_run",
    title="A whole training in one slider",
    controls=(Slider("epoch", "epoch", 0, EPOCHS, 1, 0, play=True),),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"epoch": 60},
    prediction=Prediction(
        "The network starts with random weights. In which epochs does the loss fall fastest?",
        (
            Option(
                "In the first few.",
                "Where the errors are large, so are the gradients, and each weight moves in proportion: the first steps are the largest. "
                "A nearly straight boundary is found quickly; bending it takes the long rest.",
                right=True,
            ),
            Option(
                "It falls evenly.",
                "Equal steps would need gradients of equal size; these shrink as the errors do.",
            ),
            Option(
                "At the end, when it has understood.",
                "There is no sudden understanding here: each epoch does the same as all others, one step downhill from where it stands.",
            ),
        ),
    ),
)
