"""What lesson 01 claims on its page is so."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from backprop_helpers.checks import diagnose, exercises
from backprop_helpers.data import load_digits, two_arcs
from backprop_helpers.experiments import folds, forward_steps, neuron_line, twins
from backprop_helpers.experiments.gallery import folds as gallery_folds
from backprop_helpers.experiments.gallery._shared import loss_and_grads
from backprop_helpers.experiments.gallery._shared import scores as scores_of
from backprop_helpers.experiments.gallery.forward_steps import B1, B2, W1, W2
from backprop_helpers.layers import (
    affine_backward,
    affine_forward,
    relu_forward,
    sigmoid_forward,
    tanh_forward,
)
from backprop_helpers.losses import accuracy
from backprop_helpers.misconceptions import for_exercise
from backprop_helpers.network import init_params, mlp_forward


def network(x: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, float]:
    """z, h and the score of the page's 2-3-1 network, by its definition and not by the course's layers."""
    z = np.array([sum(x[d] * W1[d, m] for d in range(2)) + B1[m] for m in range(3)])
    h = np.array([max(0, v) for v in z])
    return z, h, float(sum(h * W2) + B2)


@pytest.mark.parametrize(
    ("x", "z", "h", "score"),
    [
        ((1, 2), (6, 1, -1), (6, 1, 0), 9),
        ((3, 0), (4, -1, -3), (4, 0, 0), 7),
        ((-1, 1), (2, 0, 1), (2, 0, 1), 6),
    ],
)
def test_the_three_examples_worked_by_hand(x, z, h, score):
    found = network(x)
    assert tuple(found[0]) == z
    assert tuple(found[1]) == h
    assert found[2] == score


def test_the_flow_picture_shows_the_network_of_the_page():
    for x1 in range(-3, 4):
        for x2 in range(-3, 4):
            shown = forward_steps.show(step=3, x1=x1, x2=x2)
            assert shown.data["score"] == network((x1, x2))[2]
            assert f"= {shown.data['score']:g}".replace("-", "−") in shown.sentence


def test_the_weight_of_a_silent_unit_does_not_matter():
    """The prediction of the flow picture, and what it says about x₁ = −1."""
    assert {forward_steps.show(step=3, w3=w).data["score"] for w in range(-5, 6)} == {9.0}
    assert len({forward_steps.show(step=3, x1=-1, w3=w).data["score"] for w in range(-5, 6)}) == 11


def test_nothing_is_shown_before_its_step():
    def texts(step: int) -> str:
        return forward_steps.show(step=step).html

    assert texts(0).count("= ?") == 7
    assert "z₁ = 6" not in texts(0)
    assert "z₁ = 6" in texts(1)
    assert "h₁ = 6" not in texts(1)
    assert "score = 9" not in texts(2)
    assert "score = 9" in texts(3)


def test_doubling_weights_and_bias_leaves_the_line_and_sharpens_the_shading():
    once, twice = neuron_line.show(w1=1.0, w2=0.5, b=1.0), neuron_line.show(w1=2.0, w2=1.0, b=2.0)
    assert once.data["distance"] == pytest.approx(twice.data["distance"])
    assert once.data["positive"] == twice.data["positive"]
    grids = [neuron_line.model(w1=a, w2=a / 2, b=a, activation="sigmoid").grid for a in (1.0, 2.0)]
    assert np.abs(grids[1] - 0.5).mean() > np.abs(grids[0] - 0.5).mean()


def test_the_table_of_activations():
    z = np.array([-2.0, 0.0, 2.0])
    assert [f"{v:.2f}" for v in sigmoid_forward(z)[0]] == ["0.12", "0.50", "0.88"]
    assert [f"{v:.2f}" for v in tanh_forward(z)[0]] == ["-0.96", "0.00", "0.96"]
    assert np.allclose(np.tanh(z), 2 * sigmoid_forward(2 * z)[0] - 1)


def test_without_an_activation_more_units_change_nothing_and_with_relu_they_do():
    straight = {folds.show(units=u, activation="none").data["accuracy"] for u in (1, 4, 8)}
    assert len(straight) == 1
    assert folds.show(units=4, activation="none").data["straight"]
    assert not folds.show(units=4, activation="ReLU").data["straight"]
    assert folds.show(units=4, activation="ReLU").data["accuracy"] > max(straight)


def test_each_activation_s_networks_are_the_best_of_their_starts_so_more_units_do_not_do_worse():
    for activation in ("sigmoid", "tanh", "ReLU"):
        right = [folds.show(units=u, activation=activation).data["accuracy"] for u in range(1, 9)]
        assert right[0] == folds.show(units=1, activation="none").data["accuracy"]
        assert min(np.diff(right)) > -0.006, "one point of 200 at most"
        assert right[-1] >= 0.99
    one = folds.show(units=1, activation="ReLU")
    assert "no unit's own line crosses it here" in one.sentence
    assert not folds.show(units=2, activation="ReLU").data["straight"]


@pytest.mark.slow
def test_the_start_of_four_sigmoids_is_the_best_of_twenty():
    x, y = two_arcs()

    def rank(start: int) -> tuple[float, float]:
        params = gallery_folds.trained("sigmoid", 4, start)
        loss, _ = loss_and_grads(x, y, params, "sigmoid")
        return -accuracy(scores_of(x, params, "sigmoid"), y), loss

    assert min(range(20), key=rank) == gallery_folds.BEST_START["sigmoid"][3]


@pytest.mark.parametrize("forward", [relu_forward, tanh_forward])
def test_from_zeros_no_weight_moves(forward):
    rng = np.random.default_rng(0)
    h, _ = affine_forward(rng.standard_normal((5, 3)), np.zeros((3, 4)), np.zeros(4))
    out, last = affine_forward(forward(h)[0], np.zeros((4, 2)), np.zeros(2))
    dh, dw2, db2 = affine_backward(rng.standard_normal(out.shape), last)
    assert not dh.any()
    assert not dw2.any()
    assert db2.any(), "only the last biases do"


def test_the_tanh_of_the_table_divides_infinity_by_infinity():
    with np.errstate(over="ignore", invalid="ignore"):
        up, down = np.exp(1000.0), np.exp(-1000.0)
        assert np.isnan((up - down) / (up + down))
    assert np.tanh(1000.0) == 1


def test_shapes_and_yes_or_no_are_shown_as_such_and_without_a_tolerance():
    def columns(sizes, rng, scale=0.01):
        return [(w, b[:, None]) for w, b in init_params(sizes, rng, scale)]

    where = diagnose("init_params", columns, known=()).where
    a, b, c = re.search(r"sizes \[\d+, (\d+), (\d+), (\d+)\]", where).groups()
    assert f"got ({a}, 1), ({b}, 1), ({c}, 1); expected ({a},), ({b},), ({c},)." in where
    own = diagnose(
        "init_params", lambda sizes, rng, scale=0.01: init_params(sizes, np.random.default_rng(0), scale)
    )
    assert own.where.startswith("follows rng: no. Inputs: ")
    wide = diagnose(
        "init_params", lambda sizes, rng, scale=0.01: init_params(sizes, rng, 2 * scale), known=()
    )
    assert "close enough" not in where + own.where + wide.where
    assert "expected 1." in wide.where


def test_equal_units_stay_equal_for_ten_steps_and_random_ones_do_not():
    for start, different in (("all zeros", 1), ("all 0.5", 1), ("random", 4)):
        for step in (0, 5, 10):
            assert twins.show(start=start, step=step).data["different"] == different


def test_an_untrained_network_guesses_digits():
    digits = load_digits()
    rights = []
    for seed in range(10):
        params = init_params([64, 32, 10], np.random.default_rng(seed))
        scores, _ = mlp_forward(digits.x_val, params)
        rights.append(np.mean(scores.argmax(axis=1) == digits.y_val))
    assert 0.05 < np.mean(rights) < 0.16


def test_pictures_are_laid_out_row_by_row():
    pictures = np.arange(24.0).reshape(3, 2, 4)
    out, _ = affine_forward(pictures, np.eye(8), np.zeros(8))
    assert out[1].tolist() == list(range(8, 16))


def test_a_function_that_only_warns_is_told_so_and_named():
    def naive(x):
        return 1 / (1 + np.exp(-x)), None

    result = diagnose("sigmoid_forward", naive)
    assert result.misconception == "sigmoid-forward-overflow"
    unnamed = diagnose("sigmoid_forward", naive, known=())
    assert not unnamed.passed
    assert "warns" in unnamed.message


def test_a_network_that_calls_an_empty_function_says_which():
    def affine_of_the_learner(x, w, b):
        raise NotImplementedError

    def mlp(x, params):
        return affine_of_the_learner(x, *params[0])

    message = diagnose("mlp_forward", mlp).message
    assert "mlp_forward calls affine_of_the_learner, which is still empty" in message


def test_what_cannot_be_read_as_parameters_is_said():
    def flat_list(sizes, rng, scale=0.01):
        return [rng.standard_normal((m, n)) for m, n in itertools.pairwise(sizes)]

    for wrong, words in (
        (lambda sizes, rng, scale=0.01: {"w": 1}, "returned a dict"),
        (lambda sizes, rng, scale=0.01: None, "returned None"),
        (flat_list, "entry 0 of the list init_params returned is an array of shape"),
        (lambda sizes, rng, scale=0.01: [("w", "b")], "something else than numbers"),
    ):
        result = diagnose("init_params", wrong)
        assert words in result.message, result
        assert result.misconception is None


def test_python_own_max_is_explained():
    result = diagnose("relu_forward", lambda x: (max(0, x), x))
    assert "entry by entry" in result.message


def test_the_lesson_is_worth_its_points_and_has_its_exercises():
    names = [e.name for e in exercises().values() if e.lesson == "01_forward_pass"]
    assert names == [
        "affine_forward",
        "relu_forward",
        "sigmoid_forward",
        "tanh_forward",
        "init_params",
        "mlp_forward",
    ]


def test_a_measured_property_is_told_in_words_when_no_mistake_is_known():
    def no_negative(sizes, rng, scale=0.01):
        return [(np.abs(w), b) for w, b in init_params(sizes, rng, scale)]

    result = diagnose("init_params", no_negative, known=())
    assert "do not lie around 0" in result.message
    for name in ("init-params-scale-forgotten", "init-params-biases-one"):
        wrong = next(m for m in for_exercise("init_params") if m.name == name)
        others = [m for m in for_exercise("init_params") if m is not wrong]
        result = diagnose("init_params", wrong.wrong, known=others)
        assert result.misconception is None, "without its own entry no other name may be given"
        fault = next(q.fault for q in exercises()["init_params"].quantities if q.name == result.quantity)
        assert fault in result.message
