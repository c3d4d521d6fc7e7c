"""The graphs a nudge runs through: their numbers are those of the chain rule, and the sentences say them."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from backprop_helpers.experiments import nudge, nudge_graph, two_paths
from backprop_helpers.experiments.gallery import two_paths as paths
from backprop_helpers.experiments.gallery.nudge_graph import EDGES, INPUTS, Y, forward, model

CASES = list(itertools.product(INPUTS, (-2.0, 0.1), ((0.5, 2.0, -1.5), (-2.3, -1.7, 4.0))))


@pytest.mark.parametrize(("which", "nudge", "start"), CASES)
def test_the_loss_moves_by_what_the_formula_says(which, nudge, start):
    r = model(which, nudge, *start)
    moved = dict(zip("wxb", start, strict=True))
    moved[which] += nudge
    loss = (1 / (1 + np.exp(-(moved["w"] * moved["x"] + moved["b"]))) - Y) ** 2
    assert r.values["L"] + r.change == pytest.approx(loss)


@pytest.mark.parametrize("start", [(0.5, 2.0, -1.5), (-2.3, -1.7, 4.0), (1.0, 0.0, 0.0)])
def test_gradients_are_slopes(start):
    r, h = model("w", 0.1, *start), 1e-6
    for i, name in enumerate(INPUTS):
        up, down = list(start), list(start)
        up[i] += h
        down[i] -= h
        slope = (forward(*up)["L"] - forward(*down)["L"]) / (2 * h)
        assert r.grads[name] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_every_gradient_is_upstream_times_local():
    r = model("w", 0.1, 0.5, 2.0, -1.5)
    assert r.grads["L"] == 1
    for start, end in EDGES:
        assert r.grads[start] == r.grads[end] * r.local[start, end]


def test_the_prediction_gets_a_hundred_times_better_with_a_tenth_of_the_nudge():
    off = [abs((r := model("w", d, 0.5, 2.0, -1.5)).change - r.predicted) for d in (0.1, 0.01)]
    assert 50 < off[0] / off[1] < 150


def test_a_saturated_neuron_hardly_reacts_as_the_prediction_explains():
    usual, flat = model("w", 0.1, 0.5, 2.0, -1.5), model("w", 0.1, 0.5, 2.0, -6.0)
    assert flat.values["L"] > 2 * usual.values["L"], "the error is larger"
    assert abs(flat.change) < abs(usual.change) / 10, "and yet the loss hardly moves"


def test_picture_and_sentence_carry_the_same_numbers():
    shown = nudge_graph.show(which="b", nudge=-1.0)
    assert shown.data["which"] == "b"
    change = f"{shown.data['change']:+.3g}".replace("-", "−")
    assert f"L by {change}" in shown.sentence
    assert change in shown.html


def test_no_nudge_moves_nothing():
    shown = nudge_graph.show(nudge=0.0)
    assert shown.data["change"] == 0
    assert "exactly that" in shown.sentence


@pytest.mark.parametrize("x", [-3.0, -0.5, 0.0, 2.0])
def test_the_two_paths_add_up_to_the_slope(x):
    r = paths.model(x, 0.1)
    slope = (paths.forward(x + 1e-5)["L"] - paths.forward(x - 1e-5)["L"]) / 2e-5
    assert r.through_u + r.through_v == r.gradient == pytest.approx(slope, abs=1e-6)


def test_the_numbers_of_the_prediction_and_of_the_page():
    r = paths.model(2.0, 0.1)
    assert (r.through_u, r.through_v, r.gradient) == (12, 24, 36)
    assert r.change == pytest.approx(3 * (2.1**3 - 2**3))


def test_both_paths_stand_in_picture_and_sentence():
    shown = two_paths.show(x=-2.5, nudge=-0.1)
    assert "18.75 + 37.5" in shown.html
    assert "by 18.75 on its way through u and by 37.5 through v; added, that is 56.25" in shown.sentence
    assert shown.data["gradient"] == 56.25


@pytest.mark.parametrize("nudge", [0.1, 0.15, -1.7])
@pytest.mark.parametrize("start", [(0.5, 2.0, -1.5), (2.3, 1.7, -6.0), (-1.1, 2.9, 3.0), (0.7, -0.3, 0.4)])
def test_who_multiplies_what_is_shown_gets_what_is_shown(start, nudge):
    w, x, b = start
    shown = nudge_graph.show(nudge=nudge, w=w, x=x, b=b)
    said = shown.sentence.replace("−", "-").replace("+", "")
    factors, slope, predicted = re.search(
        r"gradients, (.*) ≈ (\S+), times the nudge predicts (\S+):", said
    ).groups()
    digits = max(3, len(slope.lstrip("-0.").replace(".", "")))
    product = np.prod([float(f) for f in factors.split(" × ")])
    assert f"{product:.{digits}g}" == f"{float(slope):.{digits}g}"
    assert f"{float(slope) * nudge:.3g}" == predicted


@pytest.mark.parametrize(
    ("w", "x", "b"),
    [(0.5, 2.0, -1.5), (-3.0, -1.8, -5.5), (-3.0, -1.8, -3.0), (2.3, 1.7, -6.0), (0.7, -0.3, 0.4)],
)
def test_the_picture_writes_each_number_once_and_with_enough_digits_to_multiply(w, x, b):
    html = nudge_graph.show(w=w, x=x, b=b).html.replace("−", "-")
    grads = dict(re.findall(r">d([wxbza]) = ([-.e\d]+)<", html))
    products = {
        product: re.search(r">([-.e\d]+) × ([-.e\d]+)<", product).groups()
        for product in re.findall(r">[-.e\d]+ × [-.e\d]+<", html)
    }
    upstream = {up for up, _ in products.values()}
    assert upstream == {"1", grads["a"], grads["z"]}, "what is handed on is written as in its box"
    assert f">× {grads['a']}<" in html, "the left picture has the same ∂L/∂a"
    for v, (up, local) in zip("wx", ((grads["z"], x), (grads["z"], w)), strict=True):
        assert float(f"{float(up) * local:.3g}") == float(grads[v])
    slope = next(local for up, local in products.values() if up == grads["a"])
    assert f">× {slope}<" in html
    digits = len(grads["z"].lstrip("-0.").replace(".", ""))
    assert float(f"{float(grads['a']) * float(slope):.{digits}g}") == float(grads["z"])


def test_nothing_is_written_as_minus_0():
    assert "−0 " not in nudge_graph.show(x=0.0).sentence
    assert "≈ 0, times the nudge predicts +0" in nudge_graph.show(x=0.0).sentence


def test_the_sentence_of_the_nudge_gives_the_step_of_theory_with_two_digits():
    assert "theory says about 1.5e-08" in nudge.show(log_h=1e-10).sentence
