"""Who is in a class: read from a roster, entered into nbgrader's gradebook, found again by whatever a file knows of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from backprop_helpers.lms.sheet import Sheet, SheetError

# A learner's id becomes the name of a folder: letters, digits and a few signs, and no dot in front.
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,99}$")

_IDS = ("SIS Login ID", "Username", "ID number", "SIS User ID", "student_id", "Student ID", "login", "id")
_EMAIL = ("Email address", "Email", "E-mail")
_FIRST = ("First name", "FirstName", "first_name", "Given name", "Forename")
_LAST = ("Last name", "LastName", "Surname", "last_name", "Family name")
_WHOLE = ("Student", "Full name", "Name")


@dataclass(frozen=True)
class Person:
    """One learner. id: the name of their folders; number: what the LMS calls them, Canvas' ID."""

    id: str
    first: str = ""
    last: str = ""
    email: str = ""
    number: str = ""

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True)
class Change:
    """What a roster changed in the gradebook, by ids; `absent` are in the gradebook and not in the file, and stay."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    absent: tuple[str, ...]


@dataclass(frozen=True)
class Columns:
    """Where in a roster a learner's id, names, address and number stand; None: in no column."""

    id: int
    first: int | None
    last: int | None
    whole: int | None
    email: int | None
    number: int | None
    canvas: bool

    def told(self, sheet: Sheet) -> str:
        """A sentence that lets a person see a wrong guess."""
        names = [sheet.columns[i] for i in (self.first, self.last) if i is not None]
        names = names or [sheet.columns[i] for i in (self.whole,) if i is not None]
        shown = f"names from {' and '.join(map(repr, names))}" if names else "no names: no column holds any"
        return (
            f"Ids from the column {sheet.columns[self.id]!r}, {shown}. Another one for the ids: --id-column."
        )


def columns_of(sheet: Sheet, id_column: str = "") -> Columns:
    """Which column of a roster holds what.

    id_column: which holds the ids, where it is not one of the usual. Raises SheetError where no column can.
    """
    canvas = sheet.find("Student", "LastName") is not None and sheet.find("ID") is not None
    wanted = (id_column,) if id_column else _IDS[:-1] if canvas else _IDS
    place = sheet.find(*wanted)
    if place is None and not id_column:
        place = sheet.find("ID") if canvas else sheet.find(*_EMAIL)
    if place is None:
        raise SheetError(
            f"The roster has the columns {', '.join(sheet.columns)}; {'none is ' + id_column if id_column else 'none of them holds ids'}. "
            "Name the one that does with --id-column."
        )
    return Columns(
        place,
        sheet.find(*_FIRST),
        sheet.find(*_LAST),
        sheet.find(*_WHOLE),
        sheet.find(*_EMAIL),
        sheet.find("ID") if canvas else None,
        canvas,
    )


def people_of(sheet: Sheet, id_column: str = "") -> tuple[list[Person], list[str]]:
    """The learners of a roster, and a sentence for every row that is none. Raises SheetError as `columns_of` does."""
    at = columns_of(sheet, id_column)
    found: dict[str, Person] = {}
    odd = []
    for line, row in enumerate(sheet.rows, 2):
        name = _cell(row, at.whole) or ", ".join(filter(None, (_cell(row, at.last), _cell(row, at.first))))
        if name in ("Points Possible", "Student, Test") or not any(c.strip() for c in row):
            continue
        key = _cell(row, at.id)
        if at.canvas and not key and not _cell(row, at.number):
            continue  # the line that says how marks are posted
        if not _ID.match(key):
            odd.append(
                f"Line {line}: {key!r} can't be an id; letters, digits and . _ @ + - can, a dot in front not."
            )
            continue
        if key in found:
            odd.append(f"Line {line}: the id {key} stands there twice; the first is kept.")
            continue
        names = (
            (_cell(row, at.first), _cell(row, at.last))
            if at.first is not None or at.last is not None
            else _split(name)
        )
        found[key] = Person(key, *names, _cell(row, at.email), _cell(row, at.number))
    return list(found.values()), odd


def _cell(row: Sequence[str], place: int | None) -> str:
    return "" if place is None else " ".join(row[place].split())


def _split(name: str) -> tuple[str, str]:
    """First and last name of "Last, First" or "First Last"."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first.strip(), last.strip()


def enter(gradebook: Any, people: Iterable[Person]) -> Change:
    """Enter learners into nbgrader's gradebook; what a roster leaves empty keeps its value, nobody is removed."""
    known = {student.id: student for student in gradebook.students}
    new: list[str] = []
    changed: list[str] = []
    same: list[str] = []
    listed = set()
    for person in people:
        listed.add(person.id)
        wanted = {
            "first_name": person.first,
            "last_name": person.last,
            "email": person.email,
            "lms_user_id": person.number,
        }
        wanted = {name: value for name, value in wanted.items() if value}
        old = known.get(person.id)
        if old is not None and all(getattr(old, name) == value for name, value in wanted.items()):
            same.append(person.id)
            continue
        (new if old is None else changed).append(person.id)
        gradebook.update_or_create_student(person.id, **wanted)
    absent = sorted(set(known) - listed)
    return Change(tuple(sorted(new)), tuple(sorted(changed)), tuple(sorted(same)), tuple(absent))


class Directory:
    """The learners of a gradebook, found by id, number, address or full name: the first that is nobody else's, too."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = list(people)
        self._by: list[dict[str, list[Person]]] = [{}, {}, {}, {}]
        for person in self.people:
            for keys, key in zip(
                self._by,
                (person.id, person.number, person.email.casefold(), person.name.casefold()),
                strict=True,
            ):
                if key:
                    keys.setdefault(key, []).append(person)

    def find(
        self, *, ids: Iterable[str] = (), number: str = "", email: str = "", name: str = ""
    ) -> Person | None:
        """Whoever is meant; None where nobody is, or several could be."""
        asked = [(0, i) for i in ids] + [
            (1, number),
            (2, email.casefold()),
            (3, " ".join(name.split()).casefold()),
        ]
        for which, key in asked:
            found = self._by[which].get(key, []) if key else []
            if len(found) == 1:
                return found[0]
        return None


def known_people(gradebook: Any) -> Directory:
    """Everybody in nbgrader's gradebook."""
    return Directory(
        Person(s.id, s.first_name or "", s.last_name or "", s.email or "", s.lms_user_id or "")
        for s in gradebook.students
    )
