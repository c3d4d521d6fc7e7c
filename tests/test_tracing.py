"""`trace`: the sweep against the reference gradients, what it says of wrong and missing functions, the picture, the page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from backprop_helpers import layers, losses, network, trace
from backprop_helpers.autodiff import Tensor
from backprop_helpers.experiments.live import LiveExperiment
from backprop_helpers.tracing import picture, words
from backprop_helpers.tracing.sweep import Sweep, sweep

FUNCTIONS: dict[str, Any] = {**vars(layers), **vars(losses)}
SMALL = (
    [
        (np.array([[1.0, -1, 2], [1, 1, -1]]), np.array([-1.0, -1, -2])),
        (np.array([[1.0], [3], [-2]]), np.array([1.0])),
    ],
    np.array([[2.0, 1.0]]),
    np.array([[3.0]]),
)


def large(rows: int = 7) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    params = network.init_params([64, 32, 10], rng, 0.1)
    return params, rng.standard_normal((rows, 64)), rng.integers(0, 10, rows)


def dropped(dout: Any, cache: Any) -> Any:
    return dout


def empty(dout: Any, cache: Any) -> Any:
    raise NotImplementedError


def test_every_gradient_of_the_sweep_is_the_whole_networks():
    params, x, y = large()
    s = sweep(params, x, y, FUNCTIONS)
    scores, caches = network.mlp_forward(x, params)
    _, dscores = losses.softmax_loss(scores, y)
    known = s.reached(len(s.steps) - 1)
    np.testing.assert_allclose(known["ds"].array, dscores)
    for i, (dw, db) in enumerate(network.mlp_backward(dscores, caches), 1):
        np.testing.assert_allclose(known[f"dw{i}"].array, dw)
        np.testing.assert_allclose(known[f"db{i}"].array, db)
    assert {t.state for t in s.steps if t.back} == {"right"}
    assert all(t.own for t in s.steps if t.function)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_other_activations_are_swept_too(activation):
    params, x, y = SMALL
    s = sweep(params, x, y, FUNCTIONS, activation)
    assert [t.function for t in s.steps if t.name in ("h1", "dz1")] == [
        f"{activation}_forward",
        f"{activation}_backward",
    ]
    assert {t.state for t in s.steps if t.back} == {"right"}


def test_a_wrong_function_is_red_alone_and_named():
    s = sweep(*SMALL, {**FUNCTIONS, "relu_backward": dropped})
    states = {t.name: t.state for t in s.steps if t.back}
    assert states == {"ds": "right", "dh1": "right", "dz1": "wrong", "dx": "right"}
    (wrong,) = (t for t in s.steps if t.state == "wrong")
    assert "the slope of ReLU is left out" in wrong.diagnosis
    (dz,) = wrong.quantities
    assert dz.index == (0, 1)
    assert dz.got is not None
    assert dz.got[0, 1] == -12
    assert dz.expected is not None
    assert dz.expected[0, 1] == pytest.approx(0)


def test_what_is_empty_absent_or_stops_is_said_and_the_sweep_goes_on():
    for functions in (
        {**FUNCTIONS, "relu_backward": empty},
        {k: v for k, v in FUNCTIONS.items() if k != "relu_backward"},
    ):
        s = sweep(*SMALL, functions)
        assert {t.name: t.state for t in s.steps if t.back}["dz1"] == "missing"
        assert s.steps[-1].state == "right"
        assert "not written yet" in words.sentence(s, len(s.steps) - 2)
    s = sweep(*SMALL, {**FUNCTIONS, "relu_backward": lambda dout, cache: 1 / 0})
    step = s.steps[-2]
    assert step.state == "wrong"
    assert "ZeroDivisionError" in step.diagnosis


def test_a_wrong_forward_is_replaced_by_the_courses_and_said():
    s = sweep(*SMALL, {**FUNCTIONS, "relu_forward": lambda x: (x, x)})
    step = next(t for t in s.steps if t.name == "h1")
    assert not step.own
    assert step.quantities[0].array.min() == 0
    assert "the course’s own" in words.sentence(s, s.steps.index(step))


def test_nothing_of_the_learners_is_changed():
    params, x, y = SMALL
    before = [a.copy() for pair in params for a in pair] + [x.copy(), y.copy()]

    def greedy(dout: Any, cache: Any) -> Any:
        dout *= 0
        return dout

    sweep(params, x, y, {**FUNCTIONS, "relu_backward": greedy})
    for was, now in zip(before, [*(a for pair in params for a in pair), x, y], strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(
    ("change", "words_of_it"),
    [
        ({"x": np.zeros(2)}, "x has shape (2,); expected one row for each example"),
        ({"x": np.zeros((1, 3))}, "layer 1 has w of shape (2, 3)"),
        ({"y": np.zeros((1, 2))}, "y has shape (1, 2); expected integer labels"),
        ({"params": []}, "params is empty"),
        ({"activation": "step"}, "activation is 'step'"),
    ],
)
def test_arguments_that_do_not_fit_are_answered_in_a_sentence(change, words_of_it):
    arguments = dict(zip(("params", "x", "y"), SMALL, strict=True)) | {"functions": FUNCTIONS} | change
    with pytest.raises(ValueError, match=re.escape(words_of_it)):
        trace(**arguments)


def texts(s: Sweep, until: int) -> list[str]:
    body = picture.picture(s, until).body()
    root = ET.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>')
    return [e.text or "" for e in root.iter() if e.tag.endswith("text")]


def test_the_picture_of_a_small_network_shows_local_times_upstream_on_every_edge():
    s = sweep(*SMALL, FUNCTIONS)
    shown = texts(s, [t.name for t in s.steps].index("dh1"))
    assert {"1 × −4 = −4", "3 × −4 = −12", "−2 × −4 = 8"} <= set(shown)
    assert texts(s, 0).count("2") == 2  # x[0] and the weight of 2, nothing that has not been computed


def test_a_picture_marks_wrong_and_missing_by_more_than_colour():
    wrong = sweep(*SMALL, {**FUNCTIONS, "relu_backward": dropped})
    assert "✗ −12" in texts(wrong, len(wrong.steps) - 1)
    missing = sweep(*SMALL, {**FUNCTIONS, "relu_backward": empty})
    assert texts(missing, len(missing.steps) - 1).count("?") == 3


def test_a_large_network_is_drawn_array_by_array():
    params, x, y = large()
    s = sweep(params, x, y, FUNCTIONS)
    shown = texts(s, len(s.steps) - 1)
    assert "h₁ (7, 32)" in shown
    assert "dw₁ ✓" in shown
    assert len(picture.picture(s, 3).body()) < 60_000


@pytest.mark.parametrize("args", [SMALL, large(3)], ids=["units", "arrays"])
def test_every_edge_can_be_reached_by_key_and_explains_itself_at_every_step(args):
    t = trace(*args, {**FUNCTIONS, "relu_backward": dropped})
    e = t.experiment
    assert e.explain is not None
    last = e.show(step=len(e.controls) and int(e.controls[0].high))  # type: ignore[union-attr]
    keys = re.findall(r'data-pick="([^"]+)" role="button" tabindex="0"', last.html)
    assert len(keys) == len(set(keys)) >= 4
    for step in range(int(e.controls[0].high) + 1):  # type: ignore[union-attr]
        for key in keys:
            html = e.explain(e.model(step=step), key)
            ET.fromstring(f"<div>{html}</div>")
            assert "The edge" in html
    assert "✗ differs here most" in e.explain(
        e.model(step=int(e.controls[0].high)), next(k for k in keys if k.startswith("act"))
    )  # type: ignore[union-attr]


def test_an_edge_shows_the_arithmetic_of_lesson_04s_example():
    t = trace(*SMALL, FUNCTIONS)
    assert t.experiment.explain is not None
    html = t.experiment.explain(t.experiment.model(step=8), "affine-2-1-0")
    assert "local gradient w₂[1, 0] 3 × upstream ds[0, 0] −4 = −12" in html
    assert "dw₂[1, 0] = 0·−4 = 0" in html


def test_what_a_function_says_stays_text():
    def rude(dout: Any, cache: Any) -> Any:
        raise RuntimeError("<script>alert(1)</script>")

    t = trace(*SMALL, {**FUNCTIONS, "relu_backward": rude})
    e = t.experiment
    assert e.explain is not None
    shown = e.show(step=7).html + e.explain(e.model(step=7), "act-1-0-0") + t.static()["text/html"]
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_trace_is_an_experiment_with_a_static_picture_and_widgets():
    t = trace(*SMALL, FUNCTIONS)
    assert isinstance(t, LiveExperiment)
    assert "data:image/svg+xml" in t.static()["text/html"]
    bound = t.widget()
    bound.controls["step"].value = 6
    assert 'data-step="6"' in bound.picture.value
    bound.picture.picked = "affine-2-0-0"
    assert "The edge from h₁[0] to s[0]" in bound.behind.value
    bound.picture.picked = "nonsense"
    assert "Click an edge" in bound.behind.value


def test_a_tensor_is_drawn_as_the_graph_it_was_made_by():
    w = Tensor(np.array([2.0]))
    loss = (w * w + w).sum()
    loss.backward()
    shown = trace(loss)._repr_html_()  # type: ignore[union-attr]
    assert "<svg" in shown
    assert "5" in shown  # dw = 2 w + 1


def test_what_is_missing_is_said():
    with pytest.raises(TypeError, match=r"trace needs params, x, y and your functions"):
        trace(SMALL[0], SMALL[1])
