"""What the exercises of lesson 08 must satisfy: operations with their rules, and the parts of an engine that follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backprop_helpers import autodiff
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_08 as drive
from backprop_helpers.checks.spec import Case, Driven, Exercise, Quantity, Wrong, yes_or_no

LESSON = "08_autodiff"


# --- operations: the output, and one rule per input -----------------------------------------------------------


def _operation(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    values = [raw["out"], *raw["grads"]]
    return {q.name: value for q, value in zip(exercise.quantities, values, strict=True)}


OPERATION = Driven(drive.operation, _operation, extra=("rules", "left out"))


def _quantities(*inputs: str) -> tuple[Quantity, ...]:
    """The output, and the gradient of each input."""
    grads = (Quantity(f"d{i}", "(shape of out)", f"what the rule for {i} makes of dout") for i in inputs)
    return Quantity("out", "(shape of out)", "the output"), *grads


def _shaped(quantities: Sequence[Quantity], **shapes: str) -> tuple[Quantity, ...]:
    return tuple(replace(q, shape=shapes[q.name]) for q in quantities)


_TWO = {"rules": 2}


def _mul_cases(rng: np.random.Generator) -> list[Case]:
    n, d, k = draw(rng, "NDK")
    a, b = rng.standard_normal((2, n, d))
    a[0, 0] = b[1, 1] = 0.0  # where a slope is found by dividing the product by one of its factors
    dout = rng.standard_normal((n, d))
    row, deep = rng.standard_normal(d), rng.standard_normal((3, n, d, k))
    return [
        Case((a, b, dout), label="two arrays of one shape", sizes={"N": n, "D": d}, upstream=2, extra=_TWO),
        Case(tuple(deep), label="arrays with three axes", upstream=2, extra=_TWO),
        Case((a, 2.5, dout), label="b is a plain number", upstream=2, extra=_TWO),
        Case((a, row, dout), label="b (D,) is stretched over the rows of a", upstream=2, extra=_TWO),
    ]


def _mul_of_own_shape(a: Any, b: Any) -> Any:
    """Rules that undo the stretching at once: as right as those that leave it to the sweep."""
    out, (rule_a, rule_b) = autodiff.mul(a, b)
    return out, (
        lambda dout: autodiff.unbroadcast(rule_a(dout), np.shape(a)),
        lambda dout: autodiff.unbroadcast(rule_b(dout), np.shape(b)),
    )


def _matmul_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for letters, label in (("NDM", "sizes that all differ"), ("1DM", "one row"), ("ND1", "one column")):
        n, d, m = draw(rng, letters)
        a, b, dout = (rng.standard_normal(s) for s in ((n, d), (d, m), (n, m)))
        sizes = {k: v for k, v in zip("NDM", (n, d, m), strict=True) if v > 1}
        cases.append(Case((a, b, dout), label=label, sizes=sizes, upstream=2, extra=_TWO))
    return cases


def _sum_cases(rng: np.random.Generator) -> list[Case]:
    n, d, k = draw(rng, "NDK")
    table, block, square = (rng.standard_normal(s) for s in ((n, d), (n, d, k), (n, n)))

    def case(a: Any, axis: int | None, keepdims: bool, label: str) -> Case:
        dout = np.asarray(rng.standard_normal(np.sum(a, axis=axis, keepdims=keepdims).shape))
        left_out = 0 if keepdims else 2 if axis is None else 1
        return Case(
            (a, axis, keepdims, dout), label=label, upstream=3, extra={"rules": 1, "left out": left_out}
        )

    return [
        case(table, None, False, "all entries of a table"),
        case(table, 0, False, "axis 0 of a table"),
        case(table, 1, False, "axis 1 of a table"),
        case(square, 1, False, "axis 1 of a square table"),
        case(block, 1, False, "axis 1 of three"),
        case(block, -1, False, "axis −1 of three"),
        case(block, 1, True, "axis 1 of three, kept with length 1"),
        case(table, None, True, "all entries, both axes kept with length 1"),
        case(block[0, 0], None, False, "all entries of a row"),
    ]


def _entrywise_cases(
    make: Callable[[Any], Any], tiny: bool = False
) -> Callable[[np.random.Generator], list[Case]]:
    """Inputs with one to three axes, made from normal ones; tiny: and some that are all close to 0."""

    def cases(rng: np.random.Generator) -> list[Case]:
        n, d, k = draw(rng, "NDK")
        found = []
        for shape, label in (
            ((n, d), "a with two axes"),
            ((k,), "a with one axis"),
            ((n, d, k), "a with three axes"),
        ):
            a, dout = rng.standard_normal((2, *shape))
            found.append(Case((make(a), dout), label=label, upstream=1, extra={"rules": 1}))
        if tiny:
            a, dout = 10 ** rng.uniform(-20, -12, (n, d)), rng.standard_normal((n, d))
            found.append(Case((a, dout), label="a close to 0", upstream=1, extra={"rules": 1}))
        return found

    return cases


def _with_zeros(a: Any) -> Any:
    a.flat[::4] = 0.0
    return 3 * a


def _relu_other_side(a: Any) -> Any:
    return np.maximum(a, 0), (lambda dout: np.where(a >= 0, dout, 0),)


# --- unbroadcast ----------------------------------------------------------------------------------------------


def _unbroadcast_cases(rng: np.random.Generator) -> list[Case]:
    n, d, k = draw(rng, "NDK")
    pairs = (
        ((n, d), (n, d), "nothing was stretched"),
        ((n, d), (d,), "(D,) was stretched over the rows"),
        ((n, d), (n, 1), "(N, 1) was stretched over the columns"),
        ((n, d), (1, d), "(1, D) was stretched over the rows"),
        ((n, d), (), "a single number was stretched"),
        ((n, d), (1,), "(1,) was stretched both ways"),
        ((k, n, d), (n, 1), "(N, 1) was stretched, and got a new axis in front"),
        ((k, n, d), (d,), "(D,) got two new axes in front"),
        ((n, n), (n,), "(N,) over a square"),
        ((n, n), (n, 1), "(N, 1) over a square"),
        ((1, d), (d,), "a new axis of length 1"),
        ((k, 1, d), (1, d), "an axis of length 1 that was not stretched"),
        ((k, n, d), (k, 1, 1), "(K, 1, 1) was stretched twice"),
        ((k, 0, d), (0, d), "no rows at all"),
    )
    return [Case((rng.standard_normal(wide), shape), label=label) for wide, shape, label in pairs]


# --- topological_order ----------------------------------------------------------------------------------------


def _ordered(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """Count what is wrong with an order."""
    (graph,) = case.args
    if -1 in raw:
        raise Wrong(
            f"{exercise.name} returned a list with something in it that is no tensor of this graph; expected root and the "
            "tensors it was made from, themselves and not copies."
        )
    place = {node: i for i, node in reversed(list(enumerate(raw)))}
    early = [n for n in place if any(place.get(p, -1) > place[n] for p in graph[n])]
    return {
        "tensors left out": len(graph) - len(place),
        "entries too many": len(raw) - len(place),
        "tensors before one of their parents": len(early),
        # one number more, by which two wrong orders can be told apart
        "the order": sum(n * (i % 97 + 1) for i, n in enumerate(raw)) if early else 0,
    }


def _order_cases(rng: np.random.Generator) -> list[Case]:
    """Graphs as lists: entry i holds the numbers of the parents of tensor i; the last one is the root."""
    ladder: list[list[int]] = [[]]
    for _ in range(9):
        top = len(ladder) - 1
        ladder += [[top], [top], [top + 1, top + 2]]
    wild: list[list[int]] = [[], []]
    for i in range(2, 14):
        wild.append([int(p) for p in rng.choice(i, size=2, replace=False)] + [i - 1])
    deep = int(rng.integers(5_000, 6_000))
    return [
        Case(([[]],), label="a single tensor"),
        Case(([[], [0], [1], [2]],), label="a chain of 4"),
        Case(([[], [], [0, 1], [1, 0], [2, 3]],), label="two tensors used twice"),
        Case(([[], [0], [1, 0], [0, 2]],), label="x used early and late, as in x · (exp(x) + x)"),
        Case(([[], [0], [0, 1], [2, 0]],), label="the same with the factors the other way round"),
        Case(([[], [0, 0], [1, 1]],), label="x · x: one tensor is both parents"),
        Case((ladder,), label="a ladder with 512 paths from its root to its end"),
        Case((wild,), label="14 tensors at random"),
        Case(([[], *([i] for i in range(deep))],), label=f"a chain of {deep + 1:,}"),
    ]


# --- Tensor: what apply writes down ---------------------------------------------------------------------------


def _recorded(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    return {
        "out.data": raw["data"],
        "parents": raw["parents"],
        "what the rules make of dout": raw["grads"],
        "out.grad is None at first": float(raw["grad"] is None),
    }


class Remembering:
    """What the exercise asks of a Tensor, and nothing else: one that holds an array and remembers how it was made."""

    def __init__(self, data: Any, parents: Any = (), rules: Any = ()) -> None:
        self.data = data
        self.grad = None
        self.parents, self.rules = parents, rules

    @staticmethod
    def apply(op: Callable[..., autodiff.Made], *inputs: Any, **settings: Any) -> Remembering:
        values = [i.data if isinstance(i, Remembering) else i for i in inputs]
        out, rules = op(*values, **settings)
        kept = [k for k, i in enumerate(inputs) if isinstance(i, Remembering)]
        return Remembering(out, tuple(inputs[k] for k in kept), tuple(rules[k] for k in kept))


def _record_cases(rng: np.random.Generator) -> list[Case]:
    n, d = draw(rng, "ND")

    def case(label: str, *roles: Any, scale: float = 1.0, number: bool = False) -> Case:
        values = list(rng.standard_normal((len(roles), n, d)))
        if number:
            values[roles.index("constant")] = 1.75
        dout = rng.standard_normal((n, d))
        return Case((values, list(roles), dout), label=label, extra={"scale": scale})

    return [
        case("two tensors", "tensor", "tensor"),
        case("one tensor", "tensor"),
        case("a tensor and a plain number", "tensor", "constant", number=True),
        case("an array first, then a tensor", "constant", "tensor"),
        case("one tensor as both inputs", "tensor", 0),
        case("constants between tensors", "tensor", "constant", "tensor", "constant", "tensor"),
        case("a setting, handed over by name", "tensor", "tensor", scale=float(rng.uniform(2, 3))),
    ]


# --- backward -------------------------------------------------------------------------------------------------


_REFUSED = {"ValueError": "asks for an upstream", "RuntimeError": "refuses a second sweep"}


def _swept(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """Every gradient by its name; which of the rest is filled in depends on what the case is for."""
    values: dict[str, Any] = dict.fromkeys((q.name for q in exercise.quantities), 0.0)
    values |= dict.fromkeys((q.name for q in exercise.quantities if q.shown), 1.0)
    for name, number in case.extra["names"].items():
        values[f"{name}.grad"] = raw["grads"][number]
    values["rules called more than once"] = sum(calls > 1 for calls in raw["calls"])
    for stopped, refusal in zip(raw["stopped"], case.extra["refusals"], strict=True):
        if stopped and refusal not in stopped:
            raise Wrong(
                f"{exercise.name} stops with {stopped[0]} where it is given {_WHY[refusal]}; asked for is {refusal}, so that whoever "
                "calls it can tell the two refusals apart."
            )
        if refusal and not stopped:
            values[_REFUSED[refusal]] = 0.0
    return values


_WHY = {
    "ValueError": "a root of several numbers without an upstream",
    "RuntimeError": "a graph of which a part was swept before",
}

# A graph: name → letters of the shape, then its parents; "=x" is a parent whose rule hands on dout itself, as a sum's does.
_Graph = Mapping[str, str]
_LADDER: dict[str, str] = {"x": "D", "h": "D x x"}
for _i in range(10):
    _below = f"rung{_i - 1}" if _i else "h"
    _LADDER |= {f"left{_i}": f"D {_below}", f"right{_i}": f"D {_below}", f"rung{_i}": f"D left{_i} right{_i}"}

# label, graph, the roots that are swept one after another, and for each of them what must refuse it ("" for nothing)
_SWEEPS: tuple[tuple[str, _Graph, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "h = x · w, then the sum of h, a single number",
        {"x": "ND", "w": "ND", "h": "ND x w", "root": " h"},
        ("root",),
        ("",),
    ),
    (
        "x used early and late, as in x · (exp(x) + x)",
        {"x": "ND", "h": "ND x", "s": "ND h x", "root": "ND x s"},
        ("root",),
        ("",),
    ),
    (
        "the same, parents in the other order",
        {"x": "ND", "h": "ND x", "s": "ND x h", "root": "ND s x"},
        ("root",),
        ("",),
    ),
    (
        "h used early and late",
        {"x": "ND", "h": "ND x", "m": "ND h", "k": "ND m", "root": "ND h k"},
        ("root",),
        ("",),
    ),
    (
        "h used late and early",
        {"x": "ND", "h": "ND x", "m": "ND h", "k": "ND m", "root": "ND k h"},
        ("root",),
        ("",),
    ),
    (
        "h = x · x, then h · h: one tensor is both parents",
        {"x": "D", "h": "D x x", "root": "D h h"},
        ("root",),
        ("",),
    ),
    (
        "(x + w) + (x + b)",
        {"x": "ND", "w": "ND", "b": "ND", "h": "ND =x =w", "k": "ND =x =b", "root": "ND =h =k"},
        ("root",),
        ("",),
    ),
    (
        "x (N, D), w (N, 1), b (D,) and a number c, all stretched",
        {"x": "ND", "w": "N1", "b": "D", "c": "", "h": "ND x w", "root": "ND h =b c"},
        ("root",),
        ("",),
    ),
    (
        "two graphs made from the same x and w",
        {"x": "ND", "w": "ND", "h": "ND =x =w", "root": "ND x w"},
        ("h", "root"),
        ("", ""),
    ),
    (
        "a graph that is swept twice, then one that shares a part with it",
        {"x": "ND", "h": "ND x", "root": "ND h x", "other": "ND x h"},
        ("root", "root", "other"),
        ("", "RuntimeError", "RuntimeError"),
    ),
    ("a root with one entry, of shape (1, 1)", {"x": "ND", "sum": "11 x"}, ("sum",), ("",)),
    ("a leaf, swept twice", {"x": "ND"}, ("x", "x"), ("", "")),
    ("a ladder with 2,048 paths", _LADDER, ("rung9",), ("",)),
    ("a root of several numbers, without an upstream", {"p": "ND", "q": "ND p"}, ("q",), ("ValueError",)),
)


def _sweep_cases(rng: np.random.Generator) -> list[Case]:
    n, d = draw(rng, "ND")
    length = {"N": n, "D": d, "1": 1}
    cases = []
    for label, graph, roots, refusals in _SWEEPS:
        number = {name: i for i, name in enumerate(graph)}
        shapes = {name: tuple(length[k] for k in text.split(" ")[0]) for name, text in graph.items()}
        entries = []
        for name, text in graph.items():
            parents = text.split(" ")[1:]
            wide = {p: np.broadcast_shapes(shapes[name], shapes[p.lstrip("=")]) for p in parents}
            rules = [None if p[0] == "=" else rng.uniform(0.5, 1.5, wide[p]) for p in parents]
            entries.append(
                (rng.standard_normal(shapes[name]), [number[p.lstrip("=")] for p in parents], rules)
            )
        missing = "ValueError" in refusals or shapes[roots[0]] in ((), (1, 1))
        douts = [None if missing else rng.standard_normal(shapes[r]) for r in roots]
        extra = {
            "roots": [number[r] for r in roots],
            "names": {name: i for name, i in number.items() if name in ("root", "h", "c", "b", "w", "x")},
            "may stop": [bool(r) for r in refusals],
            "refusals": list(refusals),
        }
        cases.append(Case((entries, douts), label=label, extra=extra))
    return cases


EXERCISES = (
    Exercise(
        name="mul",
        lesson=LESSON,
        signature="mul(a, b) -> (out, rules)",
        returns=("out", "rules"),
        inputs=("a", "b", "dout"),
        quantities=_quantities("a", "b"),
        cases=_mul_cases,
        reference=(autodiff.mul, _mul_of_own_shape),
        run=OPERATION,
    ),
    Exercise(
        name="matmul",
        lesson=LESSON,
        signature="matmul(a, b) -> (out, rules)",
        returns=("out", "rules"),
        inputs=("a", "b", "dout"),
        quantities=_shaped(_quantities("a", "b"), out="(N, M)", da="(N, D)", db="(D, M)"),
        cases=_matmul_cases,
        reference=autodiff.matmul,
        run=OPERATION,
    ),
    Exercise(
        name="sum_over",
        lesson=LESSON,
        signature="sum_over(a, axis=None, keepdims=False) -> (out, rules)",
        returns=("out", "rules"),
        inputs=("a", "axis", "keepdims", "dout"),
        quantities=_shaped(_quantities("a"), out="(shape of out)", da="(shape of a)"),
        cases=_sum_cases,
        reference=autodiff.sum_over,
        run=OPERATION,
    ),
    *(
        Exercise(
            name=op.__name__,
            lesson=LESSON,
            signature=f"{op.__name__}(a) -> (out, rules)",
            returns=("out", "rules"),
            inputs=("a", "dout"),
            quantities=_quantities("a"),
            cases=_entrywise_cases(make, tiny=op is autodiff.log),
            reference=(op, *others),
            run=OPERATION,
        )
        for op, make, others in (
            (autodiff.relu, _with_zeros, (_relu_other_side,)),
            (autodiff.exp, lambda a: a, ()),
            (autodiff.log, lambda a: np.exp(a), ()),
        )
    ),
    Exercise(
        name="unbroadcast",
        lesson=LESSON,
        signature="unbroadcast(grad, shape) -> result",
        returns=("result",),
        quantities=(Quantity("result", "(shape)", "the sum over everything that was one entry before"),),
        cases=_unbroadcast_cases,
        reference=autodiff.unbroadcast,
    ),
    Exercise(
        name="topological_order",
        lesson=LESSON,
        signature="topological_order(root) -> order",
        returns=("order",),
        inputs=("graph",),
        quantities=(
            Quantity(
                "tensors left out",
                "()",
                "how many tensors are missing in the order",
                fault="some of the tensors that root was made from are not in the order.",
            ),
            Quantity(
                "entries too many",
                "()",
                "how many entries repeat a tensor",
                fault="a tensor stands in the order more than once.",
            ),
            Quantity(
                "tensors before one of their parents",
                "()",
                "how many tensors stand before a parent",
                fault="a tensor stands before one of its parents.",
            ),
            Quantity("the order", "()", "what tells two wrong orders apart", fault="the order is wrong."),
        ),
        cases=_order_cases,
        reference=autodiff.topological_order,
        run=Driven(drive.ordered, _ordered),
    ),
    Exercise(
        name="Tensor",
        lesson=LESSON,
        signature="Tensor.apply(op, *inputs, **settings) -> Tensor",
        returns=("out",),
        inputs=("inputs", "roles", "dout"),
        quantities=(
            Quantity("out.data", "(shape of out)", "the output of op"),
            Quantity("parents", "(K,)", "which inputs became parents, by position"),
            Quantity("what the rules make of dout", "(K, …)", "one gradient for each parent"),
            Quantity(
                "out.grad is None at first", "()", "whether a new Tensor has no gradient", shown=yes_or_no
            ),
        ),
        cases=_record_cases,
        reference=Remembering,
        run=Driven(drive.recorded, _recorded, extra=("scale",)),
    ),
    Exercise(
        name="backward",
        lesson=LESSON,
        signature="backward(root, upstream=None)",
        returns=(),
        inputs=("graph", "upstream"),
        quantities=(
            Quantity("root.grad", "(shape of root)", "the gradient of root itself"),
            Quantity("h.grad", "(shape of h)", "the gradient of a tensor between root and the leaves"),
            Quantity("c.grad", "(shape of c)", "the gradient with respect to a single number"),
            Quantity("b.grad", "(shape of b)", "the gradient with respect to b"),
            Quantity("w.grad", "(shape of w)", "the gradient with respect to w"),
            Quantity("x.grad", "(shape of x)", "the gradient with respect to x"),
            Quantity(
                "rules called more than once",
                "()",
                "how many rules were called more than once",
                fault="the gradients are right, but rules are called again and again: once for each path instead of once.",
            ),
            Quantity(
                "asks for an upstream",
                "()",
                "whether a root of several numbers without an upstream raises ValueError",
                shown=yes_or_no,
                fault="a root of several numbers was swept without an upstream; raise ValueError instead.",
            ),
            Quantity(
                "refuses a second sweep",
                "()",
                "whether a graph that was swept before raises RuntimeError",
                shown=yes_or_no,
                fault="a graph that was swept before is swept again; raise RuntimeError instead.",
            ),
        ),
        cases=_sweep_cases,
        reference=autodiff.backward,
        run=Driven(drive.swept, _swept, extra=("roots", "may stop")),
    ),
)
