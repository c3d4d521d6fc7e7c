"""Right solutions of lesson 06, written differently."""

from __future__ import annotations

import copy
import math

import numpy as np

from backprop_helpers import training
from backprop_helpers.history import History
from backprop_helpers.losses import softmax_loss
from backprop_helpers.network import mlp_forward

# --- minibatches: any fair shuffle from rng is right ----------------------------------------------------------


def _shuffled_rows(x, y, batch_size, rng):
    rows = np.arange(len(x))
    rng.shuffle(rows)
    return [(x[rows[i : i + batch_size]], y[rows[i : i + batch_size]]) for i in range(0, len(x), batch_size)]


def _argsort(x, y, batch_size, rng):
    order = np.argsort(rng.random(x.shape[0]))
    xs, ys = x[order], y[order]
    for i in range(math.ceil(len(x) / batch_size)):
        yield xs[i * batch_size : (i + 1) * batch_size], ys[i * batch_size : (i + 1) * batch_size]


def _array_split(x, y, batch_size, rng):
    order = rng.permutation(len(x))
    for rows in np.split(order, range(batch_size, len(x), batch_size)):
        yield x[rows], y[rows]


def _while(x, y, batch_size, rng):
    left = list(rng.permutation(len(x)))
    while left:
        rows, left = left[:batch_size], left[batch_size:]
        yield np.array([x[r] for r in rows]), np.array([y[r] for r in rows])


def _choice(x, y, batch_size, rng):
    order = rng.choice(len(x), size=len(x), replace=False)
    for i in range(0, len(order), batch_size):
        yield [x.take(order[i : i + batch_size], axis=0), y.take(order[i : i + batch_size], axis=0)]


def _short_first(x, y, batch_size, rng):
    """The same batches as zipped lists."""
    order = rng.permutation(len(x))
    cuts = [order[i : i + batch_size] for i in range(0, len(x), batch_size)]
    return zip([x[c] for c in cuts], [y[c] for c in cuts], strict=True)


# --- EarlyStopping -------------------------------------------------------------------------------------------


class _DeepCopy:
    def __init__(self, patience, min_improvement=0.0):
        self.patience = patience
        self.min_improvement = min_improvement
        self.best_loss = float("inf")
        self.best_params = None
        self.bad_epochs = 0

    def step(self, val_loss, params):
        if self.best_loss - val_loss > self.min_improvement:
            self.best_loss, self.best_params, self.bad_epochs = val_loss, copy.deepcopy(params), 0
            return False
        self.bad_epochs += 1
        return self.bad_epochs == self.patience


class _History:
    """Keeps all losses and counts how long the best one is ago."""

    def __init__(self, patience, min_improvement=0):
        self.patience, self.least = patience, min_improvement
        self.best_loss, self.best_params = math.inf, None
        self.epoch = self.best_epoch = 0

    def step(self, val_loss, params):
        self.epoch += 1
        if val_loss + self.least < self.best_loss:
            self.best_loss = val_loss
            self.best_epoch = self.epoch
            self.best_params = [[np.array(a) for a in pair] for pair in params]
        return np.bool_(self.epoch - self.best_epoch >= self.patience)


class _Countdown:
    def __init__(self, patience, min_improvement=0.0):
        self.patience = self.left = patience
        self.min_improvement = min_improvement
        self.best_loss = np.inf
        self.best_params = None

    def step(self, val_loss, params):
        self.left -= 1
        if val_loss < self.best_loss - self.min_improvement:
            self.left = self.patience
            self.best_loss = float(val_loss)
            self.best_params = tuple((w + 0.0, b + 0.0) for w, b in params)
        return self.left <= 0


class _NoneFirst:
    """No infinity: the first loss that is a number is the best so far."""

    def __init__(self, patience, min_improvement=0.0):
        self.patience, self.min_improvement = patience, min_improvement
        self.best_loss, self.best_params, self.waited = math.inf, None, 0

    def step(self, val_loss, params):
        first = self.best_params is None and not math.isnan(val_loss)
        if first or val_loss < self.best_loss - self.min_improvement:
            self.best_loss = val_loss
            self.best_params = [(w.copy(), b.copy()) for (w, b) in params]
            self.waited = 0
        else:
            self.waited = self.waited + 1
        return self.waited >= self.patience


class _Inherits(training.EarlyStopping):
    def step(self, val_loss, params):
        return int(super().step(val_loss, params))


# --- train ---------------------------------------------------------------------------------------------------


def _while_loop(params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None):
    history = History()
    configs = [(config.copy(), config.copy()) for _ in params]
    stop = False
    while len(history) < epochs and not stop:
        for xb, yb in _argsort(x, y, batch_size, rng):
            loss, params, configs = training.train_step(params, xb, yb, update, configs)
            if np.isnan(loss) or np.isinf(loss):
                history.stopped = "the loss is no number: lower the learning rate"
                return getattr(stopping, "best_params", None) or params, history
        history.add(
            softmax_loss(mlp_forward(x, params)[0], y)[0],
            softmax_loss(mlp_forward(x_val, params)[0], y_val)[0],
        )
        stop = stopping is not None and stopping.step(history.val_loss[-1], params)
        if stop:
            history.stopped = "patience ran out"
    return (params if stopping is None or stopping.best_params is None else stopping.best_params), history


def _dict_history(params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None):
    """A plain dictionary as history; nan is looked for once an epoch."""
    history = {"train_loss": [], "val_loss": []}
    configs = [(dict(config), dict(config)) for _ in params]
    for _epoch in range(epochs):
        for xb, yb in _shuffled_rows(x, y, batch_size, rng):
            _, params, configs = training.train_step(params, xb, yb, update, configs)
        losses = [softmax_loss(mlp_forward(a, params)[0], b)[0] for a, b in ((x, y), (x_val, y_val))]
        history["train_loss"].append(losses[0])
        history["val_loss"].append(losses[1])
        if not np.all(np.isfinite(losses)):
            break
        if stopping is not None and stopping.step(losses[1], params):
            break
    if stopping is not None and stopping.best_params is not None:
        params = stopping.best_params
    return params, history


def _kwargs(params, x, y, x_val, y_val, **settings):
    return training.train(params, x, y, x_val, y_val, **settings)


def _positional(params, x, y, x_val, y_val, update, config, epochs, batch_size, rng, stopping=None):
    params, history = training.train(
        params,
        x,
        y,
        x_val,
        y_val,
        update=update,
        config=config,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        stopping=stopping,
    )
    return [list(pair) for pair in params], history


def _with_bar(params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None):
    return training.train(
        params,
        x,
        y,
        x_val,
        y_val,
        update=update,
        config=config,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        stopping=stopping,
        progress=True,
    )


RIGHT = {
    "minibatches": {
        "reference style": training.minibatches,
        "shuffle": _shuffled_rows,
        "argsort": _argsort,
        "split": _array_split,
        "while": _while,
        "choice": _choice,
        "zip": _short_first,
    },
    "EarlyStopping": {
        "reference style": training.EarlyStopping,
        "deep copy": _DeepCopy,
        "history": _History,
        "countdown": _Countdown,
        "none first": _NoneFirst,
        "inherits": _Inherits,
    },
    "train": {
        "reference style": training.train,
        "while": _while_loop,
        "dict history": _dict_history,
        "kwargs": _kwargs,
        "positional": _positional,
        "with a bar": _with_bar,
    },
}
