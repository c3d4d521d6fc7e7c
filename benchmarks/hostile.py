"""Hostile submissions in the sandbox and in stock nbgrader's execution step: writes docs/benchmarks/hostile.md.

`python -m benchmarks.hostile` runs every submission of tests/hostile in the strictest sandbox there is here, and those that cannot harm
this machine also as nbgrader itself runs a submission: in a Jupyter kernel with the rights of whoever grades.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import Execute

from backprop_helpers.grading.sandbox import Limits, Sandbox, Tier
from benchmarks.machine import machine
from tests.hostile import PRELUDE, THEMES, Hostile, submissions
from tests.test_hostile import Surroundings

PAGE = Path("docs") / "benchmarks" / "hostile.md"
LIMITS = Limits(seconds_cell=20, seconds_call=20, seconds_total=60, cpu_seconds=20, memory_mb=256)
# Besides those that are proved to win without walls: what harms nobody where it works.
HARMLESS = {
    "connect_over_tcp", "fetch_a_page", "open_a_server", "subprocess", "shell_line", "shell_value", "shell_cell", "os_system",
    "multiprocessing", "process_pool", "daemon_that_outlives", "at_exit", "object_that_acts_when_it_dies", "secrets_in_the_environment",
    "history", "frames", "display_hook", "transform_the_source", "patch_numpy", "warnings_as_errors", "trace", "exit", "exit_at_once",
}  # fmt: skip


def text_of(outcome: Any) -> str:
    """What a cell of the sandbox says."""
    shown = [o.get("text") or o["data"]["text/plain"] for o in outcome.outputs]
    return "\n".join([*shown, outcome.evalue])


def in_the_sandbox(hostile: Hostile, sandbox: Sandbox, around: Surroundings) -> tuple[str, str]:
    """("held" or "won", what the learner is told)."""
    seconds = 0.4 if hostile.endless else None
    with sandbox.open() as box:
        outcomes = box.run([PRELUDE, *map(around.fill_in, hostile.cells)], seconds=seconds)
        answer = box.call(hostile.call, [3], seconds=seconds) if hostile.call else None
    won = any("WON" in text_of(o) for o in outcomes) or not untouched(around)
    told = (
        next((o.evalue for o in outcomes if o.evalue), "")
        or (answer.evalue if answer else "")
        or box_word(outcomes[-1])
    )
    return "won" if won else "held", told


def box_word(outcome: Any) -> str:
    """The first line of what the last cell printed."""
    return text_of(outcome).strip().split("\n")[0]


def in_stock_nbgrader(hostile: Hostile, around: Surroundings) -> str:
    """What becomes of it in nbgrader's own execution step."""
    cells = [nbformat.v4.new_code_cell(s) for s in (PRELUDE, *map(around.fill_in, hostile.cells))]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    try:
        notebook, _ = Execute(timeout=30).preprocess(notebook, {"metadata": {"path": str(around.folder)}})
    except Exception as problem:  # whatever nbgrader does with it is what is to be known
        return f"stops with {type(problem).__name__}"
    time.sleep(1.0 if hostile.name == "daemon_that_outlives" else 0.1)
    said = str([c.outputs for c in notebook.cells])
    if "WON" in said:
        return "wins"
    if not untouched(around):
        return "wins: left something outside"
    errors = [o.ename for c in notebook.cells for o in c.outputs if o.output_type == "error"]
    return f"fails with {errors[0]}" if errors else "runs"


def untouched(around: Surroundings) -> bool:
    """Whether the grader's folder and sockets are as they were; puts them back where they are not."""
    try:
        around.check()
    except BaseException:
        around.restore()
        for listener in (around.udp, around.local, around.tcp):
            try:
                while True:
                    listener.accept() if listener is around.tcp else listener.recv(100)
            except BlockingIOError:
                continue
        return False
    return True


def main() -> None:
    rows, counts = [], Counter[str]()
    os.environ["HOSTILE_TEST_SECRET"] = "1"
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as package:
        for folder in (name, package):
            Path(folder).chmod(0o755)
        around = Surroundings(Path(name))
        with Sandbox(package=Path(package), limits=LIMITS) as sandbox:
            for hostile in submissions():
                held, told = in_the_sandbox(hostile, sandbox, around)
                stock = "–"
                if hostile.wins_without_walls or hostile.name in HARMLESS:
                    stock = in_stock_nbgrader(hostile, around)
                    untouched(around)
                counts[held] += 1
                counts[f"stock {stock.split(':')[0].split(' with')[0]}"] += 1
                rows.append(
                    f"| {hostile.name.replace('_', ' ')} | {hostile.tries} | {held} | {cell(told)} | {stock} |"
                )
                print(rows[-1], file=sys.stderr)
            PAGE.write_text(page(rows, counts, sandbox.tier), encoding="utf-8")


def cell(text: str) -> str:
    """One line of a message, safe within a table."""
    text = re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")
    text = re.sub(r"/\S*/", "…/", text)
    text = re.sub(r"\btmp[a-z0-9_]{8}\b", "…", text)  # a folder of this run, which no other will have
    return text if len(text) <= 160 else f"{text[:159]}…"


def page(rows: list[str], counts: Counter[str], tier: Tier) -> str:
    tried = sum(n for key, n in counts.items() if key.startswith("stock") and key != "stock –")
    return "\n".join(
        [
            "# Hostile submissions",
            "",
            f"{len(rows)} submissions ({', '.join(THEMES)}) in the {tier} sandbox: {counts['held']} held, {counts['won']} won. The same code in stock "
            f"nbgrader's execution step, a Jupyter kernel with the grader's rights, where it can harm nobody ({tried} of them): {counts['stock wins']} won. "
            "A dash: not run there, because it would take the machine down, or needs the sandbox's own wire. "
            'For calls of the kernel "wins" means that the kernel was ready to look at them. After each submission the surroundings are looked at: files, network, processes, the neighbour (`tests/test_hostile.py`).',
            "",
            "| submission | what it tries | sandbox | what the learner is told, or sees | stock nbgrader |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"Measured with {machine()}. Repeat with `python -m benchmarks.hostile`.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
