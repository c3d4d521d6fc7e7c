"""Optimizers: how a gradient becomes a step. Each is a pure function (w, dw, config) → (next_w, config).

Everything an optimizer remembers between two steps stands in the config it returns, as plain numbers and
arrays, so that it can be saved with the weights and handed to the next step. Neither w nor dw nor the
config that came in is changed. Missing settings take the defaults of the signature tables below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Config = dict[str, Any]
Optimizer = Callable[[Array, Array, Config | None], tuple[Array, Config]]


def _settings(w: Array, dw: Array, config: Config | None, defaults: Mapping[str, Any]) -> Config:
    """A new config: the defaults, overridden by what was given. Raises ValueError where something does not fit."""
    given = config or {}
    _refuse_misfits(w, dw, given, defaults)
    return {**defaults, **given}


def _refuse_misfits(w: Array, dw: Array, given: Config, defaults: Mapping[str, Any]) -> None:
    if w.shape != dw.shape:
        raise ValueError(
            f"w has shape {w.shape} and dw has shape {dw.shape}; a gradient has the shape of its weights."
        )
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(
            f"config has the unknown key {unknown[0]!r}; this optimizer knows {', '.join(defaults)}."
        )
    for key, default in defaults.items():
        value = given.get(key, default)
        if isinstance(default, np.ndarray) and np.shape(value) != w.shape:
            raise ValueError(
                f"config[{key!r}] has shape {np.shape(value)} and w has shape {w.shape}; "
                "every weight array needs a config of its own."
            )


def _refuse_half_a_memory(config: Config | None, keys: tuple[str, ...]) -> None:
    """Means without their count would be corrected for a start that lies far behind, and nothing would look wrong."""
    missing = [key for key in keys if key not in (config or {})]
    if 0 < len(missing) < len(keys):
        have = [key for key in keys if key not in missing]
        raise ValueError(
            f"config has {' and '.join(have)} but no {' and no '.join(missing)}; "
            f"{', '.join(keys)} belong together: hand on the whole config that the last step returned."
        )


def sgd(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Stochastic gradient descent: next_w = w − η dw.

    w, dw: one shape; config: learning_rate η (0.01). Returns next_w and the config.
    Raises ValueError where shapes or keys do not fit.
    Robbins and Monro, Annals of Mathematical Statistics 22 (1951), 400–407.
    """
    config = _settings(w, dw, config, {"learning_rate": 1e-2})
    return _minus(w, config["learning_rate"] * dw), config


def _minus(w: Array, step: Array) -> Array:
    """w − step, written into step's own memory: one array less is an eighth of a training step at a million weights."""
    fits = isinstance(step, np.ndarray) and step.dtype == w.dtype
    return np.subtract(w, step, out=step if fits else None)


def sgd_momentum(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """SGD with momentum: velocity ← μ velocity − η dw; next_w = w + velocity.

    w, dw: one shape; config: learning_rate η (0.01), momentum μ (0.9), velocity (zeros, the shape of w).
    Returns next_w and the config with the new velocity. Raises ValueError where shapes or keys do not fit.
    Polyak, USSR Computational Mathematics and Mathematical Physics 4(5) (1964), 1–17.
    """
    config = _settings(w, dw, config, {"learning_rate": 1e-2, "momentum": 0.9, "velocity": np.zeros_like(w)})
    velocity = config["momentum"] * config["velocity"] - config["learning_rate"] * dw
    return w + velocity, {**config, "velocity": velocity}


def rmsprop(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """RMSProp: cache ← ρ cache + (1 − ρ) dw²; next_w = w − η dw / (√cache + ε), entry by entry.

    w, dw: one shape; config: learning_rate η (0.01), decay_rate ρ (0.99), epsilon ε (1e-8), cache (zeros, the
    shape of w). Returns next_w and the config with the new cache. Raises ValueError where shapes or keys do not fit.
    Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012).
    """
    defaults = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "cache": np.zeros_like(w)}
    config = _settings(w, dw, config, defaults)
    rho = config["decay_rate"]
    cache = rho * config["cache"] + (1 - rho) * dw**2
    next_w = w - config["learning_rate"] * dw / (np.sqrt(cache) + config["epsilon"])
    return next_w, {**config, "cache": cache}


def adam(w: Array, dw: Array, config: Config | None = None) -> tuple[Array, Config]:
    """Adam: running means of the gradient and of its square, both corrected for starting at zero.

    t ← t + 1; m ← β₁ m + (1 − β₁) dw; v ← β₂ v + (1 − β₂) dw²;
    next_w = w − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε), entry by entry.

    w, dw: one shape; config: learning_rate η (0.001), beta1 (0.9), beta2 (0.999), epsilon (1e-8), m and v (zeros,
    the shape of w), t, the number of steps done so far (0). Returns next_w and the config with the new m, v and t.
    Raises ValueError where shapes or keys do not fit, or where some but not all of m, v and t are given.
    Kingma and Ba, ICLR 2015 (arXiv:1412.6980), algorithm 1.
    """
    _refuse_half_a_memory(config, ("m", "v", "t"))
    defaults = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    config = _settings(w, dw, config, {**defaults, "m": np.zeros_like(w), "v": np.zeros_like(w), "t": 0})
    beta1, beta2 = config["beta1"], config["beta2"]
    t = config["t"] + 1
    m = beta1 * config["m"] + (1 - beta1) * dw
    v = beta2 * config["v"] + (1 - beta2) * dw**2
    step = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + config["epsilon"])
    return w - config["learning_rate"] * step, {**config, "m": m, "v": v, "t": t}
