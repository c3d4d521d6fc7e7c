"""Right solutions of lesson 07, written differently."""

from __future__ import annotations

import itertools
import math
from collections import deque

import numpy as np


def _count_loop(sizes, n):
    forward = backward = parameters = 0
    for i in range(len(sizes) - 1):
        d, m = sizes[i], sizes[i + 1]
        forward += n * d * m
        backward += n * d * m
        if i != 0:
            backward += n * m * d
        parameters += (d + 1) * m
    return forward, backward, forward * parameters * 2


def _count_arrays(sizes, n):
    s = np.array(sizes, dtype=float)
    products = n * s[:-1] * s[1:]
    p = ((s[:-1] + 1) * s[1:]).sum()
    return products.sum(), 2 * products.sum() - products[0], 2 * p * products.sum()


def _count_from_real_arrays(sizes, n):
    layers = [(np.zeros((a, b)), np.zeros(b)) for a, b in itertools.pairwise(sizes)]
    forward = sum(n * w.size for w, _ in layers)
    passes = sum(2 for pair in layers for array in pair for _ in array.flat)
    return [forward, forward + sum(n * w.size for w, _ in layers[1:]), passes * forward]


def _count_as_floats(sizes, n):
    forward = float(n) * sum(a * b for a, b in itertools.pairwise(sizes))
    backward = 2.0 * forward - n * sizes[0] * sizes[1]
    return forward, backward, 2.0 * forward * (forward / n + sum(sizes) - sizes[0])


