"""Is a gradient right? Finite differences that know how far they can be trusted.

    from backprop_helpers.gradcheck import gradcheck
    print(gradcheck(forward, backward, (x, w, b)))

`numerical_gradient` gives the slopes alone, `numerical_vjp` gives them with their own uncertainty,
`gradcheck` compares them with gradients somebody derived and says what is wrong and where.

One idea a file: `noise` (how precise is the function?), `lines` (values and slopes along a line), `numerical`
(slopes of every entry), `complex_step`, `inputs` (what came in, and what is wrong with it), `check` (the verdict),
`report` (what a reader sees), `digits` (how many of them), `picture` (the same in a browser).
"""

from __future__ import annotations

from .check import gradcheck
from .numerical import NumericalGradient, numerical_gradient, numerical_vjp
from .report import Entry, GradReport, Problem, Quantity

__all__ = [
    "Entry",
    "GradReport",
    "NumericalGradient",
    "Problem",
    "Quantity",
    "gradcheck",
    "numerical_gradient",
    "numerical_vjp",
]
