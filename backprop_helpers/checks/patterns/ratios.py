"""One constant factor in every entry, and what it is in terms of the sizes of the inputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from backprop_helpers.checks.patterns.pair import Pair, Pattern, alike, shared_inputs, throughout
from backprop_helpers.checks.spec import LETTERS, Exercise


def ratio(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got = r · expected with one r in each case; r is read with the case's own sizes."""
    ratios = []
    for p in pairs:
        if not p.expected.any():
            return None
        r = float(np.vdot(p.expected, p.got) / np.vdot(p.expected, p.expected))
        if not np.isfinite(r) or r == 0 or np.isclose(r, 1) or not alike(p.got, r * p.expected):
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
            says = f"{name} is {abs(r):.3g} times what it should be{', with the wrong sign' if r < 0 else ''}, {throughout(pairs)}{that}."
            return Pattern(
                f"ratio {text}",
                says + (f" ({letters}.)" if letters else ""),
                f"Look for a factor {text} that is one too many, or its inverse that is missing.",
            )
    # One number has a ratio to any other: several calls must agree before it means something.
    if sum(p.got.size for p in pairs) < 3:
        return None
    if max(ratios) - min(ratios) <= 1e-6 * abs(r):
        how = f"{r:.4g} times what it should be, {throughout(pairs)}"
        return Pattern("ratio", f"{name} is {how}.", "Look for a constant factor.")
    if all(p.got.size < 2 for p in pairs):
        return None
    shown = ", ".join(list(dict.fromkeys(f"{q:.3g}" for q in ratios))[:3])
    return Pattern(
        "another ratio for other inputs",
        f"{name} is one constant times what it should be, but another constant for other inputs ({shown}).",
        "Which single number differs between the calls: a size, a rate, a maximum, a total?",
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


def change_scaled(name: str, pairs: Sequence[Pair], exercise: Exercise) -> Pattern | None:
    """got − a = r · (expected − a) for an argument a: the step from a has the wrong sign or length."""
    for argument, arrays in shared_inputs(exercise, pairs):
        if any(a.shape != p.expected.shape for p, a in zip(pairs, arrays, strict=True)):
            continue
        moved = [
            replace(p, got=p.got - a, expected=p.expected - a) for p, a in zip(pairs, arrays, strict=True)
        ]
        found = ratio(f"the change from {argument} to {name}", moved, exercise)
        if found:
            return replace(found, kind=f"change from {argument}: {found.kind}")
    return None
