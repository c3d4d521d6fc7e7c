"""Right solutions of lesson 08, written differently."""

from __future__ import annotations

import collections
import sys

import numpy as np

from backprop_helpers import autodiff

# --- operations -----------------------------------------------------------------------------------------------


def _mul_named_rules(a, b):
    def rule_a(dout):
        return dout * b

    def rule_b(dout):
        return dout * a

    return a * b, (rule_a, rule_b)


def _mul_listed(a, b):
    return [np.multiply(a, b), [lambda dout: np.multiply(b, dout), lambda dout: np.multiply(a, dout)]]


def _mul_einsum(a, b):
    return a * b, (lambda g: np.einsum("...,...->...", g, b), lambda g: np.einsum("...,...->...", g, a))


def _mul_copies(a, b):
    a, b = np.array(a), np.array(b)
    return a * b, (lambda dout: dout.copy() * b, lambda dout: dout.copy() * a)


class _Times:
    def __init__(self, other):
        self.other = other

    def __call__(self, dout):
        return self.other * dout


def _mul_objects(a, b):
    return a * b, (_Times(b), _Times(a))


def _mul_own_buffer(a, b):
    def rule(other):
        def apply(dout):
            grad = np.empty(np.broadcast_shapes(np.shape(dout), np.shape(other)))
            grad[...] = dout
            grad *= other
            return grad

        return apply

    return a * b, (rule(b), rule(a))


def _mul_unbroadcast(a, b):
    return a * b, (
        lambda dout: autodiff.unbroadcast(dout * b, np.shape(a)),
        lambda dout: autodiff.unbroadcast(dout * a, np.shape(b)),
    )


def _matmul_dot(a, b):
    return np.dot(a, b), (lambda dout: np.dot(dout, b.T), lambda dout: np.dot(a.T, dout))


def _matmul_einsum(a, b):
    return np.einsum("nd,dm->nm", a, b), (
        lambda dout: np.einsum("nm,dm->nd", dout, b),
        lambda dout: np.einsum("nd,nm->dm", a, dout),
    )


def _matmul_turned_product(a, b):
    return a @ b, (lambda dout: (b @ dout.T).T, lambda dout: (dout.T @ a).T)


def _matmul_swapaxes(a, b):
    at, bt = np.swapaxes(a, -1, -2), np.swapaxes(b, -1, -2)
    return a @ b, (lambda dout: dout @ bt, lambda dout: at @ dout)


def _matmul_loops(a, b):
    def rule_b(dout):
        db = np.zeros(b.shape)
        for n in range(len(a)):
            db += np.outer(a[n], dout[n])
        return db

    def rule_a(dout):
        return np.array([b @ row for row in dout])

    return np.array([row @ b for row in a]), (rule_a, rule_b)


def _matmul_sums(a, b):
    return np.sum(a[:, :, None] * b, axis=1), (
        lambda dout: np.sum(dout[:, None, :] * b, axis=2),
        lambda dout: np.sum(a[:, :, None] * dout[:, None, :], axis=0),
    )


def _sum_expand(a, axis=None, keepdims=False):
    def rule(dout):
        if axis is not None and not keepdims:
            dout = np.expand_dims(dout, axis)
        return np.ones(a.shape) * dout

    return a.sum(axis=axis, keepdims=keepdims), (rule,)


def _sum_full(a, axis=None, keepdims=False):
    shape = a.sum(axis=axis, keepdims=True).shape
    return np.sum(a, axis, keepdims=keepdims), [lambda dout: np.zeros_like(a) + np.reshape(dout, shape)]


def _sum_repeat(a, axis=None, keepdims=False):
    def rule(dout):
        if axis is None:
            return np.full(a.shape, np.asarray(dout).item())
        kept = dout if keepdims else np.expand_dims(dout, axis)
        return np.repeat(kept, a.shape[axis], axis=axis)

    return a.sum(axis=axis, keepdims=keepdims), (rule,)


def _sum_shape_list(a, axis=None, keepdims=False):
    shape = [1] * a.ndim if axis is None else list(a.shape)
    if axis is not None:
        shape[axis] = 1
    return a.sum(axis=axis, keepdims=keepdims), (lambda dout: np.broadcast_to(dout.reshape(shape), a.shape),)


