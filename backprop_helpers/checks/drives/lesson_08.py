"""How the checks of lesson 08 handle operations with their rules, and the parts of an engine that follows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Changing, Task, Wrong, named, never_an_exception
from backprop_helpers.checks.travel import a_type


class Node:
    """A tensor without operations: all that an order and a sweep need to know."""

    def __init__(self, data: Any, parents: Sequence[Node] = (), rules: Sequence[Any] = ()) -> None:
        self.data = np.asarray(data, dtype=float)
        self.grad: Any = None
        self.parents, self.rules = tuple(parents), tuple(rules)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape


class Counted:
    """The rule of an edge with the local gradient `local`: upstream times local. It counts its calls."""

    def __init__(self, local: Any) -> None:
        self.local, self.calls = local, 0

    def __call__(self, dout: Any) -> Any:
        self.calls += 1
        if not isinstance(dout, np.ndarray | np.generic | float | int):
            raise Wrong(
                f"backward handed a rule {a(dout)}; expected the gradient of the tensor that the rule belongs to."
            )
        return dout * self.local if self.local is not None else dout


# --- operations -----------------------------------------------------------------------------------------------


def operation(task: Task) -> Any:
    """Call an operation, then each of its rules; raw: {"out": …, "grads": […]}, one gradient for each rule.

    task.args: its inputs and, last, the upstream gradient; task.extra["rules"]: how many rules there must be;
    task.extra["left out"]: how many of the last inputs have their usual value and are not handed over.
    """
    *inputs, dout = task.args
    given = len(inputs) - task.extra.get("left out", 0)
    returned = named(task.name, task.returns, task.fn(*inputs[:given]))
    out, rules = returned["out"], _rules(task.name, returned["rules"], task.extra["rules"])
    before = np.array(out)
    grads = []
    for k, rule in enumerate(rules):
        grad = rule(dout)
        never_an_exception(task.name, grad)
        if grad is None:
            raise Wrong(
                f"rule {k + 1} of {task.name} returned None. A rule is a function that returns the gradient of its input; "
                "does it end with `return`?"
            )
        grads.append(np.array(grad))
    raw = {"out": before, "grads": grads}
    return raw if np.array_equal(np.asarray(out), before, equal_nan=True) else Changing(raw, ("out",))


def _rules(name: str, rules: Any, wanted: int) -> Sequence[Callable[[Any], Any]]:
    never_an_exception(name, rules)
    count = f"{wanted} rules, one for each input," if wanted > 1 else "1 rule"
    if callable(rules) and wanted == 1:
        raise Wrong(
            f"{name} returned its rule by itself; expected a tuple with {count} in it. A tuple of one thing is written with "
            "a comma: (rule,)."
        )
    if not isinstance(rules, tuple | list) or len(rules) != wanted:
        what = f"{len(rules)} of them" if isinstance(rules, tuple | list) else a(rules)
        raise Wrong(f"{name} returned {what} as its rules; expected a tuple with {count} in it.")
    for k, rule in enumerate(rules):
        if not callable(rule):
            raise Wrong(
                f"rule {k + 1} of {name} is {a(rule)}; expected a function of dout, as `lambda dout: ...`."
            )
    return rules


def a(value: Any) -> str:
    """A word for what came instead of what was expected."""
    return "None" if value is None else a_type(value)


# --- topological_order ----------------------------------------------------------------------------------------


def ordered(task: Task) -> list[int]:
    """Build a graph and ask for its order; raw: the numbers of the tensors, −1 for anything else.

    task.args: (graph,), where entry i holds the numbers of the parents of tensor i, and the last one is the root.
    """
    (graph,) = task.args
    nodes: list[Node] = []
    for parents in graph:
        nodes.append(Node(len(nodes), [nodes[p] for p in parents], [Counted(None) for _ in parents]))
    returned = named(task.name, task.returns, task.fn(nodes[-1]))["order"]
    if not hasattr(returned, "__iter__"):
        raise Wrong(f"{task.name} returned {a(returned)}; expected a list of tensors.")
    number = {id(node): i for i, node in enumerate(nodes)}
    return [number.get(id(node), -1) for node in returned][:50_000]


# --- Tensor.apply ---------------------------------------------------------------------------------------------


def recorded(task: Task) -> dict[str, Any]:
    """Hand an operation of the check's own to apply, and read what was remembered.

    task.args: (values, roles, dout), where a role is "tensor", "constant", or the position of the tensor that stands here
    again; task.extra["scale"]: a setting for the operation, 1 for none.
    raw: {"data", "grad", "parents": their positions among the inputs, "grads": what the rules make of dout}
    """
    values, roles, dout = task.args
    scale, kind = task.extra["scale"], task.fn
    inputs: list[Any] = []
    for value, role in zip(values, roles, strict=True):
        inputs.append(kind(value) if role == "tensor" else value if role == "constant" else inputs[role])
    settings = {"scale": scale} if scale != 1 else {}

    def combine(*arrays: Any, scale: float = 1.0) -> Any:
        for k, array in enumerate(arrays):
            if isinstance(array, kind):  # type: ignore[arg-type]
                raise Wrong(
                    f"Tensor.apply handed its operation a Tensor as input {k + 1}; operations work on arrays, so hand over the "
                    "data of a Tensor."
                )
        weights = [k + 2.0 for k in range(len(arrays))]
        out = scale * sum(w * np.asarray(array) for w, array in zip(weights, arrays, strict=True))
        return out, tuple((lambda dout, w=w: scale * w * dout) for w in weights)

    out = kind.apply(combine, *inputs, **settings)  # type: ignore[attr-defined]
    never_an_exception("Tensor.apply", out)
    if not isinstance(out, kind):  # type: ignore[arg-type]
        raise Wrong(
            f"Tensor.apply returned {a(out)}; expected a Tensor that holds the output and how it was made."
        )
    parents, rules = _listed(out, "parents"), _listed(out, "rules")
    places = [next((k for k, i in enumerate(inputs) if i is p), -1) for p in parents]
    if len(parents) != len(rules):
        raise Wrong(
            f"Tensor.apply made a Tensor with {len(parents)} parents and {len(rules)} rules; expected one rule for each parent."
        )
    if -1 in places:
        raise Wrong(
            f"a parent of the new Tensor is {a(parents[places.index(-1)])} that was no input; expected the Tensors among the "
            "inputs, themselves and not copies."
        )
    return {
        "data": np.array(out.data),
        "grad": out.grad,
        "parents": places,
        "grads": [np.array(rule(dout)) for rule in rules],
    }


def _listed(out: Any, name: str) -> list[Any]:
    value = getattr(out, name, None)
    if not isinstance(value, tuple | list):
        raise Wrong(f"Tensor.apply made a Tensor whose {name} are {a(value)}; expected a tuple.")
    return list(value)


# --- backward -------------------------------------------------------------------------------------------------


def swept(task: Task) -> dict[str, Any]:
    """Sweep one root after another, and read every gradient.

    task.args: (graph, upstream), where entry i of graph is (data, parents, local gradients) of tensor i;
    task.extra["roots"]: the numbers of the roots, each swept with the upstream of the same position, None for none;
    task.extra["may stop"]: for each of them whether an exception ends that sweep only.
    raw: {"grads": after all sweeps, "calls": of each rule in the first, "stopped": the names of what each sweep raised}
    """
    graph, upstreams = task.args
    nodes: list[Node] = []
    counted: list[Counted] = []
    for data, parents, locals_ in graph:
        rules = [Counted(local) for local in locals_]
        nodes.append(Node(data, [nodes[p] for p in parents], rules))
        counted += rules
    stopped: list[list[str]] = []
    calls: list[int] = []
    for root, upstream, may_stop in zip(task.extra["roots"], upstreams, task.extra["may stop"], strict=True):
        given = () if upstream is None else (upstream,)
        stopped.append(_sweep(task, nodes[root], given, may_stop))
        calls = calls or [rule.calls for rule in counted]
    return {"grads": [node.grad for node in nodes], "calls": calls, "stopped": stopped}


def _sweep(task: Task, root: Node, given: tuple[Any, ...], may_stop: bool) -> list[str]:
    """The names of the exception that a sweep raised, where one may be meant; any other is a mistake like all others."""
    try:
        never_an_exception(task.name, task.fn(root, *given))
    except (NotImplementedError, Wrong):
        raise
    except Exception as refusal:
        if not may_stop:
            raise
        return [kind.__name__ for kind in type(refusal).__mro__]
    return []
