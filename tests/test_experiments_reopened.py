"""A notebook that nobody runs: every experiment stands there as a picture with its text line, and not as an error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from chromium import launched
from gallery_page import NAME, gallery_course
from lesson_page import LessonPage
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, expect
from test_experiments_browser import SOURCES
from test_learn import learning
from test_learn_browser import PATIENCE, opened

from backprop_helpers import experiments
from backprop_helpers.experiments.live import NOTE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = experiments.names()


def saved(name: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The outputs that a run cell of this experiment leaves in the file; widget state is not saved."""
    shown: list[Any] = []
    monkeypatch.setattr(
        "backprop_helpers.experiments.live.display",
        lambda bundle, raw: shown.append(nbformat.v4.new_output("display_data", data=bundle)),
    )
    experiments.get(name)()._ipython_display_()
    return shown


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = gallery_course(tmp_path / "course", SOURCES)
    path = folder / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell, name in zip(notebook.cells, NAMES, strict=True):
        cell.outputs = saved(name, monkeypatch)
        assert len(cell.outputs) == 2
    nbformat.write(notebook, path)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


def every_picture_is_seen(page: Page) -> None:
    """All pictures drawn and all lines readable, in the order of the notebook, and no word of an error."""
    pictures = page.locator(".bp-static img")
    expect(pictures).to_have_count(len(NAMES), timeout=PATIENCE)
    for name, picture, static in zip(NAMES, pictures.all(), page.locator(".bp-static").all(), strict=True):
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible(timeout=PATIENCE)
        page.wait_for_function("e => e.complete && e.naturalWidth > 300", arg=picture.element_handle())
        experiment = experiments.get(name)
        expect(static).to_contain_text(experiment.show(**experiment.snapshot).sentence)
        expect(static).to_contain_text(NOTE)
    seen = page.locator("body").inner_text()
    for word in ("Error displaying widget", "Loading widget", "[controls of", "Javascript Error"):
        assert word not in seen


def test_nbconvert_shows_pictures_without_a_network(browser: Browser, course: Path, tmp_path: Path) -> None:
    html, _ = HTMLExporter().from_filename(str(course / NAME / f"{NAME}.ipynb"))
    target = tmp_path / "page.html"
    target.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort()
    )
    page.goto(target.as_uri())
    every_picture_is_seen(page)
    page.close()


def test_jupyterlab_shows_pictures_before_anything_runs(
    browser: Browser, course: Path, tmp_path: Path
) -> None:
    with learning(tmp_path / "workspace", course, tmp_path, "--no-browser", "00") as session:
        address = session.address()
        page, outside = opened(browser, address, "light")
        LessonPage(page, NAME).open(address)
        every_picture_is_seen(page)
        assert outside == []
        page.close()
        assert session.end() == 0
