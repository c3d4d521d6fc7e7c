"""What a step and an edge of the sweep say: sentences, formulas with their shapes, and the numbers behind them."""

from __future__ import annotations

import re
from html import escape

import numpy as np

from backprop_helpers.tracing.sweep import Quantity, Step, Sweep

_SUB = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SLOPES = {
    "relu": "1 where z > 0, else 0",
    "sigmoid": "h (1 − h)",
    "tanh": "1 − h²",
}
_CURVES = {"relu": "max(0, {})", "sigmoid": "1 / (1 + e^−{})", "tanh": "tanh({})"}


def pretty(name: str) -> str:
    """Names with their numbers lowered: dw₂, but not the 2 of an index or a product."""
    return re.sub(r"(?<=[a-zA-Z])\d+", lambda found: found.group().translate(_SUB), name)


def short(value: float) -> str:
    """Three digits at most, with a real minus sign."""
    return f"{value + 0.0:.3g}".replace("-", "−") if np.isfinite(value) else str(value)


def exact(value: float) -> str:
    """Seven digits, to compare two numbers by eye."""
    return f"{value + 0.0:.7g}".replace("-", "−")


def shape(array: np.ndarray) -> str:
    """A shape as the pages write it, "one number" for a scalar."""
    return str(array.shape) if array.shape else "one number"


def below(layer: int) -> str:
    """The name of what goes into a layer."""
    return "x" if layer == 1 else f"h{layer - 1}"


def above(s: Sweep, layer: int) -> str:
    """The name of what comes out of a layer's affine step."""
    return "s" if layer == s.depth else f"z{layer}"


def formula(s: Sweep, step: Step) -> str:
    """The formula of a step with the shapes of everything in it."""
    return "; ".join(_formulas(s, step))


def _formulas(s: Sweep, step: Step) -> list[str]:
    n, sizes = s.rows, s.sizes
    if step.name == "x":
        return [f"x {shape(s.x)}"]
    if step.name == "L":
        c = sizes[-1]
        if s.loss == "mse":
            return ["L = (s − y)²" if n * c == 1 else f"L = mean of (s − y)² over all {n * c} entries"]
        return [f"L = mean over {n} row{'s' * (n > 1)} of −log softmax(s)[its label]"]
    if step.name == "ds":
        c = sizes[-1]
        if s.loss == "mse":
            return [f"ds = 2 (s − y) / {n * c}: {(n, c)}"]
        return [f"ds = (softmax(s) − one-hot y) / {n}: {(n, c)}"]
    i = step.layer
    d, m = sizes[i - 1], sizes[i]
    if step.function.startswith("affine"):
        low, up = below(i), above(s, i)
        if not step.back:
            return [f"{up} = {low} @ w{i} + b{i}: {(n, d)} @ {(d, m)} + ({m},) → {(n, m)}"]
        return [
            f"d{low} = d{up} @ w{i}.T: {(n, m)} @ {(m, d)} → {(n, d)}",
            f"dw{i} = {low}.T @ d{up}: {(d, n)} @ {(n, m)} → {(d, m)}",
            f"db{i} = d{up} summed over the rows: {(n, m)} → ({m},)",
        ]
    if not step.back:
        return [f"h{i} = {_CURVES[s.activation].format(f'z{i}')}, entry by entry: {(n, m)}"]
    return [f"dz{i} = dh{i} ⊙ slope, where the slope is {_SLOPES[s.activation]}: {(n, m)}"]


