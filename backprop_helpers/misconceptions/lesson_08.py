"""Wrong solutions of lesson 08: rules, orders and sweeps that are nearly right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_helpers import autodiff
from backprop_helpers.autodiff import Made, topological_order, unbroadcast
from backprop_helpers.misconceptions.spec import Misconception

DESIGN = "course design"


def _entry(
    exercise: str, what: str, wrong: Callable[..., Any], says: str, hint: str, *also: Callable[..., Any]
) -> Misconception:
    name = f"{exercise.lower().replace('_', '-')}-{what}"
    return Misconception(name, exercise, wrong, says, hint, DESIGN, also)


def _pair(out: Callable[..., Any], *rules: Callable[..., Any]) -> Callable[..., Made]:
    """An operation out of functions: out(*inputs), and rule(dout, *inputs) for each input."""

    def op(*inputs: Any) -> Made:
        return out(*inputs), tuple((lambda dout, rule=rule: rule(dout, *inputs)) for rule in rules)

    return op


# --- mul, matmul ------------------------------------------------------------------------------------------------


def _values_for_rules(a: Any, b: Any) -> Any:
    return a * b, (b, a)


def _product(*rules: Callable[..., Any]) -> Callable[..., Made]:
    return _pair(lambda a, b: a @ b, *rules)


# --- sum_over ---------------------------------------------------------------------------------------------------


def _sum(
    rule: Callable[..., Any],
    out: Callable[..., Any] = lambda a, axis, keepdims: np.sum(a, axis=axis, keepdims=keepdims),
) -> Callable[..., Made]:
    """A sum whose rule(dout, a, axis, keepdims) is exchangeable."""

    def op(a: Any, axis: Any = None, keepdims: bool = False) -> Made:
        return out(a, axis, keepdims), (lambda dout: rule(dout, a, axis, keepdims),)

    return op


def _spread(dout: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    return autodiff.sum_over(a, axis, keepdims)[1][0](dout)


def _put_back_twice(dout: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    return np.broadcast_to(dout if axis is None else np.expand_dims(dout, axis), a.shape)


def _no_axis_at_all(dout: Any, a: Any, axis: Any, keepdims: Any) -> Any:
    return np.broadcast_to(dout if keepdims else np.expand_dims(dout, axis), a.shape)


def _count(a: Any, axis: Any) -> float:
    return float(a.size if axis is None else a.shape[axis])


# --- relu, exp --------------------------------------------------------------------------------------------------


def _relu_in_place(a: Any) -> Made:
    def rule(dout: Any) -> Any:
        dout[a <= 0] = 0
        return dout

    return np.maximum(a, 0), (rule,)


def _exp_in_place(a: Any) -> Made:
    out = np.exp(a)

    def rule(dout: Any) -> Any:
        nonlocal out
        out *= dout
        return out

    return out, (rule,)


# --- unbroadcast ------------------------------------------------------------------------------------------------


def _front(grad: Any, shape: Any) -> Any:
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))


def _ones(shape: Any) -> tuple[int, ...]:
    return tuple(i for i, n in enumerate(shape) if n == 1)


def _averaged(grad: Any, shape: Any) -> Any:
    grad = grad.mean(axis=tuple(range(grad.ndim - len(shape)))) if grad.size else _front(grad, shape)
    return grad.mean(axis=_ones(shape), keepdims=True)


def _picked(grad: Any, shape: Any) -> Any:
    for _ in range(grad.ndim - len(shape)):
        grad = grad[0]
    return grad[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]


def _from_the_back(grad: Any, shape: Any) -> Any:
    grad = grad.sum(axis=tuple(range(len(shape), grad.ndim)))
    return grad.sum(axis=tuple(i for i in _ones(shape) if i < grad.ndim), keepdims=True)


def _ones_first(grad: Any, shape: Any) -> Any:
    return _front(grad.sum(axis=_ones(shape), keepdims=True), shape)


def _as_a_bias(grad: Any, shape: Any) -> Any:
    return grad if grad.shape == shape else grad.sum(axis=0)


def _total(grad: Any, shape: Any) -> Any:
    return grad if grad.shape == shape else np.full(shape, grad.sum())


# --- topological_order ------------------------------------------------------------------------------------------


def _recursive(root: Any) -> list[Any]:
    order: list[Any] = []
    seen: set[Any] = set()

    def visit(node: Any) -> None:
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


def _as_met(take: int, turn: bool) -> Callable[[Any], list[Any]]:
    """Each tensor as soon as it is met. take: −1 from the end of the list (depth first), 0 from its front (breadth first)."""

    def order_of(root: Any) -> list[Any]:
        order: list[Any] = []
        seen: set[Any] = set()
        waiting = [root]
        while waiting:
            node = waiting.pop(take)
            if node in seen:
                continue
            seen.add(node)
            order.append(node)
            waiting += node.parents
        return order[::-1] if turn else order

    return order_of


def _preorder(root: Any) -> list[Any]:
    """Depth first, the first parent first, each tensor when it is met."""
    order: list[Any] = []
    seen: set[Any] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            order.append(node)
            stack.extend(reversed(node.parents))
    return order[::-1]


def _every_path(root: Any) -> list[Any]:
    order, stack = [], [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        else:
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order


def _marked_early(root: Any) -> list[Any]:
    order, seen, stack = [], {root}, [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
            continue
        stack.append((node, True))
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, False))
    return order


def _one_parent(which: int) -> Callable[[Any], list[Any]]:
    def order_of(root: Any) -> list[Any]:
        order = [root]
        while order[-1].parents:
            order.append(order[-1].parents[which])
        return order[::-1]

    return order_of


# --- Tensor -----------------------------------------------------------------------------------------------------


def _tensor(
    remember: Callable[..., Any],
    value: Callable[[Any, Any], Any] = lambda i, kind: i.data if isinstance(i, kind) else i,
    settings_used: bool = True,
) -> Callable[..., Any]:
    """A Tensor class whose apply makes remember(kind, out, inputs, rules), with `value` handed to the operation."""

    class Tensor:
        def __init__(self, data: Any, parents: Any = (), rules: Any = ()) -> None:
            self.data = data
            self.grad = None
            self.parents, self.rules = parents, rules

        @staticmethod
        def apply(op: Callable[..., Made], *inputs: Any, **settings: Any) -> Any:
            out, rules = op(*(value(i, Tensor) for i in inputs), **(settings if settings_used else {}))
            return remember(Tensor, out, inputs, rules)

    return Tensor


def _right_memory(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    kept = [(i, rule) for i, rule in zip(inputs, rules, strict=True) if isinstance(i, kind)]
    return kind(out, tuple(i for i, _ in kept), tuple(rule for _, rule in kept))


def _first_rules(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    tensors = tuple(i for i in inputs if isinstance(i, kind))
    return kind(out, tensors, rules[: len(tensors)])


def _all_rules(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    return kind(out, tuple(i for i in inputs if isinstance(i, kind)), rules)


def _constants_too(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    return kind(out, tuple(i if isinstance(i, kind) else kind(i) for i in inputs), rules)


def _inputs_as_they_are(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    return kind(out, inputs, rules)


def _arrays_as_parents(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    made: Any = _right_memory(kind, out, inputs, rules)
    made.parents = tuple(p.data for p in made.parents)
    return made


def _each_parent_once(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    kept = {i: rule for i, rule in zip(inputs, rules, strict=True) if isinstance(i, kind)}
    return kind(out, tuple(kept), tuple(kept.values()))


def _rules_called(kind: Any, out: Any, inputs: Any, rules: Any) -> Any:
    made = _right_memory(kind, out, inputs, rules)
    made.rules = tuple(rule(np.ones_like(out)) for rule in made.rules)
    return made


# --- backward ---------------------------------------------------------------------------------------------------


def _add(grad: Any, more: Any) -> Any:
    return (0 if grad is None else grad) + more


def _add_in_place(grad: Any, more: Any) -> Any:
    if grad is None or not np.shape(grad):
        return more if grad is None else grad + more
    grad += more
    return grad


def _sweep(
    order_of: Callable[[Any], Sequence[Any]] = lambda root: topological_order(root)[::-1],
    add: Callable[[Any, Any], Any] = _add,
    fit: Callable[[Any, Any], Any] = unbroadcast,
    seed: Callable[[Any, Any], Any] = lambda root, upstream: (
        np.ones_like(root.data) if upstream is None else upstream
    ),
    hand_on: Callable[[Any], Any] = lambda node: node.grad,
    rules_of: Callable[[Any], Any] = lambda node: node.rules,
    refuse: str = "first",
    forget: Callable[[Any], bool] = lambda node: bool(node.parents),
    needs_upstream: bool = True,
    one_number: Callable[[Any], bool] = lambda data: bool(data.size == 1),
    add_to_root: bool = True,
    start_anew: bool = False,
    keep: Callable[[Any, Any], bool] = lambda node, root: True,
) -> Callable[..., None]:
    """A sweep with its parts exchangeable."""

    def backward(root: Any, upstream: Any = None) -> None:
        if needs_upstream and upstream is None and not one_number(root.data):
            raise ValueError("upstream is missing")
        order = order_of(root)
        if refuse == "first" and any(node.rules is None for node in order):
            raise RuntimeError("swept before")
        for node in order:
            node.grad = None if start_anew else node.grad
        root.grad = add(root.grad if add_to_root else None, seed(root, upstream))
        for node in order:
            if refuse == "late" and node.rules is None:
                raise RuntimeError("swept before")
            for parent, rule in zip(node.parents, rules_of(node), strict=True):
                parent.grad = add(parent.grad, fit(rule(hand_on(node)), parent.shape))
            if forget(node):
                node.rules = None
        for node in order:
            if not keep(node, root):
                node.grad = None

    return backward


def _path_by_path(root: Any, upstream: Any = None) -> None:
    if upstream is None and root.data.size != 1:
        raise ValueError("upstream is missing")
    order = topological_order(root)
    if any(node.rules is None for node in order):
        raise RuntimeError("swept before")

    def push(node: Any, grad: Any) -> None:
        node.grad = _add(node.grad, grad)
        for parent, rule in zip(node.parents, node.rules, strict=True):
            push(parent, unbroadcast(rule(grad), parent.shape))

    push(root, np.ones_like(root.data) if upstream is None else upstream)
    for node in order:
        node.rules = None if node.parents else ()


_THE_OTHER = "Nudge one factor a little: by what is that nudge multiplied in the output?"
_WHICH_SHAPES = "Write the shapes of dout (N, M), a (N, D) and b (D, M) beside each other. Which one must be turned, and on which side does it stand?"
_PATHS = "A tensor used twice gets a gradient from each use. What did lesson 03 say about two paths?"

MISCONCEPTIONS = (
    _entry(
        "mul",
        "own-factor",
        _pair(lambda a, b: a * b, lambda dout, a, b: dout * a, lambda dout, a, b: dout * b),
        "each rule multiplies by its own input; the slope of a product by one factor is the other factor.",
        _THE_OTHER,
    ),
    _entry(
        "mul",
        "upstream-dropped",
        _pair(lambda a, b: a * b, lambda dout, a, b: b + 0 * dout, lambda dout, a, b: a + 0 * dout),
        "the rules give the local gradients alone; dout is missing.",
        "Gradient is local × upstream. What has the rule been given?",
        _pair(lambda a, b: a * b, lambda dout, a, b: b, lambda dout, a, b: a),
    ),
    _entry(
        "mul",
        "rules-of-a-sum",
        _pair(lambda a, b: a * b, lambda dout, a, b: dout, lambda dout, a, b: dout),
        "the rules hand dout on unchanged, which is right for a sum; a product has the other factor as its slope.",
        _THE_OTHER,
    ),
    _entry(
        "mul",
        "multiplied-by-out",
        _pair(lambda a, b: a * b, lambda dout, a, b: dout * a * b, lambda dout, a, b: dout * a * b),
        "the rules multiply dout by the product itself.",
        _THE_OTHER,
    ),
    _entry(
        "mul",
        "slope-by-division",
        _pair(
            lambda a, b: a * b,
            lambda dout, a, b: dout * (a * b) / a,
            lambda dout, a, b: dout * (a * b) / b,
        ),
        "the other factor is found by dividing the product by its own; where that is 0, nan comes out.",
        "Is the other factor not at hand already?",
    ),
    _entry(
        "mul",
        "same-rule-twice",
        _pair(lambda a, b: a * b, lambda dout, a, b: dout * b, lambda dout, a, b: dout * b),
        "both rules multiply by b; that is the slope for a only.",
        "A product treats its factors alike. What takes the place of b in the second rule?",
    ),
    _entry(
        "mul",
        "values-for-rules",
        _values_for_rules,
        "the rules are arrays; a rule is a function that waits for dout.",
        "dout is not known yet while the output is computed. How does add write its two rules?",
    ),
    _entry(
        "matmul",
        "does-not-fit",
        _product(lambda dout, a, b: dout @ b, lambda dout, a, b: a.T @ dout),
        "the shapes of a product in a rule don't fit: a transpose is missing, or the factors stand the wrong way round.",
        _WHICH_SHAPES,
        _product(lambda dout, a, b: dout @ b.T, lambda dout, a, b: a @ dout),
        _product(lambda dout, a, b: dout @ b, lambda dout, a, b: a @ dout),
        _product(lambda dout, a, b: b.T @ dout, lambda dout, a, b: dout @ a.T),
        _product(lambda dout, a, b: dout * b, lambda dout, a, b: dout * a),
    ),
    _entry(
        "matmul",
        "db-transposed",
        _product(lambda dout, a, b: dout @ b.T, lambda dout, a, b: dout.T @ a),
        "db is the transpose of what it should be.",
        "A gradient has the shape of what it belongs to: b is (D, M).",
    ),
    _entry(
        "matmul",
        "da-transposed",
        _product(lambda dout, a, b: b @ dout.T, lambda dout, a, b: a.T @ dout),
        "da is the transpose of what it should be.",
        "A gradient has the shape of what it belongs to: a is (N, D).",
    ),
    _entry(
        "matmul",
        "rules-swapped",
        _product(lambda dout, a, b: a.T @ dout, lambda dout, a, b: dout @ b.T),
        "the two rules have changed places: the first must belong to a and the second to b.",
        "rules stand in the order of the inputs.",
    ),
    _entry(
        "matmul",
        "upstream-dropped",
        _product(lambda dout, a, b: np.ones_like(dout) @ b.T, lambda dout, a, b: a.T @ np.ones_like(dout)),
        "the rules use ones where dout belongs.",
        "Gradient is local × upstream. What has the rule been given?",
    ),
    _entry(
        "matmul",
        "averaged",
        _product(lambda dout, a, b: dout @ b.T, lambda dout, a, b: a.T @ dout / len(dout)),
        "db is divided by the number of rows N; if the loss is a mean, that division is in dout already.",
        "Who computed the mean, and is that operation a matrix product?",
        _product(lambda dout, a, b: dout @ b.T / len(dout), lambda dout, a, b: a.T @ dout / len(dout)),
    ),
    _entry(
        "sum_over",
        "axis-not-put-back",
        _sum(lambda dout, a, axis, keepdims: np.broadcast_to(dout, a.shape)),
        "dout is stretched to the shape of a without the axis that the sum took away, so it lies along the wrong one.",
        "dout of a sum over axis 1 of (N, D) has shape (N,). NumPy lines up the last axes: with which one does this N meet?",
        _sum(lambda dout, a, axis, keepdims: dout * np.ones_like(a)),
    ),
    _entry(
        "sum_over",
        "axis-put-back-twice",
        _sum(_put_back_twice),
        "the axis is put back although keepdims had kept it.",
        "What is the shape of dout where keepdims is True?",
    ),
    _entry(
        "sum_over",
        "all-axes-forgotten",
        _sum(_no_axis_at_all),
        "an axis is put back although there is none to name: with axis=None all of them were added up.",
        "dout of a sum over everything is a single number. Does it have to be prepared before it is stretched?",
    ),
    _entry(
        "sum_over",
        "rule-of-a-mean",
        _sum(lambda dout, a, axis, keepdims: _spread(dout, a, axis, keepdims) / _count(a, axis)),
        "the gradient is divided by the number of entries that were added; that is the rule of a mean.",
        "Nudge one entry by a little: how far does the sum move?",
    ),
    _entry(
        "sum_over",
        "upstream-dropped",
        _sum(lambda dout, a, axis, keepdims: np.ones_like(a)),
        "every entry gets 1, whatever dout is.",
        "1 is the local gradient. By what is it multiplied?",
    ),
    _entry(
        "sum_over",
        "handed-on",
        _sum(lambda dout, a, axis, keepdims: dout),
        "dout is handed on in the shape of the sum; a needs a gradient of its own shape.",
        "Each entry of a went into one sum. Which gradient does it get?",
    ),
    _entry(
        "sum_over",
        "multiplied-by-a",
        _sum(lambda dout, a, axis, keepdims: _spread(dout, a, axis, keepdims) * a),
        "the gradient is multiplied by a; the slope of a sum by one of its entries is 1.",
        "Nudge one entry by a little: how far does the sum move, and does that depend on the entry?",
    ),
    _entry(
        "sum_over",
        "keepdims-ignored",
        _sum(
            lambda dout, a, axis, keepdims: _spread(dout, a, axis, keepdims),
            lambda a, axis, keepdims: np.sum(a, axis=axis),
        ),
        "keepdims is not handed on to the sum.",
        "What does np.sum do with keepdims=True, and is it told?",
    ),
    _entry(
        "sum_over",
        "axis-ignored",
        _sum(
            lambda dout, a, axis, keepdims: _spread(dout, a, axis, keepdims),
            lambda a, axis, keepdims: np.sum(a, keepdims=keepdims),
        ),
        "all entries are added up, whatever axis is.",
        "What does np.sum do with axis=1, and is it told?",
    ),
    _entry(
        "relu",
        "mask-inverted",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: dout * (a <= 0)),
        "the gradient passes where a was negative and stops where it was positive.",
        "Where is relu flat, and where does a nudge get through?",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: dout * (a < 0)),
    ),
    _entry(
        "relu",
        "mask-from-dout",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: dout * (dout > 0)),
        "the mask asks for the sign of dout; what counts is the sign of a in the forward pass.",
        "A negative gradient may pass. Which array decides?",
    ),
    _entry(
        "relu",
        "upstream-dropped",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: (a > 0) * 1.0),
        "the rule gives the mask alone; dout is missing.",
        "Gradient is local × upstream. Which of the two is the mask?",
    ),
    _entry(
        "relu",
        "multiplied-by-value",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: dout * np.maximum(a, 0)),
        "dout is multiplied by the output of relu instead of by its slope, which is 1 or 0.",
        "How steep is the line max(0, a) to the right of 0?",
    ),
    _entry(
        "relu",
        "ignored",
        _pair(lambda a: np.maximum(a, 0), lambda dout, a: dout),
        "the gradient passes everywhere, also where relu is flat.",
        "What does a nudge of a do to the output where a is negative?",
    ),
    _entry(
        "relu",
        "dout-overwritten",
        _relu_in_place,
        "the values are right, but dout is changed in place; another tensor may have been handed the same array.",
        "Make a new array instead of writing into the one that was handed over.",
    ),
    _entry(
        "exp",
        "power-rule",
        _pair(np.exp, lambda dout, a: dout * a * np.exp(a - 1)),
        "the rule for powers was used, a · e^(a − 1); there the base varies, here the exponent does.",
        "Which function is its own slope?",
    ),
    _entry(
        "exp",
        "upstream-dropped",
        _pair(np.exp, lambda dout, a: np.exp(a)),
        "the rule gives the local gradient alone; dout is missing.",
        "Gradient is local × upstream. What has the rule been given?",
    ),
    _entry(
        "exp",
        "of-dout",
        _pair(np.exp, lambda dout, a: np.exp(dout)),
        "the exponential of dout was taken; the slope depends on a, and dout is multiplied by it.",
        "At which point is the slope of the exponential asked for?",
        _pair(np.exp, lambda dout, a: np.exp(dout * a)),
    ),
    _entry(
        "exp",
        "multiplied-by-input",
        _pair(np.exp, lambda dout, a: dout * a),
        "dout is multiplied by a; the slope of e^a is e^a.",
        "Which function is its own slope?",
    ),
    _entry(
        "exp",
        "handed-on",
        _pair(np.exp, lambda dout, a: dout),
        "dout is handed on unchanged, as if the slope were 1.",
        "Which function is its own slope?",
    ),
    _entry(
        "exp",
        "out-overwritten",
        _exp_in_place,
        "the rule changes out in place, and out is the data of the tensor that was made.",
        "Make a new array instead of writing into the output.",
    ),
    _entry(
        "log",
        "kept-away-from-zero",
        _pair(lambda a: np.log(np.maximum(a, 1e-12)), lambda dout, a: dout / np.maximum(a, 1e-12)),
        "a is kept away from 0, by a smallest value or by a small number that is added; all entries are above 0 already, and where "
        "they are close to 0 both the logarithm and its slope come out too small.",
        "What is log of 0.000…01, and what do you compute instead? Which entries does the docstring promise?",
        _pair(lambda a: np.log(a + 1e-12), lambda dout, a: dout / (a + 1e-12)),
        _pair(lambda a: np.log(a + 1e-8), lambda dout, a: dout / (a + 1e-8)),
        _pair(np.log, lambda dout, a: dout / (a + 1e-8)),
        _pair(np.log, lambda dout, a: dout / (a + 1e-12)),
    ),
    _entry(
        "log",
        "divided-by-out",
        _pair(np.log, lambda dout, a: dout / np.log(a)),
        "dout is divided by log a; the slope of the logarithm is 1/a.",
        "Which of the two arrays, input and output, does the rule need?",
    ),
    _entry(
        "log",
        "upstream-dropped",
        _pair(np.log, lambda dout, a: 1 / a),
        "the rule gives the local gradient alone; dout is missing.",
        "Gradient is local × upstream. What has the rule been given?",
    ),
    _entry(
        "log",
        "multiplied",
        _pair(np.log, lambda dout, a: dout * a),
        "dout is multiplied by a where it should be divided.",
        "The logarithm gets flatter and flatter. Does your slope?",
    ),
    _entry(
        "log",
        "rule-of-the-inverse",
        _pair(np.log, lambda dout, a: -dout / a**2),
        "that is the rule of 1/a; the slope of log a is 1/a itself.",
        "Which function has the slope −1/a², and which has 1/a?",
    ),
    _entry(
        "log",
        "rule-of-exp",
        _pair(np.log, lambda dout, a: dout * np.log(a)),
        "dout is multiplied by the output; that is the rule of the exponential.",
        "The exponential is its own slope. Is the logarithm?",
    ),
    _entry(
        "unbroadcast",
        "missing",
        lambda grad, shape: grad,
        "grad comes back as it was, in the stretched shape.",
        "An entry that was used several times has several gradients. What happens to them?",
    ),
    _entry(
        "unbroadcast",
        "averaged",
        _averaged,
        "the gradients of an entry's copies are averaged; paths add.",
        "Each copy moves the loss by so much. By how much do all of them together?",
    ),
    _entry(
        "unbroadcast",
        "picked",
        _picked,
        "one of the copies' gradients is taken and the others are lost.",
        "Every copy of an entry reaches the loss. Which of them may be left out?",
    ),
    _entry(
        "unbroadcast",
        "keepdims-missing",
        lambda grad, shape: _front(grad, shape).sum(axis=_ones(shape)),
        "an axis of length 1 that was stretched disappears; the result must have the shape that was asked for.",
        "What does keepdims do?",
    ),
    _entry(
        "unbroadcast",
        "only-new-axes",
        _front,
        "new axes in front are added up, but not those of length 1 that were stretched.",
        "Which axes of shape have length 1?",
    ),
    _entry(
        "unbroadcast",
        "only-stretched-axes",
        lambda grad, shape: grad.sum(
            axis=tuple(grad.ndim - len(shape) + i for i in _ones(shape)), keepdims=True
        ),
        "stretched axes are added up, but the new ones that broadcasting put in front are still there.",
        "How many axes has grad, and how many has shape?",
    ),
    _entry(
        "unbroadcast",
        "new-axes-at-the-end",
        _from_the_back,
        "the last axes are added up where shape has fewer; broadcasting puts new axes in front.",
        "A (D,) beside a (N, D): which of the two axes is the new one?",
    ),
    _entry(
        "unbroadcast",
        "axes-counted-before",
        _ones_first,
        "the axes of length 1 are counted in shape but looked up in grad, which still has new axes in front of them.",
        "In a grad (K, N, D) and a shape (N, 1), which number has the stretched axis in each of them?",
    ),
    _entry(
        "unbroadcast",
        "always-axis-0",
        _as_a_bias,
        "the first axis is added up, whatever was stretched.",
        "That is right for a bias. Which axis was stretched for a column (N, 1)?",
    ),
    _entry(
        "unbroadcast",
        "all-added-up",
        _total,
        "all entries of grad are added up into every entry.",
        "Each entry of the small array had its own copies. Which of grad's entries are they?",
    ),
    _entry(
        "topological_order",
        "recursion",
        _recursive,
        "the order is right, but the function calls itself for every parent, and a deep graph is deeper than Python's calls can be.",
        "Keep a list of what is still to do, and take from its end. How can an entry say that its parents are done?",
    ),
    _entry(
        "topological_order",
        "depth-first-as-met",
        _as_met(-1, True),
        "tensors are noted when they are met, depth first, and the list is turned round; so a tensor that is met early on a "
        "short path comes after one that is made from it.",
        "x is used early and late. When is it safe to note x: when it is met, or when all that is made from it has been?",
        _preorder,
    ),
    _entry(
        "topological_order",
        "breadth-first",
        _as_met(0, True),
        "tensors are noted layer by layer from the root; a tensor that is used near the root and again deep below comes too late.",
        "Its distance from the root along one path says nothing about the other paths.",
    ),
    _entry(
        "topological_order",
        "root-first",
        lambda root: topological_order(root)[::-1],
        "the order runs from root to the leaves; asked for is every tensor after its parents, with root last.",
        "Who turns the order round: this function, or the sweep that uses it?",
    ),
    _entry(
        "topological_order",
        "once-per-path",
        _every_path,
        "a tensor is noted once for every path to it.",
        "How can you tell that you have been at a tensor before?",
    ),
    _entry(
        "topological_order",
        "marked-too-early",
        _marked_early,
        "a tensor counts as seen when it is put on the list of what is to do, so a longer path to it no longer moves it forward.",
        "When is a tensor really visited: when it is put on the stack or when it is taken off?",
    ),
    _entry(
        "topological_order",
        "one-parent",
        _one_parent(0),
        "only one of a tensor's parents is followed.",
        "How many entries has node.parents?",
        _one_parent(-1),
    ),
    _entry(
        "topological_order",
        "root-missing",
        lambda root: topological_order(root)[:-1],
        "root itself is not in the order.",
        "The sweep starts at root. When is root noted?",
    ),
    _entry(
        "topological_order",
        "leaves-missing",
        lambda root: [node for node in topological_order(root) if node.parents],
        "tensors without parents are left out; they are the ones whose gradients are wanted.",
        "What happens to a tensor whose loop over parents does nothing?",
    ),
    _entry(
        "Tensor",
        "nothing-remembered",
        _tensor(lambda kind, out, inputs, rules: kind(out)),
        "the new Tensor has no parents and no rules, so nothing can go back.",
        "Which arguments does Tensor(...) take besides data?",
    ),
    _entry(
        "Tensor",
        "rules-of-the-first-inputs",
        _tensor(_first_rules),
        "where a constant stands before a Tensor, the Tensor gets the constant's rule.",
        "Leave out inputs and rules together: which rule belongs to which input?",
    ),
    _entry(
        "Tensor",
        "rules-of-constants-kept",
        _tensor(_all_rules),
        "constants are left out of the parents, but their rules are kept.",
        "Leave out inputs and rules together: which rule belongs to which input?",
    ),
    _entry(
        "Tensor",
        "constants-as-parents",
        _tensor(_constants_too),
        "constants are made into Tensors and remembered as parents; nobody needs their gradients.",
        "Which inputs are Tensors?",
    ),
    _entry(
        "Tensor",
        "numbers-as-parents",
        _tensor(_inputs_as_they_are),
        "arrays and plain numbers are remembered as parents.",
        "A number has no .grad. Which inputs are Tensors?",
    ),
    _entry(
        "Tensor",
        "arrays-as-parents",
        _tensor(_arrays_as_parents),
        "the parents are the arrays of the inputs; the gradient must find the Tensors themselves.",
        "Where is .grad kept?",
    ),
    _entry(
        "Tensor",
        "each-parent-once",
        _tensor(_each_parent_once),
        "a Tensor that is both inputs is remembered once, with one of its two rules.",
        "In x · x, how many paths lead to x?",
    ),
    _entry(
        "Tensor",
        "tensors-handed-over",
        _tensor(_right_memory, value=lambda i, kind: i),
        "the operation is handed Tensors; it works on arrays.",
        "What is inside a Tensor?",
    ),
    _entry(
        "Tensor",
        "settings-dropped",
        _tensor(_right_memory, settings_used=False),
        "settings are not handed on to the operation.",
        "What does `**settings` collect, and who needs it?",
    ),
    _entry(
        "Tensor",
        "array-returned",
        _tensor(lambda kind, out, inputs, rules: out),
        "apply returns the array itself; asked for is a Tensor that remembers how it was made.",
        "What must the next operation find in its input?",
    ),
    _entry(
        "Tensor",
        "rules-called-at-once",
        _tensor(_rules_called),
        "the rules are called while the output is made; they must be kept as functions until dout is known.",
        "A rule without parentheses is the function, with parentheses its result.",
    ),
    _entry(
        "backward",
        "overwritten",
        _sweep(add=lambda grad, more: more),
        "a gradient that arrives overwrites the one before; where a tensor is used twice, the two must be added.",
        _PATHS,
    ),
    _entry(
        "backward",
        "as-met",
        _sweep(order_of=_as_met(-1, False)),
        "a tensor hands its gradient on before all that is made from it has done so.",
        "When is the gradient of a tensor complete? In which order must the tensors take their turn?",
        _sweep(order_of=_as_met(0, False)),
        _sweep(order_of=lambda root: _preorder(root)[::-1]),
    ),
    _entry(
        "backward",
        "not-reversed",
        _sweep(order_of=topological_order),
        "the sweep begins at the leaves, which have no gradient yet.",
        "The topological order ends with root. Where does the gradient start?",
    ),
    _entry(
        "backward",
        "path-by-path",
        _path_by_path,
        "the gradients are right, but every path is walked by itself; a ladder of 10 steps has 2,048 of them, one of 100 more "
        "than can ever be walked.",
        "Wait until a tensor's gradient is complete, and hand it on once.",
    ),
    _entry(
        "backward",
        "upstream-ignored",
        _sweep(seed=lambda root, upstream: np.ones_like(root.data)),
        "the sweep starts from ones, whatever upstream is.",
        "Where does the second argument enter?",
    ),
    _entry(
        "backward",
        "local-only",
        _sweep(hand_on=lambda node: np.ones_like(node.data)),
        "rules are called with ones in place of the gradient of the tensor they belong to.",
        "What is the upstream gradient of a rule?",
    ),
    _entry(
        "backward",
        "unbroadcast-missing",
        _sweep(fit=lambda grad, shape: grad),
        "broadcasting is not undone: a gradient comes out in the stretched shape.",
        "A gradient has the shape of what it belongs to. Which function of yours sees to that?",
    ),
    _entry(
        "backward",
        "added-in-place",
        _sweep(add=_add_in_place),
        "gradients are added in place, but the rule of a sum hands the same array to both inputs, so each changes the other's.",
        "Does `grad += more` make a new array?",
    ),
    _entry(
        "backward",
        "starts-anew",
        _sweep(start_anew=True),
        "every sweep throws away the gradients that were there; they must be added to until somebody puts them away.",
        "Two losses that use the same weights: whose gradients are in w.grad after both sweeps?",
    ),
    _entry(
        "backward",
        "swept-again",
        _sweep(refuse="", forget=lambda node: False),
        "a second sweep of the same graph goes through, and counts the gradients in between once more.",
        "What can a sweep leave behind, so that the next one notices?",
    ),
    _entry(
        "backward",
        "refused-too-late",
        _sweep(refuse="late"),
        "a second sweep is refused only after some gradients have been changed.",
        "What can be looked at before the first gradient is touched?",
    ),
    _entry(
        "backward",
        "leaves-forgotten",
        _sweep(forget=lambda node: True),
        "leaves lose their rules too, so a second graph made from the same weights is refused.",
        "Which tensors have rules worth forgetting?",
    ),
    _entry(
        "backward",
        "no-upstream-asked",
        _sweep(needs_upstream=False),
        "a root of several numbers is swept without an upstream, as if ones had been meant.",
        "Of which number would that be the gradient?",
    ),
    _entry(
        "backward",
        "one-entry-refused",
        _sweep(one_number=lambda data: data.shape == ()),
        "a root with one entry, of shape (1,) or (1, 1), is refused without an upstream, although it is a single number too.",
        "What tells how many numbers an array holds, whatever its axes?",
    ),
    _entry(
        "backward",
        "root-overwritten",
        _sweep(add_to_root=False),
        "the gradient of root is set to upstream, and what stood there is lost; upstream is added to it, as everywhere.",
        "A leaf is swept twice, each time with upstream 1. What should stand in its grad?",
    ),
    _entry(
        "backward",
        "only-leaves",
        _sweep(keep=lambda node, root: not node.parents),
        "only the leaves keep a gradient; every tensor should have one.",
        "Where do you put the gradients of what lies in between?",
    ),
    _entry(
        "backward",
        "root-without-gradient",
        _sweep(keep=lambda node, root: node is not root),
        "root itself is left without a gradient.",
        "What is the gradient of root with respect to root?",
    ),
    _entry(
        "backward",
        "rules-mixed-up",
        _sweep(rules_of=lambda node: node.rules[::-1]),
        "each parent gets the rule of the other one.",
        "parents and rules stand in the same order.",
    ),
)
