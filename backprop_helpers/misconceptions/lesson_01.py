"""Wrong solutions of lesson 01: layers forward, random parameters, a whole network."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers.layers import affine_forward, relu_forward, sigmoid_forward, tanh_forward
from backprop_helpers.losses import softmax
from backprop_helpers.misconceptions.spec import Misconception

_DESIGN = "course design"


def _rows(x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


# --- affine_forward -------------------------------------------------------------------------------------------


def _affine_not_flattened(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b, (x, w, b)


def _affine_no_bias(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w, (x, w, b)


def _affine_bias_subtracted(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w - b, (x, w, b)


def _affine_bias_multiplied(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w * b, (x, w, b)


def _affine_bias_by_row(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w + b[: len(x), None], (x, w, b)


def _affine_bias_summed(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w + b.sum(), (x, w, b)


def _affine_columns_as_rows(x: Any, w: Any, b: Any) -> Any:
    return x.reshape(-1, len(x)).T @ w + b, (x, w, b)


def _affine_first_axis_fastest(x: Any, w: Any, b: Any) -> Any:
    return x.reshape(len(x), -1, order="F") @ w + b, (x, w, b)


def _affine_averaged(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w / len(w) + b, (x, w, b)


def _affine_relu_inside(x: Any, w: Any, b: Any) -> Any:
    return np.maximum(_rows(x) @ w + b, 0), (x, w, b)


def _affine_sigmoid_inside(x: Any, w: Any, b: Any) -> Any:
    return sigmoid_forward(_rows(x) @ w + b)[0], (x, w, b)


def _affine_x_reshaped_in_place(x: Any, w: Any, b: Any) -> Any:
    if x.ndim > 2:
        x.resize((len(x), x.size // len(x)), refcheck=False)
    return _rows(x) @ w + b, (x, w, b)


def _affine_truncated(x: Any, w: Any, b: Any) -> Any:
    out = np.zeros((len(x), w.shape[1]), dtype=x.dtype)
    out[...] = _rows(x) @ w + b
    return out, (x, w, b)


def _affine_swapped_return(x: Any, w: Any, b: Any) -> Any:
    return (x, w, b), _rows(x) @ w + b


def _affine_transposed(x: Any, w: Any, b: Any) -> Any:
    return (_rows(x) @ w + b).T, (x, w, b)


def _affine_summed_over_outputs(x: Any, w: Any, b: Any) -> Any:
    return (_rows(x) @ w + b).sum(axis=1), (x, w, b)


def _affine_bias_in_the_inner_loop(x: Any, w: Any, b: Any) -> Any:
    return _rows(x) @ w + len(w) * b, (x, w, b)


def _affine_last_product(x: Any, w: Any, b: Any) -> Any:
    return _rows(x)[:, -1:] * w[-1] + b, (x, w, b)


AFFINE = (
    Misconception(
        name="affine-forward-not-flattened",
        exercise="affine_forward",
        wrong=_affine_not_flattened,
        says="it works while x is a table, and stops when each example has several axes: x has to become one row per example before it meets w.",
        hint="One example is everything that belongs to one entry of the first axis of x. Which shape must x have so that its columns match the rows of w?",
        source="counted in public course solutions (2)",
    ),
    Misconception(
        name="affine-forward-bias-forgotten",
        exercise="affine_forward",
        wrong=_affine_no_bias,
        says="out is x @ w alone: the bias b is missing.",
        hint="With x all zeros, what should the layer answer?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-bias-subtracted",
        exercise="affine_forward",
        wrong=_affine_bias_subtracted,
        says="b is subtracted, as older books do with a threshold; here a bias is added.",
        hint="Compare the sign of b in your code with the one in z = w·x + b.",
        source="course design, after the threshold of McCulloch and Pitts (1943)",
    ),
    Misconception(
        name="affine-forward-bias-multiplied",
        exercise="affine_forward",
        wrong=_affine_bias_multiplied,
        says="each output is multiplied by its bias; a bias shifts the output, it does not stretch it.",
        hint="With x all zeros, what should the layer answer?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-bias-by-row",
        exercise="affine_forward",
        wrong=_affine_bias_by_row,
        says="b[i] went to row i, one bias per example; there is one bias per output, so b belongs to the columns.",
        hint="b has shape (M,). Which of the two axes of out is M long?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-bias-summed",
        exercise="affine_forward",
        wrong=_affine_bias_summed,
        says="every output got the sum of all biases; each output has its own.",
        hint="Which entry of b belongs to column j of out?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-columns-as-rows",
        exercise="affine_forward",
        wrong=_affine_columns_as_rows,
        says="x was cut into rows the wrong way, so each row mixes numbers of different examples.",
        hint="The first axis of x counts the examples; it should stay the first axis and keep its length.",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-first-axis-fastest",
        exercise="affine_forward",
        wrong=_affine_first_axis_fastest,
        says="each example was flattened in another order: the inputs then meet the wrong weights.",
        hint="NumPy's usual order reads an example row by row. Is there an order='F', a transpose or a swapped loop in your code?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-averaged",
        exercise="affine_forward",
        wrong=_affine_averaged,
        says="the products were averaged over the D inputs; a neuron adds them up.",
        hint="z = w₁x₁ + w₂x₂ + … + b has no division in it.",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-relu-inside",
        exercise="affine_forward",
        wrong=_affine_relu_inside,
        says="negative outputs became 0: an activation is applied here already, but it is a layer of its own.",
        hint="What should the layer answer where w·x + b is below zero?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-sigmoid-inside",
        exercise="affine_forward",
        wrong=_affine_sigmoid_inside,
        says="all outputs lie between 0 and 1: a sigmoid is applied here already, but it is a layer of its own.",
        hint="What should the layer answer where w·x + b is 3?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-x-reshaped-in-place",
        exercise="affine_forward",
        wrong=_affine_x_reshaped_in_place,
        says="the values are right, but x itself was given another shape: whoever called the function finds their images flattened.",
        hint="x.reshape gives a new view and leaves x alone; assigning to x.shape or calling x.resize does not.",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-truncated",
        exercise="affine_forward",
        wrong=_affine_truncated,
        says="when x holds whole numbers, the outputs lose what stands behind the decimal point: they were written into an array of x's dtype.",
        hint="Which dtype has the array that the results are written into?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-swapped-return",
        exercise="affine_forward",
        wrong=_affine_swapped_return,
        says="out and cache come back the wrong way round.",
        hint="Compare your last line with the signature.",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-transposed",
        exercise="affine_forward",
        wrong=_affine_transposed,
        says="out is transposed: examples stand in columns; here every example is a row, in x and in out.",
        hint="out should have as many rows as x.",
        source="course design, after courses that keep examples in columns",
    ),
    Misconception(
        name="affine-forward-summed-over-outputs",
        exercise="affine_forward",
        wrong=_affine_summed_over_outputs,
        says="the M outputs of an example were added up to one number; each neuron of the layer gives its own.",
        hint="Where do you sum, and over which letter of (N, D, M)? Only D should disappear.",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-bias-in-the-inner-loop",
        exercise="affine_forward",
        wrong=_affine_bias_in_the_inner_loop,
        says="the bias is added once for each of the D inputs; it belongs to an output once, beside the whole sum.",
        hint="Which loop does the line with + b stand in, and how often does that loop run?",
        source=_DESIGN,
    ),
    Misconception(
        name="affine-forward-sum-overwritten",
        exercise="affine_forward",
        wrong=_affine_last_product,
        says="each output holds its last product alone; the products of all D inputs add up.",
        hint="What is the difference between = and += inside a loop?",
        source="counted in public course solutions (11, in a pooling layer)",
        also=(lambda x, w, b: (_rows(x)[:, -1:] * w[-1], (x, w, b)),),
    ),
)


# --- relu_forward ---------------------------------------------------------------------------------------------


def _relu_in_place(x: Any) -> Any:
    x[x < 0] = 0
    return x, x


def _relu_step(x: Any) -> Any:
    return (x > 0).astype(float), x


def _relu_absolute(x: Any) -> Any:
    return np.abs(x), x


def _relu_wrong_side(x: Any) -> Any:
    return np.minimum(x, 0), x


def _relu_mirrored(x: Any) -> Any:
    return np.maximum(-x, 0), x


def _relu_over_axis(x: Any) -> Any:
    return np.max(x, 0), x


def _relu_largest_entry(x: Any) -> Any:
    return np.maximum(x.max(), 0), x


def _leaky(slope: float) -> Callable[[Any], Any]:
    return lambda x: (np.where(x > 0, x, slope * x), x)


def _relu_capped(x: Any) -> Any:
    return np.clip(x, 0, 1), x


def _relu_soft(x: Any) -> Any:
    return np.logaddexp(0, x), x


def _relu_entries_dropped(x: Any) -> Any:
    return x[x > 0], x


def _relu_truncated(x: Any) -> Any:
    out = np.zeros(x.shape, dtype=int)
    out[x > 0] = x[x > 0]
    return out, x


def _relu_two_axes_only(x: Any) -> Any:
    out = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] if x[i, j] > 0 else 0
    return out, x


def _relu_size_at_least_one(x: Any) -> Any:
    return np.where(x > 1, x, 0), x


def _relu_pushed_up(x: Any) -> Any:
    return x - x.min(), x


RELU = (
    Misconception(
        name="relu-forward-in-place",
        exercise="relu_forward",
        wrong=_relu_in_place,
        says="the values are right, but they were written into x itself: the caller's numbers are gone, and so is what the backward pass must remember.",
        hint="Does your code assign into x, as in x[…] = …? Work on a new array.",
        source="counted in public course solutions (1)",
    ),
    Misconception(
        name="relu-forward-step",
        exercise="relu_forward",
        wrong=_relu_step,
        says="out is 1 wherever x is positive: that is a step; ReLU passes the positive numbers on as they are.",
        hint="What is ReLU of 3: 1 or 3?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-absolute",
        exercise="relu_forward",
        wrong=_relu_absolute,
        says="negative entries lost their sign instead of becoming 0: that is |x|.",
        hint="What is ReLU of −3?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-wrong-side",
        exercise="relu_forward",
        wrong=_relu_wrong_side,
        says="the negative entries were kept and the positive ones became 0; it should be the other way round.",
        hint="Of x and 0, ReLU takes the larger one.",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-mirrored",
        exercise="relu_forward",
        wrong=_relu_mirrored,
        says="out is ReLU of −x: a minus sign too many.",
        hint="What is ReLU of 3, and what does your function give for it?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-max-over-axis",
        exercise="relu_forward",
        wrong=_relu_over_axis,
        says="an axis has disappeared: np.max(x, 0) looks for the largest entry along axis 0; it does not compare x with 0.",
        hint="NumPy has one function that finds the largest of many, and another that compares two things entry by entry.",
        source="counted in public course solutions (1)",
    ),
    Misconception(
        name="relu-forward-largest-entry",
        exercise="relu_forward",
        wrong=_relu_largest_entry,
        says="out is one number, the largest entry of x; each entry should be compared with 0 by itself.",
        hint="out should have the shape of x.",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-leaky",
        exercise="relu_forward",
        wrong=_leaky(0.01),
        says="negative entries are made smaller instead of 0: that is the leaky ReLU.",
        hint="What is ReLU of −3, exactly?",
        source="leaky ReLU: Maas, Hannun and Ng, ICML workshop (2013)",
        also=tuple(_leaky(slope) for slope in (0.001, 0.05, 0.1, 0.2, 0.25)),
    ),
    Misconception(
        name="relu-forward-capped",
        exercise="relu_forward",
        wrong=_relu_capped,
        says="nothing in out is above 1; ReLU has no upper limit.",
        hint="What is ReLU of 3?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-softplus",
        exercise="relu_forward",
        wrong=_relu_soft,
        says="out is log(1 + eˣ), the rounded relative of ReLU; ReLU itself has a corner and is exactly 0 on the left.",
        hint="What is ReLU of 0?",
        source="softplus: Dugas and others, NIPS 13 (2000)",
    ),
    Misconception(
        name="relu-forward-entries-dropped",
        exercise="relu_forward",
        wrong=_relu_entries_dropped,
        says="the negative entries are gone instead of being 0, so out has too few entries and no longer the shape of x.",
        hint="x[condition] keeps only some entries. You want all of them, some replaced.",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-truncated",
        exercise="relu_forward",
        wrong=_relu_truncated,
        says="the positive entries lost what stands behind the decimal point: they were written into an array of whole numbers.",
        hint="Which dtype has the array that the results are written into?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-two-axes-only",
        exercise="relu_forward",
        wrong=_relu_two_axes_only,
        says="it works for x with two axes only; ReLU works entry by entry, on any shape.",
        hint="NumPy can compare all entries at once, whatever the number of axes, without a loop.",
        source="counted in public course solutions (1, in the backward pass)",
    ),
    Misconception(
        name="relu-forward-threshold-one",
        exercise="relu_forward",
        wrong=_relu_size_at_least_one,
        says="positive entries below 1 became 0 too; the corner of ReLU is at 0.",
        hint="What is ReLU of 0.5?",
        source=_DESIGN,
    ),
    Misconception(
        name="relu-forward-pushed-up",
        exercise="relu_forward",
        wrong=_relu_pushed_up,
        says="the smallest entry was subtracted from all; ReLU leaves positive entries alone and replaces negative ones by 0.",
        hint="ReLU treats every entry by itself: no other entry of x matters for it.",
        source=_DESIGN,
    ),
)


# --- sigmoid_forward ------------------------------------------------------------------------------------------


def _entrywise(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A forward function that returns f(x) twice, as out and as cache."""

    def wrong(x: Any) -> Any:
        out = f(x)
        return out, out

    return wrong


