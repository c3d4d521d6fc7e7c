"""Right and broken gradients as data: what a gradient checker should accept, and what it should find.

Each case is a forward pass and a backward pass in NumPy, so that every checker judges the same code. The broken ones
are mistakes that learners and libraries really make, or the conditions under which checkers themselves go wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
Make = Callable[[np.random.Generator], tuple[Any, ...]]


@dataclass(frozen=True)
class Case:
    """forward(*args) returns one array; backward(upstream, *args) returns a gradient for each floating argument.

    fresh: makes (forward, backward) anew for functions that keep state between calls
    """

    name: str
    right: bool
    args: Make
    forward: Callable[..., Array] | None = None
    backward: Callable[..., Any] | None = None
    fresh: Callable[[], tuple[Callable[..., Array], Callable[..., Any]]] | None = None

    def functions(self) -> tuple[Callable[..., Array], Callable[..., Any]]:
        if self.fresh is not None:
            return self.fresh()
        assert self.forward is not None
        assert self.backward is not None
        return self.forward, self.backward


# -- inputs: sizes pairwise distinct unless a case is about equal ones -------------------------------------------------


def normal(*shapes: tuple[int, ...], scale: float = 1.0, dtype: Any = np.float64) -> Make:
    return lambda rng: tuple((scale * rng.standard_normal(s)).astype(dtype) for s in shapes)


def batch(scale: float = 1.0) -> Make:
    """Scores (6, 5) and labels (6,)."""
    return lambda rng: (scale * rng.standard_normal((6, 5)), rng.integers(0, 5, 6))


def with_zeros(*shape: int) -> Make:
    """Random numbers, every third exactly 0: on the kink of a ReLU."""

    def make(rng: np.random.Generator) -> tuple[Array]:
        x = rng.standard_normal(shape)
        x.reshape(-1)[::3] = 0.0
        return (x,)

    return make


AFFINE = normal((7, 4), (4, 3), (3,))

# -- right layers ------------------------------------------------------------------------------------------------------


def affine(x: Array, w: Array, b: Array) -> Array:
    return x.reshape(x.shape[0], -1) @ w + b


def affine_back(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
    return (dout @ w.T).reshape(x.shape), x.reshape(x.shape[0], -1).T @ dout, dout.sum(axis=0)


def affine_loops(x: Array, w: Array, b: Array) -> Array:
    return np.array([[sum(x[i] * w[:, j]) + b[j] for j in range(w.shape[1])] for i in range(x.shape[0])])


def affine_back_einsum(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
    return np.einsum("nm,dm->nd", dout, w), np.einsum("nd,nm->dm", x, dout), np.einsum("nm->m", dout)


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def relu_back(dout: Array, x: Array) -> Array:
    return dout * (x > 0)


def leaky(x: Array) -> Array:
    return np.where(x > 0, x, 0.1 * x)


def leaky_back(dout: Array, x: Array) -> Array:
    return dout * np.where(x > 0, 1.0, 0.1)


def row_max(x: Array) -> Array:
    return x.max(axis=1)


def row_max_back(dout: Array, x: Array) -> Array:
    return dout[:, None] * (x == x.max(axis=1, keepdims=True))


def sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def sigmoid_back(dout: Array, x: Array) -> Array:
    s = sigmoid(x)
    return dout * s * (1 - s)


def tanh_back(dout: Array, x: Array) -> Array:
    return dout * (1 - np.tanh(x) ** 2)


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_back(dout: Array, x: Array) -> Array:
    p = softmax(x)
    return p * (dout - (dout * p).sum(axis=-1, keepdims=True))


def cross_entropy(scores: Array, y: Array) -> Array:
    z = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])


def cross_entropy_back(dout: Array, scores: Array, y: Array) -> Array:
    p = softmax(scores)
    p[np.arange(len(y)), y] -= 1
    return dout * p / len(y)


def mse(pred: Array, y: Array) -> Array:
    return np.mean((pred - y) ** 2)


def mse_back(dout: Array, pred: Array, y: Array) -> tuple[Array, Array]:
    d = dout * 2 * (pred - y) / pred.size
    return d, -d


def norm(x: Array, axis: int) -> Array:
    return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5)


def norm_back(dout: Array, x: Array, axis: int) -> Array:
    xhat = norm(x, axis)
    scale = np.sqrt(x.var(axis=axis, keepdims=True) + 1e-5)
    mean = dout.mean(axis=axis, keepdims=True)
    return (dout - mean - xhat * (dout * xhat).mean(axis=axis, keepdims=True)) / scale


def mlp(x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    return relu(x @ w1 + b1) @ w2 + b2


def mlp_back(dout: Array, x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> tuple[Array, ...]:
    z = x @ w1 + b1
    dz = (dout @ w2.T) * (z > 0)
    return dz @ w1.T, x.T @ dz, dz.sum(axis=0), relu(z).T @ dout, dout.sum(axis=0)


def attention(q: Array, k: Array, v: Array) -> Array:
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def attention_back(
    dout: Array, q: Array, k: Array, v: Array, scale: float | None = None
) -> tuple[Array, ...]:
    s = 1 / np.sqrt(q.shape[1])
    p = softmax(q @ k.T * s)
    ds = softmax_back(dout @ v.T, q @ k.T * s) * (s if scale is None else scale)
    return ds @ k, ds.T @ q, p.T @ dout


def conv(x: Array, w: Array) -> Array:
    return np.array([np.dot(x[i : i + len(w)], w) for i in range(len(x) - len(w) + 1)])


def conv_back(dout: Array, x: Array, w: Array) -> tuple[Array, Array]:
    return np.convolve(dout, w), np.correlate(x, dout, "valid")


def mlp_at_zero(rng: np.random.Generator) -> tuple[Array, ...]:
    """First layer all zeros: every hidden unit sits on its kink."""
    x, w2, b2 = rng.standard_normal((6, 4)), rng.standard_normal((5, 3)), rng.standard_normal(3)
    return x, np.zeros((4, 5)), np.zeros(5), w2, b2


def near_kinks(rng: np.random.Generator) -> tuple[Array]:
    x = rng.standard_normal((5, 4))
    x.reshape(-1)[:6] = [1e-5, -1e-5, 3e-6, -3e-6, 1e-6, -1e-6]
    return (x,)


def stretched(rng: np.random.Generator) -> tuple[Array, ...]:
    """b is one row broadcast: its entries share memory."""
    return rng.standard_normal((5, 3)), np.broadcast_to(rng.standard_normal(3), (5, 3))


def overlapping(rng: np.random.Generator) -> tuple[Array, ...]:
    """Two arguments that are views of the same memory."""
    base = rng.standard_normal(9)
    return base[:6], base[3:]


RIGHT = [
    Case("affine", True, AFFINE, affine, affine_back),
    Case("affine, images (N, 2, 3, 4)", True, normal((5, 2, 3, 4), (24, 6), (6,)), affine, affine_back),
    Case("affine, written with loops and einsum", True, AFFINE, affine_loops, affine_back_einsum),
    Case("affine, float32", True, normal((7, 4), (4, 3), (3,), dtype=np.float32), affine, affine_back),
    Case("ReLU", True, normal((6, 5)), relu, relu_back),
    Case("ReLU, zeros among the inputs", True, with_zeros(5, 4), relu, relu_back),
    Case("ReLU, zeros, slope 1 at 0", True, with_zeros(5, 4), relu, lambda d, x: d * (x >= 0)),
    Case("ReLU, inputs within 1e-5 of 0", True, near_kinks, relu, relu_back),
    Case("leaky ReLU, zeros among the inputs", True, with_zeros(5, 4), leaky, leaky_back),
    Case(
        "absolute value, zeros, slope 1 at 0",
        True,
        with_zeros(5, 4),
        np.abs,
        lambda d, x: d * np.where(x >= 0, 1.0, -1.0),
    ),
    Case(
        "row maximum with ties, all of them get the gradient",
        True,
        lambda rng: (rng.integers(0, 3, (6, 5)) + 0.0,),
        row_max,
        row_max_back,
    ),
    Case("MLP with a hidden ReLU", True, normal((6, 4), (4, 5), (5,), (5, 3), (3,)), mlp, mlp_back),
    Case("MLP, first layer all zeros", True, mlp_at_zero, mlp, mlp_back),
    Case("MLP, float32", True, normal((6, 4), (4, 5), (5,), (5, 3), (3,), dtype=np.float32), mlp, mlp_back),
    Case("sigmoid, inputs up to ±1000", True, normal((6, 5), scale=300.0), sigmoid, sigmoid_back),
    Case("tanh, float32", True, normal((6, 5), dtype=np.float32), np.tanh, tanh_back),
    Case("softmax", True, normal((6, 5)), softmax, softmax_back),
    Case("cross-entropy with integer labels", True, batch(), cross_entropy, cross_entropy_back),
    Case("cross-entropy, scores up to ±10000", True, batch(1e4), cross_entropy, cross_entropy_back),
    Case("mean squared error, one number", True, normal((6, 5), (6, 5)), mse, mse_back),
    Case("batch norm", True, normal((8, 5)), lambda x: norm(x, 0), lambda d, x: norm_back(d, x, 0)),
    Case("layer norm", True, normal((4, 7)), lambda x: norm(x, 1), lambda d, x: norm_back(d, x, 1)),
    Case("attention", True, normal((5, 4), (6, 4), (6, 3)), attention, attention_back),
    Case("convolution", True, normal((9,), (3,)), conv, conv_back),
    Case("logarithm near 0", True, lambda rng: (rng.uniform(1e-6, 1e-4, 8),), np.log, lambda d, x: d / x),
    Case(
        "square root near 0",
        True,
        lambda rng: (rng.uniform(1e-7, 1e-5, 8),),
        np.sqrt,
        lambda d, x: d / (2 * np.sqrt(x)),
    ),
    Case(
        "exponential of large numbers",
        True,
        lambda rng: (rng.uniform(20, 40, 8),),
        np.exp,
        lambda d, x: d * np.exp(x),
    ),
    Case(
        "inputs of a million",
        True,
        normal((6,), scale=1e6),
        lambda x: x * np.sin(x / 1e6),
        lambda d, x: d * (np.sin(x / 1e6) + x / 1e6 * np.cos(x / 1e6)),
    ),
    Case("inputs of a millionth", True, normal((6, 4), (4, 3), (3,), scale=1e-6), affine, affine_back),
    Case(
        "small weights, saturated loss",
        True,
        normal((6, 5), scale=1e-3),
        lambda x: np.log1p(np.exp(-30 + x)),
        lambda d, x: d * sigmoid(-30 + x),
    ),
    Case(
        "an argument that is a broadcast view",
        True,
        stretched,
        lambda x, b: x * b,
        lambda d, x, b: (d * b, d * x),
    ),
    Case(
        "two arguments that share memory",
        True,
        overlapping,
        lambda a, b: a * b,
        lambda d, a, b: (d * b, d * a),
    ),
    Case("identity: the output is the input", True, normal((5, 4)), lambda x: x, lambda d, x: d),
    Case(
        "constant: the gradient is zero",
        True,
        normal((5, 4)),
        lambda x: np.ones(3),
        lambda d, x: np.zeros_like(x),
    ),
    Case(
        "large offset, few digits left",
        True,
        normal((6, 5)),
        lambda x: 1e8 + np.sin(x),
        lambda d, x: d * np.cos(x),
    ),
]

# -- broken ones -------------------------------------------------------------------------------------------------------


def affine_wrong(**replace: Callable[..., Array]) -> Callable[..., tuple[Array, ...]]:
    """The affine backward pass with one gradient replaced: dx, dw or db as functions of (dout, x, w, b)."""

    def backward(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
        grads = dict(zip(("dx", "dw", "db"), affine_back(dout, x, w, b), strict=True))
        grads |= {name: make(dout, x, w, b) for name, make in replace.items()}
        return tuple(grads.values())

    return backward


def one_entry(by: float) -> Callable[..., tuple[Array, ...]]:
    def backward(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
        dx, dw, db = affine_back(dout, x, w, b)
        dw = dw.copy()
        dw[1, 2] += by
        return dx, dw, db

    return backward


def two_entries(dout: Array, x: Array, w: Array, b: Array) -> tuple[Array, ...]:
    dx, dw, db = affine_back(dout, x, w, b)
    dw = dw.copy()
    dw[0, 0] += 0.1
    dw[1, 2] -= 0.1
    return dx, dw, db


def changes_upstream(dout: Array, x: Array) -> Array:
    dout[x <= 0] = 0
    return dout.copy()


def changes_cached_x(dout: Array, x: Array) -> Array:
    mask = x > 0
    x[...] = mask
    return dout * mask


def forward_changes_x(x: Array) -> Array:
    x[x < 0] = 0
    return x.copy()


def fresh_dropout() -> tuple[Callable[..., Array], Callable[..., Any]]:
    rng = np.random.default_rng(1)
    return (lambda x: x * (rng.random(x.shape) > 0.5)), (lambda d, x: d)


def fresh_noisy_backward() -> tuple[Callable[..., Array], Callable[..., Any]]:
    rng = np.random.default_rng(1)
    return (lambda x: 2 * x), (lambda d, x: 2 * d * (1 + 1e-3 * rng.standard_normal(x.shape)))


def fresh_accumulating() -> tuple[Callable[..., Array], Callable[..., Any]]:
    store: dict[str, Array] = {}

    def backward(d: Array, x: Array) -> Array:
        store["dx"] = store.get("dx", 0) + 2 * x * d
        return store["dx"].copy()

    return (lambda x: x**2), backward


def fresh_counter() -> tuple[Callable[..., Array], Callable[..., Any]]:
    calls = [0]

    def forward(x: Array) -> Array:
        calls[0] += 1
        return x * (1 + 0.01 * calls[0])

    return forward, (lambda d, x: d)


def norm_no_variance_path(d: Array, x: Array) -> Array:
    return (d - d.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def norm_eps_left_out(d: Array, x: Array) -> Array:
    xhat = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0))
    return (d - d.mean(axis=0) - xhat * (d * xhat).mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def gelu(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def gelu_other_back(d: Array, x: Array) -> Array:
    """The derivative of another approximation, x · sigmoid(1.702 x)."""
    s = sigmoid(1.702 * x)
    return d * (s + 1.702 * x * s * (1 - s))


def rare_branch(d: Array, x: Array) -> Array:
    return d * np.where(x > 1.8, 1.0, np.cos(x))


def rare_input(rng: np.random.Generator) -> tuple[Array]:
    x = rng.uniform(-1.5, 1.5, (9, 7))
    x[4, 3] = 1.9
    return (x,)


def labels_off(d: Array, scores: Array, y: Array) -> Array:
    return cross_entropy_back(d, scores, (y + 1) % scores.shape[1])


def nan_at_zero(d: Array, x: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return d * np.where(x == 0, 0.0 * np.log(0 * x), 2 * x)


def log_zero(rng: np.random.Generator) -> tuple[Array]:
    x = rng.uniform(0.5, 1.5, 6)
    x[2] = 0.0
    return (x,)


def quiet_log(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.log(x)


def quiet_inverse(d: Array, x: Array) -> Array:
    with np.errstate(all="ignore"):
        return d / x


EQUAL = normal((5, 4), (4, 4), (4,))
BROKEN = [
    Case(
        "dw divided by the batch size once more",
        False,
        AFFINE,
        affine,
        affine_wrong(dw=lambda d, x, w, b: x.T @ d / len(x)),
    ),
    Case("one entry of dw off by 0.001", False, AFFINE, affine, one_entry(1e-3)),
    Case("one entry of dw off by 0.000001", False, AFFINE, affine, one_entry(1e-6)),
    Case("two entries of dw off, their errors cancel", False, AFFINE, affine, two_entries),
    Case("dw transposed, square weights", False, EQUAL, affine, affine_wrong(dw=lambda d, x, w, b: d.T @ x)),
    Case(
        "transpose forgotten in dx, square weights",
        False,
        EQUAL,
        affine,
        affine_wrong(dx=lambda d, x, w, b: d @ w),
    ),
    Case(
        "db averaged over the batch",
        False,
        AFFINE,
        affine,
        affine_wrong(db=lambda d, x, w, b: d.mean(axis=0)),
    ),
    Case("db not summed: shape (7, 3)", False, AFFINE, affine, affine_wrong(db=lambda d, x, w, b: d)),
    Case(
        "db of shape (1, 3) for (3,)",
        False,
        AFFINE,
        affine,
        affine_wrong(db=lambda d, x, w, b: d.sum(axis=0, keepdims=True)),
    ),
    Case(
        "gradient (64,) for an input (1, 64)",
        False,
        normal((1, 64)),
        lambda x: x**2,
        lambda d, x: (2 * x * d)[0],
    ),
    Case(
        "gradient (1,) stretched over (6,)",
        False,
        lambda rng: (np.full(6, 1.5),),
        np.sin,
        lambda d, x: (d * np.cos(x))[:1],
    ),
    Case("upstream dropped in ReLU", False, normal((6, 5)), relu, lambda d, x: (x > 0) * 1.0),
    Case("ReLU mask on the wrong side", False, normal((6, 5)), relu, lambda d, x: d * (x < 0)),
    Case("backward returns the activation", False, normal((6, 5)), relu, lambda d, x: relu(x)),
    Case(
        "sigmoid's slope applied to the activation",
        False,
        normal((6, 5)),
        sigmoid,
        lambda d, x: sigmoid_back(d, sigmoid(x)),
    ),
    Case("tanh's slope as 1 − z²", False, normal((6, 5)), np.tanh, lambda d, x: d * (1 - x**2)),
    Case(
        "softmax: the diagonal of its Jacobian only",
        False,
        normal((6, 5)),
        softmax,
        lambda d, x: d * softmax(x) * (1 - softmax(x)),
    ),
    Case(
        "softmax: ones in place of the upstream",
        False,
        normal((6, 5)),
        softmax,
        lambda d, x: softmax_back(np.ones_like(d), x),
    ),
    Case("cross-entropy: labels off by one", False, batch(), cross_entropy, labels_off),
    Case(
        "cross-entropy: sign reversed",
        False,
        batch(),
        cross_entropy,
        lambda d, s, y: -cross_entropy_back(d, s, y),
    ),
    Case(
        "squared error: the 2 forgotten",
        False,
        normal((6, 5), (6, 5)),
        mse,
        lambda d, p, y: tuple(g / 2 for g in mse_back(d, p, y)),
    ),
    Case(
        "penalty of 0.00001 · w² left out of the gradient",
        False,
        normal((5, 4)),
        lambda w: np.sin(w) + 1e-5 * w**2,
        lambda d, w: d * np.cos(w),
    ),
    Case(
        "batch norm: path through the variance left out",
        False,
        normal((8, 5)),
        lambda x: norm(x, 0),
        norm_no_variance_path,
    ),
    Case(
        "batch norm: eps left out of one factor",
        False,
        normal((8, 5)),
        lambda x: norm(x, 0),
        norm_eps_left_out,
    ),
    Case(
        "fan-out overwritten in place of added",
        False,
        normal((5, 4)),
        lambda x: x * np.sin(x),
        lambda d, x: d * x * np.cos(x),
    ),
    Case(
        "attention: scale forgotten",
        False,
        normal((5, 4), (6, 4), (6, 3)),
        attention,
        lambda d, q, k, v: attention_back(d, q, k, v, scale=1.0),
    ),
    Case(
        "convolution: kernel flipped",
        False,
        normal((9,), (3,)),
        conv,
        lambda d, x, w: (np.convolve(d, w[::-1]), conv_back(d, x, w)[1]),
    ),
    Case("slope of another GELU approximation", False, normal((6, 5)), gelu, gelu_other_back),
    Case("wrong in a rare branch: 1 of 63 inputs", False, rare_input, np.sin, rare_branch),
    Case("gradient all zeros", False, normal((6, 5)), np.sin, lambda d, x: np.zeros_like(x)),
    Case(
        "float32, 1 % too large",
        False,
        normal((7, 4), (4, 3), (3,), dtype=np.float32),
        affine,
        affine_wrong(dw=lambda d, x, w, b: np.float32(1.01) * (x.T @ d)),
    ),
    Case(
        "step function passed through as identity",
        False,
        normal((6, 5)),
        lambda x: (x > 0) * 1.0,
        lambda d, x: d,
    ),
    Case("backward changes the upstream in place", False, normal((6, 5)), relu, changes_upstream),
    Case("backward changes the cached x in place", False, normal((6, 5)), relu, changes_cached_x),
    Case("forward changes x in place", False, normal((6, 5)), forward_changes_x, relu_back),
    Case("forward draws random numbers (dropout)", False, normal((6, 5)), fresh=fresh_dropout),
    Case("forward depends on how often it was called", False, normal((6, 5)), fresh=fresh_counter),
    Case("backward draws random numbers", False, normal((6, 5)), fresh=fresh_noisy_backward),
    Case("backward adds to the gradient of the last call", False, normal((6, 5)), fresh=fresh_accumulating),
    Case("NaN in the gradient", False, with_zeros(5, 4), lambda x: x**2, nan_at_zero),
    Case("forward returns −inf at one entry", False, log_zero, quiet_log, quiet_inverse),
    Case("gradient missing (None)", False, AFFINE, affine, affine_wrong(dw=lambda d, x, w, b: None)),
    Case(
        "gradient cut to whole numbers",
        False,
        normal((6, 5), scale=3.0),
        lambda x: x**2 / 2,
        lambda d, x: (d * x).astype(np.int64),
    ),
]
CASES = RIGHT + BROKEN
