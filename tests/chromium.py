"""A real Chromium for the tests that need one: a missing browser is skipped on a desk and fails in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


def find(playwright: Playwright) -> str | None:
    """The path of a Chromium: the one `make test` found, one on PATH, or Playwright's own."""
    candidates = [
        os.environ.get("BACKPROP_BROWSER"),
        *map(shutil.which, NAMES),
        playwright.chromium.executable_path,
    ]
    return next((path for path in candidates if path and Path(path).is_file()), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium without a window, closed at the end. Skips the test without one; in CI that is a failure."""
    with sync_playwright() as playwright:
        path = find(playwright)
        if path is None:
            said = "no Chromium: install one, or set BACKPROP_BROWSER to its path"
            if os.environ.get("CI", "").lower() in ("", "0", "false"):
                pytest.skip(said)
            pytest.fail(said)
        # its sandbox can't be used by root, as in a container; the only page shown is our own
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        flags = ["--disable-gpu", "--disable-background-networking", *(["--no-sandbox"] if root else [])]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def shuts_out(page: Page, inside: str | None = None) -> list[str]:
    """What axe-core calls serious or critical on a page, or inside what a selector finds: rule and element."""
    found: Any = Axe().run(page, context=inside).response
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
