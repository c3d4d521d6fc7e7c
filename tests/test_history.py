"""What a training run leaves behind can always be shown."""

from __future__ import annotations

import math

import pytest

from backprop_helpers.history import History


@pytest.mark.parametrize(
    "losses", [[], [(1.0, 2.0)], [(1.0, math.inf)], [(math.nan, math.nan)], [(0.0, 0.0), (0.0, 0.0)]]
)
def test_any_losses_make_a_picture_or_a_sentence(losses):
    history = History()
    for train_loss, val_loss in losses:
        history.add(train_loss, val_loss)
    assert "epoch" in history._repr_html_()


@pytest.mark.parametrize("epochs", [0, 2])
def test_what_a_learner_wrote_as_reason_stays_text(epochs):
    history = History()
    for _ in range(epochs):
        history.add(1.0, 1.0)
    history.stopped = "<script>alert(1)</script>"
    assert "<script>" not in history._repr_html_()
