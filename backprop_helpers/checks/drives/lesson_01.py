"""How the check of `init_params` handles it."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_helpers.checks.attempt import Task
from backprop_helpers.checks.copies import copied


def init(task: Task) -> list[Any]:
    """Parameters three times: twice from one state of the generator, once from another; raw: the three results.

    task.args: (sizes, rng) or (sizes, rng, scale); task.extra["other"]: the seed of the third.
    """
    sizes, rng, *scale = task.args
    again = copied(rng)
    other = np.random.default_rng(task.extra["other"])
    return [task.fn(sizes, generator, *scale) for generator in (rng, again, other)]
