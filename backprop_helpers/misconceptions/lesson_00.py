"""Wrong solutions of lesson 00: the slope of x²."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers.misconceptions.spec import Misconception

_SOURCE = "course design"


def _nothing_returned(x: Any) -> Any:
    _ = 2 * x


def _square_itself(x: Any) -> Any:
    return x**2


def _two_forgotten(x: Any) -> Any:
    return 1.0 * x


def _square_doubled(x: Any) -> Any:
    return 2 * x**2


def _always_two(x: Any) -> Any:
    return np.full(x.shape, 2.0)


def _sign_lost(x: Any) -> Any:
    return 2 * np.abs(x)


def _first_entry_only(x: Any) -> Any:
    for entry in x:
        return 2 * entry
    return None


def _added_up(x: Any) -> Any:
    return (2 * x).sum()


def _x_overwritten(x: Any) -> Any:
    x *= 2
    return x


def _step_kept(h: float) -> Callable[[Any], Any]:
    return lambda x: ((x + h) ** 2 - x**2) / h


MISCONCEPTIONS = (
    Misconception(
        name="slope-nothing-returned",
        exercise="slope",
        wrong=_nothing_returned,
        says="the function returns nothing, which Python calls None; a value that is only printed or stored inside is lost when the function ends.",
        hint="A function hands its result back with one word. Which one, and is it there on the last line?",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-square-itself",
        exercise="slope",
        wrong=_square_itself,
        says="out is x², the height of the curve; asked for is how steep the curve is there.",
        hint="At x = 3 the height is 9. How much higher is the curve at 3.001, and what is that divided by 0.001?",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-two-forgotten",
        exercise="slope",
        wrong=_two_forgotten,
        says="out is x, half of the slope: the exponent of x² comes down as a factor, and that factor is missing.",
        hint="The power rule does two things to an exponent. You did one of them.",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-exponent-kept",
        exercise="slope",
        wrong=_square_doubled,
        says="out is 2x²: the exponent came down as a factor, but the power of x that stays behind was not lowered by one.",
        hint="The power rule does two things to an exponent. You did one of them.",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-always-two",
        exercise="slope",
        wrong=_always_two,
        says="out is 2 everywhere; that is the slope of the straight line 2x, while the slope of x² changes from place to place.",
        hint="Is the curve as steep at x = 0 as it is at x = 3?",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-sign-lost",
        exercise="slope",
        wrong=_sign_lost,
        says="out is never negative, but left of 0 the curve falls, so its slope is negative there.",
        hint="Look at x = −1: does the curve go up or down when x grows a little?",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-first-entry-only",
        exercise="slope",
        wrong=_first_entry_only,
        says="out holds the answer for the first entry of x alone; every entry has a slope of its own.",
        hint="If there is a loop: how far is the return indented, and how often does the loop run before the function ends? NumPy can also do all entries without a loop.",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-added-up",
        exercise="slope",
        wrong=_added_up,
        says="out is one number, the slopes of all entries added up; asked for is one slope for each entry.",
        hint="Compare the shape of what you return with the shape of x.",
        source=_SOURCE,
    ),
    Misconception(
        name="slope-x-overwritten",
        exercise="slope",
        wrong=_x_overwritten,
        says="the values are right, but x itself was overwritten on the way: whoever called the function now finds other numbers in their own array.",
        hint="What is the difference between `x *= 2` and making a new array?",
        source="counted in public course solutions (1 for another forward function)",
    ),
    Misconception(
        name="slope-step-kept",
        exercise="slope",
        wrong=_step_kept(1.0),
        says="the step h is still in out: 2x + h or 2x − h is the slope of a secant, the straight line through two points of the curve; the curve's own slope has no h in it, however small.",
        hint="Line 3 of the derivation: what is left when h shrinks towards 0?",
        source=_SOURCE,
        also=tuple(
            _step_kept(side * h) for h in (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6) for side in (1, -1)
        )[1:],
    ),
)
