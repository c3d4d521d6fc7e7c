"""Run a command as an ordinary user who can read Python and this folder, from root: `as_user.py [options] command…`

Python may live below a home folder that is closed to everybody else. In a mount namespace of its own that folder is
covered by one that is open and holds nothing but what is needed; nothing on the disk changes.

--root             stay root, and only open the way to Python, so that others may read it too
--no-namespaces    as on a machine that does not let its users make user namespaces
--deny=NAME,…      as on a machine where these system calls are forbidden (mount) or unknown (landlock_create_ruleset)
"""

from __future__ import annotations

import errno
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
    options = [a for a in arguments if a.startswith("--")][
        : next(i for i, a in enumerate(arguments) if a[:2] != "--")
    ]
    command = arguments[len(options) :]
    home = tempfile.mkdtemp(prefix="home-")
    Path(home).chmod(0o755)
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    for folder in (sys.base_prefix, sys.prefix, str(ROOT)):
        open_the_way(Path(os.path.realpath(folder)))
    if "--root" not in options:
        os.chown(home, USER, USER)
        become_the_user(forbid="--no-namespaces" in options)
    for option in options:
        if option.startswith("--deny="):
            deny(option.removeprefix("--deny=").split(","))
    os.environ.update(HOME=home, USER="learner", TMPDIR=home)
    os.execvp(command[0], command)


def deny(names: list[str]) -> None:
    """Forbid system calls to this process and all it starts."""
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in names:
        missing = name.startswith("landlock")
        rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS if missing else errno.EACCES), name)
    rules.load()


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
