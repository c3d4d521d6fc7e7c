"""Mistakes that nobody registered: what is said of them must be true, and must help.

Each was made up without looking at the registered ones; where an earlier version named it wrongly, the wrong
sentence stands beside it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from backprop_helpers.checks import diagnose
from backprop_helpers.layers import affine_backward, relu_forward, sigmoid_forward
from backprop_helpers.losses import cross_entropy, log_softmax, mse, softmax


def _rows(x):
    return x.reshape(len(x), -1)


def _softmax_small_constant(scores):
    e = np.exp(scores - scores.max(1, keepdims=True))
    return e / (e.sum(1, keepdims=True) + 1e-8)


def _row_by_row_to_the_last_but_one(x, w, b):
    out = np.zeros((len(x), w.shape[1]))
    for i in range(len(x) - 1):
        out[i] = x[i].ravel() @ w + b
    return out, None


def _vjp_of_a_row_that_adds_up_to_1(dp, p):
    return p * (dp - dp * p.sum(1, keepdims=True))


PATTERNS = [
    ("slope", lambda x: x**2 - (x - 1) ** 2, "shift", "too small by the same amount in every entry (1)"),
    ("affine_forward", lambda x, w, b: (_rows(x) @ w + 2 * b, 0), "one number a column too many", "the same in every row"),
    ("affine_forward", _row_by_row_to_the_last_but_one, "last row", "right except in its last row"),
    ("relu_forward", lambda x: (np.maximum(1, x), x), "cut off", "never goes below 1;"),
    ("tanh_forward", lambda x: (np.tanh(np.clip(x, -2, 2)), 0), "cut off", "below -0.964 or above 0.964"),
    ("log_softmax", lambda s: log_softmax(s) - s.max(1, keepdims=True), "one number a row too many", "the same in every column"),
    ("softmax", lambda s: softmax(s) * (1.5 + np.cos(s.sum(1, keepdims=True))), "one factor a row", "up to a factor of its own"),
    ("softmax_vjp", _vjp_of_a_row_that_adds_up_to_1, "zero", "zero everywhere"),
    ("softmax_vjp", lambda dp, p: p * (dp - (dp * p).sum(1, keepdims=True)) / p.shape[1], "ratio 1/C", "that is 1/C"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "fn", "pattern", "says"), PATTERNS)
def test_a_pattern_says_what_is_true_of_the_numbers(exercise, fn, pattern, says):
    result = diagnose(exercise, fn, known=())
    assert not result.passed
    assert result.pattern == pattern
    assert says in result.message


NOT_SAID = [
    ("softmax", _softmax_small_constant, "the size, without the sign"),
    ("softmax", lambda s: np.clip(softmax(s), 1e-7, 1 - 1e-7), "the same amount in every entry"),
    ("sigmoid_forward", lambda x: (sigmoid_forward(np.clip(x, -20, 20))[0], 0), "the same amount"),
    ("log_softmax", lambda s: log_softmax(s).astype(np.float32), "the wrong places"),
    ("mse", lambda p, y: mse(p, p * 0) if p.shape != y.shape else mse(p, y), "the logarithm of"),
    ("neuron_locals", lambda x, w, a, y: (2 * (a - y), a * (1 - a), x, 0, 1), "behind the decimal point"),
    ("relu_forward", lambda x: (np.minimum(relu_forward(x)[0], 6), x), "row"),
    ("cross_entropy", lambda s, y: cross_entropy(s, y) if y.ndim == 1 and len(y) == len(s) else 0.0, "has wrong values"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "fn", "says"), NOT_SAID)
def test_a_pattern_that_explains_nothing_is_not_said(exercise, fn, says):
    result = diagnose(exercise, fn, known=())
    assert not result.passed
    assert says not in result.message


def test_half_precision_is_said_as_such():
    result = diagnose("log_softmax", lambda s: log_softmax(s).astype(np.float32))
    assert "came back as float32" in result.message


def _mlp(relu=relu_forward, order=lambda params: params):
    def forward(x, params):
        h, params = x.reshape(len(x), -1), order(params)
        for w, b in params[:-1]:
            h = relu(h @ w + b)[0]
        return h @ params[-1][0] + params[-1][1], []

    return forward


def _last_layer_twice_as_wide(sizes, rng, scale=0.01):
    params = [(scale * rng.standard_normal(p), np.zeros(p[1])) for p in itertools.pairwise(sizes)]
    return [*params[:-1], (2 * params[-1][0], params[-1][1])] if len(params) > 1 else params


def _first_and_last_axis_compared(pred, y):
    if (pred.shape[0], pred.shape[-1]) != (y.shape[0], y.shape[-1]):
        raise ValueError
    return np.mean((pred - y) ** 2)


def _without_the_sum_where_p_is_rounded_to_0(scores):
    p = softmax(scores)
    return np.where(p > 0, np.log(np.where(p > 0, p, 1)), scores - scores.max(1, keepdims=True))


def _slopes_without_their_sign(f, x):
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = 1e-5
        grad[i] = abs(f(x + step) - f(x - step)) / 2e-5
    return grad


def _one_side_by_entries(h):
    def gradient(f, x):
        grad = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            moved = x.astype(float)
            moved[i] += h
            grad[i] = (f(moved) - f(x.astype(float))) / h
        return grad

    return gradient


def _mlp_backward(mask):
    def backward(dscores, caches):
        grads = []
        for cache, z in reversed(caches):
            if z is not None:
                dscores = dscores * mask(z)
            dscores, dw, db = affine_backward(dscores, cache)
            grads.append((dw, db))
        return grads[::-1]

    return backward


ESCAPED_ONCE = [
    ("numerical_derivative", lambda f, x: abs(f(x + 1e-5) - f(x - 1e-5)) / 2e-5),
    ("numerical_gradient", _slopes_without_their_sign),
    ("init_params", _last_layer_twice_as_wide),
    ("mse", _first_and_last_axis_compared),
    ("log_softmax", _without_the_sum_where_p_is_rounded_to_0),
    ("mlp_forward", _mlp(relu=lambda z: (np.clip(z, 0, 6), z))),
    ("mlp_forward", _mlp(relu=lambda z: (np.where(z > 0.1, z, 0), z))),
    ("mlp_forward", _mlp(relu=lambda z: (np.where((z > 0) & (abs(z) > z.mean()), z, 0), z))),
    ("mlp_backward", _mlp_backward(lambda z: (z > 0) & (z < 6))),
    ("relu_backward", lambda dout, x: dout * (x > x.mean())),
    ("relu_backward", lambda dout, x: dout * ((x > 0) & (x < 6))),
    ("numerical_gradient", _one_side_by_entries(1e-6)),
    ("numerical_gradient", _one_side_by_entries(1e-8)),
]


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(("exercise", "fn"), ESCAPED_ONCE)
def test_what_once_passed_is_found_on_every_seed(exercise, fn, seed):
    assert not diagnose(exercise, fn, known=(), seed=seed).passed


NAMED_WRONGLY_ONCE = [
    ("mlp_forward", _mlp(order=lambda params: params[::-1]), "mlp-forward-input-again"),
]


@pytest.mark.parametrize(("exercise", "fn", "name"), NAMED_WRONGLY_ONCE)
def test_another_mistake_that_stops_in_the_same_way_is_not_named(exercise, fn, name):
    result = diagnose(exercise, fn)
    assert not result.passed
    assert result.misconception != name


def _swish_number_by_number(dout, x):
    dx = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        s = 1 / (1 + math.exp(-x[i]))
        dx[i] = dout[i] * (s + x[i] * s * (1 - s))
    return dx


STOPPED = [
    ("softmax", lambda s: math.exp(s) / sum(math.exp(s)), "np.exp, work on every entry"),
    ("swish_backward", _swish_number_by_number, "too large for a float"),
    ("relu_forward", lambda x: (np.maximum(([1.0], [2.0, 3.0]), 0), x), "a pair that has to be taken apart"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "fn", "says"), STOPPED)
def test_what_an_exception_means_is_said(exercise, fn, says):
    result = diagnose(exercise, fn, known=())
    assert "That means: " in result.message
    assert says in result.message


@pytest.mark.parametrize("exercise", ["neuron_locals", "neuron_gradient"])
def test_a_sign_that_is_lost_only_where_it_is_negative_is_not_called_wrong(exercise):
    def local(x, w, a, y):
        return 2 * abs(a - y), a * (1 - a), x, w, 1.0

    def gradient(x, w, b, y):
        a = sigmoid_forward(np.asarray(w @ x + b))[0]
        dz = 2 * abs(a - y) * a * (1 - a)
        return dz * x, dz

    result = diagnose(exercise, local if exercise == "neuron_locals" else gradient, known=())
    assert result.pattern == "sign lost"
    assert "is never negative" in result.message
