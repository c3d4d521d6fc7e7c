"""A backward pass that remembers little and computes again what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from backprop_helpers.layers import affine_backward, affine_forward, tanh_backward, tanh_forward
from backprop_helpers.network import Params

Array = NDArray[Any]


def layer_forward(h: Array, w: Array, b: Array) -> tuple[Array, Any]:
    """One layer with tanh: out = tanh(h @ w + b).

    h: (N, D); w: (D, M); b: (M,). Returns out (N, M) and the cache for `layer_backward`.
    """
    z, affine_cache = affine_forward(h, w, b)
    out, tanh_cache = tanh_forward(z)
    return out, (affine_cache, tanh_cache)


def layer_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Gradients of `layer_forward`.

    dout: (N, M); cache: from `layer_forward`. Returns dx (N, D), dw (D, M), db (M,).
    """
    affine_cache, tanh_cache = cache
    return affine_backward(tanh_backward(dout, tanh_cache), affine_cache)


def checkpointed_backward(
    x: Array,
    params: Params,
    dout: Array,
    every: int,
    forward: Callable[[Array, Array, Array], tuple[Array, Any]] = layer_forward,
    backward: Callable[[Array, Any], tuple[Array, Array, Array]] = layer_backward,
) -> tuple[Array, Params]:
    """All gradients of a chain of layers, with the caches of one stretch of `every` layers in memory at a time.

    x: (N, D), the input of the first layer; params: [(w, b), …], one pair per layer; dout: the upstream gradient of the
    last layer's output, in its shape; every: how many layers lie between two checkpoints, at least 1;
    forward(h, w, b) → (out, cache) and backward(dout, cache) → (dx, dw, db): one layer.
    Returns dx (N, D) and grads [(dw, db), …] in the order of params.
    Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost" (arXiv:1604.06174, 2016); with checkpoints
    inside checkpoints already Griewank, Optimization Methods and Software 1 (1992), 35–54.
    """
    checkpoints = []
    h = x
    for i, (w, b) in enumerate(params):
        if i % every == 0:
            checkpoints.append(h)
        h = forward(h, w, b)[0]
    grads: Params = []
    while checkpoints:
        h = checkpoints.pop()
        start = len(checkpoints) * every
        caches = []
        for w, b in params[start : start + every]:
            h, cache = forward(h, w, b)
            caches.append(cache)
        while caches:
            dout, dw, db = backward(dout, caches.pop())
            grads.append((dw, db))
    return dout, grads[::-1]
