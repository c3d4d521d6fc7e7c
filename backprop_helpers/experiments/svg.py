"""Pictures as SVG text: panels with axes, curves, points, areas, bars, arrows and heat maps.

A `Figure` is a row of `Panel`s. On a page each panel is its own <svg>, so that a narrow page puts them below one another;
`Figure.svg` joins them into a single self-contained picture. Tick positions come from
matplotlib.ticker. No element has an id, so any number of pictures can stand on one page.
"""

from __future__ import annotations

import base64
import functools
import io
import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from contourpy import contour_generator
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from backprop_helpers.experiments import theme

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Ticks = Sequence[tuple[float, str]]  # where, and what stands there
_FAR = 9999.0  # picture units
_SHAPES = ("circle", "square", "triangle", "cross")


def number(value: float) -> str:
    """A number as a reader expects it: six digits at most, a real minus sign."""
    return f"{value + 0.0:.6g}".replace("-", "−")  # + 0.0 turns −0 into 0


def heat_png(values: ArrayLike, low: float = 0.0, high: float = 1.0) -> bytes:
    """A see-through PNG of values (rows, columns), first row at the top: blue at `low`, clear halfway, orange at `high`.

    Values outside low … high are clipped. The file is a 256-colour palette image, stored uncompressed: it is small anyway
    and comes out byte for byte the same whichever zlib is installed.
    """
    v = np.asarray(values, dtype=float)
    if v.ndim != 2:
        raise ValueError(f"values must have two axes (rows, columns), got shape {v.shape}. Reshape them.")
    index = np.rint(np.clip((v - low) / (high - low), 0, 1) * 254).astype(np.uint8)
    image = Image.frombytes("P", (v.shape[1], v.shape[0]), index.tobytes())
    image.putpalette(_PALETTE)
    out = io.BytesIO()
    image.save(out, "PNG", transparency=_ALPHA, compress_level=0)
    return out.getvalue()


_PALETTE = bytes(c for i in range(256) for c in (theme.HEAT_LOW if i < 127 else theme.HEAT_HIGH))
_ALPHA = bytes(min(theme.HEAT_ALPHA, round(abs(i - 127) / 127 * theme.HEAT_ALPHA)) for i in range(256))


