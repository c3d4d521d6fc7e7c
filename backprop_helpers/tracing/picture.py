"""The sweep as a picture: every unit of a small network, every array of a large one; values above, gradients below."""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from html import escape

import numpy as np

from backprop_helpers.experiments import theme
from backprop_helpers.experiments.svg import Panel, heat_png
from backprop_helpers.tracing.sweep import Quantity, Step, Sweep
from backprop_helpers.tracing.words import above, below, edge_label, pretty, short

MOST_UNITS, MOST_LAYERS = 5, 3
_NODE, _HIGH = 29.0, 21.0  # half the width and height of a unit's box
_COLOURS = {"value": "blue", "right": "orange", "wrong": "red", "missing": "muted"}


def is_small(s: Sweep) -> bool:
    """Whether every unit can have a box of its own."""
    return max(s.sizes) <= MOST_UNITS and s.depth <= MOST_LAYERS


def picture(s: Sweep, until: int, row: int = 0) -> Canvas:
    """The graph after step `until`; row: the example whose numbers a small network shows."""
    return _Units(s, until, row).canvas if is_small(s) else _Arrays(s, until).canvas


class Canvas(Panel):
    """A panel in picture units, y downwards, with edges that can be clicked or reached with Tab."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__((0, width), (0, height), width=width, height=height, xticks=(), yticks=())
        self.left = self.right = self.top = self.bottom = 0
        self.least = min(width, 620)

    def body(self) -> str:
        # what stands on an edge must not catch the click that is meant for it
        return "".join(self._inside) + f'<g pointer-events="none">{"".join(self._above)}</g>'

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The data coordinates of a picture position: only the direction of y differs."""
        return x, self.height - y

    def text(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = "ink",
        *,
        size: float = 12.5,
        anchor: str = "middle",
    ) -> None:
        self.label(*self.at(x, y), text, colour, size=size, anchor=anchor)

    def tag(self, x: float, y: float, text: str, colour: str) -> None:
        """Text on an edge, on a patch of paper, so that no minus sign runs into the line."""
        wide = 3.5 * len(text) + 3
        self._above.append(
            f'<rect x="{x - wide:.1f}" y="{y - 8:.1f}" width="{2 * wide:.1f}" height="16" rx="3"'
            f' fill="{theme.colour("paper")}" fill-opacity="0.92"/>'
        )
        self.text(x, y + 4, text, colour, size=12)

    def box(
        self, x: float, y: float, w: float, h: float, colour: str, *, now: bool = False, dash: str = ""
    ) -> None:
        """A rounded box around (x, y), half as wide as w and half as high as h; thick where the sweep stands now."""
        ink, paper = theme.colour(colour), theme.colour("paper")
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        place = f'x="{x - w:.1f}" y="{y - h:.1f}" width="{2 * w:.1f}" height="{2 * h:.1f}" rx="7"'
        self._above.append(
            f'<rect {place} fill="{paper}"/><rect {place} fill="{ink}" fill-opacity="0.1" stroke="{ink}"'
            f' stroke-width="{3 if now else 1.4}"{dashes}/>'
        )

    def edge(self, key: str, label: str, a: tuple[float, float], b: tuple[float, float], look: Look) -> None:
        """A line from a to b with a wide invisible twin that takes clicks; the arrow points the way the sweep goes."""
        self._inside.append(_edge(key, label, *((b, a) if look.back else (a, b)), look))

    def strip(self, x: float, y: float, w: float, h: float, values: np.ndarray, scale: float) -> None:
        """A heat map of an array (rows, columns) in the rectangle whose upper left corner is (x, y)."""
        png = base64.b64encode(heat_png(values, -scale, scale)).decode()
        self._above.append(
            f'<image x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" preserveAspectRatio="none"'
            f' style="image-rendering:pixelated" href="data:image/png;base64,{png}"/>'
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="none" stroke="{theme.colour("muted")}"/>'
        )


