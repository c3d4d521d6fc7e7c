"""Right solutions of lesson 05, written differently."""

from __future__ import annotations

import numpy as np

from backprop_helpers import optimizers, training
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import mlp_backward, mlp_forward


def _in_place(fn):
    """The same step, written into w and into the config that came in."""

    def update(w, dw, config=None):
        if config is None:
            config = {}
        next_w, new = fn(w, dw, config)
        w[...] = next_w
        config.update(new)
        return w, config

    return update


def _other_names(fn):
    def step(x, dx, options=None):
        return fn(x, dx, options)

    return step


def _loop(fn):
    """One entry at a time, on flat copies; arrays of the config are cut the same way."""

    def update(w, dw, config=None):
        flat = w.ravel().copy()
        arrays, scalars = {}, {}
        for key, value in (config or {}).items():
            (arrays if isinstance(value, np.ndarray) else scalars)[key] = value
        kept: dict = {}
        for i in range(flat.size):
            part = {**scalars, **{k: np.ravel(v)[i : i + 1] for k, v in arrays.items()}}
            flat[i : i + 1], new = fn(flat[i : i + 1], dw.ravel()[i : i + 1], part or None)
            for key, value in new.items():
                if isinstance(value, np.ndarray):
                    kept.setdefault(key, np.zeros(flat.size))[i] = value[0]
                else:
                    kept[key] = value
        return flat.reshape(w.shape), {
            k: v.reshape(w.shape) if isinstance(v, np.ndarray) else v for k, v in kept.items()
        }

    return update


def _list(fn):
    def update(w, dw, config=None):
        return list(fn(w, dw, config))

    return update


def _prints(fn):
    def update(w, dw, config=None):
        print("step of size", np.abs(dw).max())
        return fn(w, dw, config)

    return update


def _sgd_short(w, dw, config=None):
    config = dict(config or {})
    config.setdefault("learning_rate", 1e-2)
    return w + (-config["learning_rate"] * dw), config


def _sgd_get(w, dw, config=None):
    rate = (config or {}).get("learning_rate", 0.01)
    out = w.copy()
    out -= rate * dw
    return out, {"learning_rate": rate}


def _momentum_minus(w, dw, config=None):
    """A velocity kept with the sign of the rule, computed as −(η dw − μ v)."""
    c = {"learning_rate": 0.01, "momentum": 0.9, "velocity": np.zeros(w.shape), **(config or {})}
    v = -(c["learning_rate"] * dw - c["momentum"] * c["velocity"])
    c["velocity"] = v
    return v + w, c


def _momentum_default_get(w, dw, config=None):
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v *= config["momentum"]
    v -= config["learning_rate"] * dw
    config["velocity"] = v
    return w + v, config


def _rmsprop_inside(w, dw, config=None):
    """ε inside the root."""
    c = {
        "learning_rate": 0.01,
        "decay_rate": 0.99,
        "epsilon": 1e-8,
        "cache": np.zeros(w.shape),
        **(config or {}),
    }
    c["cache"] = c["decay_rate"] * c["cache"] + (1 - c["decay_rate"]) * dw * dw
    return w - c["learning_rate"] * dw / np.sqrt(c["cache"] + c["epsilon"]), c


def _rmsprop_mean(w, dw, config=None):
    """The running mean as a step towards dw²."""
    c = {"learning_rate": 0.01, "decay_rate": 0.99, "epsilon": 1e-8, **(config or {})}
    cache = np.array(c.get("cache", np.zeros_like(w)))
    cache += (1 - c["decay_rate"]) * (np.square(dw) - cache)
    c["cache"] = cache
    return w - dw * (c["learning_rate"] / (cache**0.5 + c["epsilon"])), c


def _adam_folded(w, dw, config=None):
    """Both corrections folded into the learning rate, as the paper suggests at the end of its section 2."""
    c = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0, **(config or {})}
    c.setdefault("m", np.zeros_like(w))
    c.setdefault("v", np.zeros_like(w))
    c["t"] += 1
    c["m"] = c["beta1"] * c["m"] + (1 - c["beta1"]) * dw
    c["v"] = c["beta2"] * c["v"] + (1 - c["beta2"]) * dw * dw
    root = np.sqrt(1 - c["beta2"] ** c["t"])
    rate = c["learning_rate"] * root / (1 - c["beta1"] ** c["t"])
    return w - rate * c["m"] / (np.sqrt(c["v"]) + c["epsilon"] * root), c


def _adam_folded_plain(w, dw, config=None):
    """The same with ε beside the uncorrected root, as many handouts have it."""
    c = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0, **(config or {})}
    t = c["t"] + 1
    m = c["beta1"] * c.get("m", np.zeros(w.shape)) + (1 - c["beta1"]) * dw
    v = c["beta2"] * c.get("v", np.zeros(w.shape)) + (1 - c["beta2"]) * dw**2
    rate = c["learning_rate"] * (1 - c["beta2"] ** t) ** 0.5 / (1 - c["beta1"] ** t)
    return w - rate * m / (np.sqrt(v) + c["epsilon"]), {**c, "m": m, "v": v, "t": t}


