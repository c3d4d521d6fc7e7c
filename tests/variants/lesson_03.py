"""Right solutions of lesson 03, written differently."""

from __future__ import annotations

import math

import numpy as np


def _sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


# --- slopes by differences -------------------------------------------------------------------------------------


def _two_points(f, x):
    h = 1e-4
    right, left = x + h, x - h
    return (f(right) - f(left)) / (right - left)


def _scaled_step(f, x):
    h = np.cbrt(np.finfo(float).eps) * max(1.0, abs(x))
    return (f(x + h) - f(x - h)) / (2 * h)


def _five_points(f, x, h=1e-3):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def _mean_of_sides(f, x):
    h = 1e-6
    return np.mean([(f(x + h) - f(x)) / h, (f(x) - f(x - h)) / h])


def _copies(f, x):
    grad = np.zeros(x.shape)
    for i in np.ndindex(*x.shape):
        up, down = x.astype(float), x.astype(float)
        up[i] += 1e-6
        down[i] -= 1e-6
        grad[i] = (f(up) - f(down)) / 2e-6
    return grad


def _unit_vectors(f, x):
    h, slopes = 1e-5, []
    for k in range(x.size):
        e = np.zeros(x.size)
        e[k] = h
        e = e.reshape(x.shape)
        slopes.append((f(x + e) - f(x - e)) / (2 * h))
    return np.array(slopes).reshape(x.shape)


def _nditer(f, x):
    x = np.array(x, dtype=np.float64)
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        i = it.multi_index
        old = x[i]
        x[i] = old + 1e-5
        plus = f(x)
        x[i] = old - 1e-5
        minus = f(x)
        x[i] = old
        grad[i] = (plus - minus) / 2e-5
        it.iternext()
    return grad


def _flat_of_copy(f, x):
    work = np.array(x, dtype=float, order="C")
    flat = work.reshape(-1)
    grad = np.empty(flat.shape)
    for k in range(flat.size):
        old = flat[k].copy()
        flat[k] = old + 1e-4
        plus = f(work)
        flat[k] = old - 1e-4
        grad[k] = (plus - f(work)) / 2e-4
        flat[k] = old
    return grad.reshape(work.shape)


def _in_place_and_back(f, x):
    if x.dtype != np.float64:
        x = x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = float(x[i])
        x[i] = old + 1e-5
        plus = f(x)
        x[i] = old - 1e-5
        minus = f(x)
        x[i] = old
        grad[i] = (plus - minus) / 2e-5
    return grad


def _through_derivative(f, x):
    def along(i):
        def g(t):
            y = x.astype(float)
            y[i] = t
            return f(y)

        return g

    return np.array([_scaled_step(along(i), float(x[i])) for i in np.ndindex(x.shape)]).reshape(x.shape)


# --- one neuron ------------------------------------------------------------------------------------------------


def _slope_written_into_a_buffer(a):
    out = np.array(a, dtype=float)
    out *= 1 - out
    return out


def _locals_through_steps(x, w, a, y):
    u = a - y
    dl_du, du_da = 2 * u, 1
    return [dl_du * du_da, a - a * a, np.float64(x), np.array(w), 1]


def _neuron_loop(x, w, b, y):
    z = b
    for xi, wi in zip(x, w, strict=True):
        z += xi * wi
    a = math.exp(z) / (1 + math.exp(z)) if z < 0 else 1 / (1 + math.exp(-z))
    dz = 2 * (a - y) * a * (1 - a)
    return [dz * xi for xi in x], dz


def _neuron_named_steps(x, w, b, y):
    z = np.einsum("d,d->", w, x) + b
    a = _sigmoid(z)
    dl_da, da_dz, dz_dw, dz_db = 2 * (a - y), a * (1 - a), x, 1
    return dl_da * da_dz * dz_dw, dl_da * da_dz * dz_db


def _neuron_matrix(x, w, b, y):
    a = _sigmoid(np.atleast_2d(x) @ w[:, None] + b)
    dz = 2 * (a - y) * a * (1 - a)
    return (np.atleast_2d(x).T @ dz).ravel(), dz.item()


def _neuron_tanh(x, w, b, y):
    a = (1 + np.tanh((np.sum(w * x) + b) / 2)) / 2
    db = 2 * (a - y) * a * (1 - a)
    return db * x, np.array(db)


def _neuron_recomputes(x, w, b, y):
    with np.errstate(over="ignore"):
        e = np.exp(-(np.dot(x, w) + b))
        a = 1 / (1 + e)
    slope = a - a**2
    db = -2 * (y - a) * slope
    return np.multiply(db, x), db


