"""A machine for a JupyterHub of its own, from root: `hub_machine.py SCRATCH ENVIRONMENT`, ended by closing its standard input.

In a mount namespace /etc is a copy, and /home and /srv are empty but for /srv/backprop (this repository) and /srv/jupyter (the
environment): accounts, passwords and settings made there are gone with it, and nothing on the disk has changed. Says "ready"; other
programs come in with `nsenter --mount --target PID`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from as_user import ROOT, kernel, open_the_way


def main(scratch: Path, environment: Path) -> None:
    """Make the machine and wait."""
    real = subprocess.run(
        [str(environment / "bin" / "python"), "-c", "import sys; print(sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    needed = [Path(real).resolve(), environment.resolve(), ROOT.resolve()]
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for folder in needed:
        open_the_way(folder)
    for folder in ("/home", "/srv"):
        cover(Path(folder), needed, scratch)
    for source, target in ((ROOT, "/srv/backprop"), (environment, "/srv/jupyter")):
        Path(target).mkdir()
        kernel.mount(str(source), target, None, kernel.MS_BIND | kernel.MS_REC)
    etc = scratch / "etc"
    subprocess.run(["cp", "-a", "/etc", str(etc)], check=True)
    kernel.mount(str(etc), "/etc", None, kernel.MS_BIND)
    print("ready", flush=True)
    sys.stdin.read()


def cover(folder: Path, needed: Sequence[Path], scratch: Path) -> None:
    """Put an empty folder over this one, in which only what is needed is still there."""
    below = [path for path in needed if path.is_relative_to(folder)]
    kept = [tempfile.mkdtemp(dir=scratch) for _ in below]
    for path, place in zip(below, kept, strict=True):
        kernel.mount(str(path), place, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("tmpfs", str(folder), "tmpfs", 0, "mode=0755")
    for path, place in zip(below, kept, strict=True):
        path.mkdir(parents=True, exist_ok=True)
        kernel.mount(place, str(path), None, kernel.MS_BIND | kernel.MS_REC)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
