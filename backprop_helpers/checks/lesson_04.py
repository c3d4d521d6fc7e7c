"""What the exercises of lesson 04 must satisfy: every backward pass against finite differences."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers import bug_hunt, layers, losses, network
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_04 as drives
from backprop_helpers.checks.spec import (
    Case,
    Driven,
    Exercise,
    Fn,
    Quantity,
    Wrong,
    backward_of_forward,
)
from backprop_helpers.checks.travel import a_type, counted
from backprop_helpers.gradcheck import numerical_gradient

LESSON = "04_backward_pass"
Array = NDArray[Any]


# --- affine ------------------------------------------------------------------------------------------------


def _affine_cases(rng: np.random.Generator) -> list[Case]:
    """A random upstream gradient and x of rank 2, 4 and 3; then one where all sizes are equal.

    In the last case a forgotten transpose or an entrywise product has a fitting shape, so that it can be told from
    any other crash.
    """
    cases = []
    for letters in ("NMd", "NMde1", "NMde", "NNN"):
        n, m, *inner = draw(rng, letters)
        d = int(np.prod(inner))
        x, w, b = rng.standard_normal((n, *inner)), rng.standard_normal((d, m)), rng.standard_normal(m)
        cases.append(
            Case(
                (rng.standard_normal((n, m)), x, w, b),
                label=f"x of shape {x.shape}, w of shape {w.shape}",
                sizes={"N": n, "D": d, "M": m},
                upstream=0,
            )
        )
    return cases


def _output(case: Case, forward: Fn) -> Any:
    """The output of a forward that returns (out, cache), on a case whose arguments are (dout, *inputs)."""
    out, _ = forward(*case.args[1:])
    return out


def _differences(case: Case, forward: Fn, names: Sequence[str]) -> Mapping[str, Any]:
    """Central differences of Σ dout · forward(*inputs)[0] by each input."""
    dout, *inputs = case.args
    inputs = [np.asarray(a, dtype=float) for a in inputs]
    found = numerical_gradient(lambda *a: forward(*a)[0], inputs, upstream=dout)
    return dict(zip(names, found, strict=True))


def _affine_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    return _differences(case, forward, ("dx", "dw", "db"))


# --- activations -------------------------------------------------------------------------------------------


def _activation_cases(rng: np.random.Generator, special: Case) -> list[Case]:
    """Ranks 2, 1 and 3, whole numbers, and one special case; no entry closer than 0.05 to the kink at 0."""
    cases = []
    for letters in ("ND", "N", "NDE"):
        shape = tuple(draw(rng, letters))
        x = rng.standard_normal(shape)
        x += np.copysign(0.05, x)
        cases.append(Case((rng.standard_normal(shape), x), f"x of shape {shape}", upstream=0))
    whole = rng.permutation(np.array([-4, -3, -2, -1, 1, 2, 3, 5])).reshape(2, 4)
    cases.append(Case((rng.standard_normal((2, 4)), whole), "x of whole numbers", upstream=0))
    return [*cases, special]


def _relu_cases(rng: np.random.Generator) -> list[Case]:
    # 0.75 lies between 0 and the mean, and 7.5 above 6: by chance alone a mask x > mean, or one that ends at 6 as that of
    # ReLU6 does, would pass on some seeds
    x = rng.permutation(np.array([0.0, 0.0, -1.5, 7.5, -0.25, 0.75]))
    kink = Case(
        (rng.standard_normal(6), x), "two zeros in x, where either one-sided slope is right", upstream=0
    )
    return _activation_cases(rng, kink)


def _smooth_cases(rng: np.random.Generator) -> list[Case]:
    x = rng.permutation(np.array([-1000.0, -30.0, 0.0, 0.5, 30.0, 1000.0])).reshape(3, 2)
    large = Case((rng.standard_normal((3, 2)), x), "x between −1000 and 1000", upstream=0)
    return _activation_cases(rng, large)


def _smooth_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    return _differences(case, forward, ("dx",))


def _relu_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    """Slopes from the right, from the left and their mean: at the kink each of them is right."""
    dout, x = case.args[0], np.asarray(case.args[1], dtype=float)
    h = 1e-6
    here, right, left = (np.asarray(forward(x + s)[0], dtype=float) for s in (0.0, h, -h))
    slopes = ((right - here) / h, (here - left) / h, (right - left) / (2 * h))
    return {"dx": [dout * slope for slope in slopes]}


def _relu_at_least(dout: Array, cache: Array) -> Array:
    return np.where(cache >= 0, dout, 0)


def _relu_halfway(dout: Array, cache: Array) -> Array:
    return np.asarray(dout * np.heaviside(cache, 0.5))


# --- losses ------------------------------------------------------------------------------------------------


def _mse_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for letters in ("NK", "N", "NKL"):
        shape = tuple(draw(rng, letters))
        args = (rng.standard_normal(shape), rng.standard_normal(shape))
        sizes = {"N": shape[0], "size": int(np.prod(shape))}
        sizes |= {"K": shape[1]} if len(shape) == 2 else {}
        cases.append(Case(args, f"pred of shape {shape}", sizes=sizes))
    n, k = draw(rng, "NK")
    pred = rng.integers(-9, 10, (n, k))
    off = rng.choice([-1, 1], (n, k)) * rng.integers(1, 8, (n, k))
    sizes = {"N": n, "K": k, "size": n * k}
    cases.append(Case((pred, pred + off), "pred and y of whole numbers", sizes=sizes))
    return cases


def _mse_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    pred, y = (np.asarray(a, dtype=float) for a in case.args)
    return {"dpred": numerical_gradient(forward, (pred, y), wrt=[0])[0]}


def _softmax_cases(rng: np.random.Generator) -> list[Case]:
    """Ordinary logits, N equal to C, one row only, logits of ±1000 with one sure and wrong row, rows far apart."""

    def case(x: Array, label: str, exact: bool = False) -> Case:
        n, c = x.shape
        y = rng.permutation(np.arange(n) % c)
        if exact:
            y[0] = x[0].argmin()  # the network is sure, and wrong: log p must stay finite
        # Near 1000 a central difference has too few digits left; the formula is used there.
        return Case((x, y), label, sizes={"N": n, "C": c}, extra={"exact": exact})

    (rows,) = draw(rng, "N", 5)
    large = rng.permuted(np.tile([1000.0, -1000.0, 3.0, 998.5], (rows, 1)), axis=1)
    apart = rng.standard_normal((4, *draw(rng, "C", 5))) + np.array([[900.0], [-900.0], [0.0], [50.0]])
    first, second, square, whole = (tuple(draw(rng, letters)) for letters in ("NC", "NC", "NN", "NC"))
    return [
        case(2 * rng.standard_normal(first), f"x of shape {first}"),
        case(rng.standard_normal(second), f"x of shape {second}"),
        case(rng.standard_normal(square), f"as many classes as rows, x of shape {square}"),
        case(rng.integers(-3, 4, size=whole), f"scores of whole numbers, x of shape {whole}"),
        case(rng.standard_normal(draw(rng, "1C")), "a batch of one row"),
        case(large, "scores between −1000 and 1000", exact=True),
        case(apart, "rows far apart: one near 900, one near −900", exact=True),
    ]


def _softmax_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    x, y = case.args
    if case.extra["exact"]:
        loss, dx = losses.softmax_loss(x, y)
        return {"loss": loss, "dx": dx}
    dx = numerical_gradient(lambda a: forward(a, y), (np.asarray(x, dtype=float),))[0]
    return {"loss": forward(x, y), "dx": dx}


# --- the whole network -------------------------------------------------------------------------------------

DEPTH = 4  # the deepest network a case has


def _mlp_cases(rng: np.random.Generator) -> list[Case]:
    """Depths 1 to 4, one x of rank 3, and one network whose sizes are all equal."""
    cases = []
    for letters, axes in (("NdC", 1), ("NdHC", 1), ("NdeHKC", 2), ("NdHKLC", 1), ("NNNNN", 1)):
        n, *drawn = draw(rng, letters)
        inner, widths = tuple(drawn[:axes]), drawn[axes:]
        sizes = [int(np.prod(inner)), *widths]
        x, params = _away_from_kinks(rng, n, inner, sizes)
        cases.append(
            Case(
                (rng.standard_normal((n, widths[-1])), x, params),
                label=f"x of shape {x.shape}, layers {' → '.join(map(str, sizes))}",
                sizes={"N": n},
                upstream=0,
            )
        )
    return cases


def _away_from_kinks(
    rng: np.random.Generator, n: int, inner: tuple[int, ...], sizes: Sequence[int]
) -> tuple[Array, network.Params]:
    """x and parameters with no hidden pre-activation near 0, where a difference would step over ReLU's kink."""
    while True:
        x = rng.standard_normal((n, *inner))
        params = [
            (w, 0.5 * rng.standard_normal(b.shape)) for w, b in network.init_params(sizes, rng, scale=0.7)
        ]
        if len(params) > 1:
            # one hidden number above 6, so that the slope of a ReLU6, which is cut off there, is another on every seed
            z = x.reshape(n, -1) @ params[0][0] + params[0][1]
            params[0][1][0] += 6.5 - z[:, 0].max()
        _, caches = network.mlp_forward(x, params)
        hidden = [np.abs(z).min() for _, z in caches if z is not None]
        if min(hidden, default=1.0) > 1e-3:
            return x, params


