"""Canvas: its gradebook export filled with marks, in the columns that its import reads.

Layout as documented in Instructure's guides "How do I export grades in the Gradebook?" and "How do I import grades in the
Gradebook?": Student, ID, SIS User ID, SIS Login ID, Section, then one column for each assignment, named "title (number)"; a
line "Points Possible" and sometimes one about posting stand before the learners. Calculated columns are read-only, and left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from backprop_helpers.lms.marks import Filled, Mark, left_out, unfinished
from backprop_helpers.lms.people import Directory
from backprop_helpers.lms.sheet import Sheet, SheetError

WHO = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
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

    zero: whether who handed in nothing gets 0 instead of an empty cell, which Canvas leaves alone.
    """
    who = [sheet.find(name) for name in WHO]
    place = column_of(sheet, column)
    if who[0] is None or all(p is None for p in who[1:4]):
        raise SheetError(
            "This is no export of Canvas' gradebook: it needs the columns Student, and ID, SIS User ID or SIS Login ID."
        )
    kept = [p for p in who if p is not None]
    most = next(iter(marks.values())).most if marks else 0.0
    rows, notes, seen = [], [], set()
    for row in sheet.rows:
        identity = tuple(row[p] for p in kept)
        name, number, *logins = ("" if p is None else row[p].strip() for p in who[:4])
        if name == "Points Possible":
            given = row[place].strip()
            if given and float(given.replace(",", ".")) != most:
                notes.append(
                    f"Canvas has {given} points for this assignment, the lesson {most:g}; marks are not scaled."
                )
            rows.append((*identity, row[place]))
            continue
        person = people.find(ids=[login for login in reversed(logins) if login], number=number)
        if person is None:
            if number or any(logins):
                if name != "Student, Test":
                    notes.append(f"{name or number} is in the file and not in the gradebook.")
                continue
            rows.append((*identity, row[place]))  # the line about posting
            continue
        seen.add(person.id)
        mark = marks[person.id]
        rows.append((*identity, "0" if mark.score is None and zero else mark.text))
    notes += left_out(marks, seen)
    return Filled((*(sheet.columns[p] for p in kept), sheet.columns[place]), tuple(rows), tuple(notes))


def fresh(lesson: str, marks: Mapping[str, Mark], people: Directory, *, zero: bool = False) -> Filled:
    """Marks without an export to fill: Canvas makes a new assignment of the column when it is imported."""
    most = next(iter(marks.values())).most if marks else 0.0
    rows: list[tuple[str, ...]] = [("    Points Possible", "", "", "", "", f"{most:g}")]
    for person in sorted(people.people, key=lambda p: p.id):
        mark = marks[person.id]
        name = f"{person.last}, {person.first}".strip(", ")
        text = "0" if mark.score is None and zero else mark.text
        rows.append((name, person.number, "", person.id, "", text))
    return Filled((*WHO, lesson), tuple(rows), tuple(unfinished(marks)))
