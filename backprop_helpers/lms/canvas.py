"""Canvas: its gradebook export filled with marks, in the columns that its import reads.

Layout as documented in Instructure's guides "How do I export grades in the Gradebook?" and "How do I import grades in the
Gradebook?" (https://community.canvaslms.com, Canvas Instructor Guide, Gradebook), and as Canvas' own code writes and reads it
(https://github.com/instructure/canvas-lms, lib/gradebook_exporter.rb and lib/gradebook_importer.rb): Student, or LastName and
FirstName, then ID, SIS User ID, SIS Login ID, sometimes Integration ID and Root Account, Section, then one column for each
assignment, named "title (number)"; a line "Points Possible" and sometimes one about posting stand before the learners. Calculated
columns are read-only, and left out. To the import an empty cell where there was a mark is a change: it takes the mark away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from backprop_helpers.lms.marks import Filled, Mark, left_out, unfinished
from backprop_helpers.lms.people import Directory
from backprop_helpers.lms.sheet import Sheet, SheetError

WHO = (
    "Student",
    "LastName",
    "FirstName",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
    "Root Account",
    "Section",
)
_FRESH = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# An excused learner, and one the assignment is not for.
_SET_BY_HAND = ("EX", "N/A")
_NUMBERED = re.compile(r"\s*\(\d+\)\s*$")


def column_of(sheet: Sheet, wanted: str) -> int:
    """The column of an assignment by its title, with or without Canvas' number. Raises SheetError naming what there is."""
    keys = [_key(c) for c in sheet.columns]
    found = [i for i, key in enumerate(keys) if key == _key(wanted) and sheet.columns[i] not in WHO]
    if len(found) == 1:
        return found[0]
    there = ", ".join(c for c in sheet.columns if _NUMBERED.search(c)) or "no assignment at all"
    many = "several columns" if found else "no column"
    raise SheetError(f"The file has {many} for {wanted!r}; it has {there}. Name one with --column.")


def _key(title: str) -> str:
    return " ".join(_NUMBERED.sub("", title).casefold().split())


def fill(
    sheet: Sheet, column: str, marks: Mapping[str, Mark], people: Directory, *, zero: bool = False
) -> Filled:
    """Canvas' own export with the marks in one column, and nothing else that could overwrite something.

    zero: whether who handed in nothing gets 0; without it their cell stays as it was. Raises SheetError for a file that is no
    export of Canvas' gradebook, and for a column that Canvas calculates.
    """
    at = {name: place for name in WHO if (place := sheet.find(name)) is not None}
    place = column_of(sheet, column)
    if not at.keys() & {"Student", "LastName"} or not at.keys() & {"ID", "SIS User ID", "SIS Login ID"}:
        raise SheetError(
            "This is no export of Canvas' gradebook: it needs the columns Student (or LastName and FirstName), and ID, SIS User ID "
            "or SIS Login ID."
        )
    most = next(iter(marks.values())).most if marks else 0.0
    rows, notes, seen = [], [], set()
    for row in sheet.rows:
        cell = {name: row[where].strip() for name, where in at.items()}
        identity = tuple(row[where] for where in at.values())
        name = cell.get("Student") or ", ".join(filter(None, (cell.get("LastName"), cell.get("FirstName"))))
        if name == "Points Possible":
            notes += _points(row[place], sheet.columns[place], most)
            rows.append((*identity, row[place]))
            continue
        logins = [cell[key] for key in ("SIS Login ID", "SIS User ID") if cell.get(key)]
        person = people.find(ids=logins, number=cell.get("ID", ""))
        if person is None and (logins or cell.get("ID")):
            if name != "Student, Test":
                notes.append(f"{name or cell.get('ID')} is in the file and not in the gradebook.")
        elif person is None:
            rows.append((*identity, row[place]))  # the line about posting
        else:
            seen.add(person.id)
            rows.append((*identity, _filled(row[place], marks[person.id], zero)))
            if rows[-1][-1] in _SET_BY_HAND and marks[person.id].score is not None:
                notes.append(f"{name} has {rows[-1][-1]} in Canvas; it was left.")
    return Filled(
        (*(sheet.columns[where] for where in at.values()), sheet.columns[place]),
        tuple(rows),
        (*notes, *left_out(marks, seen)),
    )


def _filled(old: str, mark: Mark, zero: bool) -> str:
    """What goes into a learner's cell."""
    if old.strip().upper() in _SET_BY_HAND:
        return old.strip().upper()
    if mark.score is None:
        return "0" if zero else old
    return mark.text


def _points(given: str, column: str, most: float) -> list[str]:
    """One sentence where Canvas' points are others than the lesson's."""
    if not given.strip():
        return []
    try:
        same = float(given.replace(",", ".")) == most
    except ValueError:
        raise SheetError(
            f"Canvas calculates the column {column!r} itself ({given.strip()}); name the assignment's with --column."
        ) from None
    return (
        []
        if same
        else [f"Canvas has {given} points for this assignment, the lesson {most:g}; marks are not scaled."]
    )


def fresh(lesson: str, marks: Mapping[str, Mark], people: Directory, *, zero: bool = False) -> Filled:
    """Marks without an export to fill: Canvas makes a new assignment of the column, or fills the one of that name.

    Who handed in nothing is left out, for an empty cell could take away a mark that Canvas has; zero: they get 0.
    """
    most = next(iter(marks.values())).most if marks else 0.0
    rows: list[tuple[str, ...]] = [("    Points Possible", "", "", "", "", f"{most:g}")]
    for person in sorted(people.people, key=lambda p: p.id):
        mark = marks[person.id]
        if mark.score is None and not zero:
            continue
        name = f"{person.last}, {person.first}".strip(", ")
        rows.append((name, person.number, "", person.id, "", mark.text or "0"))
    return Filled((*_FRESH, lesson), tuple(rows), tuple(unfinished(marks)))
