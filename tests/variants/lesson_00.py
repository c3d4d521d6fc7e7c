"""Right solutions of lesson 00, written differently."""

from __future__ import annotations

import numpy as np


def _loop(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        out[i] = 2 * x[i]
    return out


def _own_copy(x):
    out = x.copy()
    out *= 2
    return out


def _measured(x):
    h = 1e-4
    return ((x + h) ** 2 - (x - h) ** 2) / (2 * h)


def _power_rule(x):
    n = 2
    return n * x ** (n - 1)


RIGHT = {
    "slope": {
        "secant over a step of one, half to each side": lambda x: (x + 0.5) ** 2 - (x - 0.5) ** 2,
        "twice x": lambda x: 2 * x,
        "a sum": lambda x: x + x,
        "np.multiply": lambda x: np.multiply(x, 2.0),
        "a list of rows": lambda x: [2.0 * row for row in x],
        "a loop": _loop,
        "in place on its own copy": _own_copy,
        "measured": _measured,
        "power rule": _power_rule,
        "np.gradient's definition": lambda x: ((x + 1) ** 2 - (x - 1) ** 2) / 2,
    },
}
