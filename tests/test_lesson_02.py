"""What lesson 02 says is so: its worked numbers, its traps, its answer key, and what its checks tell a learner."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose
from backprop_helpers.experiments import softmax_loss_view
from backprop_helpers.experiments.gallery.mse_view import MIDDLE, people
from backprop_helpers.experiments.gallery.mse_view import model as line_fit
from backprop_helpers.losses import accuracy, cross_entropy, log_softmax, mse, softmax
from backprop_helpers.network import init_params, mlp_forward


def test_the_numbers_worked_by_hand():
    assert mse(np.array([[4, 2], [7, 1]]), np.array([[3, 1], [4, 2]])) == 3
    assert mse(np.array([5, 2, 2, 1]), np.array([3, 2, 6, 1])) == 5
    assert softmax(np.log([[1, 2, 5], [2, 3, 5]])) == pytest.approx(
        np.array([[1 / 8, 2 / 8, 5 / 8], [0.2, 0.3, 0.5]])
    )
    assert softmax(np.full((1, 3), 7.0)) == pytest.approx(np.full((1, 3), 1 / 3))
    halves = np.log([[1 / 2, 1 / 2], [1 / 8, 7 / 8]])
    assert cross_entropy(halves, np.array([0, 0])) == pytest.approx(2 * np.log(2))
    quarters = np.log([[1 / 4, 3 / 4], [1 / 16, 15 / 16]])
    assert cross_entropy(quarters, np.array([0, 0])) == pytest.approx(3 * np.log(2))
    assert round(float(3 * np.log(2)), 3) == 2.079
    assert log_softmax(np.array([[0.0, 800.0], [1000.0, 1000.0]])) == pytest.approx(
        np.array([[-800, 0], [-np.log(2), -np.log(2)]])
    )


def test_another_convention_changes_the_loss_by_a_constant_factor():
    rng = np.random.default_rng(0)
    for _ in range(3):
        pred, y = rng.standard_normal((2, 5, 3))
        by_rows = np.sum((pred - y) ** 2) / len(pred)
        assert by_rows == pytest.approx(3 * mse(pred, y))


def test_training_on_the_stretched_difference_predicts_the_average():
    rng = np.random.default_rng(0)
    y = rng.standard_normal((6, 1))
    pred = rng.standard_normal(6)
    for _ in range(500):
        pred -= 0.5 * 6 * (2 * (pred - y) / 36).sum(axis=0)
    assert pred == pytest.approx(np.full(6, y.mean()))


def test_unscaled_pixels_give_scores_of_a_thousand():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0, 255, (100, 64)) @ rng.standard_normal((64, 10))
    assert np.abs(scores).max(axis=1).mean() > 1000


def test_one_nan_makes_the_whole_loss_nan():
    assert np.isnan(mse(np.array([np.nan, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])))


def test_a_fresh_network_costs_log_c():
    rng = np.random.default_rng(0)
    scores, _ = mlp_forward(rng.standard_normal((50, 20)), init_params([20, 30, 100], rng))
    loss = cross_entropy(scores, rng.integers(0, 100, 50))
    assert loss == pytest.approx(np.log(100), abs=0.01)
    assert round(float(np.log(100)), 3) == 4.605


def test_a_sure_mistake_is_infinite_only_by_rounding():
    scores, y = np.array([[0.0, 800.0]]), np.array([0])
    with np.errstate(divide="ignore"):
        assert np.isinf(-np.log(softmax(scores)[0, 0]))
    assert cross_entropy(scores, y) == 800


def test_scaling_scores_keeps_the_accuracy_and_adding_keeps_both():
    rng = np.random.default_rng(0)
    scores, y = rng.standard_normal((40, 5)), rng.integers(0, 5, 40)
    assert accuracy(10 * scores, y) == accuracy(scores, y)
    assert cross_entropy(10 * scores, y) > 2 * cross_entropy(scores, y)
    assert accuracy(scores + 10, y) == accuracy(scores, y)
    assert cross_entropy(scores + 10, y) == pytest.approx(cross_entropy(scores, y))


def test_scaling_scores_can_make_wrong_rows_cheaper_and_a_second_class_larger():
    """Why the page says `often`, and `at the others' cost`."""
    scores, y = np.array([[0.0, 0.01] + [-1.0] * 98]), np.array([0])
    assert accuracy(scores, y) == 0
    assert cross_entropy(10 * scores, y) < cross_entropy(scores, y) / 4
    three = np.array([[2.0, 1.9, 0.0]])
    once, twice = softmax(three)[0], softmax(2 * three)[0]
    assert twice[0] > once[0]
    assert twice[1] > once[1]
    rng = np.random.default_rng(0)
    many = rng.standard_normal((200, 5))
    right = many.argmax(axis=1)
    for row, best in zip(many, right, strict=True):
        assert cross_entropy(10 * row[None], np.array([best])) < cross_entropy(row[None], np.array([best]))


def test_a_lost_axis_is_an_error_in_a_wide_table_and_silent_in_a_square_one():
    table = np.array([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ValueError, match="broadcast"):
        _ = table - table.sum(axis=1)
    square = table[:, :2]
    assert (square - square.sum(axis=1)).shape == square.shape
    assert not np.array_equal(square - square.sum(axis=1), square - square.sum(axis=1, keepdims=True))


def test_the_square_table_shows_wrong_numbers_without_an_error():
    square = np.array([[1, 1, 1], [2, 2, 2], [5, 5, 5]])
    assert (square - square.max(axis=1)).any()
    assert not (square - square.max(axis=1, keepdims=True)).any()


def _lost(shift, total):
    """A softmax whose maximum and whose sum may have lost their axis."""

    def softmax(scores):
        powers = np.exp(scores - scores.max(axis=1, keepdims=not shift))
        return powers / powers.sum(axis=1, keepdims=not total)

    return softmax


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (_lost(True, False), "softmax-max-without-keepdims"),
        (_lost(True, True), "softmax-max-without-keepdims"),
        (_lost(False, True), "softmax-sum-without-keepdims"),
        (lambda s: np.exp(s) / np.exp(s).sum(axis=1), "softmax-sum-without-keepdims"),
    ],
)
def test_a_forgotten_keepdims_is_named_though_it_raises(wrong, name):
    result = diagnose("softmax", wrong)
    assert result.misconception == name
    assert "keepdims" in result.message


@pytest.mark.parametrize("name", [m.name for m in misconceptions.all() if "keepdims" in m.says])
def test_every_form_of_a_forgotten_keepdims_has_its_name(name):
    (wrong,) = (m for m in misconceptions.all() if m.name == name)
    for form in wrong.variants():
        assert diagnose(form.exercise, form.wrong).misconception == name


def test_argmax_down_the_columns_is_named_with_and_without_a_check_of_the_shapes():
    result = diagnose("accuracy", lambda s, y: np.mean(s.argmax(axis=0) == y))
    assert result.misconception == "accuracy-wrong-axis"


def test_a_single_zero_is_not_called_zero_everywhere():
    """Most of its calls stop; the one value that comes back is 0 by chance."""

    def accuracy(scores, y):
        if y.shape != (len(scores),):
            raise ValueError("one label per row")
        if len(scores) > 1:
            raise KeyError("another mistake")
        return 0.0

    assert "everywhere" not in diagnose("accuracy", accuracy).message


def test_the_sliders_come_as_near_as_the_best_line_to_three_digits():
    floor = line_fit(0.0, 1.0).best
    assert floor < line_fit(0.6, 1.35).loss < floor + 0.0005
    assert f"{line_fit(0.6, 1.35).loss:.3f}" == f"{floor:.3f}" == "0.294"


def test_a_probability_rounded_to_1_is_marked():
    sure = softmax_loss_view.sentence(softmax_loss_view.model(2.0, 1.0, 0.0, "10", "0"))
    assert "gets probability ≈ 1, loss ≈ 0." in sure
    plain = softmax_loss_view.sentence(softmax_loss_view.model(2.0, 1.0, 0.0, "1", "0"))
    assert "≈" not in plain


def test_the_squares_of_the_picture_lie_inside_it():
    """At its first setting; the picture is cut off at 3.4."""
    x, _ = people()
    shown = line_fit(0.0, 1.0)
    corners = np.where(x < MIDDLE, x + abs(shown.residuals), x - abs(shown.residuals))
    assert -3 < corners.min() < corners.max() < 3.4


def test_an_error_that_is_returned_is_not_taken_for_a_refusal():
    def returns_it(pred, y):
        if pred.shape != y.shape:
            return ValueError("shapes differ")
        return np.mean((pred - y) ** 2)

    result = diagnose("mse", returns_it)
    assert "mse returned a ValueError like a value" in result.message
    assert "`raise ValueError(...)`" in result.message
    assert "to be refused" in result.where
    assert "returned a ValueError" in diagnose("softmax", lambda scores: ValueError("no")).message


def test_where_shows_the_case_that_stopped():
    def lost(scores):
        powers = np.exp(scores - scores.max(axis=1))
        return powers / powers.sum(axis=1, keepdims=True)

    result = diagnose("softmax", lost)
    assert result.misconception == "softmax-max-without-keepdims"
    assert "stopped with ValueError" in result.where
    assert re.search(r"Inputs: scores of shape \(\d, \d\)\.$", result.where)
    assert re.fullmatch(r"inputs: scores of shape \(\d, \d\)\.", diagnose("softmax", lost, hidden=True).where)


def test_whether_shapes_were_refused_is_said_without_a_tolerance():
    result = diagnose("mse", lambda pred, y: np.mean((pred - y) ** 2))
    assert result.where.startswith("shapes refused: no. Inputs: ")
    assert "close enough" not in result.where


@pytest.mark.parametrize("name", ["log-softmax-sum-of-logs", "log-softmax-sum-of-all-logs"])
def test_log_and_sum_in_the_wrong_order_are_named_in_every_form(name):
    (wrong,) = (m for m in misconceptions.all() if m.name == name)
    for variant in wrong.variants():
        for seed in (None, 1, 2):
            assert diagnose("log_softmax", variant.wrong, seed=seed).misconception == name


def test_the_answer_key_s_example_is_right():
    losses = {}
    for model, p_true in {"A": [0.9, 0.9, 0.001], "B": [0.6, 0.4, 0.4]}.items():
        p = np.array(p_true)
        scores, y = np.log(np.stack([p, 1 - p], axis=1)), np.zeros(3, dtype=int)
        losses[model] = (accuracy(scores, y), round(cross_entropy(scores, y), 3))
    assert losses == {"A": (2 / 3, 2.373), "B": (1 / 3, 0.781)}


@pytest.mark.parametrize("name", ["log-softmax-small-constant", "cross-entropy-small-constant"])
def test_a_small_constant_is_named_whatever_it_is_and_clipping_too(name):
    (wrong,) = (m for m in misconceptions.all() if m.name == name)
    variants = list(wrong.variants())
    assert len(variants) == 29
    for variant in variants:
        assert diagnose(variant.exercise, variant.wrong).misconception == name


def test_two_mistakes_at_once_are_both_named():
    result = diagnose("mse", lambda pred, y: np.sum((pred - y) ** 2))
    assert result.misconception == "mse-sum + mse-shapes-not-checked"


def test_a_function_that_raises_something_else_is_not_taken_for_a_known_mistake():
    def raises(scores):
        raise ValueError("nothing to do with shapes")

    result = diagnose("softmax", raises)
    assert result.misconception is None
    assert "nothing to do with shapes" in result.message


def test_refusing_must_be_said_with_a_value_error():
    def exits(pred, y):
        if pred.shape != y.shape:
            raise RuntimeError("no")
        return np.mean((pred - y) ** 2)

    result = diagnose("mse", exits)
    assert not result.passed
    assert "RuntimeError" in str(result)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("mse-root", "function the square root of"),
        ("accuracy-error-rate", "function 1 minus"),
        ("accuracy-percent", "ratio"),
        ("cross-entropy-base-two", "ratio"),
        ("cross-entropy-sign", "sign"),
    ],
)
def test_without_its_entry_a_wrong_number_still_gets_a_fact(name, pattern):
    (wrong,) = (m for m in misconceptions.all() if m.name == name)
    result = diagnose(wrong.exercise, wrong.wrong, known=())
    assert result.misconception is None
    assert result.pattern == pattern