def _sigmoid(x: Any) -> Any:
    return sigmoid_forward(x)[0]


def _sigmoid_clipped(x: Any) -> Any:
    return np.clip(_sigmoid(x), 1e-7, 1 - 1e-7)


def _sigmoid_derivative(x: Any) -> Any:
    s = _sigmoid(x)
    return s * (1 - s)


def _filled_like(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f(x) written into an array of x's own dtype."""

    def filled(x: Any) -> Any:
        out = np.zeros_like(x)
        out[...] = f(x)
        return out

    return filled


def _overwritten(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """f(x) written into x itself."""

    def overwrite(x: Any) -> Any:
        x[...] = f(x)
        return x

    return overwrite


def _sigmoid_bar_missing_on_the_left(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small)


def _rows_to_one(x: Any) -> Any:
    powers = np.exp(x)
    return powers / powers.sum()


SIGMOID = (
    Misconception(
        name="sigmoid-forward-overflow",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / (1 + np.exp(-x))),
        says="the values are right, but on the way NumPy warns of an overflow: e to the power of 1000 is larger than any number a float64 can hold.",
        hint="The exponential never overflows when its exponent is 0 or negative. Can each side of zero have a formula in which that holds? np.where computes both of its branches, so both must be harmless for every x.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-exp-over-exp",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: np.exp(x) / (1 + np.exp(x))),
        says="out is nan at x = 1000: both parts of eˣ / (1 + eˣ) overflow to infinity, and infinity by infinity is not a number.",
        hint="This formula is harmless on one side of zero. Which formula is harmless on the other?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-minus-missing",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: _sigmoid(-x)),
        says="out is σ(−x), which is 1 − σ(x): it falls where it should rise.",
        hint="Should σ(3) be near 1 or near 0? Follow the sign of x line by line, into every function you call.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-brackets-missing",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / 1 + np.exp(-x)),
        says="out is 1 + e^−x: Python divides before it adds, so only the 1 went below the fraction bar.",
        hint="Which part should be below the fraction bar? Brackets hold it together.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-one-missing",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / np.exp(-x)),
        says="out is 1 / e^−x, which grows without limit: the 1 + below the fraction bar is missing.",
        hint="σ(0) should be one half. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-minus-below",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / (1 - np.exp(-x))),
        says="below the fraction bar stands 1 − e^−x; it should be a sum.",
        hint="σ(0) should be one half. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-tanh-instead",
        exercise="sigmoid_forward",
        wrong=_entrywise(np.tanh),
        says="out is tanh(x), which runs from −1 to 1; the sigmoid runs from 0 to 1.",
        hint="σ(0) should be one half. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-step",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: np.where(x > 0, 1.0, 0.0)),
        says="out is 0 or 1 and nothing between; the sigmoid climbs smoothly.",
        hint="What is σ(0.5), roughly?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-softmax-instead",
        exercise="sigmoid_forward",
        wrong=_entrywise(_rows_to_one),
        says="each exponential was divided by the sum of all: that is a softmax; the sigmoid looks at every entry by itself.",
        hint="Does the answer for one entry of x change when another entry does? It should not.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-clipped",
        exercise="sigmoid_forward",
        wrong=_entrywise(_sigmoid_clipped),
        says="the outputs are held away from 0 and 1 by a small number, so they are wrong where x is large.",
        hint="No clipping is needed: σ(1000) may be exactly 1.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-derivative",
        exercise="sigmoid_forward",
        wrong=_entrywise(_sigmoid_derivative),
        says="out is σ(x)(1 − σ(x)), the slope of the sigmoid; asked for is its value.",
        hint="σ(0) should be one half. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-absolute",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / (1 + np.exp(-np.abs(x)))),
        says="out is σ(|x|): right for positive x, but negative x give the answers of positive ones.",
        hint="The exponent −|x| never overflows; well found. What must still be different where x is negative?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-power-squared",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: 1 / (1 + np.exp(-(x.astype(float) ** 2)))),
        says="x was squared in the exponent, so negative and positive x give the same answer.",
        hint="The exponent is −x.",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-truncated",
        exercise="sigmoid_forward",
        wrong=_entrywise(_filled_like(_sigmoid)),
        says="when x holds whole numbers, out is 0 everywhere: the results were written into an array of whole numbers.",
        hint="Which dtype has the array that the results are written into?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-x-overwritten",
        exercise="sigmoid_forward",
        wrong=_entrywise(_overwritten(_sigmoid)),
        says="the results were written into x itself: the caller's numbers are gone, and where x held whole numbers the results lost their fractions.",
        hint="Does your code assign into x, as in x[…] = …? Work on a new array.",
        source="counted in public course solutions (1, in another activation)",
    ),
    Misconception(
        name="sigmoid-forward-bar-missing-on-the-left",
        exercise="sigmoid_forward",
        wrong=_entrywise(_sigmoid_bar_missing_on_the_left),
        says="for negative x out is eˣ alone: what stands below the fraction bar on that side is missing.",
        hint="Look at the small table: which column is the same in both rows?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-twice-as-steep",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: (1 + np.tanh(x)) / 2),
        says="out is σ(2x), which climbs twice as steeply as the sigmoid.",
        hint="tanh(z) = 2σ(2z) − 1. Which z makes σ(x) of it?",
        source=_DESIGN,
    ),
    Misconception(
        name="sigmoid-forward-from-minus-one",
        exercise="sigmoid_forward",
        wrong=_entrywise(lambda x: np.tanh(x / 2)),
        says="out is 2σ(x) − 1 and runs from −1 to 1; the sigmoid runs from 0 to 1.",
        hint="tanh(z) = 2σ(2z) − 1. Solve it for σ.",
        source=_DESIGN,
    ),
)


