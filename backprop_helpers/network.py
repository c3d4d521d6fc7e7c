"""A multi-layer perceptron built from the layers: affine, ReLU, …, affine."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.layers import AffineCache, affine_backward, affine_forward, relu_backward, relu_forward

Array = NDArray[Any]
Params = list[tuple[Array, Array]]
Caches = list[tuple[AffineCache, Array | None]]


def init_params(sizes: Sequence[int], rng: np.random.Generator, scale: float = 0.01) -> Params:
    """Random weights and zero biases for a network with the given layer sizes.

    sizes: [D, H_1, …, C], at least two numbers; rng: the generator to draw from; scale: standard deviation of a weight.
    Returns one (w, b) per layer, w (sizes[i], sizes[i+1]) normal with mean 0, b (sizes[i+1],) zero.
    Raises ValueError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError(
            f"sizes is {list(sizes)}; a network needs an input and an output size, such as [2, 3, 1]."
        )
    return [
        (scale * rng.standard_normal((n_in, n_out)), np.zeros(n_out))
        for n_in, n_out in itertools.pairwise(sizes)
    ]


def mlp_forward(x: Array, params: Params) -> tuple[Array, Caches]:
    """Scores of a network: affine and ReLU for every layer but the last, which is affine alone.

    x: (N, d_1, …, d_k); params: [(w, b), …] as `init_params` makes them.
    Returns scores (N, C) and caches, one (affine cache, ReLU cache) per layer; the last has None for ReLU.
    """
    caches: Caches = []
    h = x
    for i, (w, b) in enumerate(params):
        h, affine_cache = affine_forward(h, w, b)
        relu_cache = None
        if i < len(params) - 1:
            h, relu_cache = relu_forward(h)
        caches.append((affine_cache, relu_cache))
    return h, caches


def mlp_backward(dscores: Array, caches: Caches) -> Params:
    """Gradients of every weight and bias, found from the last layer to the first.

    dscores: (N, C), the upstream gradient of the scores; caches: from `mlp_forward`.
    Returns [(dw, db), …] in the order of params, each in the shape of its (w, b).
    """
    grads: Params = []
    upstream = dscores
    for i in reversed(range(len(caches))):
        affine_cache, relu_cache = caches[i]
        if relu_cache is not None:
            upstream = relu_backward(upstream, relu_cache)
        if i > 0:
            upstream, dw, db = affine_backward(upstream, affine_cache)
        else:
            dw, db = _parameter_gradients(upstream, affine_cache)
        grads.append((dw, db))
    return grads[::-1]


def _parameter_gradients(dout: Array, cache: AffineCache) -> tuple[Array, Array]:
    """`affine_backward` without dx: that of the first layer belongs to the data and would be as dear as dw."""
    x, w, _ = cache
    return x.reshape(len(x), len(w)).T @ dout, dout.sum(axis=0)