class Panel:
    """One pair of axes with everything drawn in it.

    x, y are (low, high) in data units; a log axis needs both above zero. Drawing outside the axes is clipped.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        title: str = "",
        xlabel: str = "",
        ylabel: str = "",
        width: int = 360,
        height: int = 300,
        logx: bool = False,
        logy: bool = False,
        xticks: Ticks | None = None,
        yticks: Ticks | None = None,
    ) -> None:
        self.width, self.height = width, height
        self.title, self.xlabel, self.ylabel = title, xlabel, ylabel
        self.x, self.y = _limits("x", x, logx), _limits("y", y, logy)
        self.logx, self.logy = logx, logy
        self._xticks = None if xticks is None else tuple(xticks)
        self._yticks = None if yticks is None else tuple(yticks)
        self.left, self.right = 50 if ylabel else 40, 10
        self.top, self.bottom = 26 if title else 10, 42 if xlabel else 26
        self.least = 0  # how narrow it may become on a page, in pixels, before it has to be scrolled
        self._inside: list[str] = []
        self._above: list[str] = []

    # --- data units to picture units -----------------------------------------------------------------------

    def px(self, x: ArrayLike) -> NDArray[np.float64]:
        """Horizontal picture coordinate of data coordinate x (any shape)."""
        return self.left + _fraction(x, self.x, self.logx) * (self.width - self.left - self.right)

    def py(self, y: ArrayLike) -> NDArray[np.float64]:
        """Vertical picture coordinate (downwards) of data coordinate y (any shape)."""
        return (
            self.height
            - self.bottom
            - _fraction(y, self.y, self.logy) * (self.height - self.top - self.bottom)
        )

    def _points(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Picture coordinates (n, 2) of data coordinates x, y (n,), or one number for all; without those that are no number."""
        xs, ys = self.px(x), self.py(y)
        places = np.empty((max(xs.size, ys.size), 2))
        places[:, 0], places[:, 1] = xs, ys
        finite = np.isfinite(places).all(axis=1)
        if not finite.all():
            places = places[finite]
        # far outside stays outside: bounded numbers keep the text short and the renderer's arithmetic sound
        return places.clip(-_FAR, _FAR, out=places)

    def _point(self, x: float, y: float) -> tuple[float, float] | None:
        """As `_points` for one, without arrays: a graph has a hundred labels, a slider moves often. None: no number."""
        a, b = self._x(x), self._y(y)
        if not (math.isfinite(a) and math.isfinite(b)):
            return None
        return min(max(a, -_FAR), _FAR), min(max(b, -_FAR), _FAR)

    def _x(self, x: float) -> float:
        return self.left + _part(x, self.x, self.logx) * (self.width - self.left - self.right)

    def _y(self, y: float) -> float:
        return (
            self.height - self.bottom - _part(y, self.y, self.logy) * (self.height - self.top - self.bottom)
        )

    # --- what can be drawn ---------------------------------------------------------------------------------

    def line(
        self, x: ArrayLike, y: ArrayLike, colour: str = "blue", *, width: float = 2.2, dash: str = ""
    ) -> None:
        """A curve through points x, y (n,); not-a-number points are left out."""
        points = _written(self._points(x, y), "%.1f,%.1f", " ")
        dashes = f' stroke-dasharray="{escape(dash)}"' if dash else ""
        self._inside.append(
            f'<polyline points="{points}" fill="none" stroke="{theme.colour(colour)}" stroke-width="{width:g}"'
            f' stroke-linejoin="round"{dashes}/>'
        )

    def points(
        self, x: ArrayLike, y: ArrayLike, colour: str = "blue", *, shape: str = "circle", size: float = 6
    ) -> None:
        """Marks at x, y (n,): circle, square, triangle or cross, `size` picture units across, with a thin halo."""
        if shape not in _SHAPES:
            raise ValueError(f"shape {shape!r} is not known; choose one of {', '.join(_SHAPES)}.")
        stroke, paper = theme.colour(colour), theme.colour("paper")
        points = self._points(x, y)
        if shape in ("circle", "square"):
            # one path of zero-length strokes: a tenth of the text that one element a point would need
            d = _written(points, "M%.1f %.1fh0")
            cap, core = ("round", size) if shape == "circle" else ("square", size * 0.86)
            for ink, width in ((paper, core + 2), (stroke, core)):
                self._inside.append(
                    f'<path d="{d}" stroke="{ink}" stroke-width="{width:g}" stroke-linecap="{cap}" fill="none"/>'
                )
            return
        r = size * 0.62
        if shape == "triangle":
            d = _written(points - [0, r], f"M%.1f %.1fl{r:.1f} {1.8 * r:.1f}h{-2 * r:.1f}z")
            self._inside.append(f'<path d="{d}" fill="{stroke}" stroke="{paper}" stroke-width="1"/>')
        else:
            corners = np.hstack((points - r, points + np.array([-r, r])))
            d = _written(corners, f"M%.1f %.1fl{2 * r:.1f} {2 * r:.1f}M%.1f %.1fl{2 * r:.1f} {-2 * r:.1f}")
            self._inside.append(f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="2"/>')

    def area(
        self, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str = "blue", *, opacity: float = 0.25
    ) -> None:
        """The region between two curves low, high (n,) over x (n,)."""
        there, back = self._points(x, high), self._points(x, low)[::-1]
        points = _written(np.concatenate((there, back)), "%.1f,%.1f", " ")
        fill = theme.colour(colour)
        self._inside.append(f'<polygon points="{points}" fill="{fill}" fill-opacity="{opacity:g}"/>')

    def segments(
        self,
        x0: ArrayLike,
        y0: ArrayLike,
        x1: ArrayLike,
        y1: ArrayLike,
        colour: str = "muted",
        *,
        width: float = 1.6,
        dash: str = "",
    ) -> None:
        """Separate straight pieces from (x0, y0) to (x1, y1), each (n,) or a number."""
        d = _written(np.hstack((self._points(x0, y0), self._points(x1, y1))), "M%.1f %.1fL%.1f %.1f")
        dashes = f' stroke-dasharray="{escape(dash)}"' if dash else ""
        self._inside.append(
            f'<path d="{d}" fill="none" stroke="{theme.colour(colour)}" stroke-width="{width:g}"{dashes}/>'
        )

    def bars(
        self, x: ArrayLike, height: ArrayLike, colour: str = "blue", *, width: float = 0.6, base: float = 0.0
    ) -> None:
        """Upright bars at x (n,), from `base` to `height` (n,), `width` data units wide."""
        centres, tops = np.broadcast_arrays(np.asarray(x, float), np.asarray(height, float))
        for centre, top in zip(centres.ravel().tolist(), tops.ravel().tolist(), strict=True):
            self.rectangle(centre - width / 2, base, centre + width / 2, top, colour, opacity=0.85)

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, colour: str = "blue", *, opacity: float = 0.25
    ) -> None:
        """A filled rectangle with a thin edge between two opposite corners in data units."""
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            return
        xs, ys = sorted((self._x(x0), self._x(x1))), sorted((self._y(y0), self._y(y1)))
        ink = theme.colour(colour)
        self._inside.append(
            f'<rect x="{xs[0]:.1f}" y="{ys[0]:.1f}" width="{xs[1] - xs[0]:.1f}" height="{ys[1] - ys[0]:.1f}"'
            f' fill="{ink}" fill-opacity="{opacity:g}" stroke="{ink}" stroke-width="1"/>'
        )

    def heatmap(self, values: ArrayLike, low: float = 0.0, high: float = 1.0, *, smooth: bool = True) -> None:
        """Values (rows, columns) over the whole panel, first row at the bottom; blue low, orange high.

        smooth: whether neighbouring values flow into one another; without it each is a square of its own.
        """
        png = base64.b64encode(heat_png(np.asarray(values)[::-1], low, high)).decode()
        (x0, x1), (y0, y1) = (self.left, self.width - self.right), (self.top, self.height - self.bottom)
        squares = "" if smooth else ' style="image-rendering:pixelated"'
        self._inside.append(
            f'<image x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" preserveAspectRatio="none"{squares}'
            f' href="data:image/png;base64,{png}"/>'
        )

    def boundary(self, values: ArrayLike, level: float, colour: str = "ink", *, width: float = 2.2) -> None:
        """Where values (rows, columns) over the whole panel, first row at the bottom, pass through `level`."""
        v = np.asarray(values, dtype=float)
        rows, columns = v.shape
        generator = contour_generator(z=v)
        for part in generator.lines(level):
            points = np.asarray(part)
            x = self.x[0] + points[:, 0] / (columns - 1) * (self.x[1] - self.x[0])
            y = self.y[0] + points[:, 1] / (rows - 1) * (self.y[1] - self.y[0])
            self.line(x, y, colour, width=width)

    def arrow(
        self, x0: float, y0: float, x1: float, y1: float, colour: str = "ink", *, width: float = 2.2
    ) -> None:
        """An arrow from (x0, y0) to its tip (x1, y1), in data units."""
        start, end = self._point(x0, y0), self._point(x1, y1)
        if start is None or end is None:
            return
        (a, b), (c, d) = start, end
        length = math.hypot(c - a, d - b)
        if length < 1:
            return
        ux, uy, head = (c - a) / length, (d - b) / length, min(9.0, length * 0.6)
        ex, ey, ink = c - ux * head, d - uy * head, theme.colour(colour)
        tip = f"{c:.1f},{d:.1f} {ex - uy * head / 2:.1f},{ey + ux * head / 2:.1f}"
        self._inside.append(
            f'<path d="M{a:.1f} {b:.1f}L{ex:.1f} {ey:.1f}" stroke="{ink}" stroke-width="{width:g}" fill="none"/>'
            f'<polygon points="{tip} {ex + uy * head / 2:.1f},{ey - ux * head / 2:.1f}" fill="{ink}"/>'
        )

    def label(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = "ink",
        *,
        anchor: str = "middle",
        dx: float = 0,
        dy: float = 0,
        size: float = 13,
    ) -> None:
        """Text at a point in data units, moved by dx, dy picture units; readable over anything because of its halo."""
        place = self._point(x, y)
        if place is None:
            return
        a, b = place
        self._above.append(_text(a + dx, b + dy, text, colour, anchor=anchor, size=size, halo=True))

    def legend(self, entries: Sequence[tuple[str, str]], *, corner: str = "right") -> None:
        """Lines of (text, colour) in the upper corner, "left" or "right"."""
        x, anchor = (self.left + 8, "start") if corner == "left" else (self.width - self.right - 6, "end")
        for i, (text, colour) in enumerate(entries):
            self._above.append(_text(x, self.top + 16 + 17 * i, text, colour, anchor=anchor, halo=True))

    # --- the finished text ---------------------------------------------------------------------------------

    def body(self) -> str:
        """The panel's SVG elements without the enclosing <svg>."""
        x0, x1, y0, y1 = self._box()
        # a nested <svg> clips without needing an id
        clip = (
            f'<svg x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" viewBox="{x0} {y0} {x1 - x0} {y1 - y0}"'
            f' overflow="hidden">{self._axes()[0]}{"".join(self._inside)}</svg>'
        )
        frame = f'<path d="M{x0} {y0}V{y1}H{x1}" fill="none" stroke="{theme.colour("muted")}" stroke-width="1.2"/>'
        return clip + frame + self._numbers() + "".join(self._above)

    def _box(self) -> tuple[int, int, int, int]:
        """Left, right, upper and lower side of the axes, in picture units."""
        return self.left, self.width - self.right, self.top, self.height - self.bottom

    def _axes(self) -> tuple[str, str]:
        """The grid, and the numbers beside it."""
        xticks = _ticks(self.x, self.logx) if self._xticks is None else self._xticks
        yticks = _ticks(self.y, self.logy) if self._yticks is None else self._yticks
        return _axes(self.x, self.y, self.logx, self.logy, self._box(), xticks, yticks)

    def _numbers(self) -> str:
        x0, x1, y0, y1 = self._box()
        out = [self._axes()[1]]
        if self.title:
            out.append(_text(x0, 16, self.title, "ink", anchor="start", weight="600"))
        if self.xlabel:
            out.append(_text((x0 + x1) / 2, self.height - 7, self.xlabel, "ink", size=12.5))
        if self.ylabel:
            at = f'transform="rotate(-90 12 {(y0 + y1) / 2:.1f})"'
            out.append(_text(12, (y0 + y1) / 2, self.ylabel, "ink", size=12.5, extra=at))
        return "".join(out)


