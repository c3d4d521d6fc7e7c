"""Wrong solutions of lesson 02. Each has one mistake and is right in everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.losses import log_softmax, softmax
from backprop_helpers.misconceptions.spec import Misconception

Array = NDArray[Any]
COUNTED_SHIFT = "counted in public course solutions (20)"
COUNTED_UNDERFLOW = "counted in public course solutions (12)"
COUNTED_MEAN = "counted in public course solutions (3)"
COUNTED_EVERY = "counted in public course solutions (2)"
COUNTED_KEEPDIMS = "counted in public course solutions (1)"
COUNTED_RAW = "counted in public course solutions (1)"
DESIGN = "course design"


def _equal(pred: Array, y: Array) -> None:
    if pred.shape != y.shape:
        raise ValueError("shapes differ")


def _one_each(scores: Array, y: Array) -> None:
    if y.shape != (len(scores),):
        raise ValueError("one label per row")


# What else than a ValueError a learner raises to refuse; IndexError is also what a wrong index stops with.
OTHER_ERRORS = (TypeError, Exception, RuntimeError, IndexError, AttributeError)


def _mse_refuses_with(error: type[Exception]) -> Callable[[Array, Array], Any]:
    def wrong(pred: Array, y: Array) -> Any:
        if pred.shape != y.shape:
            raise error("shapes differ")
        return np.mean((pred - y) ** 2)

    return wrong


def _of_errors(reduce: Callable[[Array], Any]) -> Callable[[Array, Array], Any]:
    """An mse that checks its shapes and then does `reduce` to pred − y."""

    def wrong(pred: Array, y: Array) -> Any:
        _equal(pred, y)
        return reduce(pred - y)

    return wrong


def _mse_mean_of_rows(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    return np.sum((pred - y) ** 2) / len(pred)


def _mse_squares_first(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    return np.mean(pred**2 - y**2)


def _mse_any_shapes(pred: Array, y: Array) -> Any:
    return np.mean((pred - y) ** 2)


def _mse_size_only(pred: Array, y: Array) -> Any:
    if pred.size != y.size:
        raise ValueError("sizes differ")
    return np.mean((pred - y) ** 2)


def _mse_length_only(pred: Array, y: Array) -> Any:
    if len(pred) != len(y):
        raise ValueError("lengths differ")
    return np.mean((pred - y) ** 2)


def _mse_in_place(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    pred -= y
    return np.mean(pred**2)


def _mse_truncated(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    squares = np.zeros_like(pred)
    squares[...] = (pred - y) ** 2
    return np.mean(squares)


def _mse_brackets(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    return np.mean(pred - y**2)


def _mse_turned_round(pred: Array, y: Array) -> Any:
    if pred.shape == y.shape:
        raise ValueError("shapes differ")
    return np.mean((pred - y) ** 2)


def _mse_two_axes(pred: Array, y: Array) -> Any:
    _equal(pred, y)
    total = 0.0
    for n in range(pred.shape[0]):
        for k in range(pred.shape[1]):
            total += (pred[n, k] - y[n, k]) ** 2
    return total / pred.size


MSE = (
    Misconception(
        "mse-sum",
        "mse",
        _of_errors(lambda e: np.sum(e**2)),
        "the loss is the sum of the squared errors; it should be their mean, or it grows with the amount of data.",
        "Show the same data twice: should the loss become larger? What has to be divided by what?",
        COUNTED_MEAN,
    ),
    Misconception(
        "mse-shapes-not-checked",
        "mse",
        _mse_any_shapes,
        "shapes that differ are taken: NumPy then stretches both arrays, and every prediction is compared with every target.",
        "Print (pred - y).shape for shapes (6,) and (6, 1). What should happen before the subtraction?",
        DESIGN,
    ),
    Misconception(
        "mse-mean-over-rows-only",
        "mse",
        _mse_mean_of_rows,
        "the sum of the squared errors is divided by the number of rows; this course's mean is over every entry.",
        "How many squared errors does a prediction of shape (5, 3) have?",
        DESIGN,
    ),
    Misconception(
        "mse-divided-by-columns",
        "mse",
        _of_errors(lambda e: np.sum(e**2) / e.shape[-1]),
        "the sum of the squared errors is divided by the length of the last axis; it should be divided by the number of all entries.",
        "Which number belongs to all axes together?",
        DESIGN,
    ),
    Misconception(
        "mse-half",
        "mse",
        _of_errors(lambda e: np.mean(e**2) / 2),
        "the loss is half of what it should be: a factor ½ stands in it, which some books use and this course does not.",
        "Compare with the formula on the page: does it have a ½?",
        DESIGN,
    ),
    Misconception(
        "mse-root",
        "mse",
        _of_errors(lambda e: np.sqrt(np.mean(e**2))),
        "the loss is the root of the mean squared error (RMSE); the squared one was asked for.",
        "Read the last step of the formula once more: what comes after the mean?",
        DESIGN,
    ),
    Misconception(
        "mse-absolute",
        "mse",
        _of_errors(lambda e: np.mean(np.abs(e))),
        "the loss is the mean of the absolute errors (MAE); each error should be squared.",
        "What happens to an error of 2 in the formula? And to one of 10?",
        DESIGN,
    ),
    Misconception(
        "mse-not-squared",
        "mse",
        _of_errors(lambda e: np.mean(e)),
        "the mean of the errors is taken without their squares, so errors up and errors down cancel; `* 2` only doubles them.",
        "What is the loss of the two errors +3 and −3?",
        DESIGN,
        also=(_of_errors(lambda e: np.mean(2 * e)),),
    ),
    Misconception(
        "mse-square-of-the-mean",
        "mse",
        _of_errors(lambda e: np.mean(e) ** 2),
        "the mean is taken first and squared afterwards, so errors up and down cancel; the squares come first, then their mean.",
        "What is the loss of the two errors +3 and −3?",
        DESIGN,
    ),
    Misconception(
        "mse-squares-before-difference",
        "mse",
        _mse_squares_first,
        "pred² − y² was averaged; the difference has to be taken before squaring, as (pred − y)² is not pred² − y².",
        "Try pred = −2 and y = 2 by hand.",
        DESIGN,
    ),
    Misconception(
        "mse-one-less",
        "mse",
        _of_errors(lambda e: np.sum(e**2) / (e.size - 1)),
        "the sum of the squared errors is divided by one less than the number of entries, as for a sample variance; a loss divides by the number itself.",
        "What does your function give for one single prediction?",
        DESIGN,
    ),
    Misconception(
        "mse-one-for-each-column",
        "mse",
        _of_errors(lambda e: np.mean(e**2, axis=0)),
        "the mean runs over the rows alone and leaves one number per column; the loss is one number for everything.",
        "A loss is one number. Which axes are still there at the end?",
        DESIGN,
    ),
    Misconception(
        "mse-not-reduced",
        "mse",
        _of_errors(lambda e: e**2),
        "the squared errors come back one by one; their mean, a single number, was asked for.",
        "The squares are there. What turns many numbers into one?",
        DESIGN,
    ),
    Misconception(
        "mse-compares-sizes-only",
        "mse",
        _mse_size_only,
        "only the number of entries is compared: (6,) and (6, 1) both hold 6 and are taken, and then give a 6 × 6 table of differences.",
        "Two arrays fit when more than their number of entries agrees. What says everything about an array's form?",
        DESIGN,
    ),
    Misconception(
        "mse-compares-lengths-only",
        "mse",
        _mse_length_only,
        "only the first axis is compared: (4, 3) and (4, 1) both have length 4 and are taken, and NumPy stretches the second.",
        "len looks at one axis. What says everything about an array's form?",
        DESIGN,
    ),
    Misconception(
        "mse-changes-pred",
        "mse",
        _mse_in_place,
        "the loss is found by overwriting pred with the errors; whoever called mse still needs pred as it was.",
        "Which operator makes a new array, and which writes into the old one?",
        DESIGN,
    ),
    Misconception(
        "mse-whole-numbers",
        "mse",
        _mse_truncated,
        "the squares are written into an array made like pred; when pred holds whole numbers, everything behind the decimal point is lost.",
        "What dtype does the array have that you write into, and where does it get it from?",
        DESIGN,
    ),
    Misconception(
        "mse-two-axes-only",
        "mse",
        _mse_two_axes,
        "it works for pred and y with two axes only; they may have any number of axes, as (N,).",
        "NumPy subtracts, squares and averages arrays of any shape without a loop.",
        DESIGN,
    ),
    Misconception(
        "mse-only-y-squared",
        "mse",
        _mse_brackets,
        "y alone is squared: without brackets ** binds more tightly than −.",
        "Write pred − y² and (pred − y)² side by side. Which one is in your code?",
        DESIGN,
    ),
    Misconception(
        "mse-root-over-the-number",
        "mse",
        _of_errors(lambda e: np.linalg.norm(e.ravel()) / e.size),
        "the length of the error vector is divided by the number of entries; np.linalg.norm takes a root that is not asked for.",
        "What does np.linalg.norm do after it has added up the squares?",
        DESIGN,
    ),
    Misconception(
        "mse-length-of-the-errors",
        "mse",
        _of_errors(lambda e: np.linalg.norm(e.ravel())),
        "the loss is the length of the error vector, the root of the sum of squares; asked for is the mean of the squares.",
        "What does np.linalg.norm do after it has added up the squares, and what does it not divide by?",
        DESIGN,
    ),
    Misconception(
        "mse-last-square-only",
        "mse",
        _of_errors(lambda e: e.ravel()[-1] ** 2 / e.size),
        "only the last square is left; all of them add up.",
        "What is the difference between = and += inside a loop?",
        DESIGN,
        also=(_of_errors(lambda e: e.ravel()[-1] ** 2),),
    ),
    Misconception(
        "mse-refuses-what-fits",
        "mse",
        _mse_turned_round,
        "shapes that fit are refused, and shapes that do not fit are taken: the condition is turned round.",
        "When should the raise be reached: if the shapes are equal, or if they are not?",
        DESIGN,
    ),
    Misconception(
        "mse-refuses-with-another-error",
        "mse",
        _mse_refuses_with(OTHER_ERRORS[0]),
        "on shapes that do not fit it stops with another exception than ValueError; whoever calls mse counts on that one.",
        "Which exception does the docstring name?",
        DESIGN,
        also=tuple(map(_mse_refuses_with, OTHER_ERRORS[1:])),
    ),
)


def _exponentials(scores: Array) -> Array:
    return np.asarray(np.exp(scores - scores.max(axis=1, keepdims=True)))


def _naive(scores: Array) -> Array:
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _softmax_global_max(scores: Array) -> Array:
    return _naive(scores - scores.max())


def _softmax_column_max(scores: Array) -> Array:
    return _naive(scores - scores.max(axis=0))


def _softmax_wrong_axis(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=0))
    return np.asarray(powers / powers.sum(axis=0))


def _softmax_sum_of_columns(scores: Array) -> Array:
    powers = _exponentials(scores)
    return np.asarray(powers / powers.sum(axis=0))


def _softmax_sum_of_all(scores: Array) -> Array:
    powers = _exponentials(scores)
    return np.asarray(powers / powers.sum())


def _softmax_sum_without_keepdims(scores: Array) -> Array:
    powers = _exponentials(scores)
    return np.asarray(powers / powers.sum(axis=1))


def _softmax_max_without_keepdims(scores: Array) -> Array:
    return _naive(scores - scores.max(axis=1))


def _softmax_max_and_sum_without_keepdims(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1))
    return np.asarray(powers / powers.sum(axis=1))


def _as_they_are(scores: Array) -> Array:
    return scores


def _minus_one_max(scores: Array) -> Array:
    return np.asarray(scores - scores.max())


def _minus_column_max(scores: Array) -> Array:
    return np.asarray(scores - scores.max(axis=0))


def _softmax_lost_sum_after(shift: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A sum without its axis behind another mistake: it stops the function, so it is what must be said first."""

    def wrong(scores: Array) -> Array:
        powers = np.exp(shift(scores))
        return np.asarray(powers / powers.sum(axis=1))

    return wrong


