"""docs/experiments.md: every slider experiment with its picture in both themes, its text line and its question. Generated.

`python -m backprop_helpers.authoring.contact_sheet` writes it (`make docs` too); a test fails when it is stale.
"""

from __future__ import annotations

import re
from pathlib import Path

from backprop_helpers import experiments
from backprop_helpers.experiments import theme
from backprop_helpers.experiments.experiment import Experiment, Shown

DOCS = Path("docs")
PATH = DOCS / "experiments.md"
FOLDER = Path("pictures") / "experiments"

_HEAD = """# All experiments

{count} pictures one can move. Each is one call in a notebook, such as `from backprop_helpers.experiments import folds` and then
`folds()`: a question first, then sliders that answer at once, with the keyboard or the mouse, and a line of text that says what is
seen. [Adding one](authoring.md) takes fewer than 60 lines of Python and no JavaScript. Generated from the experiments themselves.
"""


def pictures() -> dict[str, str]:
    """File name → SVG, light and dark, of every experiment as a reopened notebook shows it."""
    found = {}
    for name in experiments.names():
        shown = _shown(experiments.get(name))
        light = shown.figure.svg(shown.label)
        found[f"{name}.svg"] = light
        dark = light.replace(theme.variables(theme.LIGHT), theme.variables(theme.DARK))
        found[f"{name}-dark.svg"] = dark.replace(
            f'fill="{theme.LIGHT["paper"]}"', f'fill="{theme.DARK["paper"]}"'
        )
    return found


def sheet(lessons: Path) -> str:
    """The page as Markdown; lessons: the folder with their texts, which says who shows what."""
    users = _users(lessons)
    parts = [_HEAD.format(count=len(experiments.names()))]
    for name in experiments.names():
        e = experiments.get(name)
        said = _shown(e).sentence
        where = f"Lesson {', '.join(users[name])}." if name in users else "For whoever asks for it."
        parts.append(
            f"\n## {e.title}\n\n`{name}()` · {where}\n\n<picture>\n"
            f'<source media="(prefers-color-scheme: dark)" srcset="{FOLDER.as_posix()}/{name}-dark.svg">\n'
            f'<img src="{FOLDER.as_posix()}/{name}.svg" alt="{_plain(said)}">\n</picture>\n\n{said}\n'
        )
        if e.prediction is not None:
            parts.append(f"\n> **Asked first:** {e.prediction.question}\n")
    return "".join(parts)


def _shown(e: Experiment) -> Shown:
    return e.show(**e.snapshot)


def _plain(text: str) -> str:
    return text.replace('"', "&quot;").replace("<", "&lt;")


def _users(lessons: Path) -> dict[str, list[str]]:
    """Experiment → the numbers of the lessons that show it."""
    users: dict[str, list[str]] = {}
    for path in sorted(lessons.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        for name in experiments.names():
            if re.search(rf"^{name}\(", text, re.MULTILINE):
                users.setdefault(name, []).append(path.stem[:2])
    return users


def main() -> None:
    (DOCS / FOLDER).mkdir(parents=True, exist_ok=True)
    wanted = pictures()
    for old in (DOCS / FOLDER).glob("*.svg"):
        if old.name not in wanted:
            old.unlink()
    for name, svg in wanted.items():
        (DOCS / FOLDER / name).write_text(svg, encoding="utf-8")
    PATH.write_text(sheet(Path("lessons")), encoding="utf-8")
    print(f"{PATH} shows {len(experiments.names())} experiments.")


if __name__ == "__main__":
    main()
