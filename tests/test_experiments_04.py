"""The stepped network: its numbers are those of the page's worked example, and nothing is shown before its step."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backprop_helpers.experiments import backward_steps
from backprop_helpers.experiments.gallery.backward_steps import B1, B2, STEPS, TARGET, W1, W2, model
from backprop_helpers.gradcheck import numerical_gradient


def loss(x, w1, w2, z_nudge, h_nudge):
    h = np.maximum(x @ w1 + B1 + z_nudge, 0) + h_nudge
    return float((h @ w2 + B2 - TARGET)[0] ** 2)


@pytest.mark.parametrize("x", list(itertools.product((-2.9, -0.4, 2.1), (-2.3, 0.9, 3.0))))
def test_gradients_are_slopes(x):
    r = model(9, *x)
    found = numerical_gradient(
        lambda w1, w2, dz, dh: loss(np.array(x), w1, w2, dz, dh), (W1, W2, np.zeros(3), np.zeros(3))
    )
    for mine, slope in zip((r.dw1, r.dw2, r.dz, r.dh), found, strict=True):
        assert mine.ravel() == pytest.approx(slope.ravel(), rel=1e-6, abs=1e-6)


def test_the_worked_example_of_the_page():
    r = model(9, 2.0, 1.0)
    assert r.z.tolist() == [2, -2, 1]
    assert r.h.tolist() == [2, 0, 1]
    assert (r.out, r.loss, r.dout) == (1, 4, -4)
    assert r.dw2.tolist() == [-8, 0, -4]
    assert r.dh.tolist() == [-4, -12, 8]
    assert r.dz.tolist() == [-4, 0, 8]
    assert r.dw1.tolist() == [[-8, 0, 16], [-4, 0, 8]]


def test_nothing_is_shown_before_its_step():
    """No orange anywhere in the forward half; then more with every step."""
    orange = [backward_steps.show(step=s).html.count("--bp-orange") for s in range(len(STEPS))]
    first = STEPS.index("dout")
    assert not any(orange[:first])
    assert all(a < b for a, b in itertools.pairwise(orange[first - 1 :]))


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_the_sentence_says_the_step_and_its_numbers(step):
    shown = backward_steps.show(step=step, x1=-1.0, x2=2.5)
    assert shown.sentence.startswith(f"Step {step} of 9.")
    assert shown.data["step"] == step
    assert shown.data["last"] == STEPS[step]


def test_off_units_are_named():
    assert "h₂ was off, so its gradient stops" in backward_steps.show(step=8).sentence
    assert (
        "h₁ and h₃ were off, so their gradients stop" in backward_steps.show(step=8, x1=-3.0, x2=0.5).sentence
    )
    assert "all units were on" in backward_steps.show(step=8, x1=4.0, x2=5.5).sentence
