"""Every lesson in a real JupyterLab in a real Chromium: an exercise solved by typing, experiments moved by key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from chromium import launched, shuts_out
from lesson_page import NOTEBOOKS, SHOWN, ExperimentOnPage, LessonPage, cells, place
from playwright.sync_api import Page, expect
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import diagnose, experiments
from backprop_helpers.experiments.experiment import Slider

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LESSONS = sorted(path.name for path in NOTEBOOKS.iterdir())


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    """One JupyterLab and one Chromium for all lessons: the page, and the address of a lesson."""
    folder = tmp_path_factory.mktemp("learner")
    for name in LESSONS:
        cells(name)  # as they are copied in this moment
    with (
        launched() as browser,
        learning(folder / "workspace", NOTEBOOKS, folder, "--no-browser", "00") as session,
    ):
        address = session.address()
        page, outside = opened(browser, address, "light")
        page.set_viewport_size({"width": 1200, "height": 1400})
        yield page, address
        assert outside == []
        assert session.end() == 0


@pytest.fixture(scope="module", params=LESSONS)
def lesson(lab: tuple[Page, str], request: pytest.FixtureRequest) -> Iterator[LessonPage]:
    """A lesson with its first cell run; its kernel is ended afterwards, so that one at a time takes memory."""
    page, address = lab
    name: str = request.param
    shown = LessonPage(page, name)
    shown.open(address)
    shown.run(next(i for i, cell in enumerate(cells(name)) if cell.cell_type == "code"))
    yield shown
    shown.end_kernels(address)


def first_exercise(name: str) -> str:
    ids = [str(cell.metadata.get("nbgrader", {}).get("grade_id", "")) for cell in cells(name)]
    return next(i for i in ids if i.startswith("exercise-")).removeprefix("exercise-")


def test_an_exercise_is_solved_by_typing(lesson: LessonPage) -> None:
    """First the grey card of the stub and one line for a traceback, then the green one; the progress cell knows it too."""
    exercise = first_exercise(lesson.name)

    def stub(*_: object) -> None:
        raise NotImplementedError

    stub.__name__ = exercise
    said = lesson.check(exercise, says=diagnose(exercise, stub).message)
    assert said.startswith(f"○ {exercise} is still empty")
    assert said.strip().split("\n")[-1] == f"○ {exercise} is waiting for you: the card above says what to do."
    assert shuts_out(lesson.page, f"{SHOWN} .jp-OutputArea") == []

    lesson.solve(exercise)
    said = lesson.check(exercise, says="holds")
    assert said.startswith("✓")
    card = lesson.run(place(lesson.name, source=f'progress("{lesson.name}")'))
    expect(card.locator("li", has_text=exercise).first).to_have_text(
        re.compile(r"^✓.*holds$"), timeout=PATIENCE
    )


def test_experiments_answer_to_the_keyboard(lesson: LessonPage) -> None:
    """Each of the page: locked until a prediction is made, then every slider moves the picture as its model says."""
    on_page = {f"{name}()": name for name in experiments.names()}
    names = [on_page[cell.source.strip()] for cell in cells(lesson.name) if cell.source.strip() in on_page]
    assert names, f"{lesson.name} shows no experiment"
    for name in names:
        experiment = experiments.get(name)
        output = lesson.run(place(lesson.name, source=f"{name}()"))
        assert not output.locator(".bp-static").is_visible()
        shown = ExperimentOnPage(lesson.page, output, experiment)
        shown.wait_for_model()
        if experiment.prediction is not None:
            assert shown.locked()
            shown.predict()
        for control in experiment.controls:
            if isinstance(control, Slider):
                shown.nudge(control.name)
                shown.wait_for_model()
        expect(output.locator(".bp-say")).to_have_text(
            experiment.show(**shown.values).sentence, timeout=PATIENCE
        )


@pytest.mark.parametrize("lesson", ["01_forward_pass"], indirect=True)
def test_a_misspelt_name_is_explained(lesson: LessonPage) -> None:
    lesson.rename("relu_forward", "relu_foward")
    expected = (
        "There is no function relu_forward here, but there is relu_foward: give it the name relu_forward"
    )
    said = lesson.check("relu_forward", says=expected)
    assert said.startswith("✗ There is no function")
    assert said.strip().split("\n")[-1] == "✗ relu_forward does not hold yet: the card above says why."
