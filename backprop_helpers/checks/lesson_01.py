"""What the exercises of lesson 01 must satisfy. All shapes have pairwise distinct sizes."""

from __future__ import annotations

import numpy as np

from backprop_helpers import layers
from backprop_helpers.checks.spec import Case, Exercise, Quantity

LESSON = "01_forward_pass"


def _affine_cases(rng: np.random.Generator) -> list[Case]:
    """x of rank 2, 3 and 4, so that code which works for flat rows only is found."""
    cases = []
    for inner in ((6,), (2, 5), (2, 3, 3)):
        n, d, m = 4, int(np.prod(inner)), 7
        cases.append(
            Case(
                (rng.standard_normal((n, *inner)), rng.standard_normal((d, m)), rng.standard_normal(m)),
                label=f"x of shape {(n, *inner)}",
                sizes={"N": n, "D": d, "M": m},
            )
        )
    return cases


EXERCISES = (
    Exercise(
        name="affine_forward",
        lesson=LESSON,
        signature="affine_forward(x, w, b) -> (out, cache)",
        returns=("out", "cache"),
        quantities=(Quantity("out", "(N, M)", "the output of the layer"),),
        cases=_affine_cases,
        reference=layers.affine_forward,
    ),
)
