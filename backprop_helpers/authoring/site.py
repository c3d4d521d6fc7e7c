"""`make docs`: the generated pages of docs/, and the whole of it as a site in .build/site.

A lesson's page is what a learner is given, with the outputs of its solution: stubs instead of answers, pictures instead of gaps.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from backprop_helpers.authoring import architecture, contact_sheet, gallery, measured

DOCS = Path("docs")
LESSONS = DOCS / "lessons"
SITE = Path(".build") / "site"
_NEXT_LESSON = re.compile(r"\]\(\.\./(\w+)/\1\.ipynb\)")  # in the site all lessons are in one folder


def readable(released: NotebookNode, solution: NotebookNode) -> NotebookNode:
    """The released notebook with the outputs that its solution shows, cell by cell."""
    outputs = {cell.id: cell.outputs for cell in solution.cells if cell.cell_type == "code"}
    page: NotebookNode = nbformat.from_dict(released)
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in outputs.get(cell.id, []) if not _controls(o)]
        else:
            cell.source = _NEXT_LESSON.sub(r"](\1.ipynb)", cell.source)
    return page


def _controls(output: NotebookNode) -> bool:
    """Whether an output is what stands in for widgets where none is alive."""
    data = output.get("data", {})
    return set(data) == {"text/plain"} and str(data["text/plain"]).startswith("[controls of")


def write_lessons(root: Path = Path()) -> int:
    """Write docs/lessons. Returns how many."""
    folder = root / LESSONS
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(p.parent.name for p in (root / "notebooks").glob("*/*.ipynb") if p.stem == p.parent.name)
    for old in folder.glob("*.ipynb"):
        if old.stem not in names:
            old.unlink()
    for name in names:
        both = (
            nbformat.read(root / kind / name / f"{name}.ipynb", as_version=4)
            for kind in ("notebooks", "solutions")
        )
        nbformat.write(readable(*both), folder / f"{name}.ipynb")
    return len(names)


def build(quiet: bool = True) -> int:
    """Build the site; any warning is an error. Returns Sphinx's exit code."""
    from sphinx.cmd.build import main as sphinx

    write_lessons()
    return int(sphinx(["-W", "--keep-going", "-b", "html", *(["-q"] if quiet else []), str(DOCS), str(SITE)]))


def main() -> None:
    gallery.main()
    contact_sheet.main()
    architecture.main()
    measured.main()
    code = build()
    if code == 0:
        print(f"The site is in {SITE}: open {SITE / 'index.html'}.")
    sys.exit(code)


if __name__ == "__main__":
    main()
