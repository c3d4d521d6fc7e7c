"""The live training: what its prediction claims, one run whatever the order of looks, and what a diverged run says."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers.experiments.gallery import live_training as page
from backprop_helpers.experiments.gallery.live_training import EPOCHS, POINTS, Training, live_training
from backprop_helpers.losses import cross_entropy
from backprop_helpers.network import mlp_forward

START = {"data": "two rings", "activation": "tanh", "rate": 10**-0.5, "noise": 0.1}


@pytest.mark.parametrize(("units", "least", "most"), [(1, 40, 80), (2, 15, 35), (3, 0, 2)])
def test_three_units_close_a_boundary_and_two_do_not(units: int, least: int, most: int) -> None:
    wrong = [live_training.model(epoch=EPOCHS, units=units, seed=seed, **START).wrong for seed in range(4)]
    assert least <= min(wrong)
    assert max(wrong) <= most


def test_a_run_does_not_depend_on_where_one_looked_first() -> None:
    straight = Training("two arcs", 0.2, 3, 5, "ReLU", 0.1)
    straight.until(40)
    hopping = Training("two arcs", 0.2, 3, 5, "ReLU", 0.1)
    for epoch in (7, 3, 40):
        hopping.until(epoch)
    for (w, b), (v, c) in zip(straight.params[40], hopping.params[40], strict=True):
        np.testing.assert_array_equal(w, v)
        np.testing.assert_array_equal(b, c)
    assert len(hopping.params) == 41


def test_its_losses_are_those_of_the_references() -> None:
    run = Training("two spirals", 0.0, 1, 6, "ReLU", 0.3)
    run.until(20)
    for epoch in (0, 20):
        there = cross_entropy(mlp_forward(run.x, run.params[epoch])[0], run.y)
        kept = cross_entropy(mlp_forward(run.x_val, run.params[epoch])[0], run.y_val)
        assert run.losses[epoch] == (pytest.approx(there), pytest.approx(kept))
    assert run.losses[20][0] < run.losses[0][0]


@pytest.mark.parametrize("data", page.DATA)
def test_every_data_set_has_both_classes_and_points_of_its_own_kept_aside(data: str) -> None:
    run = Training(data, 0.0, 0, 2, "tanh", 0.1)
    assert len(run.x) == len(run.x_val) == POINTS
    for y in (run.y, run.y_val):
        assert 0.35 < y.mean() < 0.65
    assert not {tuple(p) for p in run.x} & {tuple(p) for p in run.x_val}
    assert np.abs(run.x).max() < 2.4


def test_a_run_that_diverges_says_what_to_do_and_still_draws_its_points() -> None:
    shown = live_training.show(epoch=EPOCHS, rate=10.0, units=16, activation="none")
    assert "Lower the learning rate" in shown.sentence
    assert "<image" not in shown.html
    assert shown.html.count("<path") > 4
