"""Every experiment in a real JupyterLab: driven by key, read back, and looked at by axe-core in both themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import launched, shuts_out
from gallery_page import NAME, gallery_course
from lesson_page import ExperimentOnPage, LessonPage
from playwright.sync_api import Locator, Page, expect
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import experiments
from backprop_helpers.experiments.experiment import Slider

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


def test_it_fits_a_page_of_400_pixels(page_and_lesson: tuple[Page, LessonPage]) -> None:
    """Nothing is wider than the page, but for a graph that scrolls inside its own frame."""
    page, lesson = page_and_lesson
    frames = [lesson.run(NAMES.index(name)).locator(".bp-experiment") for name in ("folds", "race")]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+b")  # the file browser away, as on a narrow screen
    page.set_viewport_size({"width": 400, "height": 900})
    try:
        for frame in frames:
            frame.scroll_into_view_if_needed()
            assert frame.evaluate("e => e.getBoundingClientRect().right") <= 400
            wide = frame.evaluate(
                "e => Math.max(...[...e.querySelectorAll('svg.bp-panel,.widget-inline-hbox,button,p')]"
                ".map(c => c.getBoundingClientRect().right)) - e.getBoundingClientRect().right"
            )
            assert wide <= 1
    finally:
        page.set_viewport_size({"width": 1200, "height": 1400})
        page.keyboard.press("Control+b")


def test_a_trace_is_walked_by_key_and_explains_the_edge_that_was_chosen(
    page_and_lesson: tuple[Page, LessonPage],
) -> None:
    page, lesson = page_and_lesson
    output = lesson.run(len(SOURCES))
    box = output.locator(".bp-experiment")
    box.wait_for()
    figure = box.locator(".bp-figure")
    slider = box.get_by_role("slider", name="step", exact=True)
    slider.focus()
    for step in range(1, 8):
        page.keyboard.press("ArrowRight")
        expect(figure).to_have_attribute("data-step", str(step), timeout=PATIENCE)
    expect(figure).to_have_attribute("data-state", "wrong")
    expect(box.locator(".bp-say")).to_contain_text("the slope of ReLU is left out")

    edge = box.locator('[data-pick="act-1-1-1"]')
    edge.focus()
    page.keyboard.press("Enter")
    behind = box.locator(".bp-behind")
    expect(behind).to_contain_text("The edge from z₁[1] to h₁[1]", timeout=PATIENCE)
    expect(behind).to_contain_text("✗ differs here most")
    expect(edge).to_have_attribute("aria-pressed", "true")

    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(figure).to_have_attribute("data-step", "8", timeout=PATIENCE)
    box.locator('[data-pick="affine-2-0-0"] .bp-hit').click(force=True)
    expect(behind).to_contain_text("The edge from h₁[0] to s[0]", timeout=PATIENCE)
    assert serious(page, output) == []
