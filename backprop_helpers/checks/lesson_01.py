"""What the exercises of lesson 01 must satisfy. All shapes are drawn, of pairwise distinct sizes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers import layers, network
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_01 as drives
from backprop_helpers.checks.spec import (
    REMARKS,
    Case,
    Driven,
    Exercise,
    Quantity,
    Wrong,
    name_returned,
    yes_or_no,
)
from backprop_helpers.checks.travel import a_type, counted

LESSON = "01_forward_pass"
Array = NDArray[Any]


def _affine_cases(rng: np.random.Generator) -> list[Case]:
    """x of rank 2, 3 and 4, so that code which works for flat rows only is found; one row; whole numbers."""
    cases = []
    for letters in ("NMd", "NMde", "NMdef", "1Md"):
        n, m, *inner = draw(rng, letters)
        d = int(np.prod(inner))
        cases.append(
            Case(
                (rng.standard_normal((n, *inner)), rng.standard_normal((d, m)), rng.standard_normal(m)),
                label=f"x of shape {(n, *inner)}",
                sizes={"N": n, "D": d, "M": m},
            )
        )
    n, d, m = draw(rng, "NDM")
    whole = rng.integers(1, 9, (n, d)), rng.standard_normal((d, m)), rng.standard_normal(m)
    return [*cases, Case(whole, label="x of whole numbers", sizes={"N": n, "D": d, "M": m})]


def _entrywise_cases(rng: np.random.Generator) -> list[Case]:
    """Inputs of an activation: one, two and three axes, an exact 0, whole numbers, and ±1000."""
    size, *rows = draw(rng, "snk")
    line = 2 * rng.standard_normal(size)
    line[:3] = -abs(line[0]) - 0.1, 0.0, abs(line[2]) + 1.5
    block = 2 * rng.standard_normal(draw(rng, "abc"))
    extreme = np.array([[-1000.0, -40.0, -1.5], [0.0, 1.5, 1000.0]]) + np.array([[0, 1, 1], [0, 1, 0]]) * (
        0.3 * rng.random((2, 3))
    )
    whole = rng.permutation(np.array([-5, -3, -1, 1, 2, 4]))
    return [
        Case((2 * rng.standard_normal(rows),), label=f"x of shape {tuple(rows)}"),
        Case((line,), label=f"x of shape {line.shape}, with an exact 0"),
        Case((block,), label=f"x of shape {block.shape}"),
        Case((extreme,), label="x between −1000 and 1000"),
        Case((whole,), label="x of whole numbers"),
    ]


def _affine_measures(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    """What was returned by name; and a remark where the cache holds the rows of x and its shape is nowhere any more."""
    values = name_returned(exercise, raw["returned"])
    x = case.args[0]
    rows = [len(x), x[0].size]
    if x.ndim > 2 and rows in raw["cached"] and list(x.shape) not in raw["cached"]:
        values[REMARKS] = (
            "the cache keeps x as one row per example; the shape x came in with is lost. A backward pass gives dx in that very "
            "shape, so lesson 04 needs it: cache x as it came.",
        )
    return values


# How far a measured share may lie from the true one. With more than 6,000 random weights the spread of these
# measurements is below 1.3 %, and the bounds are more than five times that: right code misses them about once
# in a million runs.
SPREAD, MEAN, TAILS = 0.06, 0.075, 0.016
LAYER_SPREAD = (
    6.0  # in standard deviations of what is measured of one layer, which may have a few hundred weights
)
NORMAL_TAILS = 0.0455  # share of a normal distribution beyond two standard deviations


def _init_cases(rng: np.random.Generator) -> list[Case]:
    """Two networks with more than 6,000 weights, one of them with the default scale, and one single layer."""
    plans: tuple[tuple[list[int], tuple[float, ...]], ...] = (
        ([*draw(rng, "DHK", 56, 70), *draw(rng, "C")], (0.3,)),
        ([*draw(rng, "DH", 80, 95), *draw(rng, "C")], ()),
        (draw(rng, "DC"), (2.0,)),
    )
    return [
        Case(
            (sizes, np.random.default_rng(int(rng.integers(2**31))), *scale),
            label=f"sizes {sizes}, {f'scale {scale[0]}' if scale else 'the default scale'}",
            extra={"other": int(rng.integers(2**31)), "scale": scale[0] if scale else 0.01},
        )
        for sizes, scale in plans
    ]


def _init_measures(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    """What three results tell: two from one state of the generator, one from another."""
    params, repeated, other = map(_pairs, raw)
    weights = [w for w, _ in params]
    flat = np.concatenate([w.ravel() for w in weights]) if weights else np.zeros(0)
    different = len(np.unique(flat)) / max(1, flat.size)  # float32 may draw a number twice
    return {
        "number of layers": len(params),
        "shapes of w": _shapes(weights, 2),
        "shapes of b": _shapes([b for _, b in params], 1),
        "largest |b|": max((float(np.abs(b).max(initial=0)) for _, b in params), default=0.0),
        "distinct weights": 1.0 if different > 0.99 else different,
        "same again": float(_equal(params, repeated)),
        "follows rng": float(not _equal(params, other)),
        **_spread(weights, case.extra["scale"]),
    }


def _pairs(params: Any) -> list[tuple[Array, Array]]:
    """The layers as plain float64 arrays; raises Wrong with a sentence where they can't be read so."""
    if params is None:
        raise Wrong("init_params returned None. Does it end with `return params`?")
    if not isinstance(params, list | tuple):
        raise Wrong(f"init_params returned {a_type(params)}; expected a list with one (w, b) a layer.")
    found = []
    for i, layer in enumerate(params):
        if not isinstance(layer, list | tuple) or len(layer) != 2:
            kind = f"an array of shape {layer.shape}" if isinstance(layer, np.ndarray) else _named(layer)
            raise Wrong(f"entry {i} of the list init_params returned is {kind}; expected a pair (w, b).")
        try:
            w, b = (np.asarray(part, dtype=np.float64) for part in layer)
        except (TypeError, ValueError):
            raise Wrong(
                f"entry {i} of the list init_params returned holds something else than numbers."
            ) from None
        found.append((w, b))
    return found


