"""Sentences for a learner whose code does something that cannot be done here.

The walls hold without this file: an audit hook runs before Python asks the kernel, and says in words what the kernel
would have answered with a number.
"""

from __future__ import annotations

import os
import socket
import sys
from types import TracebackType
from typing import Any

_PROCESS = (
    "While your notebook is graded it cannot start programs or other processes (as `!command`, `%%bash`, `%pip`, "
    "subprocess or multiprocessing do). Use Python and NumPy alone in what you hand in."
)
_NETWORK = "While your notebook is graded there is no network. Put what you need into the notebook itself."
_INPUT = "While your notebook is graded nobody is there to answer input(). Give the value in the code, as in `name = 'Ada'`."
_WRITE = "While your notebook is graded it cannot write files here. Keep what you compute in variables."
_KILL = "While your notebook is graded it cannot send signals to processes."

_SENTENCES = {
    "subprocess.Popen": _PROCESS,
    **dict.fromkeys(("os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec", "pty.spawn"), _PROCESS),
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"), _NETWORK),
    **dict.fromkeys(("urllib.Request", "http.client.connect", "ftplib.connect", "smtplib.connect"), _NETWORK),
    "builtins.input": _INPUT,
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), _KILL),
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class NotWhileGraded(PermissionError):
    """Something that works in JupyterLab and not where a notebook is graded."""


def speak(*, files: bool) -> None:
    """From now on, say it kindly. files: whether there is a place to write to."""
    sentences = dict(_SENTENCES)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in sentences:
            raise NotWhileGraded(sentences[event])
        if event == "open" and not files:
            path, mode, flags = args
            writes = flags & _WRITING if mode is None else mode.strip("rbtU")
            if writes and not isinstance(path, int):  # a descriptor is open already
                raise NotWhileGraded(_WRITE)
        if event == "socket.__new__" and args[1] not in (socket.AF_UNIX, -1):
            raise NotWhileGraded(_NETWORK)

    sys.addaudithook(hook)


def no_program(*_: Any, **__: Any) -> None:
    """Stands in for what runs a command line."""
    raise NotWhileGraded(_PROCESS)


def explained(problem: BaseException, memory_mb: int) -> str:
    """What to add to an exception's own text, or ""."""
    if isinstance(problem, MemoryError):
        return f"A submission may use {memory_mb} MB of memory; this asked for more."
    if isinstance(problem, OSError) and not isinstance(problem, NotWhileGraded):
        if problem.errno == 28:
            return "The notebook wrote more to files than a submission may."
        if _came_through(problem.__traceback__, ("multiprocessing", "concurrent")):
            return _PROCESS
    return ""


def _came_through(trace: TracebackType | None, packages: tuple[str, ...]) -> bool:
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__", "")).split(".")[0] in packages:
            return True
        trace = trace.tb_next
    return False