def _sum_index(a, axis=None, keepdims=False):
    """Lets the axis pass through the whole array in a loop."""

    def rule(dout):
        grad = np.zeros(a.shape)
        if axis is None:
            grad += dout
            return grad
        kept = dout.squeeze(axis) if keepdims else dout
        view = np.moveaxis(grad, axis, 0)
        for part in view:
            part[...] = kept
        return grad

    return a.sum(axis=axis, keepdims=keepdims), (rule,)


def _sum_swap(a, axis=None, keepdims=False):
    def rule(dout):
        if axis is None:
            return dout * np.ones_like(a)
        kept = np.squeeze(dout, axis=axis) if keepdims else dout
        front = np.ones((a.shape[axis], *([1] * kept.ndim))) * kept
        return np.moveaxis(front, 0, axis)

    return a.sum(axis=axis, keepdims=keepdims), (rule,)


def _relu_mask(a):
    mask = a > 0
    return a * mask, (lambda dout: dout * mask,)


def _relu_from_out(a):
    out = np.maximum(a, 0)
    return out, (lambda dout: dout * (out > 0),)


def _relu_other_side(a):
    return np.where(a >= 0, a, 0.0), (lambda dout: np.where(a >= 0, dout, 0.0),)


def _relu_heaviside(a):
    return np.clip(a, 0, None), [lambda dout: np.heaviside(a, 0.0) * dout]


def _relu_copied(a):
    def rule(dout):
        grad = dout.copy()
        grad[a < 0] = 0
        grad[a == 0] = 0
        return grad

    return (a + np.abs(a)) / 2, (rule,)


def _relu_sign(a):
    return np.maximum(0.0, a), (lambda dout: (np.sign(a) + 1) // 2 * dout * (a != 0),)


def _exp_again(a):
    return np.exp(a), (lambda dout: np.exp(a) * dout,)


def _exp_power(a):
    out = np.e**a
    return out, (lambda dout: out * dout,)


def _exp_named(a):
    result = np.exp(a)

    def rule(upstream):
        return np.multiply(upstream, result)

    return result, [rule]


def _exp_copy(a):
    out = np.exp(a)
    kept = out.copy()
    return out, (lambda dout: kept * dout,)


def _exp_2(a):
    out = np.exp2(a / np.log(2.0))
    return out, (lambda dout: dout * out,)


def _exp_expm1(a):
    out = np.expm1(a) + 1
    return out, (_Times(out),)


def _log_product(a):
    return np.log(a), (lambda dout: dout * (1 / a),)


def _log_power(a):
    return np.log(a), (lambda dout: dout * a**-1.0,)


def _log_named(a):
    def rule(upstream):
        return np.divide(upstream, a)

    return np.log(a), [rule]


def _log_from_out(a):
    out = np.log(a)
    return out, (lambda dout: dout * np.exp(-out),)


def _log_base_2(a):
    return np.log2(a) * np.log(2.0), (lambda dout: dout / a,)


def _log_slope_first(a):
    slope = np.reciprocal(a)
    return np.log(a), (_Times(slope),)


# --- unbroadcast ----------------------------------------------------------------------------------------------


def _unbroadcast_while(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


def _unbroadcast_one_sum(grad, shape):
    extra = grad.ndim - len(shape)
    axes = [*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1)]
    return grad.sum(axis=tuple(axes), keepdims=True).reshape(shape)


def _unbroadcast_padded(grad, shape):
    padded = (1,) * (grad.ndim - len(shape)) + tuple(shape)
    axes = tuple(i for i, (m, n) in enumerate(zip(padded, grad.shape, strict=True)) if m != n)
    return grad.sum(axis=axes, keepdims=True).reshape(shape) if axes else grad.reshape(shape)


def _unbroadcast_from_behind(grad, shape):
    for k in range(1, grad.ndim + 1):
        if k > len(shape) or (shape[-k] == 1 and grad.shape[-k] != 1):
            grad = grad.sum(axis=-k, keepdims=True)
    return np.reshape(grad, shape)


def _unbroadcast_entries(grad, shape):
    """Sends every entry of grad to the number of the entry it came from."""
    size = int(np.prod(shape))
    owner = np.broadcast_to(np.arange(size).reshape(shape), grad.shape)
    return np.bincount(owner.ravel(), weights=grad.ravel(), minlength=size).reshape(shape)


def _unbroadcast_einsum(grad, shape):
    letters = "abcdef"[: grad.ndim]
    extra = grad.ndim - len(shape)
    kept = "".join(k for i, k in enumerate(letters) if i >= extra and shape[i - extra] != 1)
    return np.einsum(f"{letters}->{kept}", grad).reshape(shape)


def _unbroadcast_copy(grad, shape):
    if grad.shape == shape:
        return grad.copy()
    return np.add.reduce(_unbroadcast_padded(grad, shape)[None], axis=0)


# --- topological_order ----------------------------------------------------------------------------------------


def _order_kahn(root):
    """Counts for each tensor how many uses are still to come, and takes those that have none left."""
    uses = collections.Counter()
    seen, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            uses[parent] += 1
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    order, ready = [], [root]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            uses[parent] -= 1
            if not uses[parent]:
                ready.append(parent)
    return order[::-1]


def _order_iterators(root):
    order, seen, stack = [], {id(root)}, [(root, iter(root.parents))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.parents)))
                break
        else:
            stack.pop()
            order.append(node)
    return order


