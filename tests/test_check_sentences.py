"""What is said of answers that no registered mistake explains: nothing that is not so, and what to do next."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers import autodiff, checkpointing, training
from backprop_helpers.checks import diagnose


@pytest.mark.parametrize(
    ("name", "fn"),
    [
        ("mul", lambda a, b: (a + b, (lambda dout: dout, lambda dout: dout))),
        ("exp", lambda a: (np.exp2(a), (lambda dout: dout * np.exp2(a),))),
        ("log", lambda a: (np.log1p(a), (lambda dout: dout / (1 + a),))),
        ("relu", lambda a: (np.minimum(a, 0), (lambda dout: dout * (a < 0),))),
    ],
)
def test_an_output_is_not_blamed_for_being_independent_of_the_upstream_gradient(name, fn):
    found = diagnose(name, fn)
    assert not found.passed
    assert found.quantity == "out"
    assert found.pattern != "upstream dropped"
    assert "upstream" not in found.message


def test_a_rule_that_drops_its_upstream_gradient_is_still_told():
    found = diagnose("exp", lambda a: (np.exp(a), (lambda dout: 2 * np.exp(a),)), known=())
    assert found.quantity == "da"
    assert found.pattern == "upstream dropped"


def _refuses_with(of_many: type[Exception], of_swept: type[Exception]):
    def backward(root, upstream=None):
        if upstream is None and root.data.size != 1:
            raise of_many("upstream")
        if any(node.rules is None for node in autodiff.topological_order(root)):
            raise of_swept("swept")
        autodiff.backward(root, upstream)

    return backward


@pytest.mark.parametrize(
    ("kinds", "came", "asked"),
    [
        ((TypeError, RuntimeError), "TypeError", "ValueError"),
        ((ValueError, ValueError), "ValueError", "RuntimeError"),
    ],
)
def test_a_refusal_of_another_kind_is_not_called_a_missing_one(kinds, came, asked):
    found = diagnose("backward", _refuses_with(*kinds))
    assert not found.passed
    assert found.misconception is None
    assert f"stops with {came}" in found.message
    assert f"asked for is {asked}" in found.message


def test_a_chain_that_leaves_the_given_forward_uncalled_is_told():
    def fn(x, params, dout, every, forward=None, backward=None):
        return checkpointing.checkpointed_backward(x, params, dout, every)

    found = diagnose("checkpointed_backward", fn)
    assert not found.passed
    assert "never calls the forward that it is given" in found.message


@pytest.mark.parametrize(
    ("turned", "says"),
    [
        (lambda params: params[::-1], "with the last layer first"),
        (lambda params: [(b, w) for w, b in params], "pairs (b, w)"),
        (lambda params: [(w, b[None, :]) for w, b in params], "a step changes no shape"),
    ],
)
def test_params_that_come_back_in_another_shape_are_told_before_the_next_step_stops_at_them(turned, says):
    def fn(params, x, y, update, configs):
        loss, moved, kept = training.train_step(params, x, y, update, configs)
        return loss, turned(moved), kept

    found = diagnose("train_step", fn)
    assert not found.passed
    assert says in found.message
