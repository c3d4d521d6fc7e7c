"""The record read backwards: the graph's picture is true, its layout sound, and only the topological order gives right gradients."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backprop_helpers.autodiff import Tensor
from backprop_helpers.experiments import show_graph, tape
from backprop_helpers.experiments.gallery.tape import AS_MET, GRAPHS, STEPS, TOPOLOGICAL, TWICE, model
from backprop_helpers.experiments.graph import Graph, GraphEdge, GraphNode, graph_of, layout, written
from backprop_helpers.gradcheck import numerical_gradient


def shape_of(*parents: tuple[int, ...]) -> Graph:
    """A graph of single numbers: entry i names the parents of node i."""
    nodes = tuple(GraphNode(f"v{i}", "op" if p else "", np.array(float(i))) for i, p in enumerate(parents))
    return Graph(nodes, tuple(GraphEdge(p, i) for i, ps in enumerate(parents) for p in ps))


SHAPES = {
    "chain": shape_of((), (0,), (1,), (2,)),
    "twice": shape_of((), (0, 0)),
    "long edge": shape_of((), (0,), (1,), (0, 2)),
    "wide": shape_of((), (), (), (0, 1), (1, 2), (3, 4), (0, 5)),
    "late leaf": shape_of((), (0,), (1,), (), (2, 3)),
}


# --- layout -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_everything_has_a_place_of_its_own_and_edges_run_to_the_right(name):
    graph = SHAPES[name]
    found = layout(graph)
    inner = [p for route in found.routes for p in route[1:-1]]
    assert len(set(found.places)) == len(graph.nodes)
    assert not set(inner) & set(found.places)  # no edge runs through a box that is not its own
    for edge, route in zip(graph.edges, found.routes, strict=True):
        assert (route[0], route[-1]) == (found.places[edge.start], found.places[edge.end])
        assert all(b[0] - a[0] == 1 for a, b in itertools.pairwise(route))


def test_a_leaf_stands_just_before_its_first_use():
    places = layout(SHAPES["late leaf"]).places
    assert places[3][0] == places[4][0] - 1 == 2


def test_one_node_has_a_picture_too():
    picture = show_graph(Tensor(3.0))
    assert picture.graph.nodes[0].value == 3
    assert "<svg" in picture._repr_html_()


# --- reading a graph off a tensor -----------------------------------------------------------------------------


def test_a_graph_is_read_off_a_tensor_before_and_after_its_sweep():
    x, w = Tensor(3.0), Tensor(2.0)
    out = x * w + x
    before = graph_of(out, {"x": x, "out": out})
    assert [n.name for n in before.nodes if n.name] == ["x", "out"]
    assert sorted(n.op for n in before.nodes) == ["", "", "add", "mul"]
    assert all(n.grad is None for n in before.nodes)
    product = next(i for i, n in enumerate(before.nodes) if n.op == "mul")
    local = {before.nodes[e.start].value.item(): e.local for e in before.edges if e.end == product}
    assert local == {3.0: 2.0, 2.0: 3.0}
    out.backward()
    after = graph_of(out, {"x": x})
    assert {n.grad.item() for n in after.nodes if n.name == "x"} == {3.0}
    assert all(e.local is None for e in after.edges)  # the rules are gone, the graph is not


def test_what_a_picture_says():
    x = Tensor(np.ones((2, 3)))
    loss = (x * x).sum()
    loss.backward()
    picture = show_graph(loss, x=x, loss=loss)
    assert repr(picture).startswith(
        "A graph of 3 tensors and 3 edges; leaves: x; operations in the order of the record: mul"
    )
    html = picture._repr_html_()
    assert all(text in html for text in ("loss (sum)", "(2, 3)", "∂ (2, 3)", 'role="img"', "--bp-orange"))


def test_names_are_escaped():
    x = Tensor(1.0)
    assert "<b>" not in show_graph(x, **{"<b>": x})._repr_html_()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-0.0, "0"),
        (-1234.5, "−1.23e+03"),
        (np.ones((2, 3)), "(2, 3)"),
        (np.ones(2), "(2,)"),
        (np.ones((1, 1)), "1"),
    ],
)
def test_how_values_are_written(value, text):
    assert written(value) == text


# --- the sweep ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expression", GRAPHS)
def test_the_topological_order_gives_the_slopes_of_finite_differences(expression):
    """Every gradient at the end, found by nudging the value of that node with all that is made from it."""
    result = model(expression, TOPOLOGICAL, STEPS)
    assert not result.wrong
    loss, names = GRAPHS[expression]()

    def value(*leaves):
        for (_, tensor), leaf in zip(named, leaves, strict=True):
            tensor.data = leaf
        return float(again(loss).data)

    named = [(name, t) for name, t in names.items() if not t.parents]
    slopes = numerical_gradient(value, tuple(t.data.copy() for _, t in named))
    for (name, _), slope in zip(named, slopes, strict=True):
        (node,) = (n for n in result.graph.nodes if n.name == name)
        assert np.allclose(node.grad, slope, rtol=1e-6)


def again(root: Tensor) -> Tensor:
    """The same computation with the leaves as they are now, constants read off the record."""
    if not root.parents:
        return root
    inputs = [again(p) for p in root.parents]
    if root.op == "power":
        return inputs[0] ** 2
    if root.op == "sub":
        return inputs[0] - 4.0
    if root.op == "mul" and len(inputs) == 1:
        return inputs[0] * 3.0
    method = {"mul": "__mul__", "add": "__add__", "matmul": "__matmul__", "sum_over": "sum"}.get(
        root.op, root.op
    )
    return getattr(inputs[0], method)(*inputs[1:])


def test_as_met_hands_on_too_early_where_a_value_is_used_again_and_only_there():
    assert model(TWICE, AS_MET, STEPS).wrong == "x, w"
    assert [model(TWICE, AS_MET, k).early for k in range(STEPS + 1)] == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]
    for expression in GRAPHS:
        assert not any(model(expression, TOPOLOGICAL, k).early for k in range(STEPS + 1))
        assert expression == TWICE or not model(expression, AS_MET, STEPS).wrong


def test_the_numbers_of_the_first_picture():
    nodes = {n.name: (n.value.item(), n.grad.item()) for n in model(TWICE, TOPOLOGICAL, STEPS).graph.nodes}
    assert nodes == {
        "x": (1, 96), "w": (2, 48), "h": (2, 48), "k": (4, 6), "s": (6, 6), "q": (18, 2), "L": (36, 1)
    }  # fmt: skip


@pytest.mark.parametrize("expression", GRAPHS)
@pytest.mark.parametrize("order", [AS_MET, TOPOLOGICAL])
def test_gradients_appear_step_by_step(expression, order):
    known = [
        sum(n.grad is not None for n in model(expression, order, k).graph.nodes) for k in range(STEPS + 1)
    ]
    assert known[0] == 1
    assert known[-1] == len(GRAPHS[expression]()[1])
    assert all(a <= b for a, b in itertools.pairwise(known))


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_the_sentence_says_the_step(step):
    shown = tape.show(step=step, order=AS_MET)
    assert shown.sentence.startswith(f"Step {step}")
    assert ("too early" in shown.sentence) == (step == 2)
    assert ("wrong: x, w" in shown.sentence) == (step == STEPS)
