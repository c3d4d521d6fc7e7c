"""What a lesson must keep to before it is built. Every rule returns what it found; nothing stops at the first."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from backprop_helpers.authoring.leaks import hints, shows, shows_most, telling_lines
from backprop_helpers.authoring.problems import Problem
from backprop_helpers.authoring.text import LESSON_KEYS, ROLES, Cell, Lesson, split_scheme

REGIONS = {"SOLUTION": ("exercise", "answer"), "HIDDEN TESTS": ("check",), "MARK SCHEME": ("answer",)}
GIVEN = "given"  # tag of a cell that may show a solution, because its code is there to be mended
_MARKER = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\b")
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,47}$")
# A shape in parentheses, or a word for what has none: a number, a container, a thing of a named class, a setting.
_SHAPE = re.compile(
    r"\([^()]*[A-Z0-9…][^()]*\)|\b[A-Z]\w*[a-z]\w*[A-Z]\w*|\b(?i:shapes?|scalar|numbers?|floats?|ints?|integers?|bool|true|"
    r"false|dict|dictionary|list|tuple|pairs?|string|str|function|callable|generator|any size|tensor|none|rows|epochs|"
    r"steps|optimizer|optimiser|settings?|params)\b"
)
_CALLED = re.compile(r"\bcheck\(\s*[\"']([^\"']+)[\"']")


def problems_of(lesson: Lesson, path: Path | None = None) -> list[Problem]:
    """Everything that is wrong with a lesson's text, in the order of its lines.

    path: how the text is named in the messages (by default the lesson's own path).
    """
    rules = (_about, _names, _pairs, _points, _regions, _hidden, _docstrings, _leaks)
    found = [(line, sentence) for rule in rules for line, sentence in rule(lesson)]
    return sorted(Problem(path or lesson.path, line, sentence) for line, sentence in found)


Found = Iterator[tuple[int, str]]


def released(cell: Cell) -> str:
    """What a learner reads of a cell: its source without solution, hidden tests and mark scheme."""
    inside = _inside(cell, "SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
    return "\n".join(line for i, line in enumerate(cell.source.split("\n")) if i not in inside)


def _about(lesson: Lesson) -> Found:
    missing = [key for key in LESSON_KEYS if not lesson.about.get(key)]
    if missing:
        yield (
            1,
            (
                f"the header does not say the lesson's {' and '.join(missing)}; "
                f"add it under `jupyter: backprop:` between the two `# ---` lines."
            ),
        )


def _names(lesson: Lesson) -> Found:
    seen: dict[tuple[str, str], int] = {}
    for cell in lesson.cells:
        roles = [role for role in ROLES if role in cell.metadata]
        if len(roles) > 1:
            yield cell.line, f"one cell can't be {' and '.join(roles)} at once; give each a cell of its own."
        if not cell.role:
            continue
        if not _NAME.match(cell.name):
            yield (
                cell.line,
                (
                    f'{cell.role}="{cell.name}" is no usable name; '
                    "take letters, digits, _ and - (at most 48, a letter first)."
                ),
            )
        if cell.role != "answer" and cell.kind != "code":
            yield (
                cell.line,
                f'{cell.role}="{cell.name}" stands on a {cell.kind} cell; it has to be a code cell.',
            )
        key = (cell.role, cell.name)
        if key in seen:
            yield (
                cell.line,
                (
                    f'{cell.role}="{cell.name}" is used twice (first in line {seen[key]}); '
                    f"every {cell.role} needs its own name."
                ),
            )
        seen.setdefault(key, cell.line)


def _pairs(lesson: Lesson) -> Found:
    exercises = {cell.name: cell for cell in lesson.cells if cell.role == "exercise"}
    checks = {cell.name: cell for cell in lesson.cells if cell.role == "check"}
    for name, cell in exercises.items():
        if name not in checks:
            yield (
                cell.line,
                f'exercise="{name}" has no check; add a cell `# %% check="{name}" points=…` below it.',
            )
    for name, cell in checks.items():
        if name not in exercises:
            yield cell.line, f'check="{name}" has no exercise of that name; is one of the two misspelt?'
        elif exercises[name].line > cell.line:
            yield cell.line, f'check="{name}" stands above its exercise; move it directly below.'
        for called in sorted(set(_CALLED.findall(cell.source)) - {name}):
            yield (
                cell.line,
                f'check="{name}" calls check("{called}", …); a check cell checks its own exercise only.',
            )


def _points(lesson: Lesson) -> Found:
    for cell in lesson.cells:
        points = cell.metadata.get("points")
        if cell.role in ("check", "answer"):
            if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
                yield (
                    cell.line,
                    (
                        f'{cell.role}="{cell.name}" does not say what it is worth; add `points=` and a number above 0.'
                    ),
                )
        elif points is not None:
            where = f'exercise="{cell.name}"' if cell.role else "a cell that is not marked"
            yield cell.line, f"points stand on {where}; they belong on a check or an answer."


def _regions(lesson: Lesson) -> Found:
    for cell in lesson.cells:
        yield from _balance(cell)
        kinds = {kind for _, _, kind in _marker_lines(cell)}
        for kind in sorted(kinds):
            if cell.role not in REGIONS[kind]:
                allowed = " or ".join(f"{role}=…" for role in REGIONS[kind])
                yield _line_of(cell, kind), f"BEGIN {kind} stands in a cell that is not marked {allowed}."
        if cell.role in REGIONS["SOLUTION"] and "SOLUTION" not in kinds:
            yield (
                cell.line,
                (
                    f'{cell.role}="{cell.name}" has no BEGIN SOLUTION and END SOLUTION; '
                    "without them a learner gets an empty cell."
                ),
            )
        scheme = split_scheme(cell.source)[1]
        if scheme and not cell.source.rstrip().endswith(scheme):
            yield (
                _line_of(cell, "MARK SCHEME"),
                "the mark scheme has to stand at the end of its cell; move it there.",
            )


def _hidden(lesson: Lesson) -> Found:
    for cell in lesson.cells:
        inside = _inside(cell, "HIDDEN TESTS")
        for i, line in enumerate(cell.source.split("\n")):
            if cell.kind == "code" and re.search(r"\bhidden\s*=\s*True\b", line) and i not in inside:
                yield (
                    cell.first_line + i,
                    (
                        "a hidden check would be visible to learners; "
                        "put it between BEGIN HIDDEN TESTS and END HIDDEN TESTS."
                    ),
                )


def _docstrings(lesson: Lesson) -> Found:
    for cell in lesson.cells:
        if cell.role != "exercise" or cell.kind != "code":
            continue
        try:
            tree = ast.parse(_without_magics(cell.source))
        except SyntaxError as error:
            yield (
                cell.first_line + (error.lineno or 1) - 1,
                (f'exercise="{cell.name}" is not valid Python: {error.msg}.'),
            )
            continue
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                yield from _shapes_said(cell, node, skip_first=False)
            elif isinstance(node, ast.ClassDef):
                if not ast.get_docstring(node):
                    yield (
                        cell.first_line + node.lineno - 1,
                        f"class {node.name} has no docstring; say what it is for.",
                    )
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                        yield from _shapes_said(cell, method, skip_first=True)


def _shapes_said(cell: Cell, node: ast.FunctionDef, *, skip_first: bool) -> Found:
    line = cell.first_line + node.lineno - 1
    docstring = ast.get_docstring(node)
    if not docstring:
        yield (
            line,
            f"{node.name} has no docstring; say what it does and the shape of everything that goes in and out.",
        )
        return
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    for argument in arguments[1:] if skip_first else arguments:
        said = [match.end() for match in re.finditer(rf"\b{re.escape(argument.arg)}\b", docstring)]
        # "x, y: (N, D)" speaks of both: the shape may follow after another name and a colon.
        if not any(_SHAPE.search(docstring[end : end + 90].split("\n\n")[0]) for end in said):
            yield (
                line,
                (
                    f"the docstring of {node.name} does not say the shape of {argument.arg}; "
                    f"write for example `{argument.arg}: (N, D)` or `{argument.arg}: scalar`."
                ),
            )
    gives = re.search(r"\b(?=true\b|false\b)|\b(returns?|gives?|yields?)\b|->", docstring, re.IGNORECASE)
    if _returns_something(node) and not (gives and _SHAPE.search(docstring[gives.end() :])):
        yield line, f"the docstring of {node.name} does not say what it returns and in which shape."


def _returns_something(node: ast.FunctionDef) -> bool:
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def _leaks(lesson: Lesson) -> Found:
    for exercise in lesson.cells:
        if exercise.role != "exercise" or exercise.kind != "code":
            continue
        lines = telling_lines(exercise.source, _inside(exercise, "SOLUTION"))
        for cell in lesson.cells:
            text = released(cell)
            watched = hints(text) if cell.kind == "markdown" else text if cell.role else ""
            place = (
                "a hint" if cell.kind == "markdown" else "the stub" if cell.role == "exercise" else "a check"
            )
            for line in lines:
                if watched and shows(watched, line):
                    yield (
                        cell.line,
                        (
                            f'{place} here shows a line of the solution of exercise="{exercise.name}" '
                            f"(line {exercise.first_line + line.offset}): `{line.shown}`."
                        ),
                    )
            # A bug hunt hands out its solution with one wrong line, on purpose.
            given = GIVEN in cell.metadata.get("tags", [])
            if not watched and not given and shows_most(text, lines):
                yield (
                    cell.line,
                    f'most of the solution of exercise="{exercise.name}" can be read in this cell.',
                )


def _marker_lines(cell: Cell) -> list[tuple[int, str, str]]:
    """(0-based line, BEGIN or END, kind) of every marker of a cell."""
    found = []
    for i, line in enumerate(cell.source.split("\n")):
        match = _MARKER.search(line)
        if match:
            found.append((i, match[1], match[2]))
    return found


def _line_of(cell: Cell, kind: str) -> int:
    return cell.first_line + next(i for i, _, found in _marker_lines(cell) if found == kind)


def _balance(cell: Cell) -> Found:
    open_kind, open_line = "", 0
    for i, edge, kind in _marker_lines(cell):
        line = cell.first_line + i
        if edge == "BEGIN" and open_kind:
            yield (
                line,
                f"BEGIN {kind} stands inside {open_kind}, which began in line {open_line}; end that one first.",
            )
        elif edge == "END" and open_kind != kind:
            yield line, f"END {kind} has no BEGIN {kind} before it in this cell."
        open_kind, open_line = (kind, line) if edge == "BEGIN" else ("", 0)
    if open_kind:
        yield open_line, f"BEGIN {open_kind} has no END {open_kind} after it in this cell."
    counts = Counter(kind for _, edge, kind in _marker_lines(cell) if edge == "BEGIN")
    if counts["MARK SCHEME"] > 1:
        yield (
            _line_of(cell, "MARK SCHEME"),
            "a cell can have one mark scheme only; put all of it between one pair.",
        )


def _inside(cell: Cell, *kinds: str) -> set[int]:
    """The 0-based lines of a cell between BEGIN and END of the given kinds, the marker lines among them."""
    inside: set[int] = set()
    open_kind = ""
    for i, line in enumerate(cell.source.split("\n")):
        match = _MARKER.search(line)
        if match and match[1] == "BEGIN":
            open_kind = match[2]
        if open_kind in kinds:
            inside.add(i)
        if match and match[1] == "END":
            open_kind = ""
    return inside


def _without_magics(source: str) -> str:
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
