"""Mutants that can't fail because they compute the same, each with the proof.

Keys are `exercise | changed line`, as the report prints them.
"""

EQUIVALENT: dict[str, str] = {
    "softmax_vjp | ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))": (
        "p has two axes, (N, C), so the last axis is axis 1."
    ),
    "softmax | powers = np.exp(scores - scores.max(axis=-1, keepdims=True))": (
        "scores has two axes, (N, C), so the last axis is axis 1."
    ),
    "softmax | return powers / powers.sum(axis=-1, keepdims=True)": (
        "powers has two axes, (N, C), so the last axis is axis 1."
    ),
    "log_softmax | shifted = scores - scores.max(axis=-1, keepdims=True)": (
        "scores has two axes, (N, C), so the last axis is axis 1."
    ),
    "log_softmax | return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))": (
        "shifted has two axes, (N, C), so the last axis is axis 1."
    ),
}
