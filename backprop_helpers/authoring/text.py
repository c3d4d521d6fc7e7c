"""A lesson as text (jupytext percent format) and as a notebook with nbgrader's metadata, both ways.

A marker in the text is one readable word; nbgrader wants seven keys. The two are a bijection, so nothing is written
twice and a cell edited in JupyterLab finds its way back:

====================================  ========================================================================
``exercise="relu_forward"``           autograded answer: the learner writes it
``check="relu_forward" points=2``     autograder tests: locked, marked by running them
``answer="why_add" points=4``         manually graded answer, code or markdown; its mark scheme becomes a locked
                                      cell of its own, because nbgrader shows a grader only the text of locked cells
====================================  ========================================================================
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml  # type: ignore[import-untyped]
from nbformat import NotebookNode

ROLES = ("exercise", "check", "answer")
# Everything else a notebook's cell may carry (collapsed, execution, trusted, …) belongs to one sitting, not to the lesson.
KEPT_METADATA = (*ROLES, "points", "tags")
LESSON_KEYS = ("title", "minutes", "question")
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# Without the version: it would differ from machine to machine.
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
SCHEME_NOTE = "*Marked by hand: up to {points} points.*"
SCHEME_BEGIN, SCHEME_END = "BEGIN MARK SCHEME", "END MARK SCHEME"
_CELL_START = re.compile(r"^# %%(\s|$)")
_FENCE = re.compile(r"^# ---\s*$")


@dataclass(frozen=True)
class Cell:
    """One cell of a lesson: where it stands in the text, what it is, and its markers."""

    line: int  # 1-based line of its `# %%`
    kind: str  # "code", "markdown" or "raw"
    source: str
    metadata: dict[str, Any]

    @property
    def role(self) -> str | None:
        """ "exercise", "check", "answer" or None."""
        return next((role for role in ROLES if role in self.metadata), None)

    @property
    def name(self) -> str:
        """The marker's value: the name of the exercise or of the answer."""
        return str(self.metadata[self.role]) if self.role else ""

    @property
    def first_line(self) -> int:
        """1-based line of the text on which the cell's own source begins."""
        return self.line + 1


@dataclass(frozen=True)
class Lesson:
    """A lesson read from its text."""

    path: Path
    about: dict[str, Any]  # title, minutes, question
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def read_lesson(text: str, path: Path) -> Lesson:
    """Read a lesson's text. Raises ValueError with a sentence when the header is not readable YAML."""
    try:
        notebook = jupytext.reads(text, fmt="py:percent")
    except yaml.YAMLError as error:
        raise ValueError(f"the header between the two `# ---` lines is not readable YAML: {error}") from error
    lines = _cell_lines(text, [cell.source for cell in notebook.cells])
    cells = tuple(
        Cell(line, cell.cell_type, _tidy(cell.source, cell.metadata), _kept(cell.metadata))
        for line, cell in zip(lines, notebook.cells, strict=True)
    )
    return Lesson(path, dict(notebook.metadata.get("backprop", {})), cells)


def write_lesson(about: dict[str, Any], cells: list[Cell] | tuple[Cell, ...]) -> str:
    """Write a lesson as text, always in the same form: the inverse of :func:`read_lesson`."""
    notebook = nbformat.v4.new_notebook()
    # The header is written below, in an order a reader expects; jupytext would sort it and add its own version.
    notebook.metadata = NotebookNode(
        {
            "kernelspec": KERNELSPEC,
            "jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "all"},
        }
    )
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    for cell in cells:
        notebook.cells.append(make[cell.kind](cell.source, metadata=_kept(cell.metadata)))
    body: str = jupytext.writes(notebook, fmt="py:percent")
    return _header(about) + "\n" + body.lstrip("\n")


def canonical(text: str, path: Path) -> str:
    """The same lesson in the form :func:`write_lesson` gives it, so that two texts can be compared by content."""
    lesson = read_lesson(text, path)
    return write_lesson(lesson.about, lesson.cells)


