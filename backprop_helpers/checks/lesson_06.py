"""What the exercises of lesson 06 must satisfy. The order of a shuffle is free, so what is compared does not depend on it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop_helpers import capstone, optimizers, training
from backprop_helpers.capstone import BAR
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import call
from backprop_helpers.checks.drives import lesson_06 as drives
from backprop_helpers.checks.spec import Case, Driven, Exercise, Quantity, Wrong, name_returned, yes_or_no
from backprop_helpers.checks.travel import type_name
from backprop_helpers.data import load_digits
from backprop_helpers.history import History
from backprop_helpers.losses import accuracy
from backprop_helpers.network import mlp_forward

LESSON = "06_training_loop"


# --- minibatches --------------------------------------------------------------------------------------------


def _orders(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """What the batches of three epochs tell: two from one generator, one from its state at the beginning."""
    x, y, *_ = case.args
    first, second, again = (_batches(exercise, batches, x, y) for batches in raw)
    order, other, same = (np.concatenate([rows for rows, _ in epoch]) for epoch in (first, second, again))
    targets = np.concatenate([rows for _, rows in first])
    return {
        "batch sizes": [len(rows) for rows, _ in first],
        "rows": np.sort(order),
        "x and y stay together": float(np.array_equal(order, targets)),
        "shuffled": float(not np.array_equal(order, np.sort(order))),
        "a new order each epoch": float(not np.array_equal(order, other)),
        "same seed, same order": float(np.array_equal(order, same)),
        # Where the last batch is smaller, two shuffles of 18 rows or more cut alike once in 100 million; where all are full, more
        # often, so that is not asked there.
        "rows meet others": float(len(x) % case.args[2] == 0 or _cut(first) != _cut(second)),
    }


def _cut(epoch: Sequence[tuple[Any, Any]]) -> set[frozenset[int]]:
    """Which rows stand in one batch together, whatever their order and that of the batches."""
    return {frozenset(rows.tolist()) for rows, _ in epoch}


def _batches(exercise: Exercise, batches: Any, x: Any, y: Any) -> list[tuple[Any, Any]]:
    """The row numbers of every batch, as its x and as its y tell them (row i of x holds i, y holds i + 100)."""
    found = []
    for batch in batches:
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            raise Wrong(
                f"{exercise.name} yields {type_name(batch)}; expected pairs (x rows, y rows) of the same rows."
            )
        xb, yb = (np.asarray(part) for part in batch)
        if xb.shape[1:] != x.shape[1:] or yb.shape[1:] != y.shape[1:] or len(xb) != len(yb):
            raise Wrong(
                f"{exercise.name} yields a pair of shapes {xb.shape} and {yb.shape}; each batch has as many rows of x "
                f"(N, {', '.join(map(str, x.shape[1:]))}) as of y."
            )
        found.append((xb[:, 0].astype(int), yb.astype(int) - 100))
    if not found:
        raise Wrong(f"{exercise.name} yields no batch at all.")
    return found


def _minibatch_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    some, full, small = draw(rng, "sfm", 4, 9)
    # a last batch of one row less than the others is also what comes of cutting evenly
    rest, few = int(rng.integers(2, some - 1)), 7 + small
    for n, size, label in (
        (4 * some + rest, some, f"{4 * some + rest} rows, {some} at a time: the last batch has {rest}"),
        (4 * full, full, f"{4 * full} rows, {full} at a time: all batches full"),
        (few, 40, f"{few} rows, batches of 40: one batch with all of them"),
    ):
        x = np.arange(n, dtype=float)[:, None] + np.array([[0.0, 1000.0, 2000.0]])
        seed = int(rng.integers(2**31))
        cases.append(Case((x, np.arange(n) + 100, size, np.random.default_rng(seed)), label=label))
    return cases


# --- EarlyStopping ------------------------------------------------------------------------------------------


def _stops(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """When step said stop, and what the criterion had kept by then."""
    until = 0
    for epoch, answer in enumerate(raw["answers"], start=1):
        if answer is None:
            raise Wrong(
                "EarlyStopping.step returned None; expected True when it is time to stop, else False."
            )
        if answer:
            until = epoch
            break
    for name in ("best_loss", "best_params"):
        if name not in raw:
            raise Wrong(f"EarlyStopping has no attribute {name} after its steps; set self.{name} in step.")
    return {
        "epochs until it stops": until,
        "best_loss": raw["best_loss"],
        **_kept(raw["best_params"]),
    }


def _kept(best: Any) -> dict[str, Any]:
    """The epoch that best_params comes from, told by its weights and by its biases; 0 for none."""
    if best is None:
        return {"epoch of best_params": 0, "epoch of the best biases": 0}
    if (
        not isinstance(best, list | tuple)
        or len(best) != 1
        or not isinstance(best[0], list | tuple | np.ndarray)
    ):
        raise Wrong("EarlyStopping.best_params is not the list of (w, b) pairs that reached the best loss.")
    if isinstance(best[0], np.ndarray) or len(best[0]) != 2:
        raise Wrong(
            "EarlyStopping.best_params is a list, but its entry is no pair (w, b). Each layer has weights and a bias, and both are "
            "kept."
        )
    return {
        "epoch of best_params": np.asarray(best[0][0])[0, 0],
        "epoch of the best biases": -np.asarray(best[0][1])[0],
    }


def _stopping_cases(rng: np.random.Generator) -> list[Case]:
    """Losses around a random level; the steps are large against the smallest improvement, or small on purpose."""
    level = float(rng.uniform(1, 3))

    def case(patience: int, least: float, losses: Sequence[float], label: str) -> Case:
        taken = [level + v for v in losses]
        given = f"{patience}, {least:g}" if least else f"{patience}"
        said = f"In order: EarlyStopping({given}), then step with the losses {', '.join(f'{v:.6g}' for v in taken)}."
        return Case((patience, least, taken), label=label, calls=said.replace("-", "−"))

    return [
        case(
            3,
            0.0,
            [0.9, 0.7, 0.8, 0.75, 0.5, 0.6, 0.55, 0.52, 0.4],
            "a loss that falls, waits, falls and then rises",
        ),
        case(2, 0.0, [0.9, 0.9, 0.9, 0.8], "a loss that stands still"),
        case(2, 0.0, [0.9, 0.95, 0.9, 0.95, 0.1], "a loss that comes back to the best one"),
        case(2, 0.1, [0.9, 0.85, 0.79, 0.75, 0.72, 0.2], "improvements smaller than min_improvement"),
        case(4, 0.0, [0.9, 0.8, 0.7, 0.75, 0.6], "a run that ends before patience does"),
        case(1, 0.0, [0.9, 0.8, 0.85, 0.1], "a patience of one epoch"),
        case(2, 0.0, [0.9, 0.8, math.nan, math.nan, 0.7], "losses that are no number"),
        case(3, 0.0, [0.9, 0.8, math.nan], "a run whose last loss is no number"),
        case(2, 0.0, [math.nan, 0.9, 0.8], "a first loss that is no number"),
        case(
            3, 0.0, [math.nan, math.nan, math.nan, 0.8], "no loss that is a number before patience runs out"
        ),
        case(2, 0.3, [-4.0, -4.4, -4.3, -4.2, -9.0], "losses below zero"),
    ]


# --- train --------------------------------------------------------------------------------------------------


# What the drive of a training run has to know; what is right stays here.
_TRAINING = (
    "kind",
    "seed",
    "rate",
    "epochs",
    "batch_size",
    "update",
    "breaks_at",
    "overflows",
    "patience",
    "keeps",
    "stops",
)


def _trained(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """What one training run tells; which quantities it fills in depends on the kind of case, the rest stay 0."""
    extra, gradients = case.extra, raw["gradients"]
    losses = _losses(exercise, raw)
    values: dict[str, Any] = dict.fromkeys((q.name for q in exercise.quantities), 0.0)
    values["history says why"] = _says_why(raw["stopped"]) if extra.get("ends_early") else 1.0
    if "breaks_at" in extra:
        # the epoch with the first nan may be finished and written down: who looks once an epoch is right too
        whole, steps = extra["whole"], len(case.args[1]) // extra["batch_size"]
        values["epochs after a loss that is no number"] = float(max(0, len(losses["train_loss"]) - whole))
        values["steps after a loss that is no number"] = float(max(0, len(gradients) - whole * steps))
    else:
        values["epochs run"] = len(losses["val_loss"])
    if extra["kind"] == "batches":
        values |= _batches_seen(gradients, extra["steps"])
    elif "breaks_at" not in extra:
        values["val_loss"], values["train_loss"] = losses["val_loss"], losses["train_loss"]
    if extra["kind"] == "weights":
        values |= _weights(exercise, raw["params"], len(case.args[0]))
    return values


def _batches_seen(gradients: Sequence[Any], steps: int) -> dict[str, Any]:
    """What the gradients of two epochs with weights held still tell about the batches."""
    first, second = gradients[:steps], gradients[steps : 2 * steps]
    return {
        "steps in all": len(gradients),
        "gradient over the first epoch": np.mean(first, axis=0) if first else 0.0,
        "a new order each epoch": float(len(second) > 0 and not np.allclose(first, second)),
    }


def _weights(exercise: Exercise, params: Any, layers: int) -> dict[str, Any]:
    """The arrays that were handed back; raises Wrong where they are not pairs (w, b), one for each layer."""
    if params is None:
        raise Wrong(
            f"{exercise.name} handed back None instead of params, after a run whose criterion has kept no weights."
        )
    if not isinstance(params, list | tuple) or len(params) != layers:
        raise Wrong(f"{exercise.name} returned params that are not the {layers} pairs (w, b) of the network.")
    return {
        "w of the last layer": params[-1][0],
        "b of the last layer": params[-1][1],
        "w of the first layer": params[0][0],
    }


def _first_wrong_epoch(index: int) -> str:
    """Where to look when the losses of a run are off from this epoch on, counted from 0."""
    if index == 0:
        return (
            "Epoch 1 is wrong already. Is the loss measured on all rows of its part, after the epoch, with the weights that its "
            "last step left? And does each step start from what the one before it returned?"
        )
    until = "Epoch 1 is" if index == 1 else f"The epochs 1 to {index} are"
    return (
        f"{until} right, and epoch {index + 1} is the first that is not. So the measuring is right: look at what is carried from "
        "one epoch to the next, which is params, configs and the generator. What is set anew, and what is exchanged, inside "
        "the outer loop?"
    )


def _says_why(stopped: Any) -> float:
    """1 unless a History still says that the budget was spent; a history of another kind (None) has no such sentence."""
    return float(stopped is None or stopped != History().stopped)


def _losses(exercise: Exercise, raw: Mapping[str, Any]) -> dict[str, list[float]]:
    """train_loss and val_loss of a History, or of a dictionary with these keys."""
    found = {}
    for name in ("train_loss", "val_loss"):
        value = raw[name]
        if not isinstance(value, list | tuple | np.ndarray):
            raise Wrong(
                f"{exercise.name} returned a history without {name}; call history.add(train_loss, val_loss) after each epoch."
            )
        found[name] = [float(v) for v in value]
    return found


def _train_cases(rng: np.random.Generator) -> list[Case]:
    # batches of 6 or more: that two epochs have the same three by chance happens once in 17 million
    batch, aside = draw(rng, "ba", 6, 9)
    n, sizes = 3 * batch, draw(rng, "DHC", 3, 5)

    def network(scale: float = 0.7) -> list[Any]:
        return [
            (scale * rng.standard_normal((a, b)), scale * rng.standard_normal(b))
            for a, b in itertools.pairwise(sizes)
        ]

    def rows(count: int) -> tuple[Any, Any]:
        return rng.standard_normal((count, sizes[0])), rng.permutation(np.arange(count) % sizes[-1])

    def case(kind: str, label: str, same: bool = False, more: int = 0, **extra: Any) -> Case:
        """same: every row is the same one, so that a run over several batches does not depend on their order; more: rows beside n."""
        (x, y), (x_val, other) = rows(n + more), rows(aside)
        if same:
            x, y = np.tile(x[:1], (n + more, 1)), np.full(n + more, y[0])
        params = network()
        if "patience" in extra:
            # the same row with another label: from a last layer of zeros, the two losses part at every step
            x_val, other = np.tile(x[:1], (aside, 1)), np.full(aside, (y[0] + 1) % sizes[-1])
            params[-1] = (np.zeros(sizes[-2:]), np.zeros(sizes[-1]))
        extra |= {"kind": kind, "seed": int(rng.integers(2**31))}
        return Case((params, x, y, x_val, other), label=label, extra=extra)

    return [
        case(
            "weights",
            "momentum, the whole training part as one batch, 4 epochs",
            epochs=4,
            batch_size=n,
            rate=0.2,
            update=optimizers.sgd_momentum,
        ),
        case(
            "weights",
            "an optimizer that keeps its memory in the config it is given",
            epochs=2,
            batch_size=n,
            rate=0.2,
            update=drives.momentum_in_place,
        ),
        case(
            "batches",
            "3 batches an epoch, 2 epochs, weights held still",
            epochs=2,
            batch_size=batch,
            steps=3,
            rate=0.1,
        ),
        case(
            "weights",
            f"{n} equal rows, momentum, 3 batches an epoch, 2 epochs",
            same=True,
            epochs=2,
            batch_size=batch,
            rate=0.05,
            update=optimizers.sgd_momentum,
        ),
        case(
            "weights",
            f"{n + 2} equal rows in batches of {batch}, so the last batch has 2, 2 epochs",
            same=True,
            more=2,
            epochs=2,
            batch_size=batch,
            rate=0.05,
        ),
        case(
            "weights",
            f"{n} equal rows, and a validation loss that only rises, with early stopping",
            same=True,
            epochs=12,
            batch_size=n,
            rate=0.5,
            update=optimizers.sgd_momentum,
            patience=2,
            ends_early=True,
        ),
        case(
            "weights",
            "a criterion that keeps the weights of the first epoch, and a budget that ends before it says stop",
            epochs=4,
            batch_size=n,
            rate=0.2,
            keeps=1,
        ),
        case(
            "weights",
            f"{n} equal rows, 3 batches an epoch, and a criterion that says stop after 2 epochs and keeps no weights",
            same=True,
            epochs=5,
            batch_size=batch,
            rate=0.1,
            keeps=0,
            stops=2,
            ends_early=True,
        ),
        case(
            "broken",
            "weights that turn into nan in the first epoch",
            epochs=5,
            batch_size=batch,
            rate=0.1,
            breaks_at=2,
            whole=1,
            ends_early=True,
        ),
        case(
            "broken",
            f"{n} equal rows, and scores that grow until the loss is inf in the first epoch",
            same=True,
            epochs=5,
            batch_size=batch,
            rate=0.1,
            breaks_at=1,
            overflows=True,
            whole=1,
            ends_early=True,
        ),
        case(
            "weights",
            f"{n} equal rows, 3 batches an epoch, and weights that turn into nan in the third epoch, after the "
            "criterion has kept those of the first",
            same=True,
            epochs=5,
            batch_size=batch,
            rate=0.1,
            keeps=1,
            breaks_at=4 * 7 + 2,
            whole=3,
            ends_early=True,
        ),
    ]


# --- the capstone -------------------------------------------------------------------------------------------


def _reads(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """How many of the sealed digits a trained network reads; they never were where it was trained."""
    sealed_x, sealed_y = case.extra["sealed"]
    params = name_returned(exercise, raw)["params"]
    if (
        isinstance(params, list | tuple)
        and len(params) == 2
        and isinstance(params[0], list | tuple)
        and not isinstance(params[1], list | tuple | np.ndarray)
    ):
        raise Wrong(
            f"{exercise.name} returned two things, (params, history), which is what train gives back. Take them apart and return "
            "params alone."
        )
    try:
        params = [(np.asarray(w), np.asarray(b)) for w, b in params]
        with np.errstate(all="ignore"):
            scores, caches = mlp_forward(sealed_x, params)
        reached = accuracy(scores, sealed_y)
    except (TypeError, ValueError) as problem:
        raise Wrong(
            f"{exercise.name} returned params that mlp_forward can't use on digits (N, 64): {problem}"
        ) from None
    if reached < BAR:
        raise Wrong(
            f"{exercise.name} reads {reached:.1%} of the {len(sealed_y)} digits kept aside; the bar is {BAR:.1%}. "
            f"{_advice(reached, params, [z for _, z in caches if z is not None])}"
        )
    return {"reaches the bar": 1.0}


def _advice(reached: float, params: Sequence[Any], hidden: Sequence[Any]) -> str:
    """What to look at, by what the weights and the hidden units (N, H) of each layer before its ReLU tell.

    The limits were read off runs with four optimizers and learning rates from far too small to far too large: what
    passed kept more than a quarter of its units, and weights below 7.
    """
    if not all(np.isfinite(a).all() for pair in params for a in pair):
        return "Some of its weights are no numbers any more: lower the learning rate."
    if any(not w.any() for w, _ in params):
        return "A whole layer of its weights is 0: start from small random numbers."
    dead = [float((z <= 0).all(axis=0).mean()) for z in hidden]
    if max(dead, default=0.0) > 0.5:
        return (
            f"{max(dead):.0%} of the units of a hidden layer give 0 for every digit, so they can't learn any more: that comes "
            "of steps that are far too long. Lower the learning rate."
        )
    largest = max(float(np.abs(w).max()) for w, _ in params)
    if largest > 10:
        return (
            f"Its largest weight is {largest:.3g}, where 1 or 2 do: lower the learning rate, start from smaller weights, "
            "and look at the sign of the step."
        )
    if reached < 0.3:
        return (
            "That is close to guessing: does the training loss fall at all? Try a larger learning rate, "
            "and check the gradients and the sign of the step."
        )
    if reached < 0.9:
        return "It learns, but far too little: look at the learning rate, the number of epochs and whether every layer moves."
    return "It is nearly there: a few more epochs, a better learning rate or more hidden units."


def _digits_cases(rng: np.random.Generator) -> list[Case]:
    data = load_digits(seed=int(rng.integers(2**31)))
    return [
        Case(
            (data.x_train, data.y_train, np.random.default_rng(int(rng.integers(2**31)))),
            label=f"{len(data.x_train)} digits to learn from, {len(data.x_val)} kept aside",
            extra={"sealed": (data.x_val, data.y_val)},
        )
    ]


EXERCISES = (
    Exercise(
        name="minibatches",
        lesson=LESSON,
        signature="minibatches(x, y, batch_size, rng) -> pairs (x rows, y rows)",
        returns=("batches",),
        quantities=(
            Quantity("batch sizes", "(one per batch)", "the number of rows in each batch"),
            Quantity("x and y stay together", "()", "whether every y is that of its x", shown=yes_or_no),
            Quantity("rows", "(N,)", "all the rows of one epoch, sorted"),
            Quantity(
                "shuffled",
                "()",
                "whether the rows of x come in another order than in the data",
                shown=yes_or_no,
            ),
            Quantity(
                "a new order each epoch", "()", "whether the second epoch has another order", shown=yes_or_no
            ),
            Quantity(
                "same seed, same order",
                "()",
                "whether an equal generator gives an equal order",
                shown=yes_or_no,
            ),
            Quantity(
                "rows meet others",
                "()",
                "whether another epoch brings other rows together in a batch",
                shown=yes_or_no,
            ),
        ),
        # With 11 rows or more a fair shuffle leaves the order as it is at most once in 40 million, so no right solution meets it.
        cases=_minibatch_cases,
        reference=training.minibatches,
        run=Driven(drives.epochs, _orders),
    ),
    Exercise(
        name="EarlyStopping",
        lesson=LESSON,
        signature="EarlyStopping(patience, min_improvement) -> object",
        returns=("stopper",),
        inputs=("patience", "min_improvement", "losses"),
        quantities=(
            Quantity("best_loss", "()", "the lowest loss that counted"),
            Quantity("epoch of best_params", "()", "the epoch whose weights were kept"),
            Quantity("epoch of the best biases", "()", "the epoch whose biases were kept"),
            Quantity("epochs until it stops", "()", "the epoch after which step says stop, 0 for never"),
        ),
        cases=_stopping_cases,
        reference=training.EarlyStopping,
        run=Driven(drives.stopping, _stops),
    ),
    Exercise(
        name="train",
        lesson=LESSON,
        signature="train(params, x, y, x_val, y_val, *, update, config, epochs, batch_size, rng, stopping=None, show_bar=False) -> (params, history)",
        returns=("params", "history"),
        inputs=("params", "x", "y", "x_val", "y_val"),
        quantities=(
            Quantity("epochs run", "()", "the number of epochs in the history"),
            Quantity("steps in all", "()", "the number of training steps"),
            Quantity(
                "gradient over the first epoch",
                "(D, M)",
                "the mean gradient of the first layer over one epoch",
            ),
            Quantity(
                "a new order each epoch", "()", "1 where the second epoch has other batches than the first"
            ),
            Quantity(
                "train_loss",
                "(epochs,)",
                "the loss on the training part after each epoch",
                look=_first_wrong_epoch,
            ),
            Quantity(
                "val_loss",
                "(epochs,)",
                "the loss on the part kept aside after each epoch",
                look=_first_wrong_epoch,
            ),
            Quantity("w of the last layer", "(D, M)", "the weights that were returned"),
            Quantity("b of the last layer", "(M,)", "the biases that were returned"),
            Quantity("w of the first layer", "(D, M)", "the weights that were returned"),
            Quantity(
                "epochs after a loss that is no number",
                "()",
                "epochs that went on with a loss of nan or inf",
                fault="training goes on although the loss is no longer a finite number.",
            ),
            Quantity(
                "steps after a loss that is no number",
                "()",
                "steps that went on with a loss of nan or inf",
                fault="another epoch begins although the loss is no longer a finite number.",
            ),
            Quantity(
                "history says why",
                "()",
                "whether history.stopped tells why training ended",
                shown=yes_or_no,
                fault="training ended early, but history.stopped still says that the budget of epochs was spent.",
            ),
        ),
        cases=_train_cases,
        reference=training.train,
        run=Driven(drives.training_run, _trained, extra=_TRAINING),
        may_change=(0,),
        seconds=10.0,
    ),
    Exercise(
        name="learn_digits",
        lesson=LESSON,
        signature="learn_digits(x, y, rng) -> params",
        returns=("params",),
        quantities=(
            Quantity("reaches the bar", "()", "1 where enough digits kept aside are read correctly"),
        ),
        cases=_digits_cases,
        reference=capstone.learn_digits,
        run=Driven(call, _reads),
        seconds=60.0,
        rounds=1,
        behaviour=True,
    ),
)
