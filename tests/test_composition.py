"""Two mistakes in the same numbers: both are named, and nothing is named that is not there."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose


def backward(dw, dx=lambda dout, w: dout @ w.T):
    """An affine_backward with a dw and a dx of one's own."""

    def fn(dout, cache):
        x, w, _ = cache
        rows = x.reshape(len(x), -1)
        return dx(dout, w).reshape(x.shape), dw(dout, rows), dout.sum(axis=0)

    return fn


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_two_mistakes_in_one_number_are_both_named(seed):
    averaged_and_turned = backward(lambda dout, rows: dout.T @ rows / len(rows))
    found = diagnose("affine_backward", averaged_and_turned, seed=seed)
    assert set(found.misconception.split(" + ")) == {
        "affine-backward-dw-averaged",
        "affine-backward-dw-transposed",
    }
    assert " And: " in found.message


def test_a_sign_and_a_missing_mean():
    found = diagnose("mse_backward", lambda pred, y: 2 * (y - pred))
    assert set(found.misconception.split(" + ")) == {"mse-backward-wrong-sign", "mse-backward-mean-forgotten"}


def test_a_loss_without_its_mean_and_with_a_half_too_many():
    def half_sum(pred, y):
        if pred.shape != y.shape:
            raise ValueError("shapes")
        return np.sum((pred - y) ** 2) / 2

    assert diagnose("mse", half_sum).misconception == "mse-sum + mse-half"


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("softmax-loss-loss-not-divided", "N times too large and N times too small"),
        ("accuracy-divided-by-classes", "times N and divided by C"),
        ("mse-backward-factor-two-missing", "times size / 2 and divided by size"),
        ("sigmoid-forward-exp-over-exp", "eˣ and 1 / eˣ"),
    ],
)
def test_two_mistakes_that_undo_each_other_are_no_explanation(name, others):
    """others: what two registered mistakes would have to be, that together give the numbers of the one left out."""
    (wrong,) = (m for m in misconceptions.all() if m.name == name)
    known = [m for m in misconceptions.for_exercise(wrong.exercise) if m is not wrong]
    assert diagnose(wrong.exercise, wrong.wrong, known=known).misconception is None, others


def test_a_third_mistake_is_not_passed_over():
    wrong = backward(lambda dout, rows: dout.T @ rows / len(rows) + 1e-3)
    assert diagnose("affine_backward", wrong).misconception is None
