"""The server that local workers are forked from, started before this process has imported its own half of the grader."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from typing import Any

# What every worker needs: the way from a submission to its result, and the libraries that the judge computes with.
NEEDED = ("backprop_helpers.grading.run", "matplotlib", "backprop_helpers.grading.loaded")


def context() -> Any:
    """How workers are made: a fork of this process would share its connection to the gradebook."""
    return multiprocessing.get_context("forkserver")


def start_server() -> None:
    """Start the server, where there is none yet; it imports, meanwhile and once, what all workers need."""
    context().set_forkserver_preload(list(NEEDED))
    forkserver.ensure_running()
