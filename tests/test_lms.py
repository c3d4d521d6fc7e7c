"""Rosters and submissions in, marks out: Canvas' and Moodle's layouts, and what strange files must not do."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from backprop_helpers.cli import app
from backprop_helpers.grading.intake import MAX_BYTES
from backprop_helpers.lms import canvas, moodle
from backprop_helpers.lms.archive import collect
from backprop_helpers.lms.marks import Mark
from backprop_helpers.lms.people import Directory, Person, columns_of, people_of
from backprop_helpers.lms.sheet import SheetError, harmless, read_sheet, write_sheet

LESSON = "04_backward_pass"
ADA = Person("ada", "Ada", "Lind", "ada@example.org", "101")
BO = Person("bo", "Bo", "Mar", "bo@example.org", "102")
CY = Person("cy", "Cy", "=cmd|'/c calc'!A1", "cy@example.org", "103")
CLASS = Directory([ADA, BO, CY])
MARKS = {
    "ada": Mark(17.5, 20),
    "bo": Mark(None, 20),
    "cy": Mark(9, 20, penalty=1, late=True, unfinished=True),
}

CANVAS = (
    f"Student,ID,SIS User ID,SIS Login ID,Section,{LESSON} (4711),Current Score,Final Score\n"
    ",,,,,Manual Posting,(read only),(read only)\n"
    "    Points Possible,,,,,20.0,(read only),(read only)\n"
    '"Lind, Ada",101,S1,ada,A,,88,80\n'
    '"Mar, Bo",102,S2,bo,A,3,88,80\n'
    '"Who, Else",999,S9,else,A,7,1,1\n'
    '"Student, Test",555,,abc,A,,,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 7001,Ada Lind,ada@example.org,Submitted for grading,,20.00,Yes,"Monday, 2 November 2026, 9:00 AM",-,\n'
    "Participant 7002,Bo Mar,bo@example.org,No submission,,20.00,Yes,-,-,\n"
    'Participant 7003,Cy,cy@example.org,Submitted for grading,5.00,20.00,No,-,"Monday, 2 November 2026, 9:00 AM",kept\n'
)


def sheet(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode(encoding))
    return path


# --- tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_whoever_wrote_it(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = delimiter.join(["id", "Last name"]) + "\r\n" + delimiter.join(["ada", "Lindström"]) + "\r\n"
    found = read_sheet(sheet(tmp_path, text, encoding))
    assert found.columns == ("id", "Last name")
    assert found.rows == (("ada", "Lindström"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("a,b\n1,2,3\n", "more cells"),
        ('a\n"never closed', "is no CSV file"),
        ("a\x00b\xff", "no text"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SheetError, match=says):
        read_sheet(path)
    with pytest.raises(SheetError, match="can't be read"):
        read_sheet(tmp_path / "absent.csv")


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_becomes_a_formula_and_every_cell_comes_back(tmp_path: Path, cell: str) -> None:
    assert harmless(cell).startswith("'")
    path = tmp_path / "out.csv"
    write_sheet(path, ("a", "b"), [(cell, "-3.5")])
    assert b"'" + cell.encode().split(b'"')[0][:3] in path.read_bytes()
    assert read_sheet(path).rows == ((cell, "-3.5"),)  # a number stays a number


# --- rosters -----------------------------------------------------------------------------------------------


def test_rosters_of_both_systems_and_a_plain_one(tmp_path: Path) -> None:
    people, odd = people_of(read_sheet(sheet(tmp_path, CANVAS)))
    assert people[0] == Person("ada", "Ada", "Lind", "", "101")
    assert [p.id for p in people] == ["ada", "bo", "else"]
    assert odd == []
    text = "First name,Surname,ID number,Email address\nAda,Lind,ada,ada@example.org\n"
    assert people_of(read_sheet(sheet(tmp_path, text)))[0] == [
        Person("ada", "Ada", "Lind", "ada@example.org")
    ]
    text = "Matrikel;Name\n77;Ada Maria Lind\n"
    assert people_of(read_sheet(sheet(tmp_path, text)), "Matrikel")[0] == [Person("77", "Ada Maria", "Lind")]
    with pytest.raises(SheetError, match="none of them holds ids"):
        people_of(read_sheet(sheet(tmp_path, "Matrikel,Name\n77,Ada\n")))


def test_the_columns_that_were_taken_are_said(tmp_path: Path) -> None:
    table = read_sheet(sheet(tmp_path, CANVAS))
    assert (
        columns_of(table).told(table).startswith("Ids from the column 'SIS Login ID', names from 'Student'.")
    )
    table = read_sheet(sheet(tmp_path, "Surname,Matrikel,First name\nLind,77,Ada\n"))
    said = columns_of(table, "matrikel").told(table)
    assert said.startswith("Ids from the column 'Matrikel', names from 'First name' and 'Surname'.")
    table = read_sheet(sheet(tmp_path, "id,mark\nada,3\n"))
    assert "no names: no column holds any" in columns_of(table).told(table)


@pytest.mark.parametrize("key", ["../up", "/etc", ".hidden", "a b", "a/b", "x" * 200, "a\nb", "é"])
def test_an_id_that_would_be_no_folder_is_refused(tmp_path: Path, key: str) -> None:
    text = f'id,name\n"{key}",Odd One\nfine,Good One\n'
    people, odd = people_of(read_sheet(sheet(tmp_path, text)))
    assert [p.id for p in people] == ["fine"]
    assert "can't be an id" in odd[0]


# --- marks out ---------------------------------------------------------------------------------------------


def test_canvas_export_is_filled_and_nothing_else_is_sent_back(tmp_path: Path) -> None:
    filled = canvas.fill(read_sheet(sheet(tmp_path, CANVAS)), LESSON, MARKS, CLASS)
    assert filled.columns == ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{LESSON} (4711)")
    assert [row[-1] for row in filled.rows] == ["Manual Posting", "20.0", "17.5", "3"]
    assert filled.rows[2][:2] == ("Lind, Ada", "101")
    assert "Who, Else is in the file and not in the gradebook." in filled.notes
    assert "cy has a mark and is not in the file." in filled.notes
    assert (
        canvas.fill(read_sheet(sheet(tmp_path, CANVAS)), LESSON, MARKS, CLASS, zero=True).rows[3][-1] == "0"
    )

    out = tmp_path / "back.csv"
    write_sheet(out, filled.columns, filled.rows)
    again = canvas.fill(read_sheet(out), f"{LESSON} (4711)", MARKS, CLASS)
    assert again.rows == filled.rows


def test_a_mark_that_canvas_has_is_not_taken_away(tmp_path: Path) -> None:
    text = (
        f"LastName,FirstName,ID,SIS User ID,SIS Login ID,Integration ID,Root Account,Section,{LESSON} (4711),Final Score\n"
        "    Points Possible,,,,,,,,20.0,(read only)\n"
        "Lind,Ada,101,S1,ada,,uni.example.org,A,EX,88\n"
        "Mar,Bo,102,S2,bo,,uni.example.org,A,3,88\n"
        "Cyd,Cy,103,S3,cy,,uni.example.org,A,n/a,88\n"
        "Student,Test,555,,abc,,,A,,\n"
    )
    export = read_sheet(sheet(tmp_path, text))
    filled = canvas.fill(export, LESSON, MARKS, CLASS)
    assert filled.columns == export.columns[:9]
    assert [row[-1] for row in filled.rows] == ["20.0", "EX", "3", "N/A"]
    assert "Lind, Ada has EX in Canvas; it was left." in filled.notes
    assert not [note for note in filled.notes if "Test" in note]
    assert [row[-1] for row in canvas.fill(export, LESSON, MARKS, CLASS, zero=True).rows] == [
        "20.0",
        "EX",
        "0",
        "N/A",
    ]
    people, odd = people_of(export)
    assert [(p.id, p.first, p.last, p.number) for p in people] == [
        ("ada", "Ada", "Lind", "101"),
        ("bo", "Bo", "Mar", "102"),
        ("cy", "Cy", "Cyd", "103"),
    ]
    assert odd == []
    with pytest.raises(SheetError, match="Canvas calculates the column 'Final Score' itself"):
        canvas.fill(export, "Final Score", MARKS, CLASS)


def test_canvas_says_which_column_is_missing_and_whose_points_differ(tmp_path: Path) -> None:
    with pytest.raises(
        SheetError, match=r"no column for '05_weight_update'; it has 04_backward_pass \(4711\)"
    ):
        canvas.fill(read_sheet(sheet(tmp_path, CANVAS)), "05_weight_update", MARKS, CLASS)
    with pytest.raises(SheetError, match="no export of Canvas"):
        canvas.fill(read_sheet(sheet(tmp_path, f"Name,{LESSON} (1)\nA,1\n")), LESSON, MARKS, CLASS)
    other = CANVAS.replace("20.0,(read", "100,(read")
    assert "marks are not scaled" in " ".join(
        canvas.fill(read_sheet(sheet(tmp_path, other)), LESSON, MARKS, CLASS).notes
    )


def test_moodle_worksheet_is_filled_and_every_other_cell_stays(tmp_path: Path) -> None:
    before = read_sheet(sheet(tmp_path, MOODLE))
    filled = moodle.fill(before, MARKS, CLASS)
    grade = before.find("Grade")
    assert grade is not None
    assert [row[grade] for row in filled.rows] == ["17.5", "", "5.00"]
    for old, new in zip(before.rows, filled.rows, strict=True):
        assert old[:grade] + old[grade + 1 :] == new[:grade] + new[grade + 1 :]
    assert "Cy has a grade that Moodle does not let change; it was left." in filled.notes
    assert "1 of these marks may still rise: answers wait for a person." in filled.notes
    with pytest.raises(SheetError, match="no grading worksheet"):
        moodle.fill(read_sheet(sheet(tmp_path, CANVAS)), MARKS, CLASS)


def test_without_a_file_to_fill_everybody_with_a_mark_is_listed() -> None:
    table = canvas.fresh(LESSON, MARKS, CLASS)
    assert table.columns[-1] == LESSON
    assert [row[-1] for row in table.rows] == ["20", "17.5", "9"]
    assert [row[-1] for row in canvas.fresh(LESSON, MARKS, CLASS, zero=True).rows] == ["20", "17.5", "0", "9"]
    assert [row[-1] for row in moodle.fresh(LESSON, MARKS, CLASS).rows] == ["17.5", "9"]
    assert [row[-1] for row in moodle.fresh(LESSON, MARKS, CLASS, zero=True).rows] == ["17.5", "0", "9"]


# --- archives ----------------------------------------------------------------------------------------------


def archive(tmp_path: Path, entries: dict[str, bytes]) -> Path:
    path = tmp_path / "submissions.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in entries.items():
            out.writestr(name, data)
    return path


def test_a_canvas_archive_gives_the_newest_attempt_of_each(tmp_path: Path) -> None:
    found = collect(
        archive(
            tmp_path,
            {
                f"lindada_101_5001_{LESSON}.ipynb": b"first",
                f"lindada_101_5009_{LESSON}-1.ipynb": b"second",
                f"marbo_LATE_102_5003_{LESSON}.ipynb": b"late",
                f"cy_the_2nd_103_5005_{LESSON}.ipynb": b"underscores",
                f"anon_Zx9qK_5006_{LESSON}.ipynb": b"anonymous",
                f"whoelse_999_5004_{LESSON}.ipynb": b"x",
                "marbo_102_5003_notes.txt": b"x",
            },
        ),
        CLASS,
    )
    assert {k: v.data for k, v in found.found.items()} == {
        "ada": b"second",
        "bo": b"late",
        "cy": b"underscores",
    }
    assert found.found["bo"].late
    assert not found.found["ada"].late
    said = " ".join(found.notes)
    assert "belongs to nobody in the gradebook" in said
    assert "is no notebook" in said
    assert "anon_Zx9qK" in said
    assert "ada handed in more than once" in said


@pytest.mark.parametrize("separator", ["/", ""], ids=["folders", "no folders"])
def test_a_moodle_archive_by_name_and_by_worksheet(tmp_path: Path, separator: str) -> None:
    path = archive(
        tmp_path,
        {
            f"Ada Lind_7001_assignsubmission_file_{separator}work.ipynb": b"a",
            f"A Pseudonym_7002_assignsubmission_file_{separator}work.ipynb": b"b",
        },
    )
    assert set(collect(path, CLASS).found) == {"ada"}
    assert set(collect(path, CLASS, read_sheet(sheet(tmp_path, MOODLE))).found) == {"ada", "bo"}


def strange() -> Iterator[tuple[str, bytes, str]]:
    """Entries that must not be taken, and what is said of each."""
    good = f"lindada_101_5001_{LESSON}.ipynb"
    yield f"../../{good}", b"x", "points out of the archive"
    yield f"/etc/{good}", b"x", "points out of the archive"
    yield f"C:\\{good}", b"x", "points out of the archive"
    yield f"..\\..\\{good}", b"x", "points out of the archive"
    yield good, b"0" * (MAX_BYTES + 1), "larger than 16 MB or damaged"
    yield f"ada/{LESSON}.ipynb", b"x", "a name that neither Canvas nor Moodle writes"
    yield "_1" * 30_000 + good, b"x", "has a name that no system writes"


@pytest.mark.parametrize(("name", "data", "says"), list(strange()), ids=range(7))
def test_strange_entries_are_passed_over_and_said(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    found = collect(archive(tmp_path, {name: data}), CLASS)
    assert found.found == {}
    assert says in found.notes[0]


def test_links_bombs_and_lying_headers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as out:
        link = zipfile.ZipInfo(f"lindada_101_5001_{LESSON}.ipynb")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        out.writestr(link, "/etc/passwd")
    found = collect(path, CLASS)
    assert found.found == {}
    assert "is a link or a device" in found.notes[0]

    # a header that says 10 bytes, and 40 MB behind it
    name = f"lindada_101_5001_{LESSON}.ipynb"
    data = bytearray(archive(tmp_path, {name: b"0" * (MAX_BYTES * 2)}).read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    lying = tmp_path / "lying.zip"
    lying.write_bytes(bytes(data))
    found = collect(lying, CLASS)
    assert all(len(f.data) <= 10 for f in found.found.values())


def test_a_file_that_is_no_archive_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"not a zip at all")
    with pytest.raises(SheetError, match="can't be read as a zip file"):
        collect(path, CLASS)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("a.ipynb", b"x" * 1000)
    path.write_bytes(buffer.getvalue()[:60])
    with pytest.raises(SheetError, match="Download it again"):
        collect(path, CLASS)


# --- the commands, in a course folder -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'c'\n")
    (folder / "source" / LESSON).mkdir(parents=True)
    (folder / "source" / LESSON / f"{LESSON}.ipynb").write_text("{}")
    return folder


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["lms", *words])


@pytest.mark.nbgrader
def test_roster_in_submissions_in_marks_out(course: Path, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(CANVAS, encoding="utf-8-sig")
    done = run("roster", str(roster), "--course", str(course))
    assert done.exit_code == 0, done.output
    assert "Ids from the column 'SIS Login ID'" in done.output
    assert "3 new, 0 changed, 0 as they were." in done.output
    assert "0 new, 0 changed, 3 as they were." in run("roster", str(roster), "--course", str(course)).output

    zipped = archive(
        tmp_path, {f"lindada_101_5001_{LESSON}.ipynb": b"first", f"marbo_LATE_102_5_{LESSON}.ipynb": b"b"}
    )
    done = run("collect", LESSON, str(zipped), "--course", str(course))
    assert "2 new, 0 replaced" in done.output
    assert "Late by the archive's own word: bo." in done.output
    handed_in = course / "submitted" / "ada" / LESSON / f"{LESSON}.ipynb"
    assert handed_in.read_bytes() == b"first"
    zipped = archive(tmp_path, {f"lindada_101_5002_{LESSON}-1.ipynb": b"second"})
    assert "0 new, 1 replaced" in run("collect", LESSON, str(zipped), "--course", str(course)).output
    assert handed_in.read_bytes() == b"second"
    (kept,) = (course / ".backprop" / "replaced" / LESSON / "ada").iterdir()
    assert kept.read_bytes() == b"first"

    for entries in ({f"stranger_888_5004_{LESSON}.ipynb": b"x"}, {}):
        done = run("collect", LESSON, str(archive(tmp_path, entries)), "--course", str(course))
        assert done.exit_code == 1
        assert "Nothing was collected: no notebook in" in done.output
        assert ("belongs to nobody" if entries else "holds no notebook") in done.output

    out = tmp_path / "marks.csv"
    for words in (("collect", "05", str(zipped)), ("export", "05", str(out))):
        done = run(*words, "--course", str(course))
        assert done.exit_code == 1
        assert f"'05' fits no lesson; the lessons here are {LESSON}." in done.output
    done = run("export", LESSON, str(out), "--course", str(course))
    assert done.exit_code == 1
    assert "Grade it first" in done.output
    with Gradebook(f"sqlite:///{course}/gradebook.db", "c") as gradebook:
        gradebook.add_assignment(LESSON)
        gradebook.add_notebook("n", LESSON)
        gradebook.add_grade_cell("q", "n", LESSON, max_score=20, cell_type="code")
        gradebook.add_submission(LESSON, "ada")
        gradebook.find_grade("q", "n", LESSON, "ada").auto_score = 17.5
        gradebook.db.commit()
    done = run("export", "04", str(out), "--course", str(course), "--fill", str(roster))
    assert done.exit_code == 0, done.output
    assert "1 marks of 3 learners" in done.output
    assert "Nothing handed in (no mark written): bo, else." in done.output
    assert read_sheet(out).rows[2][-1] == "17.5"

    strange = sheet(
        tmp_path, CANVAS.replace("Who, Else", "\x1b[2J=cmd").replace(",else,", ",nobody,").replace("999", "9")
    )
    done = run("export", LESSON, str(out), "--course", str(course), "--fill", str(strange))
    assert "·[2J=cmd is in the file and not in the gradebook." in done.output
    assert "\x1b" not in done.output
