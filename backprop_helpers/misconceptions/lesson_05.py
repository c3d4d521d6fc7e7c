"""Wrong solutions of lesson 05: one step of an optimizer, and what it must remember."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_helpers.layers import affine_backward, relu_backward
from backprop_helpers.losses import softmax_loss
from backprop_helpers.misconceptions.spec import Misconception
from backprop_helpers.network import mlp_backward, mlp_forward
from backprop_helpers.optimizers import adam, rmsprop, sgd, sgd_momentum

DESIGN = "course design"
COUNTED = "counted in public course solutions ({})"
BRACKET = "a bracket is missing: the division ends before ε is added, so ε moves the weights instead of standing in the denominator."
NO_EPSILON = (
    "the ε of config has no effect: it is left out of the denominator, or one fixed number stands there."
)


def _with(config: Any, **defaults: Any) -> dict[str, Any]:
    return {**defaults, **(config or {})}


def _sgd(step: Callable[[Any, Any, dict[str, Any]], Any]) -> Callable[..., Any]:
    """SGD whose new weights are step(w, dw, config)."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        config = _with(config, learning_rate=1e-2)
        return step(w, dw, config), config

    return fn


def _momentum(
    velocity: Callable[[Any, Any, dict[str, Any]], Any],
    move: Callable[[Any, Any, dict[str, Any]], Any] = lambda w, v, c: w + v,
    keep: bool = True,
) -> Callable[..., Any]:
    """Momentum whose velocity is velocity(v, dw, config) and whose weights are move(w, new v, config)."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        config = _with(config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
        v = velocity(config["velocity"], dw, config)
        return move(w, v, config), {**config, "velocity": v} if keep else config

    return fn


def _mu(v: Any, dw: Any, c: dict[str, Any]) -> Any:
    return c["momentum"] * v - c["learning_rate"] * dw


def _averaged(v: Any, part: Any, c: dict[str, Any]) -> Any:
    return c["momentum"] * v + (1 - c["momentum"]) * part


def _nesterov_like(w: Any, dw: Any, config: Any = None) -> Any:
    config = _with(config, learning_rate=1e-2, momentum=0.9, velocity=np.zeros_like(w))
    old = config["velocity"]
    return w + old, {**config, "velocity": _mu(old, dw, config)}


def _wrong_key(w: Any, dw: Any, config: Any = None) -> Any:
    config = _with(config, learning_rate=1e-2, momentum=0.9)
    v = config["momentum"] * config["v"] - config["learning_rate"] * dw
    return w + v, {**config, "velocity": v}


def _plain_step(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = sgd_momentum(w, dw, config)
    return w - new["learning_rate"] * dw, new


def _pushed_twice(w: Any, dw: Any, config: Any = None) -> Any:
    next_w, new = sgd_momentum(w, dw, config)
    return next_w - new["learning_rate"] * dw, new


def _nesterov(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = sgd_momentum(w, dw, config)
    return w + new["momentum"] * new["velocity"] - new["learning_rate"] * dw, new


def _rms(
    cache: Callable[[Any, Any, dict[str, Any]], Any] = lambda s, dw, c: (
        c["decay_rate"] * s + (1 - c["decay_rate"]) * dw**2
    ),
    step: Callable[[Any, Any, dict[str, Any]], Any] = lambda dw, s, c: dw / (np.sqrt(s) + c["epsilon"]),
    keep: bool = True,
    sign: float = -1.0,
    stale: bool = False,
    added: float = 0.0,
    rate: Callable[[dict[str, Any]], float] = lambda c: c["learning_rate"],
) -> Callable[..., Any]:
    """RMSProp with its parts exchangeable; added · ε is added to the new weights."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        config = _with(config, learning_rate=1e-2, decay_rate=0.99, epsilon=1e-8, cache=np.zeros_like(w))
        old = config["cache"]
        new = cache(old, dw, config)
        with np.errstate(all="ignore"):
            next_w = w + sign * rate(config) * step(dw, old if stale else new, config)
            next_w = next_w + added * config["epsilon"]
        return next_w, {**config, "cache": new} if keep else config

    return fn


def _adam(
    m: Callable[[Any, Any, dict[str, Any]], Any] = lambda m, dw, c: c["beta1"] * m + (1 - c["beta1"]) * dw,
    v: Callable[[Any, Any, dict[str, Any]], Any] = lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * dw**2,
    correct: Callable[[Any, Any, int, dict[str, Any]], Any] = lambda m, v, t, c: (
        m / (1 - c["beta1"] ** t),
        v / (1 - c["beta2"] ** t),
    ),
    keep: tuple[str, ...] = ("m", "v", "t"),
    count: Callable[[int], int] = lambda t: t + 1,
    root: Callable[[Any, float], Any] = lambda v, eps: np.sqrt(v) + eps,
    sign: float = -1.0,
    start: int = 0,
    corrected_is_kept: bool = False,
    added: float = 0.0,
    rate: Callable[[dict[str, Any]], float] = lambda c: c["learning_rate"],
    top: Callable[[Any, Any, Any], Any] = lambda m_hat, new_m, dw: m_hat,
) -> Callable[..., Any]:
    """Adam with its parts exchangeable; added · ε is added to the new weights, top is what stands above the line."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        config = _with(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=start)
        config = _with(config, m=np.zeros_like(w), v=np.zeros_like(w))
        t = count(config["t"])
        new_m, new_v = m(config["m"], dw, config), v(config["v"], dw, config)
        with np.errstate(all="ignore"):
            m_hat, v_hat = correct(new_m, new_v, t, config)
            above = top(m_hat, new_m, dw)
            next_w = w + sign * rate(config) * above / root(v_hat, config["epsilon"])
            next_w = next_w + added * config["epsilon"]
        if corrected_is_kept:
            new_m, new_v = m_hat, v_hat
        new = {"m": new_m, "v": new_v, "t": t}
        return next_w, {**config, **{k: new[k] for k in keep}}

    return fn


def _new_m(config: dict[str, Any], dw: Any) -> Any:
    return config["beta1"] * config["m"] + (1 - config["beta1"]) * dw


def _adam_m_in_v(new: bool) -> Callable[..., Any]:
    """Adam whose v goes on from m, the new or the old one."""

    def v(_: Any, dw: Any, c: dict[str, Any]) -> Any:
        return c["beta2"] * (_new_m(c, dw) if new else c["m"]) + (1 - c["beta2"]) * dw**2

    return _adam(v=v)


def _adam_rate(factor: Callable[[float, float], float]) -> Callable[..., Any]:
    """Adam with the uncorrected means and η · factor(β₁ᵗ, β₂ᵗ)."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        _, new = adam(w, dw, config)
        rate = new["learning_rate"] * factor(new["beta1"] ** new["t"], new["beta2"] ** new["t"])
        return w - rate * new["m"] / (np.sqrt(new["v"]) + new["epsilon"]), new

    return fn


