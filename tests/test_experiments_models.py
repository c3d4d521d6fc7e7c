"""The model of every experiment against numbers found in another way."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

import backprop_helpers.experiments as experiments
from backprop_helpers.data import two_arcs
from backprop_helpers.experiments.gallery import (
    bowl,
    folds,
    gradient_cost,
    mse_view,
    neuron_line,
    nudge,
    patience,
    race,
    signal_by_depth,
    slope_of_square,
    softmax_loss_view,
    training_run,
    twins,
)
from backprop_helpers.experiments.gallery._shared import (
    ACTIVATIONS,
    arcs,
    loss_and_grads,
    plane_grid,
    scores,
    until_gone,
)
from backprop_helpers.network import init_params


def plain_loss(x: np.ndarray, y: np.ndarray, params: Any, g: Any) -> float:
    """Mean cross-entropy written out with loops and math, not with the functions under test."""
    total = 0.0
    for row, label in zip(x, y, strict=True):
        h = [float(v) for v in row]
        for layer, (w, b) in enumerate(params):
            h = [sum(h[i] * w[i, j] for i in range(len(h))) + b[j] for j in range(w.shape[1])]
            if layer < len(params) - 1:
                h = [g(v) for v in h]
        total += math.log(sum(math.exp(v) for v in h)) - h[label]
    return total / len(y)


PLAIN = {
    "none": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "tanh": math.tanh,
    "ReLU": lambda z: max(0.0, z),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_shared_training_gradients_agree_with_finite_differences(activation: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 2)), np.array([0, 1, 1, 0, 1])
    params = init_params([2, 3, 2], rng, scale=1.0)
    loss, grads = loss_and_grads(x, y, params, activation)
    assert loss == pytest.approx(plain_loss(x, y, params, PLAIN[activation]))
    for layer in range(2):
        for part in range(2):
            for index in np.ndindex(params[layer][part].shape):
                ends = []
                for nudge_by in (1e-6, -1e-6):
                    changed = [[w.copy(), b.copy()] for w, b in params]
                    changed[layer][part][index] += nudge_by
                    ends.append(plain_loss(x, y, changed, PLAIN[activation]))
                assert grads[layer][part][index] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


def test_plane_grid_runs_row_by_row_from_below() -> None:
    grid = plane_grid(3, (0, 2), (10, 12))
    assert grid.tolist() == [[0, 10], [1, 10], [2, 10], [0, 11], [1, 11], [2, 11], [0, 12], [1, 12], [2, 12]]


def test_until_gone_keeps_the_first_point_outside() -> None:
    path = np.array([[0, 0], [3, 0], [9, 0], [1, 0]])
    assert until_gone(path).tolist() == [[0, 0], [3, 0], [9, 0]]
    assert len(until_gone(path[:2])) == 2


# --- neuron_line ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_neuron_computes_each_point_by_hand(activation: str) -> None:
    r = neuron_line.model(1.5, -0.5, 0.25, activation)
    for (x1, x2), z, out in zip(neuron_line.POINTS, r.z, r.out, strict=True):
        assert z == pytest.approx(1.5 * x1 - 0.5 * x2 + 0.25)
        assert out == pytest.approx(PLAIN[activation](z))
    assert r.positive == sum(1.5 * a - 0.5 * b + 0.25 > 0 for a, b in neuron_line.POINTS)
    assert r.grid[0, 0] == pytest.approx(PLAIN[activation](1.5 * -3.88 - 0.5 * -3 + 0.25))
    assert r.grid[0, -1] == pytest.approx(PLAIN[activation](1.5 * 3.88 - 0.5 * -3 + 0.25))


def test_larger_b_moves_the_line_against_w_and_keeps_its_direction() -> None:
    assert neuron_line.model(3.0, 0.0, 3.0, "none").distance == pytest.approx(1.0)
    counts = [neuron_line.model(1.0, 0.5, b, "none").positive for b in (-4.0, -1.0, 0.0, 1.0, 4.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_a_neuron_without_weights_has_no_line() -> None:
    r = neuron_line.model(0.0, 0.0, 1.0, "ReLU")
    assert math.isinf(r.distance)
    assert "no line" in neuron_line.sentence(r)
    neuron_line.view(r)


# --- training_run ---------------------------------------------------------------------------------------------


def test_training_run_learns_and_its_first_loss_is_right() -> None:
    x, y = two_arcs()
    first = init_params([2, 16, 2], np.random.default_rng(1), scale=0.5)
    assert training_run.model(0).loss == pytest.approx(plain_loss(x, y, first, PLAIN["ReLU"]))
    losses = training_run.model(150).losses
    assert losses.shape == (151,)
    assert losses[-1] < 0.15
    drops = -np.diff(losses)
    assert drops.argmax() < 5  # what the prediction's explanation promises
    assert training_run.model(150).accuracy > 0.95


def test_training_run_shows_the_boundary_of_its_epoch() -> None:
    x, y = two_arcs()
    params = training_run.history()[0][70]
    r = training_run.model(70)
    assert r.accuracy == np.mean(
        [(a[1] > a[0]) == label for a, label in zip(scores(x, params, "ReLU"), y, strict=True)]
    )
    s = scores(np.array([[-2.2, -1.7]]), params, "ReLU")[0]
    assert r.grid[0, 0] == pytest.approx(1 / (1 + math.exp(s[0] - s[1])))


# --- twins ----------------------------------------------------------------------------------------------------


def test_equal_units_stay_equal_while_random_ones_part() -> None:
    for start, different in (("all zeros", 1), ("all 0.5", 1), ("random", 4)):
        for step in (0, 5, 10):
            assert twins.model(start, step).different == different
    still = twins.model("all zeros", 10).weights
    assert np.abs(still).max() == 0
    moved = twins.model("all 0.5", 10).weights
    assert np.abs(moved[-1] - moved[0]).max() > 0.05
    assert (moved == moved[:, :, :1]).all()


def test_twins_loss_shows_what_the_page_says() -> None:
    x, y = twins.clouds()
    assert twins.model("random", 0).loss == pytest.approx(
        plain_loss(x, y, twins.first_params("random"), math.tanh)
    )
    assert twins.model("all zeros", 10).loss == pytest.approx(math.log(2))
    assert twins.model("random", 10).loss < 0.2
    assert twins.model("all 0.5", 10).loss > 0.6


# --- folds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 3, 8])
def test_without_activation_every_hidden_layer_is_one_affine_map(units: int) -> None:
    (w1, b1), (w2, b2) = folds.trained("none", units)
    r = folds.model("none", units)
    assert r.straight
    slope, height = (w1 @ w2)[0], (w1 @ w2)[1] * folds.CUT + b1 @ w2 + b2
    along = np.linspace(-2.2, 2.2, 221)
    np.testing.assert_allclose(r.cut, along * (slope[1] - slope[0]) + height[1] - height[0], atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_short_way_to_a_trained_network_is_the_course_s_own_way(activation: str) -> None:
    x, y = arcs()
    params = init_params([2, 3, 2], np.random.default_rng(folds.BEST_START[activation][2]), scale=1.0)
    velocity = [(0 * w, 0 * b) for w, b in params]
    for _ in range(300):
        _, grads = loss_and_grads(x, y, params, activation)
        pairs = zip(velocity, grads, strict=True)
        velocity = [(0.9 * vw - 0.3 * dw, 0.9 * vb - 0.3 * db) for (vw, vb), (dw, db) in pairs]
        params = [(w + vw, b + vb) for (w, b), (vw, vb) in zip(params, velocity, strict=True)]
    for found, expected in zip(folds.trained(activation, 3), params, strict=True):
        np.testing.assert_allclose(found[0], expected[0], atol=1e-11)
        np.testing.assert_allclose(found[1], expected[1], atol=1e-11)


def test_without_activation_more_units_fit_no_better_and_with_one_they_do() -> None:
    assert folds.model("none", 1).accuracy == pytest.approx(folds.model("none", 8).accuracy, abs=0.006)
    for activation in ("tanh", "ReLU"):
        r = folds.model(activation, 6)
        assert not r.straight
        assert r.accuracy > folds.model("none", 6).accuracy + 0.05


def test_relu_score_bends_only_at_the_lines_of_its_units() -> None:
    r = folds.model("ReLU", 4)
    w, b = r.hidden
    bends = -(w[1] * folds.CUT + b) / w[0]
    along = np.linspace(-2.2, 2.2, 221)
    where = along[1:-1][np.abs(np.diff(r.cut, 2)) > 1e-6]
    assert len(where) > 0
    assert all(np.abs(bends - a).min() <= 0.0201 for a in where)


# --- softmax_loss_view ----------------------------------------------------------------------------------------


def test_softmax_of_small_logits_by_hand() -> None:
    r = softmax_loss_view.model(2.0, 1.0, 0.0, "1", "2")
    total = math.exp(2) + math.exp(1) + 1
    np.testing.assert_allclose(r.p, [math.exp(2) / total, math.exp(1) / total, 1 / total])
    np.testing.assert_allclose(r.naive, r.p)
    assert r.loss == pytest.approx(-math.log(1 / total))
    assert r.naive_loss == pytest.approx(r.loss)


def test_naive_softmax_overflows_where_the_stable_one_does_not() -> None:
    r = softmax_loss_view.model(2.0, 1.0, 0.0, "1000", "1")
    assert r.loss == pytest.approx(1000)
    assert np.isnan(r.naive[:2]).all()
    assert math.isnan(r.naive_loss)
    assert "nan" in softmax_loss_view.sentence(r)


def test_naive_softmax_underflows_to_an_infinite_loss() -> None:
    r = softmax_loss_view.model(-8.0, 0.0, 0.0, "100", "0")
    assert r.loss == pytest.approx(800 + math.log(2))
    assert r.naive_loss == math.inf
    assert "inf" in softmax_loss_view.sentence(r)


def test_adding_a_constant_to_all_logits_changes_nothing() -> None:
    a = softmax_loss_view.model(2.0, 1.0, 0.0, "1", "0")
    b = softmax_loss_view.model(5.0, 4.0, 3.0, "1", "0")
    np.testing.assert_allclose(a.p, b.p)


# --- mse_view -------------------------------------------------------------------------------------------------


def test_mse_is_the_mean_of_the_ten_squares() -> None:
    x, y = mse_view.people()
    r = mse_view.model(0.5, 1.25)
    squares = [(0.5 * a + 1.25 - b) ** 2 for a, b in zip(x, y, strict=True)]
    assert r.total == pytest.approx(sum(squares))
    assert r.loss == pytest.approx(sum(squares) / 10)
    a = np.stack([x, np.ones(10)], axis=1)
    assert r.best == pytest.approx(np.linalg.lstsq(a, y, rcond=None)[1][0] / 10)


def test_the_ten_people_are_real_ones() -> None:
    _, y = mse_view.people()
    assert set(np.rint(y * 100)) <= set(datasets.load_diabetes().target)


# --- nudge ----------------------------------------------------------------------------------------------------


def test_nudge_slope_by_hand_and_true_slopes() -> None:
    r = nudge.model(0.1, "one side", "w³")
    assert r.slope == pytest.approx((1.1**3 - 1) / 0.1)
    assert r.true == 3
    assert r.error == pytest.approx(0.31)
    assert nudge.model(0.1, "both sides", "w³").error == pytest.approx(0.01)  # h², exactly
    for curve, (f, slope) in nudge.CURVES.items():
        numeric = (f(np.asarray(1 + 1e-6)) - f(np.asarray(1 - 1e-6))) / 2e-6
        assert slope(np.asarray(1.0)) == pytest.approx(float(numeric), abs=1e-8), curve


@pytest.mark.parametrize("curve", nudge.CURVES)
@pytest.mark.parametrize("way", ["one side", "both sides"])
def test_error_is_smallest_near_the_h_of_theory(curve: str, way: str) -> None:
    r = nudge.model(0.1, way, curve)
    assert abs(math.log10(r.best_h / r.theory_h)) <= 1.5
    assert r.errors[0] > 100 * r.errors.min()
    assert r.errors[-1] > 100 * r.errors.min()


# --- bowl -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", bowl.SURFACES)
def test_descent_has_its_closed_form(surface: str) -> None:
    r = bowl.model(0.3, surface)
    lam = np.array(bowl.SURFACES[surface])
    t = np.arange(41)[:, None]
    np.testing.assert_allclose(r.path, bowl.START * (1 - 0.3 * 2 / lam.max() * lam) ** t, atol=1e-12)
    assert r.loss == pytest.approx(float(0.5 * (lam * r.path[-1] ** 2).sum()))


@pytest.mark.parametrize("surface", bowl.SURFACES)
def test_border_between_falling_and_growing_is_two_over_the_largest_curvature(surface: str) -> None:
    below, at, above = (bowl.model(share, surface) for share in (0.98, 1.0, 1.02))
    assert below.losses[-1] < below.losses[-2]
    assert above.losses[-1] > above.losses[-2]
    assert at.factor == pytest.approx(1)
    assert "diverges" in bowl.sentence(above)
    assert "border" in bowl.sentence(at)


def test_best_rate_in_the_ravine_is_a_little_below_the_border() -> None:
    shares = np.arange(0.02, 1.2, 0.02)
    best = shares[np.argmin([bowl.model(float(s), "ravine").loss for s in shares])]
    assert 0.9 <= best < 1


# --- race -----------------------------------------------------------------------------------------------------


def test_race_paths_by_hand() -> None:
    eta, lam = 0.05, np.array([1.0, 20.0])
    r = race.model(3, eta, "ravine")
    w = race.START
    for _ in range(3):
        w = w - eta * lam * w
    np.testing.assert_allclose(r.paths["SGD"][-1], w)
    w, v = race.START, np.zeros(2)
    for _ in range(3):
        v = 0.9 * v - eta * lam * w
        w = w + v
    np.testing.assert_allclose(r.paths["momentum"][-1], w)
    np.testing.assert_allclose(r.paths["Adam"][1], race.START - eta * np.sign(race.START), atol=1e-6)
    np.testing.assert_allclose(r.paths["RMSProp"][1], race.START - 10 * eta * np.sign(race.START), atol=1e-5)
    assert r.sgd == pytest.approx(float(0.5 * (lam * r.paths["SGD"][-1] ** 2).sum()))


def test_what_the_prediction_of_the_race_says() -> None:
    r = race.model(100, 0.15, "ravine")
    assert r.sgd > 1e10
    assert r.momentum < 25
    r = race.model(100, 0.25, "ravine")
    assert r.momentum > 1e10
    for eta in (0.25, 1.0):
        r = race.model(100, eta, "ravine")
        assert max(r.rmsprop, r.adam) < 1e4


# --- patience -------------------------------------------------------------------------------------------------


def test_stopping_epoch_on_small_whole_numbers() -> None:
    val = np.array([5, 4, 4, 3, 6, 7, 2, 9])
    assert patience.stopping_epoch(val, 1) == (1, 2)
    assert patience.stopping_epoch(val, 2) == (3, 5)
    assert patience.stopping_epoch(val, 3) == (6, 7)
    assert patience.stopping_epoch(np.array([3, 2, 1]), 1) == (2, 2)


def test_patience_experiment_overfits_as_it_claims() -> None:
    train, val = patience.history()
    assert train[-1] < 0.5 * train[30]
    assert val[-1] > val.min() * 1.5
    assert val[0] > val.min() * 1.5
    restored = [patience.model(p).best_loss for p in (1, 10, 20, 60, 100)]
    assert restored == sorted(restored, reverse=True)
    assert restored[-1] == pytest.approx(val.min())


# --- all ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", experiments.names())
def test_models_are_pure(name: str) -> None:
    experiment = experiments.get(name)
    first = experiment.show().html
    for control in experiment.controls:
        other = control.options[-1] if hasattr(control, "options") else experiment.values()[control.name]
        experiment.show(**{control.name: other})
    assert experiment.show().html == first


# --- slope_of_square ------------------------------------------------------------------------------------------


def test_slope_of_square_against_a_difference() -> None:
    for x in (-2.0, 0.0, 0.5, 3.0):
        r = slope_of_square.model(x)
        assert r.slope == pytest.approx(((x + 1e-6) ** 2 - (x - 1e-6) ** 2) / 2e-6, abs=1e-8)
        assert f"{r.height:.2f}" in slope_of_square.sentence(r)


# --- signal_by_depth ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["ReLU", "tanh", "sigmoid"])
def test_sizes_of_signal_and_gradient_against_finite_differences(
    activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_by_depth, "WIDTH", 5)
    monkeypatch.setattr(signal_by_depth, "BATCH", 3)
    r = signal_by_depth.model(2, "1", activation)
    rng = np.random.default_rng(0)
    x, w1, w2, upstream = (rng.standard_normal(shape) for shape in ((3, 5), (5, 5), (5, 5), (3, 5)))
    g = np.vectorize(PLAIN[activation])
    assert r.signal == pytest.approx([np.sqrt((a**2).mean()) for a in (x, g(x @ w1), g(g(x @ w1) @ w2))])
    dx = np.empty_like(x)
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * 1e-6
            ends.append((g(g(moved @ w1) @ w2) * upstream).sum())
        dx[index] = (ends[0] - ends[1]) / 2e-6
    assert r.gradient[0] == pytest.approx(np.sqrt((dx**2).mean()), rel=1e-6)
    assert r.gradient[-1] == pytest.approx(np.sqrt((upstream**2).mean()))
    assert r.first_gradient == pytest.approx(r.gradient[0] / r.gradient[-1])


def test_what_the_prediction_of_the_depth_experiment_says() -> None:
    small, he, large = (signal_by_depth.model(50, init, "ReLU") for init in ("0.01", "He", "1"))
    assert small.first_gradient ** (-1 / 50) == pytest.approx(18, rel=0.1)
    assert large.first_gradient ** (1 / 50) > 5
    assert 0.1 < he.first_gradient < 10
    assert "vanishes" in signal_by_depth.sentence(small)
    assert "explodes" in signal_by_depth.sentence(large)
    assert "neither" in signal_by_depth.sentence(he)


def test_idle_share_counts_dead_units_and_saturated_outputs() -> None:
    slope = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
    assert signal_by_depth.idle_share("ReLU", slope) == 0.25
    assert signal_by_depth.idle_share("tanh", slope) == 0.375
    assert signal_by_depth.idle_share("sigmoid", np.array([[0.25, 0.012]])) == 0.5


# --- gradient_cost --------------------------------------------------------------------------------------------


def test_multiplications_are_counted_as_loops_would() -> None:
    hidden, count = 3, {"forward": 0, "backward": 0}
    count["forward"] += sum(1 for _ in range(64) for _ in range(hidden))
    count["forward"] += sum(1 for _ in range(hidden) for _ in range(10))
    count["backward"] += sum(1 for _ in range(64) for _ in range(hidden))  # dw of the first layer
    count["backward"] += sum(2 for _ in range(hidden) for _ in range(10))  # dw of the second, and its dx
    r = gradient_cost.model(3.0)
    assert (r.forward, r.backward) == (count["forward"], count["backward"])
    assert r.parameters == 64 * 3 + 3 + 3 * 10 + 10
    assert r.differences == 2 * r.parameters * r.forward


def test_ten_times_the_network_costs_differences_a_hundred_times() -> None:
    small, large = gradient_cost.model(100.0), gradient_cost.model(1000.0)
    assert large.differences / small.differences == pytest.approx(100, rel=0.01)
    assert large.backward / small.backward == pytest.approx(10)


def test_nudge_and_patience_show_only_what_has_been_tried() -> None:
    assert "rounding" not in nudge.sentence(nudge.model(1e-3, "one side", "sin w"))
    assert "smallest error" in nudge.sentence(nudge.model(1e-12, "one side", "sin w"))
    for wide, narrow in ((nudge.model(1.0, "one side", "sin w"), nudge.model(1e-14, "one side", "sin w")),):
        lengths = [len(nudge.view(r).html("")) for r in (wide, narrow)]
        assert lengths[0] < lengths[1] - 500
    lengths = [len(patience.view(patience.model(p)).html("")) for p in (1, 60)]
    assert lengths[0] < lengths[1] - 1000


@pytest.mark.parametrize("w", [(1.0, 0.5), (1.1, 0.8), (2.7, 1.7), (-1.2, 0.4)])
def test_the_name_of_the_weights_touches_no_point(w):
    """The label stands at least a square's half and its own half away from every point."""
    from backprop_helpers.experiments.gallery import neuron_line as module

    plane = module.Panel(module.PLANE_X, module.PLANE_Y, xlabel="x₁", ylabel="x₂", title="a")
    tip = np.array(w)
    dx, dy = module._free(plane, tip, tip)
    letter = np.array([plane.px(tip[0]) + dx, plane.py(tip[1]) + dy - 4]).reshape(2)
    points = np.stack([plane.px(module.POINTS[:, 0]), plane.py(module.POINTS[:, 1])], axis=1)
    assert np.linalg.norm(points - letter, axis=1).min() > 12
    assert dx * w[0] - (dy - 4) * w[1] > -1e-9 * 14 - 1  # nor the arrow that leads to it


def test_the_numbers_below_the_last_epoch_fit_into_the_picture():
    from backprop_helpers.experiments.gallery import training_run as module

    drawn = module.view(module.model(150)).svg("a")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])
    centre = float(re.findall(r'<text x="([\d.]+)"[^>]*>150</text>', drawn)[-1])
    across = re.findall(r"translate\(([\d.]+)", drawn)
    left = float(across[-1]) if across else 0.0
    assert left + centre + 14 <= width  # half of three digits in the widest usual font