def _softmax_no_exponentials(scores: Array) -> Array:
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _softmax_reversed(scores: Array) -> Array:
    return softmax(-scores)


def _softmax_sigmoid(scores: Array) -> Array:
    return np.asarray(np.where(scores >= 0, 1.0, _small(scores)) / (1 + _small(scores)))


def _small(scores: Array) -> Array:
    return np.asarray(np.exp(-np.abs(scores)))


def _softmax_mean(scores: Array) -> Array:
    powers = _exponentials(scores)
    return np.asarray(powers / powers.mean(axis=1, keepdims=True))


def _softmax_in_place(scores: Array) -> Array:
    scores -= scores.max(axis=1, keepdims=True)
    return _naive(scores)


def _softmax_truncated(scores: Array) -> Array:
    p = np.zeros_like(scores)
    p[...] = softmax(scores)
    return p


def _softmax_base_two(scores: Array) -> Array:
    return softmax(scores * np.log(2))


def _softmax_hard(scores: Array) -> Array:
    return np.asarray(scores == scores.max(axis=1, keepdims=True), dtype=float)


def _softmax_shifted_by(lower: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """softmax of scores from which something else than the row's maximum was subtracted."""
    return lambda scores: _naive(scores - lower(scores))


def _softmax_plus(constant: float) -> Callable[[Array], Array]:
    """softmax with a small number added to the sum of the exponentials."""

    def wrong(scores: Array) -> Array:
        powers = _exponentials(scores)
        return np.asarray(powers / (powers.sum(axis=1, keepdims=True) + constant))

    return wrong


def _softmax_of_clipped(limit: float) -> Callable[[Array], Array]:
    return lambda scores: softmax(np.clip(scores, -limit, limit))


def _softmax_shift_after_exp(scores: Array) -> Array:
    powers = np.exp(scores)
    powers = powers - powers.max(axis=1, keepdims=True)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _softmax_shift_above_only(scores: Array) -> Array:
    return np.asarray(_exponentials(scores) / np.exp(scores).sum(axis=1, keepdims=True))


def _softmax_of_all(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


SOFTMAX = (
    Misconception(
        "softmax-no-max-shift",
        "softmax",
        _naive,
        "p is right for small scores, but exp is taken of the scores as they are: it overflows near 710 and p becomes nan.",
        "Which number can be subtracted from all scores of a row without changing the probabilities, and which choice keeps exp at or below 1?",
        COUNTED_SHIFT,
    ),
    Misconception(
        "softmax-max-without-keepdims",
        "softmax",
        _softmax_max_without_keepdims,
        "the rows' maxima have lost their second axis: NumPy takes (N,) for one number per column of (N, C) instead of one per row (`keepdims`).",
        "Print the shape of the maxima. What shape must they have so that each row meets its own?",
        COUNTED_KEEPDIMS,
        also=(_softmax_max_and_sum_without_keepdims,),
    ),
    Misconception(
        "softmax-sum-without-keepdims",
        "softmax",
        _softmax_sum_without_keepdims,
        "the rows' sums have lost their second axis: NumPy takes (N,) for one number per column of (N, C) instead of one per row (`keepdims`).",
        "Print the shape of the sums. What shape must they have so that each row is divided by its own?",
        DESIGN,
        also=tuple(map(_softmax_lost_sum_after, (_as_they_are, _minus_one_max, _minus_column_max))),
    ),
    Misconception(
        "softmax-wrong-axis",
        "softmax",
        _softmax_wrong_axis,
        "p adds up to 1 down each column, so the examples of a batch share a probability; each row should add up to 1.",
        "Which axis holds the classes of one example?",
        DESIGN,
    ),
    Misconception(
        "softmax-sum-over-columns",
        "softmax",
        _softmax_sum_of_columns,
        "the maximum is each row's own, but the sum of the exponentials runs down the columns; both belong to one row.",
        "Two reductions, one axis: which of them looks along the other?",
        DESIGN,
    ),
    Misconception(
        "softmax-sum-over-everything",
        "softmax",
        _softmax_sum_of_all,
        "the exponentials are divided by their sum over the whole array, so all rows together add up to 1; each row should.",
        "Add up p along each row. What comes out, and what should?",
        DESIGN,
        also=(_softmax_of_all,),
    ),
    Misconception(
        "softmax-one-max-for-all",
        "softmax",
        _softmax_global_max,
        "one maximum of the whole array is subtracted from every row: a row far below it turns to exp(−2000) = 0, and 0/0 is nan.",
        "Two rows, one near 1000 and one near −1000: which maximum suits each?",
        DESIGN,
    ),
    Misconception(
        "softmax-shift-by-columns",
        "softmax",
        _softmax_column_max,
        "each column's maximum is subtracted; inside a row that takes different amounts from different classes, which changes p.",
        "A shift leaves p alone only when all scores of one row get the same. Which axis is the maximum taken over?",
        DESIGN,
    ),
    Misconception(
        "softmax-not-exponentiated",
        "softmax",
        _softmax_no_exponentials,
        "the scores themselves are divided by their sum, without exp: p can then be negative.",
        "What makes every score positive before the division?",
        DESIGN,
    ),
    Misconception(
        "softmax-not-divided",
        "softmax",
        _exponentials,
        "p holds exponentials of which the largest is 1; they are not divided by the row's sum, so a row does not add up to 1.",
        "The numbers are positive now. Add up p along each row: what comes out?",
        DESIGN,
    ),
    Misconception(
        "softmax-reversed",
        "softmax",
        _softmax_reversed,
        "the smallest score gets the largest probability: the sign of the exponent is turned round.",
        "What is subtracted from what before exp?",
        DESIGN,
    ),
    Misconception(
        "softmax-is-sigmoid",
        "softmax",
        _softmax_sigmoid,
        "p is the sigmoid of each score by itself; in softmax the classes of a row share a total of 1.",
        "If one class's score grows, what happens to the others' probabilities?",
        DESIGN,
    ),
    Misconception(
        "softmax-divided-by-mean",
        "softmax",
        _softmax_mean,
        "the exponentials are divided by the row's mean, so each row adds up to C; they should be divided by the row's sum.",
        "Add up p along each row. What comes out?",
        DESIGN,
    ),
    Misconception(
        "softmax-returns-logarithms",
        "softmax",
        log_softmax,
        "p holds logarithms of probabilities: every entry is 0 or below.",
        "Can a probability be negative? Which step is one too many?",
        DESIGN,
    ),
    Misconception(
        "softmax-base-two",
        "softmax",
        _softmax_base_two,
        "powers of 2 are taken where powers of e belong, so p is flatter than it should be.",
        "Which function of NumPy is the e-function?",
        DESIGN,
    ),
    Misconception(
        "softmax-hard",
        "softmax",
        _softmax_hard,
        "p is 1 at the largest score and 0 elsewhere; softmax gives every class its share.",
        "The soft in softmax: what do the other classes keep?",
        DESIGN,
    ),
    Misconception(
        "softmax-changes-scores",
        "softmax",
        _softmax_in_place,
        "p is right, but the maximum is subtracted from scores itself; whoever called softmax still needs scores as they were.",
        "Which operator makes a new array, and which writes into the old one?",
        "counted in public course solutions (in-place changes of an argument: 15)",
    ),
    Misconception(
        "softmax-whole-numbers",
        "softmax",
        _softmax_truncated,
        "p is written into an array made like scores; when scores are whole numbers, every probability below 1 becomes 0.",
        "What dtype does the array have that you write into, and where does it get it from?",
        DESIGN,
    ),
    Misconception(
        "softmax-shift-not-the-maximum",
        "softmax",
        _softmax_shifted_by(lambda s: s.min(axis=1, keepdims=True)),
        "something smaller than the row's largest score is subtracted: exponents above 0 are left, and exp still overflows.",
        "Which number must be taken away so that the largest exponent is 0?",
        DESIGN,
        also=(
            _softmax_shifted_by(lambda s: s.mean(axis=1, keepdims=True)),
            _softmax_shifted_by(lambda s: -s.max(axis=1, keepdims=True)),
        ),
    ),
    Misconception(
        "softmax-scaled-not-shifted",
        "softmax",
        lambda s: softmax(s / s.max(axis=1, keepdims=True)),
        "the scores are divided by the row's largest one; only a shift leaves p as it is, and dividing makes it flatter or steeper.",
        "What cancels when exp(s − m) stands above and below the line, and does anything cancel with exp(s / m)?",
        DESIGN,
        also=(lambda s: softmax(s / np.abs(s).max()), lambda s: softmax(s / s.max())),
    ),
    Misconception(
        "softmax-small-constant",
        "softmax",
        _softmax_plus(1e-8),
        "a small constant is added below the line, so a row adds up to a little less than 1; with the shift the sum is never below 1.",
        "How small can the sum be, when the largest exponent is 0?",
        DESIGN,
        also=tuple(map(_softmax_plus, (1e-3, 1e-4, 1e-5, 1e-6, 1e-7))),
    ),
    Misconception(
        "softmax-scores-clipped",
        "softmax",
        _softmax_of_clipped(700.0),
        "the scores are cut off before exp: two that lie beyond the limit get the same probability, whatever lies between them.",
        "Which of the scores 800 and 900 should win, and by how much?",
        DESIGN,
        also=tuple(map(_softmax_of_clipped, (20.0, 50.0, 88.0, 100.0, 500.0, 600.0, 709.0))),
    ),
    Misconception(
        "softmax-nan-replaced",
        "softmax",
        lambda s: np.nan_to_num(_naive(s)),
        "exp overflows, and the nan that comes of it is replaced by a number: such a row no longer adds up to 1.",
        "Which number can be subtracted from all scores of a row without changing the probabilities?",
        COUNTED_SHIFT,
    ),
    Misconception(
        "softmax-shift-after-exp",
        "softmax",
        _softmax_shift_after_exp,
        "the maximum is subtracted from the exponentials; it has to be subtracted from the scores, before exp.",
        "In which order do the shift and exp come in the derivation?",
        DESIGN,
    ),
    Misconception(
        "softmax-shift-above-only",
        "softmax",
        _softmax_shift_above_only,
        "the scores are shifted above the line and not below it, so nothing cancels.",
        "In how many places of the formula do the scores stand?",
        DESIGN,
    ),
)


def _shifted(scores: Array) -> Array:
    return np.asarray(scores - scores.max(axis=1, keepdims=True))


def _log_sum(scores: Array, log: Any = np.log) -> Array:
    return np.asarray(log(np.exp(scores).sum(axis=1, keepdims=True)))


def _log_of_softmax(scores: Array) -> Array:
    return np.asarray(np.log(softmax(scores)))


def _log_softmax_no_shift(scores: Array) -> Array:
    return np.asarray(scores - _log_sum(scores))


def _log_naive(scores: Array) -> Array:
    return np.asarray(np.log(_naive(scores)))


# Constants people really put into the logarithm; some clip instead of adding.
SMALL = (1e-12, 1e-300, 1e-100, 1e-20, 1e-16, 1e-15, 1e-14, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)


def _log_softmax_plus(constant: float) -> Callable[[Array], Array]:
    return lambda scores: np.asarray(np.log(softmax(scores) + constant))


def _log_softmax_clipped(constant: float) -> Callable[[Array], Array]:
    return lambda scores: np.asarray(np.log(np.maximum(softmax(scores), constant)))


def _log_softmax_shift_lost(scores: Array) -> Array:
    return np.asarray(scores - _log_sum(_shifted(scores)))


def _log_softmax_shift_once(scores: Array) -> Array:
    return np.asarray(_shifted(scores) - _log_sum(scores))


def _log_softmax_global_max(scores: Array) -> Array:
    return _log_softmax_no_shift(scores - scores.max())


def _log_softmax_wrong_axis(scores: Array) -> Array:
    return np.asarray(log_softmax(scores.T).T)


def _log_softmax_sum_of_all(scores: Array) -> Array:
    shifted = _shifted(scores)
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def _log_softmax_without_keepdims(scores: Array) -> Array:
    shifted = _shifted(scores)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1)))


