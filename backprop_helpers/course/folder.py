"""`backprop course`: make a course's folder, or bring it up to date; it says what it changes, and what an instructor wrote stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from backprop_helpers._files import write_atomically
from backprop_helpers._lessons import checkout
from backprop_helpers.course.comments import BANK, EXAMPLE
from backprop_helpers.course.compose import ComposeError, compose, graded_ids
from backprop_helpers.course.plan import FILE, TEMPLATE, Plan, PlanError, read_plan
from backprop_helpers.grading.course import CONFIG, open_course
from backprop_helpers.grading.seed import secret_seed

SOURCE, OWN = "source", "own"
_RECORD = Path(".backprop") / "course.json"

_CONFIG = '''"""An nbgrader course with lessons on backpropagation; course.toml holds its plan."""

from pathlib import Path

from backprop_helpers.course.folder import set_up

c = get_config()  # noqa: F821 - nbgrader gives this name to its configuration files
set_up(c, Path(__file__).resolve().parent)

# Your own settings of nbgrader go below this line, and no update changes this file.
'''


class CourseError(Exception):
    """The folder can't be made or brought up to date; the text says why."""


@dataclass(frozen=True)
class Change:
    """What an update does to one file: "new", "changed", "kept" (an instructor's own) or "same", and a sentence."""

    path: str
    what: str
    text: str = ""


def lessons_there() -> Path:
    """The folder of the solutions. Raises CourseError for an installed package, which has only what learners may have."""
    root = checkout()
    if root is None:
        raise CourseError(
            "A course is made from a clone of the repository, which has the solutions; this is an installed package. Clone it, "
            "then `make setup` there, and run the command from its environment."
        )
    return root / "solutions"


def known_lessons(solutions: Path) -> tuple[str, ...]:
    """The lessons that have a solution."""
    return tuple(sorted(p.parent.name for p in solutions.glob("*/*.ipynb") if p.stem == p.parent.name))


def begin(folder: Path, lessons: tuple[str, ...] = ()) -> Change:
    """Write course.toml where there is none. lessons: which; none for all."""
    known = known_lessons(lessons_there())
    chosen = [_named(name, known) for name in lessons] or list(known)
    path = folder / FILE
    if path.exists():
        return Change(FILE, "kept")
    folder.mkdir(parents=True, exist_ok=True)
    quoted = ", ".join(f'"{name}"' for name in chosen)
    id_ = "".join(c if c.isalnum() or c in "_-" else "-" for c in folder.name) or "course"
    write_atomically(path, TEMPLATE.format(id=id_, lessons=quoted).encode())
    bank = folder / BANK
    if not bank.exists():
        write_atomically(_made(bank), EXAMPLE.encode())
    return Change(
        FILE,
        "new",
        f"your plan: lessons, dates, late policy, points; {BANK.as_posix()} has comments to begin with",
    )


def _named(name: str, known: tuple[str, ...]) -> str:
    found = [lesson for lesson in known if lesson == name or lesson.startswith(f"{name}_")]
    if len(found) != 1:
        raise CourseError(f"{name!r} is no lesson; there are {', '.join(known)}.")
    return found[0]


def bring_up_to_date(folder: Path, *, dry_run: bool = False) -> list[Change]:
    """Make what the plan asks for. dry_run: only say it.

    A notebook that an instructor changed is kept, and the new one put beside it in .backprop/new. Raises CourseError.
    """
    solutions = lessons_there()
    try:
        plan = read_plan(folder / FILE, known_lessons(solutions))
    except PlanError as problem:
        raise CourseError(str(problem)) from problem
    record = _record(folder)
    changes = [_configuration(folder, dry_run)]
    for lesson in plan.lessons:
        changes.append(_lesson(folder, solutions, lesson, plan, record, dry_run))
    if not dry_run:
        # what hidden tests draw from and found is nobody else's
        (folder / _RECORD).parent.mkdir(mode=0o700, exist_ok=True)
        write_atomically(_made(folder / _RECORD), json.dumps(record, indent=1, sort_keys=True).encode())
        secret_seed(folder / ".backprop" / "secret_seed")
        changes += _dates(folder, plan)
    return changes


def set_up(c: object, root: Path) -> None:
    """What a course's nbgrader_config.py calls."""
    from backprop_helpers.course.late import use
    from backprop_helpers.course.settings import configure

    configure(c, root)
    plan = read_plan(root / FILE, known=_built(root))
    c.CourseDirectory.course_id = plan.id  # type: ignore[attr-defined]
    c.CourseDirectory.source_directory = SOURCE  # type: ignore[attr-defined]
    if plan.percent_per_day:
        use(c, plan.percent_per_day, plan.most, plan.grace_hours)


