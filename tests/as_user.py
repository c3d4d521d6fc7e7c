"""Run a command as an ordinary user who can read Python and this folder, from root: `as_user.py [--no-namespaces | --root] command…`

Python may live below a home folder that is closed to everybody else. In a mount namespace of its own that folder is
covered by one that is open and holds nothing but what is needed; nothing on the disk changes.
--no-namespaces: as on a machine that does not let its users make user namespaces. --root: stay root, and only open the way
to Python, so that others may read it too.
"""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FILE = ROOT / "backprop_helpers" / "grading" / "sandbox" / "inside" / "kernel.py"
# by its path: the package around it starts threads, and whoever has some cannot make a user namespace
_SPEC = importlib.util.spec_from_file_location("kernel", _FILE)
kernel = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(kernel)

USER = 54321


def main(arguments: list[str]) -> None:
    """Become the user and the command."""
    option = arguments[0] if arguments[0].startswith("--") else ""
    command = arguments[1:] if option else arguments
    home = tempfile.mkdtemp(prefix="home-")
    if option != "--root":
        os.chown(home, USER, USER)
    else:
        Path(home).chmod(0o755)
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for folder in (sys.base_prefix, sys.prefix, str(ROOT)):
        open_the_way(Path(os.path.realpath(folder)))
    if option != "--root":
        become_the_user(forbid=option == "--no-namespaces")
    os.environ.update(HOME=home, USER="learner", TMPDIR=home)
    os.execvp(command[0], command)


def become_the_user(*, forbid: bool) -> None:
    """Give up root for good; forbid: and the right to make user namespaces."""
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    if forbid:
        kernel.unshare(kernel.CLONE_NEWUSER)
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{USER} {USER} 1"),
            ("gid_map", f"{USER} {USER} 1"),
        ):
            Path("/proc/self", name).write_text(text)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")


def open_the_way(folder: Path) -> None:
    """Make a folder reachable for everybody by covering the first closed folder above it."""
    closed = next((p for p in reversed(folder.parents) if not p.stat().st_mode & stat.S_IXOTH), None)
    if closed is None:
        return
    kept = tempfile.mkdtemp()
    kernel.mount(str(folder), kept, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("tmpfs", str(closed), "tmpfs", 0, "mode=0755")
    folder.mkdir(parents=True)
    kernel.mount(kept, str(folder), None, kernel.MS_BIND | kernel.MS_REC)


if __name__ == "__main__":
    main(sys.argv[1:])