def _log_softmax_max_without_keepdims(scores: Array) -> Array:
    return _log_softmax_no_shift(scores - scores.max(axis=1))


def _log_softmax_max_and_sum_without_keepdims(scores: Array) -> Array:
    return _log_softmax_lost_sum_after(lambda s: np.asarray(s - s.max(axis=1)))(scores)


def _log_softmax_lost_sum_after(shift: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A sum without its axis behind another mistake: it stops the function, so it is what must be said first."""

    def wrong(scores: Array) -> Array:
        shifted = shift(scores)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1)))

    return wrong


def _log_softmax_negative(scores: Array) -> Array:
    return -log_softmax(scores)


def _log_softmax_added(scores: Array) -> Array:
    return np.asarray(_shifted(scores) + _log_sum(_shifted(scores)))


def _log_softmax_sum_of_logs(scores: Array) -> Array:
    shifted = _shifted(scores)
    return np.asarray(shifted - shifted.sum(axis=1, keepdims=True))


def _log_softmax_of_each(scores: Array, shift: bool = True, **over: Any) -> Array:
    """The logarithm of every exponential, added up afterwards: −∞ where an exponential is rounded to 0."""
    before = _shifted(scores) if shift else scores
    return np.asarray(before - np.log(np.exp(before)).sum(**over))


def _log_softmax_divided(scores: Array) -> Array:
    return np.asarray(_shifted(scores) / _log_sum(_shifted(scores)))


def _log_softmax_no_log(scores: Array) -> Array:
    shifted = _shifted(scores)
    return np.asarray(shifted - np.exp(shifted).sum(axis=1, keepdims=True))


def _log_softmax_mean_inside(scores: Array) -> Array:
    return np.asarray(log_softmax(scores) + np.log(scores.shape[1]))


def _log_softmax_base_two(scores: Array) -> Array:
    return np.asarray(log_softmax(scores) / np.log(2))


def _log_softmax_mixed_base(scores: Array) -> Array:
    return np.asarray(_shifted(scores) - _log_sum(_shifted(scores), np.log2))


def _log_softmax_in_place(scores: Array) -> Array:
    scores -= scores.max(axis=1, keepdims=True)
    return np.asarray(scores - _log_sum(scores))


def _log_softmax_truncated(scores: Array) -> Array:
    log_p = np.zeros_like(scores)
    log_p[...] = log_softmax(scores)
    return log_p


def _log_softmax_parts(
    shift: Callable[[Array], Array] = lambda s: s.max(axis=1, keepdims=True),
    total: Callable[[Array], Array] = lambda e: e.sum(axis=1, keepdims=True),
    log: Callable[[Array], Array] = np.log,
) -> Callable[[Array], Array]:
    """s − m − log Σ exp(s − m) with its own m, its own sum or its own logarithm."""

    def wrong(scores: Array) -> Array:
        shifted = scores - shift(scores)
        return np.asarray(shifted - log(total(np.exp(shifted))))

    return wrong


LOG_SOFTMAX = (
    Misconception(
        "log-softmax-of-softmax",
        "log_softmax",
        _log_of_softmax,
        "the logarithm is taken of the finished probabilities: one far behind has become exactly 0, and log 0 is −∞.",
        "Take the logarithm of the quotient on paper: which part needs no exp at all?",
        COUNTED_UNDERFLOW,
    ),
    Misconception(
        "log-softmax-no-max-shift",
        "log_softmax",
        _log_softmax_no_shift,
        "log Σ exp is taken of the scores as they are: exp overflows near 710 and underflows near −746, and the result is infinite.",
        "Which number can be taken out of the sum of exponentials, so that the largest of them is exp(0)?",
        COUNTED_SHIFT,
    ),
    Misconception(
        "log-softmax-of-naive-softmax",
        "log_softmax",
        _log_naive,
        "the logarithm is taken of a softmax without a shift: exp overflows near 710, and the result is nan or −∞.",
        "Shift each row first. Then take the logarithm of the quotient on paper: which part needs no exp at all?",
        COUNTED_SHIFT,
    ),
    Misconception(
        "log-softmax-small-constant",
        "log_softmax",
        _log_softmax_plus(SMALL[0]),
        "a small constant inside the logarithm (or clipping the probability) hides log 0: everything far behind gets one and the same logarithm, whatever its score.",
        "No constant is needed when the logarithm never sees a 0. Which part of log(a/b) = log a − log b needs no exp at all?",
        COUNTED_UNDERFLOW,
        also=(*map(_log_softmax_plus, SMALL[1:]), *map(_log_softmax_clipped, SMALL[1:])),
    ),
    Misconception(
        "log-softmax-shift-lost",
        "log_softmax",
        _log_softmax_shift_lost,
        "the maximum is subtracted inside the sum but not from the score in front: log_p is too large by the row's maximum.",
        "In how many places of the formula do the scores stand?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-shift-in-front-only",
        "log_softmax",
        _log_softmax_shift_once,
        "the maximum is subtracted from the score in front but not inside the sum: log_p is too small by the row's maximum, and exp still overflows.",
        "In how many places of the formula do the scores stand?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-one-max-for-all",
        "log_softmax",
        _log_softmax_global_max,
        "one maximum of the whole array is subtracted from every row: in a row far below it every exponential is 0, and log 0 is −∞.",
        "Two rows, one near 1000 and one near −1000: which maximum suits each?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-wrong-axis",
        "log_softmax",
        _log_softmax_wrong_axis,
        "the exponentials add up to 1 down each column, so the examples of a batch share a probability; each row should add up to 1.",
        "Which axis holds the classes of one example?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-sum-over-everything",
        "log_softmax",
        _log_softmax_sum_of_all,
        "the exponentials are added up over the whole array; each row has its own sum.",
        "Add up exp(log_p) along each row. What comes out, and what should?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-sum-without-keepdims",
        "log_softmax",
        _log_softmax_without_keepdims,
        "the rows' sums have lost their second axis: NumPy takes (N,) for one number per column of (N, C) instead of one per row (`keepdims`).",
        "Print the shape of the sums. What shape must they have so that each row meets its own?",
        COUNTED_KEEPDIMS,
        also=tuple(map(_log_softmax_lost_sum_after, (_as_they_are, _minus_one_max, _minus_column_max))),
    ),
    Misconception(
        "log-softmax-max-without-keepdims",
        "log_softmax",
        _log_softmax_max_without_keepdims,
        "the rows' maxima have lost their second axis: NumPy takes (N,) for one number per column of (N, C) instead of one per row (`keepdims`).",
        "Print the shape of the maxima. What shape must they have so that each row meets its own?",
        COUNTED_KEEPDIMS,
        also=(_log_softmax_max_and_sum_without_keepdims,),
    ),
    Misconception(
        "log-softmax-negative",
        "log_softmax",
        _log_softmax_negative,
        "log_p has the wrong sign: it is −log p, which belongs to the loss. The logarithm of a probability is 0 or below.",
        "Which of the two terms is subtracted from which?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-sum-added",
        "log_softmax",
        _log_softmax_added,
        "the logarithm of the sum is added; a division inside a logarithm turns into a subtraction.",
        "log(a/b) is log a … log b: which sign?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-quotient-of-logs",
        "log_softmax",
        _log_softmax_divided,
        "the score is divided by the logarithm of the sum; a division inside a logarithm turns into a subtraction.",
        "log(a/b) is not log a / log b. What is it?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-sum-of-logs",
        "log_softmax",
        _log_softmax_sum_of_logs,
        "log and sum have changed places: that adds up the scores themselves, but log Σ exp is not Σ log exp.",
        "Which comes first, the sum or the logarithm? Try two scores of 0 by hand.",
        DESIGN,
        also=(
            lambda s: _log_softmax_of_each(s, axis=1, keepdims=True),
            lambda s: _log_softmax_of_each(s, shift=False, axis=1, keepdims=True),
        ),
    ),
    Misconception(
        "log-softmax-sum-of-all-logs",
        "log_softmax",
        lambda s: _log_softmax_of_each(s),
        "log and sum have changed places, and the sum runs over the whole array: each row needs the logarithm of its own sum of exponentials.",
        "Which comes first, the sum or the logarithm, and which axis disappears? Try one row with two scores of 0 by hand.",
        DESIGN,
        also=(lambda s: _log_softmax_of_each(s, shift=False),),
    ),
    Misconception(
        "log-softmax-sum-not-logged",
        "log_softmax",
        _log_softmax_no_log,
        "the sum of the exponentials is subtracted itself, not its logarithm.",
        "Take the logarithm of numerator and denominator: what becomes of the denominator?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-normaliser-missing",
        "log_softmax",
        _shifted,
        "only the row's maximum is subtracted; the logarithm of the sum of exponentials is missing.",
        "Add up exp(log_p) along each row. What comes out, and what should?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-mean-inside",
        "log_softmax",
        _log_softmax_mean_inside,
        "the mean of the exponentials is taken where their sum belongs: log_p is too large by log C.",
        "Add up exp(log_p) along each row. What comes out, and what should?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-returns-probabilities",
        "log_softmax",
        softmax,
        "log_p holds the probabilities; their logarithms were asked for.",
        "Each entry should be 0 or below. Which step is missing?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-base-two",
        "log_softmax",
        _log_softmax_base_two,
        "the logarithm is to base 2 (bits); this course uses the natural logarithm (nats).",
        "Which function of NumPy undoes np.exp?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-mixed-bases",
        "log_softmax",
        _log_softmax_mixed_base,
        "the logarithm of the sum is to base 2 while the exponentials are powers of e.",
        "Which function of NumPy undoes np.exp?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-changes-scores",
        "log_softmax",
        _log_softmax_in_place,
        "log_p is right, but the maximum is subtracted from scores itself; whoever called log_softmax still needs scores as they were.",
        "Which operator makes a new array, and which writes into the old one?",
        "counted in public course solutions (in-place changes of an argument: 15)",
    ),
    Misconception(
        "log-softmax-whole-numbers",
        "log_softmax",
        _log_softmax_truncated,
        "log_p is written into an array made like scores; when scores are whole numbers, everything behind the decimal point is lost.",
        "What dtype does the array have that you write into, and where does it get it from?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-shift-not-the-maximum",
        "log_softmax",
        _log_softmax_parts(shift=lambda s: s.min(axis=1, keepdims=True)),
        "something smaller than the row's largest score is subtracted: exponents above 0 are left, and exp still overflows.",
        "Which number must be taken away so that the largest exponent is 0?",
        DESIGN,
        also=(_log_softmax_parts(shift=lambda s: s.mean(axis=1, keepdims=True)),),
    ),
    Misconception(
        "log-softmax-sum-over-columns",
        "log_softmax",
        _log_softmax_parts(total=lambda e: e.sum(axis=0)),
        "the sum of the exponentials runs down the columns; each row has its own sum.",
        "Which axis holds the classes of one example? Python's own sum adds up whole rows.",
        DESIGN,
    ),
    Misconception(
        "log-softmax-log-of-one-more",
        "log_softmax",
        _log_softmax_parts(log=np.log1p),
        "the logarithm is taken of 1 + the sum: np.log1p adds the 1.",
        "What does np.log1p(0) give, and what does np.log(1)?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-base-ten",
        "log_softmax",
        lambda s: log_softmax(s) / np.log(10),
        "the logarithm is to base 10; this course uses the natural logarithm.",
        "Which function of NumPy undoes np.exp?",
        DESIGN,
    ),
    Misconception(
        "log-softmax-only-likely-classes",
        "log_softmax",
        lambda s: np.where(softmax(s) > 0, log_softmax(s), 0.0),
        "where the probability is rounded to 0 its logarithm is put down as 0, which is the logarithm of 1.",
        "Row (0, 800): what does the formula of step 3 give for the first class?",
        COUNTED_UNDERFLOW,
    ),
)


def _own(log_p: Array, y: Array) -> Array:
    """Each row's entry at its label."""
    return np.asarray(log_p[np.arange(len(y)), y])


def _of_log_p(reduce: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Any]:
    """A cross-entropy that checks its shapes and then does `reduce` to the log-probabilities and y."""

    def wrong(scores: Array, y: Array) -> Any:
        _one_each(scores, y)
        return reduce(log_softmax(scores), y)

    return wrong


def _of_scores(reduce: Callable[[Array, Array], Any]) -> Callable[[Array, Array], Any]:
    def wrong(scores: Array, y: Array) -> Any:
        _one_each(scores, y)
        return reduce(scores, y)

    return wrong


def _loss_of(log_p: Callable[[Array], Array]) -> Callable[[Array, Array], Any]:
    return _of_scores(lambda s, y: -np.mean(_own(log_p(s), y)))


def _ce_plus(constant: float) -> Callable[[Array, Array], Any]:
    return _of_scores(lambda s, y: -np.log(_own(softmax(s), y) + constant).mean())


def _ce_clipped(constant: float) -> Callable[[Array, Array], Any]:
    return _of_scores(lambda s, y: -np.log(np.maximum(_own(softmax(s), y), constant)).mean())


def _ce_any_shapes(scores: Array, y: Array) -> Any:
    return -log_softmax(scores)[np.arange(len(scores)), y].mean()


def _ce_length_only(scores: Array, y: Array) -> Any:
    if len(scores) != len(y):
        raise ValueError("lengths differ")
    return _ce_any_shapes(scores, y)


def _ce_in_place(scores: Array, y: Array) -> Any:
    _one_each(scores, y)
    scores -= scores.max(axis=1, keepdims=True)
    return -_own(log_softmax(scores), y).mean()


def _binary(scores: Array, y: Array) -> Any:
    p = softmax(scores)
    truth = np.eye(scores.shape[1])[y]
    return -np.log(np.where(truth > 0, p, 1 - p)).sum(axis=1).mean()


def _squared(scores: Array, y: Array) -> Any:
    return np.mean(np.sum((softmax(scores) - np.eye(scores.shape[1])[y]) ** 2, axis=1))


def _integer_log_p(scores: Array, y: Array) -> Any:
    return -_own(_log_softmax_truncated(scores), y).mean()


def _ce_refuses_with(error: type[Exception]) -> Callable[[Array, Array], Any]:
    def wrong(scores: Array, y: Array) -> Any:
        if y.shape != (len(scores),):
            raise error("one label per row")
        return _ce_any_shapes(scores, y)

    return wrong


def _ce_refuses_all(scores: Array, y: Any) -> Any:
    if y.shape != len(scores):  # a tuple is never equal to a number
        raise ValueError("one label per row")
    return _ce_any_shapes(scores, y)


CROSS_ENTROPY = (
    Misconception(
        "cross-entropy-no-max-shift",
        "cross_entropy",
        _of_scores(lambda s, y: -np.log(_own(_naive(s), y)).mean()),
        "the loss is right for small scores, but exp is taken of the scores as they are: it overflows near 710 and the loss is nan.",
        "Which function of this lesson is finite for every finite score?",
        COUNTED_SHIFT,
        also=(_of_scores(lambda s, y: np.mean(np.log(np.exp(s).sum(axis=1)) - _own(s, y))),),
    ),
    Misconception(
        "cross-entropy-log-of-underflow",
        "cross_entropy",
        _of_scores(lambda s, y: -np.log(_own(softmax(s), y)).mean()),
        "the logarithm is taken of the finished probability: with scores far apart it is exactly 0, log 0 is −∞ and the loss infinite.",
        "Which function of this lesson gives the logarithm without ever making the probability?",
        COUNTED_UNDERFLOW,
    ),
    Misconception(
        "cross-entropy-small-constant",
        "cross_entropy",
        _ce_plus(SMALL[0]),
        "a small constant inside the logarithm (or clipping the probability) hides log 0: above a certain size a mistake costs no more, however sure it was.",
        "Which function of this lesson gives the logarithm without ever making the probability?",
        COUNTED_UNDERFLOW,
        also=(*map(_ce_plus, SMALL[1:]), *map(_ce_clipped, SMALL[1:])),
    ),
    Misconception(
        "cross-entropy-sum",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y).sum()),
        "the loss is the sum over the rows; it should be their mean, or it grows with the size of the batch.",
        "Show the same batch twice: should the loss become larger?",
        COUNTED_MEAN,
    ),
    Misconception(
        "cross-entropy-every-class",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -log_p.sum(axis=1).mean()),
        "the logarithms of all classes are added up; only the true class of each row counts.",
        "Where does y come in?",
        COUNTED_EVERY,
    ),
    Misconception(
        "cross-entropy-mean-over-everything",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -log_p.mean()),
        "the mean of all log-probabilities is taken, whatever y says; only the true class of each row counts.",
        "Where does y come in?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-mean-over-classes-too",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y).sum() / log_p.size),
        "the sum is divided by N · C, the mean runs over the classes too; each row gives one number, so divide by N alone.",
        "How many numbers are added up, one per row or one per entry?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-divided-twice",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y).mean() / len(y)),
        "the loss is divided by N twice: the mean already does it once.",
        "What does .mean() divide by?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-sign",
        "cross_entropy",
        _of_log_p(lambda log_p, y: _own(log_p, y).mean()),
        "the loss is negative: the minus in front of the logarithm is missing.",
        "What is the sign of the logarithm of a number below 1, and which sign should a loss have?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-labels-off-by-one",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y - 1).mean()),
        "each label is taken one too low, as if classes were counted from 1; label 0 then silently means the last class.",
        "Which column of scores belongs to label 0?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-whole-columns",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -log_p[:, y].mean()),
        "log_p[:, y] takes whole columns, an N × N table in which every row meets every label; each row should meet its own.",
        "Print the shape of what the indexing gives. How does NumPy pair a row index with a column index?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-y-as-one-hot",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -(y * log_p).sum(axis=1).mean()),
        "y is multiplied with the log-probabilities as if it were one-hot; here y holds one whole number per row, which says a column.",
        "Print y and its shape. How can a whole number pick an entry of its row?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-predicted-class",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -log_p.max(axis=1).mean()),
        "the loss uses the class with the largest score, so it measures how sure the model is, not whether it is right.",
        "Where does y come in?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-of-raw-scores",
        "cross_entropy",
        _of_scores(lambda s, y: -np.log(_own(s, y)).mean()),
        "the logarithm is taken of the raw score, which is no probability and may be negative.",
        "What has to happen to scores before they are probabilities?",
        COUNTED_RAW,
    ),
    Misconception(
        "cross-entropy-score-as-logarithm",
        "cross_entropy",
        _of_scores(lambda s, y: -_own(s, y).mean()),
        "the raw score of the true class is used as if it were a log-probability; the other classes' scores don't count at all.",
        "If a wrong class's score grows, should the loss stay?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-no-logarithm",
        "cross_entropy",
        _of_scores(lambda s, y: -_own(softmax(s), y).mean()),
        "minus the probability is averaged; its logarithm is missing.",
        "What should the loss be when the true class gets probability 1, and what when it gets almost 0?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-log-of-mean",
        "cross_entropy",
        _of_scores(lambda s, y: -np.log(_own(softmax(s), y).mean())),
        "the probabilities are averaged first and the logarithm comes last; each row's logarithm comes first, then their mean.",
        "Which comes first in the formula, the mean or the logarithm?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-wrong-axis",
        "cross_entropy",
        _of_scores(lambda s, y: -_own(log_softmax(s.T).T, y).mean()),
        "the softmax runs down the columns, so the examples of a batch share a probability; each row should add up to 1.",
        "Which axis holds the classes of one example?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-softmax-twice",
        "cross_entropy",
        _of_scores(lambda s, y: -_own(log_softmax(softmax(s)), y).mean()),
        "softmax is taken twice: the probabilities go into a log-softmax that expects scores, and the loss becomes far too flat.",
        "What goes into log_softmax, scores or probabilities?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-shift-lost",
        "cross_entropy",
        _of_scores(lambda s, y: -_own(_log_softmax_shift_lost(s), y).mean()),
        "the maximum is subtracted inside the sum but not from the true class's score: the loss is too small by the rows' maxima.",
        "In how many places of the formula do the scores stand?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-base-two",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y).mean() / np.log(2)),
        "the logarithm is to base 2 (bits); this course uses the natural logarithm (nats).",
        "Which function of NumPy undoes np.exp?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-other-classes-too",
        "cross_entropy",
        _of_scores(_binary),
        "−log(1 − p) of the wrong classes is added, as for separate yes/no questions; with one right class only its own logarithm counts.",
        "How many terms has the sum over the classes when the truth is 1 at one class and 0 elsewhere?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-squared-error",
        "cross_entropy",
        _of_scores(_squared),
        "the squared distance between p and the one-hot truth is averaged (the Brier score); cross-entropy takes a logarithm.",
        "What does the formula do with the probability of the true class?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-not-reduced",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y)),
        "one loss per row comes back; their mean, a single number, was asked for.",
        "The rows' losses are there. What turns them into one number?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-shapes-not-checked",
        "cross_entropy",
        _ce_any_shapes,
        "y of shape (N, 1) is taken: then every row meets every label, an N × N table.",
        "Which shape must y have, written with N? What should happen when it hasn't?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-compares-lengths-only",
        "cross_entropy",
        _ce_length_only,
        "only the number of rows is compared: y of shape (N, 1) has N of them and is taken, and then every row meets every label.",
        "len looks at one axis. What says everything about an array's form?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-changes-scores",
        "cross_entropy",
        _ce_in_place,
        "the loss is right, but the maximum is subtracted from scores itself; whoever called cross_entropy still needs scores as they were.",
        "Which operator makes a new array, and which writes into the old one?",
        "counted in public course solutions (in-place changes of an argument: 15)",
    ),
    Misconception(
        "cross-entropy-keepdims-missing",
        "cross_entropy",
        _loss_of(_log_softmax_max_without_keepdims),
        "the rows' maxima or their sums have lost their second axis: NumPy takes (N,) for one number per column of (N, C) instead of one per row (`keepdims`).",
        "Print the shapes of the maxima and of the sums. What shape must they have so that each row meets its own?",
        COUNTED_KEEPDIMS,
        also=(
            _loss_of(_log_softmax_without_keepdims),
            _loss_of(_log_softmax_max_and_sum_without_keepdims),
            _loss_of(_log_softmax_lost_sum_after(_as_they_are)),
        ),
    ),
    Misconception(
        "cross-entropy-whole-numbers",
        "cross_entropy",
        _of_scores(_integer_log_p),
        "the log-probabilities are written into an array made like scores; when scores are whole numbers, everything behind the decimal point is lost.",
        "What dtype does the array have that you write into, and where does it get it from?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-own-entropy",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -(np.exp(log_p) * log_p).sum(axis=1).mean()),
        "−Σ p log p is computed, which asks how undecided the prediction is; the truth y does not come in.",
        "In −Σ t log p, which of the two, the truth or the prediction, stands in front of the logarithm?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-times-probability",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -np.mean(np.exp(_own(log_p, y)) * _own(log_p, y))),
        "each row's −log p is multiplied by p: the factor in front of the logarithm is the truth, which is 1 at the true class.",
        "What should a row cost whose true class got almost no probability?",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-first-row-only",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y)[0] / len(y)),
        "only the first row counts; all of them do.",
        "If there is a loop: how often does it run, and how far is the return indented?",
        DESIGN,
        also=(_of_log_p(lambda log_p, y: -_own(log_p, y)[0]),),
    ),
    Misconception(
        "cross-entropy-last-row-only",
        "cross_entropy",
        _of_log_p(lambda log_p, y: -_own(log_p, y)[-1] / len(y)),
        "only the last row counts; all of them do.",
        "What is the difference between = and += inside a loop, and where does the total start at 0?",
        DESIGN,
        also=(_of_log_p(lambda log_p, y: -_own(log_p, y)[-1]),),
    ),
    Misconception(
        "cross-entropy-refuses-what-fits",
        "cross_entropy",
        _ce_refuses_all,
        "a ValueError comes although y has the shape (N,): what y.shape is compared with is not that tuple.",
        "Print y.shape and what you compare it with. A tuple with one entry is written with a comma.",
        DESIGN,
    ),
    Misconception(
        "cross-entropy-refuses-with-another-error",
        "cross_entropy",
        _ce_refuses_with(OTHER_ERRORS[0]),
        "on labels of the wrong shape it stops with another exception than ValueError; whoever calls cross_entropy counts on that one.",
        "Which exception does the docstring name?",
        DESIGN,
        also=tuple(map(_ce_refuses_with, OTHER_ERRORS[1:])),
    ),
)


