"""What the exercises of lesson 05 must satisfy: single steps from a given state, and what is carried on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backprop_helpers import optimizers, training
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_05 as drives
from backprop_helpers.checks.spec import Case, Driven, Exercise, Fn, Quantity

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


def _adam_folded_inside(w: Any, dw: Any, config: Any = None) -> Any:
    _, new = optimizers.adam(w, dw, config)
    rate = new["learning_rate"] * np.sqrt(1 - new["beta2"] ** new["t"]) / (1 - new["beta1"] ** new["t"])
    return w - rate * new["m"] / np.sqrt(new["v"] + new["epsilon"]), new


def _after_steps(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """What three steps gave: the first one's weights and state, and the last one's weights."""
    (next_w, config), *_, (last, _) = raw
    state = {k: config.get(k) for k in case.extra["state"]}
    return {"next_w": next_w, **state, "w after three steps": last}


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
            Quantity("next_w", "(the shape of w)", "the weights after one step"),
            Quantity(
                "w after three steps",
                "(the shape of w)",
                "the weights after three steps, each with the config of the one before",
            ),
        ),
        cases=_cases(given, tuple(q.name for q in state)),
        reference=reference,
        first_holds="It is right where config gives every setting. So compare the defaults in your code with those in the docstring, "
        "one by one, and what a fresh run starts from.",
        run=Driven(drives.steps, _after_steps, extra=("more",)),
        may_change=(0, 2),
    )


def _after_train_steps(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """Loss, weights and biases of two steps, the second from what the first gave back."""
    values: dict[str, Any] = {q.name: np.zeros(0) for q in exercise.quantities}
    for (loss, params), which in zip(raw, ("", " of the second step"), strict=True):
        values[f"loss{which}"] = loss
        values |= {f"w{k}{which}": w for k, (w, _) in enumerate(params)}
        values |= {f"b{k}{which}": b for k, (_, b) in enumerate(params)}
    return values


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
    """Losses first, then the weights from the last layer to the first; those of a third layer are empty where there is none."""
    found = []
    for which in ("", " of the second step"):
        found.append(Quantity(f"loss{which}", "()", "the loss before the step"))
        for k in (2, 1, 0):
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
        (Quantity("velocity", "(the shape of w)", "the velocity that config carries to the next step"),),
    ),
    _optimizer(
        "rmsprop",
        (optimizers.rmsprop, _rmsprop_inside),
        _rmsprop,
        (Quantity("cache", "(the shape of w)", "the running mean of the squared gradient"),),
    ),
    _optimizer(
        "adam",
        (optimizers.adam, _adam_inside, _adam_folded, _adam_folded_inside),
        _adam,
        (
            Quantity("t", "()", "the number of steps done"),
            Quantity("m", "(the shape of w)", "the running mean of the gradient"),
            Quantity("v", "(the shape of w)", "the running mean of the squared gradient"),
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
        run=Driven(drives.train_steps, _after_train_steps),
        may_change=(0, 4),
    ),
)
