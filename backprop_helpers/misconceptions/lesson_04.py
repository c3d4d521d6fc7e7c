"""Wrong solutions of lesson 04: one mistake each in a backward pass that is right otherwise.

The caches are those of the course's forward functions: (x, w, b) for affine, x for ReLU, the output for sigmoid and tanh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers import bug_hunt, layers, losses
from backprop_helpers.misconceptions.spec import Misconception

COUNTED = "counted in public course solutions ({})"
DESIGN = "course design"


def _rows(x: Any) -> Any:
    return x.reshape(len(x), -1)


# --- affine_backward ---------------------------------------------------------------------------------------


def _affine_db_not_summed(dout: Any, cache: Any) -> Any:
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout


def _affine_db_averaged(dout: Any, cache: Any) -> Any:
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout.mean(axis=0)


def _affine_db_wrong_axis(dout: Any, cache: Any) -> Any:
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout.sum(axis=1)


def _affine_db_one_number(dout: Any, cache: Any) -> Any:
    dx, dw, _ = layers.affine_backward(dout, cache)
    return dx, dw, dout.sum()


def _affine_db_kept_as_row(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dx, dw, db[None, :]


def _affine_db_of_ones(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dx, dw, np.ones_like(db)


def _affine_dw_transposed(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dx, dw.T, db


def _affine_dw_averaged(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dx, dw / len(dout), db


def _affine_dw_transpose_forgotten(dout: Any, cache: Any) -> Any:
    x, _, _ = cache
    dw = _rows(x) @ dout
    dx, _, db = layers.affine_backward(dout, cache)
    return dx, dw, db


def _affine_dw_entrywise(dout: Any, cache: Any) -> Any:
    x, _, _ = cache
    dw = _rows(x).T * dout
    dx, _, db = layers.affine_backward(dout, cache)
    return dx, dw, db


def _affine_dw_upstream_dropped(dout: Any, cache: Any) -> Any:
    dx, _, db = layers.affine_backward(dout, cache)
    return dx, layers.affine_backward(np.ones_like(dout), cache)[1], db


def _affine_dx_transpose_forgotten(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    dx = (dout @ w).reshape(x.shape)
    _, dw, db = layers.affine_backward(dout, cache)
    return dx, dw, db


def _affine_dx_entrywise(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    dx = (dout * w.T).reshape(x.shape)
    _, dw, db = layers.affine_backward(dout, cache)
    return dx, dw, db


def _affine_dx_left_flat(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return _rows(dx), dw, db


def _affine_dx_upstream_dropped(dout: Any, cache: Any) -> Any:
    _, dw, db = layers.affine_backward(dout, cache)
    return layers.affine_backward(np.ones_like(dout), cache)[0], dw, db


def _affine_x_not_flattened(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.T @ dout, dout.sum(axis=0)


def _affine_dx_dw_swapped(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dw, dx, db


def _affine_like_the_layer(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dw, db, dx


def _affine_backward_order(dout: Any, cache: Any) -> Any:
    return layers.affine_backward(dout, cache)[::-1]


def _affine_dw_db_swapped(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return dx, db, dw


def _affine_db_first(dout: Any, cache: Any) -> Any:
    dx, dw, db = layers.affine_backward(dout, cache)
    return db, dx, dw


def _affine_divided_again(dout: Any, cache: Any) -> Any:
    return layers.affine_backward(dout / len(dout), cache)


def _affine_wrong_sign(dout: Any, cache: Any) -> Any:
    return layers.affine_backward(-dout, cache)


def _affine_updates_w_first(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    dw = _rows(x).T @ dout
    w -= dw
    return (dout @ w.T).reshape(x.shape), dw, dout.sum(axis=0)


def _affine_moves_w(rate: float) -> Callable[[Any, Any], Any]:
    def wrong(dout: Any, cache: Any) -> Any:
        x, w, _ = cache
        dw = _rows(x).T @ dout
        w -= rate * dw
        return (dout @ w.T).reshape(x.shape), dw, dout.sum(axis=0)

    return wrong


def _affine_scales_dout_in_place(dout: Any, cache: Any) -> Any:
    grads = layers.affine_backward(dout, cache)
    dout *= 0
    return grads


AFFINE = (
    Misconception(
        "affine-backward-db-not-summed",
        "affine_backward",
        _affine_db_not_summed,
        "db is the upstream gradient itself, one row per example; b is shared by all rows, so its gradient adds them up.",
        "b has one number per output and is used once per row. What does the chain rule do where one value is used several times?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-db-averaged",
        "affine_backward",
        _affine_db_averaged,
        "db is the mean of dout over the rows, so it is N times too small; paths from b to the loss add up, they are not averaged.",
        "The 1/N of a mean loss already sits inside dout. What is left for the bias to do with its N rows?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-db-wrong-axis",
        "affine_backward",
        _affine_db_wrong_axis,
        "db has one number per row of the batch; dout was summed over its outputs (axis 1) where the rows (axis 0) had to be added.",
        "Compare the shape of db with the shape of b: which axis of dout must disappear?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-db-one-number",
        "affine_backward",
        _affine_db_one_number,
        "db is one single number, the sum of all of dout; b has M numbers, and each gets the sum of its own column.",
        "What does NumPy's sum do when no axis is named?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-db-kept-as-row",
        "affine_backward",
        _affine_db_kept_as_row,
        "db holds the right numbers as a matrix with one row, (1, M); b has shape (M,), and a gradient has the shape of what it belongs to.",
        "Look for `keepdims` or a product with a row of ones.",
        "course design",
    ),
    Misconception(
        "affine-backward-db-of-ones",
        "affine_backward",
        _affine_db_of_ones,
        "db is 1 everywhere, which is the local slope ∂out/∂b alone; the upstream gradient dout is missing.",
        "Local slope times upstream: where does dout enter?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dw-transposed",
        "affine_backward",
        _affine_dw_transposed,
        "dw is transposed: it is (M, D) where w is (D, M).",
        "A gradient has the shape of what it belongs to. Which factor must stand on the left so that D comes first?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dw-averaged",
        "affine_backward",
        _affine_dw_averaged,
        "dw is divided by N, the number of rows; the loss has already divided by it, so 1/N is applied twice.",
        "Which function knows that the loss is a mean? Only that one divides.",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dw-transpose-forgotten",
        "affine_backward",
        _affine_dw_transpose_forgotten,
        "dw multiplies x with dout without transposing x, which fits only where all sizes happen to be equal.",
        "Write the three shapes below each other: (D, M) from (N, D) and (N, M). Which axis is summed away, and where must it stand?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dw-entrywise",
        "affine_backward",
        _affine_dw_entrywise,
        "dw multiplies entry by entry (*) where rows must be multiplied and summed (@).",
        "dw[d, m] adds one product for every row of the batch. Which of the two operators adds?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dw-upstream-dropped",
        "affine_backward",
        _affine_dw_upstream_dropped,
        "dw does not depend on dout: it is the column sums of x, as if every upstream gradient were 1.",
        "Each path from w to the loss goes through out, and dout says how much out matters. Where is it?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dx-transpose-forgotten",
        "affine_backward",
        _affine_dx_transpose_forgotten,
        "dx multiplies dout with w itself; going back, w has to be transposed, and this fits only where w is square.",
        "Forward, w takes D numbers to M. Which matrix takes M numbers back to D?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dx-entrywise",
        "affine_backward",
        _affine_dx_entrywise,
        "dx multiplies dout and the transposed w entry by entry (*) where a matrix product (@) is needed.",
        "dx[n, d] adds one product for each of the M outputs that x[n, d] reaches. Which operator adds?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-dx-left-flat",
        "affine_backward",
        _affine_dx_left_flat,
        "dx holds the right numbers but stays flat, (N, D); x had more axes, and dx must have the same ones.",
        "The layer before this one gave you x in its own shape. In which shape does it want its upstream gradient?",
        COUNTED.format(1),
    ),
    Misconception(
        "affine-backward-dx-upstream-dropped",
        "affine_backward",
        _affine_dx_upstream_dropped,
        "dx does not depend on dout: every row is the sum of w over its outputs, as if every upstream gradient were 1.",
        "Two outputs that matter differently must not count the same. Where does dout enter?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-x-not-flattened",
        "affine_backward",
        _affine_x_not_flattened,
        "dw is computed from x as it came; that works for x of shape (N, D) only, and here x has more axes.",
        "The forward pass flattened each example to one row before it multiplied. The backward pass has to see the same matrix.",
        COUNTED.format(2),
    ),
    Misconception(
        "affine-backward-order-swapped",
        "affine_backward",
        _affine_dx_dw_swapped,
        "all three gradients are right, but they come back in another order; expected is dx, dw, db.",
        "The order is that of the inputs of affine_forward: x, w, b. Look at what your return gives first.",
        DESIGN,
        also=(_affine_like_the_layer, _affine_backward_order, _affine_dw_db_swapped, _affine_db_first),
    ),
    Misconception(
        "affine-backward-divided-again",
        "affine_backward",
        _affine_divided_again,
        "all three gradients are N times too small: they are divided by the number of rows once more, although dout already holds the 1/N of the loss.",
        "Where in the network is the mean taken? Nobody else needs to divide.",
        DESIGN,
    ),
    Misconception(
        "affine-backward-wrong-sign",
        "affine_backward",
        _affine_wrong_sign,
        "all three gradients have the wrong sign; a gradient points uphill, and the minus belongs to the update of the weights.",
        "Who takes the step downhill: the backward pass, or the line w ← w − η dw?",
        DESIGN,
    ),
    Misconception(
        "affine-backward-updates-w-first",
        "affine_backward",
        _affine_updates_w_first,
        "w is changed before dx is computed, so dx belongs to weights that the forward pass never used.",
        "A backward pass only reports slopes. Leave w as it is; changing it is the next lesson's job.",
        DESIGN,
        also=(_affine_moves_w(0.01), _affine_moves_w(0.1)),
    ),
    Misconception(
        "affine-backward-overwrites-dout",
        "affine_backward",
        _affine_scales_dout_in_place,
        "the three gradients are right, but dout is changed in place; another branch of the network may still need it.",
        "Look for an operator with = in it (*=, -=, /=) or an assignment into dout[…].",
        COUNTED.format("12, in relu_backward"),
    ),
)


# --- relu_backward -----------------------------------------------------------------------------------------


def _relu_overwrites_dout(dout: Any, cache: Any) -> Any:
    dout[cache <= 0] = 0
    return dout


def _relu_overwrites_cache(dout: Any, cache: Any) -> Any:
    dx = np.where(cache > 0, dout, 0)
    cache[cache <= 0] = 0
    return dx


def _relu_overwrites_both(dout: Any, cache: Any) -> Any:
    dx = np.where(cache > 0, dout, 0)
    cache[cache <= 0] = 0
    dout[...] = dx
    return dx


def _relu_mask_inverted(dout: Any, cache: Any) -> Any:
    return np.where(cache < 0, dout, 0)


def _relu_of_upstream(dout: Any, cache: Any) -> Any:
    return np.maximum(dout, 0)


def _relu_upstream_dropped(dout: Any, cache: Any) -> Any:
    return np.where(cache > 0, 1.0, 0.0)


def _relu_returns_activation(dout: Any, cache: Any) -> Any:
    return np.maximum(cache, 0)


def _relu_times_activation(dout: Any, cache: Any) -> Any:
    return dout * np.maximum(cache, 0)


def _relu_slope_omitted(dout: Any, cache: Any) -> Any:
    return dout * 1.0


def _relu_sign(dout: Any, cache: Any) -> Any:
    return dout * np.sign(cache)


def _relu_leaky(dout: Any, cache: Any) -> Any:
    return np.where(cache > 0, dout, 0.01 * dout)


def _relu_whole_numbers(dout: Any, cache: Any) -> Any:
    dx = np.zeros_like(cache)
    dx[cache > 0] = dout[cache > 0]
    return dx


def _relu_two_axes_only(dout: Any, cache: Any) -> Any:
    n, d = cache.shape
    dx = np.zeros((n, d))
    for i in range(n):
        for j in range(d):
            dx[i, j] = dout[i, j] if cache[i, j] > 0 else 0
    return dx


def _relu_above_one(dout: Any, cache: Any) -> Any:
    return np.where(cache >= 1, dout, 0)


RELU = (
    Misconception(
        "relu-backward-overwrites-dout",
        "relu_backward",
        _relu_overwrites_dout,
        "the values are right, but dout is changed in place; where the network forks, the other branch reads it too and gets your zeros.",
        "Does a line assign into dout[…], or use *= on it, or on another name for the same array? Begin with a new array.",
        COUNTED.format(12),
    ),
    Misconception(
        "relu-backward-overwrites-cache",
        "relu_backward",
        _relu_overwrites_cache,
        "the values are right, but the cached x is changed in place; that array is the output of the layer before, which still needs it.",
        "cache is no copy. Build the mask as a new array.",
        COUNTED.format(2),
    ),
    Misconception(
        "relu-backward-overwrites-both",
        "relu_backward",
        _relu_overwrites_both,
        "the values are right, but both dout and the cached x are changed in place; neither belongs to this function.",
        "Which lines assign into an array that came in from outside?",
        "counted in public course solutions (14, one or the other)",
    ),
    Misconception(
        "relu-backward-mask-inverted",
        "relu_backward",
        _relu_mask_inverted,
        "the mask is the wrong way round: gradient flows where x was negative and stops where it was positive.",
        "For which x does a nudge of x move max(0, x)?",
        DESIGN,
    ),
    Misconception(
        "relu-backward-relu-of-upstream",
        "relu_backward",
        _relu_of_upstream,
        "the mask asks whether dout is positive; it must ask whether x was, and a negative upstream gradient may well pass.",
        "The slope of ReLU depends on where the forward pass stood, and that is in the cache.",
        DESIGN,
    ),
    Misconception(
        "relu-backward-upstream-dropped",
        "relu_backward",
        _relu_upstream_dropped,
        "dx is the local slope alone, 0 or 1; the upstream gradient dout is missing.",
        "Chain rule: local slope times upstream.",
        DESIGN,
    ),
    Misconception(
        "relu-backward-returns-activation",
        "relu_backward",
        _relu_returns_activation,
        "dx is the output of the forward pass, max(0, x), and not a gradient at all.",
        "Which slope does max(0, x) have where x > 0? It does not depend on how large x is.",
        DESIGN,
    ),
    Misconception(
        "relu-backward-times-activation",
        "relu_backward",
        _relu_times_activation,
        "dout is multiplied by the value max(0, x) where it has to be multiplied by the slope, which is 0 or 1.",
        "How steep is max(0, x) at x = 2, and at x = 5?",
        DESIGN,
    ),
    Misconception(
        "relu-backward-slope-omitted",
        "relu_backward",
        _relu_slope_omitted,
        "dx is dout everywhere: the slope of ReLU is left out, and units that were off get a gradient too.",
        "If x was −3, does a small nudge of x change the output?",
        DESIGN,
    ),
    Misconception(
        "relu-backward-sign-for-step",
        "relu_backward",
        _relu_sign,
        "where x was negative, dx is −dout; there ReLU is flat, so its slope is 0 and not −1.",
        "`sign` gives −1, 0 or 1. Which function has that slope?",
        DESIGN,
    ),
    Misconception(
        "relu-backward-leaky",
        "relu_backward",
        _relu_leaky,
        "where x was negative, one hundredth of dout passes; that is the slope of a leaky ReLU, while this forward pass is flat there.",
        "The backward pass has to match the forward pass it belongs to, line by line.",
        "Maas, Hannun and Ng, Rectifier nonlinearities improve neural network acoustic models (2013)",
    ),
    Misconception(
        "relu-backward-whole-numbers",
        "relu_backward",
        _relu_whole_numbers,
        "dx has lost everything behind the decimal point where x holds whole numbers: the new array took its dtype from x.",
        "zeros_like(x) has the dtype of x. Which array has the dtype that dx needs?",
        DESIGN,
    ),
    Misconception(
        "relu-backward-two-axes-only",
        "relu_backward",
        _relu_two_axes_only,
        "it works for arrays with two axes only; x may have any shape, and ReLU doesn't care which.",
        "An entrywise rule needs no loop over axes and no `n, d = x.shape`.",
        COUNTED.format(1),
    ),
    Misconception(
        "relu-backward-mask-above-one",
        "relu_backward",
        _relu_above_one,
        "gradient passes only where x is at least 1; ReLU starts to rise at 0, so everything between 0 and 1 is lost.",
        "Where exactly is the bend of max(0, x)?",
        DESIGN,
    ),
)


# --- sigmoid_backward --------------------------------------------------------------------------------------


def _sigmoid_twice(dout: Any, cache: Any) -> Any:
    s = layers.sigmoid_forward(cache)[0]
    return dout * s * (1 - s)


def _sigmoid_first_factor(dout: Any, cache: Any) -> Any:
    return dout * cache


def _sigmoid_second_factor(dout: Any, cache: Any) -> Any:
    return dout * (1 - cache)


def _sigmoid_upstream_dropped(dout: Any, cache: Any) -> Any:
    return cache * (1 - cache)


def _sigmoid_slope_omitted(dout: Any, cache: Any) -> Any:
    return dout * 1.0


def _sigmoid_returns_activation(dout: Any, cache: Any) -> Any:
    return cache * 1.0


def _sigmoid_tanh_slope(dout: Any, cache: Any) -> Any:
    return dout * (1 - cache**2)


def _sigmoid_plus(dout: Any, cache: Any) -> Any:
    return dout * cache * (1 + cache)


def _sigmoid_sign(dout: Any, cache: Any) -> Any:
    return dout * cache * (cache - 1)


def _sigmoid_overwrites_dout(dout: Any, cache: Any) -> Any:
    dout *= cache * (1 - cache)
    return dout


def _sigmoid_overwrites_cache(dout: Any, cache: Any) -> Any:
    dx = dout * cache * (1 - cache)
    cache *= 1 - cache
    return dx


def _sigmoid_precedence(dout: Any, cache: Any) -> Any:
    return dout * cache * 1 - cache


def _sigmoid_divided(dout: Any, cache: Any) -> Any:
    return dout * cache * (1 - cache) / len(dout)


def _sigmoid_upstream_twice(dout: Any, cache: Any) -> Any:
    return dout * cache * dout * (1 - cache)


SIGMOID = (
    Misconception(
        "sigmoid-backward-sigmoid-twice",
        "sigmoid_backward",
        _sigmoid_twice,
        "the sigmoid is applied to the cached output once more; what is cached is already σ(x).",
        "Where the cache holds ½, the slope is 0.25. What does your code make of ½?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-only-sigma",
        "sigmoid_backward",
        _sigmoid_first_factor,
        "the local slope is taken as σ(x); the factor 1 − σ(x) is missing.",
        "Where the sigmoid is nearly 1 it is flat. Is your slope small there?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-only-one-minus-sigma",
        "sigmoid_backward",
        _sigmoid_second_factor,
        "the local slope is taken as 1 − σ(x); the factor σ(x) is missing.",
        "Where the sigmoid is nearly 0 it is flat. Is your slope small there?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-upstream-dropped",
        "sigmoid_backward",
        _sigmoid_upstream_dropped,
        "dx is the local slope alone; the upstream gradient dout is missing.",
        "Chain rule: local slope times upstream.",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-slope-omitted",
        "sigmoid_backward",
        _sigmoid_slope_omitted,
        "dx is dout itself: the slope of the sigmoid is left out.",
        "How steep is the sigmoid at x = 0? Not 1.",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-returns-activation",
        "sigmoid_backward",
        _sigmoid_returns_activation,
        "dx is σ(x), the output of the forward pass, and not a gradient.",
        "The cache is an ingredient. What has to be built from it, and with what is it multiplied?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-slope-of-tanh",
        "sigmoid_backward",
        _sigmoid_tanh_slope,
        "the slope is 1 − (output)², which belongs to tanh; the sigmoid has another one.",
        "At x = 0 the sigmoid gives ½. Compare its slope there, ¼, with yours.",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-plus-for-minus",
        "sigmoid_backward",
        _sigmoid_plus,
        "the slope is σ (1 + σ), which grows to 2; a sigmoid is never steeper than ¼.",
        "Go through the derivation of σ′ once more and watch the sign between the two terms.",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-wrong-sign",
        "sigmoid_backward",
        _sigmoid_sign,
        "dx has the wrong sign everywhere: the slope is taken as σ (σ − 1), but the sigmoid rises.",
        "Which of the two is subtracted from which?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-overwrites-dout",
        "sigmoid_backward",
        _sigmoid_overwrites_dout,
        "the values are right, but dout is changed in place; another branch of the network may still need it.",
        "Look for *= on dout.",
        COUNTED.format("12, in relu_backward"),
    ),
    Misconception(
        "sigmoid-backward-overwrites-cache",
        "sigmoid_backward",
        _sigmoid_overwrites_cache,
        "the values are right, but the cached output is changed in place; the next layer was given the same array.",
        "Look for *= on the cache, or on another name for it.",
        COUNTED.format("2, in relu_backward"),
    ),
    Misconception(
        "sigmoid-backward-missing-brackets",
        "sigmoid_backward",
        _sigmoid_precedence,
        "brackets are missing: `… * 1 - σ` multiplies first and then subtracts σ, without any upstream gradient.",
        "Python multiplies before it subtracts. What has to stay together?",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-divided-by-n",
        "sigmoid_backward",
        _sigmoid_divided,
        "dx is divided by the number of rows; the loss has already done that, so 1/N is applied twice.",
        "Only the function that takes the mean divides.",
        DESIGN,
    ),
    Misconception(
        "sigmoid-backward-upstream-twice",
        "sigmoid_backward",
        _sigmoid_upstream_twice,
        "the upstream gradient is multiplied in twice; one path goes back, so dout stands in the product once.",
        "Count the factors: one local slope, one upstream gradient.",
        DESIGN,
    ),
)


# --- tanh_backward -----------------------------------------------------------------------------------------


def _tanh_twice(dout: Any, cache: Any) -> Any:
    return dout * (1 - np.tanh(cache) ** 2)


def _tanh_no_square(dout: Any, cache: Any) -> Any:
    return dout * (1 - cache)


def _tanh_square_of_all(dout: Any, cache: Any) -> Any:
    return dout * (1 - cache) ** 2


def _tanh_sigmoid_slope(dout: Any, cache: Any) -> Any:
    return dout * cache * (1 - cache)


def _tanh_upstream_dropped(dout: Any, cache: Any) -> Any:
    return 1 - cache**2


def _tanh_overwrites_dout(dout: Any, cache: Any) -> Any:
    dout *= 1 - cache**2
    return dout


def _tanh_overwrites_cache(dout: Any, cache: Any) -> Any:
    cache *= cache
    return dout * (1 - cache)


def _tanh_precedence(dout: Any, cache: Any) -> Any:
    return dout * 1 - cache**2


def _tanh_sign(dout: Any, cache: Any) -> Any:
    return dout * (cache**2 - 1)


def _tanh_plus(dout: Any, cache: Any) -> Any:
    return dout * (1 + cache**2)


def _tanh_slope_omitted(dout: Any, cache: Any) -> Any:
    return dout * 1.0


def _tanh_only_square(dout: Any, cache: Any) -> Any:
    return dout * cache**2


def _tanh_returns_activation(dout: Any, cache: Any) -> Any:
    return cache * 1.0


TANH = (
    Misconception(
        "tanh-backward-tanh-twice",
        "tanh_backward",
        _tanh_twice,
        "tanh is applied to the cached output once more; what is cached is already tanh(x).",
        "Where the cache holds 0.9, the slope is 0.19. What does your code make of 0.9?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-no-square",
        "tanh_backward",
        _tanh_no_square,
        "the slope is taken as 1 − tanh(x); the square is missing.",
        "tanh is steepest at 0 and equally flat on both sides. Is your slope the same at x and at −x?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-square-of-difference",
        "tanh_backward",
        _tanh_square_of_all,
        "the slope is taken as (1 − tanh(x))²; only tanh is squared, not the difference.",
        "What does the square belong to? Watch the brackets.",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-slope-of-sigmoid",
        "tanh_backward",
        _tanh_sigmoid_slope,
        "the slope is out (1 − out), which belongs to the sigmoid; tanh has another one.",
        "At x = 0 tanh gives 0 and rises at 45°. Compare your slope there.",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-upstream-dropped",
        "tanh_backward",
        _tanh_upstream_dropped,
        "dx is the local slope alone; the upstream gradient dout is missing.",
        "Chain rule: local slope times upstream.",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-overwrites-dout",
        "tanh_backward",
        _tanh_overwrites_dout,
        "the values are right, but dout is changed in place; another branch of the network may still need it.",
        "Look for *= on dout.",
        COUNTED.format("12, in relu_backward"),
    ),
    Misconception(
        "tanh-backward-overwrites-cache",
        "tanh_backward",
        _tanh_overwrites_cache,
        "the values are right, but the cached output is changed in place; the next layer was given the same array.",
        "Look for *= or **= on the cache, or on another name for it.",
        COUNTED.format("2, in relu_backward"),
    ),
    Misconception(
        "tanh-backward-missing-brackets",
        "tanh_backward",
        _tanh_precedence,
        "brackets are missing: `dout * 1 - …` multiplies first and then subtracts the square, without any upstream gradient.",
        "Python multiplies before it subtracts. What has to stay together?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-wrong-sign",
        "tanh_backward",
        _tanh_sign,
        "dx has the wrong sign everywhere: the slope is taken as tanh² − 1, but tanh rises.",
        "Which of the two is subtracted from which?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-plus-for-minus",
        "tanh_backward",
        _tanh_plus,
        "the slope is 1 + tanh², which grows as tanh flattens; it has to shrink to 0 there.",
        "How steep is tanh far out, where it is nearly 1?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-slope-omitted",
        "tanh_backward",
        _tanh_slope_omitted,
        "dx is dout itself: the slope of tanh is left out.",
        "Far from 0 a nudge of x hardly moves tanh(x). Is dx small there?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-only-square",
        "tanh_backward",
        _tanh_only_square,
        "the slope is taken as tanh², which is 0 at x = 0, where tanh is steepest.",
        "What is missing in front of the square?",
        DESIGN,
    ),
    Misconception(
        "tanh-backward-returns-activation",
        "tanh_backward",
        _tanh_returns_activation,
        "dx is tanh(x), the output of the forward pass, and not a gradient.",
        "The cache is an ingredient. What has to be built from it, and with what is it multiplied?",
        DESIGN,
    ),
)


# --- mse_backward ------------------------------------------------------------------------------------------


def _mse_no_two(pred: Any, y: Any) -> Any:
    return (pred - y) / pred.size


def _mse_no_mean(pred: Any, y: Any) -> Any:
    return 2 * (pred - y) * 1.0


def _mse_raw_error(pred: Any, y: Any) -> Any:
    return (pred - y) * 1.0


def _mse_rows_only(pred: Any, y: Any) -> Any:
    return 2 * (pred - y) / len(pred)


def _mse_divided_twice(pred: Any, y: Any) -> Any:
    return 2 * (pred - y) / pred.size**2


def _mse_sign(pred: Any, y: Any) -> Any:
    return 2 * (y - pred) / pred.size


def _mse_square_kept(pred: Any, y: Any) -> Any:
    return 2 * (pred - y) ** 2 / pred.size


def _mse_one_number(pred: Any, y: Any) -> Any:
    return 2 * np.mean(pred - y)


def _mse_returns_loss(pred: Any, y: Any) -> Any:
    return np.mean((pred - y) ** 2)


def _mse_absolute(pred: Any, y: Any) -> Any:
    return 2 * np.abs(pred - y) / pred.size


def _mse_sign_only(pred: Any, y: Any) -> Any:
    return np.sign(pred - y) / pred.size


def _mse_overwrites_pred(pred: Any, y: Any) -> Any:
    dpred = 2 * (pred - y) / pred.size
    pred -= y
    return dpred


def _mse_whole_numbers(pred: Any, y: Any) -> Any:
    dpred = np.zeros_like(pred)
    dpred[...] = 2 * (pred - y) / pred.size
    return dpred


def _mse_divides_in_place(pred: Any, y: Any) -> Any:
    dpred = pred.copy()
    dpred -= y
    dpred *= 2
    dpred /= pred.size
    return dpred


def _mse_pred_only(pred: Any, y: Any) -> Any:
    return 2 * pred / pred.size


MSE = (
    Misconception(
        "mse-backward-factor-two-missing",
        "mse_backward",
        _mse_no_two,
        "dpred is half of what it should be: the 2 from the slope of a square is missing.",
        "What is the derivative of e²? (Some books put ½ in front of the loss; this course doesn't.)",
        DESIGN,
    ),
    Misconception(
        "mse-backward-mean-forgotten",
        "mse_backward",
        _mse_no_mean,
        "dpred is too large by the number of entries: the loss is a mean, and its 1/size is missing.",
        "In how many squares does one entry of pred stand, and what does the mean divide that one by?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-raw-error",
        "mse_backward",
        _mse_raw_error,
        "dpred is the raw error pred − y: both the 2 of the square and the 1/size of the mean are missing.",
        "Write the loss as a sum over entries and differentiate one term.",
        DESIGN,
    ),
    Misconception(
        "mse-backward-rows-only",
        "mse_backward",
        _mse_rows_only,
        "the sum is divided by the number of rows only; in this course MSE is the mean over every entry.",
        "np.mean without an axis divides by how many numbers?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-divided-twice",
        "mse_backward",
        _mse_divided_twice,
        "the mean is taken twice: dpred is divided by the number of entries two times.",
        "Is there a division and a mean in the same expression?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-wrong-sign",
        "mse_backward",
        _mse_sign,
        "dpred has the wrong sign: it is y − pred. A prediction that is too large must have a positive slope.",
        "If pred is above y and grows, does the loss rise or fall?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-square-kept",
        "mse_backward",
        _mse_square_kept,
        "the error is still squared; the slope of a square is twice the error itself, with its sign.",
        "Which power is left when e² is differentiated?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-one-number",
        "mse_backward",
        _mse_one_number,
        "dpred is one single number, the mean over all entries; every entry of pred needs its own slope.",
        "A gradient has the shape of what it belongs to. The mean was taken in the loss; what is left of it here?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-returns-loss",
        "mse_backward",
        _mse_returns_loss,
        "it returns the loss itself, not its gradient.",
        "How does this one number change when one entry of pred moves?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-absolute-error",
        "mse_backward",
        _mse_absolute,
        "the sign of the error is lost: dpred is never negative, so predictions that are too small would be pushed down further.",
        "Look for abs, or for the root of a square.",
        DESIGN,
    ),
    Misconception(
        "mse-backward-sign-of-error",
        "mse_backward",
        _mse_sign_only,
        "only the sign of the error is used, which is the slope of the absolute error; a square is steeper where the error is larger.",
        "How steep is e² at e = 1, and at e = 10?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-overwrites-pred",
        "mse_backward",
        _mse_overwrites_pred,
        "the values are right, but pred is changed in place; it is the network's output, and the caller still wants it.",
        "Look for -= on pred.",
        COUNTED.format("12, in relu_backward"),
    ),
    Misconception(
        "mse-backward-whole-numbers",
        "mse_backward",
        _mse_whole_numbers,
        "dpred has lost everything behind the decimal point where pred holds whole numbers: the new array took its dtype from pred.",
        "zeros_like(pred) has the dtype of pred. Do you need a prepared array at all?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-divides-whole-numbers-in-place",
        "mse_backward",
        _mse_divides_in_place,
        "it stops where pred holds whole numbers: pred is then an integer array, and so is what is made of it by copying or subtracting; "
        "NumPy refuses to write fractions into it with /= or *= (UFuncTypeError).",
        "A new array of floats is safe. Which operators make a new array, and which write into the old one?",
        DESIGN,
    ),
    Misconception(
        "mse-backward-target-forgotten",
        "mse_backward",
        _mse_pred_only,
        "the target y does not appear: dpred is the slope of the mean of pred², as if every target were 0.",
        "Where does the error pred − y go when the square is differentiated?",
        DESIGN,
    ),
)


# --- softmax_loss ------------------------------------------------------------------------------------------


def _rows_and_labels(x: Any, y: Any) -> Any:
    return np.arange(len(x)), y


def _parts(x: Any, y: Any) -> Any:
    """Right loss, right p, and where the labels stand."""
    return losses.cross_entropy(x, y), losses.softmax(x), _rows_and_labels(x, y)


def _softmax_no_shift(x: Any, y: Any) -> Any:
    powers = np.exp(x)
    p = powers / powers.sum(axis=1, keepdims=True)
    at = _rows_and_labels(x, y)
    loss = -np.log(p[at]).mean()
    p[at] -= 1
    return loss, p / len(x)


def _softmax_log_of_zero(x: Any, y: Any) -> Any:
    _, p, at = _parts(x, y)
    loss = -np.log(p[at]).mean()
    return loss, losses.softmax_loss(x, y)[1]


def _softmax_clipped_log(x: Any, y: Any) -> Any:
    _, p, at = _parts(x, y)
    return -np.log(p[at] + 1e-12).mean(), losses.softmax_loss(x, y)[1]


def _softmax_one_shift(x: Any, y: Any) -> Any:
    powers = np.exp(x - x.max())
    p = powers / powers.sum(axis=1, keepdims=True)
    at = _rows_and_labels(x, y)
    loss = -np.log(p[at]).mean()
    p[at] -= 1
    return loss, p / len(x)


def _softmax_one_shift_in_log(x: Any, y: Any) -> Any:
    shifted = x - x.max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    at = _rows_and_labels(x, y)
    dx = np.exp(log_p)
    dx[at] -= 1
    return -log_p[at].mean(), dx / len(x)


def _softmax_one_shift_in_both(x: Any, y: Any) -> Any:
    loss, _ = _softmax_one_shift_in_log(x, y)
    return loss, _softmax_one_shift(x, y)[1]


def _softmax_loss_of_every_labelled_column(x: Any, y: Any) -> Any:
    return -losses.log_softmax(x)[:, y].mean(), losses.softmax_loss(x, y)[1]


def _softmax_loss_adds_every_labelled_column(x: Any, y: Any) -> Any:
    return -losses.log_softmax(x)[:, y].sum() / len(x), losses.softmax_loss(x, y)[1]


def _softmax_label_kept(x: Any, y: Any) -> Any:
    loss, p, _ = _parts(x, y)
    return loss, p / len(x)


def _softmax_dx_not_divided(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss, dx * len(x)


def _softmax_nothing_divided(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss * len(x), dx * len(x)


def _softmax_loss_not_divided(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss * len(x), dx


def _softmax_divided_twice(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss, dx / len(x)


def _softmax_mean_over_classes(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss, dx * len(x) / x.size


def _softmax_sign(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return loss, -dx


def _softmax_loss_sign(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    return -loss, dx


def _softmax_labels_from_one(x: Any, y: Any) -> Any:
    return losses.softmax_loss(x, (y - 1) % x.shape[1])


def _softmax_every_labelled_column(x: Any, y: Any) -> Any:
    loss, p, _ = _parts(x, y)
    p[:, y] -= 1
    return loss, p / len(x)


def _softmax_diagonal_only(x: Any, y: Any) -> Any:
    loss, p, at = _parts(x, y)
    dx = np.zeros_like(p)
    dx[at] = p[at] - 1
    return loss, dx / len(x)


def _softmax_jacobian_left_out(x: Any, y: Any) -> Any:
    loss, p, at = _parts(x, y)
    dx = np.zeros_like(p)
    with np.errstate(divide="ignore"):
        dx[at] = -1 / p[at]
    return loss, dx / len(x)


def _softmax_wrong_axis(x: Any, y: Any) -> Any:
    p = losses.softmax(x.T).T
    at = _rows_and_labels(x, y)
    with np.errstate(divide="ignore"):
        loss = -np.log(p[at]).mean()
    p[at] -= 1
    return loss, p / len(x)


def _softmax_every_log(x: Any, y: Any) -> Any:
    _loss, dx = losses.softmax_loss(x, y)
    return -losses.log_softmax(x).sum() / len(x), dx


def _softmax_shifts_in_place(x: Any, y: Any) -> Any:
    loss, dx = losses.softmax_loss(x, y)
    x -= x.max(axis=1, keepdims=True)
    return loss, dx


def _softmax_raw_powers(x: Any, y: Any) -> Any:
    loss, _, at = _parts(x, y)
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    powers[at] -= 1
    return loss, powers / len(x)


def _softmax_log_probabilities(x: Any, y: Any) -> Any:
    loss, _, at = _parts(x, y)
    dx = losses.log_softmax(x)
    dx[at] -= 1
    return loss, dx / len(x)


def _softmax_scores_for_p(x: Any, y: Any) -> Any:
    loss, _, at = _parts(x, y)
    dx = np.array(x, dtype=float)
    dx[at] -= 1
    return loss, dx / len(x)


def _softmax_keepdims(x: Any, y: Any) -> Any:
    loss = losses.cross_entropy(x, y)
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    p = powers / powers.sum(axis=1)
    p[_rows_and_labels(x, y)] -= 1
    return loss, p / len(x)


def _softmax_one_loss_per_row(x: Any, y: Any) -> Any:
    _, dx = losses.softmax_loss(x, y)
    return -losses.log_softmax(x)[_rows_and_labels(x, y)], dx


SOFTMAX = (
    Misconception(
        "softmax-loss-no-max-shift",
        "softmax_loss",
        _softmax_no_shift,
        "large scores overflow: exp(1000) is infinite, and infinity divided by infinity is nan. Nothing is subtracted before exp.",
        "Softmax does not change when one number is subtracted from a whole row. Which number makes every exponent at most 0?",
        COUNTED.format(20),
    ),
    Misconception(
        "softmax-loss-log-of-zero",
        "softmax_loss",
        _softmax_log_of_zero,
        "the loss is infinite where the true class has a probability too small for a float: log is taken of 0.",
        "Lesson 02 computed log p straight from the scores, without the detour over p.",
        "counted in public course solutions (12, not called wrong there)",
    ),
    Misconception(
        "softmax-loss-small-number-in-log",
        "softmax_loss",
        _softmax_clipped_log,
        "a small number is added inside the log; that hides the infinity but bounds the loss, which then no longer fits its gradient.",
        "Lesson 02 computed log p straight from the scores; then nothing has to be added.",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-one-shift-for-all-rows",
        "softmax_loss",
        _softmax_one_shift,
        "one maximum is subtracted from all rows; in a row far below it every exponential underflows to 0, and what is left is 0 divided by 0 or the log of 0.",
        "Every row has its own sum, so every row needs its own maximum.",
        DESIGN,
        also=(_softmax_one_shift_in_log, _softmax_one_shift_in_both),
    ),
    Misconception(
        "softmax-loss-label-not-subtracted",
        "softmax_loss",
        _softmax_label_kept,
        "dx is p / N: the 1 at the true class is not subtracted, so even a perfect prediction would get a gradient.",
        "What must dx be when p is 1 at the true class and 0 elsewhere?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-gradient-not-divided",
        "softmax_loss",
        _softmax_dx_not_divided,
        "dx is N times too large: the loss is a mean over the rows, and its 1/N is missing in the gradient.",
        "The loss has a mean in it. Where is it in dx?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-nothing-divided",
        "softmax_loss",
        _softmax_nothing_divided,
        "loss and dx are both N times too large: rows are summed where the mean is asked for.",
        "The loss of a batch must not grow only because the batch does.",
        COUNTED.format(3),
    ),
    Misconception(
        "softmax-loss-loss-not-divided",
        "softmax_loss",
        _softmax_loss_not_divided,
        "the loss is N times too large: it sums over the rows where the mean is asked for, although dx is that of the mean.",
        "sum, or mean?",
        "counted in public course solutions (3, loss or gradient)",
    ),
    Misconception(
        "softmax-loss-divided-twice",
        "softmax_loss",
        _softmax_divided_twice,
        "dx is divided by N twice, so it is N times too small.",
        "Is there a mean and a division, or two divisions?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-mean-over-classes",
        "softmax_loss",
        _softmax_mean_over_classes,
        "dx is divided by the number of entries N·C; the loss averages over the N rows only.",
        "Cross-entropy picks one number out of each row. How many numbers are averaged?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-wrong-sign",
        "softmax_loss",
        _softmax_sign,
        "dx has the wrong sign: it is (one-hot − p) / N. The slope at the true class must be negative, because raising that score lowers the loss.",
        "Which of the two is subtracted from which?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-negative-loss",
        "softmax_loss",
        _softmax_loss_sign,
        "the loss is negative: log of a probability is at most 0, and the minus in front of it is missing.",
        "Can a loss be below 0 when the best possible one is 0?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-labels-off-by-one",
        "softmax_loss",
        _softmax_labels_from_one,
        "the class before the label is used: labels run from 0 to C − 1, so nothing is to be subtracted from y.",
        "Which column belongs to label 0?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-every-labelled-column",
        "softmax_loss",
        _softmax_every_labelled_column,
        "1 is subtracted in whole columns: [:, y] means every row of those columns, not row n at column y[n].",
        "One entry per row is meant. Which two index arrays pick exactly those?",
        "NumPy user guide, integer array indexing",
    ),
    Misconception(
        "softmax-loss-loss-of-every-labelled-column",
        "softmax_loss",
        _softmax_loss_of_every_labelled_column,
        "the loss reads whole columns: [:, y] gives a table of N × N numbers, every row at the label of every other row; row n counts at its own y[n] only.",
        "Print the shape of what you average. N numbers are meant, one per row: which two index arrays pick exactly those?",
        "NumPy user guide, integer array indexing",
        also=(_softmax_loss_adds_every_labelled_column,),
    ),
    Misconception(
        "softmax-loss-diagonal-only",
        "softmax_loss",
        _softmax_diagonal_only,
        "dx is 0 at all the other classes: only the diagonal of the softmax Jacobian is used, but raising any score lowers the true class's probability.",
        "Every p in a row shares one sum. Which scores move p of the true class?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-jacobian-left-out",
        "softmax_loss",
        _softmax_jacobian_left_out,
        "dx is the slope with respect to p, −1/p at the true class; the step back through softmax to the scores is missing.",
        "Two steps lead back: through the log to p, then through softmax to x.",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-wrong-axis",
        "softmax_loss",
        _softmax_wrong_axis,
        "softmax runs down the columns: the rows of the batch compete with each other, where the classes of one row should.",
        "Which axis holds the classes of one example?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-log-of-every-class",
        "softmax_loss",
        _softmax_every_log,
        "the loss adds −log p of every class; only the true class of each row counts.",
        "Which column of row n does the label pick?",
        COUNTED.format(2),
    ),
    Misconception(
        "softmax-loss-shifts-in-place",
        "softmax_loss",
        _softmax_shifts_in_place,
        "the values are right, but x is changed in place: the network's scores are shifted for everybody who looks at them later.",
        "Look for -= on x.",
        COUNTED.format("12, in relu_backward"),
    ),
    Misconception(
        "softmax-loss-powers-not-normalised",
        "softmax_loss",
        _softmax_raw_powers,
        "dx uses exp of the scores without dividing by their sum, so the rows are no probabilities.",
        "What do the probabilities of one row add up to?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-log-p-for-p",
        "softmax_loss",
        _softmax_log_probabilities,
        "dx is built from log p where p itself belongs; the formula is p − one-hot.",
        "Each row of dx must add up to 0. Does yours?",
        DESIGN,
    ),
    Misconception(
        "softmax-loss-scores-for-p",
        "softmax_loss",
        _softmax_scores_for_p,
        "dx is built from the raw scores: no exponential is taken, so x stands where p belongs.",
        "Scores become probabilities in two steps. Which are they?",
        COUNTED.format(1),
    ),
    Misconception(
        "softmax-loss-keepdims-missing",
        "softmax_loss",
        _softmax_keepdims,
        "the row sums have shape (N,) and get lined up with the columns; that fails, or divides by another row's sum where N equals C.",
        "In which shape must the sums be, so that row n is divided by its own sum?",
        COUNTED.format(1),
    ),
    Misconception(
        "softmax-loss-one-loss-per-row",
        "softmax_loss",
        _softmax_one_loss_per_row,
        "the loss is an array with one number per row; one number for the whole batch is asked for, their mean.",
        "How are the rows' losses put together?",
        DESIGN,
    ),
)


# --- mlp_backward ------------------------------------------------------------------------------------------


def _walk(dscores: Any, caches: Any, *, relu: Any = layers.relu_backward) -> Any:
    """The right walk, with a way to change what happens at a ReLU."""
    grads, upstream = [], dscores
    for affine_cache, relu_cache in reversed(caches):
        if relu_cache is not None:
            upstream = relu(upstream, relu_cache)
        upstream, dw, db = layers.affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_reversed(dscores: Any, caches: Any) -> Any:
    return _walk(dscores, caches)[::-1]


def _mlp_first_to_last(dscores: Any, caches: Any) -> Any:
    grads, upstream = [], dscores
    for affine_cache, relu_cache in caches:
        if relu_cache is not None:
            upstream = layers.relu_backward(upstream, relu_cache)
        upstream, dw, db = layers.affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    return grads


def _mlp_relu_left_out(dscores: Any, caches: Any) -> Any:
    return _walk(dscores, caches, relu=lambda upstream, z: upstream)


def _mlp_relu_of_upstream(dscores: Any, caches: Any) -> Any:
    return _walk(dscores, caches, relu=lambda upstream, z: np.maximum(upstream, 0))


def _mlp_relu_upstream_dropped(dscores: Any, caches: Any) -> Any:
    return _walk(dscores, caches, relu=lambda upstream, z: (z > 0) * 1.0)


def _mlp_relu_after_affine(dscores: Any, caches: Any) -> Any:
    grads, upstream = [], dscores
    for affine_cache, relu_cache in reversed(caches):
        upstream, dw, db = layers.affine_backward(upstream, affine_cache)
        if relu_cache is not None:
            upstream = layers.relu_backward(upstream, relu_cache)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_raw_error(dscores: Any, caches: Any) -> Any:
    grads = []
    for affine_cache, relu_cache in reversed(caches):
        upstream = dscores if relu_cache is None else layers.relu_backward(dscores, relu_cache)
        _, dw, db = layers.affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_dx_not_handed_on(dscores: Any, caches: Any) -> Any:
    grads, upstream = [], dscores
    for affine_cache, relu_cache in reversed(caches):
        if relu_cache is not None:
            upstream = layers.relu_backward(upstream, relu_cache)
        _, dw, db = layers.affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_none_not_tested(dscores: Any, caches: Any) -> Any:
    grads, upstream = [], dscores
    for affine_cache, relu_cache in reversed(caches):
        upstream = layers.relu_backward(upstream, relu_cache)
        upstream, dw, db = layers.affine_backward(upstream, affine_cache)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_pairs_swapped(dscores: Any, caches: Any) -> Any:
    return [(db, dw) for dw, db in _walk(dscores, caches)]


def _mlp_divided_again(dscores: Any, caches: Any) -> Any:
    return _walk(dscores / len(dscores), caches)


def _mlp_divided_each_layer(dscores: Any, caches: Any) -> Any:
    return [(dw / len(dscores), db) for dw, db in _walk(dscores, caches)]


def _mlp_updates_on_the_way(dscores: Any, caches: Any) -> Any:
    grads, upstream = [], dscores
    for affine_cache, relu_cache in reversed(caches):
        if relu_cache is not None:
            upstream = layers.relu_backward(upstream, relu_cache)
        _, dw, db = layers.affine_backward(upstream, affine_cache)
        x, w, b = affine_cache
        w -= 0.1 * dw
        b -= 0.1 * db
        upstream = (upstream @ w.T).reshape(x.shape)
        grads.append((dw, db))
    return grads[::-1]


def _mlp_empties_caches(dscores: Any, caches: Any) -> Any:
    grads = _walk(dscores, caches)
    caches.reverse()
    return grads


def _mlp_pops_caches(dscores: Any, caches: Any) -> Any:
    grads = _walk(dscores, caches)
    caches.clear()
    return grads


def _mlp_upstream_dropped(dscores: Any, caches: Any) -> Any:
    return _walk(np.ones_like(dscores), caches)


def _mlp_sign(dscores: Any, caches: Any) -> Any:
    return _walk(-dscores, caches)


def _mlp_db_averaged(dscores: Any, caches: Any) -> Any:
    return [(dw, db / len(dscores)) for dw, db in _walk(dscores, caches)]


def _mlp_overwrites_dscores(dscores: Any, caches: Any) -> Any:
    grads = _walk(dscores, caches)
    dscores /= len(dscores)
    return grads


MLP = (
    Misconception(
        "mlp-backward-grads-reversed",
        "mlp_backward",
        _mlp_reversed,
        "the gradients are right but stand in the order in which they were found, last layer first; params begins with the first layer.",
        "grads[0] must belong to params[0]. In which order did you append?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-first-to-last",
        "mlp_backward",
        _mlp_first_to_last,
        "the walk begins at the first layer; dscores is the gradient of the last layer's output, so that one comes first.",
        "Where does the blame start, and in which direction does it travel?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-relu-left-out",
        "mlp_backward",
        _mlp_relu_left_out,
        "ReLU is skipped on the way back: units that were off in the forward pass get blame as well.",
        "Every step of the forward pass has its counterpart. Count them in one hidden layer.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-relu-of-upstream",
        "mlp_backward",
        _mlp_relu_of_upstream,
        "at a ReLU the negative upstream gradients are cut off; what counts is where the forward pass was positive.",
        "The mask comes from the ReLU's cache, not from the gradient that arrives.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-upstream-dropped-at-relu",
        "mlp_backward",
        _mlp_relu_upstream_dropped,
        "at a ReLU the upstream gradient is lost: what goes on is the mask of 0 and 1 alone.",
        "Local slope times upstream, at every step.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-relu-after-affine",
        "mlp_backward",
        _mlp_relu_after_affine,
        "in a layer the affine step is undone before the ReLU; forward it came first, so backward it comes last.",
        "Forward: affine, then ReLU. What is met first when you walk back?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-raw-error-everywhere",
        "mlp_backward",
        _mlp_raw_error,
        "every layer is given dscores, because the dx of affine_backward is not handed on; that dx is the next upstream gradient, the one of the layer before.",
        "What does affine_backward return besides dw and db, and who needs it?",
        DESIGN,
        also=(_mlp_dx_not_handed_on,),
    ),
    Misconception(
        "mlp-backward-none-not-tested",
        "mlp_backward",
        _mlp_none_not_tested,
        "the last layer's ReLU cache is None, because no ReLU stands behind the last layer; the way back goes through a ReLU there all the same, and stops at None.",
        "That layer has no ReLU: its ReLU step is to be skipped. How can the loop tell that a cache is None?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-pairs-swapped",
        "mlp_backward",
        _mlp_pairs_swapped,
        "each pair is (db, dw); the order in params is (w, b), so (dw, db) is expected.",
        "In which order does affine_backward return its three gradients?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-divided-again",
        "mlp_backward",
        _mlp_divided_again,
        "all gradients are N times too small: they are divided by the number of rows once more, although dscores already holds the 1/N of the loss.",
        "Where in the network is the mean taken? Nobody else needs to divide.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-dw-averaged",
        "mlp_backward",
        _mlp_divided_each_layer,
        "every dw is divided by the number of rows, every db is not; the loss has already divided, so none of them should be.",
        "Look for a division, or a mean, beside dw.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-updates-on-the-way",
        "mlp_backward",
        _mlp_updates_on_the_way,
        "weights are changed during the walk, before their old values have passed the upstream gradient on.",
        "Report all slopes first; stepping is the next lesson's job.",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-changes-caches",
        "mlp_backward",
        _mlp_empties_caches,
        "the gradients are right, but the list caches is turned round or emptied in place; a second call would find it changed.",
        "The caches must stay as they were, and caches.reverse() and caches.pop() change the caller's list. reversed(…) walks from the end without changing it.",
        DESIGN,
        also=(_mlp_pops_caches,),
    ),
    Misconception(
        "mlp-backward-upstream-dropped",
        "mlp_backward",
        _mlp_upstream_dropped,
        "dscores is not used: the walk starts from ones, as if every score mattered equally.",
        "The loss says how much each score matters. Where does that enter?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-wrong-sign",
        "mlp_backward",
        _mlp_sign,
        "all gradients have the wrong sign; a gradient points uphill, and the minus belongs to the update.",
        "Who takes the step downhill?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-db-averaged",
        "mlp_backward",
        _mlp_db_averaged,
        "every db is the mean over the rows; b is used once per row, and these paths add up.",
        "sum, or mean?",
        DESIGN,
    ),
    Misconception(
        "mlp-backward-overwrites-dscores",
        "mlp_backward",
        _mlp_overwrites_dscores,
        "the gradients are right, but dscores is changed in place; it belongs to the loss function that made it.",
        "Look for an operator with = in it on the way's first step.",
        COUNTED.format("12, in relu_backward"),
    ),
)


# --- bug hunt ----------------------------------------------------------------------------------------------


def _hunt_1_wrong_side(dscores: Any, cache: Any) -> Any:
    x, z, h, w2 = cache
    dz = (dscores @ w2.T) * (z > 0)
    return x.T @ dz / len(x), dz.mean(axis=0), h.T @ dscores, dscores.sum(axis=0)


def _hunt_1_from_dh(dscores: Any, cache: Any) -> Any:
    dw1, _, dw2, db2 = bug_hunt.mended_1(dscores, cache)
    return dw1, (dscores @ cache[3].T).sum(axis=0), dw2, db2


def _hunt_1_not_summed(dscores: Any, cache: Any) -> Any:
    dw1, _, dw2, db2 = bug_hunt.mended_1(dscores, cache)
    return dw1, (dscores @ cache[3].T) * (cache[1] > 0), dw2, db2


def _hunt_2_slope_lost(dscores: Any, cache: Any) -> Any:
    x, _h1, w2, h2, w3 = cache
    _, _, dw2, db2, dw3, db3 = bug_hunt.mended_2(dscores, cache)
    dz1 = ((dscores @ w3.T) * (1 - h2**2)) @ w2.T
    return x.T @ dz1, dz1.sum(axis=0), dw2, db2, dw3, db3


def _hunt_2_before_the_slope(dscores: Any, cache: Any) -> Any:
    x, h1, w2, _h2, w3 = cache
    _, _, dw2, db2, dw3, db3 = bug_hunt.mended_2(dscores, cache)
    dz1 = ((dscores @ w3.T) @ w2.T) * (1 - h1**2)
    return x.T @ dz1, dz1.sum(axis=0), dw2, db2, dw3, db3


def _hunt_3_last_use_only(dscores: Any, cache: Any) -> Any:
    dw1, db1, _, db2, dw3, db3 = bug_hunt.mended_3(dscores, cache)
    dz3 = (dscores @ cache[5].T) * (1 - cache[3] ** 2)
    return dw1, db1, cache[2].T @ dz3, db2, dw3, db3


def _hunt_3_averaged(dscores: Any, cache: Any) -> Any:
    dw1, db1, dw2, db2, dw3, db3 = bug_hunt.mended_3(dscores, cache)
    return dw1, db1, dw2 / 2, db2, dw3, db3


def _hunt_3_counted_twice(dscores: Any, cache: Any) -> Any:
    dw1, db1, _, db2, dw3, db3 = bug_hunt.mended_3(dscores, cache)
    return dw1, db1, 2 * bug_hunt.suspect_3(dscores, cache)[2], db2, dw3, db3


def _hunt_3_second_term(h: int, back: int) -> Callable[[Any, Any], Any]:
    """dw2 with its second term made of cache[h] and of dz of layer `back`."""

    def wrong(dscores: Any, cache: Any) -> Any:
        _x, _h1, h2, h3, w2, w3 = cache
        dw1, db1, _, db2, dw3, db3 = bug_hunt.mended_3(dscores, cache)
        dz3 = (dscores @ w3.T) * (1 - h3**2)
        dz2 = (dz3 @ w2.T) * (1 - h2**2)
        return dw1, db1, h2.T @ dz3 + cache[h].T @ (dz2 if back == 2 else dz3), db2, dw3, db3

    return wrong


HUNT = (
    Misconception(
        "bug-hunt-1-still-there",
        "bug_hunt_1",
        bug_hunt.suspect_1,
        "the wrong line is still there: db1 is N times too small, and N is the number of rows.",
        "Only db1 is wrong, so its own line must be. Divide what you got by what was expected, entry by entry.",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-1-other-way-round",
        "bug_hunt_1",
        _hunt_1_wrong_side,
        "now dw1 is divided by N as well: it was made to agree with the wrong one instead of the other way round.",
        "The gradient checker called dw1 right. Leave it alone.",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-1-mask-lost",
        "bug_hunt_1",
        _hunt_1_from_dh,
        "db1 is now a sum, but of the gradient before the ReLU; the mask has got lost.",
        "b1 is added to make z. Which gradient belongs to z?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-1-not-summed",
        "bug_hunt_1",
        _hunt_1_not_summed,
        "db1 has one row per example: the mean is gone, but nothing adds the rows.",
        "b1 has H numbers. What happens to the N rows?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-2-still-there",
        "bug_hunt_2",
        bug_hunt.suspect_2,
        "the wrong line is still there: dz2 is passed back through w2 as it is, which fits because w2 happens to be square.",
        "dw2 and db2 are right, dw1 and db1 are not, so the mistake lies between them. Write down the shapes for hidden layers of different widths.",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-2-slope-lost",
        "bug_hunt_2",
        _hunt_2_slope_lost,
        "the way through w2 is right now, but the slope of the first tanh has got lost.",
        "Two things happen between dz2 and dz1: back through w2, and back through tanh.",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-2-second-slope-lost",
        "bug_hunt_2",
        _hunt_2_before_the_slope,
        "the first layer is given the gradient from before the second tanh; its slope is missing on that path.",
        "Which gradient stands at the output of w2: dh2, or dz2?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-still-there",
        "bug_hunt_3",
        bug_hunt.suspect_3,
        "dw2 is still what it was: it holds only what comes from the use of w2 that reads h1; the use that reads h2 counts as well.",
        "Everything but dw2 is right. How often does w2 stand in the forward pass, and how many terms does dw2 have?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-last-use-only",
        "bug_hunt_3",
        _hunt_3_last_use_only,
        "dw2 now holds only what comes from the use of w2 that reads h2; the use that reads h1 counts as well.",
        "w2 stands twice in the forward pass. What do gradients do where a value is used twice?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-averaged",
        "bug_hunt_3",
        _hunt_3_averaged,
        "dw2 is the mean of its two terms; where a value is used twice the paths add up.",
        "Nudge w2: both uses move. Is the effect on the loss their sum or their mean?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-h2-for-h1",
        "bug_hunt_3",
        _hunt_3_second_term(2, 2),
        "dw2 adds two terms now, but the one with dz2 is made with h2; the use of the layer that makes h2 reads h1.",
        "dz2 belongs to the line of the forward pass that makes h2. What goes into that line?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-dz3-for-dz2",
        "bug_hunt_3",
        _hunt_3_second_term(1, 3),
        "dw2 adds two terms now, but the one with h1 is made with dz3; the use of the layer whose input is h1 has the upstream gradient dz2.",
        "Each use of w2 has an input and an output of its own. Which dz belongs to the use that reads h1?",
        DESIGN,
    ),
    Misconception(
        "bug-hunt-3-counted-twice",
        "bug_hunt_3",
        _hunt_3_counted_twice,
        "dw2 counts the use of w2 that reads h1 twice, and the use that reads h2 not at all.",
        "The two terms are different: each use has its own input and its own upstream gradient.",
        DESIGN,
    ),
)


# --- found by trying what was not there yet ------------------------------------------------------------------


def _entry(
    exercise: str, what: str, says: str, hint: str, wrong: Callable[..., Any], *also: Callable[..., Any]
) -> Misconception:
    return Misconception(f"{exercise.replace('_', '-')}-{what}", exercise, wrong, says, hint, DESIGN, also)


def _affine(part: Callable[[Any, Any, Any, Any], Any], which: int) -> Callable[[Any, Any], Any]:
    """affine_backward with one gradient, by its place, replaced by part(dout, rows of x, w, b)."""

    def wrong(dout: Any, cache: Any) -> Any:
        x, w, b = cache
        found = list(layers.affine_backward(dout, cache))
        found[which] = part(dout, _rows(x), w, b)
        return tuple(found)

    return wrong


def _loss(part: Callable[[Any, Any, Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """softmax_loss whose loss is part(log p, one-hot, x, y)."""

    def wrong(x: Any, y: Any) -> Any:
        _, dx, log_p, hot = _pieces(x, y)
        return part(log_p, hot, x, y), dx

    return wrong


def _slope(part: Callable[[Any, Any, int], Any]) -> Callable[[Any, Any], Any]:
    """softmax_loss whose dx is part(p, one-hot, N)."""

    def wrong(x: Any, y: Any) -> Any:
        loss, _, log_p, hot = _pieces(x, y)
        return loss, part(np.exp(log_p), hot, len(x))

    return wrong


def _pieces(x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return *losses.softmax_loss(x, y), log_p, np.eye(x.shape[1])[y]


def _picked(log_p: Any, classes: Any) -> Any:
    return -log_p[np.arange(len(log_p)), classes].mean()


def _softmax_from(log_p_of: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Loss and gradient from another log p."""

    def wrong(x: Any, y: Any) -> Any:
        with np.errstate(all="ignore"):
            log_p = log_p_of(x)
            dx = np.exp(log_p)
        rows = np.arange(len(x))
        dx[rows, y] -= 1
        return -log_p[rows, y].mean(), dx / len(x)

    return wrong