def _neuron_vector_forms(x, w, b, y):
    a = _sigmoid(np.inner(w, x) + b)
    dw = 2.0 * (a - y) * (1.0 - a) * a * np.asarray(x, dtype=float)
    return dw, 2.0 * (a - y) * (1.0 - a) * a


# --- fan-out ---------------------------------------------------------------------------------------------------


def _swish_accumulates(dout, x):
    s = _sigmoid(x)
    dx = np.zeros_like(x)
    dx += dout * s
    ds = dout * x
    dx += ds * s * (1 - s)
    return dx


def _swish_out(dout, x):
    s = _sigmoid(x)
    out = x * s
    return dout * (out + s * (1 - out))


def _swish_loop(dout, x):
    dx = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        s = _sigmoid(x[i])
        dx[i] = dout[i] * (s + x[i] * s * (1 - s))
    return dx


def _swish_tanh(dout, x):
    s = (1 + np.tanh(x / 2)) / 2
    return dout * s * (1 + x * (1 - s))


def _swish_flat(dout, x):
    s = _sigmoid(x.reshape(-1))
    return (dout.reshape(-1) * (s + x.reshape(-1) * s * (1 - s))).reshape(x.shape)


def _swish_einsum(dout, x):
    s = _sigmoid(x)
    return np.einsum("...,...->...", dout, s) + np.einsum("...,...,...,...->...", dout, x, s, 1 - s)


# --- softmax ---------------------------------------------------------------------------------------------------


def _dp_list(p, y):
    return [-1 / v if c == y else 0 for c, v in enumerate(p)]


def _dp_where(p, y):
    return np.where(np.arange(len(p)) == y, -1 / p, 0)


def _dp_one_hot(p, y):
    return -np.eye(len(p))[y] / p


def _dp_full(p, y):
    dp = np.full_like(p, 0.0)
    dp[y] -= p[y] ** -1
    return dp


def _dp_divided(p, y):
    dp = np.zeros(len(p))
    dp[y] = -1
    return dp / p


def _dp_reciprocal(p, y):
    dp = 0 * p
    np.put(dp, y, -np.reciprocal(p[y]))
    return dp


def _ds_list(p, y):
    return [v - (c == y) for c, v in enumerate(p.tolist())]


def _ds_where(p, y):
    return np.where(np.arange(p.shape[0]) == y, p - 1, p)


def _ds_add_at(p, y):
    ds = np.array(p)
    np.add.at(ds, y, -1.0)
    return ds


def _ds_by_jacobian(p, y):
    """Through the steps: dp, then dp times the Jacobian."""
    return (np.diag(p) - np.outer(p, p)) @ _dp_where(p, y)


def _ds_by_vjp(p, y):
    dp = _dp_one_hot(p, y)
    return p * (dp - dp @ p)


def _vjp_einsum(dp, p):
    return p * dp - p * np.einsum("nc,nc->n", dp, p)[:, None]


def _vjp_loop_over_rows(dp, p):
    ds = np.zeros_like(p)
    for n in range(len(p)):
        ds[n] = p[n] * (dp[n] - dp[n] @ p[n])
    return ds


def _vjp_loops(dp, p):
    rows = []
    for up, row in zip(dp.tolist(), p.tolist(), strict=True):
        s = sum(u * v for u, v in zip(up, row, strict=True))
        rows.append([v * (u - s) for u, v in zip(up, row, strict=True)])
    return rows


def _vjp_buffer(dp, p):
    ds = dp * p
    ds -= p * ds.sum(axis=-1)[:, np.newaxis]
    return ds


def _vjp_keep(dp, p):
    total = np.sum(np.multiply(dp, p), axis=1).reshape(-1, 1)
    return np.multiply(p, np.subtract(dp, total))


def _vjp_transposed(dp, p):
    return (p.T * (dp.T - (dp.T * p.T).sum(axis=0))).T


def _vjp_matmul(dp, p):
    total = (dp[:, None, :] @ p[:, :, None])[:, :, 0]
    return p * (dp - total)


def _gradient_by_unit_rows(f, x):
    x = np.asarray(x, dtype=float)
    steps = [1e-5 * row.reshape(x.shape) for row in np.eye(x.size)]
    return np.array([(f(x + step) - f(x - step)) / 2e-5 for step in steps]).reshape(x.shape)


def _neuron_outer(x, w, b, y):
    a = 0.5 * (1 + np.tanh(np.array([np.inner(w, x) + b]) / 2))
    dz = ((a - y) + (a - y)) * a * (1 - a)
    return np.outer(dz, x)[0], float(dz[0])


