"""What lesson 08 says is so: its worked examples, the table of the stack, what its cells printed, and what it claims of the engine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from backprop_helpers import autodiff
from backprop_helpers.autodiff import Tensor
from backprop_helpers.checks import diagnose
from backprop_helpers.experiments.gallery.tape import as_met
from backprop_helpers.losses import softmax_loss

ROOT = Path(__file__).resolve().parents[1]
NAME = "08_autodiff"
PAGE = re.sub(r"\n# ", " ", (ROOT / "lessons" / f"{NAME}.py").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cells():
    notebook = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", as_version=4)
    return [c for c in notebook.cells if c.cell_type == "code"]


@pytest.fixture(scope="module")
def printed(cells):
    """What a cell of the solution printed, found by a piece of its code."""

    def of(code: str) -> list[str]:
        (cell,) = (c for c in cells if code in c.source)
        return "".join(o.text for o in cell.outputs if o.output_type == "stream").splitlines()

    return of


@pytest.fixture(scope="module")
def page(cells):
    """The names of the page when all exercises are solved: its definitions, and the cell that adds backward to Tensor."""
    space = {"importlib": __import__("importlib.util"), "np": np, "autodiff": autodiff}
    for cell in cells:
        source = cell.source
        if re.match(r"(def|class) ", source) and "show_graph" not in source and "perf_counter" not in source:
            tree = ast.parse(source)
            tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
            exec(compile(tree, "page", "exec"), space)
    space["Tensor"].backward = space["backward"]
    return space


# --- worked examples ----------------------------------------------------------------------------------------


def grads(op, dout, *inputs, **settings):
    _, rules = op(*(np.asarray(i, dtype=float) for i in inputs), **settings)
    return [np.asarray(rule(np.asarray(dout, dtype=float))).tolist() for rule in rules]


def test_products_by_hand():
    assert grads(autodiff.mul, 5, 3, 2) == [10, 15]
    assert grads(autodiff.mul, 2, -1, 4) == [8, -2]


def test_sums_by_hand():
    a = np.zeros((2, 3))
    assert grads(autodiff.sum_over, [5, 7], a, axis=1) == [[[5, 5, 5], [7, 7, 7]]]
    assert grads(autodiff.sum_over, [1, 2, 3], a, axis=0) == [[[1, 2, 3], [1, 2, 3]]]


def test_without_its_axis_dout_is_an_error_or_silently_wrong():
    with pytest.raises(ValueError, match="broadcast"):
        np.broadcast_to(np.array([5.0, 7.0]), (2, 3))
    assert np.broadcast_to(np.array([5.0, 7.0]), (2, 2)).tolist() == [[5, 7], [5, 7]]


def test_entrywise_by_hand():
    assert grads(autodiff.relu, 6, 2) == [6]
    assert grads(autodiff.log, 6, 2) == [3]
    assert grads(autodiff.exp, 6, np.log(5)) == pytest.approx([30])


def test_stretching_by_hand():
    grad = np.array([[1.0, 2, 3], [4, 5, 6]])
    for shape, expected in (((3,), [5, 7, 9]), ((2, 1), [[6], [15]]), ((1, 3), [[5, 7, 9]]), ((), 21)):
        assert autodiff.unbroadcast(grad, shape).tolist() == expected


def test_constants_lose_their_rules_together_with_their_place():
    rules = tuple((lambda dout, k=k: k) for k in range(3))

    def op(*_):
        return np.zeros(1), rules

    x, w = Tensor(1.0), Tensor(2.0)
    made = Tensor.apply(op, 2.5, x, w)
    assert (made.parents, made.rules) == ((x, w), rules[1:])


def test_the_table_of_the_stack():
    """The page's rows, one after the other, as the algorithm goes through h = x w, L = h x."""
    text = (ROOT / "lessons" / f"{NAME}.py").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("# |\n").split("|")]
        for line in re.findall(r"^# \| L.*$", text, re.MULTILINE)
        if re.search(r"put \w down|goes back|nothing", line)
    ]
    parents = {"L": "hx", "h": "xw", "x": "", "w": ""}
    stack, seen, order, found = ["L"], set(), [], []
    while stack:
        before, taken = " ".join(stack), stack.pop()
        if taken.endswith("✓"):
            order.append(taken[0])
        elif taken not in seen:
            seen.add(taken)
            stack += [f"{taken}✓", *parents[taken]]
        found.append([before, taken, " ".join(order)])
    assert len(rows) == 8
    for row, (before, taken, down) in zip(rows, found, strict=False):
        assert row[:2] == [before, taken]
        assert (row[3] if len(row) > 3 else "") == down
    assert found[8] == ["L✓", "L✓", "x w h L"]
    assert "x w h L" in PAGE


