"""Colours and style rules shared by every experiment.

The hues follow Okabe and Ito's palette ("Color Universal Design", 2008), which stays apart for colour-blind readers.
They are darkened on white and lightened on black until text and lines have a contrast of at least 4.5 : 1 (WCAG 2.2,
criterion 1.4.3). A picture never relies on colour alone: classes differ in shape, curves in dash or label.
"""

from __future__ import annotations

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "ink": "#1a1a1a",
    "muted": "#595959",
    "grid": "#dddddd",
    "blue": "#0067a3",
    "orange": "#a85400",
    "green": "#00704f",
    "purple": "#9a3b72",
    "red": "#b3261e",
}
DARK: Mapping[str, str] = {
    "paper": "#111111",
    "ink": "#f2f2f2",
    "muted": "#b8b8b8",
    "grid": "#444444",
    "blue": "#62bbef",
    "orange": "#f0a840",
    "green": "#3ecf9f",
    "purple": "#e59ac4",
    "red": "#ff8a80",
}
COLOURS = tuple(LIGHT)

# Heat maps are see-through, so one picture serves both themes: the two ends, and the largest opacity.
HEAT_LOW, HEAT_HIGH, HEAT_ALPHA = (0, 114, 178), (230, 130, 0), 150


def colour(name: str) -> str:
    """The CSS value for a colour of the palette; raises ValueError for a name that is not in it."""
    if name not in LIGHT:
        raise ValueError(f"colour {name!r} is not in the palette; choose one of {', '.join(COLOURS)}.")
    return f"var(--bp-{name})"


def variables(palette: Mapping[str, str]) -> str:
    """The palette as CSS custom properties: '--bp-ink:#1a1a1a;…'."""
    return "".join(f"--bp-{name}:{value};" for name, value in palette.items())


def picture_stylesheet() -> str:
    """All rules of a picture that stands alone, as the text of one <style> element.

    JupyterLab (and nbconvert's lab template) say on <body> whether the theme is light, so no script is needed.
    """
    return (
        f".bp-experiment{{{variables(LIGHT)}}}"
        f"[data-jp-theme-light='false'] .bp-experiment{{{variables(DARK)}}}" + _PICTURE
    )


def stylesheet() -> str:
    """All rules of a live experiment: those of its picture, and those of what stands around it."""
    return picture_stylesheet() + _LIVE


def static_stylesheet() -> str:
    """Rules that show the static picture exactly when no live one stands in the same output area.

    The second rule hides what follows the picture when it is not alive: the line "Error displaying widget" of a reopened
    notebook, or its plain text.
    """
    return (
        ".jp-OutputArea:has(.bp-experiment) .jp-OutputArea-child:has(.bp-static){display:none}"
        ".jp-OutputArea-child:has(.bp-static)+.jp-OutputArea-child:not(:has(.bp-experiment)){display:none}"
        ".bp-static{max-width:960px}.bp-static img{max-width:100%;height:auto;border-radius:4px}"
    )


_PICTURE = """
.bp-experiment{max-width:960px;color:var(--bp-ink);background:var(--bp-paper);border:1px solid var(--bp-grid);
  border-radius:6px;padding:10px 12px;overflow:hidden;font-size:14px}
.bp-experiment p{margin:0 0 .3em}
.bp-figure{display:flex;flex-wrap:wrap;gap:6px 14px}
.bp-figure svg.bp-panel{flex:1 1 auto;min-width:0;height:auto;display:block}
@media (forced-colors:active){.bp-figure{forced-color-adjust:none;background:var(--bp-paper)}}
"""

_LIVE = """
.bp-experiment .widget-html{margin:2px 0;height:auto}
.bp-experiment .widget-html-content{line-height:1.5;color:var(--bp-ink)}
.bp-experiment .bp-title{font-weight:600;font-size:15px}
.bp-experiment .bp-question{border-left:4px solid var(--bp-blue);padding:0 0 0 10px;margin:4px 0}
.bp-experiment details summary{cursor:pointer;color:var(--bp-blue)}
.bp-experiment details ul{margin:.3em 0;padding-left:1.3em}
.bp-options{margin:0 0 6px 12px}
.bp-experiment:not(.bp-locked) .bp-options{flex-flow:row wrap;column-gap:8px}
.bp-options .jupyter-button{width:auto;max-width:100%;height:auto;min-height:30px;white-space:normal;text-align:left;
  line-height:1.35;padding:4px 10px;color:var(--bp-ink);background:transparent;border:1px solid var(--bp-muted);
  border-radius:4px;margin:2px 0}
.bp-options .jupyter-button.bp-chosen{border:2px solid var(--bp-blue);font-weight:600}
.bp-experiment .jupyter-button:focus-visible,.bp-experiment summary:focus-visible,
.bp-experiment select:focus-visible,.bp-experiment .noUi-handle:focus-visible{
  outline:3px solid var(--bp-blue);outline-offset:2px}
.bp-controls{flex-flow:row wrap;gap:2px 18px;align-items:center}
.bp-controls>.widget-inline-hbox{flex:1 1 270px;max-width:430px;min-width:0;width:auto;margin:2px 0}
.bp-controls .widget-label{color:var(--bp-ink)}
.bp-controls .widget-readout{color:var(--bp-ink);min-width:52px}
.bp-controls>.jupyter-button{color:var(--bp-ink);background:transparent;border:1px solid var(--bp-muted);
  border-radius:4px;width:auto;padding:0 12px;margin-left:auto}
.bp-experiment .noUi-target{background:var(--bp-muted);border:none;height:4px;opacity:1}
.bp-experiment .noUi-connect{background:var(--bp-blue)}
.bp-experiment .noUi-handle{background:var(--bp-blue);border:2px solid var(--bp-paper);opacity:1}
.bp-experiment .noUi-target[disabled] .noUi-handle{background:var(--bp-muted);cursor:not-allowed}
.bp-experiment .noUi-target[disabled]{background:var(--bp-grid)}
.bp-controls .bp-player{display:flex;gap:4px;width:auto;flex:0 0 auto}
.bp-controls .bp-player .jupyter-button{width:36px;padding:0;text-overflow:clip;color:var(--bp-ink);background:transparent;border:1px solid var(--bp-muted)}
.bp-controls .bp-player i{margin:0}
.bp-controls .bp-player .jupyter-button:disabled{opacity:.6}
.bp-experiment .bp-say{min-height:3em}
.bp-experiment [data-pick]{cursor:pointer;outline:none}
.bp-experiment .bp-hit{stroke:transparent;stroke-width:16;fill:none}
.bp-experiment [data-pick]:hover .bp-hit{stroke:var(--bp-blue);stroke-opacity:.25}
.bp-experiment .bp-picked .bp-hit{stroke:var(--bp-purple);stroke-opacity:.35}
.bp-experiment [data-pick]:focus-visible .bp-hit{stroke:var(--bp-blue);stroke-opacity:.5}
.bp-behind table{border-collapse:collapse;margin:.3em 0}
.bp-behind th,.bp-behind td{border:1px solid var(--bp-grid);padding:2px 8px;text-align:left;font-weight:normal;
  color:var(--bp-ink);background:transparent}
.bp-behind .widget-html-content{overflow-x:auto}
.bp-behind ul{margin:.2em 0;padding-left:1.2em}
@media (prefers-reduced-motion:reduce){.bp-experiment *{transition:none!important}}
@keyframes bp-ready{from{opacity:.99}to{opacity:1}}
.bp-ready{animation:bp-ready 1ms}
"""
