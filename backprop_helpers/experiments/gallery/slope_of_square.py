"""The slope of x²: the smallest experiment of the gallery, and the pattern for a new one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backprop_helpers.experiments import Experiment, Figure, Option, Panel, Prediction, Slider


@dataclass(frozen=True)
class Tangent:
    height: float
    slope: float


def model(x: float) -> Tangent:
    return Tangent(x * x, 2 * x)


def view(r: Tangent) -> Figure:
    xs, x = np.linspace(-3, 3, 121), r.slope / 2
    panel = Panel((-3, 3), (-2, 9), title="x² and its tangent", xlabel="x", ylabel="x²")
    panel.line(xs, xs**2, "muted")
    panel.line(xs, r.height + r.slope * (xs - x), "blue")
    panel.points(x, r.height, "orange", size=10)
    panel.label(x, r.height, f"slope {r.slope:.1f}", dy=-12)
    return Figure(panel)


def sentence(r: Tangent) -> str:
    way = "rises" if r.slope > 0 else "falls" if r.slope < 0 else "is level"
    return (
        f"At x = {r.slope / 2:.1f} the curve has height {r.height:.2f} and {way}: its slope is {r.slope:.1f}."
    )


slope_of_square = Experiment(
    name="slope_of_square",
    title="The slope of x²",
    controls=(Slider("x", "x", -3.0, 3.0, 0.1, 0.5),),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "You move x from 0.5 to 1. What happens to the slope?",
        (
            Option("It stays the same.", "Only a straight line has the same slope everywhere."),
            Option("It doubles.", "The slope is 2x: twice the x, twice the slope.", right=True),
            Option("It becomes four times as large.", "That is the height x²; the slope is 2x."),
        ),
    ),
)