def _named(value: Any) -> str:
    size = f" of {counted(len(value), 'things')}" if isinstance(value, list | tuple) else ""
    return f"{a_type(value)}{size}"


def _shapes(arrays: Sequence[Array], axes: int) -> Array:
    """One row per array with its shape; −1 marks an axis that is missing, and an axis too many adds a column."""
    width = max([axes, *(a.ndim for a in arrays)])
    rows = [[*a.shape, *[-1] * (width - a.ndim)] for a in arrays]
    return np.array(rows, dtype=np.float64).reshape(len(arrays), width)


def _shapes_shown(table: Array) -> str:
    """The shapes back from the rows of `_shapes`, as "(5, 4), (4, 3)"."""
    return ", ".join(str(tuple(int(n) for n in row if n >= 0)) for row in table)


def _equal(one: Sequence[tuple[Array, Array]], two: Sequence[tuple[Array, Array]]) -> bool:
    return len(one) == len(two) and all(np.array_equal(a[0], b[0]) for a, b in zip(one, two, strict=True))


def _spread(weights: Sequence[Array], scale: float) -> dict[str, float]:
    """What the weights' distribution looks like in units of scale, rounded to the right value where close enough."""
    flat = np.concatenate([w.ravel() for w in weights]) if weights else np.zeros(0)
    if flat.size < 6000:  # too few to measure
        return {"mean of w / scale": 0.0, "std of w / scale": 1.0, "share beyond 2 std": NORMAL_TAILS}
    mean, std = float(flat.mean()) / scale, float(flat.std()) / scale
    tails = float(np.mean(np.abs(flat - flat.mean()) > 2 * flat.std()))
    if abs(std - 1) < SPREAD:  # all together are right; is each layer?
        each = [(float(w.std()) / scale, LAYER_SPREAD / np.sqrt(2 * w.size)) for w in weights if w.size > 100]
        std = next((s for s, allowed in each if abs(s - 1) > allowed), 1.0)
    return {
        "mean of w / scale": 0.0 if abs(mean) < MEAN else mean,
        "std of w / scale": std,
        "share beyond 2 std": NORMAL_TAILS if abs(tails - NORMAL_TAILS) < TAILS else tails,
    }


def _mlp_cases(rng: np.random.Generator) -> list[Case]:
    """Two, three and one layer; x of rank 2 and 3; all layers of one size. Biases are large enough to matter.

    Equal sizes on purpose: there a layer that gets the wrong input, or is told by its shape, stops nothing but gives
    wrong numbers.
    """
    cases = []
    for depth, axes in ((2, 1), (3, 1), (3, 2), (1, 1), (3, 0)):
        n, *drawn = draw(rng, "NdeHKC"[: 1 + axes] + "HKC"[-depth:] if axes else "NH")
        inner, outputs = (drawn[:axes], drawn[axes:]) if axes else (drawn, drawn * depth)
        sizes = [int(np.prod(inner)), *outputs]
        x = rng.standard_normal((n, *inner))
        params = [(rng.standard_normal((a, b)), rng.standard_normal(b)) for a, b in itertools.pairwise(sizes)]
        if len(params) > 1:
            _spread_out(x.reshape(n, -1), *params[0])
        cases.append(
            Case(
                (x, params),
                label=f"{counted(len(params), 'layers')}{'' if axes else ' of one size'}, x of shape {(n, *inner)}",
                sizes={"N": n, "D": sizes[0], "C": sizes[-1]},
            )
        )
    return cases


