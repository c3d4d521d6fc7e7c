"""What a gradient costs: finite differences against one backward pass, counted in multiplications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.svg import Figure, Panel

INPUTS, CLASSES = 64, 10  # of a network for digits of 8 × 8 pixels


@dataclass(frozen=True)
class Cost:
    hidden: int
    parameters: int
    forward: int  # multiplications of one example's forward pass
    backward: int  # of its backward pass
    differences: int  # of central differences: two forward passes for every parameter


def cost(hidden: int) -> Cost:
    """Multiplications of a 64-hidden-10 network for one example; additions and activations are left out.

    Forward: one product for every weight. Backward: one for every weight's gradient, xᵀ @ dout, and one for every weight
    of the second layer to carry the upstream back, dout @ wᵀ; the input needs no gradient.
    """
    weights = INPUTS * hidden + hidden * CLASSES
    parameters = weights + hidden + CLASSES
    return Cost(hidden, parameters, weights, weights + hidden * CLASSES, 2 * parameters * weights)


def model(hidden: float) -> Cost:
    return cost(round(hidden))


def view(r: Cost) -> Figure:
    panel = Panel(
        (1e2, 1e6), (1e2, 1e13), title="Multiplications for one gradient", xlabel="parameters P",
        ylabel="multiplications", logx=True, logy=True, width=440, height=330,
    )  # fmt: skip
    widths = np.unique(np.rint(np.logspace(0.2, 4.2, 60)).astype(int))
    every = [
        cost(int(h)) for h in widths if h <= r.hidden
    ]  # only sizes tried so far: the rest is to be predicted
    p = [c.parameters for c in every]
    panel.line(p, [c.differences for c in every], "orange", dash="9 3")
    panel.line(p, [c.forward + c.backward for c in every], "blue")
    panel.segments(r.parameters, r.forward + r.backward, r.parameters, r.differences, "muted", dash="3 3")
    panel.points(r.parameters, r.differences, "orange", shape="square", size=10)
    panel.points(r.parameters, r.forward + r.backward, "blue", size=10)
    panel.legend([("finite differences ■", "orange"), ("forward + backward ●", "blue")], corner="left")
    return Figure(panel)


def sentence(r: Cost) -> str:
    once, times = r.forward + r.backward, r.differences / (r.forward + r.backward)
    return (
        f"{r.hidden:,} hidden units, P = {r.parameters:,} parameters: forward and backward take {once:,} multiplications, "
        f"{once / r.forward:.2f} times a forward pass alone; finite differences take {r.differences:,}, {times:,.0f} times as many."
    )


gradient_cost = Experiment(
    name="gradient_cost",
    title="What a gradient costs",
    controls=(Slider("hidden", "hidden units", 0.2, 4.0, 0.05, 1.0, log=True),),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"hidden": 100.0},
    prediction=Prediction(
        "You make the network ten times larger. How much more does a gradient by finite differences cost?",
        (
            Option(
                "About 10 times.", "That is the backward pass: its cost grows like the forward pass, with P."
            ),
            Option(
                "About 100 times.",
                "There are 10 times as many parameters to nudge, and each nudge needs forward passes 10 times as dear.",
                right=True,
            ),
            Option(
                "About 20 times.",
                "Two forward passes for each parameter: but both their number and their price grow.",
            ),
        ),
    ),
)
