"""Training: one step, mini-batches, when to stop, and the loop that ties them together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from backprop_helpers.history import History
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import Params, mlp_backward, mlp_forward
from backprop_helpers.optimizers import Config, Optimizer

Array = NDArray[Any]
Configs = list[tuple[Config, Config]]
Loss = Callable[[Array, Array], tuple[float, Array]]


def train_step(
    params: Params,
    x: Array,
    y: Array,
    update: Optimizer,
    configs: Configs,
    loss_fn: Loss = softmax_loss,
) -> tuple[float, Params, Configs]:
    """One step of training: forward, loss, backward, then every w and b moved once.

    params: [(w, b), …]; x: (N, D); y: (N,) labels, or what loss_fn takes; update: an optimizer such as `sgd`;
    configs: [(config of w, config of b), …], one pair per layer; loss_fn(scores, y) → (loss, dscores).
    Returns the loss before the step, the new params and the new configs. Neither params nor configs is changed.
    """
    scores, caches = mlp_forward(x, params)
    loss, dscores = loss_fn(scores, y)
    grads = mlp_backward(dscores, caches)
    next_params: Params = []
    next_configs: Configs = []
    for (w, b), (dw, db), (config_w, config_b) in zip(params, grads, configs, strict=True):
        next_w, config_w = update(w, dw, config_w)
        next_b, config_b = update(b, db, config_b)
        next_params.append((next_w, next_b))
        next_configs.append((config_w, config_b))
    return loss, next_params, next_configs


def minibatches(
    x: Array, y: Array, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[Array, Array]]:
    """Every row once, in an order drawn from rng, batch_size rows at a time; the last batch may be smaller.

    x: (N, …); y: (N, …); batch_size: at least 1. Yields pairs (x rows, y rows) that belong together.
    Raises ValueError where x and y differ in length or batch_size is below 1.
    """
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}; every row needs its own target.")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; expected at least 1.")
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


class EarlyStopping:
    """Stop when the validation loss has not improved for `patience` epochs; keep the best weights.

    patience: how many epochs without improvement are borne (at least 1); min_improvement: by how much a loss
    must fall below the best so far to count. After each epoch call `step`.
    best_loss: the lowest loss that counted; best_params: a copy of the weights that reached it.
    Prechelt, "Early stopping — but when?", in Neural Networks: Tricks of the Trade (1998), 55–69.
    """

    def __init__(self, patience: int, min_improvement: float = 0.0) -> None:
        if patience < 1:
            raise ValueError(f"patience is {patience}; expected at least 1 epoch.")
        self.patience = patience
        self.min_improvement = min_improvement
        self.best_loss = math.inf
        self.best_params: Params | None = None
        self.waited = 0

    def step(self, val_loss: float, params: Params) -> bool:
        """Take in one epoch's validation loss and weights; True when it is time to stop."""
        if val_loss < self.best_loss - self.min_improvement:
            self.best_loss = val_loss
            self.best_params = [(w.copy(), b.copy()) for w, b in params]
            self.waited = 0
        else:
            self.waited += 1
        return self.waited >= self.patience


class Criterion(Protocol):
    """What `train` needs of a stopping criterion; best_params is None where it has kept no weights."""

    best_params: Params | None

    def step(self, val_loss: float, params: Params) -> bool:
        """Take in one epoch's validation loss and weights; True when it is time to stop."""


def train(
    params: Params,
    x: Array,
    y: Array,
    x_val: Array,
    y_val: Array,
    *,
    update: Optimizer,
    config: Mapping[str, Any],
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    stopping: Criterion | None = None,
    loss_fn: Loss = softmax_loss,
    progress: bool = False,
) -> tuple[Params, History]:
    """Repeat over epochs until the budget is spent or a stopping criterion says so.

    params: [(w, b), …]; x (N, D), y (N,) to train on; x_val, y_val kept aside to watch; update and config: the
    optimizer and its settings; epochs: the budget; stopping: a criterion such as `EarlyStopping`; if it
    kept the best weights, those are given back instead of the last; progress: show a bar. Returns the params and a `History` with both losses after every epoch, which shows itself as
    a picture and whose `stopped` says why training ended. A loss that is no longer a number ends training at once.
    """
    history = History()
    configs: Configs = [(dict(config), dict(config)) for _ in params]
    for _ in tqdm(range(epochs), disable=not progress, unit="epoch"):
        for x_batch, y_batch in minibatches(x, y, batch_size, rng):
            loss, params, configs = train_step(params, x_batch, y_batch, update, configs, loss_fn)
            if not math.isfinite(loss):
                history.diverged(loss, config)
                return _best(params, stopping), history
        val_loss = loss_fn(mlp_forward(x_val, params)[0], y_val)[0]
        history.add(loss_fn(mlp_forward(x, params)[0], y)[0], val_loss)
        if stopping and stopping.step(val_loss, params):
            history.stopped = f"{type(stopping).__name__} said stop"
            break
    return _best(params, stopping), history


def _best(params: Params, stopping: Criterion | None) -> Params:
    """The weights that the criterion kept; the last ones where it kept none, or where there is no criterion."""
    return (stopping.best_params if stopping else None) or params
