"""docs/architecture.md: how the parts fit, drawn from the imports that are really there. Generated."""

from __future__ import annotations

import ast
from collections import defaultdict
from html import escape
from pathlib import Path

import backprop_helpers
from backprop_helpers.experiments import theme

PACKAGE = Path(backprop_helpers.__file__).parent
PATH = Path("docs") / "architecture.md"
PICTURE = Path("docs") / "pictures" / "architecture.svg"

# Lower layers first, as the test of imports demands; the words are what stands in the boxes.
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "the subject",
        ("layers", "losses", "network", "optimizers", "training", "autodiff", "gradcheck", "data"),
    ),
    ("seen and said", ("experiments", "misconceptions")),
    ("checked", ("checks", "tracing", "progress_card")),
    ("graded", ("grading",)),
    ("told", ("feedback", "report", "lms", "course")),
    ("run", ("learn", "authoring", "demo", "cli")),
)

_TEXT = """# How the pieces fit

Imports run one way, from the top of this picture to its bottom; a test reads every import of the package and fails when one runs the
other way. Nothing a learner imports loads the parts above `checks`.

![Boxes for the parts of the package in six rows, and arrows for the imports between them](pictures/architecture.svg)

| part | what it is for |
|---|---|
{rows}

Drawn from the code by `make docs`.
"""


def imports() -> dict[str, set[str]]:
    """Part → the parts it imports."""
    known = {name for _, names in ROWS for name in names}
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if part not in known:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
            elif isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            for name in names:
                pieces = name.split(".")
                if pieces[0] == "backprop_helpers" and len(pieces) > 1 and pieces[1] in known - {part}:
                    found[part].add(pieces[1])
    return found


def purpose(part: str) -> str:
    """The first line of a part's docstring."""
    path = PACKAGE / part
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def picture() -> str:
    """The boxes and arrows as one SVG that follows the reader's theme."""
    wide, step, high = 960, 118, 44
    places: dict[str, tuple[float, float]] = {}
    boxes = []
    for row, (title, names) in enumerate(reversed(ROWS)):
        y = 30 + row * step
        boxes.append(f'<text class="t" x="8" y="{y + 27}">{escape(title)}</text>')
        gap = (wide - 130) / len(names)
        for k, name in enumerate(names):
            x = 125 + gap * (k + 0.5)
            places[name] = (x, y)
            half = min(62.0, gap / 2 - 4)
            boxes.append(
                f'<rect x="{x - half:.0f}" y="{y}" width="{2 * half:.0f}" height="{high}" rx="8"/>'
                f'<text x="{x:.0f}" y="{y + 27}" text-anchor="middle">{escape(name)}</text>'
            )
    lines = []
    for part, targets in sorted(imports().items()):
        for target in sorted(targets):
            (x0, y0), (x1, y1) = places[part], places[target]
            if y1 > y0:
                bend = (y1 - y0) / 2
                lines.append(
                    f'<path d="M{x0:.0f} {y0 + high}C{x0:.0f} {y0 + high + bend:.0f} {x1:.0f} {y1 - bend:.0f} {x1:.0f} {y1}"/>'
                )
    height = 30 + len(ROWS) * step - 30
    style = (
        f"svg{{{theme.variables(theme.LIGHT)}}}@media(prefers-color-scheme:dark){{svg{{{theme.variables(theme.DARK)}}}}}"
        "rect{fill:var(--bp-paper);stroke:var(--bp-blue);stroke-width:1.5}text{fill:var(--bp-ink);font:14px system-ui,sans-serif}"
        ".t{fill:var(--bp-muted)}path{fill:none;stroke:var(--bp-muted);stroke-width:1;opacity:.55}"
        ".paper{fill:var(--bp-paper);stroke:none}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {height}" role="img" aria-label="The parts and their imports">'
        f'<style>{style}</style><rect class="paper" width="{wide}" height="{height}"/>{"".join(lines)}{"".join(boxes)}</svg>\n'
    )


def page() -> str:
    """The page as Markdown."""
    rows = [f"| `{name}` | {purpose(name)} |" for _, names in reversed(ROWS) for name in names]
    return _TEXT.format(rows="\n".join(rows))


def main() -> None:
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
    PATH.write_text(page(), encoding="utf-8")
    print(f"{PATH} shows {sum(len(names) for _, names in ROWS)} parts.")


if __name__ == "__main__":
    main()
