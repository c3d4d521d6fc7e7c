"""What a learner's kernel adds to Python's own words: which cell makes a name that is not there yet.

Whoever opens a lesson on another day and begins in the middle meets `NameError: name 'check' is not defined`, which is
true and does not say that the first cell has to be run. `use_in` has IPython load this module as an extension; it adds
one line below the error and changes nothing else. Outside `backprop learn` it is not loaded.
"""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

EXTENSION = __name__
RESTARTED = (
    "After a restart Python has forgotten every cell; Run → Run All Above Selected Cell brings them back."
)


def use_in(ipython_folder: Path) -> None:
    """Have every kernel whose IPYTHONDIR is `ipython_folder` load the extension. Raises OSError."""
    settings = ipython_folder / "profile_default" / "ipython_kernel_config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"InteractiveShellApp": {"extensions": [EXTENSION]}}), encoding="utf-8")


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython when a kernel starts."""
    shell.set_custom_exc((NameError,), _shown)


def _shown(
    shell: Any,
    kind: type[BaseException],
    problem: NameError,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show the error as always, with the line below it; IPython itself guards what goes wrong in here."""
    line = where_made(problem.name, os.environ.get("JPY_SESSION_NAME"))
    if line:
        problem.add_note(line)  # IPython shows the notes of an error below it
    shell.showtraceback((kind, problem, trace), tb_offset=tb_offset)


def where_made(name: str | None, notebook: str | None) -> str:
    """Which cell of the notebook, a path, makes `name`, and what to do; "" where none does or nothing can be read."""
    if not name or not notebook:
        return ""
    try:
        cells = json.loads(Path(notebook).read_bytes())["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    for number, source in enumerate(sources):
        if name in _makes(source):
            which = "the first code cell of this page" if number == 0 else f"the cell `{_begins(source)}`"
            return (
                f"\n→ `{name}` is made by {which}, which has not run yet, or not to its end: "
                f"click into it and press Shift + Enter, then run this cell again.\n  {RESTARTED}"
            )
    return ""


def _makes(source: str) -> set[str]:
    """The names a cell gives a value outside its functions and classes; none where it is no plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        elif isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        waiting += ast.iter_child_nodes(node)
    return found


def _begins(source: str) -> str:
    """The first line of a cell that is no comment, to find it by."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("#")), lines[0])
