"""Right solutions of lesson 04, written differently."""

from __future__ import annotations

import numpy as np


def _einsum(dout, cache):
    x, w, _ = cache
    flat = x.reshape(len(x), -1)
    return (
        np.einsum("nm,dm->nd", dout, w).reshape(x.shape),
        np.einsum("nd,nm->dm", flat, dout),
        np.einsum("nm->m", dout),
    )


RIGHT = {
    "affine_backward": {"einsum": _einsum},
}
