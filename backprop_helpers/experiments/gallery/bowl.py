"""Gradient descent on a bowl and on a ravine, from crawl to divergence; the border is η = 2 / λmax."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array, draw_quadratic, until_gone
from backprop_helpers.experiments.svg import Figure, Panel, number

SURFACES = {"bowl": np.array([1.0, 2.0]), "ravine": np.array([1.0, 20.0])}  # curvatures λ along w₁ and w₂
START, STEPS = np.array([-2.6, 1.5]), 40


@dataclass(frozen=True)
class Descent:
    curvature: Array  # (2,)
    share: float  # η as a part of the largest stable one
    eta: float
    limit: float  # 2 / λmax
    path: Array  # (41, 2)
    losses: Array  # (41,)
    loss: float  # after the last step
    factor: float  # |1 − η λ| of the slower direction: what remains of the distance after each step


def model(share: float, surface: str) -> Descent:
    curvature = SURFACES[surface]
    limit = 2 / float(curvature.max())
    eta = share * limit
    path = [START]
    for _ in range(STEPS):
        path.append(path[-1] - eta * curvature * path[-1])  # the gradient of ½ Σ λ w² is λ w
    track = np.array(path)
    losses = 0.5 * (curvature * track**2).sum(axis=1)
    factor = float(np.abs(1 - eta * curvature).max())
    return Descent(curvature, share, eta, limit, track, losses, float(losses[-1]), factor)


def view(r: Descent) -> Figure:
    plane = Panel((-3.88, 3.88), (-3, 3), title="Steps over the level lines", xlabel="w₁", ylabel="w₂")
    draw_quadratic(plane, r.curvature)
    path = until_gone(r.path)
    plane.line(path[:, 0], path[:, 1], "orange", width=1.8)
    plane.points(path[:, 0], path[:, 1], "orange", size=5)
    plane.points(START[0], START[1], "purple", shape="square", size=10)
    plane.points(0, 0, "ink", shape="cross", size=9)
    curve = Panel(
        (0, STEPS + 1), (1e-8, 1e6), title="Loss after each step", xlabel="step", ylabel="loss", logy=True
    )
    curve.line(range(STEPS + 1), np.maximum(r.losses, 1e-9), "orange")
    curve.points(STEPS, float(np.clip(r.loss, 1e-8, 1e6)), "orange", size=9)
    curve.legend([(f"η = {r.eta:.4f}", "orange"), (f"2/λmax = {r.limit:.4f}", "blue")], corner="left")
    return Figure(plane, curve)


def sentence(r: Descent) -> str:
    if r.factor > 1 + 1e-9:
        end = f"each step makes the distance {r.factor:.2f} times larger: it diverges"
    elif r.factor > 1 - 1e-9:
        end = "it swings to and fro for ever and gets no nearer: exactly the border"
    else:
        end = f"the slowest direction keeps {r.factor:.2f} of its distance at each step"
    return (
        f"η = {r.eta:.4f} is {number(round(r.share, 2))} times the largest stable rate 2/λmax = {r.limit:.4f}; {end}. "
        f"Loss after {STEPS} steps: {r.loss:.2g}."
    )


bowl = Experiment(
    name="bowl",
    title="How large may a step be?",
    controls=(
        Slider("share", "η as a part of 2/λmax", 0.02, 1.2, 0.02, 0.1),
        Choice("surface", "surface", tuple(SURFACES), "bowl"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"share": 0.9, "surface": "ravine"},
    prediction=Prediction(
        "In the ravine, which learning rate reaches the bottom in the fewest steps?",
        (
            Option(
                "The smallest: it is the most careful.",
                "A careful step along the flat floor is a tiny one: it crawls.",
            ),
            Option(
                "One a little below the largest stable rate.",
                "The flat direction wants a large step, the steep one forbids it at 2/λmax. "
                "The best lies where both shrink equally fast, η = 2/(λmin + λmax).",
                right=True,
            ),
            Option(
                "The larger, the better.",
                "Above 2/λmax each step along the steep direction overshoots by more than it gained.",
            ),
        ),
    ),
)
