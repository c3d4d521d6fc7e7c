"""One start at a time: a file that only one process can hold."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock at `path`; the system frees it when its holder dies."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a+b") as stream:
        said = False
        while not _lock(stream.fileno()):
            if not said:
                print("Another start is setting up .venv; waiting for it …")
                said = True
            time.sleep(0.2)
        yield


def _lock(descriptor: int) -> bool:
    """Try to lock an open file; True where it worked, and where the file system knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True
