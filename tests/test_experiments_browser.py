"""Every experiment in a real JupyterLab: driven by key, read back, and looked at by axe-core in both themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from chromium import launched, shuts_out
from gallery_page import NAME, gallery_course
from lesson_page import TRIES, ExperimentOnPage, LessonPage
from playwright.sync_api import Locator, Page, expect
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import experiments
from backprop_helpers.experiments.experiment import Slider
from backprop_helpers.experiments.gallery.live_training import EPOCHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = experiments.names()
TRACE = """import numpy as np
from backprop_helpers import affine_backward, affine_forward, mse, mse_backward, relu_forward, trace

def relu_backward(dout, cache):
    return dout

params = [(np.array([[1., -1, 2], [1, 1, -1]]), np.array([-1., -1, -2])), (np.array([[1.], [3], [-2]]), np.array([1.]))]
trace(params, np.array([[2., 1.]]), np.array([[3.]]), globals())"""
SOURCES = [f"from backprop_helpers.experiments import {name}\n{name}()" for name in NAMES]


@pytest.fixture(scope="module")
def page_and_lesson(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, LessonPage]]:
    folder = tmp_path_factory.mktemp("gallery")
    course = gallery_course(folder / "course", [*SOURCES, TRACE])
    with (
        launched() as browser,
        learning(folder / "workspace", course, folder, "--no-browser", "00") as session,
    ):
        address = session.address()
        page, outside = opened(browser, address, "light")
        page.set_viewport_size({"width": 1200, "height": 1400})
        lesson = LessonPage(page, NAME)
        lesson.open(address)
        yield page, lesson
        assert outside == []
        assert session.end() == 0


def serious(page: Page, output: Locator) -> list[str]:
    """What axe-core finds serious or critical in an output area, in the light and the dark theme."""
    output.evaluate("e => e.setAttribute('data-looked-at', '')")
    found = []
    for light in ("true", "false"):
        page.evaluate("light => { document.body.dataset.jpThemeLight = light }", light)
        theme = "light" if light == "true" else "dark"
        found += [f"{theme}: {what}" for what in shuts_out(page, "[data-looked-at]")]
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    output.evaluate("e => e.removeAttribute('data-looked-at')")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_is_driven_by_key_and_axe_finds_nothing_serious(
    page_and_lesson: tuple[Page, LessonPage], name: str
) -> None:
    page, lesson = page_and_lesson
    experiment = experiments.get(name)
    output = lesson.run(NAMES.index(name))
    assert not output.locator(".bp-static").is_visible()
    shown = ExperimentOnPage(page, output, experiment)
    shown.wait_for_model()
    if experiment.prediction is not None:
        assert shown.locked()
        assert serious(page, output) == []
        shown.predict()
    for control in experiment.controls:
        if isinstance(control, Slider):
            shown.nudge(control.name, 2)
            shown.wait_for_model()
        else:
            shown.choose(control.name, control.options[-1])
            shown.wait_for_model()
    expect(output.locator(".bp-say")).to_have_text(experiment.show(**shown.values).sentence, timeout=PATIENCE)
    expect(output.locator(".bp-say")).to_have_attribute("aria-live", "polite")
    assert serious(page, output) == []
    with narrow(output):
        assert too_wide(shown.box) == []
        assert serious(page, output) == []


def too_wide(box: Locator) -> list[str]:
    """What stands out of an experiment's frame to the right, but for what is scrolled inside it."""
    found: list[str] = box.evaluate(
        "e => { const right = c => c.getBoundingClientRect().right;"
        " const scrolled = c => c !== e && (getComputedStyle(c).overflowX === 'auto' || scrolled(c.parentElement));"
        " return [...e.querySelectorAll('svg.bp-panel,.bp-figure,.widget-inline-hbox,button,p,table')]"
        ".filter(c => right(c) > right(e) + 1 && !scrolled(c.parentElement)).map(c => c.outerHTML.slice(0, 120)) }"
    )
    return found


@contextmanager
def narrow(output: Locator) -> Iterator[None]:
    """An output as wide as JupyterLab makes it on a page of 400 pixels."""
    output.evaluate("e => { e.style.width = '300px' }")
    try:
        yield
    finally:
        output.evaluate("e => { e.style.width = '' }")


