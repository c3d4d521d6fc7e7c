"""Right solutions of lesson 01, written differently."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import special

from backprop_helpers.layers import affine_forward, relu_forward


def _affine_loops(x, w, b):
    flat = x.reshape(len(x), -1)
    out = np.zeros((len(x), len(b)))
    for i in range(len(x)):
        for j in range(len(b)):
            out[i, j] = b[j]
            for k in range(len(w)):
                out[i, j] += flat[i, k] * w[k, j]
    return out, None


def _affine_rows(x, w, b):
    return [row.ravel() @ w + b for row in x], {"x": x, "w": w}


def _affine_in_place(x, w, b):
    out = np.dot(np.reshape(x, (x.shape[0], np.prod(x.shape[1:]))), w)
    out += b
    return out, (x, w, b)


def _affine_column_of_ones(x, w, b):
    flat = np.hstack([x.reshape(len(x), -1), np.ones((len(x), 1))])
    return flat @ np.vstack([w, b]), (flat, np.vstack([w, b]))


def _affine_flat_cached(x, w, b):
    rows = x.copy().reshape(len(x), -1)
    return rows @ w + b[None, :], (rows, w, b, x.shape)


def _relu_copy(x):
    out = x.copy()
    out[out < 0] = 0
    return out, x


def _relu_loop(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if x[i] >= 0:
            out[i] = x[i]
    return out, (x > 0)


def _sigmoid_two_sides(x):
    out = np.zeros(x.shape)
    right = x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    left = np.exp(x[~right])
    out[~right] = left / (1 + left)
    return out, out


def _sigmoid_safe_branches(x):
    small = np.exp(np.minimum(x, 0))
    return np.where(x >= 0, 1 / (1 + np.exp(-np.maximum(x, 0))), small / (1 + small)), x


def _sigmoid_silenced(x):
    with np.errstate(over="ignore"):
        out = 1 / (1 + np.exp(-x))
    return out, (x, out)


def _sigmoid_loop(x):
    out = np.empty(x.shape)
    for i, value in np.ndenumerate(x):
        if value >= 0:
            out[i] = 1 / (1 + np.exp(-value))
        else:
            out[i] = np.exp(value) / (1 + np.exp(value))
    return out, out


def _sigmoid_clipped_inside(x):
    return 1 / (1 + np.exp(-np.clip(x, -500, 500))), x


def _tanh_from_sigmoid(x):
    shrink = np.exp(-2 * np.abs(x))
    return np.sign(x) * (1 - shrink) / (1 + shrink), x


def _tanh_clipped(x):
    up, down = np.exp(np.clip(x, -300, 300)), np.exp(-np.clip(x, -300, 300))
    return (up - down) / (up + down), None


def _tanh_loop(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        out[i] = np.tanh(x[i])
    return out, out


def _tanh_buffer(x):
    out = np.array(x, dtype=float)
    np.tanh(out, out=out)
    return out, out


def _init_loop(sizes, rng, scale=0.01):
    params = []
    for i in range(len(sizes) - 1):
        w = rng.normal(0.0, scale, size=(sizes[i], sizes[i + 1]))
        params.append((w, np.zeros(sizes[i + 1])))
    return params


def _init_lists(sizes, rng, scale=0.01):
    return [[rng.normal(scale=scale, size=(m, n)), np.zeros((n,))] for m, n in itertools.pairwise(sizes)]


def _init_drawn_at_once(sizes, rng, scale=0.01):
    shapes = list(itertools.pairwise(sizes))
    numbers = scale * rng.standard_normal(sum(m * n for m, n in shapes))
    params, at = [], 0
    for m, n in shapes:
        params.append((numbers[at : at + m * n].reshape(m, n), np.zeros(n)))
        at += m * n
    return params


def _init_last_first(sizes, rng, scale=0.01):
    params = [(rng.standard_normal((n, m)).T * scale, np.zeros(n)) for m, n in itertools.pairwise(sizes)]
    return tuple(params)


def _init_backwards(sizes, rng, scale=0.01):
    params = []
    for i in range(len(sizes) - 1, 0, -1):
        params.insert(
            0, (rng.standard_normal((sizes[i - 1], sizes[i])) * scale, np.zeros_like(np.ones(sizes[i])))
        )
    return params


def _init_single_precision(sizes, rng, scale=0.01):
    return [
        (scale * rng.standard_normal((m, n), dtype=np.float32), np.zeros(n, dtype=np.float32))
        for m, n in itertools.pairwise(sizes)
    ]


def _init_spawned(sizes, rng, scale=0.01):
    seeds = rng.integers(2**62, size=len(sizes))
    return [
        (
            scale * np.random.default_rng(seeds[i]).standard_normal((sizes[i], sizes[i + 1])),
            np.zeros(sizes[i + 1]),
        )
        for i in range(len(sizes) - 1)
    ]


def _mlp_last_apart(x, params):
    h, caches = x, []
    for w, b in params[:-1]:
        a, first = affine_forward(h, w, b)
        h, second = relu_forward(a)
        caches.append((first, second))
    scores, last = affine_forward(h, *params[-1])
    return scores, [*caches, last]


def _mlp_plain_numpy(x, params):
    h = x.reshape(len(x), -1)
    hidden = [h]
    for i, (w, b) in enumerate(params):
        h = h @ w + b
        if i + 1 != len(params):
            h *= h > 0
        hidden.append(h)
    return h, hidden


def _mlp_recursive(x, params):
    (w, b), *rest = params
    out, cache = affine_forward(x, w, b)
    if not rest:
        return out, [cache]
    h, mask = relu_forward(out)
    scores, caches = _mlp_recursive(h, rest)
    return scores, [cache, mask, *caches]


def _mlp_example_by_example(x, params):
    rows = []
    for example in x:
        h = example.ravel()
        for layer, (w, b) in enumerate(params):
            if layer:
                h = np.where(h >= 0, h, 0)
            h = np.einsum("d,dm->m", h, w) + b
        rows.append(h)
    return rows, ()


def _mlp_while(x, params):
    layer, h, caches = 0, x, {}
    while layer < len(params):
        w, b = params[layer]
        h, caches[layer] = affine_forward(h, w, b)
        if layer != len(params) - 1:
            h = np.maximum(h, 0.0)
        layer += 1
    return h, caches


def _mlp_relu_undone(x, params):
    outs = [x.reshape(x.shape[0], -1)]
    for w, b in params:
        outs.append(np.clip(outs[-1], 0 if len(outs) > 1 else None, None) @ w + b)
    return outs[-1], outs


def _init_flat_draw(sizes, rng, scale=0.01):
    pairs = list(itertools.pairwise(sizes))
    ends = np.cumsum([m * n for m, n in pairs])
    parts = np.split(scale * rng.standard_normal(ends[-1]), ends[:-1])
    return [(part.reshape(m, n), np.zeros(n, dtype=int)) for part, (m, n) in zip(parts, pairs, strict=True)]


def _mlp_by_identity(x, params):
    h, caches = x.reshape(len(x), -1), {}
    for pair in params:
        w, b = pair
        h = np.dot(h, w) + b
        if pair is not params[-1]:
            h[h < 0] = 0
        caches[id(w)] = h
    return [h, caches]


RIGHT = {
    "affine_forward": {
        "bias as a row of w": lambda x, w, b: (
            np.c_[x.reshape(len(x), -1), np.ones(len(x))] @ np.vstack([w, b]),
            x,
        ),
        "einsum": lambda x, w, b: (np.einsum("nd,dm->nm", x.reshape(len(x), -1), w) + b, (x, w, b)),
        "tensordot": lambda x, w, b: (
            np.tensordot(x, w.reshape(*x.shape[1:], -1), axes=x.ndim - 1) + b,
            (x, w, b),
        ),
        "loops": _affine_loops,
        "a list of rows": _affine_rows,
        "in place on its own buffer": _affine_in_place,
        "column of ones": _affine_column_of_ones,
        "flat x cached": _affine_flat_cached,
        "transposed twice": lambda x, w, b: ((w.T @ x.reshape(len(x), -1).T).T + b, (x, w, b)),
    },
    "relu_forward": {
        "mean of x and its size": lambda x: ((x + np.abs(x)) / 2, x),
        "maximum": lambda x: (np.maximum(0, x), x),
        "where": lambda x: (np.where(x > 0, x, 0), x),
        "where with >=": lambda x: (np.where(x >= 0, x, 0), x),
        "times mask": lambda x: (x * (x > 0), x > 0),
        "half of x and |x|": lambda x: ((x + np.abs(x)) / 2, None),
        "clip": lambda x: (np.clip(x, 0, None), x),
        "heaviside": lambda x: (x * np.heaviside(x, 0.5), x),
        "its own copy": _relu_copy,
        "loop": _relu_loop,
        "fmax": lambda x: (np.fmax(x, np.zeros(x.shape)), [x]),
    },
    "sigmoid_forward": {
        "shared exponential of the smaller": lambda x: (
            np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))),
            None,
        ),
        "two sides": _sigmoid_two_sides,
        "safe branches": _sigmoid_safe_branches,
        "with tanh": lambda x: (0.5 * (1 + np.tanh(x / 2)), x),
        "expit": lambda x: (special.expit(x), x),
        "log-add-exp": lambda x: (np.exp(-np.logaddexp(0, -x)), x),
        "silenced": _sigmoid_silenced,
        "loop": _sigmoid_loop,
        "exponent clipped at 500": _sigmoid_clipped_inside,
        "powers of e": lambda x: (np.where(x >= 0, 1, np.e ** -np.abs(x)) / (1 + np.e ** -np.abs(x)), ()),
    },
    "tanh_forward": {
        "size and sign apart": lambda x: (np.copysign(np.tanh(np.abs(x)), x), None),
        "np.tanh": lambda x: (np.tanh(x), x),
        "from exponentials of −|x|": _tanh_from_sigmoid,
        "exponent clipped at 300": _tanh_clipped,
        "loop": _tanh_loop,
        "its own buffer": _tanh_buffer,
        "2σ(2x) − 1": lambda x: (2 * special.expit(2 * x) - 1, x),
        "a list of rows": lambda x: ([np.tanh(row) for row in x], x),
    },
    "init_params": {
        "one flat draw": _init_flat_draw,
        "loop with normal": _init_loop,
        "lists": _init_lists,
        "drawn at once": _init_drawn_at_once,
        "drawn transposed, as a tuple": _init_last_first,
        "last layer first": _init_backwards,
        "float32": _init_single_precision,
        "a generator for each layer": _init_spawned,
    },
    "mlp_forward": {
        "last pair told by identity": _mlp_by_identity,
        "last layer apart": _mlp_last_apart,
        "plain NumPy": _mlp_plain_numpy,
        "recursive": _mlp_recursive,
        "example by example": _mlp_example_by_example,
        "while loop": _mlp_while,
        "clip before the next layer": _mlp_relu_undone,
    },
}
