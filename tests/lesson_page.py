"""One lesson open in a real JupyterLab, worked as a learner works it: with the keyboard, and by reading the page."""

from __future__ import annotations

import contextlib
import functools
import html
import re
import time
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Error, Locator, Page, TimeoutError, expect
from test_learn import ask
from test_learn_browser import PATIENCE, READY

from backprop_helpers.experiments.experiment import Experiment, Slider

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
SOLUTIONS = NOTEBOOKS.with_name("solutions")
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
STUB = "raise NotImplementedError()"
TRIES = 15  # of what the page may lose while it still settles, sharing PATIENCE
DATA = (
    "e => Object.fromEntries(e.getAttributeNames().filter(n => n.startsWith('data-'))"
    ".map(n => [n, e.getAttribute(n)]))"
)

ATTRIBUTE = re.compile(r' (data-[\w-]+)="([^"]*)"')


@functools.cache  # a lesson rebuilt meanwhile does not change the copy in the workspace
def cells(name: str, folder: Path = NOTEBOOKS) -> list[Any]:
    """The cells of a lesson as it is released (or of its solution)."""
    return list(nbformat.read(folder / name / f"{name}.ipynb", as_version=4).cells)


def place(name: str, *, grade_id: str = "", source: str = "") -> int:
    """The position of the cell with nbgrader's `grade_id`, or of the one whose whole text is `source`."""
    for index, cell in enumerate(cells(name)):
        if grade_id and cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            return index
        if source and cell.source.strip() == source:
            return index
    raise AssertionError(f"{name} has no cell {grade_id or source!r}")


def solution(name: str, exercise: str) -> list[str]:
    """The lines a learner would write in place of the stub's `raise`, without the indentation of the first."""
    text = cells(name, SOLUTIONS)[place(name, grade_id=f"exercise-{exercise}")].source
    found = re.search(r"### BEGIN SOLUTION\n(.*?)\n\s*### END SOLUTION", text, re.DOTALL)
    assert found, f"the solution of {exercise} has no markers"
    return found[1].split("\n")


class LessonPage:
    """A JupyterLab page that shows the lesson `name`."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name

    def open(self, address: str) -> None:
        """Go to the lesson, given the address of any lesson of this JupyterLab; ready when its kernel is."""
        own = re.sub(r"(/lab/tree/).*(\?)", rf"\g<1>{self.name}/{self.name}.ipynb\2", address)
        # without the lessons that were open before: they would be loaded too
        self.page.goto(f"{own}&reset")
        self.page.locator(".lm-DockPanel .lm-mod-current", has_text=f"{self.name}.ipynb").wait_for()
        self.page.wait_for_selector(f"{SHOWN} {READY}")

    def cell(self, index: int) -> Locator:
        """The cell at this position. Cells far away are put into the page in idle moments."""
        return self.page.locator(f'{SHOWN} .jp-Cell[data-windowed-list-index="{index}"]')

    def run(self, index: int) -> Locator:
        """Click into the cell, press Shift+Enter, and give its output area when it has ended.

        Once more where the press was lost, as while the page still settles its focus; a cell may be run twice.
        """
        cell = self.cell(index)
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.text_content()
        for _ in range(TRIES):
            self._click(cell, cell.locator(".cm-line").first)
            self.page.keyboard.press("Shift+Enter")
            with contextlib.suppress(TimeoutError):
                self._until(
                    "([e, old]) => e.textContent !== old", [prompt.element_handle(), before], PATIENCE / TRIES
                )
                break
        self._until("e => /\\d/.test(e.textContent)", prompt.element_handle())
        return cell.locator(".jp-Cell-outputArea")

    def _click(self, cell: Locator, inside: Locator) -> None:
        """Scroll to the cell and click; again when cells above grew meanwhile and pushed it out of sight."""
        for _ in range(TRIES):
            with contextlib.suppress(
                Error
            ):  # also where the page has put another element in the cell's place
                cell.scroll_into_view_if_needed()
                return inside.click(timeout=PATIENCE / TRIES)
        return inside.click()

    def type_over(self, index: int, line: str, lines: list[str]) -> None:
        """Put `lines` in place of the line that contains `line`, key by key."""
        cell = self.cell(index)
        self._click(cell, cell.locator(".cm-line", has_text=line))
        keys = self.page.keyboard
        keys.press("End")
        keys.press("Shift+Home")  # to the indentation
        for number, text in enumerate(lines):
            if number:
                keys.press("Enter")
            keys.press("Shift+Home")  # to the start of the line: what the editor indented is typed over
            keys.type(text)

    def rename(self, old: str, new: str) -> None:
        """Change the name of a function in its exercise's cell, and nothing else."""
        index = place(self.name, grade_id=f"exercise-{old}")
        line = next(
            text for text in cells(self.name)[index].source.split("\n") if text.startswith(f"def {old}(")
        )
        self.type_over(index, line, [line.replace(old, new)])

    def solve(self, exercise: str) -> None:
        """Type the solution of an exercise into its stub."""
        index = place(self.name, grade_id=f"exercise-{exercise}")
        self.type_over(index, STUB, solution(self.name, exercise))

    def check(self, exercise: str, says: str) -> str:
        """Run the cell of the exercise, then its check; everything that shows as soon as it `says` that."""
        self.run(place(self.name, grade_id=f"exercise-{exercise}"))
        output = self.run(place(self.name, grade_id=f"check-{exercise}"))
        expect(output).to_contain_text(says, timeout=PATIENCE)
        return output.inner_text()

    def end_kernels(self, address: str) -> None:
        """Leave the page and end every kernel of this JupyterLab."""
        self.page.goto("about:blank")
        base, token = address.split("/lab")[0], address.split("token=")[1]
        headers = {"Authorization": f"token {token}"}
        for kernel in ask(address, "/api/kernels"):
            self.page.request.delete(f"{base}/api/kernels/{kernel['id']}", headers=headers, timeout=PATIENCE)

    def _until(self, condition: str, argument: Any, patience: float = PATIENCE) -> None:
        self.page.wait_for_function(condition, arg=argument, timeout=patience)