# --- tanh_forward ---------------------------------------------------------------------------------------------


def _tanh_by_definition(x: Any) -> Any:
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def _tanh_upside_down(x: Any) -> Any:
    return (np.exp(x) + np.exp(-x)) / (np.exp(x) - np.exp(-x))


def _tanh_no_brackets(x: Any) -> Any:
    return np.exp(x) - np.exp(-x) / (np.exp(x) + np.exp(-x))


TANH = (
    Misconception(
        name="tanh-forward-overflow",
        exercise="tanh_forward",
        wrong=_entrywise(_tanh_by_definition),
        says="out is nan at x = 1000 and −1000: eˣ and e^−x overflow there, and infinity by infinity is not a number.",
        hint="NumPy has this function ready, and it takes care of large numbers.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-overflow-right",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)),
        says="out is nan at x = 1000, where e^2x overflows above and below the fraction bar.",
        hint="NumPy has this function ready, and it takes care of large numbers.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-overflow-left",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: (1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x))),
        says="out is nan at x = −1000, where e^−2x overflows above and below the fraction bar.",
        hint="NumPy has this function ready, and it takes care of large numbers.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-warns",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: 2 / (1 + np.exp(-2 * x)) - 1),
        says="the values are right, but on the way NumPy warns of an overflow: e to the power of 2000 is larger than any number a float64 can hold.",
        hint="NumPy has this function ready, and it takes care of large numbers.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-inner-two-missing",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: 2 * _sigmoid(x) - 1),
        says="out is 2σ(x) − 1, a tanh that climbs half as steeply: x has to be doubled before it goes into the sigmoid.",
        hint="tanh(x) = 2σ(2x) − 1. Compare it with your line.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-shift-missing",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: 2 * _sigmoid(2 * x)),
        says="out runs from 0 to 2: it is too large by 1 everywhere.",
        hint="tanh(0) should be 0. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-sigmoid-instead",
        exercise="tanh_forward",
        wrong=_entrywise(_sigmoid),
        says="out is the sigmoid, which runs from 0 to 1; tanh runs from −1 to 1.",
        hint="tanh(0) should be 0. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-tan",
        exercise="tanh_forward",
        wrong=_entrywise(np.tan),
        says="out is tan(x), the tangent of an angle; the hyperbolic tangent has an h at its end.",
        hint="Nothing in out should lie outside −1 to 1.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-arctan",
        exercise="tanh_forward",
        wrong=_entrywise(np.arctan),
        says="out is arctan(x), another curve of the same form; it runs to ±1.57, tanh to ±1.",
        hint="Nothing in out should lie outside −1 to 1.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-upside-down",
        exercise="tanh_forward",
        wrong=_entrywise(_tanh_upside_down),
        says="the fraction stands upside down: eˣ − e^−x belongs above the bar.",
        hint="tanh(0) should be 0. What does your fraction give there?",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-brackets-missing",
        exercise="tanh_forward",
        wrong=_entrywise(_tanh_no_brackets),
        says="only e^−x was divided: Python divides before it subtracts, so the difference above the bar needs brackets.",
        hint="Nothing in out should lie outside −1 to 1.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-derivative",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: 1 - np.tanh(x) ** 2),
        says="out is 1 − tanh(x)², the slope of tanh; asked for is its value.",
        hint="tanh(0) should be 0. What does your function give?",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-hard",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: np.clip(x, -1.0, 1.0)),
        says="out is x cut off at ±1, with two corners; tanh bends smoothly.",
        hint="tanh(1) is about 0.76.",
        source="hard tanh: Collobert, doctoral thesis (2004)",
    ),
    Misconception(
        name="tanh-forward-sign",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: np.sign(x).astype(float)),
        says="out is the sign of x and nothing between; tanh climbs smoothly from −1 to 1.",
        hint="tanh(0.5) is about 0.46.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-truncated",
        exercise="tanh_forward",
        wrong=_entrywise(_filled_like(np.tanh)),
        says="when x holds whole numbers, the results lose what stands behind the decimal point: they were written into an array of whole numbers.",
        hint="Which dtype has the array that the results are written into?",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-x-overwritten",
        exercise="tanh_forward",
        wrong=_entrywise(_overwritten(np.tanh)),
        says="the results were written into x itself: the caller's numbers are gone, and where x held whole numbers the results lost their fractions.",
        hint="Does your code assign into x, as in x[…] = …? Work on a new array.",
        source="counted in public course solutions (1, in another activation)",
    ),
    Misconception(
        name="tanh-forward-second-term-missing",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: _sigmoid(2 * x)),
        says="out runs from 0 to 1 and is ½ at 0: it is eˣ / (eˣ + e^−x), without the − e^−x above the bar.",
        hint="What is tanh(0)? The curve passes through the origin.",
        source=_DESIGN,
    ),
    Misconception(
        name="tanh-forward-nan-replaced",
        exercise="tanh_forward",
        wrong=_entrywise(lambda x: np.nan_to_num(_tanh_by_definition(x))),
        says="out is 0 at x = 1000 and −1000: infinity by infinity gave nan there, and the nan was replaced by 0.",
        hint="Far to the right tanh is almost 1. NumPy has this function ready, and it takes care of large numbers.",
        source=_DESIGN,
    ),
)