class Figure:
    """Panels side by side (below one another on a narrow page)."""

    def __init__(self, *panels: Panel, pickable: bool = False) -> None:
        """pickable: whether parts of it can be chosen, so that a screen reader must look inside."""
        if not panels:
            raise ValueError("a Figure needs at least one Panel, got none. Give it what it is to show.")
        self.panels = panels
        self.pickable = pickable

    def html(self, label: str, data: Mapping[str, object] | None = None) -> str:
        """The picture for a page: one <svg> a panel inside a <div role="img"> whose data-* attributes hold numbers."""
        role, inside = ("group", "") if self.pickable else ("img", ' aria-hidden="true"')
        parts = "".join(
            f'<svg xmlns="http://www.w3.org/2000/svg" class="bp-panel"'
            f' style="flex-basis:{0.83 * p.width:.0f}px;max-width:{1.28 * p.width:.0f}px{_no_narrower(p)}"'
            f'{inside} focusable="false" viewBox="0 0 {p.width} {p.height}"'
            f' font-family="{_FONT}">{p.body()}</svg>'
            for p in self.panels
        )
        scrolls = ' style="overflow-x:auto"' if any(p.least for p in self.panels) else ""
        if scrolls and not self.pickable:
            scrolls += ' tabindex="0"'  # who has no mouse scrolls it with the arrow keys
        about = f'role="{role}" aria-label="{escape(label)}"{attributes(data)}'
        return f'<div class="bp-figure"{scrolls} {about}>{parts}</div>'

    def page(self, label: str, text: str = "") -> str:
        """`html` together with the styles it needs, for an output that stands alone; text is put below the picture."""
        below = f"<p>{escape(text)}</p>" if text else ""
        return (
            f"<style>{theme.picture_stylesheet()}</style>"
            f'<div class="bp-experiment">{self.html(label)}{below}</div>'
        )

    def svg(self, label: str, data: Mapping[str, object] | None = None) -> str:
        """The whole picture as one self-contained SVG file in the light colours, readable on any background."""
        gap = 12
        width = sum(p.width for p in self.panels) + gap * (len(self.panels) - 1)
        height = max(p.height for p in self.panels)
        parts, x = [], 0
        for p in self.panels:
            parts.append(f'<svg x="{x}" y="0" width="{p.width}" height="{p.height}">{p.body()}</svg>')
            x += p.width + gap
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}"'
            f' width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{_FONT}"'
            f"{attributes(data)}><style>svg{{{theme.variables(theme.LIGHT)}}}</style>"
            f'<rect width="{width}" height="{height}" fill="{theme.LIGHT["paper"]}"/>{"".join(parts)}</svg>'
        )


