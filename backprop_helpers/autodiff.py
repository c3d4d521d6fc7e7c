"""Derivatives by machine: arrays that remember how they were made, and one sweep back through that memory.

An operation takes arrays and gives its output with one rule per input: a function from the upstream gradient `dout` to that
input's gradient, before broadcasting is undone. `Tensor.apply` writes down which operation met which inputs, and `backward`
reads that record from the end (reverse accumulation: Linnainmaa 1970; survey by Baydin and others, JMLR 18(153), 2018).
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Rule = Callable[[Array], Array]
Made = tuple[Array, tuple[Rule, ...]]


def add(a: Array, b: Array) -> Made:
    """a + b, both stretched to one shape. Local gradient: 1 for each."""
    return a + b, (lambda dout: dout, lambda dout: dout)


def sub(a: Array, b: Array) -> Made:
    """a − b, both stretched to one shape. Local gradients: 1 and −1."""
    return a - b, (lambda dout: dout, lambda dout: -dout)


def mul(a: Array, b: Array) -> Made:
    """a · b entry by entry, both stretched to one shape. Local gradients: b and a."""
    return a * b, (lambda dout: dout * b, lambda dout: dout * a)


def div(a: Array, b: Array) -> Made:
    """a / b entry by entry, both stretched to one shape. Local gradients: 1/b and −a/b²."""
    return a / b, (lambda dout: dout / b, lambda dout: -dout * a / (b * b))


def power(a: Array, exponent: float) -> Made:
    """a to the power of one number, of the shape of a. Local gradient: exponent · a^(exponent − 1).

    Raises TypeError for an exponent that is no plain number.
    """
    if not np.isscalar(exponent):
        raise TypeError(
            f"exponent is of the type {type(exponent).__name__}; expected a plain number. For x ** y with a tensor y, write "
            "(y * x.log()).exp()."
        )
    slope = exponent * a ** (exponent - 1) if exponent else 0 * a  # a ** 0 is flat at a = 0 too
    return a**exponent, (lambda dout: dout * slope,)


def matmul(a: Array, b: Array) -> Made:
    """a (…, N, D) @ b (…, D, M), so (…, N, M). Gradients: dout @ bᵀ and aᵀ @ dout."""
    aT, bT = np.matrix_transpose(a), np.matrix_transpose(b)  # the last two axes: stacks of matrices work too
    return a @ b, (lambda dout: dout @ bT, lambda dout: aT @ dout)


def sum_over(a: Array, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Made:
    """The sum over axis (None: over all), which goes or stays as 1. Local gradient: 1 for every entry."""
    kept = np.sum(a, axis=axis, keepdims=True)  # each entry of a has slope 1 in its own sum
    out = kept if keepdims else np.sum(a, axis=axis)
    return out, (lambda dout: np.broadcast_to(dout.reshape(kept.shape), a.shape),)


def reshape(a: Array, shape: tuple[int, ...]) -> Made:
    """The same entries in another shape; dout goes back into the shape of a."""
    return a.reshape(shape), (lambda dout: dout.reshape(a.shape),)


def transpose(a: Array, axes: tuple[int, ...]) -> Made:
    """Axis axes[k] of a becomes axis k; dout goes through the inverse permutation."""
    return a.transpose(axes), (lambda dout: dout.transpose(np.argsort(axes)),)


def relu(a: Array) -> Made:
    """max(a, 0), of the shape of a. Local gradient: 1 where a > 0, else 0; at 0 itself too."""
    return np.maximum(a, 0), (lambda dout: np.where(a > 0, dout, 0),)


def exp(a: Array) -> Made:
    """eᵃ, of the shape of a. Local gradient: eᵃ itself."""
    out = np.exp(a)
    return out, (lambda dout: dout * out,)


def log(a: Array) -> Made:
    """The natural logarithm, of the shape of a, for a > 0. Local gradient: 1/a."""
    return np.log(a), (lambda dout: dout / a,)


def tanh(a: Array) -> Made:
    """tanh a, of the shape of a. Local gradient: 1 − tanh² a."""
    out = np.tanh(a)
    return out, (lambda dout: dout * (1 - out**2),)


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Add up the entries of grad that belong to the same entry of an array of this shape, which was stretched to grad's."""
    if grad.shape == shape:
        return grad
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))  # axes that broadcasting put in front
    return np.asarray(grad.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True))