def _log_softmax(shifted: Any) -> Any:
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _sum_of_logs(x: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted)).sum(axis=1, keepdims=True)


def _log_sum_added(x: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted + np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _log_of_all(x: Any) -> Any:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum())


def _mlp_first_relu_missed(dscores: Any, caches: Any) -> Any:
    return _walk(dscores, [(caches[0][0], None), *caches[1:]])


def _hunt_2_other_slope(dscores: Any, cache: Any) -> Any:
    x, _, w2, h2, w3 = cache
    _, _, *rest = bug_hunt.mended_2(dscores, cache)
    dz2 = (dscores @ w3.T) * (1 - h2**2)
    dz1 = (dz2 @ w2.T) * (1 - h2**2)
    return (x.T @ dz1, dz1.sum(axis=0), *rest)


def _hunt_3_both_overwritten(dscores: Any, cache: Any) -> Any:
    _, h1, h2, h3, w2, w3 = cache
    dw1, db1, _, _, dw3, db3 = bug_hunt.mended_3(dscores, cache)
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    return dw1, db1, h1.T @ dz2, dz2.sum(axis=0), dw3, db3


def _hunt_3_crossed(dscores: Any, cache: Any) -> Any:
    _, h1, h2, h3, w2, w3 = cache
    dw1, db1, _, db2, dw3, db3 = bug_hunt.mended_3(dscores, cache)
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    return dw1, db1, h1.T @ dz3 + h2.T @ dz2, db2, dw3, db3


