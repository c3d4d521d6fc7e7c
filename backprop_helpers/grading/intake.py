"""What a learner handed in, read with suspicion: whatever is wrong becomes that learner's sentence, nobody else's problem.

Two steps: `receive` takes the bytes of the one file that counts, without following links or waiting for anything;
`parse` takes the cells out of the bytes, as far as they can be understood.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

MAX_BYTES = 16 * 2**20  # the largest lesson with all its outputs has 130 kB
MAX_CELLS = 5_000
MAX_SOURCE = 200_000  # characters of one cell
MAX_PARTS = 1_000_000  # values in the JSON: each costs about 100 bytes of memory
MAX_ATTACHED = 4 * 2**20  # characters of all pictures of one answer
PICTURES = ("image/png", "image/jpeg", "image/gif")  # an SVG can carry a script
AGAIN = "Open the notebook, save it, and hand it in again."


class Unreadable(Exception):
    """This submission can't be graded; the text says why and what its learner should do."""


class Received(msgspec.Struct, frozen=True):
    """The one file of a submission that counts.

    data: its bytes; timestamp: when it was handed in, UTC, or None where nobody knows; notes: what its learner should
    know about the way it was handed in; problem: why there are no bytes.
    """

    data: bytes
    timestamp: datetime | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""


class SubmittedCell(msgspec.Struct, frozen=True):
    """One cell of a learner's: `kind` is code, markdown or raw; `attachments` as in nbformat, pictures alone."""

    kind: str
    grade_id: str
    source: str
    attachments: dict[str, dict[str, str]] = {}


class Submitted(msgspec.Struct, frozen=True):
    """The cells of a submission, and what its learner should know about the file."""

    cells: tuple[SubmittedCell, ...]
    notes: tuple[str, ...] = ()


def learners(submitted: Path, lesson: str) -> Iterator[str]:
    """Everybody with something at submitted/LEARNER/LESSON, in order."""
    if not submitted.is_dir():
        return
    names = sorted(entry.name for entry in os.scandir(submitted) if not entry.name.startswith("."))
    for name in names:
        if os.path.lexists(submitted / name / lesson):
            yield name


def name_problem(learner: str) -> str:
    """Why a folder's name can't be a learner's name in the gradebook; empty when it can."""
    if len(learner) > 128:
        return "its folder's name is longer than 128 characters, which the gradebook can't hold"
    if not learner.isprintable() or learner != learner.strip():
        return "its folder's name has spaces at an end, or characters that can't be printed"
    return ""


def receive(submitted: Path, learner: str, lesson: str) -> Received:
    """Read what stands at submitted/LEARNER/LESSON; never raises for what a learner did.

    Links are not followed, and nothing but a regular file is opened for reading: a pipe would wait for ever.
    """
    try:
        with _Folder(submitted) as top, _Folder(learner, top) as mine, _Folder(lesson, mine) as folder:
            timestamp = _timestamp(folder)
            try:
                name, notes = _notebook_name(folder, lesson)
                return Received(_read(folder, name, MAX_BYTES), timestamp, notes)
            except Unreadable as problem:
                return Received(b"", timestamp, problem=str(problem))
    except Unreadable as problem:
        return Received(b"", problem=str(problem))


class _Folder:
    """An open folder, reached without following a link."""

    def __init__(self, name: str | Path, inside: _Folder | None = None) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            if inside is None:
                self.descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            else:
                self.descriptor = os.open(name, flags, dir_fd=inside.descriptor)
        except OSError as problem:
            raise Unreadable(
                f"{_shown(str(name))} is a link, or no folder, or can't be opened ({problem.strerror}). "
                "Hand in the notebook itself."
            ) from None

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)


def _read(folder: _Folder, name: str, most: int) -> bytes:
    """The bytes of a regular file."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        descriptor = os.open(name, flags, dir_fd=folder.descriptor)
    except OSError as problem:
        raise Unreadable(
            f"{_shown(name)} is a link, or can't be opened ({problem.strerror}). Hand in the notebook itself."
        ) from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise Unreadable(f"{_shown(name)} is not a regular file. Hand in the notebook itself.")
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor
        if about.st_size > most:
            raise Unreadable(
                f"{_shown(name)} has {about.st_size / 2**20:.0f} MB, and {most / 2**20:.0f} MB is the most that is "
                "read. Choose 'Clear Outputs of All Cells' in JupyterLab's Edit menu, save, and hand it in again."
            )
        try:
            return stream.read(most + 1)[:most]
        except OSError as problem:
            raise Unreadable(f"{_shown(name)} can't be read ({problem.strerror}). {AGAIN}") from None


def _notebook_name(folder: _Folder, lesson: str) -> tuple[str, tuple[str, ...]]:
    """Which file counts: the one of the lesson's name, else the only notebook there is."""
    names = sorted(os.listdir(folder.descriptor))  # noqa: PTH208 - a descriptor
    wanted = f"{lesson}.ipynb"
    if wanted in names:
        return wanted, ()
    others = [name for name in names if name.lower().endswith(".ipynb") and not name.startswith(".")]
    if len(others) == 1:
        return others[0], (f"Your notebook is called {_shown(others[0])}; its name should be {wanted}.",)
    if others:
        raise Unreadable(
            f"{wanted} is missing, and there are {len(others)} other notebooks. Give the right one that name and hand "
            "it in again."
        )
    raise Unreadable(f"No notebook was handed in. Hand in {wanted}.")


