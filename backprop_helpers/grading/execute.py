"""nbgrader's own way of running a submission, with the course's secret seed and bounded output."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import setenv
from traitlets import Integer, Unicode

from backprop_helpers.checks import exercises
from backprop_helpers.grading.seed import VARIABLE, secret_seed

HIDDEN = "(hidden)"
SECONDS = 30  # for a cell, besides what its checks allow a function by themselves
_CHECK = re.compile(r"""check\(\s*["'](\w+)["']""")


def seconds_for(cell: NotebookNode) -> int:
    """How long a cell of a submission may run: every check in it may use its own limit for each seed it draws."""
    named = [exercises().get(name) for name in _CHECK.findall(cell.source)]
    return SECONDS + sum(int(e.seconds * e.rounds) for e in named if e)


class SeededExecute(Execute):  # type: ignore[misc]
    """Runs a submission; its kernel, and nothing else, is given the secret seed.

    The seed and the size of what is kept concern accidents: a learner who prints the environment must not find the
    seed in the feedback, and one who prints without end must not make a page nobody can open.
    """

    seed_file = Unicode(help="the file that holds the course's secret seed; made where it is missing").tag(
        config=True
    )
    max_characters = Integer(20_000, help="how much of one output is kept").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any, **kwargs: Any) -> tuple[NotebookNode, Any]:
        """Run all cells. Raises RuntimeError when the configuration names no seed file."""
        if not self.seed_file:
            raise RuntimeError(
                "SeededExecute.seed_file is not set; nbgrader_config.py of the course says where it is."
            )
        self.timeout_func = seconds_for
        seed = secret_seed(Path(self.seed_file))
        with setenv(**{VARIABLE: seed}):
            nb, resources = super().preprocess(nb, resources, **kwargs)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                _guard(output, seed, self.max_characters)
        return nb, resources


def _guard(output: NotebookNode, seed: str, most: int) -> None:
    """Hide the seed in an output and cut what is too long, in place."""
    for key in ("text", "evalue"):
        if isinstance(output.get(key), str):
            output[key] = _guarded(output[key], seed, most)
    if "traceback" in output:
        output.traceback = [_guarded(line, seed, most) for line in output.traceback]
    for kind, value in output.get("data", {}).items():
        # Half a picture or half a page of HTML is none: only text can be cut.
        if isinstance(value, str):
            output.data[kind] = _guarded(value, seed, most if kind == "text/plain" else len(value))


def _guarded(text: str, seed: str, most: int) -> str:
    text = text.replace(seed, HIDDEN)
    if len(text) > most:
        return f"{text[:most]}\n… {len(text) - most:,} more characters were printed and are not kept."
    return text
