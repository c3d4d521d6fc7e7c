"""A line through real data, its residuals as squares, and the mean of their areas."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.data import load_diabetes
from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.svg import Figure, Panel, number
from backprop_helpers.losses import mse

MIDDLE = 0.2  # of the horizontal axis


@dataclass(frozen=True)
class LineFit:
    slope: float
    intercept: float
    residuals: Array  # (10,) prediction − target
    loss: float  # mean of the ten squares
    total: float  # their sum
    best: float  # the smallest loss any line can have on these people


@functools.cache
def people() -> tuple[Array, Array]:
    """Ten people of the diabetes data: standardised body mass index (10,) and progression / 100 (10,)."""
    data = load_diabetes()
    return data.x_val[:10, data.features.index("bmi")], data.y_val[:10, 0]


def model(slope: float, intercept: float) -> LineFit:
    x, y = people()
    pred = slope * x + intercept
    best = np.polynomial.Polynomial.fit(x, y, 1)(x)
    squares = (pred - y) ** 2
    return LineFit(slope, intercept, pred - y, mse(pred, y), float(squares.sum()), mse(best, y))


def view(r: LineFit) -> Figure:
    x, y = people()
    # one unit is equally long on both axes, so a squared residual is a square; it opens towards the middle, where there is room
    plane = Panel((-3, 3.4), (-0.5, 4.45), title="Residuals as squares", xlabel="body mass index, standardised",
                  ylabel="progression of diabetes, in hundreds")  # fmt: skip
    for xi, yi, e in zip(x, y, r.residuals, strict=True):
        plane.rectangle(xi, yi, xi + (abs(e) if xi < MIDDLE else -abs(e)), yi + e, "orange", opacity=0.16)
    plane.line([-3, 3.4], [r.intercept - 3 * r.slope, r.intercept + 3.4 * r.slope], "blue")
    plane.segments(x, y, x, y + r.residuals, "orange", width=2)
    plane.points(x, y, "ink", size=8)
    top = max(2.0, float((r.residuals**2).max()) * 1.25)
    bars = Panel((0.3, 10.7), (0, top), title="Their areas, and the mean", xlabel="person", ylabel="squared residual",
                 xticks=[(i, str(i)) for i in range(1, 11)])  # fmt: skip
    bars.bars(range(1, 11), r.residuals**2, "orange")
    bars.line([0, 11], [r.loss, r.loss], "purple", dash="6 4")
    bars.legend([(f"mean of all ten: MSE = {r.loss:.3f}", "purple")])
    return Figure(plane, bars)


def sentence(r: LineFit) -> str:
    return (
        f"The 10 squares have a total area of {number(round(r.total, 2))}; their mean, the MSE, is {r.loss:.3f}. "
        f"No line gets below {r.best:.3f} on these people."
    )


mse_view = Experiment(
    name="mse_view",
    title="Mean squared error",
    controls=(
        Slider("slope", "slope", -1.5, 2.5, 0.05, 0.0),
        Slider("intercept", "intercept", -0.5, 4.0, 0.05, 1.0),
    ),
    model=model,
    view=view,
    sentence=sentence,
    prediction=Prediction(
        "One residual becomes twice as long. What happens to that person's part of the MSE?",
        (
            Option("It doubles.", "The length doubles, but what is averaged is the area of the square."),
            Option(
                "It becomes four times as large.",
                "(2e)² = 4e²: the square has twice the width and twice the height. Far points pull hardest.",
                right=True,
            ),
            Option(
                "It depends on how many people there are.",
                "The mean divides every part by 10, before and after.",
            ),
        ),
    ),
)
