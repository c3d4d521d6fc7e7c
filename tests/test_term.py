"""A term in small: eight made-up learners and two lessons, through the commands of docs/instructors.md."""

from __future__ import annotations

import csv
import html
import re
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from grading_class import marks, run_grade

from backprop_helpers import diagnose, misconceptions
from backprop_helpers.grading.course import open_course
from backprop_helpers.lms.marks import marks_of
from backprop_helpers.lms.people import people_of
from backprop_helpers.lms.sheet import read_sheet
from backprop_helpers.report.write import write_report
from tests.made_up import HOSTILE, people, works
from tests.standalone import GIVEN, NotStandalone, right_ones, source_of
from tests.term import Term, commands

LESSONS = ("02_loss", "03_chain_rule")


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Term:
    term = Term(tmp_path_factory.mktemp("term"), LESSONS, 8, seed=3)
    term.begin()
    for lesson in LESSONS:
        term.lesson(lesson)
    return term


def test_the_same_seed_makes_the_same_class() -> None:
    assert people(8, 3) == people(8, 3) != people(8, 4)
    group = people(40, 3)
    first, other = works("02_loss", group, 3), works("02_loss", group, 4)
    assert first == works("02_loss", group, 3) != other
    wrong = [idea for work in first.values() for idea in work.wrong.values()]
    assert len(set(wrong) - {""}) > 5  # many mistakes …
    assert sum(not work.wrong for work in first.values()) > 5  # … and many who make none


def test_every_misconception_stands_alone() -> None:
    """So a made-up class may make any of them."""
    for one in misconceptions.all():
        assert "backprop_helpers" not in source_of(one.wrong, one.exercise), one.name


@pytest.mark.parametrize("lesson", ["02", "04", "05", "06", "08"])
def test_a_misconception_that_stands_alone_is_still_that_misconception(lesson: str) -> None:
    """Its source, run with nothing but NumPy and what the lesson's page imports, is wrong in the same words."""
    mine = [one for one in misconceptions.all() if one.wrong.__module__.endswith(lesson)]
    # one of each exercise, and more
    chosen = {one.exercise: one for one in mine} | dict(enumerate(mine[::9]))
    for one in chosen.values():
        space: dict[str, object] = {"np": np, **{name: kind for kind, name in GIVEN.items()}}
        exec(source_of(one.wrong, one.exercise), space)  # the course's own text
        alone = diagnose(one.exercise, space[one.exercise], hidden=True)  # type: ignore[arg-type]
        assert str(alone) == str(diagnose(one.exercise, one.wrong, hidden=True)), one.name
    assert len(chosen) >= 5


def test_right_solutions_that_stand_alone_are_right() -> None:
    for lesson in ("05", "06", "08"):
        for exercise, styles in right_ones(lesson).items():
            alone = 0
            for style in styles:
                try:
                    source = source_of(style, exercise)
                except NotStandalone:
                    continue
                space: dict[str, object] = {"np": np, **{name: kind for kind, name in GIVEN.items()}}
                exec(source, space)
                assert diagnose(exercise, space[exercise], hidden=True).passed, (exercise, style)  # type: ignore[arg-type]
                alone += 1
            assert alone or exercise in ("Tensor",), exercise


