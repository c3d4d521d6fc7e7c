"""How the checks of lesson 06 handle a shuffle, a stopping criterion, a training loop and a whole network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop_helpers import optimizers
from backprop_helpers.checks.attempt import Task, Wrong, named
from backprop_helpers.checks.copies import copied
from backprop_helpers.checks.travel import type_name


def epochs(task: Task) -> list[Any]:
    """Two epochs from one generator, and one more from a generator in the same state as the first; raw: their batches.

    task.args: (x, y, batch_size, rng).
    """
    x, y, batch_size, rng = task.args
    twin, kept_x, kept_y = copied(rng), x.copy(), y.copy()
    first = _looped(task.name, task.fn(x, y, batch_size, rng), len(kept_x))
    second = _looped(task.name, task.fn(kept_x.copy(), kept_y.copy(), batch_size, rng), len(kept_x))
    again = _looped(task.name, task.fn(kept_x.copy(), kept_y.copy(), batch_size, twin), len(kept_x))
    return [first, second, again]


def _looped(name: str, result: Any, rows: int) -> list[Any]:
    """All batches as they came, each copied before the next is asked for."""
    if not hasattr(result, "__iter__"):
        raise Wrong(
            f"{name} gives {type_name(result)}; expected something to loop over: pairs (x rows, y rows)."
        )
    return [copied(batch) for batch in itertools.islice(result, 10 * rows)]


def stopping(task: Task) -> dict[str, Any]:
    """Feed one validation loss after another; the weights go on changing in place, as in a training run.

    task.args: (patience, min_improvement, losses); raw: the answers of step, up to the first that says stop, and best_loss and
    best_params afterwards.
    """
    patience, min_improvement, losses = task.args
    stopper = task.fn(patience, min_improvement) if min_improvement else task.fn(patience)
    w, b = np.zeros((2, 3)), np.zeros(3)
    answers = []
    for loss in losses:
        w += 1.0
        b -= 1.0
        answers.append(stopper.step(loss, [(w, b)]))
        if answers[-1] is None or answers[-1]:
            break
    found = {"answers": answers}
    return found | {k: getattr(stopper, k) for k in ("best_loss", "best_params") if hasattr(stopper, k)}


class _Watched:
    """An optimizer that keeps every gradient of the first layer's weights it was given.

    breaks_at: the call after which the weights are nan; overflow: instead of them, the bias of the last layer from the first call
    on, so large that the scores are finite and the loss is inf.
    """

    def __init__(
        self, shape: tuple[int, ...], moves: bool, breaks_at: int = -1, overflow: Any = None
    ) -> None:
        self.shape, self.moves, self.breaks_at, self.overflow = shape, moves, breaks_at, overflow
        self.gradients: list[Any] = []
        self.calls = 0

    def __call__(self, w: Any, dw: Any, config: Any = None) -> tuple[Any, dict[str, Any]]:
        self.calls += 1
        if np.shape(dw) == self.shape:
            self.gradients.append(np.array(dw))
        if self.overflow is not None:
            return (self.overflow.copy() if np.shape(w) == self.overflow.shape else w), dict(config or {})
        if self.calls == self.breaks_at:
            return w * math.nan, dict(config or {})
        return optimizers.sgd(w, dw, config) if self.moves else (w, dict(config or {}))


def momentum_in_place(w: Any, dw: Any, config: Any) -> tuple[Any, dict[str, Any]]:
    """Momentum that writes its velocity into the config it is given: two arrays that share one are found."""
    next_w, new = optimizers.sgd_momentum(w, dw, config)
    config.update(new)
    return next_w, config


class CriterionWithoutPatience:
    """A criterion that keeps the weights of one epoch and says stop after another, whatever the loss; 0 for never.

    Of a criterion nothing is certain but `step` and `best_params`; who asks for its patience reads this name.
    """

    def __init__(self, keeps: int, stops: int) -> None:
        self.keeps, self.stops, self.epoch = keeps, stops, 0
        self.best_params: Any = None

    def step(self, val_loss: float, params: Any) -> bool:
        self.epoch += 1
        if self.epoch == self.keeps:
            self.best_params = copied(params)
        return self.epoch == self.stops


def training_run(task: Task) -> dict[str, Any]:
    """One training run; raw: params, both losses and the reason out of the history, and the gradients a watched optimizer saw.

    task.args: (params, x, y, x_val, y_val); task.extra: kind, seed, rate, epochs, batch_size, and what makes the case.
    """
    extra = task.extra
    first = task.args[0][0][0].shape
    overflow = None
    if extra.get(
        "overflows"
    ):  # every row has the label y[0], whose score is as far as can be below the others
        classes = len(task.args[0][-1][1])
        overflow = np.where(np.arange(classes) == task.args[2][0], -1.7e308, 1.7e308)
    update: Any = extra.get("update") or _Watched(
        first, extra["kind"] != "batches", extra.get("breaks_at", -1), overflow
    )
    with np.errstate(all="ignore"):
        result = task.fn(
            *task.args,
            update=update,
            config={"learning_rate": extra["rate"]},
            epochs=extra["epochs"],
            batch_size=extra["batch_size"],
            rng=np.random.default_rng(extra["seed"]),
            stopping=_criterion(extra),
        )
    if (  # with two layers, the length alone would pass for (params, history)
        isinstance(result, list | tuple)
        and result
        and all(isinstance(part, list | tuple) and len(part) == 2 for part in result)
    ):
        raise Wrong(
            f"{task.name} returned pairs, as params alone are; expected two things, (params, history). Does it end with "
            "`return params, history`?"
        )
    found = named(task.name, task.returns, result)
    history = found["history"]
    raw = {"params": found["params"], "gradients": getattr(update, "gradients", []), "stopped": None}
    for name in ("train_loss", "val_loss"):
        raw[name] = history.get(name) if isinstance(history, Mapping) else getattr(history, name, None)
    if type(history).__name__ == "History":
        raw["stopped"] = history.stopped
    return raw


def _criterion(extra: Mapping[str, Any]) -> Any:
    if "patience" in extra:
        from backprop_helpers import training  # a learner is given it when their own has been judged

        return training.EarlyStopping(extra["patience"])
    return CriterionWithoutPatience(extra["keeps"], extra.get("stops", 0)) if "keeps" in extra else None