def fingerprint(canonical_text: str) -> str:
    """A short name for a lesson's content: what a notebook records of the text it was built from."""
    return "sha256:" + hashlib.sha256(canonical_text.encode()).hexdigest()[:32]


def to_notebook(lesson: Lesson) -> NotebookNode:
    """The solution notebook of a lesson, not yet executed. The same lesson gives the same bytes."""
    notebook = nbformat.v4.new_notebook()
    about = {**lesson.about, "built_from": fingerprint(write_lesson(lesson.about, lesson.cells))}
    notebook.metadata = NotebookNode(
        {"backprop": about, "kernelspec": dict(KERNELSPEC), "language_info": dict(LANGUAGE_INFO)}
    )
    for cell in lesson.cells:
        notebook.cells.extend(_nbgrader_cells(cell))
    for cell, cell_id in zip(notebook.cells, _cell_ids(notebook.cells), strict=True):
        cell["id"] = cell_id
    return notebook


def from_notebook(notebook: NotebookNode) -> str:
    """The text of a notebook, whether built by :func:`to_notebook` or edited since in JupyterLab."""
    about = {
        key: value for key, value in notebook.metadata.get("backprop", {}).items() if key != "built_from"
    }
    cells: list[Cell] = []
    schemes: dict[str, str] = {}
    for cell in notebook.cells:
        metadata = _markers(cell)
        if metadata.get("rubric"):
            schemes[str(metadata["rubric"])] = _scheme_of(cell.source)
        else:
            cells.append(Cell(0, cell.cell_type, cell.source, metadata))
    joined = [
        Cell(0, cell.kind, join_scheme(cell.source, schemes.pop(cell.name)), cell.metadata)
        if cell.role == "answer" and cell.name in schemes
        else cell
        for cell in cells
    ]
    # A mark scheme whose answer was deleted is kept as an ordinary cell: the author decides, nothing is dropped.
    joined += [Cell(0, "markdown", scheme, {}) for scheme in schemes.values()]
    return write_lesson(about, joined)


def built_from(notebook: NotebookNode) -> str | None:
    """The fingerprint of the text a notebook was built from, None where it says nothing."""
    value = notebook.metadata.get("backprop", {}).get("built_from")
    return str(value) if value else None


def split_scheme(source: str) -> tuple[str, str]:
    """An answer's source without its mark scheme, and the mark scheme with its two marker lines ("" if none)."""
    lines = source.split("\n")
    begin = next((i for i, line in enumerate(lines) if SCHEME_BEGIN in line), None)
    if begin is None:
        return source, ""
    end = next((i for i, line in enumerate(lines) if i > begin and SCHEME_END in line), len(lines) - 1)
    rest = lines[:begin] + lines[end + 1 :]
    return "\n".join(rest).rstrip("\n"), "\n".join(lines[begin : end + 1])


def join_scheme(source: str, scheme: str) -> str:
    """The inverse of :func:`split_scheme`: the mark scheme stands last, after one empty line."""
    return f"{source}\n\n{scheme}"


def _tidy(source: str, metadata: dict[str, Any]) -> str:
    rest, scheme = split_scheme(source)
    stands_last = bool(scheme) and source.rstrip().endswith(scheme)
    return join_scheme(rest, scheme) if "answer" in metadata and stands_last else source


def _header(about: dict[str, Any]) -> str:
    ordered = {key: about[key] for key in LESSON_KEYS if key in about}
    ordered |= {key: about[key] for key in sorted(about) if key not in ordered}
    content = {"jupyter": {**({"backprop": ordered} if ordered else {}), "kernelspec": KERNELSPEC}}
    dumped: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)
    return "\n".join(["# ---", *(f"# {line}" for line in dumped.splitlines()), "# ---", ""])


def _kept(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: metadata[key] for key in KEPT_METADATA if metadata.get(key) not in (None, [])}