_FONT = "system-ui, sans-serif"


def _no_narrower(panel: Panel) -> str:
    return f";min-width:{panel.least}px" if panel.least else ""


def attributes(data: Mapping[str, object] | None) -> str:
    """Numbers and words as data-* attributes, names in kebab-case: {'final_loss': .5} gives ' data-final-loss="0.5"'."""
    out = []
    for name, value in (data or {}).items():
        text = f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
        out.append(f' data-{_kebab(name)}="{escape(text)}"')
    return "".join(out)


@functools.lru_cache(maxsize=256)
def _kebab(name: str) -> str:
    return escape(name.lower().replace("_", "-"))


def _limits(name: str, limits: tuple[float, float], log: bool) -> tuple[float, float]:
    low, high = float(limits[0]), float(limits[1])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{name} must be (low, high) with low < high and both finite, got {limits}.")
    if log and low <= 0:
        raise ValueError(
            f"{name} is a log axis, so both limits must be above zero, got {limits}. Raise the lower one, or leave out log."
        )
    return low, high


def _fraction(value: ArrayLike, limits: tuple[float, float], log: bool) -> NDArray[np.float64]:
    v, (low, high) = np.asarray(value, dtype=float), limits
    if log:
        # zero and below lie infinitely far down a log axis
        v = np.log10(np.where(v > 0, v, np.nan))
        low, high = np.log10(low), np.log10(high)
    return np.asarray((v - low) / (high - low))