def beside(submitted: Path, learner: str, lesson: str) -> dict[str, bytes]:
    """What nbgrader's later steps want beside a graded notebook, as far as it was handed in: its time and its secret."""
    found = {}
    with (
        contextlib.suppress(Unreadable),
        _Folder(submitted) as top,
        _Folder(learner, top) as mine,
        _Folder(lesson, mine) as folder,
    ):
        for name in ("timestamp.txt", "submission_secret.txt"):
            with contextlib.suppress(Unreadable):
                found[name] = _read(folder, name, 1000)
    return found


def _timestamp(folder: _Folder) -> datetime | None:
    """When it was handed in, as nbgrader's `submit` writes it beside the notebook."""
    try:
        text = _read(folder, "timestamp.txt", 1000).decode("utf-8", "replace").strip()
    except Unreadable:
        return None
    return parse_time(text)


def parse_time(text: str) -> datetime | None:
    """A point in time as nbgrader writes it, UTC and without a zone as the gradebook keeps it; None when it is none."""
    from nbgrader.utils import parse_utc

    try:
        found = parse_utc(text)
        return found if isinstance(found, datetime) else None
    except Exception:  # a date parser has many ways to refuse
        return None


def now() -> datetime:
    """This moment, as the gradebook keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


def _shown(name: str) -> str:
    """A file's name as it may stand in a sentence: quoted, printable, not too long."""
    text = repr(name.encode("utf-8", "replace").decode())
    return text if len(text) <= 100 else f"{text[:90]}…'"


def parse(data: bytes) -> Submitted:
    """Take the cells out of a notebook's bytes.

    Understands nbformat 2 to 4 and what looks like a later one. Raises Unreadable with a sentence for the learner.
    """
    text, notes = _decode(data)
    _refuse_what_is_no_notebook(text)
    found = _load(text)
    if not isinstance(found, dict):
        raise Unreadable(f"The file holds JSON that is no notebook. {AGAIN}")
    cells = _cells_of(found)
    if len(cells) > MAX_CELLS:
        raise Unreadable(
            f"The notebook has {len(cells):,} cells, and {MAX_CELLS:,} is the most that is read. Hand in the lesson's "
            "own notebook."
        )
    notes += _about(found)
    taken = [cell for cell in map(_cell, cells) if cell is not None]
    if len(taken) < len(cells):
        notes.append(
            f"{_count(len(cells) - len(taken), 'cell')} of your file could not be understood and was left out."
        )
    return Submitted(tuple(taken), tuple(notes))


def _count(n: int, what: str) -> str:
    return f"1 {what}" if n == 1 else f"{n} {what}s"


def _decode(data: bytes) -> tuple[str, list[str]]:
    if not data.strip(b"\0 \t\r\n"):
        raise Unreadable(f"The file is empty. {AGAIN}")
    for start, why in _NO_TEXT:
        if data.startswith(start):
            raise Unreadable(
                f"The file is {why}, not a notebook. Hand in the file that ends in .ipynb itself."
            )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), ["Your file was saved as UTF-16; notebooks are UTF-8."]
        except UnicodeDecodeError:
            raise Unreadable(f"The file is no readable text. {AGAIN}") from None
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as problem:
        if problem.reason == "unexpected end of data":
            raise Unreadable(
                f"The file ends in the middle: it was cut off when it was saved or sent. {AGAIN}"
            ) from None
        return data.decode("cp1252", "replace"), [
            "Your file was not saved as UTF-8, so letters with accents may have changed. Save it in JupyterLab."
        ]


_NO_TEXT = ((b"PK\x03\x04", "a ZIP archive"), (b"%PDF", "a PDF"), (b"\x1f\x8b", "a compressed archive"))
_OPENINGS = (
    (r"(?i)<!doctype|<html|<\?xml", "a web page"),
    (r"# %%|# ---|(import|from|def) \w", "a Python script"),
)


