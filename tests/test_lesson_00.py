"""What lesson 00 says about its own picture and its own exercise is so."""

from __future__ import annotations

from backprop_helpers.checks import diagnose
from backprop_helpers.experiments import training_run
from backprop_helpers.experiments.gallery.training_run import EPOCHS


def test_the_slider_counts_epochs_over_two_hundred_points():
    assert f"of {200} points" in training_run.show(epoch=0).sentence
    start, end = training_run.show(epoch=0).data, training_run.show(epoch=EPOCHS).data
    assert end["loss"] < start["loss"] / 4
    assert end["accuracy"] > start["accuracy"]


def test_the_mixed_up_answer_of_the_page_is_named():
    result = diagnose("slope", lambda x: x**2)
    assert result.misconception == "slope-square-itself"


def test_the_slope_for_a_step_of_h_is_what_the_page_derives():
    for h in (1.0, 0.1, 0.01):
        assert abs(((3 + h) ** 2 - 3**2) / h - (2 * 3 + h)) < 1e-12