def _part(value: float, limits: tuple[float, float], log: bool) -> float:
    """`_fraction` of one number."""
    low, high = limits
    if log:
        value = math.log10(value) if value > 0 else math.nan
        low, high = math.log10(low), math.log10(high)
    return (value - low) / (high - low)


def _written(places: NDArray[np.float64], each: str, between: str = "") -> str:
    """Points as text: `each` holds a %.1f for every number of a row of places (n, k)."""
    return _write(places.tobytes(), places.shape[1], each, between)


# What does not move with a slider, points of data or level lines, is the same at every step and most of the text.
@functools.lru_cache(maxsize=128)
def _write(places: bytes, columns: int, each: str, between: str) -> str:
    numbers = np.frombuffer(places)
    return between.join([each] * (len(numbers) // columns)) % tuple(numbers.tolist())


@functools.lru_cache(maxsize=128)
def _axes(
    x: tuple[float, float],
    y: tuple[float, float],
    logx: bool,
    logy: bool,
    box: tuple[int, int, int, int],
    xticks: Ticks,
    yticks: Ticks,
) -> tuple[str, str]:
    """Grid and numbers of axes with these limits and ticks; box: left, right, upper and lower side, in picture units."""
    x0, x1, y0, y1 = box
    across = [(x0 + _part(v, x, logx) * (x1 - x0), text) for v, text in xticks]
    upwards = [(y1 - _part(v, y, logy) * (y1 - y0), text) for v, text in yticks]
    d = "".join(f"M{a:.1f} {y0}V{y1}" for a, _ in across) + "".join(f"M{x0} {b:.1f}H{x1}" for b, _ in upwards)
    numbers = [_text(a, y1 + 15, text, "muted", size=11.5) for a, text in across]
    numbers += [_text(x0 - 5, b + 4, text, "muted", anchor="end", size=11.5) for b, text in upwards]
    grid = f'<path d="{d}" stroke="{theme.colour("grid")}" stroke-width="1" fill="none"/>'
    return grid, "".join(numbers)


@functools.lru_cache(maxsize=256)
def _ticks(limits: tuple[float, float], log: bool) -> tuple[tuple[float, str], ...]:
    low, high = limits
    if log:
        values = LogLocator(numticks=7).tick_values(low, high)
        kept = [float(v) for v in values if low * 0.999 <= v <= high * 1.001]
        return tuple((v, f"10{str(round(np.log10(v))).translate(_SUPERSCRIPT)}") for v in kept)
    values = MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = (high - low) * 1e-9
    return tuple((float(v), number(round(float(v), 12))) for v in values if low - slack <= v <= high + slack)


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    anchor: str = "middle",
    size: float = 13,
    weight: str = "",
    halo: bool = False,
    extra: str = "",
) -> str:
    look = f' font-weight="{weight}"' if weight else ""
    if halo:
        look += f' paint-order="stroke" stroke="{theme.colour("paper")}" stroke-width="3.5" stroke-linejoin="round"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{theme.colour(colour)}" font-size="{size:g}" text-anchor="{anchor}"'
        f"{look} {extra}>{escape(text)}</text>"
    )
