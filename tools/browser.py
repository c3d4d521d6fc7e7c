"""A Chromium for the tests in a browser: the one there is, or Playwright's own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
BROWSER_FILES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def find_browser(python: Path, variables: dict[str, str]) -> str | None:
    """A Chromium for the browser tests: one named by BACKPROP_BROWSER, an installed one, else Playwright's own.

    Playwright's is downloaded if need be. None, and a sentence, when there is none to be had.
    """
    named = variables.get("BACKPROP_BROWSER")
    candidates = [named, *map(shutil.which, BROWSERS), *BROWSER_FILES]
    found = next((path for path in candidates if path and Path(path).is_file()), None)
    if found:
        return found
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"

    def own() -> str | None:
        asked = subprocess.run([str(python), "-c", code], capture_output=True, text=True, env=variables)
        path = asked.stdout.strip()
        return path if path and Path(path).is_file() else None

    if own() is None:
        print("No Chromium here, so Playwright downloads its own for the browser tests …")
        subprocess.call([str(python), "-m", "playwright", "install", "chromium"], env=variables)
    if own() is None:
        print(
            "There is no Chromium, and none could be downloaded: install one (Debian: `sudo apt-get install "
            "chromium`) or set BACKPROP_BROWSER to its path; without it the browser tests are skipped, in CI they fail."
        )
    return own()
