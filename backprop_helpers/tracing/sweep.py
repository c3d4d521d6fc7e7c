"""One sweep forward and one back through a learner's own functions, every gradient beside its finite differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backprop_helpers import losses
from backprop_helpers.checks.compare import difference
from backprop_helpers.checks.limits import time_limit
from backprop_helpers.checks.observe import Observation, observe
from backprop_helpers.checks.registry import exercise_named
from backprop_helpers.checks.runner import diagnose
from backprop_helpers.checks.spec import DIFFERENCES, Case

Array = NDArray[Any]
Fn = Callable[..., Any]
State = Literal["value", "right", "wrong", "missing"]
ACTIVATIONS = ("relu", "sigmoid", "tanh")


@dataclass(frozen=True)
class Quantity:
    """One array of the sweep.

    name: as the lessons call it, "h1" or "dw2"; array: what is drawn and handed on, which for a wrong or missing gradient is
    the measured one; got: what the learner's function returned, None where nothing; expected: by finite differences, None for
    a value of the forward sweep; state: "value" for those, else how got and expected compare; index: the worst entry.
    """

    name: str
    array: Array
    got: Array | None = None
    expected: Array | None = None
    state: State = "value"
    index: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Step:
    """One call of one of the learner's functions.

    name: the node it reaches, "z1" or "dz1"; function: whose work it is; layer: 1, 2, … (0: the input or the loss); back:
    whether it belongs to the backward sweep; own: whether the function is the learner's; problem: why there is no result, a
    sentence; diagnosis: what is wrong with the result, a sentence.
    """

    name: str
    function: str
    layer: int
    back: bool
    quantities: tuple[Quantity, ...]
    own: bool = True
    problem: str = ""
    diagnosis: str = ""

    @property
    def state(self) -> State:
        """The worst of its quantities."""
        found = {q.state for q in self.quantities}
        order: tuple[State, ...] = ("wrong", "missing", "right")
        return next((s for s in order if s in found), "value")


@dataclass(frozen=True)
class Sweep:
    """A whole sweep: the steps in order, forward first.

    sizes: [D, H_1, …, C]; rows: N; loss: "softmax_loss" for integer labels, "mse" for targets of the scores' shape.
    """

    x: Array
    y: Array
    params: tuple[tuple[Array, Array], ...]
    activation: str
    loss: str
    steps: tuple[Step, ...]

    @property
    def sizes(self) -> list[int]:
        return [self.params[0][0].shape[0], *(w.shape[1] for w, _ in self.params)]

    @property
    def rows(self) -> int:
        return len(self.x)

    @property
    def depth(self) -> int:
        return len(self.params)

    def reached(self, until: int) -> dict[str, Quantity]:
        """Every quantity that is known after step `until`, by name."""
        return {q.name: q for step in self.steps[: until + 1] for q in step.quantities}


def sweep(
    params: Sequence[tuple[Array, Array]],
    x: Array,
    y: Array,
    functions: Mapping[str, Any],
    activation: str = "relu",
) -> Sweep:
    """Run the learner's functions once forward and once backward.

    params: [(w (D, M), b (M,)), …]; x: (N, D); y: (N,) integer labels or targets (N, C); functions: by name, such as `globals()`;
    what is missing there is left grey, and a missing forward function is the course's own. Each backward function is given the
    right upstream, measured where the one before is wrong or missing, so that one mistake does not colour all that follow.
    Raises ValueError and TypeError in sentences for arguments that do not fit.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}; expected one of {', '.join(ACTIVATIONS)}.")
    x, y, pairs = _fitting(params, x, y)
    mine = _Functions(functions)
    steps, caches, scores = _forward(x, pairs, mine, activation)
    whole = np.issubdtype(y.dtype, np.integer) and y.ndim == 1
    if not whole and y.shape != scores.shape:
        raise ValueError(
            f"y has shape {y.shape}; expected integer labels of shape ({len(x)},), or targets of the scores' shape {scores.shape}."
        )
    steps += _loss(scores, y, mine, whole)
    steps += _backward(steps[-1].quantities[0].array, caches, mine, activation)
    return Sweep(x, y, tuple(pairs), activation, "softmax_loss" if whole else "mse", tuple(steps))


class _Functions:
    """The learner's functions by name, with the course's forward ones for those that are missing."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = {name: f for name, f in found.items() if callable(f)}

    def own(self, name: str) -> Fn | None:
        return self.found.get(name)

    def forward(self, name: str, case: Case, backward: str) -> tuple[Fn, bool]:
        """A forward pass that can be believed on this case, and whether it is the learner's."""
        exercise = exercise_named(backward)
        mine, course = self.own(name), exercise.forward
        assert course is not None
        if mine is None or exercise.output is None:
            return course, False
        try:
            with time_limit(exercise.seconds):
                out, _ = mine(*(np.array(a) for a in case.args[1:]))
            right, _ = course(*case.args[1:])
            if np.shape(out) == np.shape(right) and np.allclose(out, right):
                return mine, True
        except Exception:  # whatever the learner's function did, the sweep goes on with the course's
            pass
        return course, False


