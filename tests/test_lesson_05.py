"""What lesson 05 says is so: its worked numbers, the border of stability, the start of the means, and what travels in config."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from page_run import run_page
from sklearn.datasets import load_digits

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose
from backprop_helpers.experiments.gallery import race as race_file
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import init_params, mlp_backward, mlp_forward
from backprop_helpers.optimizers import adam, rmsprop, sgd, sgd_momentum
from backprop_helpers.training import train_step

PAGE = (Path(__file__).parents[1] / "lessons" / "05_weight_update.py").read_text(encoding="utf-8")
ALL = (sgd, sgd_momentum, rmsprop, adam)
RAVINE = np.array([1.0, 20.0])


def walk(update, w, config, gradients):
    """All weights on the way and the last config, for given gradients or for a function of w."""
    path = [w]
    for dw in gradients:
        w, config = update(w, dw(w) if callable(dw) else np.asarray(dw, dtype=float), config)
        path.append(w)
    return np.array(path), config


# --- which way, and how far -------------------------------------------------------------------------------


def test_the_rule_stands_on_the_page_in_these_symbols():
    assert r"w \;\leftarrow\; w - \eta\,\frac{\partial L}{\partial w}" in PAGE


def test_the_steps_of_gradient_descent_by_hand():
    curvature = np.array([1.0, 4.0])
    assert sgd(np.array([4.0, 1.0]), np.array([4.0, 4.0]), {"learning_rate": 0.25})[0].tolist() == [3, 0]
    assert sgd(np.array([2.0, 3.0]), np.array([2.0, 12.0]), {"learning_rate": 0.5})[0].tolist() == [1, -3]
    for rate, w1, w2 in (
        (0.25, [8, 6, 4.5, 3.375], [1, 0, 0, 0]),
        (0.5, [8, 4, 2, 1], [1, -1, 1, -1]),
        (0.75, [8, 2, 0.5, 0.125], [1, -2, 4, -8]),
    ):
        path, _ = walk(sgd, np.array([8.0, 1.0]), {"learning_rate": rate}, [lambda w: curvature * w] * 3)
        assert path.T.tolist() == [w1, w2]


def test_what_the_promise_leaves_out_goes_with_the_square_of_the_rate():
    rng = np.random.default_rng(0)
    w = rng.standard_normal(4)

    def loss(w):
        return np.log(np.cosh(w)).sum() + w[0] * w[1]  # no quadratic

    dw = np.tanh(w) + np.array([w[1], w[0], 0, 0])
    left_out = [loss(w - rate * dw) - loss(w) + rate * (dw @ dw) for rate in (1e-3, 5e-4)]
    assert left_out[0] / left_out[1] == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_the_border_of_a_quadratic_is_two_over_its_largest_eigenvalue(seed):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((5, 5))
    h = a @ a.T
    border = 2 / np.linalg.eigvalsh(h).max()
    # where it ends depends on the flattest direction too, so watch the steepest one alone
    steepest = np.linalg.eigh(h)[1][:, -1]
    for share, shrinks in ((0.99, True), (1.01, False)):
        path, _ = walk(
            sgd, rng.standard_normal(5), {"learning_rate": share * border}, [lambda w: h @ w] * 300
        )
        distance = np.abs(path @ steepest)
        assert (distance[-1] < distance[0]) == shrinks


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.66, 0.67])
def test_the_two_parts_of_the_askew_valley_go_their_own_ways(rate):
    def gradient(w):
        return np.array([2 * w[0] + w[1], w[0] + 2 * w[1]])

    path, _ = walk(sgd, np.array([3.0, 1.0]), {"learning_rate": rate}, [gradient] * 30)
    one, other = np.array([1, 1]), np.array([1, -1])
    for k, w in enumerate(path):
        assert w == pytest.approx(2 * (1 - 3 * rate) ** k * one + (1 - rate) ** k * other)


@pytest.mark.parametrize("momentum", [0.3, 0.9])
def test_at_its_border_momentum_jumps_to_and_fro(momentum):
    config = {"learning_rate": 2 * (1 + momentum) / 20, "momentum": momentum, "velocity": np.array([2.0])}
    path, _ = walk(sgd_momentum, np.array([1.0]), config, [lambda w: 20 * w] * 6)
    assert path.ravel() == pytest.approx([1, -1, 1, -1, 1, -1, 1])


def test_momentum_moves_the_border():
    border = 2 * (1 + 0.9) / 20
    assert border == pytest.approx(0.19)
    for share, shrinks in ((0.99, True), (1.01, False)):
        config = {"learning_rate": share * border, "momentum": 0.9}
        path, _ = walk(sgd_momentum, np.ones(2), config, [lambda w: RAVINE * w] * 2000)
        assert (np.abs(path[-1]).max() < 1) == shrinks


# --- the race ---------------------------------------------------------------------------------------------


def final_loss(name, rate, step):
    return float(race_file.model(step, rate, "ravine").losses[name][-1])


def test_what_the_page_says_about_the_race():
    assert final_loss("momentum", 0.01, 100) == pytest.approx(0.0002, abs=5e-5)
    assert final_loss("SGD", 0.01, 100) == pytest.approx(0.45, abs=0.005)
    assert final_loss("momentum", 10**-1.1, 100) == pytest.approx(0.001, abs=1e-4)  # the slider's 0.079
    assert final_loss("SGD", 10**-1.1, 100) == pytest.approx(2e-7, rel=0.15)
    assert min(final_loss("SGD", 0.2, 100), final_loss("momentum", 0.2, 100)) > 1e6
    assert max(final_loss("RMSProp", 0.2, 100), final_loss("Adam", 0.2, 100)) < 1
    assert final_loss("RMSProp", 0.063, 40) == pytest.approx(2e-6, rel=0.1)


def test_rmsprop_likes_a_ravine_along_the_axes():
    turn = np.array([[1.0, -1], [1, 1]]) / np.sqrt(2)
    h = turn @ np.diag(RAVINE) @ turn.T
    path, _ = walk(rmsprop, turn @ race_file.START, {"learning_rate": 0.063}, [lambda w: h @ w] * 40)
    assert 0.5 * path[-1] @ h @ path[-1] == pytest.approx(0.36, abs=0.005)


# --- the three ideas --------------------------------------------------------------------------------------


def test_momentum_by_hand():
    config = {"learning_rate": 0.1, "momentum": 0.5}
    steady, _ = walk(sgd_momentum, np.array([5.0]), config, [[10], [10], [10]])
    swinging, _ = walk(sgd_momentum, np.array([5.0]), config, [[10], [-10], [10]])
    assert steady.ravel() == pytest.approx([5, 4, 2.5, 0.75])
    assert swinging.ravel() == pytest.approx([5, 4, 4.5, 3.75])


@pytest.mark.parametrize(("momentum", "swing"), [(0.5, 2 / 3), (0.9, 10 / 19)])
def test_a_push_that_changes_sign_shrinks_to_a_part_of_a_plain_step(momentum, swing):
    pushes = [[10.0], [-10.0]] * 200
    _, config = walk(sgd_momentum, np.zeros(1), {"learning_rate": 0.1, "momentum": momentum}, pushes)
    assert config["velocity"][0] == pytest.approx(swing)


@pytest.mark.parametrize("steps", [1, 4, 30])
def test_a_steady_push_adds_up_as_a_geometric_sum(steps):
    _, config = walk(sgd_momentum, np.zeros(1), {"learning_rate": 0.3, "momentum": 0.8}, [[2.0]] * steps)
    assert config["velocity"][0] == pytest.approx(-0.3 * 2 * (1 - 0.8**steps) / (1 - 0.8))


def test_both_ways_to_write_momentum_train_alike_with_one_rate():
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((10, 3))
    ours, config = walk(sgd_momentum, np.ones(3), {"learning_rate": 0.2, "momentum": 0.7}, gradients)
    w, velocity = np.ones(3), np.zeros(3)
    for dw in gradients:
        velocity = 0.7 * velocity - dw
        w = w + 0.2 * velocity
    assert ours[-1] == pytest.approx(w)
    assert config["velocity"] == pytest.approx(0.2 * velocity)


def test_rmsprop_by_hand():
    config = {"learning_rate": 0.5, "decay_rate": 0.75}
    path, config = walk(rmsprop, np.array([3.0, 3.0]), config, [[4, 40], [2, -20]])
    assert path[1:] == pytest.approx(np.array([[2, 2], [1.5, 2.5]]))
    assert config["cache"].tolist() == [4, 400]


@pytest.mark.parametrize(("rho", "times"), [(0.75, 2), (0.99, 10)])
def test_the_first_step_of_rmsprop_is_too_long(rho, times):
    next_w, _ = rmsprop(np.zeros(2), np.array([3.0, -500.0]), {"learning_rate": 0.1, "decay_rate": rho})
    assert next_w == pytest.approx([-0.1 * times, 0.1 * times])


def test_adam_by_hand():
    config = {"learning_rate": 0.9, "beta1": 0.8, "beta2": 0.75}
    path, config = walk(adam, np.array([2.0]), config, [[10], [-10]])
    assert path.ravel() == pytest.approx([2, 1.1, 1.2])
    assert (config["m"][0], config["v"][0], config["t"]) == (pytest.approx(-0.4), pytest.approx(43.75), 2)


@pytest.mark.parametrize("t", [1, 2, 7])
def test_the_correction_gives_back_the_mean_of_equal_gradients(t):
    g = np.array([0.3, -8.0])
    _, config = walk(adam, np.zeros(2), {"beta1": 0.6, "beta2": 0.9}, [g] * t)
    assert config["m"] / (1 - 0.6**t) == pytest.approx(g)
    assert config["v"] / (1 - 0.9**t) == pytest.approx(g**2)


def test_adam_s_first_step_is_about_the_learning_rate_whatever_the_gradient():
    next_w, _ = adam(np.zeros(2), np.array([0.002, -5000.0]))
    assert next_w == pytest.approx([-0.001, 0.001], rel=1e-4)
    (uncorrected,) = (m for m in misconceptions.all() if m.name == "adam-no-bias-correction")
    next_w, _ = uncorrected.wrong(np.zeros(2), np.array([0.002, -5000.0]))
    assert np.abs(next_w) == pytest.approx(np.full(2, 0.001 * 0.1 / np.sqrt(0.001)), rel=1e-3)


def test_without_the_correction_the_step_gets_longer_still_before_the_fault_fades():
    (uncorrected,) = (m for m in misconceptions.all() if m.name == "adam-no-bias-correction")
    path, _ = walk(uncorrected.wrong, np.zeros(1), {"learning_rate": 1.0}, [[1.0]] * 5000)
    steps = -np.diff(path.ravel())
    assert [steps[t - 1] for t in (1, 2, 10, 100)] == pytest.approx([3.16, 4.25, 6.53, 3.24], abs=0.005)
    assert steps[4999] == pytest.approx(1, abs=0.01)


# --- config -----------------------------------------------------------------------------------------------


def through_json(config):
    text = json.dumps(config, default=lambda array: array.tolist())
    return {k: np.array(v) if isinstance(v, list) else v for k, v in json.loads(text).items()}


def through_npz(config):
    file = io.BytesIO()
    np.savez(file, **config)
    file.seek(0)
    with np.load(file, allow_pickle=False) as found:
        return dict(found)


@pytest.mark.parametrize("saved", [through_json, through_npz])
@pytest.mark.parametrize("update", ALL)
def test_a_run_goes_on_from_a_save_to_the_last_bit(update, saved):
    rng = np.random.default_rng(5)
    gradients = rng.standard_normal((6, 2, 3))
    w = rng.standard_normal((2, 3))
    whole, _ = walk(update, w, {"learning_rate": 0.1}, gradients)
    half, config = walk(update, w, {"learning_rate": 0.1}, gradients[:3])
    rest, _ = walk(update, half[-1], saved(config), gradients[3:])
    assert np.array_equal(rest[-1], whole[-1])


@pytest.mark.parametrize("update", ALL)
def test_nothing_that_came_in_is_changed(update):
    w, dw = np.ones((2, 3)), np.full((2, 3), 2.0)
    _, config = update(w, dw, None)
    before = json.dumps(config, default=lambda array: array.tolist())
    update(w, dw, config)
    assert json.dumps(config, default=lambda array: array.tolist()) == before
    assert (w == 1).all()
    assert (dw == 2).all()


@pytest.mark.parametrize("update", ALL)
def test_a_slip_in_a_key_and_another_shape_are_said(update):
    w = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"unknown key 'learning_rat'; this optimizer knows learning_rate"):
        update(w, w, {"learning_rat": 0.5})
    with pytest.raises(ValueError, match=r"w has shape \(3, 2\) and dw has shape \(2,\)"):
        update(w, np.ones(2), None)


@pytest.mark.parametrize(
    ("update", "key"), [(sgd_momentum, "velocity"), (rmsprop, "cache"), (adam, "m"), (adam, "v")]
)
def test_a_config_of_another_array_is_refused(update, key):
    w = np.ones((3, 2))
    state = {"m": w, "v": w, "t": 1} if update is adam else {}
    with pytest.raises(ValueError, match=rf"config\['{key}'\] has shape \(2,\) and w has shape \(3, 2\)"):
        update(w, w, {**state, key: np.zeros(2)})


@pytest.mark.parametrize("missing", ["m", "v", "t"])
def test_half_of_adam_s_memory_is_refused(missing):
    w = np.ones(2)
    _, config = adam(w, w)
    del config[missing]
    with pytest.raises(ValueError, match=f"but no {missing}; m, v, t belong together"):
        adam(w, w, config)


# --- one step of a network --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return x[:200] / 16 - 0.5, y[:200]


def trained(step, digits, update=sgd, rate=0.1):
    x, y = digits
    params = init_params([64, 16, 10], np.random.default_rng(0), scale=0.2)
    configs = [({"learning_rate": rate}, {"learning_rate": rate}) for _ in params]
    for _ in range(50):
        loss, params, configs = step(params, x, y, update, configs)
    return loss


def test_moving_weights_on_the_way_back_trains_almost_as_well(digits):
    (wrong,) = (m for m in misconceptions.all() if m.name == "train-step-update-before-upstream")
    right = trained(train_step, digits)
    assert right < 1.5  # it has learned something: guessing costs 2.30
    assert trained(wrong.wrong, digits) == pytest.approx(right, rel=0.05)
    with np.errstate(all="ignore"):
        late = trained(wrong.wrong, digits, rate=1)
    assert not late < 1e6  # at a large rate it runs away
    assert trained(train_step, digits, rate=1) < 0.1


@pytest.mark.parametrize(
    ("start", "rate", "late_is_worse"), [((2, 3, 5), 0.2, True), ((1, 4, 2), 0.3, False)]
)
def test_at_a_large_rate_either_step_of_the_two_weights_may_run_away(start, rate, late_is_worse):
    def runs_away(late):
        w1, w2, y = map(float, start)
        for _ in range(200):
            d = w1 * w2 - y
            next_w2 = w2 - rate * w1 * d
            w1, w2 = w1 - rate * (next_w2 if late else w2) * d, next_w2
            if abs(w1 * w2) > 1e6:
                return True
        return False

    assert runs_away(late=True) == late_is_worse
    assert runs_away(late=False) != late_is_worse


def test_each_optimizer_has_a_rate_of_its_own(digits):
    rates = (0.001, 0.01, 0.1, 1)
    best = {u: min(rates, key=lambda rate, u=u: trained(train_step, digits, u, rate)) for u in ALL}
    assert best == {sgd: 1, sgd_momentum: 1, rmsprop: 0.01, adam: 0.1}
    assert trained(train_step, digits, adam, 1) > 1.5


def test_momentum_does_with_a_tenth_of_the_rate_about_what_sgd_does(digits):
    for rate in (0.001, 0.01, 0.1):
        with_momentum = trained(train_step, digits, sgd_momentum, rate)
        assert with_momentum == pytest.approx(trained(train_step, digits, sgd, 10 * rate), rel=0.2)


def test_every_row_twice_gives_the_same_gradient(digits):
    x, y = digits[0][:20], digits[1][:20]
    params = init_params([64, 5, 10], np.random.default_rng(1), scale=0.3)

    def grads(x, y):
        scores, caches = mlp_forward(x, params)
        return mlp_backward(softmax_loss(scores, y)[1], caches)

    once, twice = grads(x, y), grads(np.repeat(x, 2, axis=0), np.repeat(y, 2))
    for (dw, db), (dw2, db2) in zip(once, twice, strict=True):
        assert dw2 == pytest.approx(dw)
        assert db2 == pytest.approx(db)


# --- what a check says ------------------------------------------------------------------------------------


def test_what_update_returns_has_to_be_taken_apart():
    def whole_pairs_kept(params, x, y, update, configs):
        scores, caches = mlp_forward(x, params)
        loss, dscores = softmax_loss(scores, y)
        for i, (dw, db) in enumerate(mlp_backward(dscores, caches)):
            params[i] = (update(params[i][0], dw, configs[i][0]), update(params[i][1], db, configs[i][1]))
        return loss, params, configs

    result = diagnose("train_step", whole_pairs_kept)
    assert not result.passed
    assert "take them apart" in result.message


def test_b_with_the_config_of_w_is_named_whichever_one_it_gets():
    def old_one(params, x, y, update, configs):
        scores, caches = mlp_forward(x, params)
        loss, dscores = softmax_loss(scores, y)
        next_params, next_configs = [], []
        for (w, b), (dw, db), (config, _) in zip(params, mlp_backward(dscores, caches), configs, strict=True):
            next_w, config_w = update(w, dw, config)
            next_b, config_b = update(b, db, config)
            next_params.append((next_w, next_b))
            next_configs.append((config_w, config_b))
        return loss, next_params, next_configs

    assert diagnose("train_step", old_one).misconception == "train-step-config-of-w-for-b"


def test_a_config_without_settings_is_named():
    def state_only(w, dw, config=None):
        next_w, new = adam(w, dw, config)
        return next_w, {key: new[key] for key in ("m", "v", "t")}

    assert diagnose("adam", state_only).misconception == "adam-settings-dropped"


def adam_written(correction_of_m, correction_of_v, bracket=True):
    def adam(w, dw, config=None):
        fresh = {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0}
        settings = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
        c = {**settings, **fresh, **(config or {})}
        t = c["t"] + 1
        m = c["beta1"] * c["m"] + (1 - c["beta1"]) * dw
        v = c["beta2"] * c["v"] + (1 - c["beta2"]) * dw**2
        m_hat, v_hat = m / correction_of_m(c["beta1"], t), v / correction_of_v(c["beta2"], t)
        if bracket:
            next_w = w - c["learning_rate"] * m_hat / (np.sqrt(v_hat) + c["epsilon"])
        else:
            next_w = w - c["learning_rate"] * m_hat / np.sqrt(v_hat) + c["epsilon"]
        return next_w, {**c, "m": m, "v": v, "t": t}

    return adam


def power(beta, t):
    return 1 - beta**t


def product(beta, t):
    return 1 - beta * t


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("corrections", [(product, product), (product, power), (power, product)])
def test_beta_times_t_is_named_in_either_mean(corrections):
    assert diagnose("adam", adam_written(*corrections)).misconception == "adam-beta-times-t"


def test_a_missing_bracket_is_named_and_its_numbers_differ():
    result = diagnose("adam", adam_written(power, power, bracket=False))
    assert result.misconception == "adam-epsilon-outside-the-bracket"

    def rmsprop_without(w, dw, config=None):
        _, c = rmsprop(w, dw, config)
        return w - c["learning_rate"] * dw / np.sqrt(c["cache"]) + c["epsilon"], c

    result = diagnose("rmsprop", rmsprop_without)
    assert result.misconception == "rmsprop-epsilon-outside-the-bracket"
    assert "bracket" in result.message


def test_numbers_that_differ_are_written_with_enough_digits_to_see_it():
    def slightly_off(w, dw, config=None):
        next_w, new = sgd(w, dw, config)
        return next_w * (1 + 2e-8), new

    where = diagnose("sgd", slightly_off).where.replace("−", "-")
    got, expected = where.split("got ")[1].split(";")[0].split(", expected ")
    assert got != expected
    assert float(got) == pytest.approx(float(expected), rel=1e-7)


def test_working_in_place_passes_with_a_word_about_copies():
    def in_place(w, dw, config=None):
        config = {"learning_rate": 0.01, **(config or {})}
        w -= config["learning_rate"] * dw
        return w, config

    result = diagnose("sgd", in_place)
    assert result.passed
    assert any("must copy it first" in remark for remark in result.remarks)


@pytest.mark.parametrize(
    ("inner", "outer", "name"),
    [
        (lambda rate, mu: rate, lambda rate: 1, "sgd-momentum-velocity-points-uphill"),
        (lambda rate, mu: 1, lambda rate: rate, "sgd-momentum-rate-applied-later"),
        (lambda rate, mu: 1 - mu, lambda rate: rate, "sgd-momentum-averaged"),
    ],
)
def test_other_conventions_of_momentum_are_named_with_a_velocity_that_points_uphill(inner, outer, name):
    def uphill(w, dw, config=None):
        c = {"learning_rate": 0.01, "momentum": 0.9, "velocity": np.zeros_like(w), **(config or {})}
        c["velocity"] = c["momentum"] * c["velocity"] + inner(c["learning_rate"], c["momentum"]) * dw
        return w - outer(c["learning_rate"]) * c["velocity"], c

    assert diagnose("sgd_momentum", uphill).misconception == name


@pytest.mark.parametrize(
    ("update", "moved", "highest"),
    [(sgd, 0.014, None), (sgd_momentum, 0.014, None), (rmsprop, 10, 6600), (adam, 1, 67)],
)
def test_at_a_rate_of_1_two_optimizers_throw_the_start_away(update, moved, highest, digits):
    """Why the table's last column is bad for two and good for two: how far a step goes, and what is off after it."""
    x, y = digits
    params = init_params([64, 16, 10], np.random.default_rng(0), scale=0.2)
    start, _ = params[0]
    assert start.std() == pytest.approx(0.2, rel=0.05)
    configs = [({"learning_rate": 1}, {"learning_rate": 1}) for _ in params]
    losses = []
    for _ in range(50):
        loss, params, configs = train_step(params, x, y, update, configs)
        losses.append(loss)
        w, b = params[0]
        off = (x @ w + b <= 0).all(axis=0).sum()
        if len(losses) == 1:
            assert np.sqrt(np.mean((w - start) ** 2)) == pytest.approx(moved, rel=0.3)
        if highest:
            assert off >= 8
        else:
            assert off <= 3
    assert max(losses) == (pytest.approx(highest, rel=0.01) if highest else losses[0])


