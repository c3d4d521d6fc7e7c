"""The three networks of lesson 04's bug hunt: each backward pass has one wrong line and trains almost as well as a right one.

The page shows the same code; a test keeps the two alike. `MENDED` holds the right backward passes.
Each forward takes x (N, D) and its parameters and returns scores (N, C) and a cache for the backward pass of the same number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Cache = tuple[Array, ...]


def forward_1(x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Array, Cache]:
    """x (N, D) → ReLU layer (N, H) → scores (N, C). Shapes: w1 (D, H), b1 (H,), w2 (H, C), b2 (C,)."""
    z = x @ w1 + b1
    h = np.maximum(z, 0)
    scores = h @ w2 + b2
    return scores, (x, z, h, w2)


def suspect_1(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """dscores: (N, C). Returns dw1, db1, dw2, db2, with one line wrong."""
    x, z, h, w2 = cache
    dw2 = h.T @ dscores
    db2 = dscores.sum(axis=0)
    dh = dscores @ w2.T
    dz = dh * (z > 0)
    dw1 = x.T @ dz
    db1 = dz.mean(axis=0)
    return dw1, db1, dw2, db2


def mended_1(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """The gradients of `forward_1`: dw1 (D, H), db1 (H,), dw2 (H, C), db2 (C,)."""
    x, z, h, w2 = cache
    dz = (dscores @ w2.T) * (z > 0)
    return x.T @ dz, dz.sum(axis=0), h.T @ dscores, dscores.sum(axis=0)


def forward_2(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, w3: Array, b3: Array
) -> tuple[Array, Cache]:
    """x (N, D) → tanh layer (N, H) → tanh layer (N, K) → scores (N, C)."""
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    scores = h2 @ w3 + b3
    return scores, (x, h1, w2, h2, w3)


def suspect_2(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """dscores: (N, C). Returns dw1, db1, dw2, db2, dw3, db3, with one line wrong."""
    x, h1, w2, h2, w3 = cache
    dw3 = h2.T @ dscores
    db3 = dscores.sum(axis=0)
    dz2 = (dscores @ w3.T) * (1 - h2**2)
    dw2 = h1.T @ dz2
    db2 = dz2.sum(axis=0)
    dz1 = (dz2 @ w2) * (1 - h1**2)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return dw1, db1, dw2, db2, dw3, db3


def mended_2(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """The gradients of `forward_2`, each in the shape of its parameter."""
    x, h1, w2, h2, w3 = cache
    dz2 = (dscores @ w3.T) * (1 - h2**2)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    return x.T @ dz1, dz1.sum(axis=0), h1.T @ dz2, dz2.sum(axis=0), h2.T @ dscores, dscores.sum(axis=0)


def forward_3(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, w3: Array, b3: Array
) -> tuple[Array, Cache]:
    """x (N, D) → tanh layer (N, H) → the same tanh layer w2, b2 twice → scores (N, C). w2 is (H, H)."""
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    h3 = np.tanh(h2 @ w2 + b2)
    scores = h3 @ w3 + b3
    return scores, (x, h1, h2, h3, w2, w3)


def suspect_3(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """dscores: (N, C). Returns dw1, db1, dw2, db2, dw3, db3, with one line wrong."""
    x, h1, h2, h3, w2, w3 = cache
    dw3 = h3.T @ dscores
    db3 = dscores.sum(axis=0)
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dw2 = h2.T @ dz3
    db2 = dz3.sum(axis=0)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    dw2 = h1.T @ dz2
    db2 = db2 + dz2.sum(axis=0)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    dw1 = x.T @ dz1
    db1 = dz1.sum(axis=0)
    return dw1, db1, dw2, db2, dw3, db3


def mended_3(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """The gradients of `forward_3`: w2 and b2 are used twice, so their gradients are sums of two terms."""
    x, h1, h2, h3, w2, w3 = cache
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    dw2 = h2.T @ dz3 + h1.T @ dz2
    db2 = dz3.sum(axis=0) + dz2.sum(axis=0)
    return x.T @ dz1, dz1.sum(axis=0), dw2, db2, h3.T @ dscores, dscores.sum(axis=0)


FORWARD: Mapping[int, Callable[..., tuple[Array, Cache]]] = {1: forward_1, 2: forward_2, 3: forward_3}
SUSPECT: Mapping[int, Callable[..., tuple[Array, ...]]] = {1: suspect_1, 2: suspect_2, 3: suspect_3}
MENDED: Mapping[int, Callable[..., tuple[Array, ...]]] = {1: mended_1, 2: mended_2, 3: mended_3}
