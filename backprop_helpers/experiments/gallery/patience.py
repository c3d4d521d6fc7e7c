"""Training and validation loss, and where early stopping with a given patience stops and what it restores."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from backprop_helpers.data import two_arcs
from backprop_helpers.experiments.experiment import Experiment, Option, Prediction, Slider
from backprop_helpers.experiments.gallery._shared import Array, loss_and_grads, scores
from backprop_helpers.experiments.svg import Figure, Panel
from backprop_helpers.losses import cross_entropy
from backprop_helpers.network import init_params
from backprop_helpers.optimizers import adam

EPOCHS = 300


@dataclass(frozen=True)
class Stopped:
    patience: int
    train: Array  # (EPOCHS + 1,)
    val: Array  # (EPOCHS + 1,)
    best: int  # epoch whose weights are restored
    stop: int  # epoch at which training ends
    early: bool  # whether patience ran out before the epochs did
    best_loss: float  # validation loss of the restored weights
    last_loss: float  # validation loss where it stopped


@functools.cache
def history() -> tuple[Array, Array]:
    """Training and validation loss (EPOCHS + 1,) of a 2-32-2 tanh network on 40 noisy points, 200 kept aside; Adam."""
    x, y = two_arcs(240, noise=0.35, seed=5)
    kept = np.random.default_rng(0).permutation(240)
    x_train, y_train, x_val, y_val = x[kept[:40]], y[kept[:40]], x[kept[40:]], y[kept[40:]]
    params = init_params([2, 32, 2], np.random.default_rng(0), scale=0.5)
    configs = [({"learning_rate": 0.05}, {"learning_rate": 0.05}) for _ in params]
    train, val = [], []
    for _ in range(EPOCHS + 1):
        loss, grads = loss_and_grads(x_train, y_train, params, "tanh")
        train.append(loss)
        val.append(cross_entropy(scores(x_val, params, "tanh"), y_val))
        done = [
            (adam(w, dw, cw), adam(b, db, cb))
            for (w, b), (dw, db), (cw, cb) in zip(params, grads, configs, strict=True)
        ]
        params = [(w, b) for (w, _), (b, _) in done]
        configs = [(cw, cb) for (_, cw), (_, cb) in done]
    return np.array(train), np.array(val)


def stopping_epoch(val: Array, patience: int) -> tuple[int, int]:
    """(best, stop): stop is the first epoch that is `patience` epochs past the best one so far, or the last epoch."""
    best = 0
    for epoch, loss in enumerate(val):
        if loss < val[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(val) - 1


@functools.cache
def trade() -> tuple[Array, Array]:
    """Epochs run and validation loss restored, each (100,), for patience 1 … 100."""
    _, val = history()
    pairs = [stopping_epoch(val, patience) for patience in range(1, 101)]
    return np.array([stop for _, stop in pairs]), np.array([val[best] for best, _ in pairs])


def model(patience: int) -> Stopped:
    train, val = history()
    best, stop = stopping_epoch(val, patience)
    early = stop - best >= patience
    return Stopped(patience, train, val, best, stop, early, float(val[best]), float(val[stop]))


def view(r: Stopped) -> Figure:
    top = float(r.val.max()) * 1.4
    curves = Panel(
        (0, EPOCHS), (0, top), title="Training, and data kept aside", xlabel="epoch", ylabel="cross-entropy"
    )
    epochs = np.arange(EPOCHS + 1)
    if r.stop > r.best:
        curves.area([r.best, r.stop], [0, 0], [top, top], "purple", opacity=0.13)
    # only what a trainer has seen when it stops: the rest is what the learner predicts
    for loss, colour, dash in ((r.train, "blue", ""), (r.val, "orange", "9 3")):
        curves.line(epochs[: r.stop + 1], loss[: r.stop + 1], colour, dash=dash)
    curves.segments(r.stop, 0, r.stop, top, "purple")
    curves.points(r.best, r.best_loss, "green", shape="square", size=10)
    curves.legend(
        [
            ("validation (dashed)", "orange"),
            ("training", "blue"),
            ("waiting | stop", "purple"),
            ("■ restored", "green"),
        ]
    )
    cost = Panel(
        (0, EPOCHS),
        (0.3, 0.5),
        title="Cost and gain of each patience",
        xlabel="epochs run",
        ylabel="restored loss",
    )
    stops, losses = trade()
    cost.points(stops[: r.patience], losses[: r.patience], "muted", size=5)
    cost.points(r.stop, r.best_loss, "green", shape="square", size=11)
    cost.label(r.stop, r.best_loss, f"patience {r.patience}", "green", dx=9, dy=-9,
               anchor="start" if r.stop < 200 else "end")  # fmt: skip
    return Figure(curves, cost)


def sentence(r: Stopped) -> str:
    end = f"stops at epoch {r.stop}" if r.early else f"never runs out in {EPOCHS} epochs"
    return (
        f"Patience {r.patience} {end} and restores the weights of epoch {r.best}: validation loss {r.best_loss:.3f} "
        f"instead of {r.last_loss:.3f} where it stopped."
    )


patience = Experiment(
    name="patience",
    title="How long to wait for better",
    controls=(Slider("patience", "patience (epochs)", 1, 100, 1, 1),),
    model=model,
    view=view,
    sentence=sentence,
    snapshot={"patience": 12},
    prediction=Prediction(
        "Training goes on and on. What will the loss on the data kept aside do?",
        (
            Option(
                "Fall like the training loss.", "It does at first, while what is learnt holds for all points."
            ),
            Option(
                "Fall, then rise.",
                "From some epoch on the network learns the noise of its 40 training points. Patience decides how long to wait "
                "before believing it; restoring the best weights takes the waiting back.",
                right=True,
            ),
            Option("Stay where it is.", "The first epochs help every point, seen or not."),
        ),
    ),
)