def _cell_lines(text: str, sources: list[str]) -> list[int]:
    """The 1-based line of every cell's marker; the closest sensible line where the text has an unmarked cell."""
    lines = text.split("\n")
    fences = [i for i, line in enumerate(lines) if _FENCE.match(line)]
    start = fences[1] + 1 if len(fences) > 1 and not any(lines[: fences[0]]) else 0
    marked = [i + 1 for i in range(start, len(lines)) if _CELL_START.match(lines[i])]
    if len(marked) == len(sources):
        return marked
    # Text before the first `# %%` is a cell of its own; a `# %%` inside a string is none.
    return ([start + 1] * max(len(sources) - len(marked), 0) + marked)[: len(sources)]


def _nbgrader_cells(cell: Cell) -> list[NotebookNode]:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    tags = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
    if cell.role is None:
        return [make[cell.kind](cell.source, metadata=tags)]
    source, scheme = split_scheme(cell.source) if cell.role == "answer" else (cell.source, "")
    points = cell.metadata.get("points")
    made = [make[cell.kind](source, metadata={**tags, "nbgrader": _nbgrader(cell.role, cell.name, points)})]
    if scheme:
        note = SCHEME_NOTE.format(points=points)
        rubric = {"nbgrader": _nbgrader("rubric", cell.name, None)}
        made.append(nbformat.v4.new_markdown_cell(f"{note}\n\n{scheme}", metadata=rubric))
    return made


def _nbgrader(role: str, name: str, points: Any) -> dict[str, Any]:
    about: dict[str, Any] = {
        "grade": role in ("check", "answer"),
        "grade_id": f"{role}-{name}",
        "locked": role in ("check", "rubric"),
        "schema_version": 3,
        "solution": role in ("exercise", "answer"),
        "task": False,
    }
    return about if points is None else {**about, "points": points}


def _markers(cell: NotebookNode) -> dict[str, Any]:
    """The markers of a notebook's cell: those typed into its metadata, else what nbgrader's metadata says."""
    found = _kept(cell.metadata)
    about = cell.metadata.get("nbgrader")
    if not about or any(role in found for role in ROLES):
        return found
    grade_id = str(about.get("grade_id", ""))
    role, _, name = grade_id.partition("-")
    if role == "rubric":
        return {"rubric": name}
    grade, solution = bool(about.get("grade")), bool(about.get("solution"))
    derived = "answer" if grade and solution else "exercise" if solution else "check" if grade else None
    if derived is None:
        return found
    # nbgrader's own panel names a cell "cell-1a2b…"; such a name is kept as it is for the author to improve.
    marker: dict[str, Any] = {derived: name if role in (*ROLES, "rubric") else grade_id}
    if grade and about.get("points") is not None:
        points = float(about["points"])
        marker["points"] = int(points) if points.is_integer() else points
    return _kept({**marker, **found})


def _scheme_of(source: str) -> str:
    lines = source.split("\n")
    begin = next((i for i, line in enumerate(lines) if SCHEME_BEGIN in line), 0)
    return "\n".join(lines[begin:])


def _cell_ids(cells: list[NotebookNode]) -> list[str]:
    """Readable ids that depend on a cell alone, so that an edit elsewhere changes none of them.

    nbformat allows 1 to 64 characters of [a-zA-Z0-9-_]. Only exact copies of one cell are told apart by counting.
    """
    seen: dict[str, int] = {}
    ids = []
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:6]
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        words = grade_id or "-".join(
            re.findall(r"[a-z0-9_]+", re.sub(r"<[^>]*>", " ", cell.source).lower())[:6]
        )
        slug = re.sub(r"[^a-zA-Z0-9_-]", "-", str(words or cell.cell_type))[:48].strip("-") or "cell"
        cell_id = slug if grade_id and slug == grade_id else f"{slug}-{digest}"
        seen[cell_id] = seen.get(cell_id, 0) + 1
        ids.append(cell_id if seen[cell_id] == 1 else f"{cell_id}-{seen[cell_id]}")
    return ids
