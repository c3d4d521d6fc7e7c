"""The frame every experiment stands in: drawing, declaration, prediction gate, fallback, accessibility."""

from __future__ import annotations

import base64
import dataclasses
import itertools
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import backprop_helpers.experiments as experiments
from backprop_helpers.experiments import (
    Choice,
    Experiment,
    Figure,
    Option,
    Panel,
    Prediction,
    Slider,
    live,
    pickable,
    player,
    theme,
)
from backprop_helpers.experiments.live import NOTE, LiveExperiment
from backprop_helpers.experiments.svg import attributes, heat_png, number

NAMES = experiments.names()
DOCS = Path(__file__).resolve().parent.parent / "docs"


@dataclasses.dataclass(frozen=True)
class Square:
    x: float
    area: float
    sides: np.ndarray


def model(x: float, colour: str) -> Square:
    return Square(x, x * x, np.full(4, x))


def view(r: Square) -> Figure:
    panel = Panel((0, 4), (0, 16), title="a < b & c", xlabel="x", ylabel="x²")
    panel.points(r.x, r.area)
    return Figure(panel)


TINY = Experiment(
    name="tiny",
    title='<b>"Squares" & co',
    controls=(Slider("x", "<x>", 0.0, 4.0, 0.5, 1.0), Choice("colour", "colour", ("red", "blue"), "red")),
    model=model,
    view=view,
    sentence=lambda r: f"side {r.x:g} < area {r.area:g} <script>alert(1)</script>",
    prediction=Prediction(
        "Twice the <side>?",
        (Option("Twice the area", "No: 2 < 4."), Option("Four times", "Yes & always.", right=True)),
    ),
)


# --- drawing --------------------------------------------------------------------------------------------------


def elements(svg: str, tag: str) -> list[ET.Element]:
    return [e for e in ET.fromstring(svg).iter() if e.tag.rsplit("}", 1)[-1] == tag]


def test_panel_maps_corners_and_middle_of_its_axes() -> None:
    panel = Panel((-2, 2), (10, 30))
    assert panel.px([-2, 0, 2]).tolist() == [40, 195, 350]
    assert panel.py([10, 20, 30]).tolist() == [274, 142, 10]


def test_log_axis_puts_equal_ratios_at_equal_distances_and_drops_zero() -> None:
    panel = Panel((1e-4, 1), (0, 1), logx=True)
    a, b, c = panel.px([1e-4, 1e-2, 1])
    assert b - a == pytest.approx(c - b)
    panel.line([0, 1e-4, 1], [0, 0, 1])
    (line,) = elements(Figure(panel).svg(""), "polyline")
    assert len(line.attrib["points"].split()) == 2


def test_points_that_are_not_finite_are_left_out_and_far_ones_are_bounded() -> None:
    panel = Panel((0, 1), (0, 1))
    panel.line([0, np.nan, 0.5, 1e300, np.inf], [0, 0, 0.5, 1, 1])
    (line,) = elements(Figure(panel).svg(""), "polyline")
    numbers = [float(v) for v in re.split("[ ,]", line.attrib["points"])]
    assert len(numbers) == 6
    assert max(map(abs, numbers)) <= 9999


def test_ticks_lie_inside_the_axes_and_carry_real_minus_signs() -> None:
    texts = [e.text for e in elements(Figure(Panel((-1, 1), (0, 1e-3))).svg(""), "text")]
    assert "−0.5" in texts
    assert "0.0002" in texts
    assert "10⁻³" in [e.text for e in elements(Figure(Panel((1e-4, 1), (0, 1), logx=True)).svg(""), "text")]


@pytest.mark.parametrize(("value", "text"), [(-0.0, "0"), (-1.5, "−1.5"), (1e-7, "1e−07"), (3.0, "3")])
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("limits", "log", "words"),
    [((1, 1), False, "low < high"), ((0, np.inf), False, "finite"), ((0, 1), True, "log axis")],
)
def test_limits_that_make_no_axis_are_refused(limits: tuple[float, float], log: bool, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Panel(limits, (0, 1), logx=log)


def test_unknown_colour_and_shape_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"choose one of .*blue"):
        Panel((0, 1), (0, 1)).line([0], [0], "pink")
    with pytest.raises(ValueError, match="choose one of circle"):
        Panel((0, 1), (0, 1)).points([0], [0], shape="star")


