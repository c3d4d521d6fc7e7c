"""Is everything here that the lessons need? Findings with a mend for each, and a card that shows them.

Nothing here raises: a machine that is half set up must still get its sentences.
"""

from __future__ import annotations

import errno
import html
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

DISTRIBUTION = "backprop-course"
START_AGAIN = (
    "Close this page, stop JupyterLab, and start the course with `make lab` or `backprop learn`: "
    "both set up what is missing."
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    name: what it is about; ok: whether it is as it should be; says: what was found, a sentence;
    mend: what to do about it, "" where nothing is to do.
    """

    name: str
    ok: bool
    says: str
    mend: str = ""


def check_python(version: Sequence[int] | None = None, needed: tuple[int, int] = (3, 11)) -> Finding:
    """Whether Python is new enough. version: (major, minor, …), by default the running one."""
    major, minor, *_ = version if version is not None else sys.version_info
    found = f"{major}.{minor}"
    if (major, minor) >= needed:
        return Finding("Python", True, f"Python {found} runs this page.")
    wanted = ".".join(map(str, needed))
    return Finding(
        "Python",
        False,
        f"Python {found} runs this page; the course needs {wanted} or newer.",
        f"Install Python {wanted} or newer beside it. {START_AGAIN}",
    )


def check_packages(
    requirements: Sequence[str] | None = None, version_of: Callable[[str], str] = metadata.version
) -> Finding:
    """Whether every package a learner needs is installed in a version that fits.

    requirements: as "numpy>=2.2", by default those the installed course declares; version_of: name → installed
    version, raising PackageNotFoundError where there is none.
    """
    from packaging.requirements import Requirement

    try:
        declared = metadata.requires(DISTRIBUTION) or [] if requirements is None else requirements
    except metadata.PackageNotFoundError:
        return Finding(
            "Packages",
            False,
            "The course itself is not installed, so what it needs is unknown.",
            START_AGAIN,
        )
    missing, unfit, shown = [], [], []
    for requirement in map(Requirement, declared):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = version_of(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            unfit.append(f"{requirement.name} {version} (needed: {requirement.specifier})")
        shown.append(f"{requirement.name} {version}")
    if not missing and not unfit:
        return Finding("Packages", True, f"All are here: {', '.join(shown)}.")
    wrong = [f"{', '.join(missing)} not installed"] if missing else []
    wrong += [f"{', '.join(unfit)} does not fit"] if unfit else []
    return Finding(
        "Packages",
        False,
        f"Of the packages the lessons need, {'; '.join(wrong)}.",
        f"This page may be running on another Python than the course's own. {START_AGAIN}",
    )


def check_folder(folder: Path | None = None) -> Finding:
    """Whether a file can be written and read back in `folder` (default: the one this page works in)."""
    where = folder or Path.cwd()
    text = "backprop" * 512
    try:
        with tempfile.NamedTemporaryFile("w+", dir=where, prefix=".backprop-", suffix=".tmp") as file:
            file.write(text)
            file.flush()
            file.seek(0)
            whole = file.read() == text
    except OSError as error:
        return Finding("Folder", False, *_folder_trouble(error))
    if not whole:
        return Finding(
            "Folder",
            False,
            "What was written into this folder came back different.",
            "The disk or the network drive is at fault: copy the course to another place and start it there.",
        )
    return Finding("Folder", True, "Your work can be saved in this folder.")


def _folder_trouble(error: OSError) -> tuple[str, str]:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "The disk is full, so your work can't be saved.",
            "Delete or move something large, empty the bin, and run this cell again.",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            "You have no permission to write in this folder, so your work can't be saved.",
            "Copy the course into your own home folder and start it there.",
        )
    if error.errno == errno.ENOENT:
        return (
            "The folder this page lived in is gone; it was moved or deleted while the page was open.",
            START_AGAIN,
        )
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return (
        f"Writing into this folder failed ({reason.lower()}), so your work can't be saved.",
        "Copy the course to another place, such as your home folder, and start it there.",
    )


@dataclass(frozen=True)
class Environment:
    """All findings, shown as a card in a notebook and as lines of text anywhere else."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended (widgets can only be judged by looking)."""
        return all(finding.ok for finding in self.findings)

    @property
    def headline(self) -> str:
        """The result in a sentence."""
        bad = sum(not finding.ok for finding in self.findings)
        if not bad:
            return "Your machine is ready."
        return f"{'One thing has' if bad == 1 else f'{bad} things have'} to be mended before you start."

    def __repr__(self) -> str:
        lines = []
        for finding in self.findings:
            lines.append(f"{'✓' if finding.ok else '✗'} {finding.name}: {finding.says}")
            if finding.mend:
                lines.append(f"  mend · {finding.mend}")
        return "\n".join([self.headline, *lines])

    def static(self) -> str:
        """The card as HTML. Its last line says whether widgets are alive, which only the page itself can know:
        it changes as soon as a live widget stands in the same output."""
        rows = "".join(_row(finding) for finding in self.findings)
        return (
            f"<style>{_STYLE}</style><section class='bp-env' aria-label='Environment check'>"
            f"<strong>{html.escape(self.headline)}</strong><ul>{rows}"
            f"<li class='bp-env-live'>{_SIGNS[True]} <b>Widgets:</b> {_ALIVE}</li>"
            f"<li class='bp-env-dead'>○ <b>Widgets:</b> {_text(_DEAD)}</li></ul></section>"
        )

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display({"text/html": self.static(), "text/plain": repr(self)}, raw=True)
        sign = _sign()
        if sign is not None:
            display(sign, raw=True)


def environment_check(folder: Path | None = None) -> Environment:
    """Look at Python, the packages, this folder and the widgets; the result shows itself.

    folder: the folder that must be writable, by default the current one.
    """
    return Environment((check_python(), check_packages(), check_folder(folder)))


_ALIVE = "they are alive, so sliders will move."
_DEAD = (
    "none is alive on this page. If you are reading a finished page, all is well. If you ran this cell yourself and "
    f"this line stays: {START_AGAIN[0].lower()}{START_AGAIN[1:]}"
)


def _sign() -> dict[str, Any] | None:
    """A widget that shows nothing but whose presence the card's style sees; None where widgets don't work."""
    try:
        import ipywidgets

        sign = ipywidgets.HTML("<span class='bp-env-sign'></span>")
        bundle: dict[str, Any] = dict(sign._repr_mimebundle_())
    except Exception:
        return None  # the card then keeps saying that no widget is alive, and what to do
    bundle["text/plain"] = ""
    return bundle


def _text(sentence: str) -> str:
    """A sentence as HTML, with `commands` set as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence))


_SIGNS = {
    ok: f"<span style='color:var(--jp-{colour}-color1, currentColor)'>{sign}</span>"
    for ok, sign, colour in ((True, "✓", "success"), (False, "✗", "error"))
}


def _row(finding: Finding) -> str:
    mend = f"<br><em>Mend:</em> {_text(finding.mend)}" if finding.mend else ""
    return f"<li>{_SIGNS[finding.ok]} <b>{html.escape(finding.name)}:</b> {_text(finding.says)}{mend}</li>"


# The page decides which of the two lines about widgets is shown, without a script; and the empty widget's own output,
# or the error line in its place, takes no room.
_VIEW = "[data-mime-type='application/vnd.jupyter.widget-view+json']"
_STYLE = (
    ".bp-env{border:1px solid var(--jp-border-color2, #9e9e9e);border-radius:4px;padding:.6em 1em;max-width:46em;"
    "background:var(--jp-layout-color1, #ffffff);color:var(--jp-content-font-color1, #1a1a1a);"
    "font-family:var(--jp-content-font-family, sans-serif)}"
    ".bp-env ul{list-style:none;margin:.5em 0 0;padding:0}.bp-env li{margin:.25em 0}"
    ".bp-env-live{display:none}"
    ".jp-OutputArea:has(.bp-env-sign) .bp-env-live{display:list-item}"
    ".jp-OutputArea:has(.bp-env-sign) .bp-env-dead{display:none}"
    f".jp-OutputArea:has(.bp-env) .jp-OutputArea-child:has({_VIEW}){{height:0;overflow:hidden;margin:0;padding:0}}"
)
