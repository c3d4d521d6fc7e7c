"""What the exercises of lesson 03 must satisfy: slopes by differences, local gradients, paths that add, products.

The functions whose slopes are asked for are named in a case's `extra` and built by the drives, so that a case stays
plain data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop_helpers import chain_rule
from backprop_helpers.checks.draws import sizes as draw
from backprop_helpers.checks.drives import lesson_03 as drives
from backprop_helpers.checks.spec import (
    Case,
    Driven,
    Exercise,
    Quantity,
    Tolerance,
    Wrong,
    name_returned,
)

LESSON = "03_chain_rule"

# A central difference with any h from 1e-3 to 1e-8 stays inside this on the functions below.
SLOPE = Tolerance(
    1e-6, 1e-6, "a central difference with a sensible h is right to 7 digits or more; 6 are asked for"
)


def _curve_cases(rng: np.random.Generator) -> list[Case]:
    """Slopes on a wave, at an integer, at the bottom of a steep bowl (the two sides must cancel), far above 0, rising and falling."""
    a, b = rng.uniform(0.8, 1.4, (2, 6)).round(2)
    far = 1000 * a[3]  # so steep that a one-sided difference shows at any h
    point = round(float(rng.uniform(0.2, 0.8)), 2)
    n = int(rng.integers(2, 5))
    return [
        _curve("sine", (a[0], b[0]), point, f"f(x) = {a[0]:g} sin({b[0]:g} x) at x = {point:g}"),
        _curve("cubic", (a[1], b[1]), -point, f"f(x) = {a[1]:g} x³ + {b[1]:g} x at x = −{point:g}"),
        _curve("cubic", (a[2], b[2]), n, f"f(x) = {a[2]:g} x³ + {b[2]:g} x at the integer x = {n}"),
        _curve("bowl", (far,), 0.0, f"f(x) = {far:g} x² at x = 0, the bottom of a steep bowl"),
        _curve("raised", (a[4], b[4]), point, f"f(x) = 30 + {a[4]:g} tanh({b[4]:g} x) at x = {point:g}"),
        _curve("raised", (-a[5], b[5]), point, f"f(x) = 30 − {a[5]:g} tanh({b[5]:g} x) at x = {point:g}"),
    ]


def _curve(name: str, c: Sequence[float], x: float, label: str) -> Case:
    return Case((x,), label=label, extra={"f": name, "c": tuple(map(float, c))})


# Of integers the sum of squares is so large that f itself carries fewer decimals: with h = 1e-8 a central difference is
# right to 5 digits there, and what goes wrong with integers is wrong in the first three.
_WHOLE = Tolerance(1e-4, 1e-6, "f is so large on these integers that a small h leaves 5 digits")

_STEEP = 8000.0  # how much steeper the bowl is than the f of the other cases


def _field_cases(rng: np.random.Generator) -> list[Case]:
    """Arrays of rank 1, 2, 3 and 0, of integers, one that does not lie row by row in memory, and the bottom of a steep bowl."""
    cases = []
    for letters, kind in (("N", ""), ("NK", ""), ("NKL", ""), ("", "0-d"), ("NK", "int"), ("NK", "T")):
        shape = tuple(draw(rng, letters, 2, 5))
        # so large that a lost nudge looks the same whether or not the slopes lose their decimals too
        whole = rng.integers(20, 60, shape)
        x = whole if kind == "int" else np.asarray(rng.uniform(-1, 1, shape))
        if len(shape) == 1:
            x[0] *= 1e-7  # + h, − 2h, + h does not bring such a number back
        label = {
            "": f"x of shape {shape}",
            "0-d": "x a 0-d array",
            "int": f"x of integers, shape {shape}",
            "T": f"x a transposed view of shape {shape}, whose reshape(-1) is a copy",
        }[kind]
        signs = rng.choice([-1.0, 1.0], shape)  # so that f falls along some entries
        extra = {"c": signs * rng.uniform(0.5, 1.5, shape), "transposed": kind == "T"}
        cases.append(Case((x,), label=label, extra=extra, tolerance=_WHOLE if kind == "int" else None))
    # so steep that a one-sided difference shows at any h, as no other case makes it
    shape = tuple(draw(rng, "NK", 2, 5))
    extra = {"c": rng.uniform(0.5, 1.5, shape), "transposed": False, "steep": _STEEP}
    return [
        *cases,
        Case((np.zeros(shape),), label=f"x of zeros, shape {shape}, the bottom of a steep bowl", extra=extra),
    ]


def _activation_cases(rng: np.random.Generator) -> list[Case]:
    rows, block = tuple(draw(rng, "NK")), tuple(draw(rng, "NKL"))
    return [
        Case((rng.uniform(0.05, 0.95, rows),), label=f"a of shape {rows}"),
        Case((rng.uniform(0.05, 0.95, block),), label=f"a of shape {block}"),
        Case((np.array([0.0, 1e-9, 0.5, 1.0]),), label="a at both ends of the sigmoid"),
        Case((float(rng.uniform(0.1, 0.9)),), label="a as one number"),
    ]


def _local_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for y in (0.0, 1.0, 0.25):
        x, w = (float(v) for v in rng.uniform(-3, 3, 2).round(2))
        cases.append(Case((x, w, float(rng.uniform(0.1, 0.9)), y), label=f"x = {x:g}, w = {w:g}, y = {y:g}"))
    return cases


def _neuron_cases(rng: np.random.Generator) -> list[Case]:
    """Few and many inputs, integer inputs, and a neuron so sure that its slope is 0."""
    cases = []
    few, many, whole, large = draw(rng, "fmwl", 2, 5)
    for d, y in ((few, 1.0), (many, 0.0)):
        x, w = rng.standard_normal(d), rng.standard_normal(d)
        cases.append(
            Case((x, w, float(rng.standard_normal()), y), label=f"D = {d}, y = {y:g}", sizes={"D": d})
        )
    counts, w = rng.integers(1, 4, whole), rng.uniform(-0.4, 0.4, whole)
    cases.append(Case((counts, w, 0.1, 1.0), label="x of integers", sizes={"D": whole}))
    x, w = rng.uniform(1, 2, large), np.full(large, -600.0)
    cases.append(Case((x, w, 0.0, 1.0), label="z below −1000", sizes={"D": large}))
    return cases


def _swish_cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case((rng.standard_normal(s), rng.uniform(-3, 3, s)), label=f"x of shape {s}", upstream=0)
        for s in (tuple(draw(rng, letters)) for letters in ("N", "NK", "NKL"))
    ]
    ends = np.array([-1000.0, -30.0, 0.0, 30.0, 1000.0])
    return [*cases, Case((rng.standard_normal(5), ends), label="x from −1000 to 1000", upstream=0)]


def _probability_cases(rng: np.random.Generator) -> list[Case]:
    """The first, the last and a middle class as label, and a true class that got almost no probability."""
    cases = []
    first, last, middle = draw(rng, "flm")
    for c, y in ((first, 0), (last, last - 1), (middle, int(rng.integers(1, middle - 1)))):
        p = rng.dirichlet(np.full(c, 3.0))
        cases.append(Case((p, y), label=f"C = {c}, y = {y}", sizes={"C": c}))
    p = np.array([0.25, 1e-12, 0.75 - 1e-12])
    return [*cases, Case((p, 1), label="a true class with probability 10⁻¹²", sizes={"C": 3})]


def _sizes(p: Any) -> dict[str, int]:
    return dict(zip("NC", p.shape, strict=True))


_MANY = 800  # classes in the case that looks at memory: its Jacobian of one row takes 5 MB, p itself 19 kB


def _vjp_cases(rng: np.random.Generator) -> list[Case]:
    cases = []
    for letters in ("NC", "NC", "1C"):
        n, c = draw(rng, letters)
        p = rng.dirichlet(np.full(c, 2.0), n)
        cases.append(
            Case(
                (rng.standard_normal((n, c)), p),
                label=f"N = {n}, C = {c}",
                sizes={"N": n, "C": c},
                upstream=0,
            )
        )
    sure = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    cases.append(
        Case(
            (rng.standard_normal((2, 4)), sure),
            label="rows that are quite sure",
            sizes=_sizes(sure),
            upstream=0,
        )
    )
    p = rng.dirichlet(np.full(_MANY, 2.0), 3)
    cases.append(
        Case(
            (rng.standard_normal((3, _MANY)), p),
            label=f"C = {_MANY} classes",
            sizes=_sizes(p),
            upstream=0,
            extra={"watch": True},
        )
    )
    return cases


_BEYOND = 9_000  # classes of which a Jacobian of one row takes 650 MB, more than a submission may


def _beyond_cases(rng: np.random.Generator) -> list[Case]:
    """So many classes that an array of C × C doesn't fit; what the function itself says of its memory is not needed then."""
    p = rng.dirichlet(np.full(_BEYOND, 2.0), 1)
    return [Case((rng.standard_normal((1, _BEYOND)), p), label=f"C = {_BEYOND:,} classes", upstream=0)]


