"""Nothing stands between the learner and the first cell: a real JupyterLab in a real Chromium."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from chromium import launched
from playwright.sync_api import Browser, Page, TimeoutError
from test_learn import course, learning

__all__ = ["course"]

READY = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
PATIENCE = 90_000  # ms: a machine that runs other tests at the same time


def opened(browser: Browser, address: str, scheme: str) -> tuple[Page, list[str]]:
    """The page once its kernel is ready, and every address outside this machine it asked for."""
    page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1", "data:", "blob:"))
            else outside.append(request.url)
        ),
    )
    page.goto(address)
    page.wait_for_selector(READY)
    return page, outside


def theme(page: Page) -> str:
    return str(page.evaluate("document.body.dataset.jpThemeName"))


@pytest.mark.browser
@pytest.mark.slow
def test_the_first_cell_can_be_run_at_once_and_settings_last(tmp_path: Path, course: Path) -> None:
    workspace = tmp_path / "w"
    with launched() as browser:
        with learning(workspace, course, tmp_path, "--no-browser", "01") as session:
            page, outside = opened(browser, session.address(), "dark")
            page.wait_for_function("document.body.dataset.jpThemeName == 'JupyterLab Dark'")
            assert page.locator(".jp-NotebookPanel-notebook h1").inner_text().startswith("01_forward_pass")
            run_the_first_cell(page, "2")

            assert page.locator(".jp-Dialog").count() == 0
            assert page.locator(".Toastify__toast").count() == 0
            assert page.get_by_text("Nbgrader", exact=True).count() == 0
            assert page.get_by_text("Validate", exact=True).count() == 1
            assert "Notebook trusted" in str(page.locator(".jp-StatusItem-trust").get_attribute("title"))
            assert outside == []

            choose_theme(page, "JupyterLab Light")
            page.wait_for_function("document.body.dataset.jpThemeName == 'JupyterLab Light'")
            page.keyboard.press("Control+s")
            page.close()
            assert session.end() == 0
            assert not [line for line in session.said if "Traceback" in line]

        with learning(workspace, course, tmp_path, "--no-browser", "01") as session:
            page, _ = opened(browser, session.address(), "dark")
            assert theme(page) == "JupyterLab Light"  # the learner's choice, not the system's
            assert page.locator(".jp-Dialog").count() == 0
            page.close()
            session.end()


def run_the_first_cell(page: Page, expected: str) -> None:
    """Click into it, press Shift+Enter, see the result; again while the page is still settling its focus."""
    output = page.locator(".jp-CodeCell .jp-OutputArea-output")
    for _ in range(9):
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        with contextlib.suppress(TimeoutError):
            output.first.wait_for(timeout=PATIENCE / 9)
            break
    assert output.first.inner_text().strip() == expected


def choose_theme(page: Page, name: str) -> None:
    """Settings → Theme, as a learner does it: first stop following the system, then choose."""
    for item in ("Synchronize with System Settings", name):
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Settings$")).click()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).first.click()
