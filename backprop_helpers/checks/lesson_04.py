"""What the exercises of lesson 04 must satisfy: every backward pass against finite differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop_helpers import layers
from backprop_helpers.checks.spec import Case, Exercise, Fn, Quantity, backward_of_forward

LESSON = "04_backward_pass"


def _affine_cases(rng: np.random.Generator) -> list[Case]:
    """A random upstream gradient and x of rank 2 and 4."""
    cases = []
    for inner in ((6,), (2, 5, 1)):
        n, d, m = 4, int(np.prod(inner)), 3
        cases.append(
            Case(
                (
                    rng.standard_normal((n, m)),
                    rng.standard_normal((n, *inner)),
                    rng.standard_normal((d, m)),
                    rng.standard_normal(m),
                ),
                label=f"x of shape {(n, *inner)}",
                sizes={"N": n, "D": d, "M": m},
                upstream=0,
            )
        )
    return cases


def _affine_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    """Central differences of Σ dout · forward(x, w, b)[0]."""
    dout, *inputs = case.args
    return dict(zip(("dx", "dw", "db"), _differences(forward, inputs, dout), strict=True))


def _differences(forward: Fn, inputs: list[Any], dout: Any) -> list[Any]:
    grads = []
    for k, array in enumerate(inputs):
        grad = np.zeros(array.shape)
        for i in np.ndindex(array.shape):
            sides = []
            for sign in (1, -1):
                moved = [a.copy() for a in inputs]
                moved[k][i] += sign * 1e-6
                sides.append(np.vdot(forward(*moved)[0], dout))
            grad[i] = (sides[0] - sides[1]) / 2e-6
        grads.append(grad)
    return grads


EXERCISES = (
    Exercise(
        name="affine_backward",
        lesson=LESSON,
        signature="affine_backward(dout, cache) -> (dx, dw, db)",
        returns=("dx", "dw", "db"),
        quantities=(
            Quantity("db", "(M,)", "the gradient of the loss with respect to b"),
            Quantity("dw", "(D, M)", "the gradient of the loss with respect to w"),
            Quantity("dx", "(N, d_1, …, d_k)", "the gradient of the loss with respect to x"),
        ),
        cases=_affine_cases,
        reference=layers.affine_backward,
        run=backward_of_forward,
        inputs=("dout", "x", "w", "b"),
        forward=layers.affine_forward,
        numerical=_affine_numerical,
    ),
)
