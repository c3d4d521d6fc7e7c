"""General patterns in a wrong result, for mistakes that no registered misconception explains.

Each pattern must hold in every failing case before it is said, and what is said is a fact about the
numbers ("8 times too large, and 8 is N"), never a guess about the learner.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop_helpers.checks.compare import Difference, close
from backprop_helpers.checks.observe import observe
from backprop_helpers.checks.spec import LETTERS, Case, Exercise, Fn, Tolerance
from backprop_helpers.checks.travel import as_numbers
from backprop_helpers.checks.trial import Trial

Array = NDArray[Any]
ALIKE = Tolerance(1e-6, 1e-9, "")


@dataclass(frozen=True)
class Pattern:
    """kind: a short name; says: the fact as a sentence; hint: what to look at."""

    kind: str
    says: str
    hint: str


@dataclass(frozen=True)
class Pair:
    """The first wrong quantity in one case: got and expected, of finite numbers."""

    case: Case
    difference: Difference
    got: Array
    expected: Array


def describe(exercise: Exercise, trials: Sequence[Trial], fn: Fn, forward: Fn | None) -> Pattern | None:
    """The first pattern that holds in every case in which the first wrong quantity is off."""
    first = next(
        (d.quantity for q in exercise.quantities for t in trials for d in t.differences if d.quantity is q),
        None,
    )
    if first is None:
        return None
    if first.fault:
        return Pattern(first.name, first.fault, "")
    pairs = [
        Pair(t.case, d, d.got, d.expected)
        for t in trials
        for d in t.differences
        if d.quantity is first and d.got is not None and d.expected is not None
    ]
    if not pairs or len(pairs) < sum(any(d.quantity is first for d in t.differences) for t in trials):
        return None
    name = first.name
    if all(p.got.shape != p.expected.shape for p in pairs):
        return (
            _reshaped(name, pairs)
            or _is_an_argument(name, pairs, exercise)
            or _reduced(name, pairs, exercise)
        )
    pairs = [p for p in pairs if p.got.shape == p.expected.shape]
    finite = [p for p in pairs if np.isfinite(p.got).all() and np.isfinite(p.expected).all()]
    if len(finite) < len(pairs):
        return None
    stale = _stale(name, pairs, exercise, fn, forward)
    if stale:
        return stale
    for look in _LOOKS:
        found = look(name, pairs, exercise)
        if found:
            return found
    return _same_without_upstream(name, pairs, exercise, fn, forward)


def _alike(got: Array, expected: Array) -> bool:
    return got.shape == expected.shape and bool(close(got, expected, ALIKE).all())


def _reshaped(name: str, pairs: Sequence[Pair]) -> Pattern | None:
    if all(p.got.T.shape == p.expected.shape and _alike(p.got.T, p.expected) for p in pairs):
        return Pattern(
            "transposed",
            f"{name} is the transpose of what it should be.",
            "Swap the two factors' roles, or transpose once.",
        )
    if all(
        p.got.size == p.expected.size and _alike(p.got.reshape(p.expected.shape), p.expected) for p in pairs
    ):
        return Pattern(
            "reshaped",
            f"{name} holds the right numbers in the wrong shape.",
            "Give it the shape of what it belongs to.",
        )
    return None


def _transposed(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(p.got.ndim == 2 and _alike(p.got.T, p.expected) for p in pairs):
        return _reshaped(name, pairs)
    return None


def _zero(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(p.got.size == 1 for p in pairs):  # a single 0 may be the result of anything
        return None
    if all(not p.got.any() for p in pairs):
        return Pattern("zero", f"{name} is zero everywhere.", "Is it ever filled in after it was made?")
    return None


def _ratio(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got = r · expected with one r in each case; r is read with the case's own sizes."""
    ratios = []
    for p in pairs:
        if not p.expected.any():
            return None
        r = float(np.vdot(p.expected, p.got) / np.vdot(p.expected, p.expected))
        if not np.isfinite(r) or r == 0 or np.isclose(r, 1) or not _alike(p.got, r * p.expected):
            return None
        ratios.append(r)
    r = ratios[0]
    common = {k: n for k, n in pairs[0].case.sizes.items() if all(k in p.case.sizes for p in pairs)}
    for text, value in _factors(common):
        if all(np.isclose(q, value(p.case.sizes), rtol=1e-6) for q, p in zip(ratios, pairs, strict=True)):
            if text == "−1":
                return Pattern(
                    "sign",
                    f"{name} has the wrong sign.",
                    "Which of the two is subtracted from which?",
                )
            letters = "; ".join(
                f"{k} = {v} is {LETTERS.get(k, 'a size of these inputs')}"
                for k, v in common.items()
                if k in text
            )
            that = f": that is {text}" if any(k in text for k in common) else ""
            says = f"{name} is {abs(r):.3g} times what it should be{', with the wrong sign' if r < 0 else ''}, in every entry{that}."
            return Pattern(
                f"ratio {text}",
                says + (f" ({letters}.)" if letters else ""),
                f"Look for a factor {text} that is one too many, or its inverse that is missing.",
            )
    # One number has a ratio to any other: several calls must agree before it means something.
    if sum(p.got.size for p in pairs) < 3:
        return None
    if max(ratios) - min(ratios) <= 1e-6 * abs(r):
        how = f"{r:.4g} times what it should be, in every entry"
        return Pattern("ratio", f"{name} is {how}.", "Look for a constant factor.")
    if all(p.got.size < 2 for p in pairs):
        return None
    shown = ", ".join(f"{q:.3g}" for q in ratios[:3])
    return Pattern(
        "ratio that varies",
        f"{name} is one constant times what it should be, but another constant for other inputs ({shown}).",
        "Which single number differs between the calls: a size, a rate, a maximum, a total?",
    )


