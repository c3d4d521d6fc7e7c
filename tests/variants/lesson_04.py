"""Right solutions of lesson 04, written differently; caches are those of the course's forward functions."""

from __future__ import annotations

import math

import numpy as np

# --- affine_backward ---------------------------------------------------------------------------------------


def _affine_einsum(dout, cache):
    x, w, _ = cache
    flat = x.reshape(len(x), -1)
    return (
        np.einsum("nm,dm->nd", dout, w).reshape(x.shape),
        np.einsum("nd,nm->dm", flat, dout),
        np.einsum("nm->m", dout),
    )


def _affine_loops(dout, cache):
    x, w, b = cache
    flat = x.reshape(x.shape[0], -1)
    dx, dw, db = np.zeros(flat.shape), np.zeros(w.shape), np.zeros(b.shape)
    for n in range(flat.shape[0]):
        for m in range(w.shape[1]):
            db[m] += dout[n, m]
            for d in range(w.shape[0]):
                dw[d, m] += flat[n, d] * dout[n, m]
                dx[n, d] += w[d, m] * dout[n, m]
    return dx.reshape(x.shape), dw, db


def _affine_row_of_ones(dout, cache):
    x, w, _b = cache
    n = x.shape[0]
    dx = np.reshape(np.dot(dout, np.transpose(w)), x.shape)
    return [dx, np.dot(np.reshape(x, (n, -1)).T, dout), np.dot(np.ones(n), dout)]


def _affine_transposed_twice(dout, cache):
    x, w, _b = cache
    flat = x.reshape(x.shape[0], np.prod(x.shape[1:]))
    return (w @ dout.T).T.reshape(*x.shape), (dout.T @ flat).T, np.sum(dout, 0)


def _affine_own_buffers(dout, cache):
    x, w, b = cache
    dx, dw, db = np.empty(x.shape), np.zeros_like(w), np.zeros_like(b)
    dx.reshape(len(x), -1)[...] = dout @ w.T
    for row, upstream in zip(x, dout, strict=True):
        dw += np.outer(row.ravel(), upstream)
        db += upstream
    return dx, dw, db


def _affine_tensordot(dout, cache):
    x, w, _ = cache
    flat = x.reshape(len(x), -1)
    dx = np.tensordot(dout, w, axes=(1, 1)).reshape(x.shape)
    return dx, np.tensordot(flat, dout, axes=(0, 0)), np.add.reduce(dout)


# --- relu_backward -----------------------------------------------------------------------------------------


def _relu_copy(dout, cache):
    dx = dout.copy()
    dx[cache < 0] = 0
    return dx


def _relu_loop(dout, cache):
    dx = np.zeros(cache.shape)
    for i in np.ndindex(*cache.shape):
        if cache[i] > 0:
            dx[i] = dout[i]
    return dx


def _relu_own_mask_in_place(dout, cache):
    mask = np.array(cache, dtype=float)
    mask[mask <= 0] = 0
    mask[mask > 0] = 1
    mask *= dout
    return mask


# --- sigmoid and tanh --------------------------------------------------------------------------------------


def _sigmoid_steps(dout, cache):
    dx = cache.copy()
    dx *= 1 - cache
    dx *= dout
    return dx


def _sigmoid_loop(dout, cache):
    dx = np.zeros_like(dout)
    flat, up, out = dx.reshape(-1), dout.reshape(-1), cache.reshape(-1)
    for i in range(flat.size):
        flat[i] = up[i] * out[i] * (1 - out[i])
    return dx


def _tanh_loop(dout, cache):
    values = [u * (1 - t * t) for u, t in zip(dout.ravel().tolist(), cache.ravel().tolist(), strict=True)]
    return np.array(values).reshape(dout.shape)


# --- mse_backward ------------------------------------------------------------------------------------------


def _mse_loop(pred, y):
    dpred = np.zeros(pred.shape)
    for i in np.ndindex(*pred.shape):
        dpred[i] = 2.0 * (pred[i] - y[i]) / math.prod(pred.shape)
    return dpred