@dataclass(frozen=True)
class Look:
    """How an edge is drawn."""

    colour: str
    dash: str
    back: bool
    width: float

    @classmethod
    def after(cls, step: Step | None, now: bool) -> Look:
        """The look that the last step to use an edge has given it; now: whether the sweep stands there."""
        state = "unreached" if step is None else step.state
        return cls(
            {"unreached": "muted", **_COLOURS}[state],
            {"unreached": "1 5", "missing": "3 5", "wrong": "9 4"}.get(state, ""),
            step is not None and step.back,
            3.2 if now else 1.6,
        )


# A step changes the edges of one layer; all others are written already.
@functools.lru_cache(maxsize=1024)
def _edge(key: str, label: str, start: tuple[float, float], end: tuple[float, float], look: Look) -> str:
    d = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
    ink = theme.colour(look.colour)
    dashes = f' stroke-dasharray="{look.dash}"' if look.dash else ""
    return (
        f'<g data-pick="{escape(key)}" role="button" tabindex="0" aria-label="{escape(label)}">'
        f'<path d="{d}" stroke="{ink}" stroke-width="{look.width:g}" fill="none"{dashes}/>{_tip(start, end, ink)}'
        f'<path class="bp-hit" d="{d}" fill="none"/></g>'
    )


def _tip(start: tuple[float, float], end: tuple[float, float], ink: str) -> str:
    (a, b), (c, d) = start, end
    length = float(np.hypot(c - a, d - b)) or 1.0
    ux, uy = (c - a) / length, (d - b) / length
    ex, ey = c - ux * 9, d - uy * 9
    return (
        f'<polygon points="{c:.1f},{d:.1f} {ex - uy * 4.5:.1f},{ey + ux * 4.5:.1f} '
        f'{ex + uy * 4.5:.1f},{ey - ux * 4.5:.1f}" fill="{ink}"/>'
    )


class _Sweeping:
    """What both pictures need: which step last touched an edge, and what is known by now."""

    def __init__(self, s: Sweep, until: int) -> None:
        self.s, self.until = s, until
        self.known = s.reached(until)
        self.now = s.steps[until]
        self._looks: dict[tuple[str, int], Look] = {}

    def look(self, kind: str, layer: int) -> Look:
        """The look of the edges of a layer after the last step that used them."""
        if (kind, layer) not in self._looks:
            used = [t for t in self.s.steps[: self.until + 1] if _uses(t, kind, layer)]
            last = used[-1] if used else None
            self._looks[kind, layer] = Look.after(last, last is self.now and last is not None)
        return self._looks[kind, layer]

    def gradient(self, name: str) -> Quantity | None:
        """The gradient of a node, if the sweep has found it."""
        return self.known.get(f"d{name}")


def _uses(step: Step, kind: str, layer: int) -> bool:
    if kind == "loss":
        return step.name in ("L", "ds")
    return (
        step.layer == layer
        and bool(step.function)
        and (kind == "affine") == step.function.startswith("affine")
    )


