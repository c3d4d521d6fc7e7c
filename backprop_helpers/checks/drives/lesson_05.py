"""How the checks of lesson 05 handle optimizers and a training step: several steps, each from what the last gave back."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Task, Wrong, named
from backprop_helpers.checks.copies import copied
from backprop_helpers.checks.travel import a_type, counted, type_name


def steps(task: Task) -> list[Any]:
    """Three steps with a different gradient each, every config handed on to the next call; raw: [next_w, config] of each.

    The config is copied between two steps, as when it is saved and loaded. task.args: (w, dw, config);
    task.extra["more"]: the other gradients.
    """
    w, dw, config = task.args
    found = []
    for gradient in (dw, *task.extra["more"]):
        returned = named(task.name, task.returns, task.fn(w, gradient, config))
        config = returned["config"]
        if not isinstance(config, dict):
            raise Wrong(
                f"{task.name} returned a config that is {type_name(config)}; expected a dictionary with everything the next step needs."
            )
        w, config = copied(returned["next_w"]), copied(config)
        found.append([copied(w), copied(config)])  # the next step may work in place
    return found


def train_steps(task: Task) -> list[Any]:
    """Two training steps, the second from the params and configs that the first gave back; raw: [loss, params] of each.

    task.args: (params, x, y, update, configs).
    """
    params, x, y, update, configs = task.args
    found = []
    for _ in (1, 2):
        old = shapes(params)  # before the step, which may write into params
        returned = named(task.name, task.returns, task.fn(params, x, y, update, configs))
        configs = returned["configs"]
        params = pairs(task.name, "params", returned["params"], len(params))
        _same_shapes(task.name, old, shapes(params))
        found.append([returned["loss"], copied(params)])
        params, configs = copied(params), copied(configs)
    return found


def shapes(params: Any) -> list[tuple[Any, ...]]:
    """The shapes of w and b of every layer."""
    return [tuple(np.shape(part) for part in pair) for pair in params]


def _same_shapes(exercise: str, old: list[Any], new: list[Any]) -> None:
    """Raise Wrong, with what it looks like, where the params that come back are not shaped like those that came in."""
    if old == new:
        return
    if new == old[::-1]:
        raise Wrong(
            f"{exercise} returned the params with the last layer first; they come back in the order in which they came in, first "
            "layer first."
        )
    if new == [pair[::-1] for pair in old]:
        raise Wrong(
            f"{exercise} returned pairs (b, w) in params; they come in as (w, b), and go back like that."
        )
    i, k = next((i, k) for i, pair in enumerate(old) for k in (0, 1) if new[i][k] != pair[k])
    raise Wrong(
        f"{exercise} returned params[{i}][{k}] with the shape {new[i][k]}; the {'wb'[k]} that came in has {old[i][k]}, and a step "
        "changes no shape."
    )


def pairs(exercise: str, name: str, got: Any, layers: int) -> Any:
    """The list of (w, b) pairs that came back; raises Wrong where it is none."""
    if not isinstance(got, list | tuple) or len(got) != layers:
        what = counted(len(got), "parts") if isinstance(got, list | tuple) else a_type(got)
        raise Wrong(f"{exercise} returned {name} with {what}; expected {layers} pairs (w, b), one per layer.")
    for i, pair in enumerate(got):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise Wrong(f"{exercise} returned {name}[{i}] that is no pair (w, b).")
        if any(isinstance(part, tuple) for part in pair):
            raise Wrong(
                f"{exercise} returned {name}[{i}] with a tuple where an array belongs. update returns two things, "
                "the new array and its config: take them apart."
            )
        if any(isinstance(part, dict) for part in pair):
            raise Wrong(
                f"{exercise} returned {name}[{i}] with a dictionary where an array belongs. update returns two things: the new "
                "array first, its config second."
            )
    return [tuple(pair) for pair in got]