def _refuse_what_is_no_notebook(text: str) -> None:
    start = text.lstrip()
    if start[:1] in "{[":
        if re.search(r"(?m)^(<{7}|>{7}) ", text):
            raise Unreadable(
                "The file holds the marks of a merge that git could not finish (<<<<<<<). Settle the merge, open the "
                "notebook to see that it is whole, and hand it in again."
            )
        return
    for pattern, what in _OPENINGS:
        if re.match(pattern, start[:100]):
            raise Unreadable(f"The file is {what}, not a notebook. Hand in the file that ends in .ipynb.")


# Never goes back, and takes a string that does not end as well: else a file of quotes would be searched for hours.
_STRING = re.compile(r'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+"?')


def _load(text: str) -> Any:
    # what stands between strings: brackets and commas tell how many values the parser would make
    if len(text) > MAX_PARTS:
        parts = sum(text.count(mark) for mark in "[{,")
        if parts > MAX_PARTS:
            bare = _STRING.sub("", text)
            if sum(bare.count(mark) for mark in "[{,") > MAX_PARTS:
                raise Unreadable(
                    f"The notebook is made of more than {MAX_PARTS:,} parts. Choose 'Clear Outputs of All Cells' in "
                    "JupyterLab's Edit menu, save, and hand it in again."
                )
    try:
        # a number's digits could take minutes to read; no number in a notebook matters here
        return json.loads(text, parse_int=len, parse_float=len, strict=False)
    except json.JSONDecodeError as problem:
        if problem.pos >= len(text.rstrip()) - 1 or "Unterminated string" in problem.msg:
            raise Unreadable(
                f"The file ends in the middle: it was cut off when it was saved or sent. {AGAIN}"
            ) from None
        raise Unreadable(
            f"The file is no readable notebook: the JSON breaks in line {problem.lineno} ({problem.msg}). {AGAIN}"
        ) from None
    except (RecursionError, ValueError):
        raise Unreadable(f"The file is no readable notebook: it is nested too deep. {AGAIN}") from None


def _cells_of(found: dict[str, Any]) -> list[Any]:
    cells = found.get("cells")
    if cells is None and isinstance(found.get("worksheets"), list):  # nbformat 2 and 3
        sheets = [_dict(sheet).get("cells") for sheet in found["worksheets"]]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    if not isinstance(cells, list):
        raise Unreadable(f"The file is JSON, but no notebook: it has no list of cells. {AGAIN}")
    if not cells:
        raise Unreadable("The notebook has no cells. Hand in the notebook that you worked in.")
    return cells


def _about(found: dict[str, Any]) -> list[str]:
    """Sentences on the notebook's own metadata."""
    notes = []
    if "cells" not in found:
        notes.append(
            "Your notebook is in an old format. Open and save it in JupyterLab, which brings it up to date."
        )
    kernel = _dict(_dict(found.get("metadata")).get("kernelspec"))
    language = kernel.get("language")
    name = kernel.get("name")
    other = language if isinstance(language, str) else name if isinstance(name, str) else "python"
    if not re.match(r"(?i)(i?python|conda-|venv|\.venv|base|xpython|pyodide|$)", other):
        notes.append(f"Your notebook asks for the kernel {_shown(other)}; it was graded with Python.")
    return notes


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cell(found: Any) -> SubmittedCell | None:
    if not isinstance(found, dict):
        return None
    kind = found.get("cell_type")
    source = found.get("source", found.get("input", ""))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(kind, str):
        return None
    grade_id = _dict(_dict(found.get("metadata")).get("nbgrader")).get("grade_id", "")
    return SubmittedCell(
        kind if kind in ("code", "markdown") else "raw",
        clean(grade_id) if isinstance(grade_id, str) else "",
        clean(source.replace("\r\n", "\n").replace("\r", "\n")),
        _pictures(found.get("attachments")),
    )


def clean(text: str) -> str:
    """Text that every file, page and database can hold: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _pictures(found: Any) -> dict[str, dict[str, str]]:
    """The pictures of a cell, those of other kinds and those over the limit left out."""
    kept: dict[str, dict[str, str]] = {}
    room = MAX_ATTACHED
    for name, kinds in _dict(found).items():
        for kind, data in _dict(kinds).items():
            if kind in PICTURES and isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data):
                room -= len(data)
                if room >= 0:
                    kept.setdefault(clean(name)[:200], {})[kind] = data
    return kept
