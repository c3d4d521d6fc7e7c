"""What the practice exercise of lesson 00 must satisfy: the slope of x², entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.spec import Case, Exercise, Quantity, Tolerance

LESSON = "00_start_here"

# The page shows that a slope can also be measured, so an answer found that way is right too.
MEASURED = Tolerance(1e-6, 1e-8, "a slope measured by a small step on either side is right to about 8 digits")


def slope_of_square(x: Any) -> Any:
    """The slope of x² at each entry: 2x. x: array of any shape; returns an array of that shape."""
    return 2 * x


def _slope_cases(rng: np.random.Generator) -> list[Case]:
    """Both signs and an exact 0; two axes; whole numbers."""
    size, n, k, few = draw(rng, "size")
    line = 3 * rng.standard_normal(size)
    line[:2] = -np.abs(line[:2]) - 0.5
    line[2] = 0.0
    whole = rng.permutation(np.array([-8, -7, -4, 3, 5, 6, 9, 11]))[:few]
    return [
        Case((line,), label=f"{size} numbers, some negative", sizes={"size": size}),
        Case((3 * rng.standard_normal((n, k)),), label=f"{n} rows of {k}", sizes={"size": n * k}),
        Case((whole,), label="whole numbers", sizes={"size": few}),
    ]


EXERCISES = (
    Exercise(
        name="slope",
        lesson=LESSON,
        signature="slope(x) -> out",
        returns=("out",),
        quantities=(Quantity("out", "(same shape as x)", "the slope of x²", MEASURED),),
        cases=_slope_cases,
        reference=slope_of_square,
    ),
)
