"""What went wrong while setting up, as one sentence with the mend."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

NEEDED_MB = {"lab": 1000, "dev": 1500}  # measured size of .venv, rounded up
OFFLINE = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution", "ConnectTimeout",
    "Failed to establish a new connection", "ProxyError", "Network is unreachable", "Read timed out",
    "from versions: none", "SSLError", "CERTIFICATE_VERIFY_FAILED",
)  # fmt: skip
FULL = ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space on the disk")
FORBIDDEN = ("Permission denied", "Errno 13", "Read-only file system", "Access is denied")


class Problem(Exception):
    """One sentence: what is wrong and the mend."""


def sentence_for(problem: OSError, root: Path) -> str:
    """What an OSError means for the person at the keyboard."""
    place = problem.filename or root
    if problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return full_disk(root)
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be written: make {root} writable for you, or copy the course to a folder of yours."
    return (
        f"{place} could not be used ({problem.strerror or problem}): check it and run the same command again."
    )


def full_disk(root: Path) -> str:
    """The sentence for a disk without room."""
    return (
        f"The disk that holds {root} is full: free about {NEEDED_MB['lab']} MB "
        "(.venv can be deleted, it is made again) and run the same command again."
    )


def no_venv() -> str:
    """The sentence for a Debian-like Python that comes without the means to make environments."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return (
        f"This Python ({sys.executable}) cannot make environments because its venv module is incomplete: install "
        f"it (Debian, Ubuntu: `sudo apt-get install {package}`) and run the same command again."
    )


def explain(output: str, root: Path, log: Path | None) -> str:
    """One sentence for what venv or pip printed when it failed."""
    details = f" Everything pip said is in {log}." if log else ""
    if any(word in output for word in FULL):
        return full_disk(root)
    if "ensurepip" in output and log is None:
        return no_venv()
    if any(word in output for word in FORBIDDEN):
        return (
            f"{root} cannot be written: make that folder writable for you, or copy the course to a folder of "
            f"yours, and run the same command again.{details}"
        )
    if any(word in output for word in OFFLINE):
        return (
            "The package registry could not be reached: check the network (behind a proxy set HTTPS_PROXY) and run "
            f"the same command again.{details}"
        )
    errors = [line.strip() for line in output.splitlines() if re.match(r"\s*error\b", line, re.IGNORECASE)]
    reason = f" ({errors[-1]})" if errors else ""
    return f"The packages could not be installed{reason}: run the same command again.{details}"
