"""Photograph the course for its README: `make pictures` writes docs/pictures/lesson.png.

Nothing is staged: a learner's JupyterLab, lesson 01, a prediction made, sliders moved, an exercise solved and checked.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from chromium import launched
from lesson_page import NOTEBOOKS, ExperimentOnPage, LessonPage, place
from PIL import Image
from playwright.sync_api import expect
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import experiments

PICTURE = NOTEBOOKS.with_name("docs") / "pictures" / "lesson.png"
LESSON, EXERCISE = "01_forward_pass", "relu_forward"
WIDTH, HEIGHT = 1200, 2200
BELOW = 34  # the status bar, and a little air


def lesson(path: Path) -> None:
    """One page of lesson 01: what a hidden layer does, above the exercise that follows it."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        home = Path(folder)
        with learning(home / "workspace", NOTEBOOKS, home, "--no-browser", "01") as session:
            address = session.address()
            page, _ = opened(browser, address, "light")
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            shown = LessonPage(page, LESSON)
            shown.open(address)
            page.keyboard.press("Control+b")  # the file browser away
            shown.run(1)
            output = shown.run(place(LESSON, source="folds()"))
            experiment = ExperimentOnPage(page, output, experiments.get("folds"))
            experiment.predict(answer=1)
            experiment.nudge("units", 3)
            experiment.choose("activation", "ReLU")
            experiment.wait_for_model()
            shown.solve(EXERCISE)
            shown.check(EXERCISE, says="holds")
            top = shown.cell(place(LESSON, source="folds()"))
            top.evaluate("e => e.scrollIntoView()")
            card = shown.cell(place(LESSON, grade_id=f"check-{EXERCISE}")).locator(".jp-Cell-outputArea")
            box = card.bounding_box()
            assert box is not None
            page.set_viewport_size({"width": WIDTH, "height": round(box["y"] + box["height"]) + BELOW})
            top.evaluate("e => e.scrollIntoView()")
            page.mouse.move(0, 0)
            expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_be_visible(
                timeout=PATIENCE
            )
            save(page.screenshot(), path)


def save(png: bytes, path: Path) -> None:
    """As a PNG of at most 256 colours, which is a third of the size and looks the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)
    print(f"{path}: {picture.width} × {picture.height}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    lesson(PICTURE)
