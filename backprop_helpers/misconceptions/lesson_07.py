"""Wrong solutions of lesson 07: what a gradient costs, first weights, ailing layers, and checkpoints."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop_helpers.misconceptions.spec import Misconception

DESIGN = "course design"
FORWARD_DIFFERENCES = "course design, after the one-sided difference of numerical analysis"
LECUN = "LeCun, Bottou, Orr and Müller, Efficient BackProp (1998), whose rule has 1 where He's has 2"
KAIMING_OUT = "He, Zhang, Ren and Sun, ICCV 2015, eq. 14: the rule that looks at the way back"
UNIFORM = (
    "Glorot and Bengio, AISTATS 2010, eq. 16: the bound of the uniform rule has a 6 where the spread has a 2"
)
FULL_STORE = "course design: the ordinary backward pass"


def _entry(
    exercise: str, what: str, wrong: Callable[..., Any], says: str, hint: str, source: str = DESIGN
) -> Misconception:
    return Misconception(f"{exercise.replace('_', '-')}-{what}", exercise, wrong, says, hint, source)


# --- multiply_count -------------------------------------------------------------------------------------------


def _count(
    product: Callable[[int, int, int], int] = lambda n, d, m: n * d * m,
    back: Callable[[list[int]], int] = lambda products: sum(products) + sum(products[1:]),
    parameters: Callable[[int, int], int] = lambda d, m: d * m + m,
    passes: Callable[[int], int] = lambda p: 2 * p,
    per_pass: Callable[[int, int, int], int] = lambda forward, backward, passes: passes * forward,
) -> Callable[..., Any]:
    """A count with its parts exchangeable."""

    def fn(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
        layers = list(itertools.pairwise(sizes))
        products = [product(n, d, m) for d, m in layers]
        forward, backward = sum(products), back(products)
        p = sum(parameters(d, m) for d, m in layers)
        return forward, backward, per_pass(forward, backward, passes(p))

    return fn


def _count_all_pairs(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
    products = [n * a * b for a, b in itertools.combinations(sizes, 2)]
    p = sum(a * b for a, b in itertools.combinations(sizes, 2)) + sum(sizes[1:])
    return sum(products), sum(products) + sum(products[1:]), 2 * p * sum(products)


def _count_one_product(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
    forward = n * math.prod(sizes)
    p = sum(d * m + m for d, m in itertools.pairwise(sizes))
    return forward, 2 * forward - n * sizes[0] * sizes[1], 2 * p * forward


def _count_own_layer_only(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
    forward, backward, _ = _count()(sizes, n)
    return forward, backward, sum(2 * (d * m + m) * n * d * m for d, m in itertools.pairwise(sizes))


def _count_nudged_layer_onwards(sizes: Sequence[int], n: int) -> tuple[int, int, int]:
    forward, backward, _ = _count()(sizes, n)
    layers = list(itertools.pairwise(sizes))
    rest = [sum(n * d * m for d, m in layers[i:]) for i in range(len(layers))]
    return forward, backward, sum(2 * (d * m + m) * r for (d, m), r in zip(layers, rest, strict=True))


# --- first weights --------------------------------------------------------------------------------------------


def _normal(rng: Any, spread: float, shape: tuple[int, int]) -> Any:
    return spread * rng.standard_normal(shape)


def _uniform(rng: Any, spread: float, shape: tuple[int, int]) -> Any:
    return rng.uniform(-spread, spread, shape)


def _init(
    spread: Callable[[int, int], float],
    draw: Callable[[Any, float, tuple[int, int]], Any] = _normal,
    bias: Callable[[Any, int], Any] = lambda rng, m: np.zeros(m),
    generator: Callable[[Any], Any] = lambda rng: rng,
    turned: bool = False,
    biases_as_columns: bool = False,
) -> Callable[..., Any]:
    """First weights with their parts exchangeable."""

    def fn(sizes: Sequence[int], rng: Any) -> Any:
        rng = generator(rng)
        params = []
        for d, m in itertools.pairwise(sizes):
            w = draw(rng, spread(d, m), (m, d) if turned else (d, m))
            b = bias(rng, m)
            params.append((w, b[:, None] if biases_as_columns else b))
        return params

    return fn


def _whole_network(spread: Callable[[int, int], float]) -> Callable[..., Any]:
    """The rule taken once, of the first and the last size, for all layers."""

    def fn(sizes: Sequence[int], rng: Any) -> Any:
        s = spread(sizes[0], sizes[-1])
        return [(_normal(rng, s, (d, m)), np.zeros(m)) for d, m in itertools.pairwise(sizes)]

    return fn


def _he(d: int, m: int) -> float:
    return math.sqrt(2 / d)


def _xavier(d: int, m: int) -> float:
    return math.sqrt(2 / (d + m))


def _shared(
    exercise: str, right: Callable[[int, int], float], inside: str, terms: str
) -> tuple[Misconception, ...]:
    """What goes wrong with either rule."""
    return (
        _entry(
            exercise,
            "variance-as-spread",
            _init(lambda d, m: right(d, m) ** 2),
            f"the weights are multiplied by {inside} itself, which is the variance; the standard deviation is its root.",
            "By which number must standard normal numbers be multiplied to get a given variance?",
        ),
        _entry(
            exercise,
            "uniform-bound",
            _init(right, draw=_uniform),
            "the standard deviation is used as the bound of a uniform distribution, so the weights spread √3 times too little.",
            "What is the variance of numbers drawn evenly from −a to a?",
            UNIFORM,
        ),
        _entry(
            exercise,
            "upside-down",
            _init(lambda d, m: 1 / right(d, m)),
            "the fraction is upside down: the more inputs a unit has, the larger its weights get.",
            "A sum of more terms is larger. So should each term get larger or smaller?",
        ),
        _entry(
            exercise,
            "plain-normal",
            _init(lambda d, m: 1.0),
            "the weights are standard normal numbers, not scaled at all.",
            "Which factor brings a variance of 1 to the one you want?",
        ),
        _entry(
            exercise,
            "fixed-scale",
            _init(lambda d, m: 0.01),
            "the weights have the fixed scale 0.01, whatever the sizes of the layer.",
            f"The spread has to follow {terms} of each layer.",
        ),
        _entry(
            exercise,
            "whole-network",
            _whole_network(right),
            f"all layers get one spread, made of the first {'size' if right is _he else 'and the last size'} of the network.",
            "Which sizes belong to the layer you are drawing?",
        ),
        _entry(
            exercise,
            "biases-drawn",
            _init(right, bias=lambda rng, m: rng.standard_normal(m)),
            "the biases are drawn at random too; they start at 0.",
            "Only weights need to differ from one another. What makes two units with equal biases different?",
        ),
        _entry(
            exercise,
            "biases-of-one",
            _init(right, bias=lambda rng, m: np.ones(m)),
            "the biases are 1; they start at 0.",
            "The derivation has no bias in it. Which value leaves it out?",
        ),
        _entry(
            exercise,
            "always-positive",
            _init(right, draw=lambda rng, s, shape: np.abs(_normal(rng, s, shape))),
            "all weights are positive; half of them should be negative, so that their mean is 0.",
            "The derivation lets mixed products of different weights vanish. When do they?",
        ),
        _entry(
            exercise,
            "own-generator",
            _init(right, generator=lambda rng: np.random.default_rng(0)),
            "a generator with a fixed seed is made inside, so every network is the same and rng goes unused.",
            "Where should the random numbers come from?",
        ),
        _entry(
            exercise,
            "unseeded",
            _init(right, generator=lambda rng: np.random.default_rng()),
            "the weights do not come from the given rng, so a run can't be repeated.",
            "Two calls with equal generators should give equal weights.",
        ),
        _entry(
            exercise,
            "one-number",
            _init(right, draw=lambda rng, s, shape: np.full(shape, s * rng.standard_normal())),
            "one random number fills the whole of w, so all units of a layer are twins.",
            "How many numbers does standard_normal give when it is told a shape?",
        ),
        _entry(
            exercise,
            "transposed",
            _init(right, turned=True),
            "w has its outputs first, (M, D); in this course it is (D, M), inputs first.",
            "Write the shapes of x @ w beside each other.",
            "course design, after libraries that keep outputs first",
        ),
        _entry(
            exercise,
            "bias-columns",
            _init(right, biases_as_columns=True),
            "b is a column (M, 1); it should be (M,), one number for each output.",
            "Print the shape of b, and of x @ w + b for a batch of three rows.",
        ),
    )


# --- diagnose_layers ------------------------------------------------------------------------------------------


def _rms(a: Any) -> float:
    return float(np.sqrt(np.mean(a**2)))


def _dead(h: Any) -> Any:
    return np.mean((h == 0).all(axis=0))


def _flat(h: Any) -> Any:
    return np.mean(1 - h**2 < 0.05)


def _diagnosed(
    dead: Callable[[Any], Any] = _dead,
    flat: Callable[[Any], Any] = _flat,
    size: Callable[[Any], float] = _rms,
    reference: Callable[[list[Any], int], Any] = lambda gradients, i: gradients[-1],
    enough: Callable[[Any], bool] = lambda share: bool(share > 0.5),
    units_from: str = "outputs",
    small: float = 1e-3,
    large: float = 1e3,
    words: tuple[str, str] = ("vanishing", "exploding"),
    sizes_first: bool = False,
    any_activation: bool = False,
    backwards: bool = False,
    sizes_of_outputs: bool = False,
) -> Callable[..., Any]:
    """A diagnosis with its parts exchangeable."""

    def fn(outputs: list[Any], gradients: list[Any], activation: str) -> list[str]:
        found = []
        measured = outputs if sizes_of_outputs else gradients
        for i, (h, dh) in enumerate(zip(outputs, gradients, strict=True)):
            here, there = size(measured[i]), size(reference(measured, i))
            units = ""
            if (activation == "relu" or any_activation) and enough(
                dead(dh if units_from == "gradients" else h)
            ):
                units = "dead"
            elif (activation == "tanh" or any_activation) and enough(flat(h)):
                units = "saturated"
            sized = words[0] if here < small * there else words[1] if here > large * there else ""
            found.append((sized or units if sizes_first else units or sized) or "healthy")
        return found[::-1] if backwards else found

    return fn


def _one_word(outputs: list[Any], gradients: list[Any], activation: str) -> list[str]:
    return [_diagnosed()(outputs, gradients, activation)[0]] * len(outputs)


def _absolute(outputs: list[Any], gradients: list[Any], activation: str) -> list[str]:
    return list(_diagnosed(reference=lambda g, i: np.ones(1))(outputs, gradients, activation))


# --- checkpointed_backward ------------------------------------------------------------------------------------


def _everything_kept(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
    h, caches = x, []
    for w, b in params:
        h, cache = forward(h, w, b)
        caches.append(cache)
    grads = []
    for cache in reversed(caches):
        dout, dw, db = backward(dout, cache)
        grads.append((dw, db))
    return dout, grads[::-1]


def _every_output_kept(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
    inputs = [x]
    for w, b in params:
        inputs.append(forward(inputs[-1], w, b)[0])
    grads = []
    for i in reversed(range(len(params))):
        dout, dw, db = backward(dout, forward(inputs[i], *params[i])[1])
        grads.append((dw, db))
    return dout, grads[::-1]


def _nothing_kept(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
    grads = []
    for i in reversed(range(len(params))):
        h, cache = x, None
        for w, b in params[: i + 1]:
            h, cache = forward(h, w, b)
        dout, dw, db = backward(dout, cache)
        grads.append((dw, db))
    return dout, grads[::-1]


def _from_the_start(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
    """Right gradients with few caches, but each stretch is reached from x again instead of from its checkpoint."""
    grads = []
    for start in reversed(range(0, len(params), every)):
        h = x
        for w, b in params[:start]:
            h = forward(h, w, b)[0]
        caches = []
        for w, b in params[start : start + every]:
            h, cache = forward(h, w, b)
            caches.append(cache)
        while caches:
            dout, dw, db = backward(dout, caches.pop())
            grads.append((dw, db))
    return dout, grads[::-1]


def _chain(
    takes: Callable[[int, int], bool] = lambda i, every: i % every == 0,
    after: bool = False,
    pick: Callable[[list[Any], int], Any] = lambda kept, k: kept[k],
    stretches: Callable[[int, int], list[int]] = lambda layers, every: list(range(0, layers, every)),
    length: Callable[[int], int] = lambda every: every,
    last_stretch_first: bool = True,
    caches_backwards: bool = True,
    upstream_goes_on: bool = True,
    grads_turned: bool = True,
    grads_by_stretch: bool = False,
    swapped: bool = False,
    gives: Callable[[Any, Any], Any] = lambda upstream, dout: upstream,
    kept_caches: bool = False,
) -> Callable[..., Any]:
    """A checkpointed backward pass with its parts exchangeable."""

    def fn(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
        h, kept = x, []
        for i, (w, b) in enumerate(params):
            before = h
            h = forward(h, w, b)[0]
            if takes(i, every):
                kept.append(h if after else before)
        before = None
        starts = stretches(len(params), every)
        order = list(enumerate(starts))
        grads: list[Any] = []
        upstream, all_caches = dout, []
        for k, start in reversed(order) if last_stretch_first else order:
            h, caches = pick(kept, k), []
            for w, b in params[start : start + length(every)]:
                h, cache = forward(h, w, b)
                caches.append(cache)
            all_caches.append(caches if kept_caches else None)
            upstream = upstream if upstream_goes_on else dout
            mine = []
            for cache in reversed(caches) if caches_backwards else list(caches):
                upstream, dw, db = backward(upstream, cache)
                mine.append((db, dw) if swapped else (dw, db))
            if not kept_caches:
                del kept[k + 1 :]
            grads += mine[::-1] if grads_by_stretch else mine
        return gives(upstream, dout), grads[::-1] if grads_turned and not grads_by_stretch else grads

    return fn


def _number_of_stretches(x: Any, params: Any, dout: Any, every: int, forward: Any, backward: Any) -> Any:
    return _chain()(x, params, dout, math.ceil(len(params) / every), forward, backward)


_HE = _shared("he_init", _he, "2 / inputs", "the number of inputs")
_XAVIER = _shared("xavier_init", _xavier, "2 / (inputs + outputs)", "the number of inputs and of outputs")

MISCONCEPTIONS = (
    _entry(
        "multiply_count",
        "dx-of-the-data",
        _count(back=lambda products: 2 * sum(products)),
        "the backward pass counts dx of the first layer too; that is the gradient of the data, and nobody needs it.",
        "Which of the products dout @ wᵀ has nobody waiting for it?",
    ),
    _entry(
        "multiply_count",
        "backward-as-forward",
        _count(back=sum),
        "the backward pass counts only one product a layer; a layer that is not the first makes two, dw and dx.",
        "Lesson 04 gave an affine layer three gradients. Which two of them are matrix products?",
    ),
    _entry(
        "multiply_count",
        "one-bias-for-a-layer",
        _count(parameters=lambda d, m: d * m + 1),
        "the differences count one bias for a whole layer; each of its outputs has one.",
        "What is the shape of b in a layer from D to M?",
    ),
    _entry(
        "multiply_count",
        "only-dx",
        _count(back=lambda products: sum(products[1:])),
        "the backward pass counts only dx; the product for dw is missing in every layer.",
        "What are the weights moved by in the end?",
    ),
    _entry(
        "multiply_count",
        "last-dx-left-out",
        _count(back=lambda products: sum(products) + sum(products[:-1])),
        "dx of the last layer is left out of the backward pass instead of dx of the first.",
        "The sweep starts at the last layer and has to reach the first. Where does it end?",
    ),
    _entry(
        "multiply_count",
        "both-sweeps",
        _count(back=lambda products: 2 * sum(products) + sum(products[1:])),
        "the backward pass has the forward pass counted into it.",
        "The three numbers are asked for separately.",
    ),
    _entry(
        "multiply_count",
        "one-row",
        _count(product=lambda n, d, m: d * m),
        "the rows of the batch are not counted: each of the n rows is multiplied by all of w.",
        "How many numbers does x @ w have, and how many products go into each of them?",
    ),
    _entry(
        "multiply_count",
        "biases-multiplied",
        _count(product=lambda n, d, m: n * (d + 1) * m),
        "biases are counted as multiplications; they are only added.",
        "Look at z = x @ w + b. Which of its two operations multiplies?",
    ),
    _entry(
        "multiply_count",
        "additions-too",
        _count(product=lambda n, d, m: 2 * n * d * m),
        "multiplications and additions are counted together, so every number is at least twice too large.",
        "Only multiplications are asked for.",
        "course design, after the habit of counting floating-point operations in pairs",
    ),
    _entry(
        "multiply_count",
        "one-product-of-all",
        _count_one_product,
        "all sizes of the network are multiplied with one another; each layer makes a product of its own, and they are added.",
        "Write down the two shapes that meet in each layer.",
    ),
    _entry(
        "multiply_count",
        "all-pairs",
        _count_all_pairs,
        "layers that are no neighbours are counted as if a w led from one to the other.",
        "Between which sizes is there a weight matrix?",
    ),
    _entry(
        "multiply_count",
        "one-pass-each",
        _count(passes=lambda p: p),
        "the differences count one forward pass for each parameter; a central difference needs two, up and down.",
        "How often is the loss computed for one weight in lesson 03's numerical_gradient?",
    ),
    _entry(
        "multiply_count",
        "one-sided",
        _count(passes=lambda p: p + 1),
        "the differences are one-sided, P + 1 forward passes; asked for are central ones.",
        "One-sided differences share the loss that was not nudged. Do central ones have such a loss?",
        FORWARD_DIFFERENCES,
    ),
    _entry(
        "multiply_count",
        "biases-not-nudged",
        _count(parameters=lambda d, m: d * m),
        "the differences leave out the biases; they are parameters and have gradients too.",
        "How many numbers does a layer (D, M) have that can be nudged?",
    ),
    _entry(
        "multiply_count",
        "bias-for-each-input",
        _count(parameters=lambda d, m: d * m + d),
        "the differences count one bias for each input of a layer; there is one for each output.",
        "What is the shape of b?",
    ),
    _entry(
        "multiply_count",
        "passes-only",
        _count(per_pass=lambda forward, backward, passes: passes),
        "the differences are given as a number of forward passes, not in multiplications.",
        "What does each of these passes cost?",
    ),
    _entry(
        "multiply_count",
        "backward-for-each-nudge",
        _count(per_pass=lambda forward, backward, passes: passes * (forward + backward)),
        "each nudge is charged with a backward pass too; finite differences compute only losses.",
        "What does a finite difference subtract from what?",
    ),
    _entry(
        "multiply_count",
        "own-layer-only",
        _count_own_layer_only,
        "a nudge is charged with its own layer only; to see the loss, the whole forward pass runs.",
        "Where in the network does the loss stand, and where the weight?",
    ),
    _entry(
        "multiply_count",
        "from-the-nudge-on",
        _count_nudged_layer_onwards,
        "each nudge is charged only with the layers from its own to the last; numerical_gradient runs whole forward passes.",
        "A clever program could save that. Which cost is asked for here?",
    ),
    _entry(
        "xavier_init",
        "inputs-only",
        _init(lambda d, m: math.sqrt(1 / d)),
        "only the inputs are counted, √(1 / inputs): the signal keeps its size, and the gradient on the way back does not.",
        "The way back sums over the other side of w. How do the two wishes meet?",
        LECUN,
    ),
    _entry(
        "xavier_init",
        "outputs-only",
        _init(lambda d, m: math.sqrt(1 / m)),
        "only the outputs are counted, √(1 / outputs): the gradient keeps its size, and the signal on the way there does not.",
        "The way forward sums over the other side of w. How do the two wishes meet?",
    ),
    _entry(
        "xavier_init",
        "he-instead",
        _init(_he),
        "this is He's rule, √(2 / inputs), which is made for ReLU.",
        "Which two sizes meet in the compromise?",
    ),
    _entry(
        "xavier_init",
        "sum-for-mean",
        _init(lambda d, m: math.sqrt(1 / (d + m))),
        "the variance is 1 / (inputs + outputs); the compromise is 1 over their mean, and the mean is half of the sum.",
        "Put inputs = outputs = D into your formula. Which spread should come out?",
    ),
    _entry(
        "xavier_init",
        "six-for-two",
        _init(lambda d, m: math.sqrt(6 / (d + m))),
        "√(6 / (inputs + outputs)) is the bound of a uniform distribution; as a standard deviation it is √3 times too large.",
        "Which of the two forms in the paper do you draw?",
        UNIFORM,
    ),
    _entry(
        "xavier_init",
        "product-for-sum",
        _init(lambda d, m: math.sqrt(2 / (d * m))),
        "inputs and outputs are multiplied under the root; they are added.",
        "How do you take the mean of two numbers?",
    ),
    _entry(
        "xavier_init",
        "missing-brackets",
        _init(lambda d, m: math.sqrt(2 / d + m)),
        "the brackets around inputs + outputs are missing, so Python divides first and adds afterwards.",
        "Read the fraction as Python does: which operation comes first?",
    ),
    *_XAVIER,
    _entry(
        "he_init",
        "one-for-two",
        _init(lambda d, m: math.sqrt(1 / d)),
        "the variance is 1 / inputs; the 2 is missing, and with ReLU half of the signal's power is lost in each layer.",
        "Which half of z does ReLU throw away?",
        LECUN,
    ),
    _entry(
        "he_init",
        "outputs-for-inputs",
        _init(lambda d, m: math.sqrt(2 / m)),
        "the variance is 2 / outputs; for the way forward it is the number of inputs that counts.",
        "How many terms does the sum have that makes one entry of z?",
        KAIMING_OUT,
    ),
    _entry(
        "he_init",
        "xavier-instead",
        _init(_xavier),
        "this is Xavier's rule, √(2 / (inputs + outputs)), which is made for tanh.",
        "Which sizes stand in the derivation for ReLU?",
    ),
    _entry(
        "he_init",
        "root-of-the-two-only",
        _init(lambda d, m: math.sqrt(2) / d),
        "the root is drawn from the 2 only; the number of inputs belongs under it too.",
        "Square your spread: is it the variance that you wanted?",
    ),
    _entry(
        "he_init",
        "six-for-two",
        _init(lambda d, m: math.sqrt(6 / d)),
        "√(6 / inputs) is the bound of a uniform distribution; as a standard deviation it is √3 times too large.",
        "What is the variance of numbers drawn evenly from −a to a?",
        UNIFORM,
    ),
    _entry(
        "he_init",
        "times-for-divided",
        _init(lambda d, m: math.sqrt(2 * d)),
        "2 is multiplied by the number of inputs under the root; it is divided by it.",
        "A sum of more terms is larger. So should each term get larger or smaller?",
    ),
    *_HE,
    _entry(
        "diagnose_layers",
        "dead-entries",
        _diagnosed(dead=lambda h: np.mean(h == 0)),
        "a layer is called dead when most of its entries are 0; half zeros are normal for ReLU. Dead is a unit that gives 0 for every row.",
        "Look at one column of h: what must hold for all of its rows?",
    ),
    _entry(
        "diagnose_layers",
        "dead-in-any-row",
        _diagnosed(dead=lambda h: np.mean((h == 0).any(axis=0))),
        "a unit is called dead as soon as it gives 0 for one row; dead is one that gives 0 for every row.",
        "NumPy has two functions for that: one asks whether some, the other whether every entry fits.",
    ),
    _entry(
        "diagnose_layers",
        "dead-rows",
        _diagnosed(dead=lambda h: np.mean((h == 0).all(axis=1))),
        "rows are counted instead of units: a row of zeros is an example that nothing answers to, not a dead unit.",
        "Which axis of (N, H) runs through the examples?",
    ),
    _entry(
        "diagnose_layers",
        "one-dead-unit",
        _diagnosed(dead=lambda h: float((h == 0).all(axis=0).any())),
        "one dead unit makes the whole layer dead here; the rule asks for more than half of its units.",
        "Which share of the units is dead?",
    ),
    _entry(
        "diagnose_layers",
        "all-units-dead",
        _diagnosed(dead=lambda h: float((h == 0).all())),
        "a layer is called dead only when all of its units are; the rule asks for more than half.",
        "Which share of the units is dead?",
    ),
    _entry(
        "diagnose_layers",
        "dead-gradients",
        _diagnosed(units_from="gradients"),
        "zeros are looked for in the gradients instead of in the outputs.",
        "The rule for dead speaks of what a unit gives.",
    ),
    _entry(
        "diagnose_layers",
        "half-counts",
        _diagnosed(enough=lambda share: bool(share >= 0.5)),
        "exactly half is taken for more than half.",
        "Is 0.5 more than 0.5?",
    ),
    _entry(
        "diagnose_layers",
        "saturated-above-only",
        _diagnosed(flat=lambda h: np.mean(h > math.sqrt(0.95))),
        "saturation is looked for near +1 only; tanh is just as flat near −1.",
        "What is the slope 1 − h² for h = −0.99?",
    ),
    _entry(
        "diagnose_layers",
        "saturated-units",
        _diagnosed(flat=lambda h: np.mean((1 - h**2 < 0.05).all(axis=0))),
        "saturated units are counted, which are flat for every row; the rule for tanh counts single entries.",
        "The table prints one word in bold in the rule for dead and another in the rule for saturated. Which?",
    ),
    _entry(
        "diagnose_layers",
        "mean-slope",
        _diagnosed(flat=lambda h: float(np.mean(1 - h**2) < 0.05)),
        "the mean of all slopes is compared with 0.05, so a few steep entries hide that most are flat; the rule asks of each entry "
        "whether it is flat, and then how many are.",
        "Three slopes of 0.01 and one of 0.8: what is their mean, and how many are below 0.05?",
    ),
    _entry(
        "diagnose_layers",
        "never-saturated",
        _diagnosed(flat=lambda h: 0.0),
        "no layer is ever called saturated.",
        "Which rows of the table are conditions of yours, and when does each of them fit?",
    ),
    dataclasses.replace(
        _entry(
            "diagnose_layers",
            "nearly-zero-is-dead",
            _diagnosed(dead=lambda h: np.mean(np.isclose(h, 0).all(axis=0))),
            "a unit that gives very little is taken for one that gives 0; dead is exactly 0, because only there the slope is 0.",
            "A unit gives 0.000001 for one row. Does its gradient get through in that row?",
        ),
        also=(_diagnosed(dead=lambda h: np.mean((h < 1e-3).all(axis=0))),),
    ),
    _entry(
        "diagnose_layers",
        "slope-not-squared",
        _diagnosed(flat=lambda h: np.mean(1 - h < 0.05)),
        "the slope is taken as 1 − h; it is 1 − h².",
        "What does tanh_backward of lesson 04 multiply by?",
    ),
    _entry(
        "diagnose_layers",
        "output-below-limit",
        _diagnosed(flat=lambda h: np.mean(np.abs(h) < 0.05)),
        "small outputs are called saturated; saturated are those whose slope is small, and these outputs are large.",
        "Where is tanh flat: near 0, or far from it?",
    ),
    _entry(
        "diagnose_layers",
        "one-saturated-entry",
        _diagnosed(flat=lambda h: float((1 - h**2 < 0.05).any())),
        "one flat entry makes the whole layer saturated here; the rule asks for more than half of all entries.",
        "Which share of the entries is flat?",
    ),
    _entry(
        "diagnose_layers",
        "activation-ignored",
        _diagnosed(any_activation=True),
        "both rules are tried on every network; dead is a rule for ReLU only, and saturated one for tanh only.",
        "Is a ReLU output of 0.99 flat? Is a tanh output of exactly 0?",
    ),
    _entry(
        "diagnose_layers",
        "sizes-first",
        _diagnosed(sizes_first=True),
        "vanishing and exploding are asked before dead and saturated; the first rule of the table decides.",
        "Go through the table from the top.",
    ),
    _entry(
        "diagnose_layers",
        "mean-for-rms",
        _diagnosed(size=lambda a: abs(float(np.mean(a)))),
        "the size of a gradient is taken as its mean, where positive and negative entries cancel.",
        "What does the root mean square do before it takes the mean?",
    ),
    _entry(
        "diagnose_layers",
        "standard-deviation-for-rms",
        _diagnosed(size=lambda a: float(np.std(a))),
        "the size of a gradient is taken as its standard deviation, which subtracts the mean first; a gradient that is equally large "
        "everywhere then seems to be nothing.",
        "What is the standard deviation of (1, 1, 1), and what is its root mean square?",
    ),
    _entry(
        "diagnose_layers",
        "sum-for-mean",
        _diagnosed(size=lambda a: float(np.sqrt(np.sum(a**2)))),
        "the squares are added up and not averaged, so a wide layer seems to have a large gradient.",
        "Two layers of different widths should be comparable. What has to be divided out?",
    ),
    _entry(
        "diagnose_layers",
        "no-root",
        _diagnosed(size=lambda a: float(np.mean(a**2))),
        "the root of the root mean square is missing, so a thousandth becomes a millionth.",
        "Multiply a gradient by 10. By how much should its size grow?",
    ),
    _entry(
        "diagnose_layers",
        "first-for-last",
        _diagnosed(reference=lambda gradients, i: gradients[0]),
        "gradients are compared with those of the first layer; the way back begins at the last.",
        "At which end of the network do gradients come in?",
    ),
    _entry(
        "diagnose_layers",
        "neighbour-for-last",
        _diagnosed(reference=lambda gradients, i: gradients[min(i + 1, len(gradients) - 1)]),
        "each gradient is compared with that of the next layer; many small losses that add up go unseen.",
        "A thousandth may be lost in one step or in ten. What does the rule compare with?",
    ),
    _entry(
        "diagnose_layers",
        "absolute-sizes",
        _absolute,
        "gradients are compared with 1/1000 and 1000 themselves, not with the last layer's; a loss in other units would change the words.",
        "Multiply all gradients by 1,000,000. Which words should change?",
    ),
    _entry(
        "diagnose_layers",
        "outputs-for-gradients",
        _diagnosed(sizes_of_outputs=True),
        "the sizes of the outputs are compared; vanishing and exploding speak of gradients.",
        "Which of the two lists runs backwards through the network?",
    ),
    _entry(
        "diagnose_layers",
        "words-swapped",
        _diagnosed(words=("exploding", "vanishing")),
        "vanishing and exploding are swapped.",
        "A gradient of a millionth of the last layer's: which word?",
    ),
    _entry(
        "diagnose_layers",
        "last-layer-first",
        _diagnosed(backwards=True),
        "the words come with the last layer first; the lists begin with the first layer.",
        "In which order does the loop go, and in which are the words kept?",
    ),
    _entry(
        "diagnose_layers",
        "first-layers-word",
        _one_word,
        "all layers get the word of the first one.",
        "Which variable in your loop belongs to the layer at hand?",
    ),
    _entry(
        "checkpointed_backward",
        "everything-kept",
        _everything_kept,
        "the gradients are right, but every cache of the whole chain is in memory at one time: nothing is saved.",
        "What may be thrown away on the way forward, because it can be computed again?",
        FULL_STORE,
    ),
    _entry(
        "checkpointed_backward",
        "every-output-kept",
        _every_output_kept,
        "the gradients are right, but the output of every layer is kept; only every `every`-th is a checkpoint.",
        "For which i is the input of layer i to be kept?",
    ),
    _entry(
        "checkpointed_backward",
        "nothing-kept",
        _nothing_kept,
        "the gradients are right, but for every layer the chain is computed from x again: the time grows with the square of the depth.",
        "From which checkpoint can a stretch be computed again?",
    ),
    _entry(
        "checkpointed_backward",
        "from-x-again",
        _from_the_start,
        "the gradients are right, but each stretch is reached from x again instead of from its own checkpoint.",
        "What is a checkpoint for?",
    ),
    _entry(
        "checkpointed_backward",
        "every-as-a-number-of-stretches",
        _number_of_stretches,
        "the gradients are right, but `every` is taken as the number of stretches; it is the length of one.",
        "Ten layers, every = 4: at the inputs of which layers are checkpoints?",
    ),
    _entry(
        "checkpointed_backward",
        "outputs-as-checkpoints",
        _chain(after=True),
        "a checkpoint holds the output of its layer; to compute that layer again, its input is needed.",
        "Which comes first in your loop: keeping h, or computing the next one?",
    ),
    _entry(
        "checkpointed_backward",
        "one-checkpoint-for-all",
        _chain(pick=lambda kept, k: kept[0]),
        "every stretch is computed again from x; each should begin at its own checkpoint.",
        "Which checkpoint belongs to the stretch that begins at layer start?",
    ),
    _entry(
        "checkpointed_backward",
        "short-stretch-dropped",
        _chain(stretches=lambda layers, every: list(range(0, layers - every + 1, every)) or [0]),
        "the last stretch is left out where it is shorter than the others.",
        "7 layers, every = 3: how many stretches are there?",
    ),
    _entry(
        "checkpointed_backward",
        "stretch-too-long",
        _chain(length=lambda every: every + 1),
        "each stretch reaches one layer too far, into the next one, so layers at the seams count twice.",
        "Which layers lie between start and the next checkpoint?",
    ),
    _entry(
        "checkpointed_backward",
        "stretch-too-short",
        _chain(length=lambda every: max(1, every - 1)),
        "each stretch ends one layer too early, so layers before a checkpoint are left out.",
        "A slice a:b ends before b. Which b includes the last layer of the stretch?",
    ),
    _entry(
        "checkpointed_backward",
        "first-stretch-first",
        _chain(last_stretch_first=False, gives=lambda upstream, dout: upstream),
        "the way back begins with the first stretch; it begins at the loss, with the last.",
        "Where does dout belong?",
    ),
    _entry(
        "checkpointed_backward",
        "caches-in-forward-order",
        _chain(caches_backwards=False),
        "inside a stretch the layers are gone through forwards; the way back meets the last one first.",
        "Which cache of a stretch was made last?",
    ),
    _entry(
        "checkpointed_backward",
        "upstream-restarted",
        _chain(upstream_goes_on=False),
        "every stretch starts from dout again; its upstream gradient is the dx of the stretch behind it.",
        "What travels from one stretch to the one before it?",
    ),
    _entry(
        "checkpointed_backward",
        "last-layer-first",
        _chain(grads_turned=False),
        "the pairs come with the last layer first; they belong in the order of params.",
        "In which order does the way back make them?",
    ),
    _entry(
        "checkpointed_backward",
        "stretches-in-wrong-order",
        _chain(grads_by_stretch=True),
        "inside each stretch the pairs are in the order of params, but the last stretch comes first.",
        "The stretches come in backward order too. What has to be turned round?",
    ),
    _entry(
        "checkpointed_backward",
        "pairs-swapped",
        _chain(swapped=True),
        "the pairs are (db, dw); they should be (dw, db), as in params.",
        "In which order does backward hand back its three gradients?",
    ),
    _entry(
        "checkpointed_backward",
        "dout-handed-back",
        _chain(gives=lambda upstream, dout: dout),
        "dx is the dout that came in; it should be the gradient of x, which is left over at the end of the way back.",
        "Which variable holds the gradient of the first layer's input at the end?",
    ),
    _entry(
        "checkpointed_backward",
        "old-caches-kept",
        _chain(kept_caches=True),
        "the gradients are right, but the caches of finished stretches stay in memory: at the end all of them are there.",
        "When is a cache used for the last time, and what still refers to it afterwards?",
    ),
)