class _Units(_Sweeping):
    """One box a unit: the value above, the gradient below; weights on the edges."""

    def __init__(self, s: Sweep, until: int, row: int) -> None:
        super().__init__(s, until)
        self.row = row
        tallest = max(s.sizes)
        self.step_y = 84.0
        height = int(tallest * self.step_y + 58)
        self.middle = 30 + tallest * self.step_y / 2
        columns = ["x"]
        at = 44.0
        self.x = {"x": at}
        for i in range(1, s.depth + 1):
            at += 214
            self.x[above(s, i)] = at
            columns.append(above(s, i))
            if i < s.depth:
                at += 104
                self.x[f"h{i}"] = at
                columns.append(f"h{i}")
        at += 116
        self.x["L"] = at
        self.canvas = Canvas(int(at + 48), height)
        self._draw()

    def places(self, name: str) -> list[tuple[float, float]]:
        count = 1 if name == "L" else self._width(name)
        top = self.middle - (count - 1) * self.step_y / 2
        return [(self.x[name], top + k * self.step_y) for k in range(count)]

    def _width(self, name: str) -> int:
        if name == "x":
            return self.s.sizes[0]
        return self.s.sizes[-1] if name == "s" else self.s.sizes[int(name[1:])]

    def _draw(self) -> None:
        s = self.s
        for layer in range(1, s.depth + 1):
            self._affine(layer)
            if layer < s.depth:
                for k, (a, b) in enumerate(
                    zip(self.places(f"z{layer}"), self.places(f"h{layer}"), strict=True)
                ):
                    self._edge("act", layer, k, k, a, b)
        for k, a in enumerate(self.places("s")):
            self._edge("loss", 0, k, 0, a, self.places("L")[0])
        for name in self.x:
            self._column(name)

    def _edge(
        self, kind: str, layer: int, i: int, j: int, a: tuple[float, float], b: tuple[float, float]
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        key = f"{kind}-{layer}-{i}-{j}"
        ends = (a[0] + _NODE + 2, a[1]), (b[0] - _NODE - 2, b[1])
        self.canvas.edge(key, edge_label(self.s, key), *ends, self.look(kind, layer))
        return ends

    def _affine(self, layer: int) -> None:
        s = self.s
        low, up = below(layer), above(s, layer)
        w = s.params[layer - 1][0]
        n_in, n_out = w.shape
        dw, upstream = self.known.get(f"dw{layer}"), self.gradient(up)
        current = (
            self.now.back
            and self.now.layer == layer
            and dw is not None
            and self.now.function.startswith("affine")
        )
        for i, a in enumerate(self.places(low)):
            for j, b in enumerate(self.places(up)):
                (x0, y0), (x1, y1) = self._edge("affine", layer, i, j, a, b)
                if n_in * n_out > 9:
                    continue
                t = 1 / (n_out + 1) if n_in >= n_out else n_in / (n_in + 1)
                t = min(max(t, 0.3), 0.7)
                text, colour = short(w[i, j]), "ink"
                if current and upstream is not None:
                    text = _product(w[i, j], upstream.array[self.row, j])
                elif dw is not None:
                    text, colour = (
                        f"dw {'?' if dw.state == 'missing' else short(_own(dw)[i, j])}",
                        _COLOURS[dw.state],
                    )
                self.canvas.tag(x0 + t * (x1 - x0), y0 + t * (y1 - y0), text, colour)

    def _column(self, name: str) -> None:
        known, gradient = self.known.get(name), self.gradient(name)
        now = self.now.name in (name, f"d{name}")
        for k, (x, y) in enumerate(self.places(name)):
            colour = "muted" if known is None else _COLOURS[(gradient or known).state]
            dash = "3 4" if gradient is not None and gradient.state == "missing" else ""
            self.canvas.box(x, y, _NODE, _HIGH, colour, now=now, dash=dash)
            title = name if name == "L" or (len(self.places(name)) == 1 and name == "s") else f"{name}[{k}]"
            self.canvas.text(x, y - _HIGH - 5, title, "muted", size=11.5)
            if known is not None:
                self.canvas.text(
                    x,
                    y - 3,
                    short(float(known.array if name == "L" else known.array[self.row, k])),
                    "ink",
                    size=13,
                )
            if gradient is not None:
                mark = "✗ " if gradient.state == "wrong" else "?" if gradient.state == "missing" else ""
                value = "" if gradient.state == "missing" else short(float(_own(gradient)[self.row, k]))
                self.canvas.text(x, y + 15, f"{mark}{value}", _COLOURS[gradient.state], size=13)
            elif name == "L" and self.now.back:
                self.canvas.text(x, y + 15, "1", "orange", size=13)


class _Arrays(_Sweeping):
    """One box an array: a heat map of its values, one of its gradient; the weights and theirs under the edge."""

    WIDE, GAP = 118.0, 84.0

    def __init__(self, s: Sweep, until: int) -> None:
        super().__init__(s, until)
        names = ["x"]
        for i in range(1, s.depth + 1):
            names += [above(s, i)] + ([f"h{i}"] if i < s.depth else [])
        names.append("L")
        self.x = {n: 66 + k * (self.WIDE + self.GAP) for k, n in enumerate(names)}
        self.canvas = Canvas(int(max(self.x.values()) + 66), 300)
        self._draw()

    def _draw(self) -> None:
        s = self.s
        for layer in range(1, s.depth + 1):
            self._edge("affine", layer, below(layer), above(s, layer))
            self._weights(layer)
            if layer < s.depth:
                self._edge("act", layer, f"z{layer}", f"h{layer}")
        self._edge("loss", 0, "s", "L")
        for name in self.x:
            self._array(name)

    def _edge(self, kind: str, layer: int, a: str, b: str) -> None:
        key = f"{kind}-{layer}-all-all"
        half = self.WIDE / 2 + 3
        look = self.look(kind, layer)
        self.canvas.edge(key, edge_label(self.s, key), (self.x[a] + half, 92), (self.x[b] - half, 92), look)
        name = {"affine": "affine", "act": self.s.activation, "loss": "loss"}[kind]
        self.canvas.text((self.x[a] + self.x[b]) / 2, 82, name, "muted", size=11.5)

    def _weights(self, layer: int) -> None:
        w = self.s.params[layer - 1][0]
        x = (self.x[below(layer)] + self.x[above(self.s, layer)]) / 2
        self.canvas.text(x, 196, f"{pretty(f'w{layer}')} {w.shape}", "ink", size=11.5)
        self.canvas.strip(x - 38, 202, 76, 34, w, _scale(w))
        dw = self.known.get(f"dw{layer}")
        if dw is not None:
            self._gradient(dw, x - 38, 254, 76, 34, x)

    def _array(self, name: str) -> None:
        x, known, gradient = self.x[name], self.known.get(name), self.gradient(name)
        now = self.now.name in (name, f"d{name}")
        colour = "muted" if known is None else _COLOURS[(gradient or known).state]
        self.canvas.box(x, 92, self.WIDE / 2, 66, colour, now=now)
        if known is None:
            self.canvas.text(x, 97, pretty(name), "muted", size=15)
            return
        if name == "L":
            self.canvas.text(x, 60, "L", "ink", size=13)
            self.canvas.text(x, 84, short(float(known.array)), "ink", size=15)
            return
        self.canvas.text(x, 42, f"{pretty(name)} {known.array.shape}", "ink", size=12)
        self.canvas.strip(x - 50, 48, 100, 34, _rows(known.array), _scale(known.array))
        if gradient is not None:
            self._gradient(gradient, x - 50, 104, 100, 34, x)

    def _gradient(self, q: Quantity, left: float, top: float, wide: float, high: float, x: float) -> None:
        mark = {"right": " ✓", "wrong": " ✗", "missing": " ?"}.get(q.state, "")
        self.canvas.text(x, top - 6, f"{pretty(q.name)}{mark}", _COLOURS[q.state], size=12)
        if q.state != "missing":
            self.canvas.strip(left, top, wide, high, _rows(_own(q)), _scale(_own(q)))


def _product(local: float, upstream: float) -> str:
    return f"{short(local)} × {short(upstream)} = {short(local * upstream)}"


def _own(q: Quantity) -> np.ndarray:
    """What the learner's function gave, where it can be drawn."""
    return q.got if q.got is not None and q.got.shape == q.array.shape else q.array


def _scale(values: np.ndarray) -> float:
    """The size at which a colour is full."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) or 1.0 if finite.size else 1.0


def _rows(values: np.ndarray) -> np.ndarray:
    """At most 32 rows, as many as can be told apart."""
    return np.atleast_2d(values)[:32]