def layer_name(k: int, part: int) -> str:
    """What a learner types to see a gradient: grads[-1][0] is dw of the last layer."""
    return f"grads[{k}][{part}]"


def _mlp_quantities() -> tuple[Quantity, ...]:
    """db and dw from the last layer to the first, counted from the end as Python does."""
    where = {-1: "the last layer", -2: "the last layer but one", -3: "the last layer but two"}
    found = []
    for k in range(-1, -DEPTH - 1, -1):
        for part, letter, shape in ((1, "b", "(M,)"), (0, "w", "(D, M)")):
            layer = where.get(k, "the last layer but three")
            found.append(Quantity(layer_name(k, part), shape, f"d{letter} of {layer}"))
    return tuple(found)


def _grads_by_layer(exercise: Exercise, case: Case, raw: Any) -> Mapping[str, Any]:
    """The gradients that came back by name; layers a network doesn't have are empty."""
    return _named_grads(raw, len(case.args[2]))


def _named_grads(grads: Any, depth: int) -> dict[str, Any]:
    wanted = f"a list with one pair (dw, db) for each layer, and this network has {depth}"
    if grads is None:
        raise Wrong(
            f"mlp_backward returned None; expected {wanted}. Does it end with `return grads`? A list's own .reverse() turns "
            "it round in place and returns None."
        )
    if not isinstance(grads, list | tuple):
        raise Wrong(f"mlp_backward returned {a_type(grads)}; expected {wanted}.")
    if len(grads) != depth:
        raise Wrong(f"mlp_backward returned {counted(len(grads), 'things')}; expected {wanted}.")
    values: dict[str, Any] = {
        layer_name(k, part): np.zeros(0) for k in range(-1, -DEPTH - 1, -1) for part in (0, 1)
    }
    for k in range(-1, -depth - 1, -1):
        pair = grads[k]
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            what = counted(len(pair), "things") if isinstance(pair, list | tuple) else a_type(pair)
            raise Wrong(f"grads[{k}] holds {what}; expected the pair (dw, db) of that layer.")
        values[layer_name(k, 0)], values[layer_name(k, 1)] = pair
    return values


