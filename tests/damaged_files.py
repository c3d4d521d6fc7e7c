"""Files that learners hand in and no program wrote on purpose: what was done to each, and what must become of it.

Every case starts from a right submission of lesson 02, so that a mark that is missing was lost by the damage.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading_class import Notebook, cell, right_answers, solved, text

LESSON = "02_loss"
EXERCISES = ("mse", "softmax", "log_softmax", "cross_entropy", "accuracy")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@dataclass(frozen=True)
class Damage:
    """One damaged submission.

    make: given the notebook's path (whose folder exists), puts there what was handed in; what: how it must end; says:
    a pattern in what its learner is told; lost: exercises that can't count any more; words: whether the answer in words
    waits for a person.
    """

    name: str
    make: Callable[[Path], None]
    what: str = "graded"
    says: str = ""
    lost: tuple[str, ...] = ()
    words: bool = True


def data(
    name: str, content: Callable[[], bytes], what: str = "graded", says: str = "", **more: Any
) -> Damage:
    """A case that is told by the bytes of the file."""
    return Damage(name, lambda path: _write(path, content()), what, says, **more)


def edited(
    name: str, edit: Callable[[Notebook], Any], what: str = "graded", says: str = "", **more: Any
) -> Damage:
    """A case that is told by a change of the notebook."""

    def content() -> bytes:
        notebook = solved(LESSON)
        changed = edit(notebook)
        return json.dumps(notebook if changed is None else changed).encode()

    return data(name, content, what, says, **more)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _good() -> bytes:
    return json.dumps(solved(LESSON)).encode()


def _id(of: dict[str, Any]) -> str:
    return str(of["metadata"].get("nbgrader", {}).get("grade_id", ""))


def _remove(notebook: Notebook, *ids: str) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if _id(c) not in ids]


def _version_3(notebook: Notebook) -> Notebook:
    cells = [
        {**c, "input": c["source"], "language": "python"} if c["cell_type"] == "code" else c
        for c in notebook["cells"]
    ]
    for c in cells:
        if "input" in c:
            del c["source"]
    return {"worksheets": [{"cells": cells}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}


def _copied(notebook: Notebook, second: str, first: str | None = None) -> None:
    """The cell of softmax stands twice, with these sources."""
    here = cell(notebook, "exercise-softmax")
    twin = copy.deepcopy(here)
    here["source"] = text(here) if first is None else first
    twin["source"] = second
    notebook["cells"].insert(notebook["cells"].index(here) + 1, twin)


def _split(notebook: Notebook, at: str, keep_id: bool) -> None:
    """The cell of accuracy cut in two before the line that starts with `at`."""
    here = cell(notebook, "exercise-accuracy")
    above, below = text(here).split(at)
    twin = copy.deepcopy(here)
    here["source"], twin["source"] = above, at + below
    if not keep_id:
        twin["metadata"] = {}
    notebook["cells"].insert(notebook["cells"].index(here) + 1, twin)


def _long_half(notebook: Notebook) -> None:
    _split(notebook, "    share = ", True)
    _after(notebook, "exercise-accuracy", "\n#" + "x" * 300_000)


def _many_long(notebook: Notebook) -> None:
    for _ in range(8):
        _own_cell(notebook, "1;" * 90_000)


def _merged(notebook: Notebook, keep: str, gone: str) -> None:
    here = cell(notebook, keep)
    here["source"] = text(here) + "\n\n" + text(cell(notebook, gone))
    _remove(notebook, gone)


def _exchanged(notebook: Notebook) -> None:
    one, other = cell(notebook, "exercise-mse"), cell(notebook, "exercise-softmax")
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]


def _own_cell(notebook: Notebook, source: str, at: int = 2) -> None:
    notebook["cells"].insert(at, {"cell_type": "code", "metadata": {}, "source": source, "outputs": []})


def _helper(notebook: Notebook) -> None:
    _own_cell(notebook, "def my_square(a):\n    return a * a")
    here = cell(notebook, "exercise-mse")
    here["source"] = text(here).replace("(pred - y) ** 2", "my_square(pred - y)")


def _many_helpers(notebook: Notebook) -> None:
    names = [f"helper_{'x' * 5_000}_{k}" for k in range(12)]
    _own_cell(notebook, "\n".join(f"{name} = 1" for name in names))
    _after(notebook, "exercise-mse", f"\nunused = lambda: ({', '.join(names)})")


def _elsewhere(notebook: Notebook) -> None:
    """The stub was left alone and the answer written into a new cell."""
    here = cell(notebook, "exercise-softmax")
    _own_cell(notebook, text(here), notebook["cells"].index(here) + 1)
    here["source"] = text(cell(solved(LESSON, leave=("exercise-softmax",)), "exercise-softmax"))


def _no_ids(notebook: Notebook) -> None:
    for c in notebook["cells"]:
        c["metadata"] = {}


def _two_of_one_name(notebook: Notebook) -> None:
    """The id is lost, and two different cells could be the answer."""
    here = cell(notebook, "exercise-softmax")
    here["metadata"] = {}
    _own_cell(notebook, text(here).replace("axis=1", "axis=0"))


def _set(**fields: Any) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.update(fields)


def _each(change: Callable[[dict[str, Any]], Any]) -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        for c in notebook["cells"]:
            change(c)

    return edit


def _retyped(notebook: Notebook) -> None:
    cell(notebook, "exercise-mse")["cell_type"] = "markdown"
    cell(notebook, "exercise-softmax")["cell_type"] = "raw"
    cell(notebook, "answer-more_right_more_loss")["cell_type"] = "code"


def _greedy(notebook: Notebook) -> None:
    for c in notebook["cells"]:
        about = c["metadata"].get("nbgrader")
        if about:
            about.update(
                points=1000, grade=True, solution=not about["solution"], locked=False, checksum="0" * 32
            )


def _attached(notebook: Notebook) -> None:
    here = cell(notebook, "answer-more_right_more_loss")
    here["source"] = f"{text(here)}\n\n![plot](attachment:plot.png) ![evil](attachment:evil.svg)"
    here["attachments"] = {
        "plot.png": {"image/png": PNG},
        "evil.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"},
        "odd.png": {"image/png": ["not", "text"]},
    }


def _after(notebook: Notebook, grade_id: str, add: str) -> None:
    here = cell(notebook, grade_id)
    here["source"] = text(here) + add


def _big_file(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _linked_folder(path: Path) -> None:
    real = path.parent.with_name(f".{path.parent.name}-elsewhere")
    path.parent.rename(real)
    path.parent.symlink_to(real)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _renamed(*names: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.unlink()
        for name in names:
            (path.parent / name).write_bytes(_good())

    return make


def _odd_company(path: Path) -> None:
    path.write_bytes(_good())
    for name in ("new\nline.txt", "quote'\".txt", "$(touch x)", "numpy.py", "-rf"):
        (path.parent / name).write_text("raise SystemExit")
    (path.parent / "link").symlink_to("/etc/passwd")
    (path.parent / ".ipynb_checkpoints").mkdir()


_MESSAGE, _NOT = "graded with a message", "cannot be graded"
_CUT = r"ends in the middle.*save it, and hand it in again"

CASES = (
    # the bytes
    data("byte-order-mark", lambda: b"\xef\xbb\xbf" + _good()),
    data("utf-16", lambda: _good().decode().encode("utf-16"), _MESSAGE, "UTF-16"),
    data("latin-1", lambda: _good().replace(b"Mean squared", "Carr\xe9".encode("latin-1")), _MESSAGE, "not saved as UTF-8"),
    data("cut-off", lambda: _good()[:-2000], _NOT, _CUT, words=False),
    data("cut-in-a-letter", lambda: json.dumps(solved(LESSON), ensure_ascii=False).encode().split("∞".encode()[:1])[0] + b"\xe2\x88", _NOT, _CUT, words=False),
    data("empty", lambda: b"", _NOT, "file is empty", words=False),
    data("zeros", lambda: bytes(5000), _NOT, "file is empty", words=False),
    Damage("hundred-megabytes", _big_file, _NOT, "has 100 MB, and 16 MB is the most", words=False),
    data("nested-deep", lambda: b"[" * 100_000, _NOT, "nested too deep", words=False),
    data("many-parts", lambda: b'{"cells": [' + b"[]," * 2_000_000 + b"[]]}", _NOT, "more than 1,000,000 parts", words=False),
    data("many-parts-behind-quotes", lambda: b'{"' + b'\\"' * 1_000_000 + b'": [' + b"[]," * 1_000_001 + b"0]}", _NOT, "more than 1,000,000 parts", words=False),
    data("a-million-quotes", lambda: b'{"a' + b'\\"' * 1_000_000 + b"[" * 1_000_001, _NOT, _CUT, words=False),
    data("endless-number", lambda: _good().replace(b'"nbformat": 4', b'"nbformat": ' + b"4" * 100_000)),
    data("not-a-number", lambda: _good().replace(b'"nbformat_minor": 5', b'"nbformat_minor": NaN')),
    data("raw-control-characters", lambda: _good().replace(b"Mean squared", b"Mean\tsquared\x07")),
    data("a-list", lambda: b"[1, 2, 3]", _NOT, "JSON that is no notebook", words=False),
    data("broken-in-the-middle", lambda: _good().replace(b'"cells": [', b'"cells": [ oops', 1), _NOT, r"breaks in line \d", words=False),
    data("zip", lambda: b"PK\x03\x04" + _good(), _NOT, "ZIP archive", words=False),
    data("pdf", lambda: b"%PDF-1.7\n%\xe2\xe3", _NOT, "a PDF", words=False),
    data("web-page", lambda: b"<!DOCTYPE html><html></html>", _NOT, "web page", words=False),
    data("python-script", lambda: b"import numpy as np\n\ndef mse(pred, y):\n    return 0\n", _NOT, "Python script", words=False),
    data("merge-conflict", lambda: b"{\n<<<<<<< HEAD\n" + _good()[1:], _NOT, "merge that git", words=False),
    # the notebook's own fields
    edited("version-3", _version_3, _MESSAGE, "old format.*had lost its id|had lost its id.*old format|old format"),
    edited("version-5", _set(nbformat=5, nbformat_minor=99)),
    edited("version-in-words", _set(nbformat="four", nbformat_minor=None)),
    edited("no-version", lambda nb: {key: nb[key] for key in ("cells", "metadata")}),
    edited("no-metadata", lambda nb: {key: nb[key] for key in ("cells", "nbformat")}),
    edited("metadata-is-a-list", _set(metadata=[])),
    edited("other-kernel", _set(metadata={"kernelspec": {"name": "ir", "language": "R"}}), _MESSAGE, "kernel 'R'; it was graded with Python"),
    edited("own-environment", _set(metadata={"kernelspec": {"name": "my-venv", "language": "python"}})),
    edited("no-cells", _set(cells=[]), _NOT, "no cells", words=False),
    edited("cells-is-text", _set(cells="none"), _NOT, "no list of cells", words=False),
    edited("six-thousand-cells", lambda nb: nb["cells"].extend([nb["cells"][0]] * 6000), _NOT, r"and 5,000 is the most", words=False),
    edited("cells-that-are-none", lambda nb: nb["cells"].extend([None, 7, [], {}, {"cell_type": 3}]), _MESSAGE, "5 cells"),
    # the cells
    edited("lines-as-a-list", _each(lambda c: c.update(source=text(c).splitlines(True)))),
    edited("windows-lines", _each(lambda c: c.update(source=text(c).replace("\n", "\r\n")))),
    edited("no-outputs", _each(lambda c: c.pop("outputs", None))),
    edited("outputs-of-nonsense", _each(lambda c: c.update(outputs=[{"output_type": 9}, None, "x"]))),
    edited("no-metadata-in-cells", _no_ids, _MESSAGE, r"exercise-mse is missing; mse was found"),
    edited("metadata-of-cells-is-text", _each(lambda c: c.update(metadata="x")), _MESSAGE, "exercise-accuracy is missing; accuracy was found"),
    edited("ids-exchanged", _exchanged, _MESSAGE, "exercise-mse does not hold mse; it was found in another cell"),
    edited("points-and-flags-changed", _greedy),
    edited("types-changed", _retyped),
    edited("copied-same", lambda nb: _copied(nb, right_answers(LESSON)["exercise-softmax"])),
    edited("copied-and-emptied", lambda nb: _copied(nb, text(cell(solved(LESSON, leave=("exercise-softmax",)), "exercise-softmax")))),
    edited("copied-and-bettered", lambda nb: _copied(nb, text(cell(nb, "exercise-softmax")), "def softmax(scores):\n    return scores"), _MESSAGE, "the last one was graded"),
    edited("split-with-ids", lambda nb: _split(nb, "    share = ", True), _MESSAGE, "exercise-accuracy was split; its 2 parts"),
    edited("split-without-id", lambda nb: _split(nb, "    share = ", False), _MESSAGE, "exercise-accuracy was split"),
    edited("merged-exercises", lambda nb: _merged(nb, "exercise-mse", "exercise-softmax"), _MESSAGE, "don't merge cells"),
    edited("merged-into-a-later-one", lambda nb: _merged(nb, "exercise-softmax", "exercise-mse"), _MESSAGE, "don't merge cells"),
    edited("merged-with-its-check", lambda nb: _merged(nb, "exercise-mse", "check-mse")),
    edited("deleted-exercise", lambda nb: _remove(nb, "exercise-softmax"), _MESSAGE, "exercise-softmax is missing, so this exercise", lost=("softmax",)),
    edited("deleted-checks", lambda nb: _remove(nb, "check-mse", "check-softmax")),
    edited("deleted-answer", lambda nb: _remove(nb, "answer-more_right_more_loss"), _MESSAGE, "and so is its answer", words=False),
    edited("moved", lambda nb: nb["cells"].reverse()),
    edited("changed-check", lambda nb: cell(nb, "check-mse").update(source="1 + 1"), _MESSAGE, "You changed check-mse"),
    edited("written-in-a-new-cell", _elsewhere, _MESSAGE, "exercise-softmax was left as it was given; softmax was found"),
    edited("two-candidates", _two_of_one_name, _MESSAGE, "2 other cells define softmax", lost=("softmax",)),
    edited("own-helper-cell", _helper, _MESSAGE, "uses my_square from a cell of your own", lost=("mse",)),
    edited("many-long-names", _many_helpers, _MESSAGE, r"exercise-mse uses helper_x{33}…, (helper_x{33}…, ){3}helper_x{33}… and 7 more from a cell of your own"),
    edited("very-long-cell-of-their-own", lambda nb: _own_cell(nb, "1;" * 500_000), _MESSAGE, "own cells have 1,000,000 characters.*costs no points"),
    edited("long-cells-of-their-own", _many_long, _MESSAGE, "own cells have 1,440,000 characters"),
    edited("split-with-a-long-half", _long_half, _MESSAGE, "2 times with different text", lost=("accuracy",)),
    edited("very-long-cell", lambda nb: _after(nb, "exercise-softmax", "\n#" + "x" * 300_000), _MESSAGE, "300,.* characters", lost=("softmax",)),
    edited("halves-of-letters", lambda nb: _after(nb, "exercise-softmax", "\n# \ud800 \0 \udfff")),
    edited("a-magic-line", lambda nb: cell(nb, "exercise-mse").update(source="%matplotlib inline\n" + text(cell(nb, "exercise-mse")))),
    edited("pictures-in-an-answer", _attached),
    data("fields-twice", lambda: re.sub(rb'"cell_type": "code"', b'"cell_type": "raw", "cell_type": "code"', _good())),
    # the folder
    Damage("link", _link, _NOT, "is a link", words=False),
    Damage("linked-folder", _linked_folder, _NOT, "is a link, or no folder", words=False),
    Damage("pipe", _pipe, _NOT, "not a regular file", words=False),
    Damage("folder", _folder, _NOT, "not a regular file", words=False),
    Damage("no-notebook", lambda path: path.unlink(), _NOT, "No notebook was handed in. Hand in 02_loss.ipynb", words=False),
    Damage("browser-copy", _renamed("02_loss (1).ipynb"), _MESSAGE, r"called '02_loss \(1\).ipynb'"),
    Damage("two-copies", _renamed("02_loss-Copy1.ipynb", "old.ipynb"), _NOT, "there are 2 other notebooks", words=False),
    Damage("odd-company", _odd_company),
)  # fmt: skip
