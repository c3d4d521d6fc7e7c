"""The warm process: imports everything once, then forks a child for each submission and hardens it.

Speaks with the judge over one SEQPACKET socket. The first message is the configuration (JSON); each further one asks
for a child and brings its two descriptors along. Learner code never runs here.
"""

from __future__ import annotations

import array
import base64
import contextlib
import gc
import importlib
import json
import os
import select
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import probes  # noqa: F401 - used by the judge's first script
from .cell import Cell
from .shell import Shell, forget, make_shell
from .walls import RULES, Walls

MOST = 1 << 17


def main(control_fd: int) -> None:
    """Serve until the judge is gone."""
    control = socket.socket(fileno=control_fd)
    config = json.loads(control.recv(MOST))
    try:
        shell = _warm(config)
        walls = Walls(config, base64.b64decode(config["filter"]))
        walls.enter(control)
    except Exception as problem:
        _say(control, {"error": str(problem) or type(problem).__name__})
        return
    _say(control, {"ready": True})
    Zygote(control, config, shell, walls).serve()


def _warm(config: dict[str, Any]) -> Shell:
    """Import what submissions use. Only folders of installed packages and the given one stay importable."""
    package = config["package"]
    kept = [entry for entry in sys.path if entry and _is_library(Path(entry))]
    sys.path[:] = [package, *kept]
    shell = make_shell()
    for name in config["preload"]:
        importlib.import_module(name)
    forget(shell)
    tempfile.tempdir = None
    # What is there now is left alone by the garbage collector, which would touch, and so copy, every page in a child.
    gc.collect()
    gc.freeze()
    os.environ.pop("MPLCONFIGDIR", None)
    return shell


def _is_library(entry: Path) -> bool:
    """Installed packages and the standard library; a folder that an editable install points to is neither."""
    if not entry.is_dir():
        return False
    installed = any(part in ("site-packages", "dist-packages") for part in entry.parts)
    return installed or (entry / "os.py").is_file() or entry.name == "lib-dynload"


class Zygote:
    """Forks on request."""

    def __init__(self, control: socket.socket, config: dict[str, Any], shell: Shell, walls: Walls) -> None:
        self._control = control
        self._config = config
        self._shell = shell
        self._walls = walls
        self._parent = os.getppid()

    def serve(self) -> None:
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while True:
            if not poll.poll(1000):
                _reap()
                if os.getppid() != self._parent:
                    return
                continue
            message, descriptors = _receive(self._control)
            if not message:
                return
            _reap()
            self._fork(descriptors)

    def _fork(self, descriptors: list[int]) -> None:
        sock, pipe = descriptors
        self._walls.before_fork()
        pid = os.fork()
        if pid == 0:
            try:
                self._child(sock, pipe)
            except BaseException as problem:
                os.write(2, f"{type(problem).__name__}: {problem}".encode())
            finally:
                os._exit(70)
        os.close(sock)
        os.close(pipe)
        pidfd = os.pidfd_open(pid)
        _say(self._control, {"pid": pid}, [pidfd])
        os.close(pidfd)

    def _child(self, sock: int, pipe: int) -> None:
        """Put descriptors in their places, harden, serve. Never returns to the caller's loop."""
        for fd, place in ((sock, 10), (pipe, 11)):
            os.dup2(fd, place)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(11, 1)
        os.dup2(11, 2)
        os.dup2(10, 3)
        most = os.sysconf("SC_OPEN_MAX")
        os.closerange(4, RULES if self._walls.shares_rules else most)
        os.closerange(RULES + 1, most)
        self._walls.harden()
        Cell(socket.socket(fileno=3), self._shell, self._config).serve()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _say(control: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    with contextlib.suppress(OSError):
        control.sendmsg([json.dumps(message).encode()], rights)


def _receive(control: socket.socket) -> tuple[bytes, list[int]]:
    descriptors = array.array("i")
    message, ancillary, _, _ = control.recvmsg(MOST, socket.CMSG_SPACE(2 * descriptors.itemsize))
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return message, list(descriptors)
