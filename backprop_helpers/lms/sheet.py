"""CSV files as Canvas, Moodle and spreadsheets write them: read tolerantly, written so that no cell can become a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backprop_helpers._files import write_atomically

MAX_BYTES = 32 * 2**20
# What a spreadsheet would take for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?$")


class SheetError(Exception):
    """The file can't be used; the text says why and what to do."""


@dataclass(frozen=True)
class Sheet:
    """A table: the names of its columns, and its rows, each as long as `columns`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def find(self, *names: str) -> int | None:
        """The place of the first of these columns that is there, whatever its capitals; None where none is."""
        known = {name.strip().casefold(): i for i, name in reversed(list(enumerate(self.columns)))}
        return next((known[n.casefold()] for n in names if n.casefold() in known), None)


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file: UTF-8 with or without a mark, UTF-16 or Windows' own; commas, semicolons or tabs.

    Raises SheetError in a sentence for a file that is missing, too large, empty or no table.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SheetError(
                f"{path} has {size / 2**20:.0f} MB; a CSV of a class has less than 32. Is it the right file?"
            )
        data = path.read_bytes()
    except OSError as problem:
        raise SheetError(f"{path} can't be read: {problem.strerror}.") from problem
    text = _decoded(data, path)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as problem:
        raise SheetError(f"{path} is no CSV file ({problem}). Export it again, as CSV.") from problem
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines:
        raise SheetError(f"{path} is empty.")
    columns = [_plain(cell).strip() for cell in lines[0]]
    width = len(columns)
    if any(len(line) > width and any(cell.strip() for cell in line[width:]) for line in lines[1:]):
        raise SheetError(f"{path} has rows with more cells than its first line has columns. Export it again.")
    rows = tuple(tuple(_plain(c) for c in (*line, *[""] * (width - len(line)))[:width]) for line in lines[1:])
    return Sheet(tuple(columns), rows)


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV file, whole or not at all. Raises SheetError where the disk or the folder does not let us."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in (columns, *rows):
        writer.writerow([harmless(cell) for cell in row])
    try:
        write_atomically(path, out.getvalue().encode("utf-8"))
    except OSError as problem:
        raise SheetError(f"{path} can't be written: {problem.strerror}.") from problem


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows as text: an apostrophe stands before what would be a formula; numbers stay."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.match(cell) else cell


def _plain(cell: str) -> str:
    """A cell as it was before `harmless`, and without the characters no name or mark has."""
    if cell[:1] == "'" and cell[1:].startswith(_FORMULA):
        cell = cell[1:]
    return cell.replace("\x00", "")


def _decoded(data: bytes, path: Path) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(name)
            except UnicodeDecodeError:
                break
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if b"\x00" in data:
            raise SheetError(f"{path} is no text. Export it again, as CSV.") from None
        return data.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=first.count)