def test_the_sweep_by_hand():
    x, w = Tensor(2.0), Tensor(3.0)
    h = x * w
    loss = h * x
    assert [rule(1.0) for rule in loss.rules] == [2, 6]
    assert [rule(2.0) for rule in h.rules] == [6, 4]
    loss.backward()
    assert (h.grad, x.grad, w.grad) == (2, 12, 4)


def test_a_second_sweep_would_count_what_lies_between_again():
    def sweep(x_grad: float, h_grad: float, root: float) -> tuple[float, float, float]:
        root += 1
        h_grad += 2 * root
        return x_grad + h_grad * 2 * 3, h_grad, root

    first = sweep(0, 0, 0)
    assert first == (12, 2, 1)
    assert sweep(*first) == (48, 6, 2)
    assert "That is 48" in PAGE
    x = Tensor(3.0)
    h = x * x
    (h * 2.0).backward()
    assert (x.grad, h.grad) == (12, 2)


def test_the_model_answers_numbers():
    """h = 2x, k = 3h, L = h + k: as met gives 2, right is 8."""
    x = Tensor(1.0)
    h = x * 2.0
    k = h * 3.0
    loss = h + k
    assert [t.op for t in as_met(loss)][:3] == ["add", "mul", "mul"]
    assert as_met(loss)[1] is h
    sent = {id(loss): 1.0}
    for tensor in as_met(loss):
        for parent, rule in zip(tensor.parents, tensor.rules, strict=True):
            sent[id(parent)] = sent.get(id(parent), 0.0) + rule(sent[id(tensor)])
    assert sent[id(x)] == 2
    loss.backward()
    assert x.grad == 8


# --- what the cells printed ---------------------------------------------------------------------------------


def test_what_the_engine_found(printed):
    assert printed("Tensor.backward = backward") == [
        "dw = [[4.0, 4.0], [0.0, 8.0], [8.0, 16.0]]",
        "db = [4.0, 12.0]",
    ]
    x, w, b = np.array([[1.0, 0, 2], [0, 1, 1]]), np.array([[1.0, -1], [0, 2], [1, 1]]), np.array([-1.0, 1])
    z = x @ w + b
    assert (2 * x.T @ z).tolist() == [[4, 4], [0, 8], [8, 16]]
    assert (2 * z.sum(axis=0)).tolist() == [4, 12]


def test_checked_deep_and_bounded(printed):
    assert printed("def number(*arrays)")[-1].endswith("True")
    assert printed("50_000") == ["the slope of 50,001 x: 50001.0"]
    assert printed("def depth_by_recursion")[0].startswith("RecursionError")
    assert printed("x_grad += 10.0") == ["b_grad: [11. 12.]  expected [1. 2.]"]


def test_the_same_to_the_last_bit(printed):
    network, whole = printed("def compare(params, text)")
    assert network.count("True") == 2
    assert whole.endswith("to 12 digits: True")


def test_it_learns(printed):
    rows = [re.findall(r"[\d.]+", line) for line in printed("for step in range(101)")]
    losses, read = ([float(row[k]) for row in rows] for k in (1, 2))
    assert losses == sorted(losses, reverse=True)
    assert read[-1] >= 94


def test_the_counts(printed):
    table = {
        line[:36].strip(): line[36:].split() for line in printed("counter = MultiplicationCounter()")[1:]
    }
    n, d, h, c = 100, 64, 32, 10
    assert table["multiplications forward"] == [f"{n * d * h + n * h * c:,}"] * 2
    assert table["multiplications backward"] == [f"{n * d * h + 2 * n * h * c:,}"] * 2
    assert table["operations remembered"] == ["none", "5"]
    assert table["numbers kept"] == [f"{2 * n * h:,}", f"{3 * n * h + 2 * n * c:,}"]


def test_the_price_fades_as_arrays_grow(printed):
    small, large = (float(line.split()[-1]) for line in printed("def seconds(work)")[1:])
    assert small > 1.5 * large


# --- what the page claims -----------------------------------------------------------------------------------


def test_about_a_hundred_lines(page, cells):
    """The learner's engine: code without docstrings and blank lines."""
    names = (
        "add",
        "mul",
        "matmul",
        "sum_over",
        "relu",
        "exp",
        "log",
        "unbroadcast",
        "Tensor",
        "topological_order",
        "backward",
    )
    lines = 0
    for cell in cells:
        for node in ast.parse(cell.source).body if re.match(r"(def|class) ", cell.source) else []:
            if getattr(node, "name", "") in names:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(inner):
                        inner.body = inner.body[1:]
                lines += len(ast.unparse(node).splitlines())
    assert 85 <= lines <= 125


