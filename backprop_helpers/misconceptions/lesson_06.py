"""Wrong solutions of lesson 06: batches, when to stop, and the loop around them."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backprop_helpers.history import History
from backprop_helpers.losses import softmax_loss
from backprop_helpers.misconceptions.spec import Misconception
from backprop_helpers.network import mlp_forward
from backprop_helpers.training import minibatches, train_step

DESIGN = "course design"


def _entry(exercise: str, what: str, wrong: Callable[..., Any], says: str, hint: str) -> Misconception:
    prefix = "early-stopping" if exercise == "EarlyStopping" else exercise.replace("_", "-")
    return Misconception(f"{prefix}-{what}", exercise, wrong, says, hint, DESIGN)


# --- minibatches --------------------------------------------------------------------------------------------


def _in_order(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for start in range(0, len(x), batch_size):
        yield x[start : start + batch_size], y[start : start + batch_size]


def _drops_the_rest(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order = rng.permutation(len(x))
    for start in range(0, len(x) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


def _with_replacement(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for start in range(0, len(x), batch_size):
        rows = rng.integers(len(x), size=min(batch_size, len(x) - start))
        yield x[rows], y[rows]


def _only_x_shuffled(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[start : start + batch_size]


def _two_shuffles(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order, other = rng.permutation(len(x)), rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        yield x[order[start : start + batch_size]], y[other[start : start + batch_size]]


def _own_generator(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    return minibatches(x, y, batch_size, np.random.default_rng(0))


def _unseeded(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    return minibatches(x, y, batch_size, np.random.default_rng())


def _shuffles_the_data(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order = rng.permutation(len(x))
    x[...], y[...] = x[order], y[order]
    yield from _in_order(x, y, batch_size, rng)


def _shuffled_batches(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    starts = np.arange(0, len(x), batch_size)
    for start in rng.permutation(starts):
        yield x[start : start + batch_size], y[start : start + batch_size]


def _step_of_one(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order = rng.permutation(len(x))
    for start in range(len(x)):
        rows = order[start : start + batch_size]
        yield x[rows], y[rows]


def _only_first(x: Any, y: Any, batch_size: int, rng: Any) -> Any:
    rows = rng.permutation(len(x))[:batch_size]
    return [(x[rows], y[rows])]


def _last_batch_twice(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    order = rng.permutation(len(x))
    for start in range(0, len(x), batch_size):
        rows = np.take(order, range(start, start + batch_size), mode="wrap")
        yield x[rows], y[rows]


def _inside_the_batches(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for start in range(0, len(x), batch_size):
        rows = start + rng.permutation(min(batch_size, len(x) - start))
        yield x[rows], y[rows]


def _one_order_for_the_places(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    places = rng.permutation(batch_size)
    for start in range(0, len(x), batch_size):
        rows = start + places[places < len(x) - start]
        yield x[rows], y[rows]


def _cut_evenly(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for rows in np.array_split(rng.permutation(len(x)), math.ceil(len(x) / batch_size)):
        yield x[rows], y[rows]


def _anew_for_each_batch(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for start in range(0, len(x), batch_size):
        rows = rng.permutation(len(x))[start : start + batch_size]
        yield x[rows], y[rows]


def _drawn_for_each_batch(x: Any, y: Any, batch_size: int, rng: Any) -> Iterator[Any]:
    for start in range(0, len(x), batch_size):
        rows = rng.choice(len(x), min(batch_size, len(x) - start), replace=False)
        yield x[rows], y[rows]


# --- EarlyStopping ------------------------------------------------------------------------------------------


def _stopper(
    better: Callable[[float, float, float], bool] = lambda loss, best, least: loss < best - least,
    keep: Callable[[Any], Any] = copy.deepcopy,
    enough: Callable[[int, int], bool] = lambda waited, patience: waited >= patience,
    reset: bool = True,
    keeps_latest: bool = False,
    compares_with_last: bool = False,
    of_nan: bool | None = None,
    keeps_loss: bool = True,
    lowers_first: bool = False,
    waits: Callable[[float, float], bool] = lambda loss, best: True,
) -> Callable[..., Any]:
    """A stopping class with its parts exchangeable; of_nan: what is answered at once to a loss of nan."""

    class Stopper:
        def __init__(self, patience: int, min_improvement: float = 0.0) -> None:
            self.patience, self.min_improvement = patience, min_improvement
            self.best_loss: float = math.inf
            self.best_params: Any = None
            self.last = math.inf
            self.waited = 0

        def step(self, val_loss: float, params: Any) -> bool:
            if of_nan is not None and math.isnan(val_loss):
                return of_nan
            if lowers_first and val_loss < self.best_loss:
                self.best_loss, self.best_params = val_loss, keep(params)
            against = self.last if compares_with_last else self.best_loss
            improved = better(val_loss, against, self.min_improvement)
            self.last = val_loss
            if improved:
                self.best_loss = min(val_loss, self.best_loss) if keeps_loss else self.best_loss
                self.waited = 0 if reset else self.waited
            elif waits(val_loss, self.best_loss):
                self.waited += 1
            if improved or keeps_latest:
                self.best_params = keep(params)
            return enough(self.waited, self.patience)

    return Stopper


# --- train --------------------------------------------------------------------------------------------------


def _configs(params: Any, config: Any) -> Any:
    return [(dict(config), dict(config)) for _ in params]


def _train(
    batches: Callable[[Any, Any, int, Any], Any] = minibatches,
    per_epoch: Callable[[int], int] = lambda epochs: epochs,
    restore: Callable[[Any, Any, bool, bool], Any] = lambda best, last, stopped, broken: best or last,
    stop: bool = True,
    guard: bool = True,
    broken_loss: Callable[[float], bool] = lambda loss: not math.isfinite(loss),
    outer: str = "break",
    configs_of: Callable[[Any, Any], Any] = _configs,
    fresh_configs: str = "once",
    drop_configs: bool = False,
    drop_params: bool = False,
    ask_with: Callable[[float, float], float] = lambda train_loss, val_loss: val_loss,
    breaks_on_stop: bool = True,
    once: bool = False,
    reasons: tuple[str, ...] = ("stop", "nan"),
    ask_first: bool = False,
    watch: Callable[[Any, Any, Any, Any], tuple[Any, Any]] = lambda x, y, x_val, y_val: (x_val, y_val),
    restart: bool = False,
    batch_loss: bool = False,
    batch_mean: bool = False,
    goes_back: str = "",
    reseed: bool = False,
    swap: bool = False,
    before: bool = False,
    as_flag: bool = False,
    asks: bool = True,
) -> Callable[..., Any]:
    """A training loop with its parts exchangeable.

    restore(best, last, stopped, broken): the weights to hand back, by how the run ended.
    """

    def fn(
        params: Any,
        x: Any,
        y: Any,
        x_val: Any,
        y_val: Any,
        *,
        update: Any,
        config: Any,
        epochs: int,
        batch_size: int,
        rng: Any,
        stopping: Any = None,
    ) -> Any:
        history = History()
        start = params
        configs = configs_of(params, config)
        state = rng.bit_generator.state
        stopped = broken = False
        made_once = batches(x, y, batch_size, rng)
        for _ in range(per_epoch(epochs)):
            if restart:
                params = start
            if reseed:
                rng.bit_generator.state = state
            if fresh_configs == "epoch":
                configs = configs_of(params, config)
            loss, losses = 0.0, []
            old = params
            for xb, yb in made_once if once else batches(x, y, batch_size, rng):
                if fresh_configs == "step":
                    configs = configs_of(params, config)
                loss, moved, next_configs = train_step(params, xb, yb, update, configs)
                params = params if drop_params else moved
                configs = configs if drop_configs else next_configs
                losses.append(loss)
                if guard and broken_loss(loss):
                    break
            if guard and broken_loss(loss):
                broken = True
                if "nan" in reasons:
                    history.diverged(loss, config)
                if outer == "break":
                    break
                if outer == "continue":
                    continue
            if as_flag and history.stopped:
                break
            seen = old if before else params
            x_seen, y_seen = watch(x, y, x_val, y_val)
            val_loss = softmax_loss(mlp_forward(x_seen, seen)[0], y_seen)[0]
            train_loss = loss if batch_loss else softmax_loss(mlp_forward(x, seen)[0], y)[0]
            if batch_mean:
                train_loss = float(np.mean(losses))
            says_stop = bool(
                asks and stopping and stopping.step(ask_with(train_loss, val_loss), params) and stop
            )
            if not (ask_first and says_stop):
                history.add(*((val_loss, train_loss) if swap else (train_loss, val_loss)))
            if says_stop:
                stopped = True
                if "stop" in reasons:
                    history.stopped = "the criterion said stop"
                if breaks_on_stop:
                    break
            if stopping and goes_back:
                params = (
                    stopping.best_params if goes_back == "even to None" else stopping.best_params or params
                )
        if stopping:
            params = restore(stopping.best_params, params, stopped, broken)
        return params, history

    return fn


def _every_step(write: bool, ask: bool = True) -> Callable[..., Any]:
    """Measures, writes and asks (where told to) after every step instead of after every epoch."""

    def fn(params: Any, x: Any, y: Any, x_val: Any, y_val: Any, **settings: Any) -> Any:
        update, config, stopping = settings["update"], settings["config"], settings["stopping"]
        history, configs = History(), _configs(params, settings["config"])
        losses = (math.nan, math.nan)
        for _ in range(settings["epochs"]):
            loss, says_stop = 0.0, False
            for xb, yb in minibatches(x, y, settings["batch_size"], settings["rng"]):
                loss, params, configs = train_step(params, xb, yb, update, configs)
                if not math.isfinite(loss):
                    break
                train_loss, val_loss = (
                    softmax_loss(mlp_forward(a, params)[0], b)[0] for a, b in ((x, y), (x_val, y_val))
                )
                losses = (train_loss, val_loss)
                if write:
                    history.add(*losses)
                if not ask:
                    continue
                says_stop = bool(stopping and stopping.step(val_loss, params))
                if says_stop:
                    break
            if not math.isfinite(loss):
                history.diverged(loss, config)
                break
            if not write:
                history.add(*losses)
            if not ask:
                says_stop = bool(stopping and stopping.step(losses[1], params))
            if says_stop:
                history.stopped = "the criterion said stop"
                break
        if stopping and stopping.best_params:
            params = stopping.best_params
        return params, history

    return fn


def _one_batch(x: Any, y: Any, batch_size: int, rng: Any) -> Any:
    return [next(minibatches(x, y, batch_size, rng))]


def _whole(x: Any, y: Any, batch_size: int, rng: Any) -> Any:
    return [(x, y)]


MISCONCEPTIONS = (
    _entry(
        "minibatches",
        "not-shuffled",
        _in_order,
        "the rows come in the order of the data, epoch after epoch.",
        "rng is there for a reason. What should it decide?",
    ),
    _entry(
        "minibatches",
        "rest-dropped",
        _drops_the_rest,
        "the last, smaller batch is dropped, so some rows are never seen in an epoch.",
        "What happens when N is not a multiple of batch_size?",
    ),
    _entry(
        "minibatches",
        "with-replacement",
        _with_replacement,
        "rows are drawn with replacement: some come twice in an epoch and others not at all.",
        "Drawing and shuffling are different things. Which one visits every row once?",
    ),
    dataclasses.replace(
        _entry(
            "minibatches",
            "pairs-torn-apart",
            _only_x_shuffled,
            "x and y are not shuffled together, so the targets belong to other rows.",
            "How many orders should there be in one epoch, and which rows of y go with these rows of x?",
        ),
        also=(_two_shuffles,),
    ),
    _entry(
        "minibatches",
        "own-generator",
        _own_generator,
        "a new generator with a fixed seed is made inside, so every epoch has the same order and rng is not used.",
        "Where does the randomness of the second epoch come from?",
    ),
    _entry(
        "minibatches",
        "unseeded",
        _unseeded,
        "the shuffle does not use the given rng, so a run can't be repeated.",
        "Two calls with equal generators should give equal batches.",
    ),
    _entry(
        "minibatches",
        "data-shuffled-in-place",
        _shuffles_the_data,
        "the data themselves are put in another order; whoever called this still needs them as they were.",
        "Shuffle the row numbers, not the rows.",
    ),
    _entry(
        "minibatches",
        "batches-shuffled",
        _shuffled_batches,
        "only the order of the batches is random: the same rows always stay together.",
        "Should two neighbours in the data always meet in one batch?",
    ),
    _entry(
        "minibatches",
        "step-of-one",
        _step_of_one,
        "the start moves on by one row instead of by batch_size, so rows come many times.",
        "Where does the second batch begin?",
    ),
    _entry(
        "minibatches",
        "only-one-batch",
        _only_first,
        "there is only one batch, and most rows are never used.",
        "How many batches make an epoch?",
    ),
    _entry(
        "minibatches",
        "wrapped-round",
        _last_batch_twice,
        "the last batch is filled up with rows from the beginning, which are then used twice.",
        "May the last batch be smaller?",
    ),
    dataclasses.replace(
        _entry(
            "minibatches",
            "shuffled-inside-the-batches",
            _inside_the_batches,
            "only the order inside a batch is random: every epoch has the same rows in the first batch, the same in the second, and so on.",
            "Which numbers are shuffled, those from 0 to N − 1 or those from 0 to batch_size − 1? And what is cut first, what shuffled?",
        ),
        also=(_one_order_for_the_places,),
    ),
    _entry(
        "minibatches",
        "cut-evenly",
        _cut_evenly,
        "the rows are cut into parts of nearly equal size; asked for are full batches of batch_size rows, and the rest in the last one.",
        "With 20 rows and a batch_size of 8 there are 8, 8 and 4 rows. How many does each of your batches have?",
    ),
    dataclasses.replace(
        _entry(
            "minibatches",
            "new-order-for-each-batch",
            _anew_for_each_batch,
            "a new order is drawn for every batch, so some rows come twice in an epoch and others not at all.",
            "How many orders does one epoch need? Does that line stand before the loop or inside it?",
        ),
        also=(_drawn_for_each_batch,),
    ),
    _entry(
        "EarlyStopping",
        "keeps-a-reference",
        _stopper(keep=lambda params: params),
        "best_params is not a copy, or only its list was copied and not the arrays in it: the best weights go on changing.",
        "What happens to the arrays in params after this step?",
    ),
    _entry(
        "EarlyStopping",
        "biases-not-copied",
        _stopper(keep=lambda params: [(w.copy(), b) for w, b in params]),
        "the weights in best_params are copies, but the biases are not: they go on changing.",
        "How many arrays does a layer have, and how many of them do you copy?",
    ),
    _entry(
        "EarlyStopping",
        "weights-not-copied",
        _stopper(keep=lambda params: [(w, b.copy()) for w, b in params]),
        "the biases in best_params are copies, but the weights are not: they go on changing.",
        "How many arrays does a layer have, and how many of them do you copy?",
    ),
    _entry(
        "EarlyStopping",
        "never-resets",
        _stopper(reset=False),
        "the epochs without improvement are counted from the beginning: an improvement does not start the waiting anew.",
        "What should an improvement do to the counter?",
    ),
    _entry(
        "EarlyStopping",
        "one-too-late",
        _stopper(enough=lambda waited, patience: waited > patience),
        "it stops one epoch too late: patience is the number of epochs borne, not one more.",
        "With a patience of 1, after how many bad epochs is it over?",
    ),
    _entry(
        "EarlyStopping",
        "one-too-early",
        _stopper(enough=lambda waited, patience: waited >= patience - 1),
        "it stops one epoch too early.",
        "With a patience of 1, after how many bad epochs is it over?",
    ),
    _entry(
        "EarlyStopping",
        "min-improvement-ignored",
        _stopper(better=lambda loss, best, least: loss < best),
        "min_improvement is not used: any tiny gain counts as an improvement.",
        "By how much must the loss fall below the best?",
    ),
    _entry(
        "EarlyStopping",
        "equal-counts",
        _stopper(better=lambda loss, best, least: loss <= best - least),
        "a loss equal to the best counts as an improvement, so a loss that stands still never stops training.",
        "Is standing still an improvement?",
    ),
    _entry(
        "EarlyStopping",
        "wrong-way-round",
        _stopper(better=lambda loss, best, least: loss > best - least or best == math.inf),
        "a larger loss counts as an improvement.",
        "Is a good loss large or small?",
    ),
    _entry(
        "EarlyStopping",
        "improvement-added",
        _stopper(better=lambda loss, best, least: loss < best + least),
        "min_improvement is added to the best loss instead of taken from it, so even a worse loss counts.",
        "Draw the best loss on a line. On which side of it must the new one lie, and how far?",
    ),
    _entry(
        "EarlyStopping",
        "compares-with-the-last",
        _stopper(compares_with_last=True),
        "the loss is compared with the epoch before instead of with the best so far.",
        "A loss that jumps up and comes half-way back has not improved.",
    ),
    _entry(
        "EarlyStopping",
        "keeps-the-latest",
        _stopper(keeps_latest=True),
        "the weights of every epoch are kept, so in the end they are the latest and not the best.",
        "At which moment should the weights be put aside?",
    ),
    _entry(
        "EarlyStopping",
        "relative-improvement",
        _stopper(better=lambda loss, best, least: best == math.inf or loss < best * (1 - least)),
        "min_improvement is taken as a share of the best loss; here it is an amount, in the unit of the loss.",
        "What is the unit of min_improvement?",
    ),
    _entry(
        "EarlyStopping",
        "nan-counts",
        _stopper(better=lambda loss, best, least: not loss >= best - least),
        "a loss of nan counts as an improvement, because every comparison with nan is False.",
        "What does nan >= 1 give, and what does `not` make of it?",
    ),
    _entry(
        "EarlyStopping",
        "nan-not-counted",
        _stopper(of_nan=False),
        "an epoch whose loss is nan is passed over: it is no improvement, so it has to be counted as one epoch more without any.",
        "After two losses of nan, how many epochs in a row were without improvement?",
    ),
    _entry(
        "EarlyStopping",
        "nan-stops",
        _stopper(of_nan=True),
        "one loss of nan ends everything at once; it is an epoch without improvement like any other, and patience bears some.",
        "How many epochs without improvement does a patience of 2 bear?",
    ),
    _entry(
        "EarlyStopping",
        "best-loss-not-kept",
        _stopper(keeps_loss=False),
        "best_loss never changes, so every loss is compared with infinity and counts as an improvement.",
        "Which three attributes change in a row of the table with “keep these weights”?",
    ),
    _entry(
        "EarlyStopping",
        "best-lowered-before-the-question",
        _stopper(lowers_first=True),
        "best_loss is set to the new loss before the two are compared, so the loss is compared with itself.",
        "What is best_loss at the moment when you ask whether the new loss lies below it?",
    ),
    _entry(
        "EarlyStopping",
        "size-of-the-difference",
        _stopper(better=lambda loss, best, least: abs(best - loss) > least),
        "the size of the difference is asked, without its sign: a loss that has become much larger counts as an improvement too.",
        "What does your question say to a loss that rises by far?",
    ),
    _entry(
        "EarlyStopping",
        "equal-not-counted",
        _stopper(waits=lambda loss, best: not loss <= best),
        "only a loss above the best is counted; one that equals it, or lies below it by less than min_improvement, is none either.",
        "There are two kinds of epochs. Which of yours belong to neither?",
    ),
    _entry(
        "EarlyStopping",
        "answer-the-wrong-way-round",
        _stopper(enough=lambda waited, patience: waited < patience),
        "step returns True as long as training may go on; asked for is True when it is time to stop.",
        "What should step say after the very first epoch?",
    ),
    _entry(
        "train",
        "one-epoch-too-few",
        _train(per_epoch=lambda epochs: epochs - 1),
        "it runs one epoch too few.",
        "How many times does the outer loop turn?",
    ),
    _entry(
        "train",
        "one-epoch-too-many",
        _train(per_epoch=lambda epochs: epochs + 1),
        "it runs one epoch too many.",
        "How many times does the outer loop turn?",
    ),
    _entry(
        "train",
        "stopped-asked-as-a-flag",
        _train(as_flag=True),
        "history.stopped is asked as if it were empty until something ends the run; it holds a sentence from the beginning, that the "
        "budget was spent, so the outer loop is left in its first turn.",
        "Print history.stopped before the loops. What could you ask instead, to know whether the loss is still a finite number?",
    ),
    _entry(
        "train",
        "rest-dropped",
        _train(batches=_drops_the_rest),
        "the last, smaller batch of an epoch is left out, so some rows are never learned from.",
        "How many steps does an epoch have when batch_size does not divide N?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "settings-left-behind",
            _train(configs_of=lambda params, config: [({}, {}) for _ in params]),
            "the configs start empty instead of as copies of config, so the optimizer works with its own defaults and not with the "
            "settings that were given.",
            "Where does the learning rate that train is given come into your configs?",
        ),
        also=(_train(configs_of=lambda params, config: [(None, None) for _ in params]),),
    ),
    _entry(
        "train",
        "criterion-never-asked",
        _train(asks=False),
        "the stopping criterion is never asked: its step is not called, so it can neither stop the run nor keep any weights.",
        "What has to be called after every epoch, and with what?",
    ),
    _entry(
        "train",
        "one-batch-per-epoch",
        _train(batches=_one_batch),
        "only the first batch of each epoch is used.",
        "Which loop stands inside which?",
    ),
    _entry(
        "train",
        "whole-part-at-once",
        _train(batches=_whole),
        "all rows are used as one batch, whatever batch_size is.",
        "What cuts the rows into batches?",
    ),
    _entry(
        "train",
        "best-not-restored",
        _train(restore=lambda best, last, stopped, broken: last),
        "after early stopping the last weights are returned, not the best.",
        "What did the stopping criterion put aside?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "does-not-stop",
            _train(stop=False),
            "the answer of stopping.step does not end the run: training goes on to the end of the budget.",
            "step tells when it is time to stop. Who listens, and who leaves the loop?",
        ),
        also=(_train(breaks_on_stop=False),),
    ),
    _entry(
        "train",
        "asks-with-the-training-loss",
        _train(ask_with=lambda train_loss, val_loss: train_loss),
        "the stopping criterion is told the training loss, which goes on falling when the network learns the noise.",
        "Which of the two losses can show that it is enough?",
    ),
    _entry(
        "train",
        "batches-used-up",
        _train(once=True),
        "the batches are made once, before the loop, and are used up after the first epoch: later epochs take no step.",
        "How often can one loop over what a function with yield gives?",
    ),
    _entry(
        "train",
        "params-dropped",
        _train(drop_params=True),
        "the new params that train_step returns are thrown away, so the weights never move.",
        "train_step returns three things. From which weights should the next step start?",
    ),
    _entry(
        "train",
        "goes-on-with-nan",
        _train(guard=False),
        "training goes on although the loss is no longer a number.",
        "Can a weight that has become nan ever come back?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "outer-loop-goes-on",
            _train(outer="goes on"),
            "after a loss that is no number only the inner loop is left: the next epoch begins all the same.",
            "`break` leaves one loop. Which one, and what does the other do then?",
        ),
        also=(_train(outer="goes on", reasons=("stop",)), _train(outer="continue")),
    ),
    dataclasses.replace(
        _entry(
            "train",
            "best-only-where-it-stops",
            _train(restore=lambda best, last, stopped, broken: (best or last) if stopped else last),
            "the best weights are handed back only where the criterion says stop; when the run ends in another way, "
            "they are lost.",
            "In how many ways can your loop end? Which weights come back in each of them?",
        ),
        also=(
            _train(restore=lambda best, last, stopped, broken: best if stopped else last),
            _train(restore=lambda best, last, stopped, broken: (best or last) if stopped or broken else last),
        ),
    ),
    _entry(
        "train",
        "best-lost-with-nan",
        _train(restore=lambda best, last, stopped, broken: last if broken else best or last),
        "after a loss that is no number the last weights are handed back, although the criterion has kept better ones.",
        "What are the weights worth when the loss is nan, and which others are at hand?",
    ),
    _entry(
        "train",
        "none-handed-back",
        _train(restore=lambda best, last, stopped, broken: best),
        "it hands back best_params although the criterion has kept none, so None comes back instead of weights.",
        "Not every criterion keeps weights. What is best_params then, and which weights are left to hand back?",
    ),
    _entry(
        "train",
        "optimizer-forgets",
        _train(fresh_configs="step"),
        "the configs are made anew for every step, so momentum never builds up.",
        "How often should the optimizer's memory be set to zero?",
    ),
    _entry(
        "train",
        "optimizer-forgets-each-epoch",
        _train(fresh_configs="epoch"),
        "the configs are made anew in every epoch, so the optimizer's memory lasts for one epoch only.",
        "How often should the optimizer's memory be set to zero? Before which loop does that line belong?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "config-shared",
            _train(configs_of=lambda params, config: [(shared := dict(config), shared) for _ in params]),
            "several arrays share one config, so an optimizer mixes up their memories.",
            "How many dictionaries do you make, and how many arrays are there?",
        ),
        also=(
            _train(configs_of=lambda params, config: [(config, config) for _ in params]),
            _train(configs_of=lambda params, config: [(dict(config), dict(config))] * len(params)),
        ),
    ),
    dataclasses.replace(
        _entry(
            "train",
            "measured-every-step",
            _every_step(write=True),
            "the losses are measured and written down after every step instead of once at the end of an epoch.",
            "In which of the two loops does the measuring stand?",
        ),
        also=(_every_step(write=True, ask=False),),
    ),
    _entry(
        "train",
        "asks-every-step",
        _every_step(write=False),
        "the stopping criterion is asked after every step instead of once at the end of an epoch.",
        "How long is the patience of a criterion that is asked three times in an epoch?",
    ),
    _entry(
        "train",
        "watches-the-training-part",
        _train(watch=lambda x, y, x_val, y_val: (x, y)),
        "the validation loss is measured on the training part.",
        "Which rows has the network never been trained on?",
    ),
    _entry(
        "train",
        "starts-anew",
        _train(restart=True),
        "every epoch starts again from the first weights.",
        "Where does the second epoch begin?",
    ),
    _entry(
        "train",
        "loss-of-last-batch",
        _train(batch_loss=True),
        "the training loss in the history is that of the last batch, taken before its step, not of the whole part after the epoch.",
        "Over which rows, and at which moment, should the loss be measured?",
    ),
    _entry(
        "train",
        "mean-of-batch-losses",
        _train(batch_mean=True),
        "the training loss in the history is the mean of the batches' losses. Each of them was taken before its step, so it belongs to "
        "weights that are gone; measure the whole part once, with the weights after the epoch.",
        "With how many different weights were the losses of your batches measured? And with which the validation loss?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "best-restored-every-epoch",
            _train(goes_back="if kept"),
            "the best weights are put back after every epoch, inside the outer loop, so training starts again from them each time "
            "and never gets past a bad epoch.",
            "When are the best weights wanted: after every epoch, or once the run is over? Where does that line stand?",
        ),
        also=(_train(goes_back="even to None"),),
    ),
    _entry(
        "train",
        "only-nan-ends-it",
        _train(broken_loss=math.isnan),
        "a loss of nan ends the run, but a loss of inf does not: it is no finite number either.",
        "What does your question say to inf? The numbered list asks for a finite number.",
    ),
    _entry(
        "train",
        "same-order",
        _train(reseed=True),
        "every epoch has the same batches in the same order.",
        "Is the generator set back somewhere?",
    ),
    _entry(
        "train",
        "losses-swapped",
        _train(swap=True),
        "training and validation loss are exchanged in the history.",
        "In which order does history.add take them?",
    ),
    _entry(
        "train",
        "measured-before",
        _train(before=True),
        "the losses are measured with the weights from before the epoch.",
        "Which weights does an epoch leave behind?",
    ),
    _entry(
        "train",
        "configs-dropped",
        _train(drop_configs=True),
        "the new configs that train_step returns are thrown away, so the optimizer forgets its momentum after every step.",
        "train_step returns three things. Which of them does the next step need?",
    ),
    dataclasses.replace(
        _entry(
            "train",
            "reason-not-written",
            _train(reasons=()),
            "training ends early, but history.stopped still says that the budget of epochs was spent.",
            "Whoever reads the history later wants to know why it ends where it ends. At how many places can your loop end early?",
        ),
        also=(_train(reasons=("nan",)), _train(reasons=("stop",))),
    ),
    _entry(
        "train",
        "asks-before-writing",
        _train(ask_first=True),
        "the stopping criterion is asked before the epoch is written down, so the last epoch is missing from the history.",
        "In which order come measuring, writing and asking?",
    ),
)
