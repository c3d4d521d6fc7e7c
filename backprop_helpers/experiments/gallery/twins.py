"""Why weights start random: hidden units that begin equal receive equal gradients and stay twins for ever."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

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
from backprop_helpers.losses import softmax
from backprop_helpers.network import init_params

UNITS, STEPS, LEARNING_RATE = 4, 10, 2.0
RANGE = (-1.9, 1.9)
STARTS = ("all zeros", "all 0.5", "random")
LOOKS = (("blue", "circle", 18), ("orange", "square", 13), ("green", "triangle", 11), ("purple", "circle", 5))


@dataclass(frozen=True)
class Twins:
    start: str
    step: int
    weights: Array  # (step + 1, 2, 4): the two incoming weights of each hidden unit, before each step
    grid: Array  # (40, 40) probability of class 1 over the plane
    loss: float
    different: int  # how many hidden units are really different from one another


def first_params(start: str) -> Params:
    """Parameters of a 2-4-2 network; "random" is the course's init_params with a fixed seed."""
    if start == "random":
        return init_params([2, UNITS, 2], np.random.default_rng(1), scale=1.0)
    value = 0.0 if start == "all zeros" else 0.5
    # the two output columns differ, as they would after one step, so that equal units can move at all
    out = np.full((UNITS, 2), value) * np.array([1, -1])
    return [(np.full((2, UNITS), value), np.zeros(UNITS)), (out, np.zeros(2))]


@functools.cache
def clouds() -> tuple[Array, Array]:
    """Four clouds of ten points x (40, 2); opposite corners share a class y (40,). One hidden unit cannot part them."""
    rng = np.random.default_rng(0)
    corners = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    x, y = np.repeat(corners, 10, axis=0) + 0.25 * rng.standard_normal((40, 2)), np.repeat([0, 0, 1, 1], 10)
    x.flags.writeable = y.flags.writeable = False
    return x, y


@functools.cache
def history(start: str) -> tuple[tuple[Params, ...], Array]:
    """Parameters before step 0, 1, … and their losses (STEPS + 1,): gradient descent with tanh on `clouds`."""
    x, y = clouds()
    params, kept, losses = first_params(start), [], []
    for _ in range(STEPS + 1):
        loss, grads = loss_and_grads(x, y, params, "tanh")
        kept.append(params)
        losses.append(loss)
        params = descend(params, grads, LEARNING_RATE)
    return tuple(kept), np.array(losses)


def model(start: str, step: int) -> Twins:
    kept, losses = history(start)
    weights = np.array([params[0][0] for params in kept[: step + 1]])
    different = len(np.unique(weights[-1].T.round(9), axis=0))
    grid = softmax(scores(plane_grid(40, RANGE, RANGE), kept[step], "tanh"))[:, 1].reshape(40, 40)
    return Twins(start, step, weights, grid, float(losses[step]), different)


def view(r: Twins) -> Figure:
    plane = Panel(
        (-2.5, 2.5), (-2.5, 2.5), title="Weights into each hidden unit", xlabel="from x₁", ylabel="from x₂"
    )
    for unit, (colour, shape, size) in enumerate(LOOKS):
        track = r.weights[:, :, unit]
        plane.line(track[:, 0], track[:, 1], colour, dash="4 3", width=1.6)
        plane.points(track[-1, 0], track[-1, 1], colour, shape=shape, size=size)
    answer = Panel(
        RANGE, RANGE, title=f"What the network answers: loss {r.loss:.2f}", xlabel="x₁", ylabel="x₂"
    )
    answer.heatmap(r.grid)
    answer.boundary(r.grid, 0.5)
    draw_classes(answer, *clouds())
    return Figure(plane, answer)


def sentence(r: Twins) -> str:
    units = {1: "all four hidden units are still one and the same", 4: "all four hidden units are different"}
    which = units.get(r.different, f"{r.different} of the four hidden units differ")
    return f"Start {r.start}, step {r.step}: {which}; the loss is {r.loss:.3f}."


twins = Experiment(
    name="twins",
    title="Hidden units that start as twins",
    controls=(
        Choice("start", "weights start", STARTS, "all 0.5"),
        Slider("step", "step", 0, STEPS, 1, 0, play=True),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"start": "random", "step": STEPS},
    prediction=Prediction(
        "Four hidden units start with equal weights (not zero) and are trained for ten steps. What do they do?",
        (
            Option(
                "They move apart.",
                "To move apart they would need different gradients; equal units get equal ones.",
            ),
            Option(
                "They move together, as one.",
                "Each computes the same output and receives the same gradient, so four units never do more than one could.",
                right=True,
            ),
            Option(
                "They do not move at all.",
                "That is what zeros do: with zero outgoing weights nothing flows back.",
            ),
        ),
    ),
)
