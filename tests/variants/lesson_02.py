"""Right solutions of lesson 02, written differently."""

from __future__ import annotations

import math

import numpy as np


def _mse_vdot(pred, y):
    if pred.shape != y.shape:
        raise ValueError(f"pred {pred.shape}, y {y.shape}")
    error = (pred - y).ravel()
    return np.dot(error, error) / error.size


def _mse_loop(pred, y):
    if pred.shape != y.shape:
        raise ValueError("shapes")
    total = 0.0
    for index in np.ndindex(pred.shape):
        total += float(pred[index] - y[index]) ** 2
    return total / pred.size


def _mse_assert(pred, y):
    assert pred.shape == y.shape, "shapes differ"
    return np.square(y - pred).mean()


def _mse_zero_d(pred, y):
    if np.shape(pred) != np.shape(y):
        raise ValueError("shapes")
    return np.array(np.average(np.power(pred - y, 2)))


def _mse_buffer(pred, y):
    if list(pred.shape) != list(y.shape):
        raise ValueError("shapes")
    error = pred - y
    error *= error
    return error.sum() / np.prod(error.shape)


def _mse_einsum(pred, y):
    if pred.shape != y.shape:
        raise ValueError("shapes")
    e = pred.astype(np.float64) - y
    return np.einsum("i,i->", e.reshape(-1), e.reshape(-1)) / e.size


def _mse_norm(pred, y):
    if not pred.shape == y.shape:
        raise ValueError("shapes")
    return float(np.linalg.norm(pred - y) ** 2 / pred.size)