def sentence(s: Sweep, number: int) -> str:
    """What the picture shows after step `number`."""
    step = s.steps[number]
    head = f"Step {number} of {len(s.steps) - 1}, {'backward' if step.back else 'forward'}."
    names = ", ".join(pretty(q.name) for q in step.quantities)
    if not step.back:
        whose = " (the course’s own: yours is not here or gives other values)" if not step.own else ""
        what = formula(s, step)
        loss = f" = {short(float(step.quantities[0].array))}" if step.name == "L" else ""
        now = " Everything is known; now back." if step.name == "L" else ""
        return f"{head} {pretty(what)}{loss}{whose}.{now}"
    if step.state == "missing":
        return f"{head} {step.function} is not written yet, so {names} stay{'s' * (len(step.quantities) == 1)} grey; the sweep goes on with measured gradients."
    if step.state == "wrong":
        bad = ", ".join(pretty(q.name) for q in step.quantities if q.state == "wrong")
        return f"{head} {bad} differ{'s' * (', ' not in bad)} from finite differences. {step.diagnosis} The sweep goes on with measured gradients."
    return f"{head} {pretty(formula(s, step))}. {names}: as finite differences say."


def edge_label(s: Sweep, key: str) -> str:
    """The accessible name of an edge."""
    kind, layer, i, j = parse(key)
    if kind == "loss":
        return "from the scores to the loss"
    low, up = (below(layer), above(s, layer)) if kind == "affine" else (f"z{layer}", f"h{layer}")
    if i < 0:
        return f"from {low} to {up}"
    return f"from {low}[{i}] to {up}[{j}]"


def parse(key: str) -> tuple[str, int, int, int]:
    """kind ("affine", "act" or "loss"), layer, and the two units, −1 where the edge stands for a whole array.

    Raises ValueError for a key that names no edge.
    """
    parts = key.split("-")
    if len(parts) != 4 or parts[0] not in ("affine", "act", "loss"):
        raise ValueError(f"{key!r} names no edge of the graph.")
    layer, i, j = (int(p) if p.isdecimal() else -1 for p in parts[1:])
    return parts[0], layer, i, j


def behind(s: Sweep, key: str, row: int, until: int) -> str:
    """The formula and the numbers behind one edge, as HTML; every number is of row `row` where rows have their own.

    "" for a key that names no edge of this network.
    """
    if not _exists(s, key):
        return ""
    kind, layer, i, j = parse(key)
    known = s.reached(until)
    steps = [t for t in s.steps[: until + 1] if _concerns(t, kind, layer)]
    formulas = [text for t in steps for text in _formulas(s, t)]
    numbers = _numbers(s, known, kind, layer, i, j, row) if steps and i >= 0 else []
    found = [q for t in steps if t.back for q in t.quantities]
    table = "".join(_row(q) for q in found)
    said = "".join(f"<p>{escape(t.diagnosis or t.problem)}</p>" for t in steps if t.diagnosis or t.problem)
    head = f"<p><strong>The edge {escape(pretty(edge_label(s, key)))}</strong></p>"
    if not steps:
        return f"{head}<p>The sweep has not come here yet: move the slider on.</p>"
    lines = "".join(f"<li>{escape(pretty(text))}</li>" for text in (*formulas, *numbers))
    compared = (
        f"<table><thead><tr><th>quantity</th><th>shape</th><th>yours</th><th>finite differences</th><th></th></tr></thead>"
        f"<tbody>{table}</tbody></table>"
        if table
        else "<p>Its gradients come on the way back.</p>"
    )
    return f"{head}<ul>{lines}</ul>{said}{compared}"


def _exists(s: Sweep, key: str) -> bool:
    try:
        kind, layer, i, j = parse(key)
    except ValueError:
        return False
    if kind == "loss":
        return layer == 0 and i < s.sizes[-1] and j <= 0
    fits = 1 <= layer <= (s.depth if kind == "affine" else s.depth - 1)
    return fits and i < s.sizes[layer - (kind == "affine")] and j < s.sizes[layer]


def _concerns(step: Step, kind: str, layer: int) -> bool:
    if kind == "loss":
        return step.name in ("L", "ds")
    affine = step.function.startswith("affine")
    return step.layer == layer and bool(step.function) and affine == (kind == "affine")


