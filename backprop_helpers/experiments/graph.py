"""Computation graphs as pictures: what was made from what, with values, gradients and what each edge sends back.

`Graph` is plain data and knows nothing of how it was made; `graph_of` reads it off a tensor; `layout` finds a place for every
node, in columns from the leaves on the left to the root on the right (layers by longest path, long edges bent around what lies
between, fewer crossings by barycentres: Sugiyama, Tagawa and Toda, 1981).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.autodiff import topological_order
from backprop_helpers.experiments.svg import Figure, Panel

Array = NDArray[Any]
Place = tuple[float, float]  # column, row


@dataclass(frozen=True)
class GraphNode:
    """One value. name: as a reader calls it, or ""; op: the operation that made it, "" for a leaf; grad: None if unknown."""

    name: str
    op: str
    value: Array
    grad: Array | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)


@dataclass(frozen=True)
class GraphEdge:
    """From the node `start` to the node `end` that was made from it.

    local: the local gradient, what the rule of this edge makes of ones; sent: what came back along it, None so far.
    """

    start: int
    end: int
    local: Array | None = None
    sent: Array | None = None


@dataclass(frozen=True)
class Graph:
    """Nodes, each after those it was made from, and the edges between them."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def parents(self, node: int) -> list[int]:
        return [edge.start for edge in self.edges if edge.end == node]


@dataclass(frozen=True)
class Layout:
    """places: of each node; routes: of each edge, the points it passes, ends included."""

    places: tuple[Place, ...]
    routes: tuple[tuple[Place, ...], ...]

    @property
    def columns(self) -> int:
        return int(max(x for x, _ in self.places)) + 1

    @property
    def rows(self) -> tuple[float, float]:
        """The lowest and the highest row that something stands in."""
        rows = [y for route in (self.places, *self.routes) for _, y in route]
        return min(rows), max(rows)


def graph_of(root: Any, names: Mapping[str, Any] | None = None) -> Graph:
    """The graph of a tensor: anything with data, grad and parents, each with rules or without.

    names: tensors by what they shall be called.
    """
    order = topological_order(root)
    number = {id(t): i for i, t in enumerate(order)}
    called = {id(t): name for name, t in (names or {}).items()}
    nodes = tuple(
        GraphNode(called.get(id(t), ""), str(getattr(t, "op", "")), np.asarray(t.data), t.grad) for t in order
    )
    edges = []
    for t in order:
        rules = getattr(t, "rules", None) or [None] * len(t.parents)
        for parent, rule in zip(t.parents, rules, strict=True):
            local = np.asarray(rule(np.ones_like(t.data))) if callable(rule) else None
            edges.append(GraphEdge(number[id(parent)], number[id(t)], local))
    return Graph(nodes, tuple(edges))


# --- where things stand -----------------------------------------------------------------------------------------


def layout(graph: Graph) -> Layout:
    """A place for every node and a route for every edge; the same graph always gives the same picture."""
    return _layout(len(graph.nodes), tuple((edge.start, edge.end) for edge in graph.edges))


@functools.lru_cache(maxsize=32)  # a sweep draws one graph again and again
def _layout(nodes: int, edges: tuple[tuple[int, int], ...]) -> Layout:
    depth = _depths(nodes, edges)
    columns: list[list[Any]] = [[] for _ in range(max(depth) + 1)]
    for i, d in enumerate(depth):
        columns[d].append(i)
    chains = []
    for k, (start, end) in enumerate(edges):
        between = [(k, d) for d in range(depth[start] + 1, depth[end])]  # where a long edge passes
        for passing in between:
            columns[passing[1]].append(passing)
        chains.append([start, *between, end])
    row = _rows(columns, chains)
    column = {item: x for x, items in enumerate(columns) for item in items}
    places = tuple((float(depth[i]), row[i]) for i in range(nodes))
    routes = tuple(tuple((float(column[item]), row[item]) for item in chain) for chain in chains)
    return Layout(places, routes)