def _function(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got = f(expected) with one well-known f: a step that is missing or one too many."""
    if sum(p.got.size for p in pairs) < 3:
        return None
    for text, f in _FUNCTIONS:
        with np.errstate(all="ignore"):
            if all(_alike(p.got, np.asarray(f(p.expected))) for p in pairs):
                return Pattern(
                    f"function {text}",
                    f"{name} is {text} what it should be, in every entry.",
                    "Which step is one too many, or missing?",
                )
    return None


_FUNCTIONS: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("the square root of", np.sqrt),
    ("the square of", np.square),
    ("the logarithm of", np.log),
    ("e to the power of", np.exp),
    ("1 minus", lambda a: 1 - a),
    ("1 divided by", lambda a: 1 / a),
    ("the size, without the sign, of", np.abs),
)


def _factors(sizes: Mapping[str, int]) -> Iterator[tuple[str, Callable[[Mapping[str, int]], float]]]:
    """−1, 2, ½, each letter and its inverse, and products of two of them."""
    letters = list(sizes)
    base: list[tuple[str, Callable[[Mapping[str, int]], float]]] = [
        ("2", lambda s: 2.0),
        ("1/2", lambda s: 0.5),
    ]
    base += [(k, lambda s, k=k: float(s[k])) for k in letters]  # type: ignore[misc]
    base += [(f"1/{k}", lambda s, k=k: 1 / s[k]) for k in letters]  # type: ignore[misc]
    yield "−1", lambda s: -1.0
    yield from base
    for (ta, fa), (tb, fb) in itertools.combinations(base, 2):
        yield f"{ta} · {tb}", lambda s, fa=fa, fb=fb: fa(s) * fb(s)  # type: ignore[misc]
    for text, f in base:
        yield f"−{text}", lambda s, f=f: -f(s)  # type: ignore[misc]


def _shifted(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if any(p.got.size < 2 for p in pairs):
        return None
    shifts = [float((p.got - p.expected).flat[0]) for p in pairs]
    if all(_alike(p.got, p.expected + s) for p, s in zip(pairs, shifts, strict=True)):
        return Pattern(
            "shift",
            f"{name} is too large by the same amount in every entry ({shifts[0]:.4g}).",
            "Something is added to every entry.",
        )
    return None


def _truncated(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(_alike(p.got, np.trunc(p.expected)) or _alike(p.got, np.floor(p.expected)) for p in pairs):
        return Pattern(
            "truncated",
            f"{name} has lost everything behind the decimal point.",
            "An integer array can't hold fractions: what dtype is the array you write into?",
        )
    return None


def _inputs(exercise: Exercise, case: Case) -> dict[str, Array]:
    """Every array that went in, by name; those inside a config as config['velocity']."""
    found: dict[str, Array] = {}
    for name, value in zip(exercise.arguments, case.args, strict=False):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            found[name] = np.asarray(value, dtype=float)
        elif isinstance(value, dict):
            found |= {
                f"{name}[{k!r}]": np.asarray(v, dtype=float)
                for k, v in value.items()
                if isinstance(v, np.ndarray)
            }
    return found


def _shared_inputs(exercise: Exercise, pairs: Sequence[Pair]) -> list[tuple[str, list[Array]]]:
    """The arrays that went in in every one of the pairs: name and one array per pair."""
    each = [_inputs(exercise, p.case) for p in pairs]
    return [(name, [e[name] for e in each]) for name in each[0] if all(name in e for e in each)]


def _is_an_argument(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    for argument, arrays in _shared_inputs(exercise, pairs):
        if all(_alike(p.got, a) for p, a in zip(pairs, arrays, strict=True)):
            return Pattern(
                f"equals {argument}",
                f"{name} is {argument} itself, unchanged.",
                f"What has to be done with {argument} on the way?",
            )
    return None


def _change_scaled(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got − a = r · (expected − a) for an argument a: the step from a has the wrong sign or length."""
    for argument, arrays in _shared_inputs(exercise, pairs):
        if any(a.shape != p.expected.shape for p, a in zip(pairs, arrays, strict=True)):
            continue
        moved = [
            replace(p, got=p.got - a, expected=p.expected - a) for p, a in zip(pairs, arrays, strict=True)
        ]
        found = _ratio(f"the change from {argument} to {name}", moved, exercise)
        if found:
            return replace(found, kind=f"change from {argument}: {found.kind}")
    return None


def _reduced(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got is a sum or mean of one argument over one axis, which is not what was wanted."""
    ways = itertools.product((0, 1, None), (("sum", np.sum), ("mean", np.mean)))
    for (argument, arrays), (axis, (verb, f)) in itertools.product(
        _shared_inputs(exercise, pairs), list(ways)
    ):
        if all(_is_reduction(p.got, a, axis, f) for p, a in zip(pairs, arrays, strict=True)):
            over = "all entries" if axis is None else f"axis {axis}"
            return Pattern(
                f"{verb} over {over}",
                f"{name} is the {verb} of {argument} over {over}.",
                "Which axis must disappear, and should it be added up or averaged?",
            )
    return None


def _is_reduction(got: Array, a: Array, axis: int | None, f: Callable[..., Any]) -> bool:
    if a.ndim < 2 or got.size < 1:
        return False
    value = np.asarray(f(a, axis=axis), dtype=float)
    return _alike(got, np.broadcast_to(value, got.shape) if value.shape == () else value)


_SIDES: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("> 0", lambda a: a > 0),
    ("≤ 0", lambda a: a <= 0),
    ("< 0", lambda a: a < 0),
    ("= 0", lambda a: a == 0),
)


def _masked(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """Wrong exactly where an argument of the same shape is positive, or not positive, or zero."""
    for (argument, arrays), (text, holds) in itertools.product(_shared_inputs(exercise, pairs), _SIDES):
        if all(_wrong_where(p, a, holds) for p, a in zip(pairs, arrays, strict=True)):
            return Pattern(
                f"wrong where {argument} {text}",
                f"{name} is right except exactly where {argument} {text}.",
                "Look at which side of the condition keeps its value.",
            )
    return None


def _wrong_where(p: Pair, a: Array, holds: Callable[[Array], Array]) -> bool:
    if a.shape != p.got.shape or a.size < 2:
        return False
    wrong = ~close(p.got, p.expected, ALIKE)
    return bool(np.array_equal(wrong, holds(a)) and wrong.any() and not wrong.all())


def _reordered(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    if all(
        p.got.size > 2 and _alike(np.sort(p.got, axis=None), np.sort(p.expected, axis=None)) for p in pairs
    ):
        return Pattern(
            "reordered",
            f"{name} holds the right numbers in the wrong places.",
            "Look at the order in which rows and columns are read.",
        )
    return None


def _off_by_argument(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got − expected = k · a for an argument a and one number k: a term too many, as that of a penalty on w."""
    for argument, arrays in _shared_inputs(exercise, pairs):
        off = [p.got - p.expected for p in pairs]
        if any(a.shape != d.shape or a.size < 2 or not a.any() for a, d in zip(arrays, off, strict=True)):
            continue
        k = float(np.vdot(arrays[0], off[0]) / np.vdot(arrays[0], arrays[0]))
        if k and all(_alike(d, k * a) for a, d in zip(arrays, off, strict=True)):
            return Pattern(
                f"off by {argument}",
                f"{name} differs from what it should be by {k:.4g} · {argument}.",
                f"Which term adds or takes away {argument}, and does this exercise ask for it?",
            )
    return None


def _one_slice(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """Wrong in one row or column only, counted from the front or from the end."""
    for axis, word in ((0, "row"), (1, "column")):
        if any(p.got.ndim != 2 or p.got.shape[axis] < 2 for p in pairs):
            continue
        where = [np.unique(np.nonzero(~close(p.got, p.expected, ALIKE))[axis]) for p in pairs]
        if any(len(w) != 1 for w in where):
            continue
        for index, said in ((0, "first"), (-1, "last")):
            if all(w[0] == index % p.got.shape[axis] for w, p in zip(where, pairs, strict=True)):
                return Pattern(
                    f"{said} {word}",
                    f"{name} is right except in its {said} {word}.",
                    f"What is different about the {said} {word}: where does a loop or a slice begin and end?",
                )
    return None


_LOOKS: tuple[Callable[[str, Sequence[Pair], Exercise], Pattern | None], ...] = (
    _zero,
    _ratio,
    _function,
    _transposed,
    _is_an_argument,
    _change_scaled,
    _reduced,
    _truncated,
    _shifted,
    _masked,
    _off_by_argument,
    _one_slice,
    _reordered,
)


def _stale(
    name: str, pairs: Sequence[Pair], exercise: Exercise, fn: Fn, forward: Fn | None
) -> Pattern | None:
    """The same inputs twice, two answers: something is kept between the calls, or drawn at random."""
    again = observe(exercise, fn, pairs[0].case, forward)
    value = as_numbers(again.values.get(name))
    if again.problem or isinstance(value, str) or _alike(value, pairs[0].got):
        return None
    return Pattern(
        "not the same twice",
        f"{name} comes out differently when {exercise.name} is called again with the same inputs.",
        "What does the function keep from one call to the next, and does it draw random numbers of its own?",
    )


def _same_without_upstream(
    name: str, pairs: Sequence[Pair], exercise: Exercise, fn: Fn, forward: Fn | None
) -> Pattern | None:
    """Another upstream gradient, the same answer: upstream was dropped."""
    for p in pairs:
        k = p.case.upstream
        if k is None:
            return None
        args = list(p.case.args)
        args[k] = np.asarray(args[k]) * 3.0 + 1.0
        again = observe(exercise, fn, replace(p.case, args=tuple(args)), forward)
        value = as_numbers(again.values.get(name))
        if again.problem or isinstance(value, str) or not _alike(value, p.got):
            return None
    upstream = exercise.arguments[pairs[0].case.upstream or 0]
    return Pattern(
        "upstream dropped",
        f"{name} stays the same whatever the upstream gradient {upstream} is.",
        f"Where does {upstream} enter? The chain rule is upstream × local.",
    )
