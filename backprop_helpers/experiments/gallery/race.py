"""SGD, momentum, RMSProp and Adam from the same start, side by side."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array, draw_quadratic, until_gone
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.optimizers import adam, rmsprop, sgd, sgd_momentum

SURFACES = {"bowl": np.array([1.0, 2.0]), "ravine": np.array([1.0, 20.0])}  # curvatures λ along w₁ and w₂
START, STEPS = np.array([-2.6, 1.5]), 100
# optimizer, its colour, its dash
RUNNERS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "SGD": (sgd, "blue", ""),
    "momentum": (sgd_momentum, "orange", "8 3"),
    "RMSProp": (rmsprop, "green", "2 3"),
    "Adam": (adam, "purple", "8 3 2 3"),
}


@dataclass(frozen=True)
class Race:
    curvature: Array  # (2,)
    step: int
    learning_rate: float
    paths: dict[str, Array]  # each (step + 1, 2)
    losses: dict[str, Array]  # each (step + 1,)
    leader: str
    sgd: float  # loss of each at this step
    momentum: float
    rmsprop: float
    adam: float


@functools.lru_cache(maxsize=64)
def run(name: str, learning_rate: float, surface: str) -> Array:
    """The whole path (STEPS + 1, 2) of one optimizer; all settings but the learning rate as the course's defaults."""
    update, curvature = RUNNERS[name][0], SURFACES[surface]
    w, config, path = START, {"learning_rate": learning_rate}, [START]
    for _ in range(STEPS):
        w, config = update(w, curvature * w, config)
        path.append(w)
    return np.array(path)


def model(step: int, learning_rate: float, surface: str) -> Race:
    curvature = SURFACES[surface]
    paths = {name: run(name, learning_rate, surface)[: step + 1] for name in RUNNERS}
    losses = {name: 0.5 * (curvature * path**2).sum(axis=1) for name, path in paths.items()}
    now = {name: float(loss[-1]) for name, loss in losses.items()}
    leader = min(now, key=now.__getitem__)
    return Race(curvature, step, learning_rate, paths, losses, leader, *now.values())


def view(r: Race) -> Figure:
    plane = Panel((-3.88, 3.88), (-3, 3), title="Four ways down", xlabel="w₁", ylabel="w₂")
    draw_quadratic(plane, r.curvature)
    curve = Panel(
        (0, STEPS + 3), (1e-6, 1e6), title="Loss after each step", xlabel="step", ylabel="loss", logy=True
    )
    for (name, (_, colour, dash)), shape in zip(
        RUNNERS.items(), ("circle", "square", "triangle", "cross"), strict=True
    ):
        path, loss = until_gone(r.paths[name]), np.maximum(r.losses[name], 1e-7)
        plane.line(path[:, 0], path[:, 1], colour, dash=dash, width=1.8)
        plane.points(path[-1, 0], path[-1, 1], colour, shape=shape, size=10)
        curve.line(range(r.step + 1), loss, colour, dash=dash)
        curve.points(r.step, float(np.clip(r.losses[name][-1], 1e-6, 1e6)), colour, shape=shape, size=9)
    plane.points(0, 0, "ink", shape="cross", size=9)
    marks = zip("●■▲✕", RUNNERS, strict=True)
    curve.legend([(f"{mark} {name} {r.losses[name][-1]:.1e}", RUNNERS[name][1]) for mark, name in marks])
    return Figure(plane, curve)


def sentence(r: Race) -> str:
    if r.step == 0:
        return f"All four start at the same point, with a loss of {r.sgd:.3g}."
    each = ", ".join(f"{name} {loss[-1]:.2g}" for name, loss in r.losses.items())
    return f"After {r.step} steps with η = {r.learning_rate:.3g} the losses are {each}; the smallest is {r.leader}'s."


race = Experiment(
    name="race",
    title="Four optimizers, one valley",
    controls=(
        Slider("step", "step", 0, STEPS, 1, 0, play=True),
        Slider("learning_rate", "learning rate η", -3.0, 0.0, 0.1, -1.2, log=True),
        Choice("surface", "surface", tuple(SURFACES), "ravine"),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"step": 40},
    prediction=Prediction(
        "In the ravine all four use the same η. Which can stand the largest η without its loss growing beyond all bounds?",
        (
            Option(
                "SGD: it is the simplest.",
                "Above 2/λmax = 0.1 SGD overshoots along the steep direction, further every time.",
            ),
            Option(
                "SGD with momentum.",
                "On a quadratic momentum allows up to 2(1 + μ)/λmax, here 0.19, and then diverges too.",
            ),
            Option(
                "RMSProp and Adam.",
                "Both divide by the size of recent gradients, so the length of a step does not grow with the steepness: "
                "too large an η makes them jump about the bottom, not run away.",
                right=True,
            ),
        ),
    ),
)
