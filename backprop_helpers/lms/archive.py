"""Submissions out of the zip file of an LMS. Strange archives are refused or read past, never unpacked by their own names.

Names as the two write them. Canvas ("Download Submissions"; https://github.com/instructure/canvas-lms, lib/content_zipper.rb):
NAME_LATE_USER_ATTACHMENT_FILE, where _LATE is there for late ones and FILE has a number before its ending from the second attempt
on. Moodle ("Download all submissions"; https://docs.moodle.org/en/Using_Assignment, and https://github.com/moodle/moodle,
mod/assign): a folder, or without folders a file, NAME_PARTICIPANT_assignsubmission_file_FILE.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from backprop_helpers.grading.intake import MAX_BYTES
from backprop_helpers.lms.people import Directory, Person
from backprop_helpers.lms.sheet import Sheet, SheetError

MAX_ENTRIES = 20_000
MAX_NAME = 600  # characters of a path: patterns are not tried on more
MAX_TOTAL = 4 * 2**30  # of what is read, however small the archive is
_CANVAS = re.compile(r"(?P<name>[^/]*?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>[^/]+)$")
_MOODLE = re.compile(r"(?P<name>[^/]+)_(?P<participant>\d+)_assignsubmission_file_/?(?P<file>.+)$")
_ATTEMPT = re.compile(r"-(\d+)(?=\.ipynb$)")


@dataclass(frozen=True)
class Found:
    """One notebook in an archive: whose, how late by its name, which attempt, and its bytes."""

    person: Person
    entry: str
    data: bytes
    late: bool = False
    attempt: tuple[int, int] = (0, 0)


@dataclass
class Collected:
    """Notebooks by learner's id, the newest attempt of each, and a sentence for everything that was passed over."""

    found: dict[str, Found] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def collect(path: Path, people: Directory, worksheet: Sheet | None = None) -> Collected:
    """Read the notebooks of a Canvas or Moodle archive.

    worksheet: Moodle's grading worksheet, which says who a participant's number is; without it full names have to do.
    Raises SheetError for a file that is no zip, is encrypted, or holds more than a class could have handed in.
    """
    participants = _participants(worksheet)
    out = Collected()
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise SheetError(
                    f"{path} has {len(entries):,} entries; a class has fewer than {MAX_ENTRIES:,}."
                )
            for entry in entries:
                why = _unfit(entry)
                if why:
                    if why != "folder":
                        out.notes.append(f"{_shown(entry.filename)} {why}; it was passed over.")
                    continue
                who = _whose(entry.filename, people, participants)
                if who is None:
                    out.notes.append(f"{_shown(entry.filename)} {_nobody(entry.filename)}")
                    continue
                data = _bytes(archive, entry)
                if data is None:
                    out.notes.append(
                        f"{_shown(entry.filename)} is larger than {MAX_BYTES // 2**20} MB or damaged; it was passed over. "
                        f"Ask {who[0].id} for it again."
                    )
                    continue
                total += len(data)
                if total > MAX_TOTAL:
                    raise SheetError(
                        f"{path} unpacks to more than {MAX_TOTAL / 2**30:.0f} GB; nothing was taken from it."
                    )
                _keep(out, Found(who[0], entry.filename, data, *who[1:]))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as problem:
        raise SheetError(f"{path} can't be read as a zip file: {problem}. Download it again.") from problem
    return out


def _unfit(entry: zipfile.ZipInfo) -> str:
    """Why an entry is not read; "" where it is."""
    if entry.is_dir():
        return "folder"
    kind = entry.external_attr >> 16
    if kind and not stat.S_ISREG(kind) and stat.S_IFMT(kind):
        return "is a link or a device, not a file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if len(entry.filename) > MAX_NAME:
        return "has a name that no system writes"
    parts = PurePosixPath(entry.filename.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        return "has a name that points out of the archive"
    if parts.suffix.lower() != ".ipynb":
        return "is no notebook"
    return ""


def _bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    """What the entry unpacks to, never more than a submission may have, whatever its header says."""
    if entry.file_size > MAX_BYTES:
        return None
    try:
        with archive.open(entry) as stream:
            data = stream.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError):
        return None
    return data if len(data) <= MAX_BYTES else None


def _nobody(name: str) -> str:
    """Why an entry belongs to nobody: its name is no LMS', or the gradebook does not know who is meant."""
    plain = name.replace("\\", "/")
    if next(_matches(_MOODLE, plain), None) is None and _CANVAS.match(PurePosixPath(plain).name) is None:
        return (
            "has a name that neither Canvas nor Moodle writes (NAME_USER_ATTACHMENT_FILE.ipynb, or "
            "NAME_PARTICIPANT_assignsubmission_file_FILE.ipynb), so nobody knows whose it is; it was passed over."
        )
    return "belongs to nobody in the gradebook. Read the roster in first: backprop lms roster FILE."


def _whose(
    name: str, people: Directory, participants: dict[str, tuple[str, str, str]]
) -> tuple[Person, bool, tuple[int, int]] | None:
    """The learner, whether the name says late, and which attempt it is; None where nobody is meant."""
    plain = name.replace("\\", "/")
    moodle = next(_matches(_MOODLE, plain), None)
    if moodle is not None:
        number = moodle["participant"]
        login, email, full = participants.get(number, ("", "", moodle["name"]))
        person = people.find(ids=[login], email=email, name=full)
        return None if person is None else (person, False, (0, 0))
    canvas = _CANVAS.match(PurePosixPath(plain).name)
    if canvas is None:
        return None
    person = people.find(number=canvas["user"])
    if person is None:
        return None
    again = _ATTEMPT.search(canvas["file"])
    attempt = (int(again[1]) if again else 0, int(canvas["attachment"]))
    return person, canvas["late"] is not None, attempt


def _matches(pattern: re.Pattern[str], name: str) -> Iterator[re.Match[str]]:
    """Matches of the whole name, or of what stands below a folder that holds everything."""
    for start in (name, name.partition("/")[2]):
        found = pattern.match(start)
        if found:
            yield found


def _participants(worksheet: Sheet | None) -> dict[str, tuple[str, str, str]]:
    """Participant's number → login, address and full name, from a grading worksheet."""
    if worksheet is None:
        return {}
    place = worksheet.find("Identifier")
    if place is None:
        raise SheetError(
            "The worksheet has no column Identifier. Download it from the assignment: Download grading worksheet."
        )
    wanted = [
        worksheet.find("Username", "ID number"),
        worksheet.find("Email address"),
        worksheet.find("Full name"),
    ]
    found = {}
    for row in worksheet.rows:
        number = re.search(r"\d+", row[place])
        if number:
            login, email, name = ("" if p is None else row[p].strip() for p in wanted)
            found[number[0]] = (login, email, name)
    return found


def _keep(out: Collected, new: Found) -> None:
    """The newest attempt of a learner; the others are named."""
    old = out.found.get(new.person.id)
    if old is not None and old.attempt > new.attempt:
        new, old = old, new
    if old is not None:
        out.notes.append(
            f"{new.person.id} handed in more than once; {_shown(new.entry)} is the newest and was taken."
        )
    out.found[new.person.id] = new


def _shown(name: str) -> str:
    """An entry's name for a sentence: one line, of bounded length."""
    text = "".join(c if c.isprintable() else "·" for c in name)
    return text if len(text) <= 90 else f"{text[:60]}…{text[-25:]}"