def test_the_border_with_momentum_lies_between_the_two_rates_of_the_page():
    high, low = np.sqrt(20), 1.0
    momentum = ((high - low) / (high + low)) ** 2
    for rate, arrives in ((0.138, True), (0.142, False)):
        w, config = np.ones(2), {"learning_rate": rate, "momentum": momentum}
        for _ in range(1000):
            w, config = sgd_momentum(w, np.array([1.0, 20.0]) * w, config)
        assert (np.linalg.norm(w) < 1e-3) == arrives


LESSON = "05_weight_update"


def test_the_ball_in_the_ravine_rolls_without_momentum_too(capsys):
    out, _ = run_page(LESSON, ["sgd_momentum"], "def steps_needed", capsys)
    assert "SGD, best η: 70 steps" in out
    assert "your sgd_momentum is still empty" in out


def test_a_run_is_saved_and_goes_on_without_an_own_adam(capsys):
    out, _ = run_page(LESSON, ["sgd_momentum", "rmsprop", "adam"], "json.dumps", capsys)
    assert "same weights as in one go: True" in out


@pytest.mark.parametrize("empty", ["rmsprop", "train_step"])
def test_the_table_of_digits_says_what_is_still_empty(empty, capsys):
    out, _ = run_page(LESSON, [empty], "def loss_after", capsys)
    rows = out.splitlines()[1:]
    assert [("still empty" in row) for row in rows] == [
        empty in (row.split()[0], "train_step") for row in rows
    ]


