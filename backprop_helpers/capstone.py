"""The capstone of lesson 06: a network that reads handwritten digits, trained with the course's own functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.network import Params, init_params
from backprop_helpers.optimizers import adam
from backprop_helpers.training import EarlyStopping, train

Array = NDArray[Any]

# The share of digits kept aside that must be read correctly. Fewer than 1 % of the runs of 14 sensible recipes miss it, each with
# a split and a generator of its own: docs/benchmarks/capstone.md, written by benchmarks/capstone_spread.py.
BAR = 0.94


def learn_digits(x: Array, y: Array, rng: np.random.Generator) -> Params:
    """Train a 64-128-10 network on digits; a sixth of them is watched to know when to stop.

    x: (N, 64), ink between 0 and 1; y: (N,) the digits 0 … 9; rng: for the weights and the shuffling.
    Returns params [(w, b), (w, b)] for `mlp_forward`.
    """
    order = rng.permutation(len(x))
    watch, rest = order[: len(x) // 6], order[len(x) // 6 :]
    params = init_params([64, 128, 10], rng, scale=0.1)
    params, _ = train(
        params,
        x[rest],
        y[rest],
        x[watch],
        y[watch],
        update=adam,
        config={"learning_rate": 3e-3},
        epochs=60,
        batch_size=32,
        rng=rng,
        stopping=EarlyStopping(patience=10),
    )
    return params
