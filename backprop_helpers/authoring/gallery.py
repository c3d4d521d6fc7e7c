"""docs/misconceptions.md: every misconception with the message a learner reads. Generated, never edited.

`python -m backprop_helpers.authoring.gallery` writes it; a test fails when it is stale.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from backprop_helpers import misconceptions
from backprop_helpers.checks import diagnose, exercise_named

PATH = Path("docs") / "misconceptions.md"

_HEAD = """# What goes wrong, and what the course says about it

Generated from the registered misconceptions by running each one through its check: {count} mistakes in {exercises}
exercises. Every message below is what a learner sees, on the inputs of the visible check.
"""


def gallery() -> str:
    """The whole page as Markdown."""
    everything = misconceptions.all()
    parts = [_HEAD.format(count=len(everything), exercises=len({m.exercise for m in everything}))]
    for exercise, group in itertools.groupby(everything, key=lambda m: m.exercise):
        parts.append(
            f"\n## `{exercise_named(exercise).signature}`\n\n*Lesson {exercise_named(exercise).lesson}*\n"
        )
        for m in group:
            message = str(diagnose(m.exercise, m.wrong))
            parts.append(f"\n### {m.name}\n\n```text\n{message}\n```\n\nSource: {m.source}.\n")
    return "".join(parts)


def main() -> None:
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(gallery(), encoding="utf-8")
    print(f"{PATH} lists {len(misconceptions.all())} misconceptions.")


if __name__ == "__main__":
    main()
