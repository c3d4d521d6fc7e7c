"""Wrong solutions of lesson 04."""

from __future__ import annotations

from typing import Any

from backprop_helpers.misconceptions.spec import Misconception


def _db_not_summed(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout


MISCONCEPTIONS = (
    Misconception(
        name="affine-backward-db-not-summed",
        exercise="affine_backward",
        wrong=_db_not_summed,
        says="db is the upstream gradient itself, one row per example; b is shared by all rows, so its gradient adds them up.",
        hint="b has one number per output and is used once per row. What does the chain rule do where one value is used several times?",
        source="course design",
    ),
)