def _count_dot(sizes, n):
    forward = n * np.dot(sizes[:-1], sizes[1:])
    return forward, 2 * forward - n * sizes[0] * sizes[1], 2 * forward * (forward // n + np.sum(sizes[1:]))


def _count_backwards(sizes, n):
    pairs = list(itertools.pairwise(sizes))
    backward = 0
    for d, m in reversed(pairs):
        backward += d * n * m  # dw
        backward += n * m * d  # dx
    backward -= n * pairs[0][0] * pairs[0][1]
    forward = sum(n * d * m for d, m in pairs)
    return np.array([forward, backward, 2 * forward * sum(d * m + m for d, m in pairs)]).tolist()


def _init_styles(variance, bound):
    """Styles of one rule: variance(d, m) of a weight and bound(d, m) of the uniform distribution with that variance."""

    def loop(sizes, rng):
        params = []
        for i in range(len(sizes) - 1):
            d, m = sizes[i], sizes[i + 1]
            params.append((rng.normal(0.0, np.sqrt(variance(d, m)), size=(d, m)), np.zeros(m)))
        return params

    def uniform(sizes, rng):
        return [
            (rng.uniform(-bound(d, m), bound(d, m), (d, m)), np.zeros(m))
            for d, m in itertools.pairwise(sizes)
        ]

    def uniform_from_random(sizes, rng):
        return tuple(
            [(2 * rng.random((d, m)) - 1) * bound(d, m), np.zeros((m,))] for d, m in itertools.pairwise(sizes)
        )

    def divided(sizes, rng):
        return [
            (rng.standard_normal((d, m)) / math.sqrt(1 / variance(d, m)), np.zeros(m, dtype=int))
            for d, m in itertools.pairwise(sizes)
        ]

    def power(sizes, rng):
        return [
            [rng.standard_normal((d, m)) * variance(d, m) ** 0.5, np.zeros(m)]
            for d, m in itertools.pairwise(sizes)
        ]

    def single(sizes, rng):
        return [
            (
                np.float32(variance(d, m) ** 0.5) * rng.standard_normal((d, m), dtype=np.float32),
                np.zeros(m, np.float32),
            )
            for d, m in itertools.pairwise(sizes)
        ]

    def in_place(sizes, rng):
        params = [(rng.standard_normal((d, m)), np.zeros(m)) for d, m in itertools.pairwise(sizes)]
        for w, _ in params:
            w *= math.sqrt(variance(*w.shape))
        return params

    def column_by_column(sizes, rng):
        params = []
        for d, m in itertools.pairwise(sizes):
            w = np.empty((d, m))
            for column in range(m):
                w[:, column] = math.sqrt(variance(d, m)) * rng.standard_normal(d)
            params.append((w, np.zeros_like(w[0])))
        return params

    return {
        "loop with normal": loop,
        "uniform": uniform,
        "uniform from random": uniform_from_random,
        "divided by a root": divided,
        "power of one half": power,
        "float32": single,
        "scaled in place": in_place,
        "column by column": column_by_column,
    }


def _rms(a):
    return math.sqrt((a * a).mean())


def _diagnose_early_continue(outputs, gradients, activation):
    words = []
    for i in range(len(outputs)):
        h = outputs[i]
        if activation == "relu":
            dead_units = 0
            for unit in range(h.shape[1]):
                if not h[:, unit].any():
                    dead_units += 1
            if dead_units > h.shape[1] / 2:
                words.append("dead")
                continue
        else:
            slopes = (1 - h) * (1 + h)
            if np.count_nonzero(slopes < 0.05) > h.size / 2:
                words.append("saturated")
                continue
        size, last = _rms(gradients[i]), _rms(gradients[-1])
        if size * 1000 < last:
            words.append("vanishing")
        elif size > 1000 * last:
            words.append("exploding")
        else:
            words.append("healthy")
    return words


def _diagnose_overwrite(outputs, gradients, activation):
    """The least pressing rule first, each later one overwrites."""
    words = np.full(len(outputs), "healthy", dtype="<U10")
    sizes = np.array([np.linalg.norm(g) / np.sqrt(g.size) for g in gradients])
    words[sizes > 1e3 * sizes[-1]] = "exploding"
    words[sizes < 1e-3 * sizes[-1]] = "vanishing"
    for i, h in enumerate(outputs):
        if activation == "tanh" and np.median(np.abs(h)) > 1:
            words[i] = "saturated"
        if activation == "tanh" and (abs(h) > np.sqrt(0.95)).mean() > 0.5:
            words[i] = "saturated"
        if activation == "relu" and (h.max(axis=0) <= 0).mean() > 0.5:
            words[i] = "dead"
    return words.tolist()


def _diagnose_tuple(outputs, gradients, activation):
    last = np.mean(np.square(gradients[-1])) ** 0.5

    def word(h, dh):
        if activation == "relu" and np.sum(np.sum(h != 0, axis=0) == 0) * 2 > h.shape[1]:
            return "dead"
        if activation == "tanh" and np.sum(1 - np.square(h) < 0.05) * 2 > h.size:
            return "saturated"
        share = np.mean(np.square(dh)) ** 0.5 / last
        return "vanishing" if share < 1 / 1000 else "exploding" if share > 1000 else "healthy"

    return tuple(word(h, dh) for h, dh in zip(outputs, gradients, strict=True))


def _diagnose_recursive(outputs, gradients, activation, last=None):
    last = gradients[-1] if last is None else last
    if not outputs:
        return []
    h, dh = outputs[0], gradients[0]
    ratio = np.sqrt(np.mean(dh**2) / np.mean(last**2))
    idle = np.all(h == 0, axis=0) if activation == "relu" else (1 - h**2 < 0.05)
    if np.mean(idle) > 0.5:
        word = "dead" if activation == "relu" else "saturated"
    else:
        word = "vanishing" if ratio < 0.001 else "healthy" if ratio <= 1000.0 else "exploding"
    return [word, *_diagnose_recursive(outputs[1:], gradients[1:], activation, last)]


def _diagnose_squares(outputs, gradients, activation):
    last = (gradients[-1] ** 2).mean()
    words = []
    for h, dh in zip(outputs, gradients, strict=True):
        size = (dh**2).mean()
        word = "healthy"
        if size < 1e-6 * last:
            word = "vanishing"
        if size > 1e6 * last:
            word = "exploding"
        if activation == "tanh" and ((1 - h**2) < 0.05).sum() / h.size > 1 / 2:
            word = "saturated"
        if activation == "relu" and (np.count_nonzero(h, axis=0) == 0).sum() / h.shape[1] > 1 / 2:
            word = "dead"
        words += [word]
    return words


def _diagnose_table(outputs, gradients, activation):
    sizes = [float(np.sqrt(np.einsum("nh,nh->", g, g) / g.size)) for g in gradients]
    words = []
    for k, h in enumerate(outputs):
        rules = (
            ("dead", activation == "relu" and np.mean([not any(unit) for unit in h.T]) > 0.5),
            ("saturated", activation == "tanh" and np.mean(h * h > 0.95) > 0.5),
            ("vanishing", sizes[k] < sizes[-1] / 1000),
            ("exploding", sizes[k] > sizes[-1] * 1000),
            ("healthy", True),
        )
        words.append(next(word for word, holds in rules if holds))
    return words


def _one_stretch(h, stretch, dout, forward, backward):
    """dx and the pairs of one stretch, in the order of params."""
    caches = []
    for w, b in stretch:
        h, cache = forward(h, w, b)
        caches.append(cache)
    grads = []
    for i in range(len(caches) - 1, -1, -1):
        dout, dw, db = backward(dout, caches[i])
        grads.insert(0, (dw, db))
    return dout, grads


def _checkpoint_dict(x, params, dout, every, forward, backward):
    kept, h = {}, x
    for i in range(len(params)):
        if i % every == 0:
            kept[i] = h
        h, _ = forward(h, *params[i])
    grads = []
    for start in sorted(kept, reverse=True):
        dout, own = _one_stretch(kept[start], params[start : start + every], dout, forward, backward)
        grads = own + grads
    return dout, grads


def _checkpoint_in_place_list(x, params, dout, every, forward, backward):
    starts = list(range(0, len(params), every))
    checkpoints = [x]
    for start in starts[:-1]:
        h = checkpoints[-1]
        for w, b in params[start : start + every]:
            h = forward(h, w, b)[0]
        checkpoints.append(h)
    grads = [None] * len(params)
    for start, h in zip(reversed(starts), reversed(checkpoints), strict=True):
        caches = {}
        for i in range(start, min(start + every, len(params))):
            w, b = params[i]
            h, caches[i] = forward(h, w, b)
        for i in sorted(caches, reverse=True):
            dout, *pair = backward(dout, caches[i])
            grads[i] = tuple(pair)
    return dout, grads


def _checkpoint_recursive(x, params, dout, every, forward, backward):
    if not params:
        return dout, []
    own, rest = params[:every], params[every:]
    h = x
    for w, b in own:
        h, _ = forward(h, w, b)
    upstream, later = _checkpoint_recursive(h, rest, dout, every, forward, backward)
    dx, grads = _one_stretch(x, own, upstream, forward, backward)
    return dx, grads + later


def _checkpoint_last_stretch_not_twice(x, params, dout, every, forward, backward):
    """The caches of the last stretch are used at once, so it is computed only once."""
    last = (len(params) - 1) // every * every
    kept, h = [], x
    for i, (w, b) in enumerate(params[:last]):
        if i % every == 0:
            kept.append(h)
        h, _ = forward(h, w, b)
    _ = None
    dout, grads = _one_stretch(h, params[last:], dout, forward, backward)
    for k in reversed(range(len(kept))):
        dout, own = _one_stretch(kept[k], params[k * every : (k + 1) * every], dout, forward, backward)
        grads = own + grads
    return dout, grads


def _checkpoint_copies(x, params, dout, every, forward, backward):
    kept, h = [], x.copy()
    for i, (w, b) in enumerate(params):
        if not i % every:
            kept.append(h.copy())
        h = forward(h, w, b)[0]
    grads = deque()
    upstream = dout.copy()
    for k in range(len(kept) - 1, -1, -1):
        upstream, own = _one_stretch(
            kept[k], params[k * every : k * every + every], upstream, forward, backward
        )
        grads.extendleft(reversed(own))
    return upstream, list(grads)


def _checkpoint_lists(x, params, dout, every, forward, backward):
    kept = []
    h = x
    for i in range(0, len(params), every):
        kept.append((i, h))
        for w, b in params[i : i + every]:
            h, cache = forward(h, w, b)
            del cache
    grads = []
    for i, start in kept[::-1]:
        stack, h = [], start
        for layer in params[i : i + every]:
            out = forward(h, layer[0], layer[1])
            h = out[0]
            stack.append(out[1])
            del out
        while len(stack) > 0:
            dout, dw, db = backward(dout, stack.pop())
            grads.append([dw, db])
    grads.reverse()
    return [dout, grads]


RIGHT = {
    "multiply_count": {
        "loop": _count_loop,
        "float arrays": _count_arrays,
        "from real arrays, as a list": _count_from_real_arrays,
        "as floats": _count_as_floats,
        "dot product": _count_dot,
        "backwards, as a list": _count_backwards,
    },
    "xavier_init": _init_styles(lambda d, m: 2 / (d + m), lambda d, m: math.sqrt(6 / (d + m)))
    | {
        "mean of both sizes": lambda sizes, rng: [
            (rng.standard_normal((d, m)) / np.sqrt((d + m) / 2), np.zeros(m))
            for d, m in itertools.pairwise(sizes)
        ]
    },
    "he_init": _init_styles(lambda d, m: 2 / d, lambda d, m: math.sqrt(6 / d)),
    "diagnose_layers": {
        "early continue": _diagnose_early_continue,
        "least pressing first": _diagnose_overwrite,
        "as a tuple": _diagnose_tuple,
        "recursive": _diagnose_recursive,
        "compared squared": _diagnose_squares,
        "a table of rules": _diagnose_table,
    },
    "checkpointed_backward": {
        "a dictionary of checkpoints": _checkpoint_dict,
        "last stretch only once there": _checkpoint_in_place_list,
        "recursive": _checkpoint_recursive,
        "last stretch not twice": _checkpoint_last_stretch_not_twice,
        "copies": _checkpoint_copies,
        "lists": _checkpoint_lists,
    },
}
