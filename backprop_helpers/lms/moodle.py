"""Moodle: an assignment's grading worksheet filled with marks, or a table for the gradebook's own import.

Layout as documented in MoodleDocs, "Assignment settings" (https://docs.moodle.org/en/Assignment_settings, offline grading
worksheet) and "Grade import" (https://docs.moodle.org/en/Grade_import), and as Moodle's own code writes and reads it
(https://github.com/moodle/moodle, mod/assign/gradingtable.php and mod/assign/feedback/offline): Identifier, Full name,
Email address, Status, Grade, Maximum grade, Grade can be changed, Last modified (submission), Last modified (grade), Feedback
comments; a site may add Username or ID number. Moodle compares "Last modified (grade)" with its own, so it is left as it was, and
passes over an empty Grade. The names of the columns are in the language in which a teacher uses Moodle; these are the English ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from backprop_helpers.lms.marks import Filled, Mark, left_out, unfinished
from backprop_helpers.lms.people import Directory
from backprop_helpers.lms.sheet import Sheet, SheetError


def fill(sheet: Sheet, marks: Mapping[str, Mark], people: Directory, *, zero: bool = False) -> Filled:
    """The worksheet with the marks in its Grade column; every other cell stays."""
    grade, name, email = sheet.find("Grade"), sheet.find("Full name"), sheet.find("Email address")
    if sheet.find("Identifier") is None or grade is None:
        raise SheetError(
            "This is no grading worksheet of Moodle: it needs the columns Identifier and Grade. Download it from the assignment, "
            "with Moodle in English: Submissions → Actions → Download grading worksheet."
        )
    logins = [p for p in (sheet.find("Username"), sheet.find("ID number")) if p is not None]
    most, locked = sheet.find("Maximum grade"), sheet.find("Grade can be changed")
    rows, notes, seen = [], [], set()
    for row in sheet.rows:
        cells = list(row)
        person = people.find(
            ids=[row[p].strip() for p in logins],
            email="" if email is None else row[email].strip(),
            name="" if name is None else row[name],
        )
        shown = row[name] if name is not None else row[0]
        if person is None:
            notes.append(f"{shown} is in the file and not in the gradebook.")
        elif locked is not None and row[locked].strip().casefold() == "no":
            seen.add(person.id)
            notes.append(f"{shown} has a grade that Moodle does not let change; it was left.")
        else:
            seen.add(person.id)
            mark = marks[person.id]
            cells[grade] = "0" if mark.score is None and zero else mark.text or row[grade]
            if most is not None and row[most].strip():
                notes += _scaled(row[most], mark, notes)
        rows.append(tuple(cells))
    return Filled(sheet.columns, tuple(rows), (*notes, *left_out(marks, seen)))


def _scaled(given: str, mark: Mark, said: list[str]) -> list[str]:
    """One sentence where Moodle's maximum is another than the lesson's."""
    try:
        same = float(given.replace(",", ".")) == mark.most
    except ValueError:
        same = True
    note = f"Moodle has {given.strip()} as the maximum, the lesson {mark.most:g}; marks are not scaled."
    return [] if same or note in said else [note]


def fresh(lesson: str, marks: Mapping[str, Mark], people: Directory, *, zero: bool = False) -> Filled:
    """Marks without a worksheet: for Grades → Import → CSV file, matched by the address or the ID number.

    Who handed in nothing is left out, for an empty cell could take away a mark that Moodle has; zero: they get 0.
    """
    rows = []
    for person in sorted(people.people, key=lambda p: p.id):
        mark = marks[person.id]
        if mark.score is not None or zero:
            rows.append((person.id, person.email, mark.text or "0"))
    return Filled(("ID number", "Email address", lesson), tuple(rows), tuple(unfinished(marks)))
