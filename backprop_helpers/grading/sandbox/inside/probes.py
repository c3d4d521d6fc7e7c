"""Attempts at what a submission must not be able to do, made from where it would run, before any has run there.

Each is made so that it harms nothing where it succeeds, and fails in another way when the kernel only looks into it. That a layer holds is known by its effect alone: what a
setting of the machine says is not asked.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_NO_FILE = (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS)
_NO_CALL = (errno.EPERM, errno.ENOSYS)
_NO_MORE = (errno.EMFILE, errno.EPERM)
_NUMBERS = {  # of calls that the C library has no function for: x86-64, 64-bit ARM
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "pidfd_open": (434, 434),
    "process_vm_readv": (310, 270),
}


def attempts(target: dict[str, Any]) -> dict[str, str]:
    """Try everything; "refused" or what happened instead, by what was tried.

    target: `file`, a readable file of the judge's; `folder`, a writable folder of the judge's; `port`, where the judge
    listens on this machine; `pid`, the judge; `memory_mb` and `open_files`, the limits.
    """
    file, folder, port, pid = target["file"], target["folder"], target["port"], target["pid"]
    files: dict[str, Callable[[], Any]] = {
        "read a file of the grader": lambda: Path(file).read_text(),
        "list a folder of the grader": lambda: os.listdir(folder),  # noqa: PTH208 - must act at once
        "write a file outside": lambda: Path(folder, "written").write_text("x"),
        "change Python's own files": lambda: os.close(os.open(os.__file__, os.O_WRONLY)),
        "read another process's environment": lambda: Path(f"/proc/{pid}/environ").read_bytes(),
        "read its own memory": lambda: Path("/proc/self/mem").open("rb"),  # noqa: SIM115
    }
    calls: dict[str, Callable[[], Any]] = {
        "connect over TCP": lambda: socket.create_connection(("127.0.0.1", port), 1),
        "send over UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
            b"x", ("127.0.0.1", port)
        ),
        "connect to a local service": lambda: socket.socket(socket.AF_UNIX).connect("\0probe"),
        "start a process": _fork,
        "run a program": lambda: os.execv("/nonexistent", ["nonexistent"]),
        "signal the grader": lambda: os.kill(pid, 0),
        "signal its parent": lambda: os.kill(os.getppid(), 0),
        "signal all processes": lambda: os.kill(-1, 0),
        "become root": lambda: os.setuid(0),
        "make a namespace": lambda: _checked(_libc.unshare(0x10000000)),
        "mount a file system": lambda: _checked(
            _libc.mount(b"", b"/nonexistent", b"tmpfs", ctypes.c_ulong(0), None)
        ),
        "trace a process": lambda: _checked(_libc.ptrace(16, 0, 0, 0)),
        "set the clock": lambda: time.clock_settime(999, 0.0),
        "share memory": lambda: _checked(_libc.shmget(0x6B6B, 0, 0)),
        **{f"call {name}": (lambda name=name: _call(name)) for name in _NUMBERS},  # type: ignore[misc]
    }
    amounts: dict[str, Callable[[], Any]] = {
        "take more memory than allowed": lambda: bytearray((target["memory_mb"] + 64) << 20),
        "open more files than allowed": lambda: [os.dup(0) for _ in range(target["open_files"] + 1)],
        "raise its own limits": _raise_limits,
    }
    done = {what: _outcome(attempt, _NO_FILE) for what, attempt in files.items()}
    done.update((what, _outcome(attempt, _NO_CALL)) for what, attempt in calls.items())
    done.update((what, _outcome(attempt, _NO_MORE)) for what, attempt in amounts.items())
    return done


def _outcome(attempt: Callable[[], Any], refusals: tuple[int, ...]) -> str:
    """Refused only by the errors given: any other means that the kernel was ready to look into it."""
    try:
        attempt()
    except MemoryError:
        return "refused"
    except (OSError, ValueError) as problem:
        code = getattr(problem, "errno", None) or errno.EPERM
        return "refused" if code in refusals else f"failed with {errno.errorcode.get(code, code)}"
    return "done"


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _raise_limits() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard + 1))


def _call(name: str) -> int:
    number = _NUMBERS[name][platform.machine() == "aarch64"]
    return _checked(_libc.syscall(*map(ctypes.c_long, (number, 0, 0, 0, 0, 0, 0))))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "no")
    return int(result)
