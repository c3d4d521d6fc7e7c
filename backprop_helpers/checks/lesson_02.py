"""What the exercises of lesson 02 must satisfy: losses at ordinary and at extreme scores.

Every exercise meets scores that overflow exp, rows far apart in size, one row alone, whole numbers and
float32. One case has as many rows as classes on purpose: there a forgotten keepdims raises no error but
gives wrong numbers, which tells it from other errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers import losses
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_02 as drives
from backprop_helpers.checks.spec import (
    Case,
    Driven,
    Exercise,
    Quantity,
    Tolerance,
    name_returned,
    never_an_exception,
    yes_or_no,
)

LESSON = "02_loss"
Array = NDArray[Any]

LARGE = Tolerance(
    1e-9, 1e-10, "neighbouring float64 numbers near 10⁴ lie 2·10⁻¹² apart, and a few such steps add up"
)
REFUSED = Quantity(
    "shapes refused",
    "()",
    "1 where shapes that do not fit were refused with a ValueError, 0 where they were taken",
    shown=yes_or_no,
    fault="not all shapes that do not fit are refused: on the inputs below a ValueError should be raised before anything is computed.",
)


def _refusals(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    """What came back, or, on shapes that don't fit, whether they were refused."""
    (name,) = exercise.returns
    if "refuse" not in case.extra:
        return {**name_returned(exercise, raw["returned"]), REFUSED.name: 0.0}
    if "refused" in raw:
        return {name: np.nan, REFUSED.name: 1.0}
    never_an_exception(exercise, raw["returned"])
    return {name: np.nan, REFUSED.name: 0.0}


_or_refused = Driven(drives.refusable, _refusals, extra=("refuse",))


def _mismatch(first: Array, second: Array, names: tuple[str, str]) -> Case:
    label = f"{names[0]} {first.shape} with {names[1]} {second.shape}, to be refused"
    return Case((first, second), label=label, extra={"refuse": True})


def _mse_cases(rng: np.random.Generator) -> list[Case]:
    """Rank 1, 2 and 3, whole numbers, values of ±1000, float32, and four pairs of shapes to refuse."""
    cases = []
    for letters in ("N", "NK", "NKL"):
        shape = tuple(draw(rng, letters))
        sizes = {"N": shape[0], "K": int(np.prod(shape[1:])), "size": int(np.prod(shape))}
        pred, y = rng.standard_normal(shape), rng.standard_normal(shape) + 0.5
        cases.append(Case((pred, y), label=f"pred and y of shape {shape}", sizes=sizes))
    n, k = draw(rng, "NK")
    sizes = {"N": n, "K": k, "size": n * k}
    whole = rng.integers(-9, 10, (n, k))
    cases.append(Case((whole, rng.standard_normal((n, k))), label="whole numbers in pred", sizes=sizes))
    far = 1000.0 * rng.choice([-1.0, 1.0], (n, k)) + rng.standard_normal((n, k))
    cases.append(Case((far, rng.standard_normal((n, k))), label="values of ±1000", sizes=sizes))
    small = rng.standard_normal((2, n, k)).astype(np.float32)
    cases.append(Case((small[0], small[1]), label="float32", sizes=sizes))
    middle = (shape[0], 1, shape[2])  # the first and the last axis agree
    for a, b in (((n,), (n, 1)), ((n, k), (n, 1)), ((n, k), (1, k)), (shape, middle)):
        cases.append(_mismatch(rng.standard_normal(a), rng.standard_normal(b), ("pred", "y")))
    return cases


def _scores(rng: np.random.Generator) -> list[tuple[Array, str, Tolerance | None]]:
    """Scores (N, C) of all kinds, with what is special about them and the tolerance they need."""
    (n, c), (rows, classes) = draw(rng, "NC"), draw(rng, "NC")
    (square,) = draw(rng, "N")
    offsets = np.array([0.0, 1000.0, -1000.0, 30.0])[:, None]
    # both signs in every row: its scores lie so far apart that the smallest probability is exactly 0
    level = 2 * rng.standard_normal((3, draw(rng, "C", 5)[0])) - 2000.0
    level[:, 1:3] = 50.0 * rng.standard_normal(
        (3, 1)
    )  # a sum of exponentials that is 2, beside others rounded to 0
    signs = rng.permuted(np.tile((-1.0) ** np.arange(c), (n, 1)), axis=1)
    return [
        (2 * rng.standard_normal((n, c)), f"scores of shape {(n, c)}", None),
        (2 * rng.standard_normal((rows, classes)), f"scores of shape {(rows, classes)}", None),
        (2 * rng.standard_normal((1, classes)), "one row alone", None),
        (2 * rng.standard_normal((square, square)), "as many rows as classes", None),
        (rng.integers(-3, 4, (n, c)), "whole numbers", None),
        ((2 * rng.standard_normal((n, c))).astype(np.float32), "float32", None),
        (
            2 * rng.standard_normal((4, *draw(rng, "C", 5))) + offsets,
            "rows near 0, 1000, −1000 and 30",
            LARGE,
        ),
        (level, "two scores level and the others far behind", LARGE),
        (1e4 * signs * rng.uniform(0.5, 1.0, (n, c)), "scores up to ±10000", LARGE),
    ]


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    return [
        Case((scores,), label=label, sizes=_sizes(scores), tolerance=tolerance)
        for scores, label, tolerance in _scores(rng)
    ]


