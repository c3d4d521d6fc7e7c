"""An experiment in a notebook: ipywidgets bound to a pure model, and the static picture for where none is alive."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from backprop_helpers.experiments import theme
from backprop_helpers.experiments.experiment import Choice, Experiment, Prediction, Slider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backprop_helpers.experiments.player import Player

NOTE = "Run this cell to move the controls yourself."

# The script of an experiment's frame. ipywidgets gives a slider no accessible name and has no way to mark a live region, so
# this names each slider after its visible label, says when it is locked, and lets a screen reader speak the text line.
# It starts when the element is drawn, because only then do the sliders exist. Where scripts are forbidden, these
# things are missing and everything else works.
_NAMES = (
    "const b=this.closest('.bp-experiment'),f=()=>{"
    "b.querySelectorAll('.bp-say,.bp-told').forEach(e=>e.setAttribute('aria-live','polite'));"
    "b.querySelectorAll('[role=slider]').forEach(e=>{"
    "e.setAttribute('aria-label',e.closest('.widget-inline-hbox').querySelector('label').textContent);"
    "e.setAttribute('aria-disabled',b.classList.contains('bp-locked'))})};"
    "f();new MutationObserver(f).observe(b,{childList:true,subtree:true,attributes:true,attributeFilter:['class']})"
)


class LiveExperiment:
    """One experiment on one page. Holds no widget itself: every display makes its own, so copies never interfere."""

    def __init__(self, experiment: Experiment, start: Mapping[str, Any], snapshot: Mapping[str, Any]) -> None:
        self.experiment = experiment
        self.start = dict(start)
        self.snapshot = dict(snapshot)

    def __repr__(self) -> str:
        return f"{self.experiment.title}: {self.experiment.render(self.start).sentence}"

    def static(self) -> dict[str, str]:
        """The mimebundle without widgets: picture, text line and note.

        The SVG sits in an <img>, which JupyterLab's sanitiser lets through where a bare <svg> is removed.
        """
        shown = self.experiment.render(self.snapshot)
        picture = base64.b64encode(shown.svg.encode()).decode()
        text = f"{self.experiment.title}: {shown.sentence} {NOTE}"
        html = (
            f"<style>{theme.static_stylesheet()}</style>"
            f'<div class="bp-static"><p><strong>{escape(self.experiment.title)}</strong></p>'
            f'<img alt="{escape(shown.label)}" src="data:image/svg+xml;base64,{picture}">'
            f"<p>{escape(shown.sentence)} <em>{NOTE}</em></p></div>"
        )
        return {"text/html": html, "text/plain": text}

    def widget(self) -> Bound:
        """A fresh set of controls and a picture that belongs to them."""
        return Bound(self.experiment, self.start)

    def _ipython_display_(self) -> None:
        display(self.static(), raw=True)
        bundle = self.widget().box._repr_mimebundle_()
        bundle["text/plain"] = f"[controls of “{self.experiment.title}”]"
        display(bundle, raw=True)


class Bound:
    """Controls, prediction, picture and text line of one displayed experiment.

    box is the widget to display; controls maps a control's name to its widget. ipywidgets sends at most one change at a time
    and drops what became outdated meanwhile, so the newest slider position always wins.
    """

    def __init__(self, experiment: Experiment, start: Mapping[str, Any]) -> None:
        self.experiment, self.start = experiment, dict(start)
        self.controls = {c.name: _control(c, start[c.name], experiment.slow) for c in experiment.controls}
        self.behind = _html("", "bp-behind")
        self.picture = self._canvas()
        self.says = _html("", "bp-say")
        self.told = _html("", "bp-told")
        self.explained = _html("", "bp-told")  # below the picture, which it must not push out of sight
        self.players = [
            _player(c, self.controls[c.name]) for c in experiment.controls if isinstance(c, Slider) and c.play
        ]
        self.reset_button = widgets.Button(
            description="Reset", tooltip="All controls back to where they began"
        )
        self.reset_button.on_click(lambda _: self.reset())
        self.options: list[widgets.Button] = []
        self._held = False
        self._drawn: dict[str, Any] = {}
        for control in self.controls.values():
            control.observe(self._changed, "value")
        bar = widgets.Box([*self.controls.values(), *self.players, self.reset_button])
        bar.add_class("bp-controls")
        below = [self.says] if experiment.explain is None else [self.says, self.behind]
        if experiment.prediction is not None:
            below.append(self.explained)
        self.box = widgets.VBox(
            [self._head(), *self._asked(experiment.prediction), bar, self.picture, *below]
        )
        self.box.add_class("bp-experiment")
        self._lock(experiment.prediction is not None)
        self._draw()

    @property
    def locked(self) -> bool:
        """Whether the controls still wait for a prediction."""
        return bool(self.reset_button.disabled)

    def answer(self, index: int | None) -> None:
        """Take the prediction (None: skipped), open the controls and offer the explanations."""
        prediction = self.experiment.prediction
        if prediction is None:
            raise ValueError(f"{self.experiment.name} asks for no prediction, so there is nothing to choose.")
        if index is not None and not 0 <= index < len(prediction.options):
            raise ValueError(
                f"index must be from 0 to {len(prediction.options) - 1} or None, got {index}. None skips the prediction."
            )
        for i, button in enumerate(self.options):
            (button.add_class if i == index else button.remove_class)("bp-chosen")
        self.told.value, self.explained.value = _next(prediction, index), _explanations(prediction)
        self._lock(False)

    def reset(self) -> None:
        """All controls back to where they began, drawn once."""
        self._held = True
        for player in self.players:
            player.playing = False
        for name, control in self.controls.items():
            control.value = self.start[name]
        self._held = False
        self._draw()

    def _changed(self, _: Any) -> None:
        if not self._held:
            self._draw()

    def _draw(self) -> None:
        """The picture for the values of the controls; nothing to do where it is shown already."""
        values = {name: c.value for name, c in self.controls.items()}
        if values == self._drawn:
            return
        shown = self.experiment.render(values)
        self._drawn = values
        self.picture.value = shown.html
        self.says.value = f"<p>{escape(shown.sentence)}</p>"
        self._explain()

    def _canvas(self) -> widgets.Widget:
        """Where the picture stands: plain HTML, or a widget that hears clicks where there is something to explain."""
        if self.experiment.explain is None:
            return widgets.HTML()
        from backprop_helpers.experiments.pickable import Pickable

        canvas = Pickable()
        canvas.observe(lambda _: self._explain(), "picked")
        return canvas

    def _explain(self) -> None:
        explain = self.experiment.explain
        if explain is None:
            return
        picked = self.picture.picked
        ask = "<p><em>Click an edge (or Tab to it and press Enter) to see the formula and the numbers behind it.</em></p>"
        self.behind.value = (explain(self.experiment.model(**self._drawn), picked) if picked else "") or ask

    def _lock(self, locked: bool) -> None:
        for control in (*self.controls.values(), *self.players, self.reset_button):
            control.disabled = locked
        (self.box.add_class if locked else self.box.remove_class)("bp-locked")

    def _head(self) -> widgets.HTML:
        ready = f'<span class="bp-ready" onanimationstart="{escape(_NAMES)}"></span>'
        style = f"<style>{theme.stylesheet()}</style>"
        return _html(f'{style}<p class="bp-title">{escape(self.experiment.title)}</p>{ready}')

    def _asked(self, prediction: Prediction | None) -> list[widgets.Widget]:
        if prediction is None:
            return []
        ask = f'<p class="bp-question"><strong>Predict first.</strong> {escape(prediction.question)}</p>'
        self.options = [self._option(o.text, i) for i, o in enumerate(prediction.options)]
        skip = self._option("Skip: open the controls", None)
        choices = widgets.VBox([*self.options, skip])
        choices.add_class("bp-options")
        self.told.value = "<p>The controls open when you have chosen an answer. It is never marked.</p>"
        return [_html(ask), choices, self.told]

    def _option(self, text: str, index: int | None) -> widgets.Button:
        button = widgets.Button(description=text)
        chosen: Callable[[Any], None] = lambda _: self.answer(index)  # noqa: E731
        button.on_click(chosen)
        return button


def _html(value: str, css_class: str = "") -> widgets.HTML:
    html = widgets.HTML(value)
    if css_class:
        html.add_class(css_class)
    return html


class _Silent:
    """A control that does not tell the page what the page has just said.

    The message would go before the picture. It serves a second page on the same kernel, whose slider then does not follow.
    """

    def trait_metadata(self, name: str, key: str, default: Any = None) -> Any:
        """As traitlets'."""
        return False if key == "echo_update" else super().trait_metadata(name, key, default)  # type: ignore[misc]