def _built(root: Path) -> tuple[str, ...]:
    return tuple(sorted(p.name for p in (root / SOURCE).glob("*") if p.is_dir()))


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _record(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return {str(k): str(v) for k, v in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _configuration(folder: Path, dry_run: bool) -> Change:
    path = folder / CONFIG
    if path.exists():
        return Change(CONFIG, "same" if path.read_text(encoding="utf-8") == _CONFIG else "kept", "")
    if not dry_run:
        write_atomically(path, _CONFIG.encode())
    return Change(CONFIG, "new", "nbgrader's configuration; add your own settings at its end")


def _lesson(
    folder: Path, solutions: Path, lesson: str, plan: Plan, record: dict[str, str], dry_run: bool
) -> Change:
    own = folder / OWN / f"{lesson}.ipynb"
    try:
        made = compose(
            lesson,
            nbformat.read(solutions / lesson / f"{lesson}.ipynb", as_version=4),
            nbformat.read(own, as_version=4) if own.is_file() else None,
            plan.points,
        )
    except (ComposeError, nbformat.reader.NotJSONError, nbformat.ValidationError) as problem:
        raise CourseError(f"{own}: {problem}" if "own/" not in str(problem) else str(problem)) from problem
    data = (nbformat.writes(made) + "\n").encode()
    path = folder / SOURCE / lesson / f"{lesson}.ipynb"
    shown = f"{SOURCE}/{lesson}/{lesson}.ipynb"
    old = path.read_bytes() if path.is_file() else None
    if old == data:
        record[lesson] = _digest(data)
        return Change(shown, "same")
    text = _difference(old, made)
    if old is not None and record.get(lesson) != _digest(old):
        if not dry_run:
            write_atomically(_made(folder / ".backprop" / "new" / f"{lesson}.ipynb"), data)
        return Change(
            shown,
            "kept",
            f"you changed it; the new one lies in .backprop/new ({text}). Own questions belong in {OWN}/{lesson}.ipynb",
        )
    if not dry_run:
        write_atomically(_made(path), data)
        record[lesson] = _digest(data)
    return Change(shown, "new" if old is None else "changed", text)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _difference(old: bytes | None, new: NotebookNode) -> str:
    """What changes for marks, in words."""
    points = graded_ids(new)
    if old is None:
        return f"{len(points)} graded cells, {sum(points.values()):g} points"
    before = graded_ids(nbformat.reads(old.decode("utf-8"), as_version=4))
    parts = [
        *(f"{name} is new" for name in points if name not in before),
        *(f"{name} is gone: marks given for it no longer count" for name in before if name not in points),
        *(
            f"{n} gives {points[n]:g} instead of {before[n]:g}"
            for n in points
            if n in before and points[n] != before[n]
        ),
    ]
    return "; ".join(parts) or "texts or code; every graded cell stays"


def _dates(folder: Path, plan: Plan) -> list[Change]:
    """Due dates into the gradebook; marks there stay."""
    course = open_course(folder)
    changes = []
    with Gradebook(course.db_url, course.course_id) as gradebook:
        known = {a.name: a.duedate for a in gradebook.assignments}
        for lesson in plan.lessons:
            due = plan.due.get(lesson)
            wanted: datetime | None = due.replace(tzinfo=None) if due else None
            if lesson not in known or known[lesson] != wanted:
                gradebook.update_or_create_assignment(lesson, duedate=wanted)
                if wanted or known.get(lesson):
                    when = f"due {wanted:%Y-%m-%d %H:%M} UTC" if wanted else "no longer due"
                    changes.append(Change(lesson, "changed", when))
    return changes


def make(
    folder: Path,
    lessons: tuple[str, ...] = (),
    *,
    dry_run: bool = False,
    confirm: Callable[[list[Change]], bool] = lambda _: True,
) -> list[Change]:
    """Begin or update a course; confirm is asked before existing notebooks change. Returns what happened."""
    fresh = not (folder / FILE).exists()
    if fresh and dry_run:
        return [Change(FILE, "new")]
    first = [begin(folder, lessons)] if fresh else []
    planned = bring_up_to_date(folder, dry_run=True)
    if dry_run or (any(c.what == "changed" for c in planned) and not confirm(planned)):
        return first + planned
    return first + bring_up_to_date(folder)
