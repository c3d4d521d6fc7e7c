"""Runs a solution notebook in a kernel of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

CELL_SECONDS = 180
RAISES = "raises-exception"


async def execute(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Run all cells, in place. Returns (index of the cell, sentence) for every cell that raised.

    A cell tagged "raises-exception" may raise: it shows on purpose what an error looks like. The kernel works in an
    empty folder, so a lesson that relies on a file lying about is found out.
    """
    with tempfile.TemporaryDirectory(prefix="lesson-") as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            allow_errors=True,
            record_timing=False,
            # ipykernel warns on every start that its local sockets are not encrypted
            extra_arguments=["--log-level=ERROR"],
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
        )
        try:
            await client.async_execute(env=_environment())
        except CellTimeoutError:
            stopped = _first_unfinished(notebook)
            return [*_raised(notebook), (stopped, f"the cell did not finish within {CELL_SECONDS} seconds.")]
        except DeadKernelError:
            stopped = _first_unfinished(notebook)
            return [*_raised(notebook), (stopped, "the kernel died while it ran this cell.")]
    return _raised(notebook)


def _environment() -> dict[str, str]:
    """Nothing of the author's own settings may show in an output; an instructor's seed least of all.

    Progress bars are off: they print times, which no two runs share.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BACKPROP_", "NBGRADER_"))}
    kept.pop("MPLBACKEND", None)
    root = str(Path(__file__).resolve().parents[2])
    return {**kept, "PYTHONHASHSEED": "0", "TQDM_DISABLE": "1", "PYTHONPATH": root}


def _raised(notebook: NotebookNode) -> list[tuple[int, str]]:
    found = []
    for index, cell in enumerate(notebook.cells):
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if errors and RAISES not in cell.metadata.get("tags", []):
            first = str(errors[0].evalue).strip().split("\n")[0]
            found.append((index, f"the cell raises {errors[0].ename}: {first}"))
        elif not errors and RAISES in cell.metadata.get("tags", []):
            found.append((index, f'the cell is tagged "{RAISES}", but it raises nothing; take the tag away.'))
    return found


def _first_unfinished(notebook: NotebookNode) -> int:
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    started = [i for i in code if notebook.cells[i].execution_count is not None]
    waiting = [i for i in code if i > max(started, default=-1)]
    return waiting[0] if waiting else code[-1]
