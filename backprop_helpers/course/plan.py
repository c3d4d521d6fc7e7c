"""course.toml: what an instructor decides, read with a sentence for everything that does not fit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

FILE = "course.toml"
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$")

TEMPLATE = """\
# Your course. Change this file, then run `backprop course {id}` again: it says what it changes before it is asked to.
id = "{id}"

# The lessons, in order.
lessons = [{lessons}]

# When they are due: a date (then at its end) or a date with a time, in the zone named here.
timezone = "UTC"
[due]
# 04_backward_pass = 2026-12-01
# 05_weight_update = 2026-12-08T18:00:00

# What being late costs: percent of what was earned, for each day begun.
[late]
percent_per_day = 0
most = 100
grace_hours = 0

# Other points than the lesson's own, by the id of a graded cell.
[points]
# "check-affine_backward" = 5

# Your own questions stand in own/LESSON.ipynb: a notebook with nbgrader's marks, made in JupyterLab with its "Create
# Assignment" panel. They are added at the end of the lesson, and no update ever touches that file.
"""


class PlanError(Exception):
    """course.toml can't be used; the text says which entry, and what would do."""


@dataclass(frozen=True)
class Plan:
    """A course as its instructor wants it. due: UTC; points: by grade id."""

    id: str
    lessons: tuple[str, ...]
    due: Mapping[str, datetime] = field(default_factory=dict)
    percent_per_day: float = 0.0
    most: float = 100.0
    grace_hours: float = 0.0
    points: Mapping[str, float] = field(default_factory=dict)


def read_plan(path: Path, known: tuple[str, ...]) -> Plan:
    """Read course.toml. known: the lessons there are. Raises PlanError in a sentence."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise PlanError(f"{path} can't be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise PlanError(f"{path} is no TOML: {problem}.") from problem
    _only(found, "course.toml", ("id", "lessons", "timezone", "due", "late", "points"))
    id_ = found.get("id")
    if not isinstance(id_, str) or not _ID.match(id_):
        raise PlanError(f'id is {id_!r}; letters, digits, _ and - make one, such as "backprop-2026".')
    lessons = found.get("lessons")
    if not isinstance(lessons, list) or not lessons:
        raise PlanError('lessons is empty; list some, such as ["01_forward_pass"].')
    named = tuple(_lesson(name, known) for name in lessons)
    if len(set(named)) != len(named):
        raise PlanError(f"lessons names one twice: {', '.join(named)}.")
    zone = _zone(found)
    late = _table(found, "late")
    _only(late, "[late]", ("percent_per_day", "most", "grace_hours"))
    return Plan(
        id_,
        named,
        {_lesson(name, named): _moment(name, value, zone) for name, value in _table(found, "due").items()},
        _number(late, "percent_per_day", 0.0, 100.0),
        _number(late, "most", 100.0, 100.0),
        _number(late, "grace_hours", 0.0, 24.0 * 365),
        {name: _number(_table(found, "points"), name, 0.0, 1000.0) for name in _table(found, "points")},
    )


def _only(found: Mapping[str, Any], where: str, names: tuple[str, ...]) -> None:
    for name in found:
        if name not in names:
            raise PlanError(f"{where} has an entry {name!r}; it knows {', '.join(names)}.")


def _table(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise PlanError(f"{name} is {table!r}; expected a table, [{name}].")
    return table


def _lesson(name: Any, known: tuple[str, ...]) -> str:
    fitting = [
        lesson
        for lesson in known
        if lesson == name or (isinstance(name, str) and lesson.startswith(f"{name}_"))
    ]
    if len(fitting) != 1:
        raise PlanError(f"{name!r} is no lesson; there are {', '.join(known)}.")
    return fitting[0]


def _zone(found: Mapping[str, Any]) -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = found.get("timezone", "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise PlanError(f'timezone is {name!r}; name one as "Europe/Vienna", or "UTC".') from None


def _moment(name: str, value: Any, zone: Any) -> datetime:
    if isinstance(value, datetime):
        local = value if value.tzinfo else value.replace(tzinfo=zone)
    elif isinstance(value, date):
        local = datetime.combine(value, time(23, 59, 59), zone)
    else:
        raise PlanError(f"due.{name} is {value!r}; write a date such as 2026-12-01, without quotes.")
    return local.astimezone(UTC)


def _number(found: Mapping[str, Any], name: str, default: float, most: float) -> float:
    value = found.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise PlanError(f"{name} is {value!r}; expected a number from 0 to {most:g}.")
    return float(value)