MORE = (
    _entry(
        "affine_backward",
        "dw-of-one-row",
        "dw holds what one row of the batch sends, the first or the last; each row reaches the loss, and the rows' parts add up.",
        "If there is a loop over the rows: does each turn add to dw, or replace it?",
        _affine(lambda dout, rows, w, b: np.outer(rows[-1], dout[-1]), 1),
        _affine(lambda dout, rows, w, b: np.outer(rows[0], dout[0]), 1),
    ),
    _entry(
        "affine_backward",
        "rows-laid-out-anew",
        "x is laid out anew as (D, N) with reshape, which only cuts the numbers at other places; a transpose is needed, which swaps the axes.",
        "Take [[1, 2, 3], [4, 5, 6]]. What do .reshape(3, 2) and .T make of it?",
        _affine(lambda dout, rows, w, b: rows.reshape(-1, len(rows)) @ dout, 1),
    ),
    _entry(
        "affine_backward",
        "db-times-b",
        "db is multiplied by b; the slope of out = x w + b by b is 1.",
        "What is the derivative of x w + b by b?",
        _affine(lambda dout, rows, w, b: b * dout.sum(axis=0), 2),
    ),
    _entry(
        "relu_backward",
        "arguments-exchanged",
        "dout and the cache have changed places: x is passed on where dout is positive.",
        "Which of the two arrays decides what passes, and which one is passed on?",
        lambda dout, cache: cache * (dout > 0),
    ),
    _entry(
        "relu_backward",
        "wrong-sign",
        "dx has the wrong sign everywhere; where ReLU rises it rises with slope 1.",
        "Where does the minus come from? Nothing is subtracted in this layer.",
        lambda dout, cache: -dout * (cache > 0),
    ),
    _entry(
        "relu_backward",
        "divided-by-n",
        "dx is divided by the number of rows; the loss has already done that, so 1/N is applied twice.",
        "Who divides by N, and how often?",
        lambda dout, cache: dout * (cache > 0) / len(dout),
    ),
    _entry(
        "sigmoid_backward",
        "arguments-exchanged",
        "dout and the cache have changed places: the slope is made of dout.",
        "Of which of the two arrays is the slope made?",
        lambda dout, cache: cache * dout * (1 - dout),
    ),
    _entry(
        "sigmoid_backward",
        "a-square-too-many",
        "one of the factors σ and 1 − σ has a square that does not belong there; the slope is σ (1 − σ).",
        "How many factors does the slope have, and is one of them squared?",
        lambda dout, cache: dout * cache**2 * (1 - cache),
        lambda dout, cache: dout * cache * (1 - cache**2),
        lambda dout, cache: dout * cache * (1 - cache) ** 2,
    ),
    _entry(
        "tanh_backward",
        "arguments-exchanged",
        "dout and the cache have changed places: the slope is made of dout.",
        "Of which of the two arrays is the slope made?",
        lambda dout, cache: cache * (1 - dout**2),
    ),
    _entry(
        "tanh_backward",
        "doubled-for-squared",
        "the slope is taken as 1 − 2 tanh(x): the output is doubled where it has to be squared.",
        "What do 3 * 2 and 3 ** 2 give?",
        lambda dout, cache: dout * (1 - 2 * cache),
    ),
    _entry(
        "tanh_backward",
        "times-output",
        "the slope is taken as tanh (1 − tanh²); the first factor belongs to the sigmoid's rule.",
        "At output 0 tanh is steepest. What does your slope give there?",
        lambda dout, cache: dout * cache * (1 - cache**2),
    ),
    _entry(
        "tanh_backward",
        "upstream-in-one-term",
        "dout multiplies the square only: brackets are missing, and the 1 stands there without any upstream gradient.",
        "Which part of 1 − tanh² should be multiplied by dout?",
        lambda dout, cache: 1 - dout * cache**2,
    ),
    _entry(
        "tanh_backward",
        "divided-by-n",
        "dx is divided by the number of rows; the loss has already done that, so 1/N is applied twice.",
        "Who divides by N, and how often?",
        lambda dout, cache: dout * (1 - cache**2) / len(dout),
    ),
    _entry(
        "mse_backward",
        "last-axis-only",
        "the sum is divided by the length of the last axis only; in this course MSE is the mean over every entry.",
        "How many entries has an array of shape (5, 3), and how many does your line count?",
        lambda pred, y: 2 * (pred - y) / pred.shape[-1],
    ),
    _entry(
        "mse_backward",
        "two-axes-only",
        "the entries are counted as rows times columns, which is right for two axes only; pred may have more of them, or one.",
        "How many entries has an array of shape (5, 3, 2), and which attribute of an array tells it, whatever its axes?",
        lambda pred, y: 2 * (pred - y) / (pred.shape[0] * pred.shape[1]),
    ),
    _entry(
        "mse_backward",
        "two-below-the-line",
        "the 2 stands in the denominator, so dpred is four times too small; the power rule puts it above the line.",
        "What is the slope of e²?",
        lambda pred, y: (pred - y) / (2 * pred.size),
    ),
    _entry(
        "mse_backward",
        "brackets-missing",
        "the brackets around pred − y are missing, so a factor reaches one of the two only.",
        "What does `2 * a - b / n` do first?",
        lambda pred, y: 2 * pred - y / pred.size,
        lambda pred, y: (2 * pred - y) / pred.size,
        lambda pred, y: pred - 2 * y / pred.size,
        lambda pred, y: pred - y * 2 / pred.size,
        lambda pred, y: 2 * pred / pred.size - y,
    ),
    _entry(
        "softmax_loss",
        "one-taken-from-every-entry",
        "1 is subtracted from every entry of p; only the entry of the label, one in each row, loses it.",
        "[c = y] is 1 at the label. What is it elsewhere?",
        _slope(lambda p, hot, n: (p - 1) / n),
    ),
    _entry(
        "softmax_loss",
        "label-number-subtracted",
        "the label itself, a number from 0 to C − 1, is subtracted from every entry of its row; what is subtracted is 1, at the label.",
        "Labels are names that happen to be numbers. What would class 2 lose more than class 1?",
        lambda x, y: (losses.softmax_loss(x, y)[0], (np.exp(_pieces(x, y)[2]) - y[:, None]) / len(x)),
    ),
    _entry(
        "softmax_loss",
        "half-of-it-divided",
        "only one of the two terms of p − one-hot is divided by N; the mean divides the whole row.",
        "In which order do you divide by N and subtract 1? Does the division reach both?",
        _slope(lambda p, hot, n: p / n - hot),
        _slope(lambda p, hot, n: p - hot / n),
    ),
    _entry(
        "softmax_loss",
        "slope-of-softmax-too",
        "the slope p (1 − p) is multiplied in; p − one-hot is the gradient of the scores already, with softmax and logarithm in it.",
        "Which of the derivation's lines is the last, and does p (1 − p) stand there?",
        _slope(lambda p, hot, n: (p - hot) * p * (1 - p) / n),
        _slope(lambda p, hot, n: p * (1 - p) / n),
    ),
    _entry(
        "softmax_loss",
        "most-probable-for-label",
        "the most probable class stands where the label belongs, so the network is told that it is right whatever it says.",
        "What does y tell, and where does it enter?",
        _slope(lambda p, hot, n: (p - np.eye(p.shape[1])[p.argmax(axis=1)]) / n),
        _loss(lambda log_p, hot, x, y: _picked(log_p, log_p.argmax(axis=1))),
    ),
    _entry(
        "softmax_loss",
        "log-left-out",
        "the loss is made of p itself; no logarithm is taken.",
        "What is the loss when the true class has p = 1?",
        _loss(lambda log_p, hot, x, y: _picked(np.exp(log_p), y)),
        _loss(lambda log_p, hot, x, y: 1 + _picked(np.exp(log_p), y)),
    ),
    _entry(
        "softmax_loss",
        "log-of-the-mean",
        "the logarithm is taken of the mean probability; asked for is the mean of the logarithms.",
        "Which comes first: the loss of one row, or the mean over the rows?",
        _loss(lambda log_p, hot, x, y: -np.log(-_picked(np.exp(log_p), y))),
    ),
    _entry(
        "softmax_loss",
        "logarithm-to-another-base",
        "the loss is a logarithm to the base 10 or 2; cross-entropy takes the natural one, and its gradient fits that one only.",
        "What is NumPy's natural logarithm called?",
        _loss(lambda log_p, hot, x, y: _picked(log_p, y) / np.log(10)),
        _loss(lambda log_p, hot, x, y: _picked(log_p, y) / np.log(2)),
    ),
    _entry(
        "softmax_loss",
        "loss-mean-of-the-table",
        "the loss is a mean over all N · C entries of a table in which only N are not 0; the mean over the N rows is asked for.",
        "How many losses are there, and by how many numbers does your mean divide?",
        _loss(lambda log_p, hot, x, y: -np.mean(hot * log_p)),
    ),
    _entry(
        "softmax_loss",
        "shift-by-column",
        "each column's maximum is subtracted; softmax stays the same only when all scores of a row are shifted alike.",
        "Along which axis do the scores lie that compete with one another?",
        _softmax_from(lambda x: _log_softmax(x - x.max(axis=0, keepdims=True))),
    ),
    _entry(
        "softmax_loss",
        "one-sum-for-the-table",
        "the exponentials of the whole table are added up; each row has a sum of its own.",
        "What should the probabilities of one row add up to?",
        _softmax_from(_log_of_all),
    ),
    _entry(
        "softmax_loss",
        "sum-of-logs",
        "the logarithm is taken of each exponential and then they are added; the sum stands inside the logarithm.",
        "log Σ exp: what is done first, what next, what last?",
        _softmax_from(_sum_of_logs),
    ),
    _entry(
        "softmax_loss",
        "log-sum-added",
        "the logarithm of the sum is added to the scores; a quotient's logarithm subtracts it.",
        "A log p is never above 0. What is yours?",
        _softmax_from(_log_sum_added),
    ),
    _entry(
        "mlp_backward",
        "mask-as-factor",
        "the gradient is multiplied by the ReLU's cached input z itself; its slope is 1 where z is positive and 0 elsewhere.",
        "Which function of yours knows what to do with a ReLU cache?",
        lambda dscores, caches: _walk(dscores, caches, relu=lambda dout, cache: dout * cache),
        lambda dscores, caches: _walk(dscores, caches, relu=lambda dout, cache: dout * np.maximum(cache, 0)),
    ),
    _entry(
        "mlp_backward",
        "relu-arguments-exchanged",
        "relu_backward is handed the cache first and the gradient second; it takes dout, then cache.",
        "In which order does relu_backward take its arguments?",
        lambda dscores, caches: _walk(
            dscores, caches, relu=lambda dout, cache: layers.relu_backward(cache, dout)
        ),
    ),
    _entry(
        "mlp_backward",
        "first-relu-missed",
        "the ReLU of the first layer is skipped; every layer but the last has one.",
        "Which layer has no ReLU, and how do the caches tell?",
        _mlp_first_relu_missed,
    ),
    _entry(
        "bug_hunt_2",
        "slope-of-the-other-layer",
        "dz1 is multiplied by the slope of the second tanh, made of h2; the first layer's output is h1.",
        "Which of the factors in the line for dz1 belong to layer 1?",
        _hunt_2_other_slope,
    ),
    _entry(
        "bug_hunt_3",
        "other-way-round",
        "now db2 is overwritten as well: the right line was made to agree with the wrong one.",
        "The report called dw2 wrong and db2 right. Which of the two lines shows how the other should be?",
        _hunt_3_both_overwritten,
    ),
    _entry(
        "bug_hunt_3",
        "terms-crossed",
        "dw2 adds two terms now, but each with the input of the other use: dz3 belongs to h2, and dz2 to h1.",
        "The layer is used twice. What went into it the first time, and what the second?",
        _hunt_3_crossed,
    ),
)


MISCONCEPTIONS = (*AFFINE, *RELU, *SIGMOID, *TANH, *MSE, *SOFTMAX, *MLP, *HUNT, *MORE)