def _adam_folded_inside(w, dw, config=None):
    config = dict(config or {})
    rate, b1, b2 = config.get("learning_rate", 1e-3), config.get("beta1", 0.9), config.get("beta2", 0.999)
    t = config["t"] = config.get("t", 0) + 1
    m = config["m"] = b1 * config.get("m", 0.0) + (1 - b1) * dw
    v = config["v"] = b2 * config.get("v", 0.0) + (1 - b2) * dw * dw
    step = rate * np.sqrt(1 - b2**t) / (1 - b1**t) * m / np.sqrt(v + config.get("epsilon", 1e-8))
    return w - step, config


def _adam_inside(w, dw, config=None):
    """ε inside the root; t as a float."""
    c = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0, **(config or {})}
    m, v = c.get("m", 0.0 * w), c.get("v", 0.0 * w)
    t = float(c["t"]) + 1
    m = m + (1 - c["beta1"]) * (dw - m)
    v = v + (1 - c["beta2"]) * (dw**2 - v)
    step = (m / (1 - c["beta1"] ** t)) / np.sqrt(v / (1 - c["beta2"] ** t) + c["epsilon"])
    return w - c["learning_rate"] * step, {**c, "m": m, "v": v, "t": t}


def _styles(fn, **own):
    return {
        "reference style": fn,
        "in place": _in_place(fn),
        "other names": _other_names(fn),
        "loop": _loop(fn),
        "returns a list": _list(fn),
        "prints": _prints(fn),
        **own,
    }


def _step_lists(params, x, y, update, configs):
    """Built with comprehensions; pairs as lists."""
    scores, caches = mlp_forward(x, params)
    loss, dscores = softmax_loss(scores, y)
    grads = mlp_backward(dscores, caches)
    moved = [
        [update(p, g, c) for p, g, c in zip(*layer, strict=True)]
        for layer in zip(params, grads, configs, strict=True)
    ]
    return loss, [[p for p, _ in layer] for layer in moved], [[c for _, c in layer] for layer in moved]


def _step_in_place(params, x, y, update, configs):
    """Writes into the arrays and lists that came in."""
    scores, caches = mlp_forward(x, params)
    loss, dscores = softmax_loss(scores, y)
    for i, (dw, db) in enumerate(mlp_backward(dscores, caches)):
        new_w, cw = update(params[i][0], dw, configs[i][0])
        new_b, cb = update(params[i][1], db, configs[i][1])
        params[i][0][...], params[i][1][...] = new_w, new_b
        configs[i] = (cw, cb)
    return loss, params, configs


def _step_by_hand(params, x, y, update, configs):
    """Walks back itself, taking every gradient first."""
    h, kept = x, []
    for i, (w, b) in enumerate(params):
        kept.append(h)
        h = h @ w + b
        if i < len(params) - 1:
            h = np.maximum(h, 0)
    p = np.exp(h - h.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    d = (p - np.eye(p.shape[1])[y]) / len(y)
    grads = []
    for i in range(len(params) - 1, -1, -1):
        grads.insert(0, (kept[i].T @ d, d.sum(0)))
        d = (d @ params[i][0].T) * (kept[i] > 0)
    new_params, new_configs = [], []
    for (w, b), (dw, db), (cw, cb) in zip(params, grads, configs, strict=True):
        w, cw = update(w, dw, cw)
        b, cb = update(b, db, cb)
        new_params.append((w, b))
        new_configs.append((cw, cb))
    return float(loss), new_params, new_configs


def _step_from_the_end(params, x, y, update, configs):
    scores, caches = mlp_forward(x, params)
    loss, dscores = softmax_loss(scores, y)
    grads = mlp_backward(dscores, caches)
    new_params, new_configs = [None] * len(params), [None] * len(params)
    for i in reversed(range(len(params))):
        b, cb = update(params[i][1], grads[i][1], configs[i][1])
        w, cw = update(params[i][0], grads[i][0], configs[i][0])
        new_params[i], new_configs[i] = (w, b), (cw, cb)
    return np.asarray(loss), tuple(new_params), new_configs


def _step_copies(params, x, y, update, configs):
    mine = [(w.copy(), b.copy()) for w, b in params]
    return training.train_step(mine, x.copy(), y.copy(), update, [(dict(a), dict(b)) for a, b in configs])


RIGHT = {
    "train_step": {
        "reference style": training.train_step,
        "lists": _step_lists,
        "in place": _step_in_place,
        "by hand": _step_by_hand,
        "from the end": _step_from_the_end,
        "copies": _step_copies,
    },
    "sgd": _styles(optimizers.sgd, short=_sgd_short, get=_sgd_get),
    "sgd_momentum": _styles(optimizers.sgd_momentum, minus=_momentum_minus, setdefault=_momentum_default_get),
    "rmsprop": _styles(optimizers.rmsprop, inside=_rmsprop_inside, mean=_rmsprop_mean),
    "adam": _styles(
        optimizers.adam,
        folded=_adam_folded,
        folded_plain=_adam_folded_plain,
        folded_inside=_adam_folded_inside,
        inside=_adam_inside,
    ),
}
