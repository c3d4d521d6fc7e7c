"""What the exercises of lesson 05 must satisfy: single steps from a given state, and what is carried on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backprop_helpers import optimizers, training
from backprop_helpers.checks.copies import copied
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.spec import Case, Exercise, Fn, Quantity, Wrong, name_returned

LESSON = "05_weight_update"


# ε may stand outside the square root, inside it, or (as the end of section 2 of Kingma and Ba has it) beside the
# uncorrected √v: papers and libraries differ, the page leaves it open, and all are right.
def _rmsprop_inside(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = optimizers.rmsprop(w, dw, config)
    return w - new["learning_rate"] * dw / np.sqrt(new["cache"] + new["epsilon"]), new


def _adam_inside(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = optimizers.adam(w, dw, config)
    m, v = new["m"] / (1 - new["beta1"] ** new["t"]), new["v"] / (1 - new["beta2"] ** new["t"])
    return w - new["learning_rate"] * m / np.sqrt(v + new["epsilon"]), new


def _adam_folded(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = optimizers.adam(w, dw, config)
    rate = new["learning_rate"] * np.sqrt(1 - new["beta2"] ** new["t"]) / (1 - new["beta1"] ** new["t"])
    return w - rate * new["m"] / (np.sqrt(new["v"]) + new["epsilon"]), new


def _steps(exercise: Exercise, fn: Fn, case: Case, forward: Fn | None) -> dict[str, Any]:
    """Three steps with a different gradient each, every config handed on to the next call.

    The config is copied between two steps, as when it is saved and loaded.
    """
    w, dw, config = case.args
    values: dict[str, Any] = {}
    for i, gradient in enumerate((dw, *case.extra["more"])):
        w, config = _one(exercise, fn, w, gradient, config)
        if i == 0:
            values["next_w"] = copied(w)  # the next step may work in place
            values |= {k: copied(config.get(k)) for k in case.extra["state"]}
    values["w after three steps"] = w
    return values


def _one(exercise: Exercise, fn: Fn, w: Any, dw: Any, config: Any) -> tuple[Any, dict[str, Any]]:
    found = name_returned(exercise, fn(w, dw, config))
    new = found["config"]
    if not isinstance(new, dict):
        raise Wrong(
            f"{exercise.name} returned a config that is {type(new).__name__}; expected a dictionary with everything the next step needs."
        )
    return copied(found["next_w"]), copied(new)


def _cases(
    given: Callable[[np.random.Generator, tuple[int, ...]], Mapping[str, Any]], state: tuple[str, ...]
) -> Any:
    """A step in mid-run from a given state, a fresh start with some settings, and one with none at all."""

    def cases(rng: np.random.Generator) -> list[Case]:
        found = []
        for label, config, letters in (
            ("a given config, in mid-run", "given", "DM"),
            ("a fresh start with a learning rate of its own", "fresh", "M"),
            ("no config at all", None, "DM"),
        ):
            shape = tuple(draw(rng, letters))
            w = rng.standard_normal(shape)
            gradients = [rng.standard_normal(shape) + 0.1 for _ in range(3)]
            settings: Any = None
            if config == "given":
                settings = dict(given(rng, shape))
            elif config == "fresh":
                settings = {"learning_rate": float(rng.uniform(0.02, 0.3))}
            found.append(
                Case((w, gradients[0], settings), label=label, extra={"more": gradients[1:], "state": state})
            )
        return found

    return cases


def _momentum(rng: np.random.Generator, shape: tuple[int, ...]) -> Mapping[str, Any]:
    return {
        "learning_rate": float(rng.uniform(0.02, 0.3)),
        "momentum": float(rng.uniform(0.5, 0.8)),
        "velocity": rng.standard_normal(shape),
    }


def _rmsprop(rng: np.random.Generator, shape: tuple[int, ...]) -> Mapping[str, Any]:
    return {
        "learning_rate": float(rng.uniform(0.02, 0.3)),
        "decay_rate": float(rng.uniform(0.6, 0.9)),
        "epsilon": float(rng.uniform(0.01, 0.05)),  # large enough that its place can be seen
        "cache": rng.uniform(0.5, 2, shape),
    }


def _adam(rng: np.random.Generator, shape: tuple[int, ...]) -> Mapping[str, Any]:
    return {
        "learning_rate": float(rng.uniform(0.02, 0.3)),
        "beta1": float(rng.uniform(0.6, 0.85)),
        "beta2": float(rng.uniform(0.86, 0.97)),
        "epsilon": float(rng.uniform(0.01, 0.05)),
        "m": rng.standard_normal(shape),
        "v": rng.uniform(0.5, 2, shape),
        "t": int(rng.integers(3, 8)),
    }


def _optimizer(
    name: str, reference: Fn | tuple[Fn, ...], given: Any, state: tuple[Quantity, ...]
) -> Exercise:
    return Exercise(
        name=name,
        lesson=LESSON,
        signature=f"{name}(w, dw, config=None) -> (next_w, config)",
        returns=("next_w", "config"),
        quantities=(
            *state,
            Quantity("next_w", "the shape of w", "the weights after one step"),
            Quantity(
                "w after three steps",
                "the shape of w",
                "the weights after three steps, each with the config of the one before",
            ),
        ),
        cases=_cases(given, tuple(q.name for q in state)),
        reference=reference,
        run=_steps,
        may_change=(0, 2),
    )


def _train_step(exercise: Exercise, fn: Fn, case: Case, forward: Fn | None) -> dict[str, Any]:
    """Two steps in a row: the second starts from the params and configs that the first gave back."""
    params, x, y, update, configs = case.args
    values: dict[str, Any] = {}
    for i in (1, 2):
        found = name_returned(exercise, fn(params, x, y, update, configs))
        params, configs = _pairs(exercise, "params", found["params"], params), found["configs"]
        which = "" if i == 1 else " of the second step"
        values[f"loss{which}"] = found["loss"]
        values |= {f"w{k}{which}": copied(w) for k, (w, _) in enumerate(params)}
        values |= {f"b{k}{which}": copied(b) for k, (_, b) in enumerate(params)}
        params, configs = copied(params), copied(configs)
    return values


def _pairs(exercise: Exercise, name: str, got: Any, given: Any) -> Any:
    """The list of (w, b) pairs that came back; raises Wrong where it is none."""
    if not isinstance(got, list | tuple) or len(got) != len(given):
        what = f"{len(got)} entries" if isinstance(got, list | tuple) else f"a {type(got).__name__}"
        raise Wrong(
            f"{exercise.name} returned {name} with {what}; expected {len(given)} pairs (w, b), one per layer."
        )
    for i, pair in enumerate(got):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise Wrong(f"{exercise.name} returned {name}[{i}] that is no pair (w, b).")
        if any(isinstance(part, tuple) for part in pair):
            raise Wrong(
                f"{exercise.name} returned {name}[{i}] with a tuple where an array belongs. update returns two things, "
                "the new array and its config: take them apart."
            )
    return [tuple(pair) for pair in got]


def _train_step_cases(rng: np.random.Generator) -> list[Case]:
    """SGD and an optimizer with a memory, on a network with one and with two hidden layers."""
    cases = []
    for update, rate, letters in (
        (optimizers.sgd, 0.3, "NDHC"),
        (optimizers.sgd_momentum, 0.2, "NDHKC"),
        (optimizers.adam, 0.05, "NDHC"),
    ):
        n, *sizes = draw(rng, letters)
        params = [(rng.standard_normal((a, b)), rng.standard_normal(b)) for a, b in itertools.pairwise(sizes)]
        # a rate of its own for every array, so that configs which are mixed up are found
        configs = [
            ({"learning_rate": rate * (1 + k)}, {"learning_rate": rate * (1.5 + k)})
            for k in range(len(params))
        ]
        x, y = rng.standard_normal((n, sizes[0])), rng.permutation(np.arange(n) % sizes[-1])
        cases.append(Case((params, x, y, update, configs), label=f"{update.__name__}, layers {sizes}"))
    return cases


def _train_step_quantities() -> tuple[Quantity, ...]:
    """Losses first, then the weights from the last layer to the first; a network without a third layer has none."""
    found = []
    for which in ("", " of the second step"):
        found.append(Quantity(f"loss{which}", "()", "the loss before the step"))
        for k in (1, 0):
            found.append(Quantity(f"b{k}{which}", "(M,)", f"the bias of layer {k} after the step"))
            found.append(Quantity(f"w{k}{which}", "(D, M)", f"the weights of layer {k} after the step"))
    return tuple(found)


EXERCISES = (
    _optimizer(
        "sgd", optimizers.sgd, lambda rng, shape: {"learning_rate": float(rng.uniform(0.02, 0.3))}, ()
    ),
    _optimizer(
        "sgd_momentum",
        optimizers.sgd_momentum,
        _momentum,
        (Quantity("velocity", "the shape of w", "the velocity that config carries to the next step"),),
    ),
    _optimizer(
        "rmsprop",
        (optimizers.rmsprop, _rmsprop_inside),
        _rmsprop,
        (Quantity("cache", "the shape of w", "the running mean of the squared gradient"),),
    ),
    _optimizer(
        "adam",
        (optimizers.adam, _adam_inside, _adam_folded),
        _adam,
        (
            Quantity("t", "()", "the number of steps done"),
            Quantity("m", "the shape of w", "the running mean of the gradient"),
            Quantity("v", "the shape of w", "the running mean of the squared gradient"),
        ),
    ),
    Exercise(
        name="train_step",
        lesson=LESSON,
        signature="train_step(params, x, y, update, configs) -> (loss, params, configs)",
        returns=("loss", "params", "configs"),
        quantities=_train_step_quantities(),
        cases=_train_step_cases,
        reference=training.train_step,
        run=_train_step,
        may_change=(0, 4),
    ),
)
