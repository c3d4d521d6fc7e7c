"""The report in a browser: a small page and a heat map, in the colours of the reader's own theme."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from .report import GradReport, Quantity, shape_text

MOST = 48  # cells a side: larger arrays show the worst of each block
# (upper limit of error / tolerance, words, CSS colour). Themes of JupyterLab set the variables; a page without them
# gets the colour behind the comma. Opacity, not another hue, carries the size, so that it reads without colour too.
LEVELS = (
    (1.0, "within rounding", "var(--jp-success-color1, #388e3c)", 0.25),
    (1e2, "up to 100 times what rounding explains", "var(--jp-error-color1, #d32f2f)", 0.3),
    (1e6, "up to a million times that", "var(--jp-error-color1, #d32f2f)", 0.6),
    (np.inf, "more than that", "var(--jp-error-color1, #d32f2f)", 1.0),
)
SKIPPED = ("skipped", "var(--jp-ui-font-color3, #9e9e9e)", 0.45)

STYLE = """<style>
.bp-gradcheck{color:var(--jp-ui-font-color1,inherit);font-family:var(--jp-ui-font-family,sans-serif);line-height:1.5}
.bp-gradcheck table{border-collapse:collapse;margin:.4em 0}
.bp-gradcheck th,.bp-gradcheck td{text-align:left;vertical-align:top;padding:.2em .7em;
border-bottom:1px solid var(--jp-border-color2,#bdbdbd)}
.bp-gradcheck code{font-family:var(--jp-code-font-family,monospace)}
.bp-gradcheck th:nth-child(-n+3),.bp-gradcheck td:nth-child(-n+3){white-space:nowrap}
.bp-gradcheck .passed b{color:var(--jp-success-color1,#388e3c)}
.bp-gradcheck .failed{font-weight:600}
.bp-gradcheck .failed b{color:var(--jp-error-color1,#d32f2f)}
.bp-gradcheck figure{margin:.6em 0}
.bp-gradcheck svg text{fill:currentColor;font-size:11px}
</style>"""


def report_html(report: GradReport) -> str:
    """The report as HTML; every text in it is escaped."""
    words = {"passed": "<b>✓</b> right", "failed": "<b>✗</b> wrong", "skipped": "– not checked"}
    by_name = {q.name: q for q in report.quantities}
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(q.name)}</code></th><td>{escape(shape_text(q.shape))}</td>'
        f'<td class="{q.status}">{words[q.status]}</td><td>{escape(_without_verdict(q.sentence))}</td></tr>'
        for q in (by_name[name] for name in report.order)
    )
    problems = "".join(f'<p class="failed"><b>!</b> {escape(p.sentence)}</p>' for p in report.problems)
    notes = "".join(f"<p>Note: {escape(note)}</p>" for note in report.notes)
    pictures = "".join(
        f"<figure>{heat_map_svg(q)}</figure>"
        for q in (by_name[name] for name in report.order)
        if q.status == "failed" and q.expected is not None and q.total > 1
    )
    return (
        f'{STYLE}<div class="bp-gradcheck"><p><strong>{escape(report.headline)}</strong></p>{problems}'
        "<table><thead><tr><th>gradient</th><th>shape</th><th>verdict</th><th>why</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{notes}{pictures}</div>"
    )


def _without_verdict(sentence: str) -> str:
    """A sentence without the word that stands in the column before it."""
    for word in ("right. ", "WRONG. ", "right ", "WRONG "):
        sentence = sentence.removeprefix(word)
    return sentence[:1].upper() + sentence[1:]


def heat_map_svg(q: Quantity) -> str:
    """How far each entry is off, in units of what rounding explains, as an SVG picture.

    Arrays of other ranks are laid out as a matrix: one row per first index. Raises ValueError where the entries were
    not compared one by one.
    """
    if q.got is None or q.expected is None or q.tolerance is None:
        raise ValueError(
            f"There is no error of each entry of {q.name}: it needs mode='full' and a fitting shape."
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.abs(q.got - q.expected) / q.tolerance
    matrix = ratio.reshape(ratio.shape[0], -1) if ratio.ndim > 1 else ratio.reshape(1, -1)
    cells = _worst_of_blocks(matrix)
    side = max(4, min(18, 480 // max(cells.shape)))
    width, height = cells.shape[1] * side, cells.shape[0] * side
    shapes, legend, y = [], [], 18 + height + 16
    for label, colour, opacity, mask in _levels(cells):
        if not mask.any():
            continue
        style = f'style="fill:{colour};fill-opacity:{opacity}"'
        path = "".join(f"M{c * side} {18 + r * side}h{side}v{side}h-{side}z" for r, c in np.argwhere(mask))
        shapes.append(f'<path d="{path}" {style}/>')
        legend.append(
            f'<rect x="0" y="{y - 9}" width="10" height="10" {style}/><text x="15" y="{y}">{label}</text>'
        )
        y += 16
    title = f"Error of {q.name}, shape {shape_text(q.shape)}: {q.wrong} of {q.total} entries wrong"
    if q.worst is not None and q.wrong:
        title += f", worst at {list(q.worst.index)}"
    if cells.shape != matrix.shape:
        legend.append(f'<text x="0" y="{y}">Each cell is the worst of a block of entries.</text>')
        y += 16
    total = max(width, 8 * len(title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}" width="{total}" '
        f'height="{y}" viewBox="0 0 {total} {y}" style="max-width:100%;height:auto;color:var(--jp-ui-font-color1,'
        f'currentColor)"><text x="0" y="11" style="fill:currentColor;font-size:12px">{escape(title)}</text>'
        f'{"".join(shapes)}<rect x="0" y="18" width="{width}" height="{height}" '
        f'style="fill:none;stroke:var(--jp-border-color1,#888)"/>{"".join(legend)}</svg>'
    )


def _levels(cells: NDArray[np.float64]) -> list[tuple[str, str, float, NDArray[np.bool_]]]:
    found, low = [], -1.0
    for high, label, colour, opacity in LEVELS:
        found.append((label, colour, opacity, np.asarray((cells > low) & (cells <= high))))
        low = high
    return [*found, (*SKIPPED, np.isnan(cells))]


def _worst_of_blocks(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most MOST × MOST cells, each the largest of a block; NaN only where the whole block is."""
    for axis in (0, 1):
        n = matrix.shape[axis]
        if n > MOST:
            starts = np.linspace(0, n, MOST, endpoint=False).astype(int)
            filled = np.where(np.isnan(matrix), -1.0, matrix)
            matrix = np.maximum.reduceat(filled, starts, axis=axis)
            matrix = np.where(matrix < 0, np.nan, matrix)
    return matrix