def _depths(nodes: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The column of each node: one after its parents'. Leaves move up to where they are first used."""
    parents = [[start for start, end in edges if end == i] for i in range(nodes)]
    depth: list[int] = []
    for i in range(nodes):
        depth.append(1 + max((depth[p] for p in parents[i]), default=-1))
    for i in range(nodes):
        uses = [depth[end] for start, end in edges if start == i]
        if uses and not parents[i]:
            depth[i] = min(uses) - 1
    return depth


def _rows(columns: list[list[Any]], chains: Sequence[Sequence[Any]]) -> dict[Any, float]:
    """The row of everything: columns sorted by the mean row of their neighbours, there and back a few times, then centred."""
    near: dict[Any, list[Any]] = {item: [] for items in columns for item in items}
    for chain in chains:
        for a, b in itertools.pairwise(chain):
            near[a].append(b)
            near[b].append(a)
    row: dict[Any, float] = {}

    def place(items: list[Any]) -> None:
        for i, item in enumerate(items):
            row[item] = i - (len(items) - 1) / 2

    for items in columns:
        place(items)
    for _ in range(4):
        for items in (*columns, *columns[::-1]):
            mean = {item: np.mean([row[n] for n in near[item]] or [row[item]]) for item in items}
            items.sort(key=lambda item, mean=mean: mean[item])  # type: ignore[misc]
            place(items)
    return row


# --- the picture ------------------------------------------------------------------------------------------------


class GraphPanel(Panel):
    """A panel without axes that shows a graph; boxes hold a name, a value and, below it, a gradient."""

    BOX = (76, 46)  # picture units

    def __init__(
        self, graph: Graph, title: str = "", *, now: int | None = None, step: int = 126, row: int = 74
    ) -> None:
        """now: the node whose turn it is; step, row: picture units from one column, and one row, to the next."""
        self.at = layout(graph)
        low, high = self.at.rows
        columns = self.at.columns
        super().__init__(
            (-0.5, columns - 0.5),
            (low - 0.45, high + 0.45),
            title=title,
            width=step * columns + 8,
            height=int(row * (high - low + 0.9)) + 34,
            xticks=(),
            yticks=(),
        )
        self.left = self.right = self.bottom = 4
        self.least = min(self.width, 88 * columns)
        for edge, route in zip(graph.edges, self.at.routes, strict=True):
            self._edge(edge, route)
        for i, (node, place) in enumerate(zip(graph.nodes, self.at.places, strict=True)):
            self._node(node, place, i == now)

    def body(self) -> str:
        return "".join(self._inside) + self._numbers() + "".join(self._above)

    def _edge(self, edge: GraphEdge, route: Sequence[Place]) -> None:
        colour = "muted" if edge.sent is None else "orange"
        half = self.BOX[0] / 2 / (self.width / self.at.columns)
        (x0, y0), (x1, y1) = route[0], route[-1]
        inner = list(route[1:-1])
        points = [(x0 + half, y0), *inner, (x1 - half, y1)]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        if len(points) > 2:
            self.line(xs[:-1], ys[:-1], colour, width=1.6)
        self.arrow(xs[-2], ys[-2], xs[-1], ys[-1], colour, width=1.6)
        if edge.sent is not None:
            ahead = points[1]
            share = 0.5 if len(points) == 2 else 0.45
            self.label(
                points[0][0] + share * (ahead[0] - points[0][0]),
                points[0][1] + share * (ahead[1] - points[0][1]),
                written(edge.sent),
                "orange",
                dy=-5 if ahead[1] >= points[0][1] else 13,
                size=12,
            )

    def _node(self, node: GraphNode, place: Place, now: bool) -> None:
        y = float(self.py(place[1]))
        width, height = self.BOX
        dx, dy = width / 2 / (self.width - 8) * (self.x[1] - self.x[0]), height / 2
        upper, lower = self._data_y(y - dy), self._data_y(y + dy)
        self.rectangle(place[0] - dx, lower, place[0] + dx, upper, "paper", opacity=1)
        edge = "purple" if now else "orange" if node.grad is not None else "blue"
        self.rectangle(place[0] - dx, lower, place[0] + dx, upper, edge, opacity=0.22 if now else 0.1)
        sign = _SIGNS.get(node.op, node.op)
        title = f"{node.name} ({sign})" if node.name and sign else node.name or sign
        for text, colour, shift in (
            (title, "ink", -9),
            (written(node.value), "blue", 5),
            ("" if node.grad is None else f"∂ {written(node.grad)}", "orange", 19),
        ):
            if text:
                self.label(*place, text, colour, dy=shift, size=12)

    def _data_y(self, y: float) -> float:
        """The data coordinate of a picture coordinate."""
        inside = self.height - self.top - self.bottom
        return self.y[0] + (self.height - self.bottom - y) / inside * (self.y[1] - self.y[0])


_SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "matmul": "@", "sum_over": "sum"}


def written(value: Any) -> str:
    """Three digits for a single number, the shape for more."""
    array = np.asarray(value)
    if array.size != 1:
        return f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
    return f"{float(array.reshape(-1)[0]) + 0.0:.3g}".replace("-", "−")


class GraphPicture:
    """The graph of a tensor, as the last expression of a cell."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __repr__(self) -> str:
        made = [node.op for node in self.graph.nodes if node.op]
        leaves = [node.name or "a leaf" for node in self.graph.nodes if not node.op]
        return (
            f"A graph of {len(self.graph.nodes)} tensors and {len(self.graph.edges)} edges; leaves: {', '.join(leaves)}; "
            f"operations in the order of the record: {', '.join(made)}."
        )

    def _repr_html_(self) -> str:
        return Figure(GraphPanel(self.graph)).page(repr(self))


def show_graph(root: Any, **names: Any) -> GraphPicture:
    """Draw the graph of a tensor: values in blue and, after a sweep, gradients in orange. names: tensors, x=x, w=w, …"""
    return GraphPicture(graph_of(root, names))
