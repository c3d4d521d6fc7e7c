"""What is said of answers that no registered mistake explains: nothing that is not so, and what to do next."""

from __future__ import annotations

import math
import traceback

import numpy as np
import pytest

from backprop_helpers import autodiff, checkpointing, layers, losses, network, training
from backprop_helpers.checks import diagnose
from backprop_helpers.checks.attempt import LONGEST, _line
from backprop_helpers.checks.wording import _on_some
from backprop_helpers.gradcheck.digits import told_apart


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


def _rows(x):
    return x.reshape(len(x), -1)


def _loop_over_one_size(sizes, rng, scale=0.01):
    return [(scale * rng.standard_normal((m, n)), np.zeros(n)) for m, n in [sizes[:2]]]


def _first_slope_only(f, x):
    grad = np.zeros(x.shape)
    for i in list(np.ndindex(x.shape))[:1]:
        up, down = x.astype(float), x.astype(float)
        up[i] += 1e-5
        down[i] -= 1e-5
        grad[i] = (f(up) - f(down)) / 2e-5
    return grad


@pytest.mark.parametrize(
    ("name", "fn"), [("init_params", _loop_over_one_size), ("numerical_gradient", _first_slope_only)]
)
def test_a_return_inside_a_loop_is_asked_about_and_not_claimed(name, fn):
    found = diagnose(name, fn)
    assert found.misconception
    assert "only the first" in found.message
    assert "return" not in found.message
    assert "return" in found.look


def _central(h, *, half=False, right=False):
    """numerical_gradient with calls of its own for each side; half: the run is half of what is divided by."""

    def gradient(f, x):
        grad = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            up, down = x.astype(float), x.astype(float)
            up[i] += 0 if half and not right else h
            down[i] -= 0 if half and right else h
            grad[i] = (f(up) - f(down)) / (2 * h)
        return grad

    return gradient


@pytest.mark.parametrize("right", [True, False])
def test_half_a_run_is_told_on_either_side_and_in_whichever_order_f_is_called(right):
    found = diagnose("numerical_gradient", _central(1e-5, half=True, right=right))
    assert found.misconception == "numerical-gradient-second-nudge-too-short"
    assert "half as far apart" in found.message
    assert "second call" not in found.message


@pytest.mark.parametrize("h", [1e-10, 1e-12, 1e-14])
def test_a_step_that_is_far_too_small_is_told(h):
    assert diagnose("numerical_gradient", _central(h)).misconception == "numerical-gradient-h-too-small"


def test_a_small_step_that_is_sensible_for_most_is_right_on_large_integers_too():
    assert diagnose("numerical_gradient", _central(1e-8)).passed


@pytest.mark.parametrize("h", [1e-5, 1e-6, -1e-6])
def test_a_step_left_in_a_slope_is_told_however_small(h):
    found = diagnose("slope", lambda x: ((x + h) ** 2 - x**2) / h)
    assert found.misconception == "slope-step-kept"


def test_what_is_nearly_right_is_not_sent_to_compare_the_inputs():
    found = diagnose("slope", lambda x: ((x + 1e-6) ** 2 - x**2) / 1e-6, known=())
    assert not found.passed
    assert "nearly right everywhere, off by 1e−06 at most" in found.look
    assert "It holds on these inputs" not in found.look


@pytest.mark.parametrize("change", [lambda loss: 2 * loss, lambda loss: 3.3 * loss, np.square])
def test_of_a_single_number_no_entries_are_spoken_of(change):
    def fn(x, y):
        loss, dx = losses.softmax_loss(x, y)
        return change(loss), dx

    found = diagnose("softmax_loss", fn)
    assert "what it should be, overall" in found.message
    assert "entry" not in found.message


def test_the_uses_of_a_shared_layer_are_told_by_what_they_read():
    from backprop_helpers import bug_hunt

    found = diagnose("bug_hunt_3", bug_hunt.suspect_3)
    assert found.misconception == "bug-hunt-3-still-there"
    assert "the use of w2 that reads h1" in found.message
    assert "first use" not in found.message


@pytest.mark.parametrize("known", [None, ()])
def test_the_first_wrong_quantity_of_a_training_step_is_that_of_the_last_layer(known):
    """On a network of three layers the last one is 2, and what is wrong there comes first."""

    def fn(params, x, y, update, configs):
        loss, _, kept = training.train_step([(w.copy(), b.copy()) for w, b in params], x, y, update, configs)
        return loss, params, kept

    found = diagnose("train_step", fn, known=known)
    assert found.quantity == "b2"
    assert found.where.startswith("b2 ")


@pytest.mark.parametrize(
    ("name", "fn", "says"),
    [
        ("affine_forward", lambda x, w, b: (1,), "returned 1 thing; expected 2"),
        ("mlp_backward", lambda dscores, caches: [1, 2, 3, 4, 5], "returned 5 things; expected"),
        ("mlp_backward", lambda dscores, caches: [1] * len(caches), "holds an int; expected the pair"),
        ("mlp_backward", lambda dscores, caches: [(1,)] * len(caches), "holds 1 thing; expected the pair"),
    ],
)
def test_one_is_not_a_plural(name, fn, says):
    assert says in diagnose(name, fn).message


