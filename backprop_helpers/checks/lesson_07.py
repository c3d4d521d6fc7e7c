"""What the exercises of lesson 07 must satisfy: costs, first weights, a diagnosis, and a backward pass that forgets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers import checkpointing, cost, initialisation, layer_health
from backprop_helpers.checks.drives import call
from backprop_helpers.checks.drives import lesson_07 as drives
from backprop_helpers.checks.spec import (
    Case,
    Driven,
    Exercise,
    Quantity,
    Tolerance,
    Wrong,
    name_returned,
    yes_or_no,
)
from backprop_helpers.checks.travel import a_type, counted

LESSON = "07_why_backprop"
Array = NDArray[Any]

# --- multiply_count -------------------------------------------------------------------------------------------

_EXACT = Tolerance(0.0, 0.0, "a count is a whole number, so it is right or wrong")


def _count_cases(rng: np.random.Generator) -> list[Case]:
    """One to four layers; all sizes of a network and its batch differ, so that no two can be mistaken."""
    cases = []
    for layers in (2, 3, 1, 4):
        *sizes, n = (int(v) for v in rng.choice(np.arange(2, 30), layers + 2, replace=False))
        cases.append(Case((sizes, n), label=f"sizes {sizes}, n = {n}", sizes={"N": n}))
    return [*cases, Case(([64, 300, 10], 1), label="sizes [64, 300, 10], n = 1", sizes={"N": 1})]


def _written(value: Any) -> str:
    return f"{float(value):,.12g}"


# --- xavier_init and he_init ----------------------------------------------------------------------------------

# How far a measured spread may lie from the right one. DRAWS networks together have at least 4,800 weights a layer, so the
# standard error of the measured standard deviation is 1 % of it, and that of the mean 1.5 %. 9 % is six times that, so
# right code misses it about once in a thousand million layers.
SPREAD = MEAN = 0.09
DRAWS = 4


def _spreads(d: int, m: int, first: int, last: int) -> dict[str, float]:
    """Standard deviations by the rules one meets, for a layer (d, m) of a network from `first` to `last`."""
    return {
        "√(2 / in)": math.sqrt(2 / d),
        "√(2 / (in + out))": math.sqrt(2 / (d + m)),
        "√(1 / in)": math.sqrt(1 / d),
        "√(1 / out)": math.sqrt(1 / m),
        "√(2 / out)": math.sqrt(2 / m),
        "√(1 / (in + out))": math.sqrt(1 / (d + m)),
        "√(6 / (in + out))": math.sqrt(6 / (d + m)),
        "√(6 / in)": math.sqrt(6 / d),
        "√2 / √3 / √in": math.sqrt(2 / d / 3),
        "√2 / √3 / √(in + out)": math.sqrt(2 / (d + m) / 3),
        "2 / in": 2 / d,
        "1 / in": 1 / d,
        "2 / (in + out)": 2 / (d + m),
        "√(2 / in of the first layer)": math.sqrt(2 / first),
        "√(2 / (first + last))": math.sqrt(2 / (first + last)),
        "√(2 · in)": math.sqrt(2 * d),
        "√(in / 2)": math.sqrt(d / 2),
        "√(2 · (in + out))": math.sqrt(2 * (d + m)),
        "√((in + out) / 2)": math.sqrt((d + m) / 2),
        "√(2 / in + out)": math.sqrt(2 / d + m),
        "√(2 / (in · out))": math.sqrt(2 / (d * m)),
        "1": 1.0,
        "0.01": 0.01,
    }


def _init_cases(rng: np.random.Generator) -> list[Case]:
    """Widths far apart, so that each rule gives other numbers; one network of a single layer."""
    plans = ([40, 120, 20, 64], [200, 24, 80], [60, 20])
    return [
        Case(
            (sizes, np.random.default_rng(int(rng.integers(2**31)))),
            label=f"sizes {sizes}",
            extra={"seeds": [int(seed) for seed in rng.integers(2**31, size=DRAWS)]},
        )
        for sizes in plans
    ]


def _init_measures(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    """The spread of several networks, of which the first two were drawn from the same state of the generator."""
    sizes = case.args[0]
    params, repeated, *drawn = (_pairs(exercise, returned, sizes) for returned in raw)
    right = [_spreads(d, m, 1, 1)[_RULE[exercise.name]] for d, m in itertools.pairwise(sizes)]
    weights = [np.concatenate([p[i][0].ravel() for p in drawn]) for i in range(len(right))]
    return {
        "largest |b|": max(float(np.abs(b).max(initial=0)) for p in drawn for _, b in p),
        "same again": float(_equal(params, repeated)),
        "follows rng": float(not _equal(params, drawn[0])),
        "distinct weights": float(all(len(np.unique(w)) > 0.98 * w.size for w in weights)),
        "std of w / what it should be": _told(sizes, weights, right),
        "mean of w / its std": [
            0.0 if abs(w.mean()) < MEAN * s else float(w.mean()) / s
            for w, s in zip(weights, right, strict=True)
        ],
    }


_RULE = {"he_init": "√(2 / in)", "xavier_init": "√(2 / (in + out))"}


def _told(sizes: Sequence[int], weights: Sequence[Array], right: Sequence[float]) -> list[float]:
    """Each layer's spread over the right one; exactly that of a known rule where it is close to it in every layer.

    So the same mistake gives the same numbers, however it draws.
    """
    measured = [float(w.std()) for w in weights]
    rules = [_spreads(d, m, sizes[0], sizes[-1]) for d, m in itertools.pairwise(sizes)]
    known = [list(right), *(list(column) for column in zip(*(r.values() for r in rules), strict=True))]

    def off(spread: Sequence[float]) -> float:
        return max(abs(a / b - 1) for a, b in zip(measured, spread, strict=True))

    nearest = min(known, key=off)
    if off(nearest) < SPREAD:
        measured = nearest
    return [a / b for a, b in zip(measured, right, strict=True)]


def _pairs(exercise: Exercise, params: Any, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """The layers as plain arrays of the right shapes; raises Wrong with a sentence where they are not."""
    name = exercise.name
    params = name_returned(exercise, params)["params"]
    wanted = list(itertools.pairwise(sizes))
    if not isinstance(params, list | tuple):
        raise Wrong(f"{name} returned {a_type(params)}; expected a list with one (w, b) a layer.")
    if len(params) != len(wanted):
        raise Wrong(
            f"{name} returned {counted(len(params), 'layers')} for {counted(len(sizes), 'sizes')}; expected {counted(len(wanted), 'pairs')} (w, b), "
            "one for each step from a size to the next."
        )
    found = []
    for i, (layer, (d, m)) in enumerate(zip(params, wanted, strict=True)):
        if not isinstance(layer, list | tuple) or len(layer) != 2:
            raise Wrong(f"entry {i} of the list {name} returned is no pair (w, b).")
        try:
            w, b = (np.asarray(part, dtype=np.float64) for part in layer)
        except (TypeError, ValueError):
            raise Wrong(f"entry {i} of the list {name} returned holds something else than numbers.") from None
        for letter, a, shape in (("w", w, (d, m)), ("b", b, (m,))):
            if a.shape != shape:
                raise Wrong(f"{letter} of layer {i + 1} from {name} has shape {a.shape}; expected {shape}.")
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise Wrong(f"layer {i + 1} from {name} holds numbers that are not finite.")
        found.append((w, b))
    return found


def _equal(one: Sequence[tuple[Array, Array]], two: Sequence[tuple[Array, Array]]) -> bool:
    return all(np.array_equal(a[0], b[0]) for a, b in zip(one, two, strict=True))


def _ratios(values: Any) -> str:
    return ", ".join(f"{v:.3g}" for v in np.atleast_1d(values))


def _init_quantities(spread: str) -> tuple[Quantity, ...]:
    return (
        Quantity("largest |b|", "()", "biases start at 0", fault="a bias is not 0; all biases start at 0."),
        Quantity(
            "same again",
            "()",
            "whether the same state of rng gives the same weights",
            fault="one generator in the same state gave two different networks: something random does not come from rng.",
            shown=yes_or_no,
        ),
        Quantity(
            "follows rng",
            "()",
            "whether another rng gives other weights",
            fault="two different generators gave the same network: the weights are not drawn from rng.",
            shown=yes_or_no,
        ),
        Quantity(
            "distinct weights",
            "()",
            "whether every weight is drawn by itself",
            fault="many weights are equal to one another; each one should be drawn by itself.",
            shown=yes_or_no,
        ),
        Quantity(
            "std of w / what it should be",
            "(layers,)",
            "each layer's standard deviation of the weights, divided by the right one",
            fault=f"the weights of a layer have another standard deviation than {spread}.",
            shown=_ratios,
        ),
        Quantity(
            "mean of w / its std",
            "(layers,)",
            "each layer's mean of the weights, in units of the right standard deviation",
            fault="the weights do not lie around 0.",
            shown=_ratios,
        ),
    )


# --- diagnose_layers ------------------------------------------------------------------------------------------


def _healthy(rng: np.random.Generator, activation: str, n: int, width: int) -> Array:
    """Outputs of a layer in good order: half of them 0 (ReLU), or well inside (−1, 1) (tanh)."""
    z = rng.standard_normal((n, width))
    return np.maximum(z, 0) if activation == "relu" else np.tanh(0.6 * z)


def _with_dead_units(rng: np.random.Generator, n: int, width: int, dead: int) -> Array:
    h = _healthy(rng, "relu", n, width)
    h[0] += 0.1  # no unit is dead by chance
    h[:, rng.permutation(width)[:dead]] = 0.0
    return h


def _saturated(rng: np.random.Generator, n: int, width: int, share: float) -> Array:
    """tanh outputs of which exactly `share` lies within 0.02 of −1 or 1."""
    h = np.tanh(0.6 * rng.standard_normal(n * width)).clip(-0.95, 0.95)
    flat = rng.permutation(n * width)[: round(share * n * width)]
    h[flat] = rng.choice([-1.0, 1.0], len(flat)) * rng.uniform(0.98, 1.0, len(flat))
    return h.reshape(n, width)


def _layer_cases(rng: np.random.Generator) -> list[Case]:
    """Layers of different widths, so that means and sums are told apart; all gradients but the last have mean 0."""

    def gradients(shapes: Sequence[tuple[int, int]], sizes: Sequence[float]) -> list[Array]:
        found: list[Array] = []
        for shape, size in zip(shapes, sizes, strict=True):
            g = rng.standard_normal(shape)
            if len(found) < len(shapes) - 1:
                g -= g.mean()  # a mean is no size
            found.append(size * g / np.sqrt(np.mean(g**2)))
        return found

    def case(activation: str, outputs: list[Array], sizes: Sequence[float], label: str) -> Case:
        shapes = [(len(h), h.shape[1]) for h in outputs]
        return Case((outputs, gradients(shapes, sizes), activation), label=label)

    def several(activation: str, n: int, widths: Sequence[int]) -> list[Array]:
        return [_healthy(rng, activation, n, width) for width in widths]

    dead = [_with_dead_units(rng, 7, w, k) for w, k in ((6, 3), (10, 6), (9, 5), (5, 0), (4, 4), (8, 4))]
    flat = [_saturated(rng, 6, w, s) for w, s in ((4, 0.7), (10, 0.5), (5, 0.2), (7, 0.9), (3, 0.0))]
    # four rows of six are flat in every unit, so no unit is flat for all rows; and three units of five are flat throughout
    steep, edge = rng.uniform(0.1, 0.6, (6, 5)), rng.uniform(0.98, 1.0, (6, 5))
    onesided = np.where(rng.permuted(np.arange(6)[:, None].repeat(5, 1), axis=0) < 4, edge, steep)
    by_unit = np.where(rng.permutation(5) < 3, edge, steep)
    nearly = 10 ** rng.uniform(-12, -9, (6, 4))
    return [
        case(
            "relu",
            several("relu", 40, (6, 2, 9, 4)),
            (2.0, 0.6, 1.5, 1.0),
            "four ReLU layers in good order",
        ),
        case("relu", dead, (0.5, 1.2, 3e-5, 2e4, 1e-7, 1.0), "ReLU layers with dead units"),
        case(
            "tanh",
            several("tanh", 8, (9, 2, 6, 5, 3, 7)),
            (2e-6, 4e-5, 0.2 / 1000.3, 0.2 / 999.7, 2e-3, 0.2),
            "gradients that shrink on the way back",
        ),
        case(
            "relu",
            [h + 0.01 for h in several("relu", 5, (30, 4, 2, 5, 3, 7, 6))],
            (9e7, 3e6, 6e3, 13.0 * 1000.3, 13.0 * 999.7, 500.0, 13.0),
            "gradients that grow on the way back",
        ),
        case(
            "tanh",
            [*flat, -onesided, onesided, by_unit, edge],
            (1e-5, 2e-6, 5.0, 1e9, 1.0, 0.8, 0.7, 1.3, 1.1),
            "saturated tanh layers, the last four on one side only",
        ),
        case(
            "relu",
            [np.hstack([nearly, 1 + rng.random((6, 2))]), 1 + rng.random((6, 3))],
            (1.2, 1.0),
            "a ReLU layer of which most units give very little, but not 0",
        ),
        Case(
            (
                several("tanh", 6, (4, 5)),
                [1 + 1e-6 * rng.standard_normal((6, 4)), rng.standard_normal((6, 5))],
                "tanh",
            ),
            label="a gradient that is nearly the same in all entries",
        ),
        case(
            "relu",
            [h / h.max() for h in (several("relu", 8, (4, 6)))] + [np.full((8, 5), 0.99)],
            (0.0, 0.0, 3.0),
            "ReLU outputs near 1, and gradients of exactly 0",
        ),
        case("tanh", several("tanh", 4, (5,)), (1e-9,), "one tanh layer with a small gradient"),
        case(
            "tanh",
            [h * (np.arange(h.shape[1]) > 4) for h in several("tanh", 4, (7, 6))],
            (0.7, 1.0),
            "tanh units that give exactly 0",
        ),
        case(
            "relu",
            several("relu", 6, (2, 40, 5)),
            (1 / 700, 500.0, 1.0),
            "widths 2, 40, 5, gradients 1/700 and 500 times the last",
        ),
        case("tanh", several("tanh", 6, (2, 50)), (1 / 700, 1.0), "widths 2 and 50"),
        case(
            "relu",
            [np.vstack([np.zeros((4, 6)), 1 + rng.random((2, 6))]), 1 + rng.random((6, 3))],
            (1.5, 1.0),
            "a ReLU layer that gives 0 for most rows but has no dead unit",
        ),
        case(
            "tanh",
            [rng.uniform(0.955, 0.97, (5, 4)), rng.uniform(-0.04, 0.04, (5, 6))],
            (0.6, 1.0),
            "tanh outputs that are large but not yet flat, and very small ones",
        ),
    ]


def _verdicts(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """The words as numbers, so that they can be compared."""
    words = name_returned(exercise, raw)["words"]
    if not isinstance(words, list | tuple):
        raise Wrong(f"{exercise.name} returned {a_type(words)}; expected a list with one word a layer.")
    if len(words) != len(case.args[0]):
        raise Wrong(
            f"{exercise.name} returned {counted(len(words), 'words')} for {counted(len(case.args[0]), 'layers')}; expected one word a layer."
        )
    for word in words:
        if word not in layer_health.VERDICTS:
            raise Wrong(
                f"{exercise.name} called a layer {word!r}; the words are {', '.join(layer_health.VERDICTS)}."
            )
    return {"words": [float(layer_health.VERDICTS.index(word)) for word in words]}


def _as_words(codes: Any) -> str:
    return ", ".join(layer_health.VERDICTS[int(code)] for code in np.atleast_1d(codes))


# --- checkpointed_backward ------------------------------------------------------------------------------------


def _chain_measures(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """Gradients of all layers in one row, and how much was in memory, where it is more than any right way needs."""
    _, params, _, every = case.args
    if not raw["forwards"]:
        raise Wrong(
            f"{exercise.name} never calls the forward that it is given. Call forward and backward, the two functions it is handed as "
            "arguments, and not layer_forward and layer_backward: the caller decides what a layer is."
        )
    found = name_returned(exercise, raw["returned"])
    grads = found["grads"]
    pairs = isinstance(grads, list | tuple) and all(
        isinstance(g, list | tuple) and len(g) == 2 for g in grads
    )
    if not pairs:
        raise Wrong(f"{exercise.name} returned grads that are not a list of pairs (dw, db).")
    try:
        dws, dbs = ([np.asarray(pair[i], dtype=float) for pair in grads] for i in (0, 1))
    except (TypeError, ValueError):
        raise Wrong(
            f"{exercise.name} returned a pair in grads that holds something else than numbers."
        ) from None
    turned = [a.shape for a in dws] == [w.shape for w, _ in params[::-1]]
    palindrome = [w.shape for w, _ in params] == [w.shape for w, _ in params[::-1]]
    stretches = math.ceil(len(params) / every)
    return {
        "pairs in grads": len(grads),
        "order of grads": -1.0 if turned and not palindrome else 1.0,
        "db": np.concatenate([np.zeros(0), *(a.ravel() for a in dbs)]),
        "dw": np.concatenate([np.zeros(0), *(a.ravel() for a in dws)]),
        "dx": found["dx"],
        "forward calls": max(raw["forwards"], 2 * len(params)),
        "layers in one go": max(raw["in one go"], every),
        # variables of finished loops may still hold one a stretch
        "caches alive at one time": max(raw["caches"], every + stretches + 1),
        "outputs alive at one time": max(raw["outputs"], every + 2 * stretches + 3),
    }


def _chain_cases(rng: np.random.Generator) -> list[Case]:
    """Stretches that fit, that don't, and both extremes, in chains whose widths differ from their neighbours'.

    In one chain all widths are alike: there a wrong layer gives wrong numbers, where it could not run otherwise.
    """

    def case(layers: int, every: int, label: str, alike: bool = False) -> Case:
        n = 3
        widths = [4, 5]
        while len(widths) <= layers:
            widths.append(int(rng.choice([m for m in range(2, 9) if m not in widths[-2:]])))
        if alike:
            widths = [5] * (layers + 1)
        params = [
            (rng.standard_normal((d, m)) / math.sqrt(d), 0.3 * rng.standard_normal(m))
            for d, m in itertools.pairwise(widths)
        ]
        x, dout = rng.standard_normal((n, widths[0])), rng.standard_normal((n, widths[-1]))
        return Case((x, params, dout, every), label=f"{layers} layers, every = {every}{label}")

    return [
        case(8, 3, ", all of one width", alike=True),
        case(6, 3, ""),
        case(25, 5, ""),
        case(7, 3, ", so the last stretch is shorter"),
        case(16, 4, ""),
        case(12, 1, ": a checkpoint at every layer"),
        case(4, 9, ": more than there are layers"),
        case(11, 2, ""),
    ]


EXERCISES = (
    Exercise(
        name="multiply_count",
        lesson=LESSON,
        signature="multiply_count(sizes, n) -> (forward, backward, differences)",
        returns=("forward", "backward", "differences"),
        quantities=(
            Quantity("forward", "()", "the multiplications of a forward pass", _EXACT, shown=_written),
            Quantity("backward", "()", "the multiplications of a backward pass", _EXACT, shown=_written),
            Quantity(
                "differences", "()", "the multiplications of central differences", _EXACT, shown=_written
            ),
        ),
        cases=_count_cases,
        reference=cost.multiply_count,
    ),
    Exercise(
        name="xavier_init",
        lesson=LESSON,
        signature="xavier_init(sizes, rng) -> params",
        returns=("params",),
        quantities=_init_quantities("√(2 / (inputs + outputs)) of its layer"),
        cases=_init_cases,
        reference=initialisation.xavier_init,
        run=Driven(drives.networks, _init_measures, extra=("seeds",)),
    ),
    Exercise(
        name="he_init",
        lesson=LESSON,
        signature="he_init(sizes, rng) -> params",
        returns=("params",),
        quantities=_init_quantities("√(2 / inputs) of its layer"),
        cases=_init_cases,
        reference=initialisation.he_init,
        run=Driven(drives.networks, _init_measures, extra=("seeds",)),
    ),
    Exercise(
        name="diagnose_layers",
        lesson=LESSON,
        signature="diagnose_layers(outputs, gradients, activation) -> words",
        returns=("words",),
        quantities=(
            Quantity(
                "words",
                "(one a layer)",
                "what each layer is called, first layer first",
                fault="a layer gets another word than the rules give it.",
                shown=_as_words,
            ),
        ),
        cases=_layer_cases,
        reference=layer_health.diagnose_layers,
        run=Driven(call, _verdicts),
    ),
    Exercise(
        name="checkpointed_backward",
        lesson=LESSON,
        signature="checkpointed_backward(x, params, dout, every, forward, backward) -> (dx, grads)",
        returns=("dx", "grads"),
        inputs=("x", "params", "dout", "every"),
        quantities=(
            Quantity(
                "pairs in grads",
                "()",
                "the number of pairs (dw, db)",
                fault="grads has not one pair (dw, db) for each layer.",
            ),
            Quantity(
                "order of grads",
                "()",
                "1 for first layer first, −1 for last layer first",
                fault="grads begins with the last layer; it should be in the order of params.",
            ),
            Quantity("db", "(all layers in one row)", "the gradients of the biases"),
            Quantity("dw", "(all layers in one row)", "the gradients of the weights"),
            Quantity("dx", "(N, D)", "the gradient of the input of the first layer"),
            Quantity(
                "forward calls",
                "()",
                "how often one layer was computed, in both sweeps together",
                fault="layers are computed more than twice; each one is needed once on the way forward and once again on the way back.",
            ),
            Quantity(
                "layers in one go",
                "()",
                "how many layers were computed again, at most, before the way back went on",
                fault="longer stretches are computed again than `every` layers.",
            ),
            Quantity(
                "caches alive at one time",
                "()",
                "how many caches were in memory at the worst moment",
                fault="more caches are in memory at one time than those of one stretch: nothing is saved.",
            ),
            Quantity(
                "outputs alive at one time",
                "()",
                "how many layer outputs were in memory at the worst moment",
                fault="more layer outputs are in memory at one time than the checkpoints and those of one stretch.",
            ),
        ),
        cases=_chain_cases,
        reference=checkpointing.checkpointed_backward,
        run=Driven(drives.watched_chain, _chain_measures),
    ),
)