def _numbers(
    s: Sweep, known: dict[str, Quantity], kind: str, layer: int, i: int, j: int, row: int
) -> list[str]:
    """The arithmetic of one edge between two units."""
    if kind == "loss":
        return _at_the_loss(s, known, i, row)
    if kind == "act":
        z, h = known[f"z{layer}"].array[row, i], known.get(f"h{layer}")
        out = (
            [f"h{layer}[{row}, {i}] = {_CURVES[s.activation].format(short(z))} = {short(h.array[row, i])}"]
            if h
            else []
        )
        dz, dh = known.get(f"dz{layer}"), known.get(f"dh{layer}")
        if dz is not None and dh is not None and h is not None:
            slope = {
                "relu": float(z > 0),
                "sigmoid": h.array[row, i] * (1 - h.array[row, i]),
                "tanh": 1 - h.array[row, i] ** 2,
            }[s.activation]
            up = dh.array[row, i]
            out.append(
                f"local gradient {short(slope)} × upstream dh{layer}[{row}, {i}] {short(up)} = {short(slope * up)}"
            )
        return out
    low, up = below(layer), above(s, layer)
    (w, b), source = s.params[layer - 1], known[low].array
    terms = " + ".join(f"{short(a)}·{short(c)}" for a, c in zip(source[row], w[:, j], strict=True))
    out = []
    if up in known:
        out.append(
            f"{up}[{row}, {j}] = {terms} + {short(b[j])} = {short(known[up].array[row, j])}".replace(
                "+ −", "− "
            )
        )
    if f"dw{layer}" in known:
        upstream = known[f"d{up}"].array
        out.append(
            f"back along this edge: local gradient w{layer}[{i}, {j}] {short(w[i, j])} × upstream d{up}[{row}, {j}] "
            f"{short(upstream[row, j])} = {short(w[i, j] * upstream[row, j])}, a part of d{low}[{row}, {i}]"
        )
        products = " + ".join(
            f"{short(a)}·{short(u)}" for a, u in zip(source[:6, i], upstream[:6, j], strict=True)
        )
        more = f" + … ({len(source)} rows)" if len(source) > 6 else ""
        total = float(source[:, i] @ upstream[:, j])
        rows = "its weight: " if len(source) == 1 else "its weight, a sum over the rows: "
        out.append(f"{rows}dw{layer}[{i}, {j}] = {products}{more} = {short(total)}".replace("+ −", "− "))
    return out


def _at_the_loss(s: Sweep, known: dict[str, Quantity], i: int, row: int) -> list[str]:
    scores, ds = known["s"].array, known.get("ds")
    n, c = scores.shape
    if ds is None:
        return []
    if s.loss == "mse":
        a, y = scores[row, i], s.y[row, i]
        return [
            f"ds[{row}, {i}] = 2 ({short(a)} − {short(y)}) / {n * c} = {short(2 * (a - y) / (n * c))}".replace(
                "− −", "+ "
            )
        ]
    e = np.exp(scores[row] - scores[row].max())
    p = e / e.sum()
    hot = int(s.y[row] == i)
    return [f"ds[{row}, {i}] = ({short(p[i])} − {hot}) / {n} = {short((p[i] - hot) / n)}"]


def _row(q: Quantity) -> str:
    """One line of the table: the worst entry, or the first where all is right."""
    expected = q.expected
    assert expected is not None
    at = q.index if q.index is not None else (0,) * expected.ndim
    where = f"[{', '.join(map(str, at))}]" if at else ""
    got = "—"
    if q.got is not None and q.got.shape == expected.shape:
        got = exact(float(q.got[at]))
    elif q.got is not None:
        got = f"shape {q.got.shape}"
    mark = {"right": "✓ every entry agrees", "wrong": "✗ differs here most", "missing": "not written yet"}[
        q.state
    ]
    return (
        f"<tr><th scope='row'>{escape(pretty(q.name))}{escape(where)}</th><td>{escape(shape(expected))}</td>"
        f"<td>{escape(got)}</td><td>{escape(exact(float(expected[at])))}</td><td>{mark}</td></tr>"
    )
