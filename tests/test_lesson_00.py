"""What lesson 00 says about its own picture and its own exercise is so."""

from __future__ import annotations

import numpy as np

from backprop_helpers.checks import diagnose
from backprop_helpers.experiments import first_training
from backprop_helpers.experiments.gallery.first_training import EPOCHS, run
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import init_params, mlp_backward, mlp_forward


def test_the_loss_begins_near_nine_tenths_and_falls_fast_then_slowly():
    _, _, snapshots, losses = run()
    assert len(snapshots) == len(losses) == EPOCHS + 1
    assert 0.85 < losses[0] < 0.95
    assert losses[5] < losses[0] / 2
    falls = -np.diff(losses)
    assert falls[:10].mean() > 10 * falls[-10:].mean() > 0


def test_every_epoch_is_drawn_with_its_own_numbers():
    _, _, _, losses = run()
    for epoch in (0, 1, 20, EPOCHS):
        shown = first_training.show(epoch=epoch)
        assert shown.data["epoch"] == epoch
        assert shown.data["loss"] == losses[epoch]
        assert f"{shown.data['accuracy'] * 80:.0f} of 80" in shown.sentence
    assert first_training.show(epoch=EPOCHS).data["accuracy"] == 1


def test_a_network_with_very_small_weights_waits_before_it_learns():
    """What the explanation of the third prediction says."""
    x, y, _, _ = run()
    params = init_params([2, 8, 8, 2], np.random.default_rng(0), scale=0.01)
    losses = []
    for _ in range(500):
        scores, caches = mlp_forward(x, params)
        loss, dscores = softmax_loss(scores, y)
        losses.append(loss)
        grads = mlp_backward(dscores, caches)
        params = [(w - dw, b - db) for (w, b), (dw, db) in zip(params, grads, strict=True)]
    assert abs(losses[100] - losses[0]) < 0.02, "for a long time nothing happens"
    assert losses[-1] < 0.5 * losses[0], "then it learns"


def test_the_mixed_up_answer_of_the_page_is_named():
    result = diagnose("slope", lambda x: x**2)
    assert result.misconception == "slope-square-itself"