def _order_two_marks(root):
    order, state, stack = [], {}, [root]
    while stack:
        node = stack[-1]
        if state.get(id(node)) == "done":
            stack.pop()
        elif state.get(id(node)) == "open":
            state[id(node)] = "done"
            order.append(stack.pop())
        else:
            state[id(node)] = "open"
            stack += [p for p in node.parents if id(p) not in state]
    return order


def _order_deque(root):
    order, done, waiting = collections.deque(), set(), [root]
    while waiting:
        node = waiting.pop()
        if node in done:
            continue
        missing = [p for p in node.parents if p not in done]
        if missing:
            waiting += [node, *missing]
        else:
            done.add(node)
            order.append(node)
    return tuple(order)


def _order_deep_recursion(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        visit(root)
    finally:
        sys.setrecursionlimit(before)
    return order


def _order_depths(root):
    """Sorts by the longest way down, found by going over a list of all tensors once more."""
    order = _order_kahn(root)
    depth = {}
    for node in order:
        depth[node] = 1 + max((depth[p] for p in node.parents), default=0)
    return sorted(order, key=depth.get)


# --- Tensor ---------------------------------------------------------------------------------------------------


class _Loop:
    def __init__(self, data, parents=(), rules=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = None
        self.parents = parents
        self.rules = rules

    @staticmethod
    def apply(op, *inputs, **settings):
        arrays, parents, kept = [], [], []
        for i in inputs:
            arrays.append(i.data if isinstance(i, _Loop) else i)
        out, rules = op(*arrays, **settings)
        for i, rule in zip(inputs, rules, strict=True):
            if isinstance(i, _Loop):
                parents.append(i)
                kept.append(rule)
        return _Loop(out, parents, kept)


class _ClassMethod:
    def __init__(self, data, parents=(), rules=()):
        self.data, self.grad, self.parents, self.rules = data, None, parents, rules

    @classmethod
    def apply(cls, op, *inputs, **settings):
        result = op(
            *[getattr(i, "data", i) if isinstance(i, cls) else np.asarray(i) for i in inputs], **settings
        )
        pairs = [(t, r) for t, r in zip(inputs, result[1], strict=True) if isinstance(t, cls)]
        parents, rules = zip(*pairs, strict=True) if pairs else ((), ())
        return cls(result[0], parents, rules)


class _Slots:
    __slots__ = ("data", "grad", "parents", "rules")

    def __init__(self, data, parents=(), rules=()):
        self.data, self.grad = np.array(data, dtype=float), None
        self.parents, self.rules = tuple(parents), tuple(rules)

    @staticmethod
    def apply(op, *inputs, **settings):
        tensors = [k for k in range(len(inputs)) if isinstance(inputs[k], _Slots)]
        arrays = list(inputs)
        for k in tensors:
            arrays[k] = inputs[k].data
        out, rules = op(*arrays, **settings)
        return _Slots(out, (inputs[k] for k in tensors), (rules[k] for k in tensors))


class _SetAfterwards:
    def __init__(self, data):
        self.data = data
        self.grad = None
        self.parents = []
        self.rules = []

    @staticmethod
    def apply(op, *inputs, **settings):
        out, rules = op(*map(_SetAfterwards.value, inputs), **settings)
        made = _SetAfterwards(out)
        for i, rule in zip(inputs, rules, strict=True):
            if type(i) is _SetAfterwards:
                made.parents.append(i)
                made.rules.append(rule)
        return made

    @staticmethod
    def value(i):
        return i.data if type(i) is _SetAfterwards else i


class _Compress:
    def __init__(self, data, parents=(), rules=()):
        self.data, self.grad, self.parents, self.rules = data, None, parents, rules

    @staticmethod
    def apply(op, *inputs, **settings):
        import itertools

        mask = [isinstance(i, _Compress) for i in inputs]
        out, rules = op(*(i.data if m else i for i, m in zip(inputs, mask, strict=True)), **settings)
        return _Compress(out, tuple(itertools.compress(inputs, mask)), list(itertools.compress(rules, mask)))


# --- backward -------------------------------------------------------------------------------------------------


def _own_order(root, upstream=None):
    if upstream is None:
        if root.data.size > 1:
            raise ValueError("this is no single number; which upstream is meant?")
        upstream = np.ones(root.data.shape)
    order = _order_kahn(root)
    for node in order:
        if node.rules is None:
            raise RuntimeError("already swept")
    root.grad = upstream if root.grad is None else root.grad + upstream
    for node in order[::-1]:
        for parent, rule in zip(node.parents, node.rules, strict=True):
            grad = _unbroadcast_while(rule(node.grad), parent.data.shape)
            if parent.grad is None:
                parent.grad = grad
            else:
                parent.grad = parent.grad + grad
        if len(node.parents) > 0:
            node.rules = None


def _collected(root, upstream=None):
    """Keeps the gradients of this sweep in a dictionary, and adds them at the end."""
    if upstream is None and root.data.shape not in ((), (1,), (1, 1)):
        raise ValueError("upstream is missing")
    order = autodiff.topological_order(root)
    if None in [node.rules for node in order]:
        raise RuntimeError("the rules of this graph are gone")
    grads = {node: np.zeros(node.data.shape) for node in order}
    grads[root] = grads[root] + (1.0 if upstream is None else upstream)
    for node in reversed(order):
        for parent, rule in zip(node.parents, node.rules, strict=True):
            grads[parent] += autodiff.unbroadcast(rule(grads[node]), parent.data.shape)
    for node, grad in grads.items():
        node.grad = grad if node.grad is None else node.grad + grad
        if node.parents:
            node.rules = None


def _zeros_first(root, upstream=None):
    if upstream is None:
        if root.data.size != 1:
            raise ValueError("upstream?")
        upstream = np.ones_like(root.data)
    order = autodiff.topological_order(root)
    if any(node.rules is None for node in order):
        raise RuntimeError("swept")
    for node in order:
        if node.grad is None:
            node.grad = np.zeros(node.data.shape)
    root.grad = root.grad + upstream
    while order:
        node = order.pop()
        for k, parent in enumerate(node.parents):
            parent.grad += autodiff.unbroadcast(node.rules[k](node.grad), parent.shape)
        if node.parents:
            node.rules = None


def _copies(root, upstream=None):
    if upstream is None:
        if root.data.size != 1:
            raise ValueError("upstream?")
        upstream = np.ones_like(root.data)
    order = autodiff.topological_order(root)
    if any(node.rules is None for node in order):
        raise RuntimeError("swept")

    def receive(node, grad):
        if node.grad is None:
            node.grad = np.array(grad, copy=True)
        else:
            node.grad += grad

    receive(root, upstream)
    for node in order[::-1]:
        for parent, rule in zip(node.parents, node.rules, strict=True):
            receive(parent, _unbroadcast_one_sum(np.asarray(rule(node.grad)), parent.data.shape))
        node.rules = None if node.parents else node.rules


def _uses_counted(root, upstream=None):
    """Hands a gradient on as soon as all uses of a tensor have sent theirs; no order is made beforehand."""
    if upstream is None and root.data.size != 1:
        raise ValueError("upstream?")
    uses, seen, waiting = collections.Counter(), {root}, [root]
    while waiting:
        node = waiting.pop()
        if node.rules is None:
            raise RuntimeError("swept")
        for parent in node.parents:
            uses[parent] += 1
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    root.grad = (root.grad if root.grad is not None else 0) + (
        np.ones(root.data.shape) if upstream is None else upstream
    )
    ready = collections.deque([root])
    while ready:
        node = ready.popleft()
        rules, node.rules = node.rules, None if node.parents else ()
        for parent, rule in zip(node.parents, rules, strict=True):
            grad = autodiff.unbroadcast(rule(node.grad), parent.data.shape)
            parent.grad = grad if parent.grad is None else np.add(parent.grad, grad)
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)


def _another_mark(root, upstream=None):
    """Marks the tensors that were swept, and keeps their rules."""
    if upstream is None:
        if root.data.ndim and root.data.size != 1:
            raise ValueError("upstream?")
        upstream = np.ones(root.data.shape)
    order = autodiff.topological_order(root)
    for node in order:
        if getattr(node, "swept", False):
            raise RuntimeError("swept")
    root.grad = upstream + (0 if root.grad is None else root.grad)
    for node in order[::-1]:
        node.swept = bool(node.parents)
        for i in range(len(node.parents)):
            more = autodiff.unbroadcast(node.rules[i](node.grad), np.shape(node.parents[i].data))
            node.parents[i].grad = more + (0 if node.parents[i].grad is None else node.parents[i].grad)


RIGHT = {
    "mul": {
        "named rules": _mul_named_rules,
        "lists": _mul_listed,
        "einsum": _mul_einsum,
        "copies": _mul_copies,
        "objects that are called": _mul_objects,
        "an own buffer": _mul_own_buffer,
        "own broadcasting undone": _mul_unbroadcast,
    },
    "matmul": {
        "dot": _matmul_dot,
        "einsum": _matmul_einsum,
        "product turned": _matmul_turned_product,
        "swapaxes": _matmul_swapaxes,
        "loops": _matmul_loops,
        "sums": _matmul_sums,
    },
    "sum_over": {
        "expand_dims": _sum_expand,
        "zeros_like": _sum_full,
        "repeat": _sum_repeat,
        "a shape as a list": _sum_shape_list,
        "a loop": _sum_index,
        "moveaxis": _sum_swap,
    },
    "relu": {
        "mask": _relu_mask,
        "from out": _relu_from_out,
        "the other side": _relu_other_side,
        "heaviside": _relu_heaviside,
        "a copy": _relu_copied,
        "sign": _relu_sign,
    },
    "exp": {
        "again": _exp_again,
        "power": _exp_power,
        "named rule": _exp_named,
        "copy": _exp_copy,
        "exp2": _exp_2,
        "expm1": _exp_expm1,
    },
    "log": {
        "product": _log_product,
        "power": _log_power,
        "named rule": _log_named,
        "from out": _log_from_out,
        "base 2": _log_base_2,
        "slope first": _log_slope_first,
    },
    "unbroadcast": {
        "while": _unbroadcast_while,
        "one sum": _unbroadcast_one_sum,
        "padded shape": _unbroadcast_padded,
        "from behind": _unbroadcast_from_behind,
        "entry by entry": _unbroadcast_entries,
        "einsum": _unbroadcast_einsum,
        "a copy": _unbroadcast_copy,
    },
    "topological_order": {
        "uses counted": _order_kahn,
        "iterators": _order_iterators,
        "two marks": _order_two_marks,
        "deque": _order_deque,
        "deep recursion": _order_deep_recursion,
        "depths": _order_depths,
    },
    "Tensor": {
        "loop": _Loop,
        "class method": _ClassMethod,
        "slots": _Slots,
        "set afterwards": _SetAfterwards,
        "compress": _Compress,
        "the course's engine": autodiff.Tensor,
    },
    "backward": {
        "own order": _own_order,
        "collected": _collected,
        "zeros first": _zeros_first,
        "copies": _copies,
        "uses counted": _uses_counted,
        "another mark": _another_mark,
    },
}
