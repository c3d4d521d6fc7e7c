"""What lesson 03 says in words is so: each claim that the page itself does not compute."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers import chain_rule, softmax
from backprop_helpers.checks import diagnose, exercises

EPS = 2.0**-52


@pytest.mark.parametrize("h", [1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
def test_any_sensible_step_passes(h):
    for seed in range(10):
        assert diagnose("numerical_derivative", lambda f, x: (f(x + h) - f(x - h)) / (2 * h), seed=seed)


@pytest.mark.parametrize("h", [1e-1, 1e-2, 1e-11, 1e-13])
def test_no_other_step_does(h):
    for seed in range(10):
        assert not diagnose("numerical_derivative", lambda f, x: (f(x + h) - f(x - h)) / (2 * h), seed=seed)


def test_one_side_is_found_at_any_step():
    for h in (1e-5, 1e-8, 1e-10):
        assert not diagnose("numerical_derivative", lambda f, x, h=h: (f(x + h) - f(x)) / h)


def test_a_tenth_of_the_step_is_a_hundredth_of_the_truncation():
    off = [abs((np.exp(1 + h) - np.exp(1 - h)) / (2 * h) - np.e) for h in (1e-2, 1e-3)]
    assert off[0] / off[1] == pytest.approx(100, rel=1e-3)
    assert off[0] == pytest.approx(1e-2**2 / 6 * np.e, rel=1e-3)


def test_rules_of_thumb_for_the_step():
    assert pytest.approx(7e-6, rel=0.02) == (3 * EPS / 2) ** (1 / 3)
    assert pytest.approx(6e-6, rel=0.02) == EPS ** (1 / 3)
    assert pytest.approx(1.1e-16, rel=0.02) == EPS / 2
    assert np.finfo(float).eps == EPS


def test_near_the_best_step_the_error_hardly_changes():
    def error(h):
        return h**2 / 6 + EPS / (2 * h)  # for exp, over |f|

    best = error((3 * EPS / 2) ** (1 / 3))
    for h in ((EPS / 2) ** (1 / 3), EPS ** (1 / 3), 1e-5):
        assert error(h) < 1.3 * best
    for h in ((EPS / 2) ** 0.5, EPS**0.5):
        assert h / 2 + EPS / h < 1.3 * (2 * EPS) ** 0.5


def test_one_side_is_best_near_the_root_of_2_eps():
    h = 10.0 ** np.arange(-12, 0.1, 0.01)
    one, both = h / 2 + EPS / h, h**2 / 6 + EPS / (2 * h)  # for exp, over |f|
    assert h[one.argmin()] == pytest.approx((2 * EPS) ** 0.5, rel=0.03) == pytest.approx(2e-8, rel=0.06)
    assert pytest.approx(1.5e-8, rel=0.01) == EPS**0.5
    assert one.min() / both.min() == pytest.approx(877, rel=0.01)


@pytest.mark.parametrize("x", [-2, 0, 1, 3])
def test_one_side_is_several_hundred_to_a_thousand_times_worse(x):
    h, true = 10.0 ** np.arange(-12, 0.1, 0.01), np.exp(x)
    off = {
        "one": np.abs((np.exp(x + h) - true) / h - true),
        "both": np.abs((np.exp(x + h) - np.exp(x - h)) / (2 * h) - true),
    }
    # rounding jumps from one h to the next: the worst of 51 neighbours
    worst = {way: np.lib.stride_tricks.sliding_window_view(e, 51).max(axis=1) for way, e in off.items()}
    assert 300 < worst["one"].min() / worst["both"].min() < 1500
    assert 5e-9 < h[25 + worst["one"].argmin()] < 8e-8


def test_a_second_nudge_that_is_too_short_is_named():
    def halved(f, x):
        moved, h = np.array(x, dtype=float), 1e-5
        grad = np.zeros(moved.shape)
        for i in np.ndindex(moved.shape):
            moved[i] += h
            above = f(moved)
            moved[i] -= h
            grad[i] = (above - f(moved)) / (2 * h)
        return grad

    for seed in range(10):
        named = diagnose("numerical_gradient", halved, seed=seed).misconception
        assert named == "numerical-gradient-second-nudge-too-short"


def test_a_1_added_at_the_true_class_is_not_called_wrong_everywhere():
    result = diagnose("scores_slope", lambda p, y: p + np.eye(p.size)[y])
    assert "wrong sign" in result.message
    assert "everywhere" not in result.message


def test_rounding_stays_near_its_bound():
    """The bound ε|f|/2h holds roughly: x + h is rounded as well."""
    h = 10.0 ** np.arange(-12, -7, 0.01)
    rounding = np.abs((np.exp(1 + h) - np.exp(1 - h)) / (2 * h) - np.e * np.sinh(h) / h)
    assert 0.5 < (rounding * 2 * h / (EPS * np.e)).max() < 2


def test_a_gradient_by_differences_costs_two_calls_an_entry():
    calls = []

    def f(x):
        calls.append(1)
        return float(np.sum(x))

    chain_rule.numerical_gradient(f, np.zeros((10, 100)))
    assert len(calls) == 2000


@pytest.mark.parametrize("h", [1e-3, 1e-5, 1e-8])
def test_at_a_kink_the_central_difference_is_the_mean_of_both_sides(h):
    right, left = abs(h) / h, -abs(-h) / h
    assert (right, left) == (1, -1)
    assert chain_rule.numerical_derivative(abs, 0.0, h) == (right + left) / 2 == 0


def test_a_nudge_and_back_does_not_always_lead_to_the_same_number():
    x = np.random.default_rng(0).uniform(-1, 1, 100)
    assert np.any(((x + 1e-5) - 2e-5) + 1e-5 != x)


def test_the_sigmoid_is_steepest_in_the_middle():
    a = np.linspace(0, 1, 101)
    slopes = chain_rule.sigmoid_slope(a)
    assert slopes.max() == slopes[50] == 0.25
    assert slopes[0] == slopes[-1] == 0


def test_the_faded_examples_have_the_printed_answers():
    def loss(v):
        w, x, b = v
        return (w * x + b - 1) ** 2

    assert chain_rule.numerical_gradient(loss, np.array([-1, 4, 2])) == pytest.approx([-24, 6, -6])
    p = np.array([[0.5, 0.25, 0.25]])
    assert chain_rule.softmax_vjp(np.array([[2.0, 0.0, 12.0]]), p).tolist() == [[-1, -1, 2]]
    assert chain_rule.softmax_vjp(np.array([[4.0, 8.0, 0.0]]), p).tolist() == [[0, 1, -1]]


def test_the_shapes_of_a_layer_filled_in():
    x, w, dout = np.ones((5, 4)), np.ones((4, 3)), np.ones((5, 3))
    assert (x @ w).shape == dout.shape
    assert (x.T.shape, w.T.shape) == ((4, 5), (3, 4))
    assert (x.T @ dout).shape == w.shape
    assert (dout @ w.T).shape == x.shape
    assert dout.sum(axis=0).shape == (3,)
    assert dout.size * w.size == 180


def test_a_value_used_twice_moves_the_loss_by_more_than_its_first_order():
    """u = 3x, v = x² at x = 2: v moves by 4δ + δ², so the loss by 36δ and higher powers."""
    for d in (0.1, 0.01, 0.001):
        assert (2 + d) ** 2 - 4 == pytest.approx(4 * d + d**2)
        moved = 3 * (2 + d) ** 3 - 24
        assert moved == pytest.approx(36 * d + 18 * d**2 + 3 * d**3)
    assert moved / d == pytest.approx(36, abs=0.02)


def test_memory_of_a_large_jacobian():
    assert 50_000**2 * 8 / 1e9 == 20
    assert 50_000 * 8 / 1e3 == 400


def test_raising_all_scores_together_changes_no_probability():
    s = np.random.default_rng(0).standard_normal((4, 5))
    assert softmax(s + 3) == pytest.approx(softmax(s))
    dp = np.random.default_rng(1).standard_normal((4, 5))
    assert chain_rule.softmax_vjp(dp, softmax(s)).sum(axis=1) == pytest.approx(0, abs=1e-12)


def test_loss_and_gradient_vanish_where_the_true_class_has_probability_1():
    s = np.array([0.0, 800.0, 0.0])
    p = softmax(s[None])[0]
    assert p[1] == 1
    assert -np.log(p[1]) == 0
    assert not chain_rule.scores_slope(p, 1).any()


def test_where_float64_sees_probability_1_the_other_classes_get_next_to_nothing():
    for gap in np.arange(30, 60, 0.05):
        p = softmax(np.array([[gap, 0.0, 0.0]]))[0]
        if p[0] == 1:
            assert np.abs(chain_rule.scores_slope(p, 0)).max() < 1.2e-16
            assert -np.log(p[0]) == 0
    assert p[0] == 1
    assert p[1] > 0


def test_both_steps_together_give_p_minus_one_hot():
    rng = np.random.default_rng(2)
    for y in range(5):
        p = softmax(rng.standard_normal((1, 5)))
        dp = chain_rule.cross_entropy_slope(p[0], y)
        assert chain_rule.softmax_vjp(dp[None], p)[0] == pytest.approx(chain_rule.scores_slope(p[0], y))


def test_overwriting_a_bias_gradient_keeps_the_last_row_only():
    """What the model answer says: a bias used in four rows gets four contributions."""
    dout = np.array([0.2, 0.2, 0.2, 0.2])
    db = 0.0
    for d in dout:
        db = d
    assert db * 0.1 == pytest.approx(0.02)
    assert dout.sum() * 0.1 == pytest.approx(0.08)


def test_the_jacobian_is_refused_by_its_memory_and_not_by_its_values():
    def by_jacobian(dp, p):
        return np.stack([dp[n] @ (np.diag(p[n]) - np.outer(p[n], p[n])) for n in range(len(p))])

    result = diagnose("softmax_vjp", by_jacobian, known=())
    assert not result.passed
    assert "C × C" in result.message


def test_every_exercise_of_the_page_is_checked():
    names = [name for name, exercise in exercises().items() if exercise.lesson == "03_chain_rule"]
    assert names == [
        "numerical_derivative",
        "numerical_gradient",
        "sigmoid_slope",
        "neuron_locals",
        "neuron_gradient",
        "swish_backward",
        "cross_entropy_slope",
        "softmax_vjp",
        "scores_slope",
    ]


def by_arithmetic(f, x):
    """Right but for arrays of shape (): x * 1.0 turns those into plain numbers."""
    moved, h = x * 1.0, 1e-5
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        here = moved[i]
        moved[i] = here + h
        above = f(moved)
        moved[i] = here - h
        grad[i] = (above - f(moved)) / (2 * h)
        moved[i] = here
    return grad


def test_a_0_d_array_that_became_a_number_is_explained():
    for seed in range(10):
        result = diagnose("numerical_gradient", by_arithmetic, seed=seed)
        assert result.misconception == "numerical-gradient-0-d-becomes-a-number"


def test_it_is_explained_without_a_registered_mistake_too():
    message = diagnose("numerical_gradient", by_arithmetic, known=()).message
    assert "arithmetic on an array of shape () gives a plain NumPy number" in message
    assert "np.array" in message


def test_local_gradients_in_both_places_are_both_named():
    result = diagnose("neuron_gradient", lambda x, w, b, y: (1.0 * x, 1.0))
    assert result.misconception == "neuron-gradient-db-is-local + neuron-gradient-dw-is-local"


def _by_rows(f, x):
    x = np.array(x, dtype=float)
    grad, h = np.zeros(x.shape), 1e-5
    for i in range(x.shape[0]):
        old = x[i]  # a view, where x has several axes
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        below = f(x)
        x[i] = old
        grad[i] = (above - below) / (2 * h)
    return grad


def _by_jacobians(dp, p):
    jacobians = p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])
    return np.einsum("ni,nik->nk", dp, jacobians)


@pytest.mark.parametrize(
    ("exercise", "wrong", "name"),
    [
        ("numerical_gradient", _by_rows, "numerical-gradient-nudges-whole-rows"),
        (
            "numerical_derivative",
            lambda f, x: (f(x + 1e-2) - f(x - 1e-2)) / 2e-2,
            "numerical-derivative-h-too-large",
        ),
        ("softmax_vjp", _by_jacobians, "softmax-vjp-forms-the-jacobian"),
    ],
)
def test_the_same_mistake_written_in_another_way_has_its_name(exercise, wrong, name):
    result = diagnose(exercise, wrong)
    assert not result
    assert result.misconception == name
