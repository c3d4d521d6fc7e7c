"""The judge: right work gets all points, wrong work is named as in the notebook, and test cells find what they need."""

from __future__ import annotations

import ast
import sys

import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from judge_side import LESSONS, FakeBox, cells, crossed, job, page

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercises
from backprop_helpers.checks.spec import Driven
from backprop_helpers.grading.given import PRELOAD, given_for
from backprop_helpers.grading.judge import judge_notebook
from backprop_helpers.grading.judge.names import looked_at, needed
from backprop_helpers.grading.judge.remote import RemoteFunction, Side
from backprop_helpers.grading.sandbox import CellOutcome, Limits, Sandbox, Tier
from tests.variants import right

SLOW = {"06_training_loop"}
EVERY = 9  # misconceptions that are compared; `make sweep ARGS=judge` compares them all


@pytest.fixture(scope="module")
def sandbox():
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux")
    given = given_for(LESSONS[0], page(LESSONS[0]))
    limits = Limits(seconds_cell=30.0, seconds_call=1.0)
    with Sandbox(Tier.UNSAFE, package=given.folder, preload=PRELOAD, limits=limits) as warm:
        yield warm


@pytest.fixture
def graded(sandbox):
    """Judge a lesson with some answers replaced, in a real process."""

    def graded(lesson, answers=None, **options):
        given = given_for(lesson, page(lesson))
        with sandbox.open(given.folder) as box:
            return judge_notebook(
                job(lesson, answers),
                box,
                seed="s",
                given=given,
                again=lambda: sandbox.open(given.folder),
                **options,
            )

    return graded


def judged(*written, box=None):
    """Judge a small notebook in this process."""
    return judge_notebook(cells(*written), box or FakeBox(), seed="s")


def verdict(result, grade_id):
    return next(cell for cell in result.cells if cell.grade_id == grade_id)


def points(*written):
    result = judged(*written)
    return [cell.earned for cell in result.cells if cell.kind == "test"]


# --- whole lessons


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_solution_gets_all_points(graded, lesson):
    result = graded(lesson)
    tests = [cell for cell in result.cells if cell.kind == "test"]
    assert [(c.grade_id, c.earned, c.message) for c in tests] == [(c.grade_id, c.points, "") for c in tests]
    assert result.earned == sum(c.points for c in tests) > 0
    assert {c.status for c in result.cells} <= {"ok", "not_run"}
    assert all(c.checks for c in tests)


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS)
def test_all_cells_of_a_page_run_in_the_sandbox_too(graded, lesson):
    result = graded(lesson, everything=True)
    stopped = [cell.message for cell in result.cells if cell.status not in ("ok", "not_run")]
    assert not stopped
    assert result.earned == sum(c.points for c in result.cells)


@pytest.mark.parametrize("name", list(exercises()))
def test_every_exercise_can_be_judged_from_outside(name):
    assert isinstance(exercises()[name].run, Driven)


def test_an_empty_exercise_costs_its_own_points_only(graded):
    result = graded(
        "01_forward_pass", {"relu_forward": "def relu_forward(x):\n    raise NotImplementedError()"}
    )
    lost = {c.grade_id: c.message for c in result.cells if c.earned < c.points}
    assert list(lost) == ["check-relu_forward"]
    assert "relu_forward is still empty: write its body" in lost["check-relu_forward"]


def test_code_below_a_raise_left_in_is_told_from_an_empty_exercise(graded):
    source = "def relu_forward(x):\n    raise NotImplementedError()\n    return np.maximum(x, 0), x"
    result = graded("01_forward_pass", {"relu_forward": source})
    message = next(c.message for c in result.cells if c.grade_id == "check-relu_forward")
    assert "it still stands above your code, which is never reached" in message


# --- the same diagnosis as in the notebook


def remote(name, fn):
    return RemoteFunction(Side(FakeBox({name: fn})), name)


@pytest.mark.parametrize("wrong", misconceptions.all()[::EVERY], ids=lambda m: m.name)
def test_a_wrong_solution_is_named_as_in_the_notebook(wrong):
    here = diagnose(wrong.exercise, wrong.wrong, hidden=True)
    there = diagnose(wrong.exercise, remote(wrong.exercise, wrong.wrong), hidden=True)
    assert there.misconception == here.misconception
    assert str(there) == str(here)
    visible = diagnose(wrong.exercise, remote(wrong.exercise, wrong.wrong))
    assert visible.misconception == wrong.name