def _mse_lists(pred, y):
    if pred.shape != y.shape:
        raise ValueError("shapes")
    pairs = zip(pred.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
    squares = [(a - b) ** 2 for a, b in pairs]
    return math.fsum(squares) / len(squares)


def _softmax_loop(scores):
    p = np.zeros(scores.shape)
    for i in range(scores.shape[0]):
        row = scores[i] - np.max(scores[i])
        p[i] = np.exp(row) / np.sum(np.exp(row))
    return p


def _softmax_lists(scores):
    rows = []
    for row in scores.tolist():
        powers = [math.exp(s - max(row)) for s in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


def _softmax_newaxis(scores):
    e = np.exp(scores - np.max(scores, axis=-1)[:, np.newaxis])
    return e / np.sum(e, axis=-1)[:, None]


def _softmax_transposed(scores):
    e = np.exp(scores.T - scores.max(axis=1))
    return (e / e.sum(axis=0)).T


def _softmax_from_log(scores):
    return np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def _softmax_buffer(scores):
    p = scores.astype(np.float64)
    p -= p.max(axis=1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=1, keepdims=True)
    return p


def _softmax_kept_float32(scores):
    e = np.exp(scores - scores.max(1).reshape(-1, 1))
    return e * (1 / e.sum(1).reshape(-1, 1))


def _softmax_pairs(scores):
    with np.errstate(over="ignore"):
        return 1 / np.exp(scores[:, None, :] - scores[:, :, None]).sum(axis=2)


def _softmax_along_axis(scores):
    return np.apply_along_axis(lambda r: np.exp(r - r.max()) / np.exp(r - r.max()).sum(), 1, scores)


def _log_softmax_loop(scores):
    out = np.empty(scores.shape)
    for i, row in enumerate(scores):
        top = row.max()
        out[i] = row - top - np.log(np.sum(np.exp(row - top)))
    return out


def _log_softmax_logaddexp(scores):
    return scores - np.logaddexp.reduce(scores, axis=1)[:, None]


def _log_softmax_lse(scores):
    top = scores.max(axis=1, keepdims=True)
    lse = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
    return scores - lse


def _log_softmax_lists(scores):
    result = []
    for row in scores.tolist():
        top = max(row)
        log_sum = math.log(sum(math.exp(s - top) for s in row))
        result.append([s - top - log_sum for s in row])
    return result


def _log_softmax_buffer(scores):
    out = np.array(scores, dtype=float)
    out -= out.max(axis=1, keepdims=True)
    out -= np.log(np.einsum("nc->n", np.exp(out)))[:, None]
    return out


def _log_softmax_transposed(scores):
    t = scores.T - scores.max(axis=1)
    return (t - np.log(np.exp(t).sum(axis=0))).T


def _log_softmax_scipy(scores):
    from scipy.special import log_softmax

    return log_softmax(np.asarray(scores), axis=1)


def _log_softmax_scipy_lse(scores):
    from scipy.special import logsumexp

    return scores - logsumexp(scores, axis=-1, keepdims=True)


def _log_p(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _ce_loop(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    log_p = _log_p(scores)
    total = 0.0
    for i in range(len(y)):
        total = total - log_p[i, y[i]]
    return total / len(y)


def _ce_one_hot(scores, y):
    if y.ndim != 1 or y.shape[0] != scores.shape[0]:
        raise ValueError("y")
    return -np.sum(np.eye(scores.shape[1])[y] * _log_p(scores)) / scores.shape[0]


def _ce_take(scores, y):
    assert y.shape == scores.shape[:1]
    return float(np.mean(-np.take_along_axis(_log_p(scores), y[:, None], axis=1)))


def _ce_lse(scores, y):
    if y.shape != scores.shape[:-1]:
        raise ValueError("y")
    rows = range(len(y))
    return np.mean(np.logaddexp.reduce(scores, axis=1) - scores[rows, y])


def _ce_margins(scores, y):
    if y.shape != (scores.shape[0],):
        raise ValueError("y")
    gaps = scores - scores[np.arange(len(y)), y][:, None]
    return np.array(np.logaddexp.reduce(gaps, axis=1).mean())


def _ce_mask(scores, y):
    if tuple(y.shape) != (scores.shape[0],):
        raise ValueError("y")
    mask = y[:, None] == np.arange(scores.shape[1])
    return -_log_p(scores)[mask].sum() / mask.sum()


def _ce_flat(scores, y):
    if y.shape != scores[:, 0].shape:
        raise ValueError("y")
    n, c = scores.shape
    return -_log_p(scores).reshape(-1)[np.arange(n) * c + y].mean()


def _ce_diagonal(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    return -np.trace(_log_p(scores)[:, y]) / len(y)


def _acc_sum(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    return np.sum(np.argmax(scores, axis=1) == y) / y.size


def _acc_loop(scores, y):
    if y.shape != scores.shape[:1]:
        raise ValueError("y")
    right = 0
    for row, label in zip(scores, y, strict=True):
        right += int(np.argmax(row) == label)
    return right / len(y)


def _acc_own_is_largest(scores, y):
    assert y.ndim == 1
    assert len(y) == len(scores)
    return np.mean(scores[np.arange(len(y)), y] >= scores.max(axis=1))


def _acc_softmax(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    return float((np.exp(_log_p(scores)).argmax(-1) == y).mean())


def _acc_not_wrong(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    return 1 - np.count_nonzero(scores.argmax(axis=1) - y) / len(y)


def _acc_sort(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    return np.array((np.argsort(scores, axis=1)[:, -1] == y).mean())


def _acc_lists(scores, y):
    if y.shape != (len(scores),):
        raise ValueError("y")
    hits = [row.index(max(row)) == label for row, label in zip(scores.tolist(), y.tolist(), strict=True)]
    return sum(hits) / len(hits)


def _errors(pred, y):
    assert pred.shape == y.shape
    return pred - y


def _again(scores):
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def _ce_trace(scores, y):
    if y.ndim != 1 or y.shape[0] != scores.shape[0]:
        raise ValueError(f"y {y.shape}, scores {scores.shape}")
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -np.trace(log_p[:, y]) / len(y)


def _acc_one_hot_rows(scores, y):
    assert y.shape == scores.shape[:1]
    one_hot = np.eye(scores.shape[1])
    return np.array(np.sum(one_hot[scores.argmax(axis=-1)] * one_hot[y]) / len(y))


RIGHT = {
    "mse": {
        "variance and mean of the errors": lambda pred, y: (
            np.var(_errors(pred, y)) + np.mean(_errors(pred, y)) ** 2
        ),
        "dot": _mse_vdot,
        "loop": _mse_loop,
        "assert": _mse_assert,
        "0-d array": _mse_zero_d,
        "own buffer in place": _mse_buffer,
        "einsum": _mse_einsum,
        "norm": _mse_norm,
        "lists": _mse_lists,
    },
    "softmax": {
        "pairwise differences": lambda s: (
            1 / np.exp(np.minimum(s[:, None, :] - s[:, :, None], 700)).sum(axis=2)
        ),
        "loop": _softmax_loop,
        "lists": _softmax_lists,
        "newaxis": _softmax_newaxis,
        "transposed": _softmax_transposed,
        "through logaddexp": _softmax_from_log,
        "own buffer in place": _softmax_buffer,
        "float32 kept": _softmax_kept_float32,
        "one over a sum of ratios": _softmax_pairs,
        "apply_along_axis": _softmax_along_axis,
    },
    "log_softmax": {
        "shift by a log-sum-exp, twice": lambda s: _again(_again(s)),
        "loop": _log_softmax_loop,
        "logaddexp": _log_softmax_logaddexp,
        "log-sum-exp named": _log_softmax_lse,
        "lists": _log_softmax_lists,
        "own buffer in place": _log_softmax_buffer,
        "transposed": _log_softmax_transposed,
        "scipy": _log_softmax_scipy,
        "scipy logsumexp": _log_softmax_scipy_lse,
    },
    "cross_entropy": {
        "trace of the chosen columns": _ce_trace,
        "loop": _ce_loop,
        "one-hot": _ce_one_hot,
        "take_along_axis": _ce_take,
        "log-sum-exp minus score": _ce_lse,
        "gaps": _ce_margins,
        "mask": _ce_mask,
        "flat index": _ce_flat,
        "diagonal": _ce_diagonal,
    },
    "accuracy": {
        "agreeing one-hot rows": _acc_one_hot_rows,
        "sum": _acc_sum,
        "loop": _acc_loop,
        "own is largest": _acc_own_is_largest,
        "through softmax": _acc_softmax,
        "one minus wrong": _acc_not_wrong,
        "argsort": _acc_sort,
        "lists": _acc_lists,
    },
}