# --- init_params ----------------------------------------------------------------------------------------------


def _init(
    weights: Callable[[int, int, Any, float], Any] = lambda m, n, rng, s: s * rng.standard_normal((m, n)),
    biases: Callable[[int, int, Any, float], Any] = lambda m, n, rng, s: np.zeros(n),
) -> Callable[..., Any]:
    """An init_params with its own way to make the weights or the biases of one layer."""

    def wrong(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
        return [(weights(m, n, rng, scale), biases(m, n, rng, scale)) for m, n in itertools.pairwise(sizes)]

    return wrong


def _init_fixed_seed(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes, np.random.default_rng(0), scale)


def _init_own_generator(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes, np.random.default_rng(), scale)


def _init_last_layer_missing(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes[:-1], rng, scale)


def _init_first_layer_missing(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes[1:], rng, scale)


def _init_default_ignored(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes, rng, 0.01)


def _init_default_changed(sizes: Any, rng: Any, scale: float = 1.0) -> Any:
    return _init()(sizes, rng, scale)


def _init_only_first_layer(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return _init()(sizes[:2], rng, scale)


def _init_pair_swapped(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    return [(b, w) for w, b in _init()(sizes, rng, scale)]


def _init_two_lists(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    ws, bs = zip(*_init()(sizes, rng, scale), strict=True)
    return list(ws), list(bs)


def _init_sizes_emptied(sizes: Any, rng: Any, scale: float = 0.01) -> Any:
    params, inputs = [], sizes.pop(0)
    while sizes:
        outputs = sizes.pop(0)
        params.append((scale * rng.standard_normal((inputs, outputs)), np.zeros(outputs)))
        inputs = outputs
    return params


def _init_entry_twins(m: int, n: int, rng: Any, scale: float) -> Any:
    return np.repeat(scale * rng.standard_normal((m, 1)), n, axis=1)


def _init_wrong(
    name: str, wrong: Callable[..., Any], says: str, hint: str, source: str = _DESIGN
) -> Misconception:
    return Misconception(f"init-params-{name}", "init_params", wrong, says, hint, source)


INIT = (
    _init_wrong(
        "zeros",
        _init(lambda m, n, rng, s: np.zeros((m, n))),
        "all weights are 0: then all hidden units compute the same and will get the same update, so they stay twins for ever.",
        "What makes one hidden unit different from its neighbour when training starts?",
    ),
    _init_wrong(
        "constant",
        _init(lambda m, n, rng, s: np.full((m, n), s)),
        "all weights are equal: then all hidden units compute the same and will get the same update, so they stay twins for ever.",
        "What makes one hidden unit different from its neighbour when training starts?",
    ),
    _init_wrong(
        "columns-equal",
        _init(_init_entry_twins),
        "all hidden units of a layer begin with the same weights: one column was drawn and repeated.",
        "How many different numbers does a weight matrix of shape (m, n) need?",
    ),
    _init_wrong(
        "transposed",
        _init(lambda m, n, rng, s: s * rng.standard_normal((n, m))),
        "every w is transposed: it should have one row per input and one column per output.",
        "x (N, D) @ w must work. Which of w's axes is D long?",
        "course design, after courses that write w @ x",
    ),
    _init_wrong(
        "random-biases",
        _init(biases=lambda m, n, rng, s: s * rng.standard_normal(n)),
        "the biases are random; here they start at 0, as the weights alone already make the units different.",
        "What does the exercise say about b?",
    ),
    _init_wrong(
        "biases-one",
        _init(biases=lambda m, n, rng, s: np.ones(n)),
        "the biases start at 1; here they start at 0.",
        "What does the exercise say about b?",
    ),
    _init_wrong(
        "bias-two-axes",
        _init(biases=lambda m, n, rng, s: np.zeros((1, n))),
        "each b has two axes, (1, M); it should have one, (M,): later its gradient has that shape too.",
        "Look at the tuple you give to np.zeros.",
    ),
    _init_wrong(
        "bias-of-inputs",
        _init(biases=lambda m, n, rng, s: np.zeros(m)),
        "each b has one number per input of its layer; it should have one per output.",
        "b is added to x @ w. How many columns has that?",
    ),
    _init_wrong(
        "scale-forgotten",
        _init(lambda m, n, rng, s: rng.standard_normal((m, n))),
        "scale is not used: the weights have standard deviation 1.",
        "How do you turn numbers of standard deviation 1 into numbers of standard deviation scale?",
    ),
    _init_wrong(
        "scale-ignored",
        _init_default_ignored,
        "the weights always have standard deviation 0.01, whatever scale the caller asks for.",
        "Is the number 0.01 written inside your function? The argument has it already.",
    ),
    _init_wrong(
        "default-changed",
        _init_default_changed,
        "without a scale the weights have standard deviation 1; the default in the first line of the function should be 0.01.",
        "Compare your `def` line with the signature.",
    ),
    _init_wrong(
        "scale-squared",
        _init(lambda m, n, rng, s: rng.normal(0, s**2, (m, n))),
        "scale was squared: the standard deviation is scale², but scale is the standard deviation itself.",
        "Variance is the square of the standard deviation. Which of the two does NumPy ask for?",
    ),
    _init_wrong(
        "scale-root",
        _init(lambda m, n, rng, s: np.sqrt(s) * rng.standard_normal((m, n))),
        "the root of scale was taken, as if scale were a variance; it is the standard deviation itself.",
        "Variance is the square of the standard deviation. Which of the two is scale?",
    ),
    _init_wrong(
        "scale-added",
        _init(lambda m, n, rng, s: s + rng.standard_normal((m, n))),
        "scale was added to the weights: it moves their mean instead of setting how far they spread.",
        "Adding shifts, multiplying stretches. Which do you want?",
    ),
    _init_wrong(
        "uniform-positive",
        _init(lambda m, n, rng, s: s * rng.random((m, n))),
        "the weights are uniform between 0 and scale, so none is negative; they should be normal around 0.",
        "rng.random and rng.standard_normal draw from different distributions.",
        "counted in public course solutions (2, for a dropout mask)",
    ),
    _init_wrong(
        "uniform",
        _init(lambda m, n, rng, s: rng.uniform(-s, s, (m, n))),
        "the weights are uniform between −scale and scale; asked for is a normal distribution with standard deviation scale.",
        "A normal distribution has no hard limits. Which method of rng draws from it?",
    ),
    _init_wrong(
        "uniform-same-spread",
        _init(lambda m, n, rng, s: rng.uniform(-np.sqrt(3) * s, np.sqrt(3) * s, (m, n))),
        "mean and spread are right, but the weights are uniform; asked for is a normal distribution.",
        "A normal distribution has no hard limits. Which method of rng draws from it?",
    ),
    _init_wrong(
        "only-positive",
        _init(lambda m, n, rng, s: np.abs(s * rng.standard_normal((m, n)))),
        "no weight is negative; they should lie around 0 on both sides.",
        "Is there an abs or a square on the way?",
    ),
    _init_wrong(
        "by-fan-in",
        _init(lambda m, n, rng, s: rng.standard_normal((m, n)) / np.sqrt(m)),
        "the weights are scaled by one over the root of the number of inputs; here the caller's scale decides.",
        "Where does scale enter?",
        "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998)",
    ),
    _init_wrong(
        "scale-divided",
        _init(lambda m, n, rng, s: rng.standard_normal((m, n)) / s),
        "the weights were divided by scale: a small scale then gives enormous weights.",
        "Should scale = 0.01 give small or large weights?",
    ),
    _init_wrong(
        "fixed-seed",
        _init_fixed_seed,
        "the rng of the caller is not used: another rng gives the very same weights.",
        "Does your function make a generator of its own? The caller has given you one.",
    ),
    _init_wrong(
        "own-generator",
        _init_own_generator,
        "the weights do not come from the rng of the caller, so the same rng gives different weights every time and no run can be repeated.",
        "Which calls in your function are random, and do all of them go through rng?",
    ),
    _init_wrong(
        "new-generator-each-layer",
        _init(lambda m, n, rng, s: s * np.random.default_rng(0).standard_normal((m, n))),
        "every layer begins with the same random numbers: a generator with the same seed is made for each one.",
        "One generator, the caller's, should serve all layers one after the other.",
    ),
    _init_wrong(
        "last-layer-missing",
        _init_last_layer_missing,
        "one layer is missing, the last one: sizes with L + 1 numbers make L layers.",
        "How many pairs of neighbours has the list of sizes?",
    ),
    _init_wrong(
        "first-layer-missing",
        _init_first_layer_missing,
        "one layer is missing, the first one: it leads from the inputs to the first hidden layer.",
        "Between which two sizes stands the first weight matrix?",
    ),
    _init_wrong(
        "only-first-layer",
        _init_only_first_layer,
        "only the first layer came back; every pair of neighbouring sizes makes a layer of its own.",
        "How often does your loop run? Look at what it runs over, and at how far the return is indented.",
    ),
    _init_wrong(
        "pair-swapped",
        _init_pair_swapped,
        "each pair is (b, w): the bias comes first; it should be (w, b).",
        "In which order does the docstring name the two?",
    ),
    _init_wrong(
        "two-lists",
        _init_two_lists,
        "two lists came back, all weights and then all biases; asked for is one list with a pair (w, b) for each layer.",
        "What is the first entry of the list you return, and what should it be?",
    ),
    _init_wrong(
        "sizes-emptied",
        _init_sizes_emptied,
        "the list sizes is used up on the way: pop takes numbers out of the caller's own list, and the next call finds none.",
        "Who else holds this list? Its numbers can be read without being taken out.",
    ),
)


# --- mlp_forward ----------------------------------------------------------------------------------------------


def _network(
    activation: Callable[[Any], Any] = lambda z: relu_forward(z)[0],
    where: Callable[[int, int], bool] = lambda i, last: i < last,
) -> Callable[[Any, Any], Any]:
    """An mlp_forward with its own activation, or with its own idea of which layers have one."""

    def wrong(x: Any, params: Any) -> Any:
        h, caches = x, []
        for i, (w, b) in enumerate(params):
            h, cache = affine_forward(h, w, b)
            caches.append(cache)
            if where(i, len(params) - 1):
                h = activation(h)
        return h, caches

    return wrong


_right = _network()


def _mlp_relu_before(x: Any, params: Any) -> Any:
    h = _rows(x)
    for w, b in params:
        h, _ = affine_forward(np.maximum(h, 0), w, b)
    return h, []


def _mlp_input_again(x: Any, params: Any) -> Any:
    out = x
    for i, (w, b) in enumerate(params):
        out, _ = affine_forward(x, w, b)
        if i < len(params) - 1:
            out = np.maximum(out, 0)
    return out, []


def _mlp_returns_early(x: Any, params: Any) -> Any:
    w, b = params[0]
    out, cache = affine_forward(x, w, b)
    return (np.maximum(out, 0) if len(params) > 1 else out), [cache]


def _mlp_last_layer_missing(x: Any, params: Any) -> Any:
    h = _rows(x)
    for w, b in params[:-1]:
        h = np.maximum(affine_forward(h, w, b)[0], 0)
    return h, []


def _mlp_no_biases(x: Any, params: Any) -> Any:
    return _right(x, [(w, np.zeros_like(b)) for w, b in params])


def _mlp_first_bias_everywhere(x: Any, params: Any) -> Any:
    return _right(x, [(w, np.full(w.shape[1], b[0])) for w, b in params])


def _mlp_probabilities(x: Any, params: Any) -> Any:
    scores, caches = _right(x, params)
    return softmax(scores), caches


def _mlp_shifted(x: Any, params: Any) -> Any:
    scores, caches = _right(x, params)
    return scores - scores.max(axis=1, keepdims=True), caches


def _mlp_labels(x: Any, params: Any) -> Any:
    scores, caches = _right(x, params)
    return scores.argmax(axis=1), caches


def _mlp_not_flattened(x: Any, params: Any) -> Any:
    h = x
    for i, (w, b) in enumerate(params):
        h = h @ w + b
        if i < len(params) - 1:
            h = np.maximum(h, 0)
    return h, []


def _mlp_weights_overwritten(x: Any, params: Any) -> Any:
    result = _right(x, params)
    for i, (w, b) in enumerate(params):
        params[i] = (np.maximum(w, 0), b)
    return result


def _mlp_shape_compared(x: Any, params: Any) -> Any:
    h, last = x, params[-1][0].shape
    for w, b in params:
        h, _ = affine_forward(h, w, b)
        if w.shape != last:
            h = np.maximum(h, 0)
    return h, []


def _mlp_two_layers(x: Any, params: Any) -> Any:
    (w1, b1), (w2, b2) = params[:2]
    h = np.maximum(affine_forward(x, w1, b1)[0], 0)
    return affine_forward(h, w2, b2)[0], []


def _mlp_first_two(x: Any, params: Any) -> Any:
    return _mlp_two_layers(x, [params[0], params[1]])


def _mlp_at_most_two(x: Any, params: Any) -> Any:
    return _right(x, params[:2])


def _mlp_all_pairs_unpacked(x: Any, params: Any) -> Any:
    (w1, b1), (w2, b2) = params
    h = np.maximum(affine_forward(x, w1, b1)[0], 0)
    return affine_forward(h, w2, b2)[0], []


def _mlp_pair_kept(x: Any, params: Any) -> Any:
    h: Any = x
    caches = []
    for i, (w, b) in enumerate(params):
        h = affine_forward(h, w, b)
        if i < len(params) - 1:
            h = relu_forward(h)
        caches.append(h)
    return h, caches


def _mlp_swapped_outputs(x: Any, params: Any) -> Any:
    h, caches = _rows(x), []
    for w, b in params[:-1]:
        h = np.maximum(affine_forward(h, w, b)[0], 0)
        caches.append(h)
    caches.append(affine_forward(h, *params[-1])[0])
    return caches, caches[-1]


def _mlp_swapped_return(x: Any, params: Any) -> Any:
    return _right(x, params)[::-1]


def _mlp_wrong(
    name: str, wrong: Callable[..., Any], says: str, hint: str, source: str = _DESIGN
) -> Misconception:
    return Misconception(f"mlp-forward-{name}", "mlp_forward", wrong, says, hint, source)


MLP = (
    _mlp_wrong(
        "relu-after-last",
        _network(where=lambda i, last: True),
        "no score is negative: ReLU stands behind the last layer too, where the scores should come out as they are.",
        "Which layer has no activation behind it, and how does your loop know that it has arrived there?",
    ),
    _mlp_wrong(
        "no-activation",
        _network(where=lambda i, last: False),
        "there is no activation between the layers, so the whole network is one single affine layer.",
        "What happens to h between one affine layer and the next? If you do call ReLU, is its result used?",
    ),
    _mlp_wrong(
        "relu-only-last",
        _network(where=lambda i, last: i == last),
        "ReLU stands behind the last layer and nowhere else; it should be the other way round.",
        "Look at the condition: for which i should it hold?",
    ),
    _mlp_wrong(
        "relu-first-only",
        _network(where=lambda i, last: i == 0 < last),
        "ReLU stands behind the first layer only; every hidden layer needs one.",
        "Try a network of three layers. Behind which of them should h become non-negative?",
    ),
    _mlp_wrong(
        "relu-missing-on-last-hidden",
        _network(where=lambda i, last: i < last - 1),
        "the last hidden layer has no ReLU; every layer but the very last has one.",
        "With three layers, i runs 0, 1, 2. For which of them does your condition hold?",
    ),
    _mlp_wrong(
        "relu-before-affine",
        _mlp_relu_before,
        "ReLU was applied before each affine layer, and so to the input x as well; negative inputs are lost.",
        "In which order come affine and ReLU within one layer?",
    ),
    _mlp_wrong(
        "sigmoid-instead",
        _network(lambda z: sigmoid_forward(z)[0]),
        "the hidden layers use a sigmoid; asked for is ReLU.",
        "Which activation does the exercise name?",
    ),
    _mlp_wrong(
        "tanh-instead",
        _network(lambda z: tanh_forward(z)[0]),
        "the hidden layers use tanh; asked for is ReLU.",
        "Which activation does the exercise name?",
    ),
    _mlp_wrong(
        "absolute-instead",
        _network(np.abs),
        "negative values between the layers lost their sign instead of becoming 0.",
        "What should ReLU make of −3?",
    ),
    _mlp_wrong(
        "input-again",
        _mlp_input_again,
        "every layer gets x itself; only the first one should, and every other one the output of the layer before it.",
        "What is the name of the array you hand to the second layer?",
    ),
    _mlp_wrong(
        "returns-early",
        _mlp_returns_early,
        "only the first layer was computed; its output has to go on through all the others.",
        "How often does your loop run? Look at what it runs over, and at how far the return is indented.",
    ),
    _mlp_wrong(
        "last-layer-missing",
        _mlp_last_layer_missing,
        "the last layer is missing: what comes back is the last hidden layer.",
        "How many affine layers are there, and how many does your loop compute?",
    ),
    _mlp_wrong(
        "biases-ignored",
        _mlp_no_biases,
        "the biases were left out in every layer.",
        "params holds pairs (w, b). Where does b enter?",
    ),
    _mlp_wrong(
        "one-bias-for-all",
        _mlp_first_bias_everywhere,
        "all outputs of a layer got its first bias; each output has its own.",
        "Do you use b, or one entry of it?",
    ),
    _mlp_wrong(
        "probabilities",
        _mlp_probabilities,
        "every row adds up to 1: a softmax was applied, but the exercise asks for the scores themselves.",
        "What should happen behind the last affine layer? The loss of lesson 02 will do the rest.",
        "counted in public course solutions (1)",
    ),
    _mlp_wrong(
        "shifted",
        _mlp_shifted,
        "the largest score of every row is 0: the maximum was subtracted; scores should come back as they are.",
        "What should happen behind the last affine layer?",
        "counted in public course solutions (1)",
    ),
    _mlp_wrong(
        "labels",
        _mlp_labels,
        "one number per example came back, the place of its largest score; asked for are all scores.",
        "Which shape does the docstring promise?",
    ),
    _mlp_wrong(
        "not-flattened",
        _mlp_not_flattened,
        "it works while x is a table, and stops when each example has several axes.",
        "affine_forward flattens each example to one row. Do you use it for the first layer?",
        "counted in public course solutions (2, in the affine layer)",
    ),
    _mlp_wrong(
        "params-changed",
        _mlp_weights_overwritten,
        "the scores are right, but params was changed on the way: a forward pass only reads the weights.",
        "Does your code assign into params, or into a w it holds?",
    ),
    _mlp_wrong(
        "last-found-by-shape",
        _mlp_shape_compared,
        "a layer whose w has the shape of the last one gets no ReLU either: the last layer is told by its shape, which others may share.",
        "What belongs to the last layer alone, whatever the sizes?",
    ),
    Misconception(
        "mlp-forward-two-layers-only",
        "mlp_forward",
        _mlp_two_layers,
        "it computes two layers, whatever params holds; a network may have any number of them.",
        "What would have to repeat for every pair in params?",
        _DESIGN,
        also=(_mlp_all_pairs_unpacked, _mlp_first_two, _mlp_at_most_two),
    ),
    _mlp_wrong(
        "pair-kept",
        _mlp_pair_kept,
        "a layer gives back a pair (out, cache), and the whole pair went on as if it were out.",
        "What do layers.affine_forward and layers.relu_forward return? Give both parts a name.",
    ),
    Misconception(
        "mlp-forward-swapped-return",
        "mlp_forward",
        _mlp_swapped_return,
        "scores and caches come back the wrong way round.",
        "Compare your last line with the docstring.",
        _DESIGN,
        also=(_mlp_swapped_outputs,),
    ),
)

MISCONCEPTIONS = (*AFFINE, *RELU, *SIGMOID, *TANH, *INIT, *MLP)