@pytest.mark.nbgrader
@pytest.mark.slow
@pytest.mark.timeout(1800)  # a class is taken through two lessons before the first test
class TestTerm:
    def test_everybody_who_handed_in_was_graded_and_nobody_else(self, term: Term) -> None:
        for lesson in LESSONS:
            assert set(marks(_db(term), lesson)) == set(term.done[lesson]), lesson

    def test_marks_follow_what_was_drawn(self, term: Term) -> None:
        """An exercise that was solved has its points; one that was spoilt has none, but for what it needs."""
        for lesson in LESSONS:
            for learner, cells in marks(_db(term), lesson).items():
                work = term.done[lesson][learner]
                for name, (automatic, *_) in cells.items():
                    exercise = name.removeprefix("check-")
                    if name.startswith("check-") and not name.endswith("comment"):
                        assert (automatic == 0) == (exercise in work.wrong), (lesson, learner, exercise)

    def test_mistakes_are_named(self, term: Term) -> None:
        drawn = named = 0
        for lesson in LESSONS:
            found = term.results(lesson)
            for learner, work in term.done[lesson].items():
                for exercise, idea in work.wrong.items():
                    drawn += bool(idea)
                    named += bool(idea) and idea in found[learner].get(exercise, "")
        assert drawn >= 5
        assert named >= 0.8 * drawn

    def test_late_work_loses_its_share_of_all_that_was_earned(self, term: Term) -> None:
        """A tenth of it: points that a person gave after the grading count, too."""
        late = 0
        with term.gradebook() as gradebook:
            for lesson in LESSONS:
                for learner, mark in marks_of(gradebook, lesson).items():
                    work = term.done[lesson].get(learner)
                    if mark.score is not None and work is not None:
                        earned = mark.score + mark.penalty
                        share = 0.1 if work.late else 0.0  # one day begun
                        assert mark.penalty == pytest.approx(share * earned), (lesson, learner)
                        late += mark.penalty > 0
        assert late

    def test_answers_were_marked_and_the_mark_scheme_was_shown(self, term: Term) -> None:
        for lesson in LESSONS:
            cells = [c for mine in marks(_db(term), lesson).values() for c in mine.items()]
            assert not any(v[2] for name, v in cells if name.startswith("answer-") and len(v) == 3)
        assert re.search(r"why_gradients_add: \d points; \d wait", term.said["backprop comments"])
        assert "1 point" in term.said["backprop comments"]
        assert "because: Right. Say why, too" in term.said["backprop comments"]

    def test_comments_are_text_in_the_feedback(self, term: Term) -> None:
        pages = list((term.course / "feedback").glob(f"*/{LESSONS[0]}/*.html"))
        assert {p.parent.parent.name for p in pages} == set(term.done[LESSONS[0]])
        texts = [p.read_text(encoding="utf-8") for p in pages]
        assert any(html.escape("<script>alert(1)</script>") in text for text in texts)
        assert not any("<script>alert" in text for text in texts)
        assert sum("which step of the calculation makes it so?" in text for text in texts) == 1

    def test_the_report_names_what_most_have(self, term: Term) -> None:
        for lesson in LESSONS:
            text = (term.course / "reports" / f"{lesson}.html").read_text(encoding="utf-8")
            assert "<script>alert" not in text
            ideas = {i for work in term.done[lesson].values() for i in work.wrong.values() if i}
            said = [m.says.split(";")[0][:40] for m in misconceptions.all() if m.name in ideas]
            assert any(html.escape(words) in text or words in text for words in said)

    def test_marks_go_out_and_come_back(self, term: Term) -> None:
        sheet = read_sheet(term.course / "marks.csv")
        lesson = LESSONS[-1]
        with term.gradebook() as gradebook:
            expected = {k: mark.text for k, mark in marks_of(gradebook, lesson).items()}
        who, column = sheet.find("SIS Login ID"), sheet.find(f"{lesson} (901)")
        assert who is not None
        assert column is not None
        assert {row[who]: row[column] for row in sheet.rows if row[who]} == expected
        raw = list(csv.reader((term.course / "marks.csv").open(encoding="utf-8")))
        assert not any(cell.startswith(("=", "@")) for row in raw for cell in row)
        assert any(HOSTILE in cell for row in sheet.rows for cell in row)
        back, odd = people_of(sheet)
        assert (len(back), odd) == (8, [])
        said = term.run(term.course, ["backprop", "lms", "roster", "marks.csv"])
        assert "0 new, 0 changed, 8 as they were" in said

    def test_the_commands_for_a_corrected_check_run(self, term: Term) -> None:
        before = marks(_db(term), LESSONS[0])
        for words in commands("A check was wrong"):
            term.run(term.course, words)
        assert marks(_db(term), LESSONS[0]) == before

    def test_a_restored_backup_goes_on_as_it_was(self, term: Term, tmp_path: Path) -> None:
        (words,) = commands("Backup and restore")
        program = shutil.which(words[0])
        assert program is not None
        copy = tmp_path / "elsewhere"
        import subprocess

        subprocess.run([program, *words[1:]], cwd=term.course, check=True)
        with tarfile.open(term.course.parent / "spring.tar.gz") as archive:
            archive.extractall(copy, filter="data")
        lesson = LESSONS[0]
        done = run_grade(copy, "--json", "02")
        assert '"what": "graded"' not in done.stdout
        fresh = run_grade(copy, "--json", "02", "--force")
        assert fresh.returncode == 0, fresh.stdout
        here, there = marks(_db(term), lesson), marks(str(open_course(copy).db_url), lesson)
        automatic = [
            {(k, name): v[0] for k, mine in m.items() for name, v in mine.items() if "check-" in name}
            for m in (here, there)
        ]
        assert automatic[0] == automatic[1]
        by_hand = [
            {(k, name): v[1] for k, mine in m.items() for name, v in mine.items() if "answer-" in name}
            for m in (here, there)
        ]
        assert by_hand[0] == by_hand[1]
        reports = []
        for course in (term.course, copy):
            out = tmp_path / f"{course.name}.csv"
            write_report("02", course, out=out, csv=True)
            reports.append(out.read_bytes())
        assert reports[0] == reports[1]


def _db(term: Term) -> str:
    return str(open_course(term.course).db_url)