def test_a_page_of_400_pixels_leaves_that_room(page_and_lesson: tuple[Page, LessonPage]) -> None:
    page, lesson = page_and_lesson
    box = lesson.run(NAMES.index("folds")).locator(".bp-experiment")
    box.wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")  # the file browser away, as on a narrow screen
    page.set_viewport_size({"width": 400, "height": 900})
    try:
        expect(page.locator("#filebrowser")).to_be_hidden(timeout=PATIENCE)
        box.scroll_into_view_if_needed()
        edges = box.evaluate("e => [e.getBoundingClientRect().left, e.getBoundingClientRect().right]")
        assert edges[1] <= 400
        assert edges[1] - edges[0] < 300  # the room of `narrow`
        assert too_wide(box) == []
    finally:
        page.set_viewport_size({"width": 1200, "height": 1400})
        page.keyboard.press("Control+b")


def press(page: Page, at: Locator, key: str, done: Callable[[], bool]) -> None:
    """Press a key on an element until the page itself shows that it took it.

    A cell that has just run may pull the focus away once more, and the press with it: then again.
    """
    for _ in range(TRIES):
        at.focus()
        page.keyboard.press(key)
        if done():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{key} on {at} does nothing")


def attribute(element: Locator, name: str, value: str) -> Callable[[], bool]:
    """Whether an element's attribute has this value now."""
    return lambda: element.get_attribute(name) == value


def test_a_trace_is_walked_by_key_and_explains_the_edge_that_was_chosen(
    page_and_lesson: tuple[Page, LessonPage],
) -> None:
    page, lesson = page_and_lesson
    output = lesson.run(len(SOURCES))
    box = output.locator(".bp-experiment")
    box.wait_for()
    figure = box.locator(".bp-figure")
    slider = box.get_by_role("slider", name="step", exact=True)
    slider.wait_for()
    for step in range(1, 8):
        press(page, slider, "ArrowRight", attribute(slider, "aria-valuetext", str(step)))
        expect(figure).to_have_attribute("data-step", str(step), timeout=PATIENCE)
    expect(figure).to_have_attribute("data-state", "wrong", timeout=PATIENCE)
    expect(box.locator(".bp-say")).to_contain_text("the slope of ReLU is left out", timeout=PATIENCE)

    edge = box.locator('[data-pick="act-1-1-1"]')
    press(page, edge, "Enter", attribute(edge, "aria-pressed", "true"))
    behind = box.locator(".bp-behind")
    expect(behind).to_contain_text("The edge from z₁[1] to h₁[1]", timeout=PATIENCE)
    expect(behind).to_contain_text("✗ differs here most", timeout=PATIENCE)
    expect(edge).to_have_attribute("aria-pressed", "true")

    press(page, slider, "ArrowRight", attribute(slider, "aria-valuetext", "8"))
    expect(figure).to_have_attribute("data-step", "8", timeout=PATIENCE)
    other = box.locator('[data-pick="affine-2-0-0"]')
    for _ in range(TRIES):  # the page may scroll between the measuring of a place and the click there
        other.locator(".bp-hit").click(force=True)
        if attribute(other, "aria-pressed", "true")():
            break
    expect(behind).to_contain_text("The edge from h₁[0] to s[0]", timeout=PATIENCE)
    assert serious(page, output) == []
    with narrow(output):
        assert too_wide(box) == []


