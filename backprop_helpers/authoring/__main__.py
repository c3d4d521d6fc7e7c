"""`python -m backprop_helpers.authoring [lessons] [--check]`: what `make lessons` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from backprop_helpers.authoring.build import Course, build, stale
from backprop_helpers.authoring.problems import LessonError


def main(arguments: list[str] | None = None) -> int:
    """Build or check the lessons of the course in the current folder. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="make lessons", description="Build solutions/ and notebooks/ from lessons/."
    )
    parser.add_argument("lessons", nargs="*", help="names or beginnings of names, as 01 (default: all)")
    parser.add_argument("--check", action="store_true", help="only say what is stale, build nothing")
    parser.add_argument(
        "--force", action="store_true", help="run everything again, also what has not changed"
    )
    parser.add_argument("--root", type=Path, default=Path(), help="the course's folder (default: this one)")
    given = parser.parse_args(arguments)
    course = Course(given.root.resolve())
    try:
        names = course.choose(given.lessons)
        if given.check:
            found = stale(course, names)
            print("\n".join(found) or f"{len(names)} lessons, all up to date.")
            return 1 if found else 0
        for line in build(course, names, force=given.force):
            print(line)
    except LessonError as error:
        print(error, file=sys.stderr)
        count = len(error.problems)
        print(
            f"{count} thing{'s' if count != 1 else ''} to mend; nothing of these lessons was built.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