def _spread_out(x: Array, w: Array, b: Array) -> None:
    """Move two biases of a first layer, in place, so that what is like ReLU and is not it gives other numbers.

    x: (N, D)    w: (D, H), H ≥ 3    b: (H,)
    By chance alone an activation that is cut off at 6, or one that keeps what lies above the mean instead of above 0, would
    pass on some seeds. So the first hidden unit gives 12 and more, which no such limit lets through; the second gives
    1/20 at most and reaches it, which is positive and far below the mean; the third is moved until the mean is.
    """
    z = x @ w
    b[0] = 12 - z[:, 0].min()
    b[1] = 0.05 - z[:, 1].max()
    b[2:] += max(0.0, 1 - (z + b).mean()) * b.size / (b.size - 2)


EXERCISES = (
    Exercise(
        name="affine_forward",
        lesson=LESSON,
        signature="affine_forward(x, w, b) -> (out, cache)",
        returns=("out", "cache"),
        quantities=(Quantity("out", "(N, M)", "the output of the layer"),),
        cases=_affine_cases,
        reference=layers.affine_forward,
        run=Driven(drives.affine, _affine_measures),
    ),
    Exercise(
        name="relu_forward",
        lesson=LESSON,
        signature="relu_forward(x) -> (out, cache)",
        returns=("out", "cache"),
        quantities=(Quantity("out", "(same shape as x)", "x with every negative entry replaced by 0"),),
        cases=_entrywise_cases,
        reference=layers.relu_forward,
    ),
    Exercise(
        name="sigmoid_forward",
        lesson=LESSON,
        signature="sigmoid_forward(x) -> (out, cache)",
        returns=("out", "cache"),
        quantities=(Quantity("out", "(same shape as x)", "the sigmoid of every entry"),),
        cases=_entrywise_cases,
        reference=layers.sigmoid_forward,
        quiet=True,
    ),
    Exercise(
        name="tanh_forward",
        lesson=LESSON,
        signature="tanh_forward(x) -> (out, cache)",
        returns=("out", "cache"),
        quantities=(Quantity("out", "(same shape as x)", "the hyperbolic tangent of every entry"),),
        cases=_entrywise_cases,
        reference=layers.tanh_forward,
        quiet=True,
    ),
    Exercise(
        name="init_params",
        lesson=LESSON,
        signature="init_params(sizes, rng, scale=0.01) -> params",
        returns=("params",),
        quantities=(
            Quantity(
                "number of layers",
                "()",
                "one (w, b) per pair of neighbouring sizes",
                fault="the list has the wrong number of layers: L + 1 sizes make L pairs (w, b).",
            ),
            Quantity(
                "shapes of w",
                "(layers, 2)",
                "one row (inputs, outputs) per layer",
                fault="a w has the wrong shape: layer i leads from sizes[i] inputs to sizes[i + 1] outputs.",
                shown=_shapes_shown,
            ),
            Quantity(
                "shapes of b",
                "(layers, 1)",
                "one row (outputs,) per layer",
                fault="a b has the wrong shape: each output of a layer has one bias, so b is (sizes[i + 1],).",
                shown=_shapes_shown,
            ),
            Quantity(
                "largest |b|", "()", "biases start at 0", fault="a bias is not 0; all biases start at 0."
            ),
            Quantity(
                "same again",
                "()",
                "1 when the same state of rng gives the same weights",
                fault="one generator in the same state gave two different networks: something random does not come from rng.",
                shown=yes_or_no,
            ),
            Quantity(
                "follows rng",
                "()",
                "1 when another rng gives other weights",
                fault="two different generators gave the same network: the weights are not drawn from rng.",
                shown=yes_or_no,
            ),
            Quantity(
                "distinct weights",
                "()",
                "the share of weights that differ from all others",
                fault="many weights are equal to one another; each one should be drawn by itself.",
            ),
            Quantity(
                "mean of w / scale",
                "()",
                "the mean of the weights in units of scale",
                fault="the weights do not lie around 0.",
            ),
            Quantity(
                "std of w / scale",
                "()",
                "the standard deviation of the weights in units of scale",
                fault="the weights spread by another amount than scale, which should be their standard deviation.",
            ),
            Quantity(
                "share beyond 2 std",
                "()",
                "how much of the distribution lies in its tails",
                fault="mean and spread are right, but the weights are not normally distributed: too few or too many lie far from 0.",
            ),
        ),
        cases=_init_cases,
        reference=network.init_params,
        run=Driven(drives.init, _init_measures, extra=("other",)),
    ),
    Exercise(
        name="mlp_forward",
        lesson=LESSON,
        signature="mlp_forward(x, params) -> (scores, caches)",
        returns=("scores", "caches"),
        quantities=(Quantity("scores", "(N, C)", "the output of the last layer"),),
        cases=_mlp_cases,
        reference=network.mlp_forward,
    ),
)
