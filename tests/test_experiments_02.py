"""Loss and accuracy under a small nudge: the numbers behind the picture."""

from __future__ import annotations

import numpy as np
import pytest

from backprop_helpers.experiments import loss_or_accuracy
from backprop_helpers.experiments.gallery.loss_or_accuracy import NUDGE, RIVALS, curve, measures, model


@pytest.mark.parametrize("score", [-4.0, -3.0, 0.3, 3.9])
def test_the_numbers_are_those_of_the_definition(score):
    r = model(score)
    assert r.loss == pytest.approx(np.mean(np.log1p(np.exp(RIVALS - score))), rel=1e-12)
    assert r.accuracy == np.mean(score > RIVALS)
    assert r.loss_change == pytest.approx(measures(score + NUDGE)[0] - r.loss)


def test_every_nudge_lowers_the_loss_but_only_five_change_the_accuracy():
    slider = loss_or_accuracy.controls[0]
    results = [model(round(s, 1)) for s in np.arange(slider.low, slider.high + 0.05, slider.step)]
    assert len(results) == 80
    assert all(r.loss_change < 0 for r in results)
    assert sum(r.accuracy_change > 0 for r in results) == len(RIVALS)
    assert all(r.accuracy_change == 0 or np.isclose(r.accuracy_change, 0.2) for r in results)


def test_it_begins_where_the_question_says_all_wrong():
    shown = loss_or_accuracy.show()
    assert shown.data["accuracy"] == 0
    assert "0 of 5 examples are right" in shown.sentence
    assert "the accuracy by 0." in shown.sentence


def test_the_picture_stays_inside_its_axes():
    along, losses = curve()
    assert len(along) == len(losses) == 161
    assert 0 < losses.min() < losses.max() < 5