class _IntSlider(_Silent, widgets.IntSlider):  # type: ignore[misc]  # ipywidgets has no types
    pass


class _FloatSlider(_Silent, widgets.FloatSlider):  # type: ignore[misc]  # ipywidgets has no types
    pass


class _FloatLogSlider(_Silent, widgets.FloatLogSlider):  # type: ignore[misc]  # ipywidgets has no types
    pass


class _Dropdown(_Silent, widgets.Dropdown):  # type: ignore[misc]  # ipywidgets has no types
    pass


def _control(control: Slider | Choice, value: Any, slow: bool) -> widgets.Widget:
    look: dict[str, Any] = {"description": control.label, "style": {"description_width": "initial"}}
    if isinstance(control, Choice):
        return _Dropdown(options=control.options, value=value, **look)
    look["continuous_update"] = not slow
    if control.log:
        bounds = {"min": control.low, "max": control.high, "step": control.step}
        return _FloatLogSlider(value=value, base=10, readout_format=".1e", **bounds, **look)
    bounds = {"min": control.low, "max": control.high, "step": control.step}
    if all(isinstance(v, int) for v in (control.low, control.high, control.step, control.start)):
        return _IntSlider(value=value, **bounds, **look)
    digits = len(f"{control.step:.6f}".rstrip("0").split(".")[1])
    return _FloatSlider(value=value, readout_format=f".{digits}f", **bounds, **look)


def _player(control: Slider, slider: widgets.IntSlider) -> Player:
    """The buttons of a slider that goes to its end in about six seconds, with at most twenty pictures in each."""
    from backprop_helpers.experiments.player import Player

    steps = (control.high - control.low) / control.step
    player = Player(slider=slider, interval=int(min(max(6000 / steps, 50), 500)))
    player.add_class("bp-player")
    return player


def _next(prediction: Prediction, index: int | None) -> str:
    """What follows a prediction, above the controls."""
    said = "You skipped." if index is None else f"Your prediction: “{prediction.options[index].text}”"
    return f"<p>{escape(said)} Now move the controls and look; below the picture is why.</p>"


def _explanations(prediction: Prediction) -> str:
    """The explanation of every option, to be opened after looking."""
    lines = "".join(
        f"<li><strong>{escape(o.text)}</strong>{' — what you should see. ' if o.right else ' — not this. '}"
        f"{escape(o.explanation)}</li>"
        for o in prediction.options
    )
    return f"<details><summary>I have looked: explain each answer</summary><ul>{lines}</ul></details>"