def test_a_player_moves_its_slider_and_rests_while_nobody_can_see_it(
    page_and_lesson: tuple[Page, LessonPage],
) -> None:
    page, lesson = page_and_lesson
    output = lesson.run(NAMES.index("live_training"))
    shown = ExperimentOnPage(page, output, experiments.get("live_training"))
    box, figure = shown.box, shown.box.locator(".bp-figure")
    slider = box.get_by_role("slider", name="epoch", exact=True)
    play = box.get_by_role("button", name="Play or pause", exact=True)
    stop = box.get_by_role("button", name="Stop and go back to the start", exact=True)
    assert play.is_disabled()
    shown.predict()
    expect(play).to_be_enabled(timeout=PATIENCE)

    def playing(wanted: bool) -> None:
        press(page, play, "Enter", lambda: play.locator(".fa-pause").count() == wanted)

    def moves_on_from(epoch: str | None) -> None:
        expect(figure).not_to_have_attribute("data-epoch", str(epoch), timeout=PATIENCE)

    held = box.element_handle()  # which a locator of what is shown can't find behind another tab

    def rests() -> str:
        epoch = "e => e.querySelector('.bp-figure').dataset.epoch"
        page.wait_for_timeout(300)  # what was on its way
        before = held.evaluate(epoch)
        page.wait_for_timeout(800)  # time for sixteen steps
        assert held.evaluate(epoch) == before
        return str(before)

    playing(True)
    moves_on_from("0")
    playing(False)
    rests()
    press(page, stop, "Enter", attribute(slider, "aria-valuetext", "0"))
    expect(figure).to_have_attribute("data-epoch", "0", timeout=PATIENCE)

    playing(True)
    page.keyboard.press("Control+Shift+L")  # a launcher in front of the notebook
    page.locator(".jp-Launcher").wait_for()
    expect(box).to_be_hidden(timeout=PATIENCE)
    rested = rests()
    tabs = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab")
    tabs.filter(has_text=f"{NAME}.ipynb").click()
    expect(box).to_be_visible(timeout=PATIENCE)
    moves_on_from(rested)
    tabs.filter(has_text="Launcher").locator(".lm-TabBar-tabCloseIcon").click()

    press(page, stop, "Enter", attribute(slider, "aria-valuetext", "0"))
    playing(True)
    box.evaluate("e => { e.style.display = 'none' }")  # as a collapsed output
    rested = rests()
    box.evaluate("e => { e.style.display = '' }")
    moves_on_from(rested)

    press(page, stop, "Enter", attribute(slider, "aria-valuetext", "0"))
    press(page, slider, "End", attribute(slider, "aria-valuetext", str(EPOCHS)))
    press(page, slider, "ArrowLeft", attribute(slider, "aria-valuetext", str(EPOCHS - 1)))
    playing(True)
    expect(figure).to_have_attribute("data-epoch", str(EPOCHS), timeout=PATIENCE)
    expect(play.locator(".fa-play")).to_have_count(1, timeout=PATIENCE)  # it ends by itself
    assert serious(page, output) == []


def test_a_key_on_a_slider_with_a_player_sends_one_message(page_and_lesson: tuple[Page, LessonPage]) -> None:
    page, lesson = page_and_lesson
    output = lesson.run(NAMES.index("live_training"))
    shown = ExperimentOnPage(page, output, experiments.get("live_training"))
    shown.predict()
    page.evaluate(
        "() => { const send = WebSocket.prototype.send; window.told = []; WebSocket.prototype.send = function(data) {"
        " if (data instanceof ArrayBuffer) window.told.push(new TextDecoder().decode(data)); send.call(this, data); } }"
    )
    shown.nudge("epoch", 1)
    shown.wait_for_model()
    assert page.evaluate("() => window.told.filter(text => text.includes('comm_msg')).length") == 1


def test_reduced_motion_is_respected(page_and_lesson: tuple[Page, LessonPage]) -> None:
    """Nothing inside an experiment glides where the reader asks for stillness; where not, something does."""
    page, lesson = page_and_lesson
    output = lesson.run(NAMES.index("twins"))
    box = output.locator(".bp-experiment")
    handle = box.locator(".noUi-target").first
    handle.wait_for()
    handle.evaluate(
        "e => e.classList.add('noUi-state-tap')"
    )  # as a click beside the handle leaves it for a moment
    gliding = (
        "e => [...e.querySelectorAll('*')].filter(c => { const s = getComputedStyle(c);"
        " return s.transitionProperty !== 'none' && parseFloat(s.transitionDuration) > 0 }).length"
    )
    found = {}
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        found[motion] = box.evaluate(gliding)
    page.emulate_media(reduced_motion="no-preference")
    assert found["reduce"] == 0
    assert found["no-preference"] > 0
