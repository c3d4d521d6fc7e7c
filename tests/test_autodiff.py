"""The engine: gradients of random expressions against finite differences and PyTorch, and what it refuses."""

from __future__ import annotations

import ast
import inspect
import itertools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop_helpers import autodiff
from backprop_helpers.autodiff import Tensor, no_grad, topological_order, unbroadcast
from backprop_helpers.gradcheck import gradcheck
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import init_params, mlp_backward, mlp_forward

# --- random expressions -----------------------------------------------------------------------------------

SHAPES = ((), (1,), (3,), (2, 1), (1, 3), (2, 3), (3, 2), (2, 2, 3))
ENTRYWISE: dict[str, Callable[[Any], Any]] = {
    "relu": lambda t: t.relu(),
    "tanh": lambda t: t.tanh(),
    "exp": lambda t: (t * 0.3).tanh().exp(),  # kept small, so that differences stay exact
    "log": lambda t: (t * t + 1.0).log(),
    "square": lambda t: t**2,
    "cube": lambda t: (t * 0.5) ** 3,
    "inverse": lambda t: 1.0 / (t * t + 2.0),
    "minus": lambda t: 0.5 - t,
    "sum": lambda t: t.sum(),
    "sum of the last axis": lambda t: t.sum(-1) if len(t.shape) else t,
    "sum of the first axis": lambda t: t.sum(0, keepdims=True) if len(t.shape) else t,
    "mean": lambda t: t.mean(0) if len(t.shape) else t,
    "transpose": lambda t: t.T if len(t.shape) == 2 else t,
    "reshape": lambda t: t.reshape((-1,)),
}
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": lambda a, b: a * b.tanh(),
    "/": lambda a, b: a / (b * b + 1.5),
    "@": operator.matmul,
}


@dataclass(frozen=True)
class Program:
    """Arrays, and steps that each add one value made of earlier ones: (operation, i) or (operation, i, j)."""

    leaves: tuple[Any, ...]
    steps: tuple[tuple[Any, ...], ...]

    def run(self, leaves: Any) -> Any:
        """The sum of everything that was made, so that every value is used; steps whose shapes don't fit are left out."""
        values = list(leaves)
        for name, i, *rest in self.steps:
            a = values[i % len(values)]
            if not rest:
                values.append(ENTRYWISE[name](a))
                continue
            b = values[rest[0] % len(values)]
            if fits(name, tuple(a.shape), tuple(b.shape)):
                values.append(PAIRS[name](a, b))
        return sum((v.sum() for v in values[1:]), start=values[0].sum())


def fits(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    if name == "@":
        return len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and (len(a) == 2 or len(b) == 2)
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


@st.composite
def programs(draw: Any) -> Program:
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    shapes = draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4))
    position = st.integers(0, 30)
    step = st.one_of(
        st.tuples(st.sampled_from(sorted(ENTRYWISE)), position),
        st.tuples(st.sampled_from(sorted(PAIRS)), position, position),
    )
    leaves = tuple(rng.uniform(-1.5, 1.5, shape) for shape in shapes)
    return Program(leaves, tuple(draw(st.lists(step, min_size=1, max_size=8))))


def swept(program: Program) -> tuple[float, list[Any]]:
    leaves = [Tensor(a) for a in program.leaves]
    out = program.run(leaves)
    out.backward()
    return float(out.data), [leaf.grad for leaf in leaves]


@settings(max_examples=150, deadline=None)
@given(programs())
def test_random_expressions_have_the_slopes_of_finite_differences(program):
    def value(*arrays: Any) -> float:
        with no_grad():
            return float(program.run([Tensor(a) for a in arrays]).data)

    _, grads = swept(program)
    report = gradcheck(value, tuple(grads), program.leaves, upstream=1.0)
    assume(report.passed or report.failed)  # neither where an expression sits on kinks, or cancels to nothing
    assert report.passed, str(report)