def _mlp_numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
    dscores, x, params = case.args
    flat = [a for pair in params for a in pair]

    def scores(*moved: Array) -> Any:
        return forward(x, list(zip(moved[::2], moved[1::2], strict=True)))[0]

    found = numerical_gradient(scores, flat, upstream=dscores)
    return _named_grads(list(zip(found[::2], found[1::2], strict=True)), len(params))


# --- bug hunt ----------------------------------------------------------------------------------------------


def _hunt_cases(*plans: str) -> Callable[[np.random.Generator], list[Case]]:
    """plans: a letter for N, D, the widths and C, one plan a case; equal letters are equal sizes."""

    def cases(rng: np.random.Generator) -> list[Case]:
        found = []
        for letters in plans:
            n, *sizes = draw(rng, letters)
            shapes = [(a, b) for a, b in itertools.pairwise(sizes)]
            x, params = _hunt_inputs(rng, n, shapes)
            found.append(
                Case(
                    (rng.standard_normal((n, sizes[-1])), x, *params),
                    label=f"N = {n}, layers {' → '.join(map(str, sizes))}",
                    sizes={"N": n},
                    upstream=0,
                )
            )
        return found

    return cases


def _hunt_inputs(
    rng: np.random.Generator, n: int, shapes: Sequence[tuple[int, int]]
) -> tuple[Array, list[Array]]:
    """x and w1, b1, w2, b2, …; no pre-activation of the first layer near ReLU's kink."""
    while True:
        x = rng.standard_normal((n, shapes[0][0]))
        params = [a for s in shapes for a in (0.6 * rng.standard_normal(s), 0.5 * rng.standard_normal(s[1]))]
        if np.abs(x @ params[0] + params[1]).min() > 1e-3:
            return x, params


def _hunt_numerical(layers_of_net: int) -> Callable[[Case, Fn], Mapping[str, Any]]:
    def numerical(case: Case, forward: Fn) -> Mapping[str, Any]:
        dscores, x, *params = case.args
        found = numerical_gradient(lambda *a: forward(x, *a)[0], params, upstream=dscores)
        return dict(zip(_hunt_names(layers_of_net), found, strict=True))

    return numerical


def _hunt_names(depth: int) -> tuple[str, ...]:
    return tuple(f"d{letter}{k}" for k in range(1, depth + 1) for letter in "wb")