def topological_order(root: Tensor) -> list[Tensor]:
    """root and all it was made from, each once and after its parents. A stack of its own reaches deeper than recursion."""
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack = [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order


def backward(root: Tensor, upstream: ArrayLike | None = None) -> None:
    """Add the gradient of sum(upstream ⊙ root) to the `.grad` of everything root was made from; then forget the rules.

    upstream: the shape of root; 1 where it is left out, for a root that is a single number.
    Raises ValueError for an upstream that is missing or misshapen, RuntimeError where this graph was swept before.
    """
    if upstream is None and root.data.size != 1:
        raise ValueError(
            f"backward needs upstream, an array of shape {root.shape}: only a single number, as a loss, goes without."
        )
    dout = np.ones_like(root.data) if upstream is None else np.asarray(upstream, root.data.dtype)
    if dout.shape != root.shape:
        raise ValueError(f"upstream has shape {dout.shape}; expected {root.shape}, the shape of the tensor.")
    order = topological_order(root)
    if any(node.rules is None for node in order):
        raise RuntimeError(
            "a part of this graph was swept by an earlier backward, and its rules are gone. Compute the loss anew, or "
            "add the losses that share it and call backward once."
        )
    root.grad = _sum(root.grad, dout)
    for node in reversed(order):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            parent.grad = _sum(parent.grad, unbroadcast(rule(node.grad), parent.shape))
        node.rules = None if node.parents else ()  # which also frees the arrays that the rules hold


def _sum(grad: Array | None, more: Array) -> Array:
    return np.asarray((0 if grad is None else grad) + more)  # never in place: others may hold the same array


_recording = contextvars.ContextVar("recording", default=True)


@contextlib.contextmanager
def no_grad() -> Iterator[None]:
    """Inside `with no_grad():` results are computed but not remembered, as when a network is only used."""
    before = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(before)


class Tensor:
    """An array `data` that remembers how it was made; `grad` is None or the gradient, of the shape of data.

    parents, rules: the tensors it was made from, and how a gradient comes back to each; op: the operation's name.
    Integers become float64; float32 stays as it is.
    """

    __array_ufunc__ = None  # so that `array @ tensor` is answered here, not entry by entry by NumPy

    def __init__(self, data: ArrayLike, parents: Any = (), rules: Any = (), op: str = "") -> None:
        array = np.asarray(data)
        self.data: Array = array if array.dtype.kind == "f" else array.astype(float)
        self.grad: Any = None
        self.parents, self.rules, self.op = parents, rules, op

    @staticmethod
    def apply(op: Callable[..., Made], *inputs: Any, **settings: Any) -> Tensor:
        """What op makes of the inputs' arrays, with its memory. An input that is no tensor is a constant: nothing goes back."""
        out, rules = op(*(i.data if isinstance(i, Tensor) else i for i in inputs), **settings)
        kept = [k for k, i in enumerate(inputs) if isinstance(i, Tensor) and _recording.get()]
        return Tensor(out, tuple(inputs[k] for k in kept), tuple(rules[k] for k in kept), op.__name__)

    backward = backward
    shape = property(lambda self: self.data.shape)
    T = property(lambda self: self.transpose(range(self.data.ndim)[::-1]))

    def _then(self, op: Callable[..., Made], *others: Any, **settings: Any) -> Tensor:
        return Tensor.apply(op, self, *others, **settings)

    def _after(self, op: Callable[..., Made], other: Any) -> Tensor:
        return Tensor.apply(op, other, self)

    __add__, __radd__ = partialmethod(_then, add), partialmethod(_after, add)
    __sub__, __rsub__ = partialmethod(_then, sub), partialmethod(_after, sub)
    __mul__, __rmul__ = partialmethod(_then, mul), partialmethod(_after, mul)
    __truediv__, __rtruediv__ = partialmethod(_then, div), partialmethod(_after, div)
    __matmul__, __rmatmul__ = partialmethod(_then, matmul), partialmethod(_after, matmul)
    __pow__, __neg__ = partialmethod(_then, power), partialmethod(_then, mul, -1)
    relu, exp = partialmethod(_then, relu), partialmethod(_then, exp)
    log, tanh = partialmethod(_then, log), partialmethod(_then, tanh)
    sum, reshape = partialmethod(_then, sum_over), partialmethod(_then, reshape)
    transpose = partialmethod(_then, transpose)

    def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor:
        """The mean over axis (None: over all), which goes or stays as 1."""
        total = self.sum(axis, keepdims)
        return Tensor.apply(div, total, self.data.size / total.data.size)

    def __repr__(self) -> str:
        return f"Tensor({self.data}{f', made by {self.op}' if self.op else ''})"