class ExperimentOnPage:
    """A live experiment in an output area."""

    def __init__(self, page: Page, output: Locator, experiment: Experiment) -> None:
        self.page, self.experiment = page, experiment
        self.box = output.locator(".bp-experiment")
        self.box.wait_for()
        self.values = experiment.values()

    def predict(self, answer: int = 0) -> None:
        """Tab to an answer and press Space."""
        self.box.locator(".bp-title").click()
        self.tab_to(self.box.locator(".bp-options button").nth(answer))
        self.page.keyboard.press("Space")
        self.box.locator(".bp-told details").wait_for()

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until `wanted` has the focus, as somebody without a mouse does."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("e => e === document.activeElement"):
                return
        raise AssertionError(f"Tab never reaches {wanted}")

    def locked(self) -> bool:
        """Whether the sliders still wait for a prediction, for the eye and for a screen reader."""
        sliders = self.box.get_by_role("slider").all()
        return all(slider.get_attribute("aria-disabled") == "true" for slider in sliders)

    def nudge(self, name: str, times: int = 1) -> None:
        """Tab to a slider and press an arrow: up, or down where it stands at its upper end."""
        control = next(c for c in self.experiment.controls if isinstance(c, Slider) and c.name == name)
        self.tab_to(self.box.get_by_role("slider", name=control.label, exact=True))
        up = control.start + times * control.step <= control.high
        for _ in range(times):
            self.page.keyboard.press("ArrowRight" if up else "ArrowLeft")
        moved = round(control.start + times * (control.step if up else -control.step), 9)
        self.values[name] = 10.0**moved if control.log else type(control.start)(moved)

    def choose(self, name: str, option: str) -> None:
        """Choose an entry of a drop-down list."""
        label = next(c.label for c in self.experiment.controls if c.name == name)
        self.box.get_by_label(label, exact=True).select_option(option)
        self.values[name] = option

    def data(self) -> dict[str, str]:
        """The data attributes of the picture, which hold what its model said."""
        return dict(self.box.locator(".bp-figure").evaluate(DATA))

    def wait_for_model(self) -> None:
        """Poll until the picture holds exactly the numbers and words of the model at `values`, computed here."""
        shown = self.experiment.show(**self.values)
        expected = {
            name: html.unescape(text) for name, text in ATTRIBUTE.findall(shown.html.split(">", 1)[0])
        }
        assert expected
        end = time.monotonic() + PATIENCE / 1000
        while (found := self.data()) != expected:
            assert time.monotonic() < end, f"{self.experiment.name} shows {found}, its model says {expected}"
            self.page.wait_for_timeout(20)