# --- what a check says of slips outside the registered ones -----------------------------------------------------------


def test_a_wrong_default_sends_the_learner_to_the_docstring():
    def far(w, dw, config=None):
        return sgd(w, dw, {"learning_rate": 0.1, **(config or {})})

    def short(w, dw, config=None):
        return rmsprop(w, dw, {"decay_rate": 0.9, **(config or {})})

    for name, fn in (("sgd", far), ("rmsprop", short)):
        found = diagnose(name, fn)
        assert not found.passed
        assert "compare the defaults in your code with those in the docstring" in found.look


def test_a_key_that_is_missing_is_named():
    def mu(w, dw, config=None):
        config = {"learning_rate": 0.01, "mu": 0.9, "velocity": np.zeros_like(w), **(config or {})}
        v = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
        return w + v, {**config, "velocity": v}

    found = diagnose("sgd_momentum", mu)
    assert found.misconception == "sgd-momentum-wrong-key"
    assert "KeyError: 'momentum'" in found.where


def test_the_two_things_of_update_in_the_wrong_order_are_told():
    def swapped(params, x, y, update, configs):
        loss, new_params, new_configs = train_step(params, x, y, update, configs)
        return loss, new_configs, new_params

    found = diagnose("train_step", swapped)
    assert "the new array first, its config second" in found.message