def _mse_in_place(pred, y):
    dpred = pred - y.astype(float)
    dpred *= 2
    dpred /= dpred.size
    return dpred


# --- softmax_loss ------------------------------------------------------------------------------------------


def _softmax_one_hot(x, y):
    n, c = x.shape
    shifted = x - np.max(x, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    hot = np.eye(c)[y]
    return -(hot * log_p).sum() / n, (np.exp(log_p) - hot) / n


def _softmax_rows(x, y):
    n = len(x)
    loss, dx = 0.0, np.zeros(x.shape)
    for i in range(n):
        row = x[i] - x[i].max()
        powers = np.exp(row)
        total = powers.sum()
        loss += np.log(total) - row[y[i]]
        dx[i] = powers / total
        dx[i, y[i]] -= 1
    dx /= n
    return loss / n, dx


def _softmax_python(x, y):
    loss, dx = 0.0, []
    for row, label in zip(x.tolist(), y.tolist(), strict=True):
        top = max(row)
        powers = [math.exp(v - top) for v in row]
        total = sum(powers)
        loss += math.log(total) - (row[label] - top)
        dx.append([(v / total - (k == label)) / len(x) for k, v in enumerate(powers)])
    return loss / len(x), dx


def _softmax_put(x, y):
    top = x.max(axis=1)[:, np.newaxis]
    powers = np.exp(x - top)
    totals = powers.sum(axis=1)[:, None]
    rows = np.arange(x.shape[0])
    losses = np.log(totals[:, 0]) + top[:, 0] - x[rows, y]
    dx = powers / totals
    np.subtract.at(dx, (rows, y), 1.0)
    return np.array(losses.mean()), dx / x.shape[0]


def _softmax_logaddexp(x, y):
    log_p = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
    picked = np.take_along_axis(log_p, y[:, None], axis=1)
    hot = np.arange(x.shape[1]) == y[:, None]
    return float(-picked.mean()), (np.exp(log_p) - hot) / len(y)


def _softmax_transposed(x, y):
    columns = (x.T - x.max(axis=1)).astype(float)
    log_sum = np.log(np.exp(columns).sum(axis=0))
    p = np.exp(columns - log_sum)
    loss = np.mean(log_sum - columns[y, range(len(y))])
    p[y, range(len(y))] -= 1
    return loss, p.T / len(y)


# --- mlp_backward ------------------------------------------------------------------------------------------


def _step(upstream, affine_cache, relu_cache):
    x, w, _ = affine_cache
    if relu_cache is not None:
        upstream = upstream * (relu_cache > 0)
    return (upstream @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ upstream, upstream.sum(axis=0)


def _mlp_index(dscores, caches):
    grads = [None] * len(caches)
    upstream = dscores
    for i in range(len(caches) - 1, -1, -1):
        upstream, dw, db = _step(upstream, *caches[i])
        grads[i] = (dw, db)
    return grads


def _mlp_insert(dscores, caches):
    grads, upstream = [], dscores
    for cache in caches[::-1]:
        upstream, dw, db = _step(upstream, *cache)
        grads.insert(0, (dw, db))
    return grads


def _mlp_recursive(dscores, caches):
    if not caches:
        return []
    upstream, dw, db = _step(dscores, *caches[-1])
    return [*_mlp_recursive(upstream, caches[:-1]), (dw, db)]


def _mlp_last_first(dscores, caches):
    dx, dw, db = _step(dscores, caches[-1][0], None)
    grads = [[dw, db]]
    for affine_cache, z in reversed(caches[:-1]):
        dz = np.where(z >= 0, dx, 0.0)
        dx, dw, db = _step(dz, affine_cache, None)
        grads.append([dw, db])
    grads.reverse()
    return grads


def _mlp_own_copy_of_list(dscores, caches):
    left = list(caches)
    upstream, grads = dscores.copy(), []
    while left:
        (x, w, _b), z = left.pop()
        if z is not None:
            upstream *= z > 0
        grads.append((np.einsum("n...,nm->...m", x, upstream).reshape(w.shape), upstream.sum(0)))
        upstream = (upstream @ w.T).reshape(x.shape)
    return tuple(grads[::-1])


def _mlp_two_lists(dscores, caches):
    dws, dbs, upstream = [], [], dscores
    for affine_cache, z in reversed(caches):
        upstream, dw, db = _step(upstream, affine_cache, z)
        dws = [dw, *dws]
        dbs = [db, *dbs]
    return list(zip(dws, dbs, strict=True))


# --- bug hunt ----------------------------------------------------------------------------------------------


def _hunt_1_sum(total, mask):
    def mended(dscores, cache):
        x, z, h, w2 = cache
        dz = mask(dscores @ w2.T, z)
        return x.T @ dz, total(dz), h.T @ dscores, total(dscores)

    return mended


def _rows_of(a):
    return a.sum(axis=0)


HUNT_1 = {
    "sum": _hunt_1_sum(_rows_of, lambda g, z: g * (z > 0)),
    "mean times N": _hunt_1_sum(lambda a: a.mean(axis=0) * len(a), lambda g, z: g * (z > 0)),
    "ones": _hunt_1_sum(lambda a: np.ones(len(a)) @ a, lambda g, z: np.where(z > 0, g, 0)),
    "einsum": _hunt_1_sum(lambda a: np.einsum("nh->h", a), lambda g, z: np.heaviside(z, 0) * g),
    "loop": _hunt_1_sum(lambda a: np.array([sum(column) for column in a.T]), lambda g, z: g * (z >= 0)),
    "reduce": _hunt_1_sum(lambda a: np.add.reduce(a, axis=0), lambda g, z: (z > 0).astype(float) * g),
}


def _hunt_2(back, slope):
    def mended(dscores, cache):
        x, h1, w2, h2, w3 = cache
        dz2 = slope(back(dscores, w3), h2)
        dz1 = slope(back(dz2, w2), h1)
        return [x.T @ dz1, dz1.sum(0), h1.T @ dz2, dz2.sum(0), h2.T @ dscores, dscores.sum(0)]

    return mended


def _slope(g, h):
    return g * (1 - h**2)


HUNT_2 = {
    "transpose": _hunt_2(lambda g, w: g @ w.T, _slope),
    "transposed twice": _hunt_2(lambda g, w: (w @ g.T).T, _slope),
    "einsum": _hunt_2(lambda g, w: np.einsum("nk,hk->nh", g, w), _slope),
    "inner": _hunt_2(np.inner, lambda g, h: g - g * h * h),
    "dot": _hunt_2(lambda g, w: np.dot(g, np.transpose(w)), lambda g, h: (1 - h) * (1 + h) * g),
    "loop": _hunt_2(lambda g, w: np.array([w @ row for row in g]), lambda g, h: np.multiply(1 - h * h, g)),
}


def _hunt_3(second):
    """second(x, dz): the product of an input with the gradient behind it."""

    def mended(dscores, cache):
        x, h1, h2, h3, w2, w3 = cache
        dz3 = (dscores @ w3.T) * (1 - h3**2)
        dz2 = (dz3 @ w2.T) * (1 - h2**2)
        dz1 = (dz2 @ w2.T) * (1 - h1**2)
        dw2 = np.zeros_like(w2)
        dw2 += second(h2, dz3)
        dw2 += second(h1, dz2)
        return x.T @ dz1, dz1.sum(0), dw2, dz2.sum(0) + dz3.sum(0), h3.T @ dscores, dscores.sum(0)

    return mended


def _hunt_3_stacked(dscores, cache):
    x, h1, h2, h3, w2, w3 = cache
    dz3 = (dscores @ w3.T) * (1 - h3**2)
    dz2 = (dz3 @ w2.T) * (1 - h2**2)
    dz1 = (dz2 @ w2.T) * (1 - h1**2)
    inputs, behind = np.concatenate([h1, h2]), np.concatenate([dz2, dz3])
    return x.T @ dz1, dz1.sum(0), inputs.T @ behind, behind.sum(0), h3.T @ dscores, dscores.sum(0)


HUNT_3 = {
    "two terms": _hunt_3(lambda a, g: a.T @ g),
    "stacked": _hunt_3_stacked,
    "einsum": _hunt_3(lambda a, g: np.einsum("nh,nk->hk", a, g)),
    "dot": _hunt_3(lambda a, g: np.dot(np.transpose(a), g)),
    "outer": _hunt_3(lambda a, g: sum(np.outer(row, up) for row, up in zip(a, g, strict=True))),
    "tensordot": _hunt_3(lambda a, g: np.tensordot(a, g, axes=(0, 0))),
}


RIGHT = {
    "affine_backward": {
        "einsum": _affine_einsum,
        "loops": _affine_loops,
        "row of ones": _affine_row_of_ones,
        "transposed twice": _affine_transposed_twice,
        "own buffers": _affine_own_buffers,
        "tensordot": _affine_tensordot,
    },
    "relu_backward": {
        "mask": lambda dout, cache: dout * (cache > 0),
        "at least": lambda dout, cache: dout * (cache >= 0),
        "where": lambda dout, cache: np.where(cache <= 0, 0, dout),
        "heaviside": lambda dout, cache: dout * np.heaviside(cache, 0.5),
        "copy": _relu_copy,
        "loop": _relu_loop,
        "own mask in place": _relu_own_mask_in_place,
        "sign": lambda dout, cache: dout * np.sign(np.maximum(cache, 0)),
    },
    "sigmoid_backward": {
        "product": lambda dout, cache: dout * cache * (1 - cache),
        "difference": lambda dout, cache: dout * (cache - cache**2),
        "own buffer": _sigmoid_steps,
        "loop": _sigmoid_loop,
        "quarter": lambda dout, cache: (0.25 - (cache - 0.5) ** 2) * dout,
        "recomputed": lambda dout, cache: np.multiply(dout, np.multiply(cache, np.subtract(1.0, cache))),
        "list": lambda dout, cache: (dout * (1 - cache) * cache).tolist(),
    },
    "tanh_backward": {
        "square": lambda dout, cache: dout * (1 - cache**2),
        "two factors": lambda dout, cache: dout * (1 - cache) * (1 + cache),
        "difference": lambda dout, cache: dout - dout * cache * cache,
        "loop": _tanh_loop,
        "power": lambda dout, cache: np.multiply(1.0 - np.power(cache, 2), dout),
        "negated": lambda dout, cache: -dout * (cache * cache - 1),
    },
    "mse_backward": {
        "size": lambda pred, y: 2 * (pred - y) / pred.size,
        "prod": lambda pred, y: (pred - y) * (2.0 / np.prod(pred.shape)),
        "loop": _mse_loop,
        "own buffer": _mse_in_place,
        "negated": lambda pred, y: -2 / y.size * (y - pred),
        "list": lambda pred, y: (2 * np.subtract(pred, y) / np.size(pred)).tolist(),
    },
    "softmax_loss": {
        "one-hot": _softmax_one_hot,
        "rows": _softmax_rows,
        "plain Python": _softmax_python,
        "put": _softmax_put,
        "logaddexp": _softmax_logaddexp,
        "transposed": _softmax_transposed,
    },
    "mlp_backward": {
        "index": _mlp_index,
        "insert": _mlp_insert,
        "recursive": _mlp_recursive,
        "last first": _mlp_last_first,
        "own copy of the list": _mlp_own_copy_of_list,
        "two lists": _mlp_two_lists,
    },
    "bug_hunt_1": HUNT_1,
    "bug_hunt_2": HUNT_2,
    "bug_hunt_3": HUNT_3,
}