@pytest.mark.parametrize(
    ("fn", "says"),
    [
        (
            lambda x, w, b: (x @ w + b, None),
            "a row on the left has 8 numbers and a column on the right has 40",
        ),
        (
            lambda x, w, b: (_rows(x)[:, :1] @ w + b, None),
            "a row on the left has 1 number and a column on the right has 8",
        ),
        (lambda x, w, b: (2.0 @ w, None), "there is a single number on the left"),
    ],
)
def test_numpy_s_words_about_products_are_put_into_ours(fn, says):
    found = diagnose("affine_forward", fn, known=())
    assert says in found.message
    assert "gufunc" not in str(found)
    assert "two shapes don't fit together" in found.message


def test_the_line_below_speaks_of_the_inputs_of_the_line_above_or_says_that_they_are_others():
    found = diagnose("affine_forward", lambda x, w, b: (1.5 * x @ w + 7 * b, None))
    assert "Inputs: x of shape (5, 8)" in found.where
    assert found.look.startswith("On other inputs it stops. It was called with x of shape (4, 5, 8)")


@pytest.mark.parametrize(
    ("cache", "noted"),
    [
        (lambda x, w, b: (_rows(x), w, b), True),
        (lambda x, w, b: (x, w, b), False),
        (lambda x, w, b: (_rows(x), x.shape, w), False),
        (lambda x, w, b: {"x": x}, False),
        (lambda x, w, b: None, False),
    ],
)
def test_a_cache_that_has_lost_the_shape_of_x_is_a_remark(cache, noted):
    found = diagnose("affine_forward", lambda x, w, b: (layers.affine_forward(x, w, b)[0], cache(x, w, b)))
    assert found.passed
    assert any("the shape x came in with is lost" in remark for remark in found.remarks) == noted


def _refusing(x, w, b):
    if x.shape[1] != w.shape[0]:
        raise ValueError("these do not fit")
    return x @ w + b


def test_of_a_helper_that_refuses_the_line_that_calls_it_is_quoted():
    def mlp_forward(x, params):
        out = x
        for w, b in params:
            out = _refusing(x.reshape(len(x), -1), w, b)
        return out, []

    found = diagnose("mlp_forward", mlp_forward)
    assert "in its line `out = _refusing(x.reshape(len(x), -1), w, b)`" in str(found)

    def refuses(x, w, b):
        raise ValueError("no")

    assert 'in its line `raise ValueError("no")`' in diagnose("affine_forward", refuses, known=()).message
    long = traceback.FrameSummary("cell", 1, "f", line=f"y = {'x + ' * 100}")
    assert len(_line([long])) == LONGEST
    assert _line([long]).endswith("…")


def test_where_it_fails_on_few_inputs_these_are_listed_and_what_was_called():
    class Relative(training.EarlyStopping):
        def step(self, val_loss, params):
            if val_loss < self.best_loss * (1 - self.min_improvement):
                self.best_loss, self.waited = val_loss, 0
                self.best_params = [(w.copy(), b.copy()) for w, b in params]
            else:
                self.waited += 1
            return self.waited >= self.patience

    found = diagnose("EarlyStopping", Relative)
    assert found.misconception is None
    assert (
        "It fails on these inputs alone: improvements smaller than min_improvement; losses below zero."
        in (found.look)
    )
    assert "a loss that stands still" not in found.look
    got, expected = (f"{float(value):.6g}" for value in (found.got, found.expected))
    called = found.where.partition("In order: EarlyStopping(2, 0.1), then step with the losses ")[2]
    assert got in called.split(", ")
    assert expected in called.split(", ")


def test_of_many_inputs_on_which_it_holds_three_are_named():
    assert _on_some("abcde", "vwxyz").startswith("It holds on these inputs: a; b; c; and 2 more. ")
    assert _on_some("abc", "v").startswith("It holds on these inputs: a; b; c. ")
    assert _on_some("abcd", "v").startswith("It fails on this input alone: v. ")


def test_the_name_of_a_gradient_in_a_list_is_said_in_words():
    def twice(dscores, caches):
        return [(dw, 2 * db) for dw, db in network.mlp_backward(dscores, caches)]

    assert diagnose("mlp_backward", twice).where.startswith(
        "grads[-1][1], which is db of the last layer, (M,) = "
    )


@pytest.mark.parametrize(
    ("a", "b", "shown"),
    [
        (0.8090004, 0.8089985, ("0.8090004", "0.8089985")),
        (2.2873, 1.21605, ("2.2873", "1.21605")),
        (1.0000012, 1.0, ("1.0000012", "1")),
        (0.0, 1e-9, ("0", "1e-09")),
        (1.0, 1.0, ("1", "1")),
        (math.nan, 0.2340753, ("nan", "0.234075")),
        (math.inf, 1.0, ("inf", "1")),
    ],
)
def test_two_numbers_are_written_so_that_their_difference_shows(a, b, shown):
    assert told_apart(a, b) == shown