def _hunt_quantities(*shapes: str) -> tuple[Quantity, ...]:
    """shapes: of w1, w2, …, as "(D, H)". In backward order: db and dw of the last layer first."""
    found = []
    for k in range(len(shapes), 0, -1):
        out = shapes[k - 1].strip("()").split(", ")[1]
        found.append(Quantity(f"db{k}", f"({out},)", f"the gradient of the loss with respect to b{k}"))
        found.append(Quantity(f"dw{k}", shapes[k - 1], f"the gradient of the loss with respect to w{k}"))
    return tuple(found)


def _hunt(
    number: int, shapes: tuple[str, ...], cases: Callable[[np.random.Generator], list[Case]]
) -> Exercise:
    names = _hunt_names(len(shapes))
    params = tuple(name[1:] for name in names)
    return Exercise(
        name=f"bug_hunt_{number}",
        lesson=LESSON,
        signature=f"bug_hunt_{number}(dscores, cache) -> ({', '.join(names)})",
        returns=names,
        quantities=_hunt_quantities(*shapes),
        cases=cases,
        reference=bug_hunt.MENDED[number],
        run=backward_of_forward,
        inputs=("dscores", "x", *params),
        forward=bug_hunt.FORWARD[number],
        numerical=_hunt_numerical(len(shapes)),
        output=_output,
    )


# --- the exercises -----------------------------------------------------------------------------------------


def _activation(
    name: str,
    forward: Fn,
    reference: Fn | tuple[Fn, ...],
    cases: Callable[[np.random.Generator], list[Case]],
    numerical: Callable[[Case, Fn], Mapping[str, Any]],
) -> Exercise:
    return Exercise(
        name=name,
        lesson=LESSON,
        signature=f"{name}(dout, cache) -> dx",
        returns=("dx",),
        quantities=(Quantity("dx", "(shape of x)", "the gradient of the loss with respect to x"),),
        cases=cases,
        reference=reference,
        run=backward_of_forward,
        inputs=("dout", "x"),
        forward=forward,
        numerical=numerical,
        output=_output,
    )


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
        output=_output,
    ),
    _activation(
        "relu_backward",
        layers.relu_forward,
        (layers.relu_backward, _relu_at_least, _relu_halfway),
        _relu_cases,
        _relu_numerical,
    ),
    _activation(
        "sigmoid_backward",
        layers.sigmoid_forward,
        layers.sigmoid_backward,
        _smooth_cases,
        _smooth_numerical,
    ),
    _activation("tanh_backward", layers.tanh_forward, layers.tanh_backward, _smooth_cases, _smooth_numerical),
    Exercise(
        name="mse_backward",
        lesson=LESSON,
        signature="mse_backward(pred, y) -> dpred",
        returns=("dpred",),
        quantities=(Quantity("dpred", "(shape of pred)", "the gradient of the loss with respect to pred"),),
        cases=_mse_cases,
        reference=losses.mse_backward,
        forward=losses.mse,
        numerical=_mse_numerical,
        output=lambda case, forward: forward(*case.args),
    ),
    Exercise(
        name="softmax_loss",
        lesson=LESSON,
        signature="softmax_loss(x, y) -> (loss, dx)",
        returns=("loss", "dx"),
        quantities=(
            Quantity("loss", "()", "the mean cross-entropy of the batch"),
            Quantity("dx", "(N, C)", "the gradient of the loss with respect to the scores x"),
        ),
        cases=_softmax_cases,
        reference=losses.softmax_loss,
        forward=losses.cross_entropy,
        numerical=_softmax_numerical,
        output=lambda case, forward: forward(*case.args),
    ),
    Exercise(
        name="mlp_backward",
        lesson=LESSON,
        signature="mlp_backward(dscores, caches) -> [(dw, db), …]",
        returns=("grads",),
        quantities=_mlp_quantities(),
        cases=_mlp_cases,
        reference=network.mlp_backward,
        run=Driven(drives.network_backward, _grads_by_layer),
        inputs=("dscores", "x", "params"),
        forward=network.mlp_forward,
        numerical=_mlp_numerical,
        output=_output,
        ready={name: f"layers.{name}" for name in ("affine_backward", "relu_backward")},
    ),
    _hunt(1, ("(D, H)", "(H, C)"), _hunt_cases("NDHC", "NDHC")),
    _hunt(2, ("(D, H)", "(H, K)", "(K, C)"), _hunt_cases("NDHHC", "NDHKC")),
    _hunt(3, ("(D, H)", "(H, H)", "(H, C)"), _hunt_cases("NDHHC", "NDHHC")),
)