def test_heat_map_shows_each_value_at_its_place() -> None:
    image = Image.open(BytesIO(heat_png([[0.0, 0.5, 1.0], [1.0, 0.25, 9.0]]))).convert("RGBA")
    assert image.size == (3, 2)
    pixel = {(x, y): image.getpixel((x, y)) for x in range(3) for y in range(2)}
    assert pixel[0, 0] == (*theme.HEAT_LOW, theme.HEAT_ALPHA)
    assert pixel[1, 0][3] == 0
    assert pixel[2, 0] == pixel[0, 1] == pixel[2, 1] == (*theme.HEAT_HIGH, theme.HEAT_ALPHA)
    assert pixel[1, 1][:3] == theme.HEAT_LOW
    assert 70 <= pixel[1, 1][3] <= 80


def test_first_row_of_a_heat_map_is_the_lowest() -> None:
    panel = Panel((0, 1), (0, 1))
    panel.heatmap([[0.0, 0.0], [1.0, 1.0]])
    (image,) = elements(Figure(panel).svg(""), "image")
    png = base64.b64decode(image.attrib["href"].split(",", 1)[1])
    assert Image.open(BytesIO(png)).convert("RGBA").getpixel((0, 1))[:3] == theme.HEAT_LOW


def test_boundary_of_a_plane_is_the_right_line() -> None:
    x, y = np.meshgrid(np.linspace(-2, 2, 30), np.linspace(-1, 1, 30))
    panel = Panel((-2, 2), (-1, 1))
    panel.boundary(x + 2 * y, 0.5)
    (line,) = elements(Figure(panel).svg(""), "polyline")
    for pair in line.attrib["points"].split():
        a, b = map(float, pair.split(","))
        data_x = -2 + (a - 40) / 310 * 4
        data_y = -1 + (274 - b) / 264 * 2
        assert data_x + 2 * data_y == pytest.approx(0.5, abs=0.01)


def test_attributes_are_kebab_case_escaped_and_short() -> None:
    assert attributes({"final_loss": 1 / 3, "kind": '"><b'}) == (
        ' data-final-loss="0.333333" data-kind="&quot;&gt;&lt;b"'
    )


# --- colours --------------------------------------------------------------------------------------------------


def linear(hex_colour: str) -> np.ndarray:
    """Red, green and blue as amounts of light, from 0 to 1 (IEC 61966-2-1)."""
    c = np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(hex_colour: str) -> float:
    return float(linear(hex_colour) @ [0.2126, 0.7152, 0.0722])


