"""Mutants that can't fail because they compute the same, each with the proof.

Keys are `exercise | changed line`, as the report prints them.
"""

EQUIVALENT: dict[str, str] = {
    "softmax_vjp | ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))": (
        "p has two axes, (N, C), so the last axis is axis 1."
    ),
}