def _fitting(
    params: Sequence[tuple[Array, Array]], x: Array, y: Array
) -> tuple[Array, Array, list[tuple[Array, Array]]]:
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or not len(x):
        raise ValueError(f"x has shape {x.shape}; expected one row for each example, (N, D).")
    pairs = [(np.asarray(w, dtype=float), np.asarray(b, dtype=float)) for w, b in params]
    if not pairs:
        raise ValueError("params is empty; expected one (w, b) for each layer, as init_params makes them.")
    width = x.shape[1]
    for i, (w, b) in enumerate(pairs, 1):
        if w.ndim != 2 or w.shape[0] != width or b.shape != w.shape[1:]:
            raise ValueError(
                f"layer {i} has w of shape {w.shape} and b of shape {b.shape}; expected w ({width}, M) and b (M,)."
            )
        width = w.shape[1]
    return x, np.asarray(y), pairs


def _forward(
    x: Array, params: Sequence[tuple[Array, Array]], mine: _Functions, activation: str
) -> tuple[list[Step], list[Case], Array]:
    """The steps of the way there, the case of every backward call (upstream still empty), and the scores."""
    steps = [Step("x", "", 0, False, (Quantity("x", x),))]
    cases: list[Case] = []
    h = x
    for i, (w, b) in enumerate(params, 1):
        last = i == len(params)
        case = Case((None, h, w, b))
        affine, own = mine.forward("affine_forward", case, "affine_backward")
        h = np.asarray(affine(h, w, b)[0], dtype=float)
        cases.append(case)
        name = "s" if last else f"z{i}"
        steps.append(Step(name, "affine_forward", i, False, (Quantity(name, h),), own))
        if not last:
            case = Case((None, h))
            g, own = mine.forward(f"{activation}_forward", case, f"{activation}_backward")
            h = np.asarray(g(h)[0], dtype=float)
            cases.append(case)
            steps.append(Step(f"h{i}", f"{activation}_forward", i, False, (Quantity(f"h{i}", h),), own))
    return steps, cases, h


def _loss(scores: Array, y: Array, mine: _Functions, whole: bool) -> list[Step]:
    """The loss, and the gradient it starts the way back with."""
    name = "softmax_loss" if whole else "mse_backward"
    own = mine.own("softmax_loss" if whole else "mse")
    course: Fn = losses.cross_entropy if whole else losses.mse
    value = float(course(scores, y))
    is_own = False
    if own is not None:
        try:
            with time_limit(exercise_named(name).seconds):
                said = own(scores.copy(), y.copy())
            found = float(said[0] if whole else said)
            is_own = bool(np.isclose(found, value))
        except Exception:  # the loss is drawn all the same; the step back says what is wrong
            pass
    there = Step("L", "softmax_loss" if whole else "mse", 0, False, (Quantity("L", np.array(value)),), is_own)
    case = Case((scores, y), extra={"exact": False})
    back = _step("ds", name, 0, case, course, mine.own(name), {"dx" if whole else "dpred": "ds"})
    return [there, back]


def _backward(ds: Array, cases: list[Case], mine: _Functions, activation: str) -> list[Step]:
    """The way back, layer by layer; every function gets the right upstream."""
    steps: list[Step] = []
    upstream = ds
    layer = (len(cases) + 1) // 2
    for case in reversed(cases):
        case = Case((upstream, *case.args[1:]))
        affine = len(case.args) == 4
        if not affine:
            layer -= 1
        kind = "affine" if affine else activation
        forward, _ = mine.forward(f"{kind}_forward", case, f"{kind}_backward")
        below = "dx" if layer == 1 else f"dh{layer - 1}"
        names = {"dw": f"dw{layer}", "db": f"db{layer}", "dx": below} if affine else {"dx": f"dz{layer}"}
        name = names["dx"]
        steps.append(
            _step(name, f"{kind}_backward", layer, case, forward, mine.own(f"{kind}_backward"), names)
        )
        upstream = next(q.array for q in steps[-1].quantities if q.name == name)
    return steps


def _step(
    name: str, function: str, layer: int, case: Case, forward: Fn, fn: Fn | None, names: Mapping[str, str]
) -> Step:
    """Call one backward function and compare what it gives with finite differences of `forward`."""
    exercise = exercise_named(function)
    assert exercise.numerical is not None
    measured = exercise.numerical(case, forward)
    seen = Observation(problem="unwritten", sentence=f"There is no function {function} yet.")
    if fn is not None:
        seen = observe(exercise, fn, case, forward)
    judged = Case(case.args, tolerance=DIFFERENCES)
    quantities = []
    for q in exercise.quantities:
        if q.name not in names:
            continue
        found = measured[q.name]
        right = found if isinstance(found, list) else [found]
        expected = np.asarray(right[-1], dtype=float)
        if seen.problem:
            state: State = "missing" if seen.problem == "unwritten" else "wrong"
            quantities.append(Quantity(names[q.name], expected, None, expected, state))
            continue
        off = difference(q, seen.values.get(q.name), right, judged)
        if off is None:
            got = np.asarray(seen.values[q.name], dtype=float)
            quantities.append(Quantity(names[q.name], got, got, expected, "right"))
        else:
            quantities.append(Quantity(names[q.name], expected, off.got, expected, "wrong", off.index))
    diagnosis = ""
    if any(q.state == "wrong" for q in quantities):
        diagnosis = _why(function, fn, forward) or seen.sentence
    return Step(name, function, layer, True, tuple(quantities), fn is not None, seen.sentence, diagnosis)


def _why(function: str, fn: Any, forward: Fn) -> str:
    """What the check of the exercise says about a function that gives wrong values here."""
    result = diagnose(function, fn, forward=forward)
    return "" if result.passed else f"Its check says, on inputs of its own: {result.message}"