# How a reader without one kind of cone sees linear RGB: Machado, Oliveira and Fernandes, 2009, severity 1.
CONES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def lab(light: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of linear RGB, where a distance of 2.3 is about the least that an eye can tell."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ np.clip(light, 0, 1) / [0.9505, 1, 1.089], 1e-6))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("cones", CONES)
@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_colours_stay_apart_for_colour_blind_readers(palette: dict[str, str], cones: str) -> None:
    """Blue and orange, which all classes and all two-sided maps use, lie far apart; no two hues fall together."""
    seen = {
        name: lab(np.array(CONES[cones]) @ linear(palette[name]))
        for name in ("blue", "orange", "green", "purple", "red")
    }
    apart = {
        frozenset((a, b)): float(np.linalg.norm(seen[a] - seen[b]))
        for a, b in itertools.combinations(seen, 2)
    }
    assert apart[frozenset(("blue", "orange"))] > 60
    assert min(apart.values()) > 8


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_every_ink_has_a_contrast_of_at_least_4_5(palette: dict[str, str]) -> None:
    paper = luminance(palette["paper"])
    for name, value in palette.items():
        if name in ("paper", "grid"):
            continue
        low, high = sorted((luminance(value), paper))
        assert (high + 0.05) / (low + 0.05) >= 4.5, name


# --- declaration ----------------------------------------------------------------------------------------------


def test_unknown_control_and_value_out_of_range_are_refused() -> None:
    with pytest.raises(TypeError, match="no control 'y'; it has x, colour"):
        TINY(y=1)
    with pytest.raises(ValueError, match="x must lie between 0 and 4, got 5"):
        TINY(x=5)
    with pytest.raises(TypeError, match="x must be a number"):
        TINY(x="1")
    with pytest.raises(ValueError, match="colour must be one of red, blue"):
        TINY(colour="green")


def test_a_declaration_that_cannot_start_is_refused() -> None:
    with pytest.raises(ValueError, match="name of its own"):
        dataclasses.replace(TINY, controls=(TINY.controls[0], TINY.controls[0]))
    with pytest.raises(ValueError, match="between 0 and 1, got 2"):
        dataclasses.replace(TINY, controls=(Slider("x", "x", 0, 1, 1, 2), TINY.controls[1]))
    with pytest.raises(ValueError, match="between 0 and 4"):
        dataclasses.replace(TINY, snapshot={"x": 9})


def test_log_slider_hands_the_model_the_power() -> None:
    slider = Slider("h", "h", -8, 0, 1, -3, log=True)
    assert slider.initial == 1e-3
    slider.check(1e-8)
    with pytest.raises(ValueError, match="between 1e-08 and 1"):
        slider.check(2.0)


def test_numbers_of_the_result_stand_in_the_picture_and_arrays_do_not() -> None:
    root = ET.fromstring(TINY.show(x=3.0).html)
    assert root.attrib["data-x"] == "3"
    assert root.attrib["data-area"] == "9"
    assert root.attrib["data-colour"] == "red"
    assert "data-sides" not in root.attrib


def test_picture_is_an_image_whose_label_follows_the_sliders() -> None:
    for shown, area in ((TINY.show(x=2.0), "4"), (TINY.show(x=3.0), "9")):
        for text in (shown.html, shown.svg):
            root = ET.fromstring(text)
            assert root.attrib["role"] == "img"
            assert root.attrib["aria-label"].startswith('<b>"Squares" & co. side')
            assert f"area {area}" in root.attrib["aria-label"]


# --- on a page ------------------------------------------------------------------------------------------------


def test_controls_wait_for_a_prediction_and_then_open() -> None:
    bound = TINY().widget()
    assert bound.locked
    assert all(control.disabled for control in bound.controls.values())
    assert "bp-locked" in bound.box._dom_classes
    assert "No: 2" not in bound.told.value + bound.explained.value
    bound.options[1].click()
    assert not bound.locked
    assert not any(control.disabled for control in bound.controls.values())
    assert "bp-locked" not in bound.box._dom_classes
    assert [("bp-chosen" in b._dom_classes) for b in bound.options] == [False, True]
    for explanation in ("No: 2 &lt; 4.", "Yes &amp; always."):
        assert explanation in bound.explained.value
    order = list(bound.box.children)
    assert order.index(bound.told) < order.index(bound.picture) < order.index(bound.explained)


def test_a_prediction_can_be_skipped_and_must_exist() -> None:
    bound = TINY().widget()
    bound.answer(None)
    assert not bound.locked
    assert "You skipped." in bound.told.value
    with pytest.raises(ValueError, match="from 0 to 1 or None, got 2"):
        bound.answer(2)


def test_without_a_prediction_nothing_is_locked() -> None:
    bound = dataclasses.replace(TINY, prediction=None)().widget()
    assert not bound.locked
    with pytest.raises(ValueError, match="asks for no prediction"):
        bound.answer(0)


def test_moving_a_slider_changes_picture_and_text_line_and_reset_restores_them() -> None:
    bound = TINY(x=2.0).widget()
    before = bound.picture.value, bound.says.value
    bound.controls["x"].value = 3.0
    assert 'data-area="9"' in bound.picture.value
    assert "side 3" in bound.says.value
    bound.reset_button.click()
    assert (bound.picture.value, bound.says.value) == before
    assert bound.controls["x"].value == 2.0


def test_reset_draws_once() -> None:
    calls = []

    def counted(x: float, colour: str) -> Square:
        calls.append((x, colour))
        return model(x, colour)

    bound = dataclasses.replace(TINY, model=counted)().widget()
    bound.controls["x"].value = 3.0
    bound.controls["colour"].value = "blue"
    calls.clear()
    bound.reset()
    assert calls == [(1.0, "red")]


def test_two_copies_on_a_page_do_not_touch_each_other() -> None:
    live = TINY()
    first, second = live.widget(), live.widget()
    first.controls["x"].value = 4.0
    first.answer(0)
    assert second.controls["x"].value == 1.0
    assert second.locked


def test_whatever_stands_in_a_text_is_escaped() -> None:
    bound = TINY().widget()
    bound.answer(0)
    page = "".join(w.value for w in (bound.picture, bound.says, bound.told, bound.explained))
    page += TINY().static()["text/html"]
    page += "".join(w.value for w in bound.box.children if hasattr(w, "value"))
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;" in page
    assert "Twice the &lt;side&gt;?" in page


def test_static_picture_is_complete_without_widgets_or_network() -> None:
    bundle = TINY().static()
    assert set(bundle) == {"text/html", "text/plain"}
    image = re.search(r'<img alt="([^"]+)" src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert image is not None
    svg = base64.b64decode(image[2]).decode()
    root = ET.fromstring(svg)
    assert root.attrib["data-area"] == "1"
    used, given = set(re.findall(r"var\((--bp-\w+)\)", svg)), set(re.findall(r"(--bp-\w+):", svg))
    assert used <= given
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert NOTE in bundle["text/html"]
    assert NOTE in bundle["text/plain"]


def test_static_picture_shows_the_snapshot_and_the_controls_begin_at_the_start() -> None:
    live = dataclasses.replace(TINY, snapshot={"x": 4.0})()
    assert "area 16" in live.static()["text/plain"]
    assert live.widget().controls["x"].value == 1.0


def shown_bundles(live: LiveExperiment, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        "backprop_helpers.experiments.live.display", lambda bundle, raw: seen.append(bundle) if raw else None
    )
    live._ipython_display_()
    return seen


def test_display_is_the_static_picture_and_then_the_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    static, live = shown_bundles(TINY(), monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" not in static
    assert "application/vnd.jupyter.widget-view+json" in live
    assert live["text/plain"] == f"[controls of “{TINY.title}”]"


@pytest.mark.parametrize("name", NAMES)
def test_committed_output_of_an_experiment_is_the_same_every_time(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiments.get(name)
    runs = []
    for _ in range(2):
        bundles = shown_bundles(experiment(), monkeypatch)
        for bundle in bundles:
            bundle.pop("application/vnd.jupyter.widget-view+json", None)
        runs.append(bundles)
    assert runs[0] == runs[1]


def test_script_names_sliders_and_marks_the_live_region() -> None:
    head = TINY().widget().box.children[0].value
    script = re.search(r'onanimationstart="([^"]*)"', head)
    assert script is not None
    for word in ("aria-live", "polite", "aria-label", "[role=slider]", "aria-disabled"):
        assert word in script[1]


def test_hiding_rules_name_only_classes_that_the_page_has() -> None:
    assert ".bp-static" in theme.static_stylesheet()
    assert "bp-experiment" in TINY().widget().box._dom_classes
    assert "prefers-reduced-motion" in theme.stylesheet()


# --- the gallery ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_draws_at_both_ends_of_every_control(name: str) -> None:
    experiment = experiments.get(name)
    assert experiment.name == name
    for control in experiment.controls:
        if isinstance(control, Slider):
            ends = [10.0**v if control.log else v for v in (control.low, control.high)]
        else:
            ends = list(control.options)
        for value in ends:
            shown = experiment.show(**{control.name: value})
            assert ET.fromstring(shown.html).attrib["aria-label"]
            for element in ET.fromstring(shown.svg).iter():
                drawn = " ".join(
                    element.attrib.get(a, "") for a in ("d", "points", "x", "y", "width", "height")
                )
                assert "nan" not in drawn
                assert "inf" not in drawn
            assert shown.sentence.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_asks_for_a_prediction_with_one_right_answer(name: str) -> None:
    prediction = experiments.get(name).prediction
    assert prediction is not None
    assert prediction.question.endswith("?")
    assert [o.right for o in prediction.options].count(True) == 1
    assert all(o.explanation for o in prediction.options)


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_small_enough_to_be_sent_at_each_step(name: str) -> None:
    assert len(experiments.get(name).show().html) < 40_000


def test_an_unknown_experiment_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="neuron_line"):
        experiments.get("nothing")
    with pytest.raises(AttributeError, match="neuron_line"):
        _ = experiments.nothing
    assert "neuron_line" in dir(experiments)


def test_import_of_the_package_loads_neither_widgets_nor_matplotlib() -> None:
    code = (
        "import sys, backprop_helpers.experiments as e; e.names(); "
        "print([m for m in ('ipywidgets', 'matplotlib', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pictures_never_load_pyplot() -> None:
    code = (
        "import sys; from backprop_helpers.experiments import neuron_line; neuron_line().widget(); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_importing_an_experiment_twice_gives_the_experiment_and_not_its_module() -> None:
    from backprop_helpers.experiments import neuron_line as first
    from backprop_helpers.experiments import neuron_line as second

    assert first is second
    assert isinstance(first, Experiment)


def test_a_slider_can_play_by_itself_and_waits_for_the_prediction_too() -> None:
    step = Slider("x", "x", 0, 4, 1, 1, play=True)
    bound = dataclasses.replace(TINY, controls=(step, TINY.controls[1]))().widget()
    (player,) = bound.players
    assert player.slider is bound.controls["x"]
    assert player.interval == 500
    assert player.disabled
    bound.answer(0)
    assert not player.disabled
    player.playing = True
    bound.reset()
    assert not player.playing


def test_a_control_does_not_repeat_to_the_page_what_the_page_said() -> None:
    """One message less before the picture; ipywidgets' own slider beside it, so that the test would see an echo."""
    bound = TINY().widget()

    def sent_by(widget: Any, state: dict[str, Any]) -> list[str]:
        sent: list[str] = []
        widget._send = lambda message, buffers=None: sent.append(message["method"])
        widget.set_state(state)
        return sent

    assert sent_by(widgets.FloatSlider(), {"value": 3.0}) == ["echo_update"]
    assert sent_by(bound.controls["x"], {"value": 3.0}) == []
    assert sent_by(bound.controls["colour"], {"index": 1}) == []
    assert 'data-area="9"' in bound.picture.value
    assert 'data-colour="blue"' in bound.picture.value


def test_a_start_that_was_asked_for_is_also_what_the_static_picture_shows() -> None:
    experiment = dataclasses.replace(TINY, snapshot={"x": 4.0})
    assert "area 9" in experiment(x=3.0).static()["text/plain"]
    assert "area 16" in experiment(colour="blue").static()["text/plain"]


def guide_s_example() -> tuple[str, Experiment]:
    """The new experiment that docs/authoring.md shows as a whole: its text, and what the text makes."""
    guide = DOCS.joinpath("authoring.md").read_text("utf-8").split("## A new slider experiment")[1]
    found = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert found is not None
    module = ModuleType("slope_of_sigmoid")
    sys.modules[module.__name__] = module  # a dataclass looks its module up
    try:
        exec(found[1], vars(module))
    finally:
        del sys.modules[module.__name__]
    return found[1], module.slope_of_sigmoid


@pytest.mark.parametrize("which", ["the guide's example", "the gallery's smallest"])
def test_a_new_experiment_takes_fewer_than_60_lines_and_no_script(which: str) -> None:
    smallest = Path(experiments.__file__).with_name("gallery").joinpath("slope_of_square.py")
    source = guide_s_example()[0] if which.startswith("the guide") else smallest.read_text("utf-8")
    assert len(source.splitlines()) < 60
    assert "widgets" not in source
    assert "script" not in source


def test_the_example_of_the_guide_works() -> None:
    _, example = guide_s_example()
    assert example.model(z=0.0).slope == 0.25
    assert example.model(z=6.0).slope == pytest.approx(0.0025, abs=5e-5)
    bound = example().widget()
    assert bound.locked
    bound.answer(1)
    bound.controls["z"].value = 6.0
    assert 'data-slope="0.00246651"' in bound.picture.value
    assert "the slope 0.0025, of at most 0.25." in bound.says.value
    assert example.prediction is not None
    assert [o.right for o in example.prediction.options] == [False, True]
    assert "data:image/svg+xml" in example().static()["text/html"]


def test_the_scripts_of_the_course_have_fewer_than_100_lines_and_the_guide_names_each() -> None:
    package = Path(experiments.__file__).parent.parent
    guide = DOCS.joinpath("authoring.md").read_text("utf-8").split("## JavaScript")[1]
    scripts = {"experiments/live.py": live._NAMES.replace(";", ";\n")}
    for module in (pickable, player):
        scripts[f"experiments/{module.__name__.rsplit('.', 1)[-1]}.py"] = module._SCRIPT
    for path in package.rglob("*.js"):
        scripts[path.relative_to(package).as_posix()] = path.read_text("utf-8")
    for path in package.rglob("*.py"):
        if any(mark in path.read_text("utf-8") for mark in ("_esm = ", 'onanimationstart="')):
            assert path.relative_to(package).as_posix() in scripts
    lines = [line for text in scripts.values() for line in text.splitlines() if line.strip()]
    assert len(lines) < 100
    assert set(re.findall(r"^\| `([\w./]+)` \|", guide, re.MULTILINE)) == set(scripts)


def test_kind_of_each_control_follows_its_declaration() -> None:
    controls = (
        Slider("x", "x", 0, 4, 1, 1),
        Slider("h", "h", -8, 0, 1, -3, log=True),
        Slider("f", "f", 0.0, 1.0, 0.05, 0.5),
        TINY.controls[1],
    )

    def run(x: int, h: float, f: float, colour: str) -> Square:
        return model(x + h + f, colour)

    for slow in (False, True):
        bound = dataclasses.replace(TINY, controls=controls, model=run, slow=slow)().widget()
        kinds = {name: w._model_name for name, w in bound.controls.items()}
        assert kinds == {
            "x": "IntSliderModel",
            "h": "FloatLogSliderModel",
            "f": "FloatSliderModel",
            "colour": "DropdownModel",
        }
        assert bound.controls["h"].value == pytest.approx(1e-3)
        assert bound.controls["f"].readout_format == ".2f"
        assert bound.controls["x"].continuous_update is not slow