def _adam_one_array(w: Any, dw: Any, config: Any = None) -> Any:
    zeros = np.zeros_like(w)
    c = _with(config, learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, m=zeros, v=zeros, t=0)
    c["t"] += 1
    for key, beta, new in (("m", c["beta1"], dw), ("v", c["beta2"], dw**2)):
        c[key] *= beta
        c[key] += (1 - beta) * new
    m, v = c["m"] / (1 - c["beta1"] ** c["t"]), c["v"] / (1 - c["beta2"] ** c["t"])
    return w - c["learning_rate"] * m / (np.sqrt(v) + c["epsilon"]), c


def _settings_dropped(update: Callable[..., Any], *kept: str) -> Callable[..., Any]:
    """A right step whose returned config holds nothing but the named entries."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        next_w, new = update(w, dw, config)
        return next_w, {key: new[key] for key in kept}

    return fn


def _never_fresh(update: Callable[..., Any], *needed: str) -> Callable[..., Any]:
    """A right step that reads the named entries without a default."""

    def fn(w: Any, dw: Any, config: Any = None) -> Any:
        for key in needed:
            (config or {})[key]
        return update(w, dw, config)

    return fn


def _none_not_handled(w: Any, dw: Any, config: Any = None) -> Any:
    return w - config["learning_rate"] * dw, config


def _step(
    order: Callable[[list[Any]], list[Any]] = lambda grads: grads,
    rows: Callable[[int], float] = lambda n: 1.0,
    sign: float = 1.0,
    biases: bool = True,
    keep: bool = True,
    keep_w: bool = True,
    keep_b: bool = True,
    biases_first: bool = False,
    first_config_for_all: bool = False,
    config_of_w_for_b: bool = False,
    layers: Callable[[int], range] = range,
    second: bool = False,
    no_config: bool = False,
) -> Callable[..., Any]:
    """A training step with its parts exchangeable."""

    def fn(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
        if no_config:
            given, update = update, lambda w, dw, config: given(w, dw)
        scores, caches = mlp_forward(x, params)
        loss, dscores = softmax_loss(scores, y)
        grads = order(mlp_backward(sign * rows(len(x)) * dscores, caches))
        new_params, new_configs = list(params), list(configs)
        for i in layers(len(params)):
            (w, b), (dw, db), (cw, cb) = params[i], grads[i], configs[i]
            cw, cb = configs[0] if first_config_for_all else (cw, cb)
            cb = cw if config_of_w_for_b else cb
            next_cb = cb
            if biases and biases_first:
                b, next_cb = update(b, db, cb)
            w, next_cw = update(w, dw, cw)
            if biases and not biases_first:
                b, next_cb = update(b, db, cb)
            new_params[i] = w, b
            new_configs[i] = next_cw if keep_w else cw, next_cb if keep_b else cb
        if second:
            loss = softmax_loss(mlp_forward(x, new_params)[0], y)[0]
        return loss, new_params, new_configs if keep else configs

    return fn


def _update_while_walking_back(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    scores, caches = mlp_forward(x, params)
    loss, upstream = softmax_loss(scores, y)
    new_params, new_configs = list(params), list(configs)
    for i in reversed(range(len(params))):
        affine_cache, relu_cache = caches[i]
        if relu_cache is not None:
            upstream = relu_backward(upstream, relu_cache)
        (w, b), (cw, cb) = params[i], configs[i]
        _, dw, db = affine_backward(upstream, affine_cache)
        w, cw = update(w, dw, cw)
        b, cb = update(b, db, cb)
        upstream = (upstream @ w.T).reshape(affine_cache[0].shape)
        new_params[i], new_configs[i] = (w, b), (cw, cb)
    return loss, new_params, new_configs


def _swapped_arguments(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    return _step()(params, x, y, lambda w, dw, config: update(dw, w, config), configs)


def _moved_by_hand(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    return _step()(
        params, x, y, lambda w, dw, config: (w - config.get("learning_rate", 0.01) * dw, config), configs
    )


def _configs_swapped(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    loss, new_params, new_configs = _step()(params, x, y, update, configs)
    return loss, new_params, [(of_b, of_w) for of_w, of_b in new_configs]


def _gradient_anew(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    loss, params, configs = softmax_loss(mlp_forward(x, params)[0], y)[0], list(params), list(configs)
    for i in range(len(params)):
        _, moved, kept = _step()(params, x, y, update, configs)
        params[i], configs[i] = moved[i], kept[i]
    return loss, params, configs


def _old_params(params: Any, x: Any, y: Any, update: Any, configs: Any) -> Any:
    loss, _, new_configs = _step()(params, x, y, update, configs)
    return loss, params, new_configs


def _entry(
    exercise: str,
    what: str,
    wrong: Callable[..., Any],
    says: str,
    hint: str,
    source: str = DESIGN,
    also: tuple[Callable[..., Any], ...] = (),
) -> Misconception:
    return Misconception(f"{exercise.replace('_', '-')}-{what}", exercise, wrong, says, hint, source, also)


MISCONCEPTIONS = (
    _entry(
        "sgd",
        "bracket-around-w-and-rate",
        _sgd(lambda w, dw, c: (w - c["learning_rate"]) * dw),
        "a bracket stands in the wrong place: the rate is subtracted from w, and dw multiplies the difference.",
        "Which two things are multiplied in the boxed formula, and which is subtracted from what?",
    ),
    _entry(
        "sgd",
        "divided-by-rows-of-w",
        _sgd(lambda w, dw, c: w - c["learning_rate"] * dw / len(dw)),
        "dw is divided by the number of its rows; they are not the rows of a batch, and the mean over the batch is in dw already.",
        "Which axis of dw runs through the examples?",
    ),
    _entry(
        "sgd",
        "uphill",
        _sgd(lambda w, dw, c: w + c["learning_rate"] * dw),
        "the step goes uphill: the gradient points to where the loss grows, and next_w was moved along it.",
        "Which way should the weights move, seen from the direction in which the loss grows fastest?",
    ),
    _entry(
        "sgd",
        "no-learning-rate",
        _sgd(lambda w, dw, c: w - dw),
        "the learning rate is left out of the step, so next_w is w − dw.",
        "config carries a number that says how long the step is. Where does it enter?",
    ),
    _entry(
        "sgd",
        "default-rate-always",
        _sgd(lambda w, dw, c: w - 1e-2 * dw),
        "the learning rate is always 0.01, whatever config says.",
        "A default is for a missing key only. Where is the given value read?",
    ),
    _entry(
        "sgd",
        "only-the-step",
        _sgd(lambda w, dw, c: -c["learning_rate"] * dw),
        "next_w is the step alone: it was never added to w.",
        "The step says how far to go. From where?",
    ),
    _entry(
        "sgd",
        "rate-divides",
        _sgd(lambda w, dw, c: w - dw / c["learning_rate"]),
        "dw is divided by the learning rate: a small rate then makes a huge step.",
        "Should a smaller learning rate give a smaller or a larger step?",
    ),
    _entry(
        "sgd",
        "only-the-sign",
        _sgd(lambda w, dw, c: w - c["learning_rate"] * np.sign(dw)),
        "only the sign of dw is used, so every weight moves equally far.",
        "A steep direction should move the weight further than a flat one.",
    ),
    _entry(
        "sgd",
        "shrinks-w",
        _sgd(lambda w, dw, c: w * (1 - c["learning_rate"] * dw)),
        "dw is multiplied by w: the step is η·w·dw and stands still wherever a weight is zero.",
        "Read the update rule once more: which two things are multiplied?",
    ),
    _entry(
        "sgd",
        "normalised",
        _sgd(lambda w, dw, c: w - c["learning_rate"] * dw / np.linalg.norm(dw)),
        "dw was scaled to length 1, so the step is equally long on a slope and near the minimum.",
        "The length of the gradient carries information. Is it still in your step?",
    ),
    _entry(
        "sgd",
        "none-not-handled",
        _none_not_handled,
        "config is read as if it were always a dictionary; where the caller gives none it is None, and None has no entries.",
        "What does the function see when it is called as sgd(w, dw)? The page shows a line that deals with it.",
    ),
    _entry(
        "sgd",
        "settings-dropped",
        _settings_dropped(sgd),
        "the config that is returned lacks the learning rate, so from the second step on the default is used.",
        "The next call gets only what this one returns. Is the learning rate in it?",
    ),
    _entry(
        "sgd_momentum",
        "friction-left-out",
        _momentum(lambda v, dw, c: v - c["learning_rate"] * dw),
        "the old velocity is kept whole: it is not multiplied by μ, so the ball never loses speed.",
        "What does friction do to the velocity, in the formula?",
    ),
    _entry(
        "sgd_momentum",
        "friction-on-the-push-too",
        _momentum(lambda v, dw, c: c["momentum"] * (v - c["learning_rate"] * dw)),
        "μ multiplies the new push as well as the old velocity: a bracket reaches too far.",
        "Which of the two terms is multiplied by μ?",
    ),
    _entry(
        "sgd_momentum",
        "rate-and-friction-exchanged",
        _momentum(lambda v, dw, c: c["learning_rate"] * v - c["momentum"] * dw),
        "η and μ have changed places: the old velocity is multiplied by the learning rate, and dw by μ.",
        "Which letter stands before the velocity, and which before the gradient?",
    ),
    _entry(
        "sgd_momentum",
        "rate-applied-twice",
        _momentum(_mu, lambda w, v, c: w + c["learning_rate"] * v),
        "the learning rate is in the velocity already, and multiplies it once more where w moves.",
        "How often does η stand in the two formulas together?",
    ),
    _entry(
        "sgd_momentum",
        "velocity-without-effect",
        _plain_step,
        "the velocity is computed and stored, but w moves by −η dw all the same: that is plain SGD.",
        "What moves w in the second formula?",
    ),
    _entry(
        "sgd_momentum",
        "gradient-twice",
        _pushed_twice,
        "w moves by the velocity and by −η dw besides; that push is in the velocity already.",
        "Of how many terms is the step of w made in the second formula?",
    ),
    _entry(
        "sgd_momentum",
        "looks-ahead",
        _nesterov,
        "that is Nesterov's momentum, which adds μ times the new velocity and the push itself; asked for is w + velocity.",
        "What is added to w in the second formula?",
    ),
    _entry(
        "sgd_momentum",
        "only-the-velocity",
        _momentum(_mu, lambda w, v, c: v),
        "next_w is the velocity alone: it was never added to w.",
        "The ball rolls from where it is.",
    ),
    _entry(
        "sgd_momentum",
        "sign",
        _momentum(lambda v, dw, c: c["momentum"] * v + c["learning_rate"] * dw),
        "the velocity has the gradient added, so w is pushed uphill.",
        "A ball's velocity grows downhill. With which sign does dw enter?",
    ),
    _entry(
        "sgd_momentum",
        "subtracted-velocity",
        _momentum(_mu, lambda w, v, c: w - v),
        "the velocity is right but is subtracted from w; it already points downhill.",
        "Which sign does the velocity already carry?",
    ),
    _entry(
        "sgd_momentum",
        "not-stored",
        _momentum(_mu, keep=False),
        "the new velocity is not stored back in config, so every step starts from the old one.",
        "What must the next call know that this one worked out?",
        COUNTED.format(1),
    ),
    _entry(
        "sgd_momentum",
        "learning-rate-left-out",
        _momentum(lambda v, dw, c: c["momentum"] * v - dw),
        "the learning rate is left out: the velocity is μ·velocity − dw.",
        "How large is the gradient's part of the new velocity?",
        COUNTED.format(1),
    ),
    _entry(
        "sgd_momentum",
        "rate-applied-later",
        _momentum(lambda v, dw, c: c["momentum"] * v - dw, lambda w, v, c: w + c["learning_rate"] * v),
        "the learning rate multiplies the whole velocity instead of the gradient alone; with one fixed rate from the start "
        "this trains alike, but a given velocity is read as something else.",
        "In the rule of this page, which term does η stand at?",
        COUNTED.format(1),
        also=(
            _momentum(lambda v, dw, c: c["momentum"] * v + dw, lambda w, v, c: w - c["learning_rate"] * v),
        ),
    ),
    _entry(
        "sgd_momentum",
        "velocity-points-uphill",
        _momentum(lambda v, dw, c: c["momentum"] * v + c["learning_rate"] * dw, lambda w, v, c: w - v),
        "the velocity is kept with the other sign, uphill, and subtracted when w moves; from zero this trains alike, but a "
        "given velocity is read the wrong way round.",
        "On this page the velocity points where the ball rolls. Which way does yours point?",
    ),
    _entry(
        "sgd_momentum",
        "averaged",
        _momentum(lambda v, dw, c: c["momentum"] * v - (1 - c["momentum"]) * c["learning_rate"] * dw),
        "the gradient's part is also multiplied by 1 − μ: that is a running mean, and the steps become too short.",
        "Does the rule average the gradients, or add them up while old ones fade?",
        also=(
            _momentum(_averaged, lambda w, v, c: w - c["learning_rate"] * v),
            _momentum(lambda v, dw, c: _averaged(v, -dw, c), lambda w, v, c: w + c["learning_rate"] * v),
            _momentum(lambda v, dw, c: _averaged(v, c["learning_rate"] * dw, c), lambda w, v, c: w - v),
        ),
    ),
    _entry(
        "sgd_momentum",
        "old-velocity-moves",
        _nesterov_like,
        "w was moved with the old velocity: the gradient of this step takes effect one step late.",
        "Which comes first, the new velocity or the new weights?",
    ),
    _entry(
        "sgd_momentum",
        "plain-step-too",
        _momentum(_mu, lambda w, v, c: w + c["momentum"] * v),
        "μ is applied a second time when w is moved.",
        "Count how often μ is multiplied in.",
    ),
    _entry(
        "sgd_momentum",
        "no-momentum",
        _momentum(lambda v, dw, c: -c["learning_rate"] * dw),
        "the old velocity is dropped: this is plain SGD.",
        "What is left of the velocity the step came in with?",
    ),
    _entry(
        "sgd_momentum",
        "friction-swapped",
        _momentum(lambda v, dw, c: (1 - c["momentum"]) * v - c["learning_rate"] * dw),
        "the old velocity is multiplied by 1 − μ instead of μ.",
        "With μ = 0.9, how much of the velocity should survive a step?",
    ),
    _entry(
        "sgd_momentum",
        "wrong-key",
        _wrong_key,
        "config is read under a key that is not in it, so the call stops with a KeyError, which names that key.",
        "Compare the keys in the docstring with those in your code, letter by letter, and think of the first step, when nothing is stored yet.",
        COUNTED.format(2),
        also=tuple(_never_fresh(sgd_momentum, key) for key in ("momentum", "learning_rate", "mu", "lr")),
    ),
    _entry(
        "sgd_momentum",
        "first-step-forgotten",
        _never_fresh(sgd_momentum, "velocity"),
        "the velocity is read from config without a default, so the very first step, when nothing is stored yet, stops with a KeyError.",
        "Who has stored it before the first step? What should stand there then?",
    ),
    _entry(
        "sgd_momentum",
        "settings-dropped",
        _settings_dropped(sgd_momentum, "velocity"),
        "the config that is returned lacks the settings, so from the second step on the defaults are used.",
        "The next call gets only what this one returns. Are the learning rate and the other settings in it?",
    ),
    _entry(
        "rmsprop",
        "multiplied-by-the-root",
        _rms(step=lambda dw, s, c: dw * (np.sqrt(s) + c["epsilon"])),
        "dw is multiplied by the root of the cache, so the steepest weights make the longest steps; it has to be divided.",
        "Which weight should make the shorter step, the one with large gradients or the one with small ones?",
    ),
    _entry(
        "rmsprop",
        "gradient-left-out-of-the-step",
        _rms(step=lambda dw, s, c: 1 / (np.sqrt(s) + c["epsilon"])),
        "the step is η / (√cache + ε): dw is missing above the line, so every weight moves down, whatever its slope.",
        "Where does the sign of the gradient enter the step?",
    ),
    _entry(
        "rmsprop",
        "bracket-around-one-minus-rho",
        _rms(cache=lambda s, dw, c: c["decay_rate"] * s + 1 - c["decay_rate"] * dw**2),
        "the bracket around 1 − ρ is missing: Python adds 1 and takes away ρ dw².",
        "What does `a + 1 - r * b` do first?",
    ),
    _entry(
        "rmsprop",
        "share-squared-too",
        _rms(cache=lambda s, dw, c: c["decay_rate"] * s + ((1 - c["decay_rate"]) * dw) ** 2),
        "1 − ρ is inside the square, so it counts as (1 − ρ)².",
        "What is squared in the formula, dw alone or its product with 1 − ρ?",
    ),
    _entry(
        "rmsprop",
        "no-square",
        _rms(cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * np.abs(dw)),
        "the cache averages dw or its size |dw|, where it has to average the square of dw.",
        "What is under the root has to be a mean of squares.",
        also=(
            _rms(cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * dw),
            _rms(
                cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * np.abs(dw),
                step=lambda dw, s, c: dw / (s + c["epsilon"]),
            ),
            _rms(
                cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * dw,
                step=lambda dw, s, c: dw / (s + c["epsilon"]),
            ),
        ),
    ),
    _entry(
        "rmsprop",
        "square-above-the-line",
        _rms(step=lambda dw, s, c: dw**2 / (np.sqrt(s) + c["epsilon"])),
        "dw is squared above the line of the fraction too, so every weight moves the same way, whatever the sign of its gradient.",
        "The square belongs to the cache. What tells the step its direction?",
    ),
    _entry(
        "rmsprop",
        "no-root",
        _rms(step=lambda dw, s, c: dw / (s + c["epsilon"])),
        "dw is divided by the cache itself; the square root is missing.",
        "The cache holds squares. What brings it back to the size of a gradient?",
    ),
    _entry(
        "rmsprop",
        "summed",
        _rms(cache=lambda s, dw, c: s + dw**2),
        "the squares are added up for ever instead of fading: that is AdaGrad, whose steps die out.",
        "What does the decay rate do to what is already in the cache?",
        "Duchi, Hazan and Singer, JMLR 12 (2011), 2121–2159",
    ),
    _entry(
        "rmsprop",
        "decay-swapped",
        _rms(cache=lambda s, dw, c: (1 - c["decay_rate"]) * s + c["decay_rate"] * dw**2),
        "the two weights ρ and 1 − ρ are exchanged: the cache forgets almost everything at each step.",
        "With ρ = 0.99, which part should be large: the old cache or the new square?",
    ),
    _entry(
        "rmsprop",
        "new-part-unweighted",
        _rms(cache=lambda s, dw, c: c["decay_rate"] * s + dw**2),
        "the new square is not multiplied by 1 − ρ, so the cache becomes about 1/(1 − ρ) times too large.",
        "The two weights of a running mean add up to 1. Do yours?",
    ),
    _entry(
        "rmsprop",
        "not-stored",
        _rms(keep=False),
        "the new cache is not stored back in config.",
        "What must the next call know that this one worked out?",
    ),
    _entry(
        "rmsprop",
        "old-cache-divides",
        _rms(stale=True),
        "dw is divided by the root of the old cache; the new one has to be computed first.",
        "On the very first step the old cache is zero. What happens then?",
    ),
    _entry(
        "rmsprop",
        "epsilon-multiplied",
        _rms(step=lambda dw, s, c: dw / (np.sqrt(s) * c["epsilon"])),
        "ε multiplies the denominator instead of being added to it, so with the default the steps are a hundred million times too long.",
        "What is ε there for? Think of a cache that is zero.",
        COUNTED.format(1),
    ),
    _entry(
        "rmsprop",
        "epsilon-outside-the-bracket",
        _rms(step=lambda dw, s, c: dw / np.sqrt(s), added=1.0),
        BRACKET,
        "What does Python do first, / or +? Which part of the formula stands below the line?",
        also=(
            _rms(step=lambda dw, s, c: dw / np.sqrt(s) + c["epsilon"]),
            _rms(step=lambda dw, s, c: dw / np.sqrt(s), added=-1.0),
        ),
    ),
    _entry(
        "rmsprop",
        "epsilon-without-effect",
        _rms(step=lambda dw, s, c: dw / np.sqrt(s)),
        NO_EPSILON,
        "Where in the denominator does ε stand, and is it the one that config holds?",
        also=(
            _rms(step=lambda dw, s, c: dw / (np.sqrt(s) + 1e-8)),
            _rms(step=lambda dw, s, c: dw / np.sqrt(s + 1e-8)),
        ),
    ),
    _entry(
        "rmsprop",
        "uphill",
        _rms(sign=1.0),
        "the step goes uphill: it has to be subtracted.",
        "Which way should the weights move, seen from the direction in which the loss grows?",
    ),
    _entry(
        "rmsprop",
        "one-cache-for-all",
        _rms(cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * np.mean(dw**2)),
        "dw² is averaged or added up over all entries, so every weight gets the same denominator.",
        "The point of RMSProp is that each weight has a scale of its own.",
        also=(_rms(cache=lambda s, dw, c: c["decay_rate"] * s + (1 - c["decay_rate"]) * np.sum(dw**2)),),
    ),
    _entry(
        "rmsprop",
        "no-learning-rate",
        _rms(rate=lambda c: 1.0),
        "the learning rate is left out of the step: next_w is w − dw / (√cache + ε).",
        "config carries a number that says how long the step is. Where does it enter?",
    ),
    _entry(
        "rmsprop",
        "first-step-forgotten",
        _never_fresh(rmsprop, "cache"),
        "the cache is read from config without a default, so the very first step, when nothing is stored yet, stops with a KeyError.",
        "Who has stored it before the first step? What should stand there then?",
    ),
    _entry(
        "rmsprop",
        "settings-dropped",
        _settings_dropped(rmsprop, "cache"),
        "the config that is returned lacks the settings, so from the second step on the defaults are used.",
        "The next call gets only what this one returns. Are the learning rate and the other settings in it?",
    ),
    _entry(
        "adam",
        "multiplied-by-the-correction",
        _adam(correct=lambda m, v, t, c: (m * (1 - c["beta1"] ** t), v * (1 - c["beta2"] ** t))),
        "the means are multiplied by 1 − βᵗ; they are too small by that factor, so they have to be divided by it.",
        "After one step m is (1 − β₁) g. What makes g of it?",
    ),
    _entry(
        "adam",
        "corrected-one-step-ahead",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] ** (t + 1)), v / (1 - c["beta2"] ** (t + 1)))),
        "t is raised and stored, and the correction adds 1 to it once more.",
        "Which power of β does the first step correct with?",
    ),
    _entry(
        "adam",
        "t-always-one",
        _adam(count=lambda t: 1),
        "t is 1 after every step: it is set, and not raised.",
        "What is t after the step when it was 5 before?",
    ),
    _entry(
        "adam",
        "share-of-the-other-beta",
        _adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta1"]) * dw**2),
        "in one of the means the old part has a β and the new part 1 minus the other one, so the two shares do not add up to 1.",
        "Which β stands in both terms of m, and which in both of v?",
        also=(_adam(m=lambda m, dw, c: c["beta1"] * m + (1 - c["beta2"]) * dw),),
    ),
    _entry(
        "adam",
        "one-v-for-all",
        _adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * np.mean(dw**2)),
        "dw² is averaged or added up over all entries, so every weight gets the same denominator.",
        "How many rulers does Adam keep: one, or one for each weight?",
        also=(_adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * np.sum(dw**2)),),
    ),
    _entry(
        "adam",
        "folded-without-the-root",
        _adam_rate(lambda b1, b2: (1 - b2) / (1 - b1)),
        "the two corrections are folded into the rate, but that of v without its square root.",
        "v stands under a root. What becomes of its correction when it comes out from there?",
    ),
    _entry(
        "adam",
        "folded-upside-down",
        _adam_rate(lambda b1, b2: (1 - b1) / np.sqrt(1 - b2)),
        "the two corrections are folded into the rate upside down: that of m has to divide, and that of v, which stands in the denominator, to multiply.",
        "Put the two hats into the quotient. On which side of the line does each correction end up?",
    ),
    _entry(
        "adam",
        "m-and-v-one-array",
        _adam_one_array,
        "m and v start as one and the same array of zeros, and both are changed in place: each changes the other.",
        "How many calls of zeros_like make two arrays?",
    ),
    _entry(
        "adam",
        "no-bias-correction",
        _adam(correct=lambda m, v, t, c: (m, v)),
        "the bias correction is missing: m and v start at zero, and are used as they are.",
        "After the first step m is only (1 − β₁)·dw. By what must it be divided to be dw?",
        COUNTED.format(4),
    ),
    _entry(
        "adam",
        "only-m-corrected",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] ** t), v)),
        "only m is corrected for starting at zero; v is not.",
        "How many running means are there, and how many corrections?",
    ),
    _entry(
        "adam",
        "only-v-corrected",
        _adam(correct=lambda m, v, t, c: (m, v / (1 - c["beta2"] ** t))),
        "only v is corrected for starting at zero; m is not.",
        "How many running means are there, and how many corrections?",
    ),
    _entry(
        "adam",
        "t-not-counted",
        _adam(keep=("m", "v")),
        "t is not stored back, so every step thinks it is the same one and the correction never fades.",
        "What must the next call know besides m and v?",
        COUNTED.format(2),
    ),
    _entry(
        "adam",
        "t-too-late",
        _adam(
            correct=lambda m, v, t, c: (
                m / (1 - c["beta1"] ** max(t - 1, 0)),
                v / (1 - c["beta2"] ** max(t - 1, 0)),
            )
        ),
        "the correction uses t before it was counted up; at the very first step that divides by zero.",
        "For the first step t has to be 1. When is it raised?",
    ),
    _entry(
        "adam",
        "t-one-ahead",
        _adam(start=1),
        "a fresh run starts with t = 1 and raises it before use, so it is one step ahead from the beginning.",
        "t counts the steps done so far. How many are done before the first?",
        COUNTED.format(6),
    ),
    dataclasses.replace(
        _entry(
            "adam",
            "t-never-raised",
            _adam(count=lambda t: t),
            "t is never raised: it stays 0 in a fresh run, so the correction divides by 1 − β⁰, which is zero.",
            "t counts the steps done, this one included. Which line adds one to it, and does it come before the correction?",
        ),
        also=(
            _adam(count=lambda t: max(t, 1)),
            _adam(count=lambda t: t or 1),
            _adam(count=lambda t: t, start=1),
        ),
    ),
    _entry(
        "adam",
        "betas-swapped",
        _adam(
            m=lambda m, dw, c: c["beta2"] * m + (1 - c["beta2"]) * dw,
            v=lambda v, dw, c: c["beta1"] * v + (1 - c["beta1"]) * dw**2,
            correct=lambda m, v, t, c: (m / (1 - c["beta2"] ** t), v / (1 - c["beta1"] ** t)),
        ),
        "β₁ and β₂ are exchanged: β₁ belongs to m, β₂ to v.",
        "Which of the two means should remember longer?",
        also=(
            _adam(
                m=lambda m, dw, c: c["beta2"] * m + (1 - c["beta2"]) * dw,
                v=lambda v, dw, c: c["beta1"] * v + (1 - c["beta1"]) * dw**2,
            ),
        ),
    ),
    _entry(
        "adam",
        "other-beta-corrects",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta2"] ** t), v / (1 - c["beta1"] ** t))),
        "the means are right, but a correction is made with the β of the other mean.",
        "Whose start does each correction undo, and how fast does that one fade?",
        also=(
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] ** t), v / (1 - c["beta1"] ** t))),
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta2"] ** t), v / (1 - c["beta2"] ** t))),
        ),
    ),
    _entry(
        "adam",
        "weights-of-the-means-swapped",
        _adam(
            m=lambda m, dw, c: (1 - c["beta1"]) * m + c["beta1"] * dw,
            v=lambda v, dw, c: (1 - c["beta2"]) * v + c["beta2"] * dw**2,
        ),
        "β and 1 − β are exchanged in both means: almost everything old is forgotten at each step.",
        "With β₁ = 0.9, which part of m should be large?",
    ),
    _entry(
        "adam",
        "share-of-the-new-missing",
        _adam(m=lambda m, dw, c: c["beta1"] * m + dw),
        "the factor 1 − β is missing where the new gradient enters a mean: that adds gradients up instead of averaging them.",
        "In a running mean the two shares add up to 1. Do yours, in both means?",
        also=(
            _adam(v=lambda v, dw, c: c["beta2"] * v + dw**2),
            _adam(
                m=lambda m, dw, c: c["beta1"] * m + dw,
                v=lambda v, dw, c: c["beta2"] * v + dw**2,
            ),
        ),
    ),
    _entry(
        "adam",
        "m-in-the-line-of-v",
        _adam_m_in_v(new=False),
        "m stands in the line of v: v has to go on from its own old value, not from that of m.",
        "Compare the two lines of the running means, name by name. Which of the two remembers squares?",
        also=(_adam_m_in_v(new=True),),
    ),
    _entry(
        "adam",
        "square-of-m",
        _adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * _new_m(c, dw) ** 2),
        "v averages the square of m, where it has to average the square of dw.",
        "What is v a running mean of?",
    ),
    _entry(
        "adam",
        "dw-in-the-step",
        _adam(top=lambda m_hat, new_m, dw: dw),
        "the step uses dw, where the corrected m has to stand: the mean of the gradients is computed and then has no effect.",
        "What stands above the line in the rule? Follow the corrected m from where it is made to where it is used.",
    ),
    _entry(
        "adam",
        "no-learning-rate",
        _adam(rate=lambda c: 1.0),
        "the learning rate is left out of the step.",
        "config carries a number that says how long the step is. Where does it enter?",
    ),
    _entry(
        "adam",
        "corrected-means-stored",
        _adam(corrected_is_kept=True),
        "the corrected means are stored back, so the next step corrects them again.",
        "The correction is for this step's use only. Which m goes into config?",
    ),
    _entry(
        "adam",
        "no-root",
        _adam(root=lambda v, eps: v + eps),
        "m is divided by v itself; the square root is missing.",
        "v holds squares. What brings it back to the size of a gradient?",
    ),
    _entry(
        "adam",
        "squared-mean",
        _adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * np.abs(dw)),
        "v averages dw or its size |dw|, where it has to average the square of dw.",
        "What is v a running mean of?",
        also=(_adam(v=lambda v, dw, c: c["beta2"] * v + (1 - c["beta2"]) * dw),),
    ),
    _entry(
        "adam",
        "beta-times-t",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] * t), v / (1 - c["beta2"] * t))),
        "β is multiplied by t where it has to be raised to the power t.",
        "How much of the start is left after t steps that each keep a share β?",
        also=(
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] * t), v / (1 - c["beta2"] ** t))),
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] ** t), v / (1 - c["beta2"] * t))),
        ),
    ),
    _entry(
        "adam",
        "power-of-the-difference",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"]) ** t, v / (1 - c["beta2"]) ** t)),
        "the whole 1 − β is raised to the power t, where β alone has to be: the correction is 1 − βᵗ.",
        "Which comes first, the power or the difference? Do your brackets say the same?",
        also=(
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"]) ** t, v / (1 - c["beta2"] ** t))),
            _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"] ** t), v / (1 - c["beta2"]) ** t)),
        ),
    ),
    _entry(
        "adam",
        "correction-without-t",
        _adam(correct=lambda m, v, t, c: (m / (1 - c["beta1"]), v / (1 - c["beta2"]))),
        "the correction divides by 1 − β at every step: that is right at the first step only, because t is not in it.",
        "The share of the start fades with every step. Where does your correction see how many there were?",
    ),
    _entry(
        "adam",
        "epsilon-outside-the-bracket",
        _adam(root=lambda v, eps: np.sqrt(v), added=1.0),
        BRACKET,
        "What does Python do first, / or +? Which part of the formula stands below the line?",
    ),
    _entry(
        "adam",
        "epsilon-without-effect",
        _adam(root=lambda v, eps: np.sqrt(v)),
        NO_EPSILON,
        "Where in the denominator does ε stand, and is it the one that config holds?",
        also=(_adam(root=lambda v, eps: np.sqrt(v) + 1e-8), _adam(root=lambda v, eps: np.sqrt(v + 1e-8))),
    ),
    _entry(
        "adam",
        "uphill",
        _adam(sign=1.0),
        "the step goes uphill: it has to be subtracted.",
        "Which way should the weights move, seen from the direction in which the loss grows?",
    ),
    _entry(
        "adam",
        "v-not-stored",
        _adam(keep=("m", "t")),
        "v is not stored back in config, so the scale of each weight is forgotten at every step.",
        "List what the next step needs. Is all of it in the config you return?",
    ),
    _entry(
        "adam",
        "m-not-stored",
        _adam(keep=("v", "t")),
        "m is not stored back in config, so the direction is forgotten at every step.",
        "List what the next step needs. Is all of it in the config you return?",
    ),
    _entry(
        "adam",
        "first-step-forgotten",
        _never_fresh(adam, "m", "v", "t"),
        "the memory (m, v, t) is read from config without a default, so the very first step, when nothing is stored yet, stops with a KeyError.",
        "Who has stored it before the first step? What should stand there then?",
        also=(_never_fresh(adam, "v"), _never_fresh(adam, "t")),
    ),
    _entry(
        "adam",
        "settings-dropped",
        _settings_dropped(adam, "m", "v", "t"),
        "the config that is returned lacks the settings, so from the second step on the defaults are used.",
        "The next call gets only what this one returns. Are the learning rate and the other settings in it?",
    ),
    _entry(
        "train_step",
        "arguments-swapped",
        _swapped_arguments,
        "update is called with the gradient first and the weights second; it takes w, then dw.",
        "In which order does an optimizer take its arguments?",
    ),
    _entry(
        "train_step",
        "update-not-called",
        _moved_by_hand,
        "the weights move by −η dw whatever update is: the optimizer that was handed over is not used.",
        "update may be Adam. Who computes the new weights then?",
    ),
    _entry(
        "train_step",
        "configs-swapped-in-the-pair",
        _configs_swapped,
        "each pair of the new configs holds that of the bias first; the next step then moves w with the memory of b.",
        "In which order do the configs of a layer come in?",
    ),
    _entry(
        "train_step",
        "gradient-taken-anew",
        _gradient_anew,
        "forward and backward are run again after every layer, so later layers follow a gradient of weights that have moved already.",
        "Of which weights are all gradients of one step?",
    ),
    _entry(
        "train_step",
        "update-before-upstream",
        _update_while_walking_back,
        "a layer's weights were updated before the gradient was passed on through them; the layer below then gets its "
        "share of the blame from weights that did not make the prediction.",
        "Which weights made this prediction, the old or the new ones? Take every gradient before the first update.",
    ),
    _entry(
        "train_step",
        "uphill",
        _step(sign=-1.0),
        "every weight moves uphill: the gradient's sign was turned round before the optimizer, which turns it once more.",
        "The optimizer already subtracts. What should it be given?",
    ),
    _entry(
        "train_step",
        "biases-forgotten",
        _step(biases=False),
        "the weights move but the biases stay where they are.",
        "How many arrays does a layer learn?",
    ),
    _entry(
        "train_step",
        "only-last-layer",
        _step(layers=lambda n: range(n - 1, n)),
        "only the last layer was updated.",
        "How many layers does the loop visit?",
    ),
    _entry(
        "train_step",
        "last-layer-forgotten",
        _step(layers=lambda n: range(n - 1)),
        "the last layer is never updated.",
        "How many layers does the loop visit?",
    ),
    _entry(
        "train_step",
        "configs-not-kept",
        _step(keep=False),
        "the configs that came in are given back, so the optimizer forgets its state after every step.",
        "update returns two things. Where does the second one go?",
    ),
    _entry(
        "train_step",
        "bias-config-not-kept",
        _step(keep_b=False),
        "the config that came in for the bias is given back, so the optimizer forgets the bias's state after every step.",
        "update is called twice for every layer, and each call returns two things. Follow all four of them to the end.",
    ),
    _entry(
        "train_step",
        "weight-config-not-kept",
        _step(keep_w=False),
        "the config that came in for the weights is given back, so the optimizer forgets their state after every step.",
        "update is called twice for every layer, and each call returns two things. Follow all four of them to the end.",
    ),
    dataclasses.replace(
        _entry(
            "train_step",
            "grads-reversed",
            _step(order=lambda grads: grads[::-1]),
            "the list of gradients is turned round, so a layer is moved by the gradient of another layer: the two don't even "
            "agree in shape.",
            "mlp_backward walks backwards, but in which order does it hand back its pairs? The page says it beside the call.",
            also=(_step(order=lambda grads: grads[::-1], biases_first=True),),
        ),
        exactly=True,
    ),
    dataclasses.replace(
        _entry(
            "train_step",
            "gradients-of-a-pair-swapped",
            _step(order=lambda grads: [(db, dw) for dw, db in grads]),
            "within a layer the two gradients are swapped: the weights are moved by db and the bias by dw.",
            "Each entry of grads is a pair. Which half belongs to w, and which to b?",
            also=(_step(order=lambda grads: [(db, dw) for dw, db in grads], biases_first=True),),
        ),
        exactly=True,
    ),
    _entry(
        "train_step",
        "one-config-for-all",
        _step(first_config_for_all=True),
        "all layers use the config of the first one.",
        "Each array has a velocity and a learning rate of its own. Which config goes with which array?",
    ),
    _entry(
        "train_step",
        "config-not-given",
        _step(no_config=True),
        "update is called without a config, so every array moves with the default settings and without a memory.",
        "update takes three things. Which of them did you give it, and where is the third?",
        also=(_step(no_config=True, keep=False),),
    ),
    _entry(
        "train_step",
        "params-not-kept",
        _old_params,
        "the params that came in are given back: the new weights were computed and dropped.",
        "Where do the new w and b go after update has returned them?",
    ),
    _entry(
        "train_step",
        "loss-after-the-step",
        _step(second=True),
        "the loss is measured after the step instead of before it.",
        "Which prediction does the gradient belong to?",
    ),
    _entry(
        "train_step",
        "mean-undone",
        _step(rows=float),
        "the gradient was multiplied by N: the loss is a mean over the rows, and so is its gradient already.",
        "softmax_loss divides by N once. Is there a second place that deals with N?",
    ),
    _entry(
        "train_step",
        "mean-twice",
        _step(rows=lambda n: 1 / n),
        "the gradient was divided by N a second time.",
        "softmax_loss divides by N once. Is there a second place that deals with N?",
    ),
    _entry(
        "train_step",
        "config-of-w-for-b",
        _step(config_of_w_for_b=True),
        "the bias is moved with the config of the weights; it has one of its own, the second of its pair.",
        "Each entry of configs is a pair. Which half goes with w, and which with b?",
    ),
)