def _hits(scores: Array, y: Array) -> Array:
    return np.asarray(scores.argmax(axis=1) == y)


def _acc_any_shapes(scores: Array, y: Array) -> Any:
    return np.mean(scores.argmax(axis=1) == y)


def _acc_length_only(scores: Array, y: Array) -> Any:
    if len(scores) != len(y):
        raise ValueError("lengths differ")
    return _acc_any_shapes(scores, y)


def _acc_refuses_with(error: type[Exception]) -> Callable[[Array, Array], Any]:
    def wrong(scores: Array, y: Array) -> Any:
        if y.shape != (len(scores),):
            raise error("one label per row")
        return _acc_any_shapes(scores, y)

    return wrong


def _acc_refuses_all(scores: Array, y: Any) -> Any:
    if y.shape != len(scores):  # a tuple is never equal to a number
        raise ValueError("one label per row")
    return _acc_any_shapes(scores, y)


ACCURACY = (
    Misconception(
        "accuracy-shapes-not-checked",
        "accuracy",
        _acc_any_shapes,
        "y of shape (N, 1) is taken: then every row's prediction is compared with every label.",
        "Print the shape of the comparison for y of shape (6, 1). What should happen before it?",
        DESIGN,
    ),
    Misconception(
        "accuracy-compares-lengths-only",
        "accuracy",
        _acc_length_only,
        "only the number of rows is compared: y of shape (N, 1) has N of them and is taken, and every prediction meets every label.",
        "len looks at one axis. What says everything about an array's form?",
        DESIGN,
    ),
    Misconception(
        "accuracy-count",
        "accuracy",
        _of_scores(lambda s, y: _hits(s, y).sum()),
        "the number of right rows comes back; their share, between 0 and 1, was asked for.",
        "How many rows are there in all?",
        DESIGN,
    ),
    Misconception(
        "accuracy-error-rate",
        "accuracy",
        _of_scores(lambda s, y: 1 - _hits(s, y).mean()),
        "the share of wrong rows comes back; the share of right ones was asked for.",
        "What should come out when every row is right?",
        DESIGN,
    ),
    Misconception(
        "accuracy-percent",
        "accuracy",
        _of_scores(lambda s, y: 100 * _hits(s, y).mean()),
        "the share comes back in percent; a number between 0 and 1 was asked for.",
        "What should come out when every row is right?",
        DESIGN,
    ),
    Misconception(
        "accuracy-rounded",
        "accuracy",
        _of_scores(lambda s, y: round(float(_hits(s, y).mean()), 2)),
        "the share is rounded; rounding belongs where a number is shown, not where it is computed.",
        "Compare 2/3 with what your function gives for two right rows of three.",
        DESIGN,
        also=tuple(
            _of_scores(lambda s, y, places=places: round(float(_hits(s, y).mean()), places))  # type: ignore[misc]
            for places in (1, 3, 4)
        ),
    ),
    Misconception(
        "accuracy-whole-division",
        "accuracy",
        _of_scores(lambda s, y: _hits(s, y).sum() // len(y)),
        "the result is 1 when every row is right and 0 otherwise, as // makes it, or np.all; the share has values between them too.",
        "With two right rows of three: what should come out, and which step drops what stands behind the decimal point?",
        DESIGN,
    ),
    Misconception(
        "accuracy-divided-by-classes",
        "accuracy",
        _of_scores(lambda s, y: _hits(s, y).sum() / s.shape[1]),
        "the number of right rows is divided by the number of classes; it should be divided by the number of rows.",
        "Which of N and C counts the examples?",
        DESIGN,
    ),
    Misconception(
        "accuracy-divided-by-everything",
        "accuracy",
        _of_scores(lambda s, y: _hits(s, y).sum() / s.size),
        "the number of right rows is divided by the number of scores, N · C; it should be divided by the number of rows.",
        "What should come out when every row is right?",
        DESIGN,
    ),
    Misconception(
        "accuracy-wrong-axis",
        "accuracy",
        _of_scores(lambda s, y: np.mean(s.argmax(axis=0) == y)),
        "the largest score is looked for down the columns, which finds a row for each class; each row should find its class.",
        "The answer needs N predictions. Which axis must disappear?",
        DESIGN,
        also=(lambda s, y: np.mean(s.argmax(axis=0) == y),),  # and the shapes not checked either
    ),
    Misconception(
        "accuracy-one-argmax-for-all",
        "accuracy",
        _of_scores(lambda s, y: np.mean(s.argmax() == y)),
        "argmax without an axis gives one place in the whole array; each row needs its own prediction.",
        "Print what argmax gives. How many predictions should there be?",
        DESIGN,
    ),
    Misconception(
        "accuracy-smallest-score",
        "accuracy",
        _of_scores(lambda s, y: np.mean(s.argmin(axis=1) == y)),
        "the class with the smallest score is taken as the prediction; the largest score wins.",
        "Does a class the model believes in get a high or a low score?",
        DESIGN,
    ),
    Misconception(
        "accuracy-labels-off-by-one",
        "accuracy",
        _of_scores(lambda s, y: np.mean(s.argmax(axis=1) + 1 == y)),
        "the predicted class is counted from 1 while the labels are counted from 0.",
        "Which label belongs to the first column of scores?",
        DESIGN,
    ),
    Misconception(
        "accuracy-value-for-place",
        "accuracy",
        _of_scores(lambda s, y: np.mean(s.max(axis=1) == y)),
        "the largest score itself is compared with the label; its place in the row, the column's number, is the prediction.",
        "max says how large. What says where?",
        DESIGN,
    ),
    Misconception(
        "accuracy-more-than-half",
        "accuracy",
        _of_scores(lambda s, y: np.mean(_own(softmax(s), y) > 0.5)),
        "a row counts as right only when the true class has probability above ½; with several classes the largest may be smaller than that.",
        "Three classes with probabilities 0.4, 0.3, 0.3: what is predicted?",
        DESIGN,
    ),
    Misconception(
        "accuracy-positive-score",
        "accuracy",
        _of_scores(lambda s, y: np.mean(_own(s, y) > 0)),
        "a row counts as right when its true class has a positive score; what matters is whether it is the largest of its row.",
        "Can two classes of one row both have positive scores?",
        DESIGN,
    ),
    Misconception(
        "accuracy-mean-probability",
        "accuracy",
        _of_scores(lambda s, y: np.mean(_own(softmax(s), y))),
        "the mean probability of the true class comes back; accuracy counts right and wrong only, however sure the model was.",
        "A row with p = 0.51 at the true class and one with 0.99: how much does each add?",
        DESIGN,
    ),
    Misconception(
        "accuracy-exponentials-overflow",
        "accuracy",
        _of_scores(lambda s, y: np.mean(_naive(s).argmax(axis=1) == y)),
        "probabilities are computed first, without a shift: at large scores they are nan, and argmax of nan finds the first class.",
        "Does softmax change which class of a row is the largest? Is it needed here?",
        COUNTED_SHIFT,
    ),
    Misconception(
        "accuracy-not-reduced",
        "accuracy",
        _of_scores(_hits),
        "right or wrong comes back for each row; their share, a single number, was asked for.",
        "What is the mean of True, True, False?",
        DESIGN,
    ),
    Misconception(
        "accuracy-first-row-only",
        "accuracy",
        _of_scores(lambda s, y: float(_hits(s, y)[0]) / len(y)),
        "only the first row is counted; all of them are.",
        "If there is a loop: how often does it run, and how far is the return indented?",
        DESIGN,
        also=(_of_scores(lambda s, y: float(_hits(s, y)[0])),),
    ),
    Misconception(
        "accuracy-last-row-only",
        "accuracy",
        _of_scores(lambda s, y: float(_hits(s, y)[-1]) / len(y)),
        "only the last row is counted; all of them are.",
        "How often does the line run that sets the number of right rows to 0?",
        DESIGN,
        also=(_of_scores(lambda s, y: float(_hits(s, y)[-1])),),
    ),
    Misconception(
        "accuracy-first-row-left-out",
        "accuracy",
        _of_scores(lambda s, y: _hits(s, y)[1:].sum() / len(y)),
        "the first row is left out; all rows are counted.",
        "Which index has the first row?",
        DESIGN,
    ),
    Misconception(
        "accuracy-refuses-what-fits",
        "accuracy",
        _acc_refuses_all,
        "a ValueError comes although y has the shape (N,): what y.shape is compared with is not that tuple.",
        "Print y.shape and what you compare it with. A tuple with one entry is written with a comma.",
        DESIGN,
    ),
    Misconception(
        "accuracy-refuses-with-another-error",
        "accuracy",
        _acc_refuses_with(OTHER_ERRORS[0]),
        "on labels of the wrong shape it stops with another exception than ValueError; whoever calls accuracy counts on that one.",
        "Which exception does the docstring name?",
        DESIGN,
        also=tuple(map(_acc_refuses_with, OTHER_ERRORS[1:])),
    ),
)

MISCONCEPTIONS = (*MSE, *SOFTMAX, *LOG_SOFTMAX, *CROSS_ENTROPY, *ACCURACY)