def test_the_pages_own_engine_is_right_as_a_whole(page):
    """Ten lines of network and loss, with the page's Tensor, against softmax_loss and the course's engine."""
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((7, 4)), rng.integers(0, 3, 7)
    arrays = [
        (rng.standard_normal((4, 5)), rng.standard_normal(5)),
        (rng.standard_normal((5, 3)), rng.standard_normal(3)),
    ]
    found = []
    for kind in (page["Tensor"], Tensor):
        params = [(kind(w), kind(b)) for w, b in arrays]
        scores = page["network"](x, params)
        loss = page["cross_entropy"](scores, y)
        loss.backward()
        assert float(loss.data) == pytest.approx(softmax_loss(scores.data, y)[0], rel=1e-12)
        assert np.allclose(scores.grad, softmax_loss(scores.data, y)[1], rtol=1e-10, atol=1e-15)
        found.append([t.grad for pair in params for t in pair])
    for mine, theirs in zip(*found, strict=True):
        assert np.allclose(mine, theirs, rtol=1e-12, atol=1e-15)


def test_network_and_loss_are_ten_lines(page, cells):
    (cell,) = (c for c in cells if "def cross_entropy" in c.source)
    tree = ast.parse(cell.source)
    statements = [
        n for n in ast.walk(tree) if isinstance(n, ast.stmt) and not isinstance(n, ast.Expr | ast.FunctionDef)
    ]
    assert len(statements) <= 10


def test_the_shift_of_softmax_has_no_slope(page):
    """Why the maximum may be a constant: with or without its gradient the sum over a row is 0."""
    scores = page["Tensor"](np.array([[1.0, 3, 2], [0, -1, 4]]))
    page["cross_entropy"](scores, np.array([2, 0])).backward()
    assert np.allclose(scores.grad.sum(axis=1), 0, atol=1e-15)


def test_the_cell_with_pytorch(page, cells, capsys):
    pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    space = {
        **page,
        "x": rng.standard_normal((9, 6)),
        "y": rng.integers(0, 4, 9),
        "arrays": [
            (rng.standard_normal((6, 5)), rng.standard_normal(5)),
            (rng.standard_normal((5, 4)), rng.standard_normal(4)),
        ],
    }
    (cell,) = (c for c in cells if 'find_spec("torch")' in c.source)
    exec(cell.source, space)
    assert capsys.readouterr().out == "all gradients agree to 1e-10: True\n"


def test_what_is_said_of_pytorch():
    torch = pytest.importorskip("torch")
    x = torch.tensor(3.0, requires_grad=True)
    loss = x * x * 2
    loss.backward()
    assert x.grad == 12
    with pytest.raises(RuntimeError):
        loss.backward()
    (x * x * 2).backward()
    assert x.grad == 24
    torch.optim.SGD([x]).zero_grad()
    assert x.grad is None


def test_the_engine_of_the_course_is_what_the_page_says():
    assert "in under 200 lines of code" in PAGE  # counted in test_autodiff.py


@pytest.mark.parametrize(
    ("exercise", "wrong", "says"),
    [
        (
            "relu",
            lambda a: (np.maximum(a, 0), (lambda dout: dout * (a > 0))),
            "written with a comma: (rule,)",
        ),
        ("mul", lambda a, b: (a * b, (lambda dout: dout * b,)), "expected a tuple with 2 rules"),
        ("exp", lambda a: (np.exp(a), (lambda dout: None,)), "does it end with `return`?"),
        ("topological_order", lambda root: None, "return order"),
        ("topological_order", lambda root: [root.data], "no tensor of this graph"),
    ],
)
def test_what_can_not_be_read_is_said_in_a_sentence(exercise, wrong, says):
    result = diagnose(exercise, wrong)
    assert not result
    assert says in result.message


def test_what_stops_a_first_try_is_explained():
    said = diagnose("unbroadcast", lambda grad, shape: grad.reshape(shape)).message
    assert "can't make them more or fewer" in said

    class Tensor:
        def __init__(self, data, parents=(), rules=(), op=""):
            self.data, self.grad = np.asarray(data, dtype=float), None
            self.parents, self.rules = parents, rules

        @staticmethod
        def apply(op, *inputs, **settings):
            out, rules = op(*[i.data for i in inputs], **settings)
            return Tensor(out, inputs, rules)

    assert "what stands before .data in that line is a plain number" in diagnose("Tensor", Tensor).message
