"""The sandbox in every tier that works here: cells run, calls are made, values come back exactly as they were."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers.grading.sandbox import (
    Box,
    Handle,
    Limits,
    Ref,
    Request,
    Sandbox,
    SandboxUnavailable,
    Tier,
)
from tests.open_folder import open_folder


@pytest.fixture(scope="session")
def package():
    with open_folder() as folder:  # the plain tier as root reads it as somebody else
        (folder / "stripped.py").write_text("ANSWER = 42\n", encoding="utf-8")
        yield folder


@pytest.fixture(scope="session", params=list(Tier), ids=str)
def sandbox(request, package):
    limits = Limits(seconds_cell=10, seconds_call=2, seconds_total=60)
    try:
        with Sandbox(request.param, package=package, limits=limits) as made:
            yield made
    except SandboxUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture
def box(sandbox):
    with sandbox.open() as opened:
        yield opened


def _value(box: Box, expression: str):
    outcome = box.script(f"result = {expression}")
    assert outcome.status == "ok", outcome
    return outcome.value


def test_cells_run_in_order_and_a_failing_one_does_not_stop_the_next(box):
    first, second, third = box.run(["x = 1", "print(x)\nx / 0", "x + 1"])
    assert first.status == "ok"
    assert (second.status, second.ename, second.evalue) == ("error", "ZeroDivisionError", "division by zero")
    assert second.outputs == [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    assert "x / 0" in second.traceback
    assert third.outputs[0]["data"] == {"text/plain": "2"}


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(2**62), 10**50, 2.5, float("inf"), "ä€", "x" * 1000, 1 + 2j,
        [1, (2.0, "a"), {"k": [None]}], list(range(100)), tuple(np.float32(i) for i in range(20)),
        {"w": np.arange(6.0).reshape(2, 3), "b": np.zeros((0, 4), np.int16)}, np.float32(0.1), np.bool_(True),
    ],
    ids=lambda v: str(v)[:20],
)  # fmt: skip
def test_plain_values_come_back_with_their_exact_type(box, value):
    box.run(["def same(v):\n    return v"])
    back = box.call("same", [value]).value
    assert type(back) is type(value)
    assert repr(back) == repr(value)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", "complex128"])
def test_arrays_come_back_bit_for_bit(box, dtype):
    given = np.arange(24).reshape(2, 3, 4).astype(dtype)
    box.run(["def turned(a):\n    return a.transpose(2, 0, 1)"])
    back = box.call("turned", [given]).value
    assert back.dtype == given.dtype
    assert np.array_equal(back, given.transpose(2, 0, 1))
    back[0] = 0  # a copy of one's own


def test_what_is_not_plain_stays_and_can_be_passed_back(box):
    box.run(
        [
            "class Cache:\n    def __init__(s, x): s.x = x\ndef f(x): return x + 1, Cache(x)\ndef g(c): return c.x * 2"
        ]
    )
    _, cache = box.call("f", [np.ones(3)]).value
    assert isinstance(cache, Handle)
    assert np.array_equal(box.call("g", [cache]).value, [2, 2, 2])


def test_a_batch_may_use_its_own_earlier_results(box):
    box.run(["import numpy as np\ndef f(x, w): return x @ w, [x, {'w': w}]\ndef g(d, w): return d @ w.T"])
    x, w = np.ones((2, 3)), np.arange(12.0).reshape(3, 4)
    made = box.call_many(
        [Request("f", (x, w)), Request("g", (Ref(0, (0,)), Ref(0, (1, 1, "w")))), Request("g", (Ref(7), w))]
    )
    assert np.array_equal(made[1].value, x @ w @ w.T)
    assert (made[2].status, made[2].ename) == ("error", "LookupError")


def test_a_call_tells_of_changed_arguments_prints_warnings_and_the_line_that_raised(box):
    box.run(
        [
            "import numpy as np\ndef f(x, y):\n    y += 1\n    print('abc')\n    np.log(np.zeros(1))\n    return [][0]"
        ]
    )
    outcome = box.call("f", [np.ones(2), np.ones(2)])
    assert (outcome.status, outcome.ename, outcome.line) == ("error", "IndexError", "return [][0]")
    box.run(["def f(x, y):\n    y += 1\n    print('abc')\n    np.log(np.zeros(1))"])
    outcome = box.call("f", [np.ones(2), np.ones(2)])
    assert (outcome.status, outcome.changed, outcome.printed) == ("ok", (1,), 4)
    assert "divide by zero" in outcome.warned


def test_methods_of_a_kept_object_can_be_called(box):
    box.run(
        ["class Counter:\n    n = 0\n    def add(self, k=1):\n        self.n += k\n        return self.n"]
    )
    counter = box.call("Counter").value
    steps = [Request(counter, attribute="add", kwargs={"k": k}) for k in (1, 10)]
    assert [o.value for o in box.call_many(steps)] == [1, 11]


def test_a_script_sees_its_inputs_and_the_notebook(box):
    box.run(["def f(x): return x * 3"])
    assert np.array_equal(box.script("result = learner['f'](x)", {"x": np.ones(2)}).value, [3, 3])


def test_a_loop_without_end_is_stopped_and_the_rest_still_runs(box):
    first, second = box.run(["while True:\n    pass", "1 + 1"], seconds=0.3)
    assert first.status == "timeout"
    assert "never ends" in first.evalue
    assert "_ring" not in first.traceback
    assert second.status == "ok"
    box.run(["def f():\n    while True:\n        pass"])
    assert [box.call("f", seconds=0.2).status, box.call("abs", [-1]).ename] == ["timeout", "NameError"]


def test_two_boxes_know_nothing_of_each_other(sandbox):
    with sandbox.open() as one, sandbox.open() as other:
        one.run(["secret = 1", "import numpy as np\nnp.pi = 3"])
        assert other.run(["secret"])[0].ename == "NameError"
        assert _value(other, "np.pi") == np.pi


def test_a_box_starts_from_its_seed(sandbox):
    def drawn(seed):
        with sandbox.open(seed=seed) as box:
            return box.script("import random\nresult = [random.random(), np.random.rand()]").value

    assert drawn(1) == drawn(1) != drawn(2)


def test_the_package_given_is_there_and_the_course_is_not(box):
    assert box.run(["import stripped\nstripped.ANSWER"])[0].outputs[0]["data"]["text/plain"] == "42"
    assert box.run(["import backprop_helpers"])[0].ename == "ModuleNotFoundError"
    assert not [m for m in _value(box, "list(__import__('sys').modules)") if m.startswith("backprop_helpers")]


def test_no_tier_is_chosen_that_isolates_nothing(package):
    try:
        chosen = Sandbox(package=package)
    except SandboxUnavailable:
        return  # refused, which is right where nothing isolates
    with chosen:
        assert chosen.tier is not Tier.UNSAFE
