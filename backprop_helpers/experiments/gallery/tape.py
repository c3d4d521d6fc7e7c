"""The record of a computation, swept backwards one operation at a time, in the right order or as the tensors are met."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backprop_helpers.autodiff import Tensor, topological_order, unbroadcast
from backprop_helpers.experiments.experiment import Choice, Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array
from backprop_helpers.experiments.graph import Graph, GraphPanel, graph_of, written
from backprop_helpers.experiments.svg import Figure

TWICE, NEURON, BATCH = "a value used three times", "one neuron", "a layer and its bias"
TOPOLOGICAL, AS_MET = "topological", "as met, layer by layer"
STEPS = 5  # operations in each of the graphs


def used_again() -> tuple[Tensor, dict[str, Tensor]]:
    """L = h · q with q = 3 (h² + h) and h = x · w: h is used three times."""
    x, w = Tensor(1.0), Tensor(2.0)
    h = x * w
    k = h**2
    s = k + h
    q = s * 3.0
    loss = h * q
    return loss, {"x": x, "w": w, "h": h, "k": k, "s": s, "q": q, "L": loss}


def neuron() -> tuple[Tensor, dict[str, Tensor]]:
    """L = (relu(x · w + b) − y)² with y = 4."""
    x, w, b = Tensor(3.0), Tensor(2.0), Tensor(-1.0)
    p = x * w
    z = p + b
    h = z.relu()
    d = h - 4.0
    loss = d**2
    return loss, {"x": x, "w": w, "b": b, "p": p, "z": z, "h": h, "d": d, "L": loss}


def layer() -> tuple[Tensor, dict[str, Tensor]]:
    """L = the sum of relu(x w + b)², with x (4, 3), w (3, 2) and b (2,)."""
    x = Tensor(np.array([[1.0, 0, 2], [0, 1, 1], [2, 1, 0], [1, 1, 1]]))
    w, b = Tensor(np.array([[1.0, -1], [0, 2], [1, 1]])), Tensor(np.array([-1.0, 1]))
    p = x @ w
    z = p + b
    h = z.relu()
    q = h**2
    loss = q.sum()
    return loss, {"x": x, "w": w, "b": b, "p": p, "z": z, "h": h, "q": q, "L": loss}


GRAPHS: dict[str, Callable[[], tuple[Tensor, dict[str, Tensor]]]] = {
    TWICE: used_again,
    NEURON: neuron,
    BATCH: layer,
}


@dataclass(frozen=True)
class Sweep:
    step: int
    expression: str
    order: str
    graph: Graph
    now: int | None  # number of the tensor that has handed its gradient on in this step
    node: str  # its name, "" before the first step
    sent: str  # what it sent to whom, in words
    early: bool  # whether more gradient arrives at it afterwards
    wrong: str  # names whose gradients are not those of a right sweep, at the end


def model(expression: str, order: str, step: int) -> Sweep:
    return _steps(expression, order)[step]


@functools.lru_cache(maxsize=6)  # as many as there are to choose
def _steps(expression: str, order: str) -> tuple[Sweep, ...]:
    """A whole sweep, before its first step and after each."""
    loss, names = GRAPHS[expression]()
    graph, nodes = graph_of(loss, names), topological_order(loss)
    turns = [n for n in (nodes[::-1] if order == TOPOLOGICAL else as_met(loss)) if n.parents]
    states = _sweep(loss, turns)
    called = {id(t): name for name, t in names.items()}
    loss.backward()
    final = states[-1][0]
    wrong = [name for name, t in names.items() if not np.allclose(final[id(t)], t.grad)]
    steps = []
    for step, (grads, sent) in enumerate(states):
        node = turns[step - 1] if step else None
        pieces = [(called[id(p)], sent[id(node), k]) for k, p in enumerate(node.parents)] if node else []
        steps.append(
            Sweep(
                step,
                expression,
                order,
                _filled(graph, nodes, grads, sent),
                nodes.index(node) if node else None,
                called[id(node)] if node else "",
                " and ".join(f"{written(more)} to {name}" for name, more in pieces),
                node is not None and not np.array_equal(grads[id(node)], final[id(node)]),
                ", ".join(wrong),
            )
        )
    return tuple(steps)


Grads = dict[int, Array]
Sent = dict[tuple[int, int], Array]


def _sweep(loss: Tensor, turns: Sequence[Tensor]) -> list[tuple[Grads, Sent]]:
    """Gradients by tensor and what was sent along each edge, before the first turn and after every turn."""
    grads: Grads = {id(loss): np.ones_like(loss.data)}
    sent: Sent = {}
    states = [(dict(grads), dict(sent))]
    for node in turns:
        for k, (parent, rule) in enumerate(zip(node.parents, node.rules, strict=True)):
            more = unbroadcast(np.asarray(rule(grads[id(node)])), parent.shape)
            grads[id(parent)] = grads.get(id(parent), 0) + more
            sent[id(node), k] = more
        states.append((dict(grads), dict(sent)))
    return states


def as_met(root: Tensor) -> list[Tensor]:
    """root and all it was made from, nearest first: not an order in which gradients can be handed on."""
    order: list[Tensor] = []
    waiting = [root]
    while waiting:
        node = waiting.pop(0)
        if node not in order:
            order.append(node)
            waiting += node.parents
    return order


def _filled(graph: Graph, nodes: Sequence[Tensor], grads: Grads, sent: Sent) -> Graph:
    filled = tuple(replace(g, grad=grads.get(id(t))) for g, t in zip(graph.nodes, nodes, strict=True))
    places = [(id(t), k) for t in nodes for k in range(len(t.parents))]
    edges = tuple(replace(e, sent=sent.get(place)) for e, place in zip(graph.edges, places, strict=True))
    return Graph(filled, edges)


def view(r: Sweep) -> Figure:
    return Figure(GraphPanel(r.graph, "Values in blue, gradients (∂) in orange", now=r.now))


def sentence(r: Sweep) -> str:
    if not r.step:
        return "Step 0. Everything is computed and remembered; the sweep begins with a gradient of 1 at L."
    said = f"Step {r.step} of {STEPS}. It is {r.node}'s turn, which sends {r.sent}."
    if r.early:
        said += f" But more gradient for {r.node} is still to come, and will not be handed on: too early."
    if r.step == STEPS:
        said += (
            f" At the end these gradients are wrong: {r.wrong}." if r.wrong else " All gradients are right."
        )
    return said


tape = Experiment(
    name="tape",
    title="The record, read backwards",
    controls=(
        Choice("expression", "graph", (TWICE, NEURON, BATCH), TWICE),
        Choice("order", "order of the sweep", (AS_MET, TOPOLOGICAL), AS_MET),
        Slider("step", "step back", 0, STEPS, 1, 0, play=True),
    ),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"step": STEPS, "order": TOPOLOGICAL},
    prediction=Prediction(
        "h is used three times: in k = h², in s = k + h, and in L = h · q. A sweep starts at L and meets h at once, as "
        "one of L's two inputs. May it hand h's gradient on to x and w right away?",
        (
            Option(
                "Yes: every tensor hands its gradient on as soon as it is met.",
                "Try it with the order “as met”: h sends what it has after step 1, and what arrives later through s and k never "
                "gets to x and w. Then choose “topological”.",
            ),
            Option(
                "No: it must wait until the gradients through s and k have arrived as well.",
                "Paths add up, so h's gradient is complete only when everything made from h has had its turn. That is what a "
                "topological order guarantees; compare the two orders.",
                right=True,
            ),
            Option(
                "It may, if it sends again for each gradient that comes later.",
                "The numbers would come out right, but then every path is walked by itself, and in a deep graph there are "
                "more paths than anybody can walk. Waiting costs nothing.",
            ),
        ),
    ),
)