def _without_jacobian(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    """On many classes the memory was measured too: what is asked for is the product without the Jacobian."""
    values = name_returned(exercise, raw["returned"])
    needed = int(raw.get("bytes", 0))
    if needed > 8 * _MANY**2 // 2:
        raise Wrong(
            f"{exercise.name} forms an array of C × C numbers on the way: for {_MANY} classes it needed more than 100 times "
            "the memory of p itself. The last line of the derivation does without."
        )
    return values


def _named(exercise: Exercise, case: Case, raw: Any) -> dict[str, Any]:
    return name_returned(exercise, raw)


def _label(name: str, shape: str, of: str) -> Quantity:
    return Quantity(name, shape, f"the gradient of the loss with respect to {of}")


EXERCISES = (
    Exercise(
        name="numerical_derivative",
        lesson=LESSON,
        signature="numerical_derivative(f, x) -> slope",
        returns=("slope",),
        quantities=(Quantity("slope", "()", "the slope of f at x", SLOPE),),
        cases=_curve_cases,
        reference=chain_rule.numerical_derivative,
        run=Driven(drives.curve, _named, extra=("f", "c")),
        inputs=("x",),
    ),
    Exercise(
        name="numerical_gradient",
        lesson=LESSON,
        signature="numerical_gradient(f, x) -> grad",
        returns=("grad",),
        quantities=(Quantity("grad", "(shape of x)", "the slope of f by each entry of x", SLOPE),),
        cases=_field_cases,
        reference=chain_rule.numerical_gradient,
        run=Driven(drives.field, _named, extra=("c", "transposed", "steep")),
        inputs=("x",),
    ),
    Exercise(
        name="sigmoid_slope",
        lesson=LESSON,
        signature="sigmoid_slope(a) -> slope",
        returns=("slope",),
        quantities=(Quantity("slope", "(shape of a)", "σ′(z) where a = σ(z)"),),
        cases=_activation_cases,
        reference=chain_rule.sigmoid_slope,
    ),
    Exercise(
        name="neuron_locals",
        lesson=LESSON,
        signature="neuron_locals(x, w, a, y) -> (dl_da, da_dz, dz_dw, dz_dx, dz_db)",
        returns=("dl_da", "da_dz", "dz_dw", "dz_dx", "dz_db"),
        quantities=(
            Quantity("dl_da", "()", "what a nudge of a does to L = (a − y)²"),
            Quantity("da_dz", "()", "what a nudge of z does to a = σ(z)"),
            Quantity("dz_dw", "()", "what a nudge of w does to z = w x + b"),
            Quantity("dz_dx", "()", "what a nudge of x does to z = w x + b"),
            Quantity("dz_db", "()", "what a nudge of b does to z = w x + b"),
        ),
        cases=_local_cases,
        reference=chain_rule.neuron_locals,
    ),
    Exercise(
        name="neuron_gradient",
        lesson=LESSON,
        signature="neuron_gradient(x, w, b, y) -> (dw, db)",
        returns=("dw", "db"),
        quantities=(_label("db", "()", "b"), _label("dw", "(D,)", "w")),
        cases=_neuron_cases,
        reference=chain_rule.neuron_gradient,
    ),
    Exercise(
        name="swish_backward",
        lesson=LESSON,
        signature="swish_backward(dout, x) -> dx",
        returns=("dx",),
        quantities=(_label("dx", "(shape of x)", "x"),),
        cases=_swish_cases,
        reference=chain_rule.swish_backward,
    ),
    Exercise(
        name="cross_entropy_slope",
        lesson=LESSON,
        signature="cross_entropy_slope(p, y) -> dp",
        returns=("dp",),
        quantities=(_label("dp", "(C,)", "p"),),
        cases=_probability_cases,
        reference=chain_rule.cross_entropy_slope,
    ),
    Exercise(
        name="softmax_vjp",
        lesson=LESSON,
        signature="softmax_vjp(dp, p) -> ds",
        returns=("ds",),
        quantities=(_label("ds", "(N, C)", "the scores s"),),
        cases=_vjp_cases,
        reference=chain_rule.softmax_vjp,
        run=Driven(drives.measured, _without_jacobian, extra=("watch",)),
        elsewhere=_beyond_cases,
    ),
    Exercise(
        name="scores_slope",
        lesson=LESSON,
        signature="scores_slope(p, y) -> ds",
        returns=("ds",),
        quantities=(_label("ds", "(C,)", "the scores s"),),
        cases=_probability_cases,
        reference=chain_rule.scores_slope,
    ),
)