def _gate(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


def _dp_subtract_at(p, y):
    dp = np.zeros(p.shape)
    np.subtract.at(dp, y, 1 / p[y])
    return dp


RIGHT = {
    "numerical_derivative": {
        "over the distance as it is rounded": lambda f, x: (
            np.subtract(f(x + 1e-5), f(x - 1e-5)) / ((x + 1e-5) - (x - 1e-5))
        ),
        "h 1e-4, run computed": _two_points,
        "h scaled with x": _scaled_step,
        "five points": _five_points,
        "mean of both sides": _mean_of_sides,
        "h 1e-7": lambda f, x: (f(x + 1e-7) - f(x - 1e-7)) / 2e-7,
        "h 1e-3": lambda f, x: 0.5 * (f(x + 1e-3) - f(x - 1e-3)) / 1e-3,
        "0-d array": lambda f, x: np.array((f(np.float64(x) + 1e-5) - f(np.float64(x) - 1e-5)) / 2e-5),
    },
    "numerical_gradient": {
        "rows of a unit matrix": _gradient_by_unit_rows,
        "two copies an entry": _copies,
        "unit vectors": _unit_vectors,
        "nditer": _nditer,
        "flat view of a copy": _flat_of_copy,
        "in place, put back": _in_place_and_back,
        "through numerical_derivative": _through_derivative,
    },
    "sigmoid_slope": {
        "distance from the middle": lambda a: 0.25 - (a - 0.5) ** 2,
        "a - a²": lambda a: a - a**2,
        "buffer": _slope_written_into_a_buffer,
        "quarter minus square": lambda a: 0.25 - (np.asarray(a) - 0.5) ** 2,
        "multiply": lambda a: np.multiply(a, np.subtract(1, a)),
        "loop": lambda a: np.array([v * (1 - v) for v in np.ravel(a)]).reshape(np.shape(a)),
        "einsum": lambda a: np.einsum("...,...->...", np.asarray(a), 1 - np.asarray(a)),
    },
    "neuron_locals": {
        "0-d arrays in a list": lambda x, w, a, y: [np.array(v) for v in (2 * a - 2 * y, a - a**2, x, w, 1)],
        "through u = a − y": _locals_through_steps,
        "list": lambda x, w, a, y: [2 * (a - y), a * (1 - a), x, w, 1],
        "array": lambda x, w, a, y: list(np.array([2 * a - 2 * y, a - a**2, x, w, 1])),
        "0-d arrays": lambda x, w, a, y: tuple(map(np.asarray, (-2 * (y - a), (1 - a) * a, x, w, 1.0))),
        "through z": lambda x, w, a, y: (
            2 * (a - y),
            _sigmoid(np.log(a / (1 - a))) * _sigmoid(-np.log(a / (1 - a))),
            x,
            w,
            1.0,
        ),
        "by exact differences": lambda x, w, a, y: (
            (a + 1 - y) ** 2 - (a - y) ** 2 - 1,
            a * (1 - a),
            (w + 1) * x - w * x,
            w * (x + 1) - w * x,
            True,
        ),
    },
    "neuron_gradient": {
        "outer product": _neuron_outer,
        "loop": _neuron_loop,
        "named steps": _neuron_named_steps,
        "matrix": _neuron_matrix,
        "tanh": _neuron_tanh,
        "exp recomputed": _neuron_recomputes,
        "all factors at once": _neuron_vector_forms,
    },
    "swish_backward": {
        "output and its gate": lambda dout, x: dout * (x * _gate(x) + _gate(x) * (1 - x * _gate(x))),
        "+=": _swish_accumulates,
        "from out": _swish_out,
        "loop": _swish_loop,
        "tanh": _swish_tanh,
        "flat": _swish_flat,
        "einsum": _swish_einsum,
    },
    "cross_entropy_slope": {
        "subtract.at": _dp_subtract_at,
        "list": _dp_list,
        "where": _dp_where,
        "one-hot": _dp_one_hot,
        "power": _dp_full,
        "one-hot divided": _dp_divided,
        "reciprocal, put": _dp_reciprocal,
    },
    "softmax_vjp": {
        "weighted mean": lambda dp, p: p * (dp - np.average(dp, axis=1, weights=p, keepdims=True)),
        "einsum": _vjp_einsum,
        "loop over rows": _vjp_loop_over_rows,
        "loops": _vjp_loops,
        "own buffer": _vjp_buffer,
        "reshape": _vjp_keep,
        "transposed": _vjp_transposed,
        "batched matmul": _vjp_matmul,
    },
    "scores_slope": {
        "pieces joined": lambda p, y: np.concatenate([p[:y], [p[y] - 1], p[y + 1 :]]),
        "list": _ds_list,
        "where": _ds_where,
        "add.at": _ds_add_at,
        "by the Jacobian": _ds_by_jacobian,
        "by the vector–Jacobian product": _ds_by_vjp,
        "one-hot": lambda p, y: p - np.eye(p.size)[y],
    },
}
