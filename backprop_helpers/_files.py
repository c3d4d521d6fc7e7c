"""Files that survive a crash: written whole or not at all, by one process at a time."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if os.name == "nt":  # pragma: no cover
    import msvcrt
else:
    import fcntl


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write `data` to `path` so that a reader, or a kill, sees the old file or the new one, never a half.

    durable: also after a power failure, which takes a while to make sure. The folder has to exist. Raises OSError (no space, no access) and then leaves nothing behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        # mkstemp makes private files; a lesson gets the rights any other new file would get
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _umask() -> int:
    """The process's umask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def exclusive(path: Path, wait: float) -> Iterator[bool]:
    """Hold a lock on the file `path` for the length of the block; the system frees it if the process dies.

    wait: seconds to wait for another holder. Yields False when the lock could not be had in that time, or
    when the file system knows no locks: the caller decides whether to go on.
    """
    try:
        # append mode never cuts the file, and makes it where it is missing
        stream: Any = path.open("a+b")
    except OSError:
        yield False
        return
    with stream:
        held = _acquire(stream.fileno(), wait)
        try:
            yield held
        finally:
            if held:
                _release(stream.fileno())


def _acquire(descriptor: int, wait: float) -> bool:
    deadline = time.monotonic() + wait
    while True:
        try:
            if os.name == "nt":  # pragma: no cover
                os.lseek(descriptor, 0, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except (BlockingIOError, PermissionError):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        except OSError:
            return False  # some network file systems know no locks


def _release(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        if os.name == "nt":  # pragma: no cover
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