@settings(max_examples=200, deadline=None)
@given(programs())
def test_random_expressions_agree_with_pytorch(program):
    torch = pytest.importorskip("torch")

    class Torch:
        """The few methods that PyTorch spells differently."""

        def __init__(self, t: Any) -> None:
            self.t = t

        shape = property(lambda self: tuple(self.t.shape))
        T = property(lambda self: Torch(self.t.T))

        def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
            return Torch(self.t.sum() if axis is None else self.t.sum(axis, keepdim=keepdims))

        def mean(self, axis: int) -> Any:
            return Torch(self.t.mean(axis))

        def reshape(self, shape: Any) -> Any:
            return Torch(self.t.reshape(shape))

        def __getattr__(self, name: str) -> Any:  # relu, exp, log, tanh
            return lambda: Torch(getattr(self.t, name)())

    def turned(f: Any) -> Any:
        return lambda a, b: f(b, a)

    def both(f: Any) -> Any:
        return lambda self, other: Torch(f(self.t, getattr(other, "t", other)))

    for name in ("add", "sub", "mul", "truediv", "matmul", "pow"):
        setattr(Torch, f"__{name}__", both(getattr(operator, name)))
    for name in ("add", "sub", "truediv"):
        setattr(Torch, f"__r{name}__", both(turned(getattr(operator, name))))

    leaves = [torch.tensor(a, requires_grad=True) for a in program.leaves]
    out = program.run([Torch(leaf) for leaf in leaves]).t
    out.backward()
    value, grads = swept(program)
    assert value == pytest.approx(out.item(), rel=1e-10, abs=1e-10)
    for mine, leaf in zip(grads, leaves, strict=True):
        assert np.allclose(mine, leaf.grad.numpy(), rtol=1e-10, atol=1e-10)


# --- each operation ---------------------------------------------------------------------------------------

A, B, C = (
    np.random.default_rng(i).uniform(0.5, 2.0, shape) for i, shape in enumerate(((4, 3), (3,), (3, 5)))
)
OPERATIONS = {
    "add": (autodiff.add, (A, B), {}),
    "sub": (autodiff.sub, (A, B), {}),
    "mul": (autodiff.mul, (A, B), {}),
    "div": (autodiff.div, (A, B), {}),
    "matmul": (autodiff.matmul, (A, C), {}),
    "matmul of stacks": (autodiff.matmul, (np.stack([A, 2 * A]), C), {}),
    "power": (autodiff.power, (A,), {"exponent": 2.5}),
    "power 0": (autodiff.power, (A,), {"exponent": 0}),
    "sum": (autodiff.sum_over, (A,), {}),
    "sum of an axis": (autodiff.sum_over, (A,), {"axis": 1}),
    "sum of two axes": (autodiff.sum_over, (np.stack([A, 2 * A]),), {"axis": (0, 2)}),
    "sum with keepdims": (autodiff.sum_over, (A,), {"axis": -1, "keepdims": True}),
    "reshape": (autodiff.reshape, (A,), {"shape": (2, 6)}),
    "transpose": (autodiff.transpose, (np.stack([A, 2 * A]),), {"axes": (2, 0, 1)}),
    "relu": (autodiff.relu, (A - 1.2,), {}),
    "exp": (autodiff.exp, (A,), {}),
    "log": (autodiff.log, (A,), {}),
    "tanh": (autodiff.tanh, (A,), {}),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_has_the_slopes_of_finite_differences(name):
    op, arrays, settings_of = OPERATIONS[name]

    def forward(*inputs: Any) -> Any:
        return op(*inputs, **settings_of)[0]

    def backward(dout: Any, *inputs: Any) -> Any:
        tensors = [Tensor(a) for a in inputs]
        Tensor.apply(op, *tensors, **settings_of).backward(dout)
        return tuple(t.grad for t in tensors)

    dout = np.random.default_rng(9).standard_normal(forward(*arrays).shape)
    report = gradcheck(forward, backward(dout, *arrays), arrays, upstream=dout)
    assert report.passed, str(report)


def test_power_of_zero_is_flat_at_zero_too():
    x = Tensor([0.0, 2.0])
    (x**0).sum().backward()
    assert x.grad.tolist() == [0, 0]


# --- the sweep --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "wide"),
    [((), (2, 3)), ((1,), (4,)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1, 1), (2, 3)), ((1, 3), (5, 2, 3))],
)
def test_unbroadcast_undoes_broadcasting(shape, wide):
    grad = np.arange(1.0, 1 + np.prod(wide)).reshape(wide)
    found = unbroadcast(grad, shape)
    assert found.shape == shape
    # the definition: the slope of Σ grad ⊙ broadcast(a) by each entry of a
    for index in np.ndindex(shape):
        a = np.zeros(shape)
        a[index] = 1
        assert found[index] == np.sum(grad * np.broadcast_to(a, wide))


def test_every_tensor_comes_after_its_parents():
    x = Tensor(2.0)
    y = x * x
    z = (y + x) * y
    order = topological_order(z)
    place = {id(t): i for i, t in enumerate(order)}
    assert len(place) == len(order) == 4
    assert all(place[id(p)] < place[id(t)] for t in order for p in t.parents)
    assert order[-1] is z


def test_a_graph_50000_deep():
    x = Tensor(1.5)
    y = x
    for _ in range(50_000):
        y = y + x
    y.backward()
    assert y.data == 1.5 * 50_001
    assert x.grad == 50_001
    del y  # taking it apart must not recurse either