@pytest.mark.parametrize("style", right()[::EVERY], ids=lambda s: f"{s[0]}-{s[1]}")
def test_a_right_solution_of_any_style_passes(style):
    name, _, fn = style
    for hidden in (False, True):
        result = diagnose(name, remote(name, fn), hidden=hidden)
        assert result.passed, f"{result}"


@pytest.mark.parametrize(
    "returned",
    [
        None,
        3,
        "text",
        (1, 2, 3),
        ({1, 2}, None),
        (lambda: 0, None),
        (ValueError("no"), None),
        ValueError,
        ([[1.0], [1.0, 2.0]], None),
        (1j * np.ones((3, 4)), None),
        (np.ma.array([1.0, 2.0]), None),
        (np.array(["a"]), None),
        (np.array([object()]), None),
        ({"out": 1}, None),
        (range(3), None),
        (10**5000, None),
        (float("nan"), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_strange_results_read_the_same(returned):
    def strange(x, w, b):
        return returned

    here = diagnose("affine_forward", strange, hidden=True)
    there = diagnose("affine_forward", remote("affine_forward", strange), hidden=True)
    assert str(there) == str(here)


def test_one_question_is_asked_for_all_cases_of_all_seeds():
    exercise = exercises()["affine_forward"]
    box = FakeBox({"affine_forward": exercise.references[0]})
    assert diagnose("affine_forward", RemoteFunction(Side(box), "affine_forward"), hidden=True)
    assert exercise.rounds > 1
    assert box.scripts == 1


def test_a_learners_own_forward_makes_the_cache_that_their_backward_reads():
    def forward(x):
        return np.maximum(x, 0), {"mine": x > 0}

    def backward(dout, cache):
        return dout * cache["mine"]

    side = Side(FakeBox({"f": forward, "relu_backward": backward}))
    mine = RemoteFunction(side, "relu_backward")
    assert diagnose("relu_backward", mine, forward=RemoteFunction(side, "f"), hidden=True)
    assert not diagnose("relu_backward", mine, hidden=True)  # the course's forward has another cache


def test_a_wrong_forward_of_the_learners_is_not_used_and_said():
    side = Side(FakeBox({"f": lambda x: (x, x), "relu_backward": exercises()["relu_backward"].references[0]}))
    result = diagnose(
        "relu_backward", RemoteFunction(side, "relu_backward"), forward=RemoteFunction(side, "f"), hidden=True
    )
    assert result.passed
    assert "your own f does not hold" in result.remarks[0]


# --- an instructor's own tests


def test_plain_asserts_work_on_functions_values_and_arrays():
    assert points(
        ("code", "import numpy as np\nrng = np.random.default_rng(0)\ntable = rng.standard_normal((3, 2))"),
        ("solution", "def double(x):\n    return 2 * x\nanswer = 42\nnames = ['a', 'b']"),
        ("test", "assert double(3) == 6"),
        ("test", "np.testing.assert_allclose(double(table), table * 2)\nassert double([1]) == [1, 1]"),
        ("test", "assert answer == 42 and names == ['a', 'b']\nassert double(answer) == 84"),
        ("test", "assert double(3) == 7"),
    ) == [2.0, 2.0, 2.0, 0.0]


def test_a_value_that_is_no_plain_one_is_a_word_for_it():
    solution = ("solution", "class Model:\n    w = 3\nmodel = Model()\nparts = [1, model]")
    assert points(solution, ("test", "assert model.w == 3"), ("test", "assert parts[0] == 1")) == [0.0, 2.0]


def test_a_number_in_the_last_line_is_partial_credit():
    solution = ("solution", "def f(x):\n    return x")
    tests = [
        "f(1.5)",
        "0",
        "f(7)",
        "-1",
        "True",
        "'words'",
        "None",
        "float('nan')",
        "import numpy as np\nnp.float64(0.5)",
    ]
    assert points(solution, *(("test", test) for test in tests)) == [
        1.5,
        0.0,
        2.0,
        0.0,
        2.0,
        2.0,
        2.0,
        0.0,
        0.5,
    ]


def test_a_test_may_look_for_an_exception():
    source = """
try:
    f(0)
except ZeroDivisionError:
    pass
else:
    raise AssertionError('f(0) was taken')
"""
    assert points(("solution", "def f(x):\n    return 1 / x"), ("test", source)) == [2.0]
    assert points(("solution", "def f(x):\n    return 1"), ("test", source)) == [0.0]


def test_what_ended_a_test_is_said_and_hidden_tests_are_never_quoted():
    test = """assert f(1) == 2, 'one more than x'
### BEGIN HIDDEN TESTS
assert f(76543) == 76544, 'the secret is 76543'
### END HIDDEN TESTS
assert f(0) == 1"""
    said = {}
    for body in ("x", "x + 1 if x < 10 else x", "x + 1 if x else 0"):
        result = judged(("solution", f"def f(x):\n    return {body}"), ("test", test))
        said[body] = result.cells[1].message
        assert "76543" not in repr(result)
    assert "assert f(1) == 2" in said["x"]
    assert "one more than x" in said["x"]
    assert "hidden test" in said["x + 1 if x < 10 else x"]
    assert "assert f(0) == 1" in said["x + 1 if x else 0"]


def test_an_exception_of_a_hidden_test_shows_no_numbers():
    test = "import numpy as np\n### BEGIN HIDDEN TESTS\nnp.testing.assert_allclose(f(76543.5), 1)\n### END HIDDEN TESTS"
    result = judged(("solution", "def f(x):\n    return x"), ("test", test))
    assert result.cells[1].earned == 0
    assert "76543" not in repr(result)


def test_names_of_locked_cells_are_the_courses():
    written = [
        (
            "code",
            "import numpy as np\nfrom backprop_helpers import check\ndef near(a, b):\n    return abs(a - b) < 1e-9",
        ),
        (
            "solution",
            "def check(*a, **k):\n    return None\ndef near(a, b):\n    return True\ndef slope(x):\n    return x\n"
            "class np:\n    pass",
        ),
        ("test", "check('slope', slope)"),
        ("test", "assert near(slope(3), 6)"),
        ("test", "assert np.pi > 3"),
    ]
    assert points(*written) == [0.0, 0.0, 2.0]


def test_imports_of_the_page_are_the_courses_in_every_form():
    assert points(
        (
            "code",
            "import os.path, math as m\nfrom cmath import *\ntry:\n    import nothing\nexcept ImportError:\n    nothing = None",
        ),
        ("solution", "def f(x):\n    return x\nphase = m = os = sqrt = None"),
        (
            "test",
            "assert m.sqrt(f(4)) == 2 and sqrt(-1) == 1j and os.path.join('a', 'b') and nothing is None",
        ),
    ) == [2.0]


def test_what_an_exercise_asks_for_is_the_learners_whoever_else_binds_it():
    given = cells(("code", "x = 1"), ("solution", "x = 5"), ("test", "assert x == 5"))
    given[1] = type(given[1])("solution", "solution-1", "x = 5", names=("x",))
    assert judge_notebook(given, FakeBox(), seed="s").earned == 2.0


def test_variables_of_the_page_are_as_the_page_leaves_them():
    assert points(
        ("code", "rows = [1]"),
        ("code", "rows.append(2)"),
        ("solution", "def total(v):\n    return sum(v)"),
        ("test", "assert total(rows) == 3"),
        ("code", "%matplotlib inline\nrows = [9]"),
        ("test", "assert total(rows) == 9"),
    ) == [2.0, 2.0]


def test_a_missing_function_is_said_with_the_nearest_name():
    result = judged(
        ("code", "from backprop_helpers import check"),
        ("solution", "def slop(x):\n    return 2 * x"),
        ("test", "check('slope', slope)"),
        ("test", "assert slope(1) == 2"),
    )
    for cell in result.cells[2:]:
        assert cell.earned == 0
        assert "There is no function slope here, but there is slop" in cell.message


def test_a_name_given_to_something_else_is_said():
    result = judged(
        ("code", "from backprop_helpers import check"),
        ("solution", "slope = 3.0"),
        ("test", "check('slope', slope)"),
    )
    assert result.cells[2].earned == 0
    assert "slope is a float, not a function" in result.cells[2].message


def test_later_cells_see_what_earlier_tests_define():
    assert points(
        ("solution", "def f(x):\n    return x"),
        ("test", "first = f(1)\nassert first == 1"),
        ("test", "assert first == 1"),
    ) == [2.0, 2.0]


def test_a_cell_is_judged_by_what_stands_above_its_test():
    written = [
        ("code", "from backprop_helpers import check"),
        ("solution", "def slope(x):\n    return 2 * x"),
        ("test", "check('slope', slope)"),
        ("solution", "def slope(x):\n    return x"),
        ("test", "check('slope', slope)"),
    ]
    assert points(*written) == [2.0, 0.0]


# --- which cells run


@pytest.mark.parametrize(
    ("page_", "wanted"),
    [
        (
            [
                (True, "import numpy as np"),
                (True, "print('hello')"),
                (False, "def f(x):\n    return np.exp(x)"),
            ],
            {0},
        ),
        ([(True, "a = 1"), (True, "a += 1"), (True, "print(1)"), (False, "b = a")], {0, 1}),
        ([(True, "def g(): return h()"), (True, "def h(): return 1"), (False, "f = g")], {0}),
        ([(True, "def h(): return 1"), (True, "def g(): return h()"), (False, "f = g")], {0, 1}),
        ([(True, "import numpy as np"), (True, "np.random.seed(0)"), (False, "def f(): pass")], {0, 1}),
        ([(True, "x = 1"), (False, "y = x"), (True, "x = 2"), (True, "print(x)")], {0, 2, 3}),
        ([(True, "x = 1"), (True, "y = 2"), (False, "exec('z = y')")], {0, 1}),
        ([(True, "x = 1"), (True, "y = 2"), (False, "def broken(:\n    return x")], set()),
        ([(True, "x = 1"), (False, "def broken(:\n    return x"), (False, "y = x")], {0}),
        ([(True, "x = 1"), (False, "def f():\n    raise NotImplementedError\n    return x")], set()),
        ([(True, "x = 1"), (False, "def f():\n    if f:\n        return 0\n    return x")], {0}),
        ([(True, "x = 1"), (False, "def f():\n    return x\n    x = 2")], set()),
        # only line by line is it found that this can't be: the first line runs
        ([(True, "x = 1"), (True, "y = 2"), (False, "y = x\ndef f(a, a): pass")], {0, 1}),
        ([(True, "x = 1"), (False, "def f(x):\n    x = 2\n    return x")], set()),
    ],
)
def test_cells_run_where_something_graded_depends_on_them(page_, wanted):
    assert needed(page_) == wanted


@pytest.mark.parametrize(
    "source",
    [
        *(
            "%time x",
            "  %time x",
            "y = %time x",
            "y =%time x",
            "!ls $x",
            "files = !ls",
            "%%time\nx",
            "x?",
            "?x",
        ),
        *(
            "x.y??",
            "if True:\n    %time x",
            ",f x",
            ";f x",
            "/f x",
            ">>> x",
            ">>> y = (\n... x)",
            "In [1]: def f():\n   ...:     return x",
        ),
        *("    y = x\n    z = x", "\n  y = x", "y = \\\n%time x", "y = \\\n  !ls"),
    ],
)
def test_whatever_ipython_makes_python_of_may_need_every_cell(source):
    assert needed([(True, "x = 1"), (True, "z = 2"), (False, source)]) == {0, 1}
    ast.parse(TransformerManager().transform_cell(source))  # it does make Python of it


# --- failures of every kind, in a real process


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise KeyError('w')", "stopped with KeyError"),
        ("while True: pass", "did not come back within"),
        ("import os; os._exit(0)", "could not be judged"),
        ("raise SystemExit", "take out exit() or quit()"),
        ("raise KeyboardInterrupt", "could not be judged"),
        ("return slope(x)", "RecursionError"),
        ("return print", "out is a builtin_function_or_method"),
        ("return type('Odd', (), {})()", "out is a Odd"),
        ("return np.zeros((40_000, 40_000, 100))", "MemoryError"),
        ("return x.wrong", "in its line `return x.wrong`"),
        ("return [float(i) for i in range(200_000)]", "too deep or too long"),
        ("return np.zeros(5_000_000, np.int8)", "out is an array of 5,000,000 numbers, far more"),
    ],
)
def test_each_failure_has_its_sentence_and_costs_nobody_else(graded, body, sentence, monkeypatch):
    exercise = exercises()["slope"]
    monkeypatch.setitem(exercises(), "slope", type(exercise)(**{**vars(exercise), "seconds": 0.5}))
    result = graded("00_start_here", {"slope": f"def slope(x):\n    {body}"})
    cell = verdict(result, "check-slope")
    assert cell.earned == 0
    assert sentence in cell.message


def test_a_call_that_ends_the_process_costs_only_its_own_exercise(graded):
    result = graded(
        "01_forward_pass", {"relu_forward": "def relu_forward(x):\n    import os\n    os._exit(1)"}
    )
    assert {c.grade_id for c in result.cells if c.earned < c.points} == {"check-relu_forward"}


def test_a_cell_that_ends_the_process_costs_only_its_own_exercise(graded):
    result = graded("01_forward_pass", {"sigmoid_forward": "import os\nos._exit(1)"})
    assert {c.grade_id for c in result.cells if c.earned < c.points} == {"check-sigmoid_forward"}
    assert verdict(result, "exercise-sigmoid_forward").status == "killed"


def test_who_ends_every_process_is_given_up_with_a_sentence(graded):
    deadly = "import os\nos._exit(1)"
    answers = dict.fromkeys(
        ("affine_forward", "relu_forward", "sigmoid_forward", "tanh_forward", "init_params"), deadly
    )
    result = graded("01_forward_pass", answers)
    assert result.earned == 0
    assert "Not reached" in verdict(result, "check-mlp_forward").message


def test_a_submission_has_its_time_once_and_not_once_for_each_process(sandbox):
    given = given_for(LESSONS[0], page(LESSONS[0]))
    opened = []

    def another():
        opened.append(sandbox.open(given.folder))
        return opened[-1]

    endless = "import itertools\ndef slope(x):\n    return sum(itertools.repeat(1))"
    with sandbox.open(given.folder) as box:
        box.left = 1.5  # of which the first call takes more than a second, and ends the process
        result = judge_notebook(
            job(LESSONS[0], {"slope": endless}), box, seed="s", given=given, again=another
        )
    assert result.earned == 0
    assert box.left <= 0
    assert not opened
    with sandbox.open(given.folder) as box:
        box.left = 50.0
        box._end("It crashed.")
        judge_notebook(job(LESSONS[0]), box, seed="s", given=given, again=another)
    assert len(opened) == 1
    assert 0 < opened[0].left <= 50


def test_an_error_in_a_solution_cell_is_said_there(graded):
    result = graded("00_start_here", {"slope": "def slope(x):\n    return 2 * x\nprint(undefined)"})
    cell = verdict(result, "exercise-slope")
    assert cell.status == "error"
    assert "NameError" in cell.message
    assert cell.outputs[-1]["output_type"] == "error"
    assert verdict(result, "check-slope").earned == 1.0


def test_what_a_learner_prints_is_capped(graded):
    result = graded("00_start_here", {"slope": "print('x' * 10_000_000)\ndef slope(x):\n    return 2 * x"})
    assert result.earned == 1.0
    assert sum(len(repr(cell.outputs)) for cell in result.cells) < 300_000


def test_values_cross_exactly():
    for value in (
        1,
        -(2**70),
        0.1,
        float("inf"),
        "ä",
        [1, (2.0, None)],
        {"w": np.arange(6, dtype=np.int8).reshape(2, 3)},
    ):
        back = crossed(value)
        assert type(back) is type(value)
        assert repr(back) == repr(value)


@pytest.mark.parametrize(
    "source",
    [
        "a" + ".b" * 5_000,
        "-" * 30_000 + "1",
        "(" * 20_000,
        "1" + "+1" * 20_000,
        "%magic\n" * 5_000,
        "def f(:",
        "a\0b",
        "\ud800 = 1",
        "x = '" + "y" * 300_000 + "'",
    ],
    ids=range(9),
)
def test_what_a_learner_wrote_is_read_without_harm(source):
    given = cells(("code", "a = 1"), ("solution", source), ("test", "assert a == 1"))
    assert judge_notebook(given, NothingRuns(), seed="s").earned == 2.0


def test_the_trees_of_long_cells_of_learners_are_not_kept():
    assert looked_at("1;" * 30_000, magics=False).tree is None
    assert looked_at("1;" * 9_000, magics=False).tree is not None
    many = [looked_at(f"a{i} = 1", magics=False) for i in range(200)]
    assert looked_at("a199 = 1", magics=False) is many[199]
    assert looked_at("a0 = 1", magics=False) is not many[0]


class NothingRuns(FakeBox):
    """A box in which every cell is as good as run."""

    def run(self, sources, *, seconds=None):
        return [CellOutcome("ok") for _ in sources]