def _sizes(scores: Array) -> dict[str, int]:
    return {"N": scores.shape[0], "C": scores.shape[1]}


def _cross_entropy_cases(rng: np.random.Generator) -> list[Case]:
    """All kinds of scores, each with at least one row whose true class has the largest score and one where not."""
    cases = []
    for scores, label, tolerance in _scores(rng):
        y = rng.integers(0, scores.shape[1], len(scores))
        y[0] = np.argmin(scores[0])
        y[1:2] = np.argmax(scores[1:2], axis=1)
        cases.append(Case((scores, y), label=label, sizes=_sizes(scores), tolerance=tolerance))
    return [*cases, *_misfits(rng)]


def _misfits(rng: np.random.Generator) -> list[Case]:
    """Labels as a column, and a single one for all rows."""
    n, c = draw(rng, "NC")
    return [
        _mismatch(rng.standard_normal((n, c)), rng.integers(0, c, shape), ("scores", "y"))
        for shape in ((n, 1), (1,))
    ]


def _accuracy_cases(rng: np.random.Generator) -> list[Case]:
    """Some rows right and some wrong, never half of them; no ties, whose reading the text leaves open."""
    n = int(rng.choice([23, 29, 31]))  # a share of a prime has no end in decimals
    c, rows, classes, few, many, square_ = draw(rng, "Cnkfms")
    whole = rng.permuted(np.tile(np.arange(c), (n, 1)), axis=1)
    offsets = 1000.0 * rng.choice([-1.0, 1.0], (n, 1))
    square = rng.standard_normal((square_, square_))
    square[0] += 10  # the largest score of all stands in row 0, where its flat index is also a class
    kinds = [
        (rng.standard_normal((n, c)), f"scores of shape {(n, c)}"),
        (rng.standard_normal((rows, classes)), f"scores of shape {(rows, classes)}"),
        (rng.standard_normal((few, many)), f"scores of shape {(few, many)}"),
        (square, "as many rows as classes"),
        (whole, "whole numbers"),
        (rng.standard_normal((n, c)).astype(np.float32), "float32"),
        (rng.standard_normal((n, c)) + offsets, "rows near 1000 and −1000"),
        (rng.standard_normal((1, many)), "one row alone"),
    ]
    cases: list[Case] = []
    for scores, label in kinds:
        y = _labels_with(rng, scores, right=-(-2 * len(scores) // 3))
        if len(cases) < len(_ENDS):
            _at_the_ends(y, scores, *_ENDS[len(cases)])
        cases.append(Case((scores, y), label=label, sizes=_sizes(scores)))
    return [*cases, *_misfits(rng)]


_ENDS = (True, False), (True, True), (False, True)  # whether the first row is right, and the last one


def _at_the_ends(y: Array, scores: Array, *wanted: bool) -> None:
    """Exchange right and wrong rows until the first and the last are as wanted: loops that count only one of them differ."""
    best, c = scores.argmax(axis=1), scores.shape[1]
    for row, right in zip((len(y) - 1, 0), wanted[::-1], strict=True):
        hits = y == best
        if hits[row] != right:
            other = 1 + int(np.flatnonzero(hits[1:-1] == right)[0])
            off = (y[row] - best[row] if right else y[other] - best[other]) % c
            y[row] = best[row] if right else (best[row] + off) % c
            y[other] = (best[other] + off) % c if right else best[other]


def _labels_with(rng: np.random.Generator, scores: Array, right: int) -> Array:
    """Labels (N,) with which row 0 and `right` − 1 random others are right, and the rest wrong."""
    n, c = scores.shape
    y = np.asarray(scores.argmax(axis=1))
    wrong = 1 + rng.permutation(n - 1)[right - 1 :]
    y[wrong] = (y[wrong] + rng.integers(1, c, len(wrong))) % c
    return y


EXERCISES = (
    Exercise(
        name="mse",
        lesson=LESSON,
        signature="mse(pred, y) -> loss",
        returns=("loss",),
        quantities=(Quantity("loss", "()", "the mean of the squared errors over every entry"), REFUSED),
        cases=_mse_cases,
        reference=losses.mse,
        run=_or_refused,
    ),
    Exercise(
        name="softmax",
        lesson=LESSON,
        signature="softmax(scores) -> p",
        returns=("p",),
        quantities=(Quantity("p", "(N, C)", "the probabilities, row by row"),),
        cases=_softmax_cases,
        reference=losses.softmax,
    ),
    Exercise(
        name="log_softmax",
        lesson=LESSON,
        signature="log_softmax(scores) -> log_p",
        returns=("log_p",),
        quantities=(Quantity("log_p", "(N, C)", "the logarithms of the probabilities, row by row"),),
        cases=_softmax_cases,
        reference=losses.log_softmax,
    ),
    Exercise(
        name="cross_entropy",
        lesson=LESSON,
        signature="cross_entropy(scores, y) -> loss",
        returns=("loss",),
        quantities=(
            Quantity("loss", "()", "the mean over the rows of −log of the true class's probability"),
            REFUSED,
        ),
        cases=_cross_entropy_cases,
        reference=losses.cross_entropy,
        run=_or_refused,
    ),
    Exercise(
        name="accuracy",
        lesson=LESSON,
        signature="accuracy(scores, y) -> share",
        returns=("share",),
        quantities=(Quantity("share", "()", "the share of rows that are right"), REFUSED),
        cases=_accuracy_cases,
        reference=losses.accuracy,
        run=_or_refused,
    ),
)