def test_a_graph_with_more_paths_than_could_be_walked_is_swept_once():
    x = Tensor(1.0)
    y = x
    for _ in range(200):
        y = (y + y) * 0.5  # 2²⁰⁰ paths
    y.backward()
    assert x.grad == 1


def test_gradients_accumulate_until_they_are_put_away():
    x = Tensor([1.0, -2.0])
    for times in (1, 2, 3):
        (x * x).sum().backward()
        assert x.grad.tolist() == [2 * times, -4 * times]
    x.grad = None
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, -4]


def test_one_array_is_never_two_gradients():
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (a + b).backward([1.0, 1.0])
    a.grad *= 10
    assert b.grad.tolist() == [1, 1]


def test_upstream_stays_as_it_was():
    a, dout = Tensor([1.0, 2.0]), np.array([3.0, 5.0])
    b = a + a
    b.backward(dout)
    b.grad += 1
    a.grad += 1
    assert dout.tolist() == [3, 5]


def test_a_second_sweep_is_refused_before_anything_changes():
    x = Tensor(3.0)
    h = x * x
    first, second = h * 2.0, h * 5.0
    first.backward()
    for again in (first, second):
        with pytest.raises(RuntimeError, match="swept by an earlier backward"):
            again.backward()
    assert x.grad == 12
    assert second.grad is None


def test_a_leaf_may_be_swept_any_number_of_times():
    x = Tensor(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2


def test_an_upstream_is_needed_unless_there_is_one_number():
    x = Tensor(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"needs upstream, an array of shape \(2, 3\)"):
        (x * 2.0).backward()
    with pytest.raises(ValueError, match=r"upstream has shape \(3,\); expected \(2, 3\)"):
        (x * 2.0).backward(np.ones(3))
    assert x.grad is None


def test_no_grad_remembers_nothing():
    x = Tensor([1.0, 2.0])
    with no_grad():
        y = (x * 3.0).sum()
    assert (y.parents, y.data) == ((), 9)
    y.backward()
    assert x.grad is None
    (x * 3.0).sum().backward()  # and afterwards all is as before
    assert x.grad.tolist() == [3, 3]


def test_no_grad_ends_with_an_exception_too():
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (Tensor(1.0) * 2.0).parents


def test_constants_on_either_side():
    x, c = Tensor([[1.0, 2.0]]), np.array([[3.0], [4.0]])
    for out, value in (
        (c @ x, [[3, 6], [4, 8]]),
        (x @ c, [[11]]),
        (c - x, [[2, 1], [3, 2]]),
        (6 / x, [[6, 3]]),
    ):
        assert out.data.tolist() == value
        assert out.parents == (x,)


def test_float32_stays_and_integers_become_floats():
    x = Tensor(np.ones((2, 3), np.float32))
    y = (((x * 2 + 1.0) ** 2).mean() / 3 - 1).tanh().exp()
    y.backward()
    assert (y.data.dtype, x.grad.dtype) == (np.float32, np.float32)
    assert Tensor([1, 2]).data.dtype == np.float64


def test_what_is_printed():
    x = Tensor([1.0])
    assert repr(x) == "Tensor([1.])"
    assert repr(x * 2) == "Tensor([2.], made by mul)"


def test_an_exponent_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="plain number"):
        _ = Tensor(2.0) ** Tensor(3.0)


# --- the network of lesson 04 -----------------------------------------------------------------------------


def network(x: Any, params: Any) -> Any:
    for i, (w, b) in enumerate(params):
        x = x @ w + b
        x = x.relu() if i < len(params) - 1 else x
    return x


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_hand_written_backward_pass_to_the_last_bit(dtype):
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((17, 6)).astype(dtype), rng.integers(0, 5, 17)
    params = [(w.astype(dtype), b.astype(dtype)) for w, b in init_params([6, 9, 7, 5], rng, 0.5)]
    scores, caches = mlp_forward(x, params)
    _, dscores = softmax_loss(scores, y)
    by_hand = mlp_backward(dscores, caches)

    leaves = [(Tensor(w), Tensor(b)) for w, b in params]
    out = network(x, leaves)
    out.backward(dscores)
    assert np.array_equal(out.data, scores)
    for mine, theirs in zip(itertools.chain(*leaves), itertools.chain(*by_hand), strict=True):
        assert np.array_equal(mine.grad, theirs)
        assert mine.grad.dtype == dtype


def test_the_engine_is_small():
    """In lines of code: what describes them is not counted."""
    text = Path(autodiff.__file__).read_text(encoding="utf-8")
    described = sum(
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
    )
    assert len(text.splitlines()) - described < 200


def test_every_operation_is_described():
    for name, operation in vars(autodiff).items():
        if inspect.isfunction(operation) and operation.__module__ == autodiff.__name__ and name[0] != "_":
            assert operation.__doc__, name
