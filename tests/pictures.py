"""Photograph the course for its README: `make pictures` writes docs/pictures/lesson.png and lesson-dark.png.

Nothing is staged: a learner's JupyterLab, lesson 04, a prediction made, a slider moved, and below it an exercise with one slip in
it, checked. What lies between the two on the page is left out.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from chromium import launched
from lesson_page import NOTEBOOKS, ExperimentOnPage, LessonPage, place, solution
from PIL import Image
from playwright.sync_api import Page, expect
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import experiments

PICTURES = NOTEBOOKS.with_name("docs") / "pictures"
NAMES = {"light": "lesson.png", "dark": "lesson-dark.png"}
LESSON, EXPERIMENT, EXERCISE = "04_backward_pass", "backward_steps", "affine_backward"
SLIP = ("dout.sum(axis=0)", "dout.mean(axis=0)")
SAYS = "db is the mean of dout over the rows"
WIDTH, HEIGHT = 1200, 2400
BELOW = 2  # the last line whole


def lesson(path: Path, theme: str) -> None:
    """The experiment of lesson 04, and its first exercise with a mean where a sum belongs."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        home = Path(folder)
        with learning(home / "workspace", NOTEBOOKS, home, "--no-browser", "04") as session:
            address = session.address()
            page, _ = opened(browser, address, theme)
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            shown = LessonPage(page, LESSON)
            shown.open(address)
            page.keyboard.press("Control+b")  # the file browser away
            shown.run(1)
            cell = place(LESSON, source=f"{EXPERIMENT}()")
            output = shown.run(cell)
            experiment = ExperimentOnPage(page, output, experiments.get(EXPERIMENT))
            experiment.predict(answer=1)
            experiment.nudge("step", 9)
            experiment.wait_for_model()
            index = place(LESSON, grade_id=f"exercise-{EXERCISE}")
            wrong = [line.replace(*SLIP) for line in solution(LESSON, EXERCISE)]
            shown.type_over(index, "raise NotImplementedError()", wrong)
            shown.check(EXERCISE, says=SAYS)
            check = place(LESSON, grade_id=f"check-{EXERCISE}")
            save([part(shown, page, cell, cell), part(shown, page, index, check)], path)


def part(shown: LessonPage, page: Page, first: int, last: int) -> Image.Image:
    """The notebook from one cell to the end of what another shows, as wide as the page."""
    shown.cell(first).evaluate("e => e.scrollIntoView()")
    page.mouse.move(0, 0)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)  # the page's own soft movements
    top = shown.cell(first).bounding_box()
    end = shown.cell(last).locator(".jp-Cell-outputArea").bounding_box()
    assert top is not None
    assert end is not None
    clip = {
        "x": top["x"],
        "y": top["y"],
        "width": top["width"],
        "height": end["y"] + end["height"] - top["y"] + BELOW,
    }
    return Image.open(io.BytesIO(page.screenshot(clip=clip)))  # type: ignore[arg-type]


def save(parts: list[Image.Image], path: Path) -> None:
    """One below the other, as a PNG of at most 256 colours, which is a third of the size and looks the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = Image.new(
        "RGB", (parts[0].width, sum(p.height for p in parts)), parts[0].convert("RGB").getpixel((0, 0))
    )
    top = 0
    for one in parts:
        whole.paste(one, (0, top))
        top += one.height
    picture = whole.quantize(256, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(f"{path}: {picture.width} × {picture.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    for theme, name in NAMES.items():
        lesson(PICTURES / name, theme)
