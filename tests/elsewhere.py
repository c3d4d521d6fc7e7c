"""A pytest plugin that hides what only Linux has, so that a run here shows what a run on macOS or Windows would find.

`python -m pytest -p tests.elsewhere` is macOS as far as Python's own names go; with `BACKPROP_SYSTEM=win32` it is
Windows. Libraries are imported before the names go: they bring their own ways for other systems, which we need not test.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import sys

SYSTEM = os.environ.get("BACKPROP_SYSTEM", "darwin")
MODULES = {
    "darwin": {"pyseccomp"},
    "win32": {"pyseccomp", "fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"},
}
NAMES = {
    "darwin": [(os, "unshare"), (os, "pidfd_open"), (os, "sched_getaffinity"), (socket, "SOCK_SEQPACKET")],
    "win32": [
        *((os, name) for name in ("geteuid", "getuid", "getgid", "fork", "killpg", "getpgid", "setsid")),
        *((os, name) for name in ("unshare", "pidfd_open", "sched_getaffinity", "chown", "mkfifo")),
        *((signal, name) for name in ("SIGKILL", "SIGALRM", "SIGHUP", "setitimer", "ITIMER_REAL")),
        *((socket, name) for name in ("SOCK_SEQPACKET", "AF_UNIX")),
    ],
}
LIBRARIES = """
asyncio multiprocessing.pool nbgrader.apps nbclient nbconvert jupytext distributed playwright.sync_api hypothesis zmq xdist
typer.testing sklearn.datasets cosmic_ray.plugins matplotlib.pyplot psycopg backprop_helpers._files
"""


class Absent:
    """Finds no module that this system does not have."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in MODULES[SYSTEM]:
            raise ModuleNotFoundError(f"No module named {name!r}, as on another system", name=name)


def pytest_configure() -> None:
    """Hide it all: after pytest has set itself up for the system that it really runs on."""
    for library in LIBRARIES.split():
        importlib.import_module(library)
    for module in MODULES[SYSTEM]:
        sys.modules.pop(module, None)
    for owner, attribute in NAMES[SYSTEM]:
        if hasattr(owner, attribute):
            delattr(owner, attribute)
    os.environ.setdefault("LOGNAME", "learner")  # who it is, Windows says in the environment
    sys.meta_path.insert(0, Absent())
    sys.platform = SYSTEM
