"""`make lessons` on a small course: what it builds, what it leaves alone, and what makes it stop."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from authoring_sample import SAMPLE, make_course

from backprop_helpers.authoring.__main__ import main
from backprop_helpers.authoring.build import Course, build, stale
from backprop_helpers.authoring.problems import LessonError
from backprop_helpers.authoring.release import run_nbgrader

pytestmark = pytest.mark.slow

SMALL = SAMPLE[: SAMPLE.index("# %% tags")] + "\n# %%\nprint('small')\n"
NAMES = ["90_sample", "91_small"]


@pytest.fixture(scope="session")
def built_course(tmp_path_factory):
    root = make_course(tmp_path_factory.mktemp("authoring") / "course", _90_sample=SAMPLE, _91_small=SMALL)
    list(build(Course(root), NAMES))
    return root


@pytest.fixture
def course(built_course, tmp_path):
    """A copy of the built course, to be changed."""
    return Course(Path(shutil.copytree(built_course, tmp_path / "course")))


def state(course: Course) -> dict[str, bytes]:
    folders = [course.root / name for name in ("lessons", "solutions", "notebooks")]
    return {
        str(p.relative_to(course.root)): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()
    }


def changed(before: dict[str, bytes], course: Course) -> set[str]:
    after = state(course)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit_notebook(path: Path, old: str, new: str) -> None:
    edit(path, json.dumps(old, ensure_ascii=False)[1:-1], json.dumps(new, ensure_ascii=False)[1:-1])


class TestWhatIsBuilt:
    def test_solution_has_outputs_and_nothing_of_one_run(self, built_course):
        course = Course(built_course)
        notebook = nbformat.read(course.solution("90_sample"), as_version=4)
        assert notebook.cells[1].outputs[0].text == "mean: 1.5\n"
        assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == [1, 2, 3, 4]
        text = course.solution("90_sample").read_text()
        assert str(built_course) not in text
        assert '"version": "3.' not in text

    def test_released_notebook_has_stubs_and_no_secrets(self, built_course):
        path = Course(built_course).released("90_sample")
        cells = {c.id: c for c in nbformat.read(path, as_version=4).cells}
        assert cells["exercise-slope"].source.split("\n")[-3:] == [
            "    # Your code goes here, in place of the next line.",
            "    raise NotImplementedError()",
            "    return out",
        ]
        assert cells["check-slope"].source == 'check("slope", slope)'
        assert (
            cells["answer-why_steep"]
            .source.strip()
            .endswith("*Write your answer here, in place of this line.*")
        )
        assert "Because its slope" not in cells["answer-why_steep"].source
        assert cells["rubric-why_steep"].source.strip() == "*Marked by hand: up to 4 points.*"
        assert not any(c.get("outputs") for c in cells.values())

    @pytest.mark.nbgrader
    def test_the_same_bytes_as_an_instructor_gets_with_a_gradebook(self, course):
        before = state(course)
        shutil.rmtree(course.root / "notebooks")
        for name in NAMES:
            done = run_nbgrader(["generate_assignment", name], course.root)
            assert done.returncode == 0, done.stderr
        assert changed(before, course) == set()

    @pytest.mark.nbgrader
    def test_released_notebook_can_be_validated(self, built_course):
        path = Course(built_course).released("90_sample")
        done = run_nbgrader(["validate", path.name], path.parent)
        assert "VALIDATION FAILED ON 2 CELL" in done.stdout  # the exercise and the answer in words
        assert "slope is still empty" in " ".join(done.stdout.split())


class TestWhatIsLeftAlone:
    def test_a_second_build_runs_nothing(self, course):
        before = state(course)
        assert list(build(course, NAMES)) == ["2 lessons already up to date"]
        assert changed(before, course) == set()

    def test_a_build_without_its_stamps_gives_the_same_bytes(self, course):
        before = state(course)
        shutil.rmtree(course.root / ".build")
        assert [line.split(": ")[1] for line in build(course, NAMES)] == ["ran again, nothing changed"] * 2
        assert changed(before, course) == set()

    def test_a_build_from_nothing_gives_the_same_bytes(self, course):
        before = state(course)
        for folder in (".build", "solutions", "notebooks"):
            shutil.rmtree(course.root / folder)
        list(build(course, NAMES))
        assert changed(before, course) == set()

    def test_an_edited_sentence_changes_its_own_lesson_only(self, course):
        before = state(course)
        edit(course.text("90_sample"), "# The end.", "# The very end.")
        said = list(build(course, NAMES))
        assert said == [
            "90_sample: built solutions/90_sample and notebooks/90_sample",
            "1 lesson already up to date",
        ]
        assert all("90_sample" in path for path in changed(before, course))
        assert stale(course, NAMES) == []

    def test_outputs_that_differ_by_chance_only_are_kept(self, course):
        edit(course.text("91_small"), "print('small')", "print(object())")
        list(build(course, ["91_small"]))
        before = state(course)
        list(build(course, ["91_small"], force=True))
        assert changed(before, course) == set()

    def test_a_deleted_or_damaged_result_is_built_again(self, course):
        before = state(course)
        course.released("91_small").unlink()
        edit_notebook(course.solution("91_small"), "small\n", "large\n")
        list(build(course, NAMES))
        assert changed(before, course) == set()


class TestStale:
    def test_nothing_after_a_build(self, course):
        assert stale(course, NAMES) == []

    @pytest.mark.parametrize("side", ["text", "solution", "released"])
    def test_a_side_that_was_edited(self, course, side):
        path = getattr(course, side)("90_sample")
        edit(path, "Prose with", "Words with")
        (sentence,) = stale(course, NAMES)
        assert "90_sample" in sentence
        assert "make lessons" in sentence

    def test_a_lesson_never_built_and_a_folder_without_text(self, course, capsys):
        course.text("91_small").rename(course.text("92_other"))
        assert main(["92", "--check", "--root", str(course.root)]) == 1
        found = capsys.readouterr().out.splitlines()
        assert "lessons/92_other.py has no solution notebook yet; run `make lessons`." in found
        assert "solutions/91_small has no text in lessons/; delete it." in found


class TestEditsInTheNotebook:
    def test_come_back_into_the_text(self, course):
        before = state(course)
        edit_notebook(course.solution("90_sample"), "Prose with", "Words with")
        said = list(build(course, NAMES))
        assert (
            said[0]
            == "lessons/90_sample.py: took over what was edited in solutions/90_sample/90_sample.ipynb"
        )
        assert "# Words with" in course.text("90_sample").read_text()
        assert '# %% check="slope" points=2' in course.text("90_sample").read_text()
        assert "Words with" in course.released("90_sample").read_text()
        assert not any("91_small" in path for path in changed(before, course))
        assert list(build(course, NAMES)) == ["2 lessons already up to date"]

    def test_running_its_cells_again_is_no_edit(self, course):
        before = state(course)
        notebook = nbformat.read(course.solution("90_sample"), as_version=4)
        notebook.metadata.language_info["version"] = "3.13.0"
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count += 10
        nbformat.write(notebook, course.solution("90_sample"))
        list(build(course, NAMES))
        assert changed(before, course) == set()

    def test_both_sides_edited_loses_nothing(self, course):
        edit(course.text("90_sample"), "# The end.", "# Edited in the text.")
        edit_notebook(course.solution("90_sample"), "Prose with", "Edited in the notebook with")
        before = state(course)
        side = course.root / "lessons" / "90_sample.edited-in-notebook.py"
        for _ in range(2):  # the second time the side file is already there, and still holds everything
            with pytest.raises(LessonError, match="were both edited"):
                list(build(course, NAMES))
            assert changed(before, course) == {"lessons/90_sample.edited-in-notebook.py"}
            assert "Edited in the notebook with" in side.read_text()
        side.unlink()
        said = list(build(course, NAMES))
        assert "holds" in said[0]
        assert "Edited in the text." in course.released("90_sample").read_text()
        assert stale(course, NAMES) == []

    def test_the_same_edit_on_both_sides_is_no_conflict(self, course):
        edit(course.text("90_sample"), "Prose with", "Words with")
        edit_notebook(course.solution("90_sample"), "Prose with", "Words with")
        list(build(course, NAMES))
        assert stale(course, NAMES) == []


class TestWhatStopsIt:
    def test_problems_of_all_lessons_are_printed_and_the_others_built(self, course, capsys):
        edit(course.text("90_sample"), " points=2", "")
        edit(course.text("90_sample"), "    x: array of any shape\n", "")
        edit(course.text("91_small"), "small", "still small")
        before = state(course)
        assert main(["--root", str(course.root)]) == 1
        said = capsys.readouterr().err
        line = course.text("90_sample").read_text().split("\n").index('# %% check="slope"') + 1
        assert f'lessons/90_sample.py:{line}: check="slope" does not say what it is worth' in said
        assert "the shape of x" in said
        assert changed(before, course) == {
            "solutions/91_small/91_small.ipynb",
            "notebooks/91_small/91_small.ipynb",
        }

    def test_a_cell_that_raises(self, course):
        edit(course.text("91_small"), "print('small')", "print(1)\nundefined_name")
        before = state(course)
        with pytest.raises(LessonError) as caught:
            list(build(course, NAMES))
        (problem,) = caught.value.problems
        text = course.text("91_small").read_text().split("\n")
        assert text[problem.line - 1] == "# %%"
        assert "NameError: name 'undefined_name' is not defined" in problem.sentence
        assert changed(before, course) == set()

    def test_a_tag_for_raising_on_a_cell_that_does_not(self, course):
        edit(course.text("90_sample"), "1 / 0", "1 / 1")
        with pytest.raises(LessonError, match="raises nothing"):
            list(build(course, NAMES))

    def test_an_output_with_a_path_of_this_machine(self, course):
        edit(course.text("91_small"), "print('small')", "import sys\nprint(sys.prefix)")
        with pytest.raises(LessonError, match="shows a path of this machine"):
            list(build(course, NAMES))

    def test_an_unreadable_header_and_an_unreadable_notebook(self, course):
        edit(course.text("90_sample"), "#     minutes: 5", "#     minutes: [5")
        course.solution("91_small").write_text("no notebook")
        with pytest.raises(LessonError) as caught:
            list(build(course, NAMES))
        said = str(caught.value)
        assert "is not readable YAML" in said
        assert "solutions/91_small/91_small.ipynb:1: this is not a readable notebook" in said

    def test_an_unknown_lesson(self, course, capsys):
        assert main(["77", "--root", str(course.root)]) == 1
        assert 'no lesson begins with "77"' in capsys.readouterr().err
