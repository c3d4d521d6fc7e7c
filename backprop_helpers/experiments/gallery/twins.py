"""Why weights start random: hidden units that begin equal receive equal gradients and stay twins for ever."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.data import two_arcs
from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array, Params, descend, loss_and_grads
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.network import init_params

UNITS, STEPS, LEARNING_RATE = 4, 10, 2.0
STARTS = ("all zeros", "all 0.5", "random")
LOOKS = (("blue", "circle", 18), ("orange", "square", 13), ("green", "triangle", 11), ("purple", "circle", 5))


@dataclass(frozen=True)
class Twins:
    start: str
    step: int
    weights: Array  # (step + 1, 2, 4): the two incoming weights of each hidden unit, before each step
    losses: Array  # (step + 1,)
    loss: float
    different: int  # how many hidden units are really different from one another


def first_params(start: str) -> Params:
    """Parameters of a 2-4-2 network; "random" is the course's init_params with a fixed seed."""
    if start == "random":
        return init_params([2, UNITS, 2], np.random.default_rng(4), scale=0.5)
    value = 0.0 if start == "all zeros" else 0.5
    # the two output columns differ, as they would after one step, so that equal units can move at all
    out = np.full((UNITS, 2), value) * np.array([1, -1])
    return [(np.full((2, UNITS), value), np.zeros(UNITS)), (out, np.zeros(2))]


@functools.cache
def history(start: str) -> tuple[Array, Array]:
    """Incoming weights (STEPS + 1, 2, UNITS) and losses (STEPS + 1,) of gradient descent with tanh on two arcs."""
    x, y = two_arcs()
    x = x + np.array([0.5, 0.25])  # not centred, so that zero is no special place
    params, weights, losses = first_params(start), [], []
    for _ in range(STEPS + 1):
        loss, grads = loss_and_grads(x, y, params, "tanh")
        weights.append(params[0][0])
        losses.append(loss)
        params = descend(params, grads, LEARNING_RATE)
    return np.array(weights), np.array(losses)


def model(start: str, step: int) -> Twins:
    weights, losses = history(start)
    different = len(np.unique(weights[step].T.round(9), axis=0))
    return Twins(start, step, weights[: step + 1], losses[: step + 1], float(losses[step]), different)


def view(r: Twins) -> Figure:
    plane = Panel(
        (-2.2, 2.2), (-1.7, 1.7), title="Weights into each hidden unit", xlabel="from x₁", ylabel="from x₂"
    )
    for unit, (colour, shape, size) in enumerate(LOOKS):
        track = r.weights[:, :, unit]
        plane.line(track[:, 0], track[:, 1], colour, dash="4 3", width=1.6)
        plane.points(track[-1, 0], track[-1, 1], colour, shape=shape, size=size)
    curve = Panel(
        (0, STEPS), (0.2, 0.8), title="Loss, this start and the others", xlabel="step", ylabel="cross-entropy"
    )
    for start in STARTS:
        curve.line(range(STEPS + 1), history(start)[1], "muted", width=1.2, dash="3 4")
    curve.line(range(r.step + 1), r.losses, "purple")
    curve.points(r.step, r.loss, "purple", size=10)
    return Figure(plane, curve)


def sentence(r: Twins) -> str:
    units = {1: "all four hidden units are still one and the same", 4: "all four hidden units are different"}
    which = units.get(r.different, f"{r.different} of the four hidden units differ")
    return f"Start {r.start}, step {r.step}: {which}; the loss is {r.loss:.3f}."


twins = Experiment(
    name="twins",
    title="Hidden units that start as twins",
    controls=(Choice("start", "weights start", STARTS, "all zeros"), Slider("step", "step", 0, STEPS, 1, 0)),
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
