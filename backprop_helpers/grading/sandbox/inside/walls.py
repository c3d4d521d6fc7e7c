"""The layers that keep a submission apart: what the warm process does once, and what each child does before it listens.

strong: a file system, processes, network and shared memory of its own, by namespaces. plain: Landlock and a shorter
list of system calls. Both: no rights, no way to get any, and limits on what is used up. Any error in any step is
raised, and whoever raised it never hears a word of learner code.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import resource
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from . import kernel

BOX = "/box"
RULES = 100  # the descriptor of rules that all children share
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_SHARED = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/usr/share/fonts"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/fonts"),
)
# Numbers that no distribution hands out and systemd leaves alone.
_UNUSED_IDS = range(65520, 65534)
_INODES = 4096
_PACKAGE_MB = 64
_LANDLOCK_NEEDED = 3  # the first that guards `truncate`


class Walls:
    """The layers of one tier. `enter` is called once in the warm process, `harden` once in each child."""

    def __init__(self, config: dict[str, Any], program: bytes) -> None:
        self.strong = config["tier"] == "strong"
        self.none = config["tier"] == "unsafe"
        self._config = config
        self._program = program
        self._vm_size = 0
        self._landlock: kernel.Landlock | None = None
        self._processes: int = config["limits"]["processes"]
        self._pid_namespace = -1
        self._hidden = _hidden_folders(config["hide"], config["package"])

    @property
    def shares_rules(self) -> bool:
        """Whether the children need the descriptor RULES until they are hardened."""
        return self._landlock is not None

    def enter(self, control: socket.socket) -> None:
        """Put the warm process behind the walls that all submissions share.

        In the strong tier a child goes on as the first process of its own world, and the one that was started waits
        for it. Raises OSError or RuntimeError with what failed.
        """
        self._vm_size = _vm_size()
        if self.none:
            return
        if _threads() != 1:
            raise RuntimeError(f"the warm process has {_threads()} threads; a fork needs exactly one")
        if self.strong:
            self._enter_namespaces(control)
        else:
            self._enter_plain()
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)

    # --- strong

    def _enter_namespaces(self, control: socket.socket) -> None:
        # opened now: there is no /proc afterwards
        proc_self = os.open("/proc/self", os.O_PATH | os.O_DIRECTORY)
        sysctl = os.open("/proc/sys/user", os.O_PATH | os.O_DIRECTORY)
        os.umask(0o022)
        flags = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC
        flags |= kernel.CLONE_NEWUTS | kernel.CLONE_NEWPID
        if os.geteuid() == 0:
            self._enter_as_root(control, flags)
        else:
            uid, gid = os.getuid(), os.getgid()
            with _told("an ordinary user cannot make a user namespace here"):
                kernel.unshare(flags)
                _write(proc_self, "setgroups", "deny")
                _write(proc_self, "uid_map", f"{uid} {uid} 1")
                _write(proc_self, "gid_map", f"{gid} {gid} 1")
            self._build_root()
        # An extra, which a container may forbid: the filter already denies what it would deny.
        with contextlib.suppress(OSError):
            _write(sysctl, "max_user_namespaces", "0")
        socket.sethostname("sandbox")
        os.close(proc_self)
        os.close(sysctl)
        pid = os.fork()
        if pid:
            control.close()
            _wait_for(pid)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getpid() != 1:
            raise RuntimeError("the new process namespace has somebody in it already")
        self._pid_namespace = os.pidfd_open(1)

    def _enter_as_root(self, control: socket.socket, flags: int) -> None:
        """Build the root folder with an administrator's rights, then become somebody without any.

        So the files are reached also below a private home folder, and no rule about what ordinary users may do with
        namespaces stands in the way. The maps of a namespace can only be written from outside it, by a helper.
        """
        uid = _unused_id()
        asks, answers = socket.socketpair()
        pid = os.fork()
        if pid:
            control.close()
            asks.close()
            answers.recv(1)
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{pid}/{name}").write_text(f"{uid} {uid} 1")
            _become(uid)
            answers.send(b".")
            _wait_for(pid)
        answers.close()
        with _told("root has not all rights here, as in a container"):
            kernel.unshare(kernel.CLONE_NEWNS)
        self._build_root()
        os.setgroups([])
        with _told("user namespaces cannot be made here"):
            kernel.unshare(flags)
        asks.send(b".")
        if not asks.recv(1):
            raise RuntimeError("the maps of the user namespace could not be written")
        asks.close()
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)

    def _build_root(self) -> None:
        """A root folder with Python's files to read, a few devices, the package and a place to write; move there."""
        with _told("a folder of its own cannot be mounted here"):
            self._mount_root()
            os.chdir(self._config["root"])
            kernel.pivot_root(".", ".")
            kernel.unmount(".")
            os.chdir("/")

    def _mount_root(self) -> None:
        root, package = self._config["root"], self._config["package"]
        kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount(
            "tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, f"size={_PACKAGE_MB}m,mode=0755"
        )
        bound: list[str] = []
        folders = _library_folders(package)
        for path in sorted({p for folder in folders for p in (folder, os.path.realpath(folder))}, key=len):
            if not any(path == b or path.startswith(f"{b}/") for b in bound):
                _bind(path, root + path)
                bound.append(path)
        for hidden in self._hidden:
            if Path(root + hidden).is_dir():
                flags = kernel.MS_NOSUID | kernel.MS_NODEV
                kernel.mount("tmpfs", root + hidden, "tmpfs", flags, "size=4k,mode=0755")
        for device in _DEVICES:
            _bind(device, root + device)
        shutil.copytree(package, root + package, dirs_exist_ok=True)
        _open_to_read(root + package)
        Path(root + BOX).mkdir(0o755)
        kernel.set_mount_flags(root, kernel.ATTR_RDONLY | kernel.ATTR_NOSUID)

    def before_fork(self) -> None:
        """Let the next child, and it alone, be the first process of a new world."""
        if self.strong:
            kernel.setns(self._pid_namespace, kernel.CLONE_NEWPID)
            kernel.unshare(kernel.CLONE_NEWPID)

    # --- plain

    def _enter_plain(self) -> None:
        if kernel.landlock_version() < _LANDLOCK_NEEDED:
            raise RuntimeError(
                f"Landlock is version {kernel.landlock_version()} here and {_LANDLOCK_NEEDED} is needed (Linux 6.2)"
            )
        if os.geteuid() == 0:
            _become(_unused_id())
            _readable(sys.path, self._config["package"])
        self._landlock = kernel.Landlock()
        self._landlock.move(RULES)
        seen: set[str] = set()
        for path in (*_library_folders(self._config["package"]), *_DEVICES, self._config["package"]):
            for allowed, rights in _without(os.path.realpath(path), self._hidden):
                if allowed not in seen and Path(allowed).exists():
                    self._landlock.allow(allowed, rights)
                    seen.add(allowed)
        # Threads are counted for the whole user here, so only their growth can be bounded.
        self._processes = _tasks_of(os.getuid()) + 16 * self._processes

    # --- each child

    def harden(self) -> None:
        """All steps of a child, in the order in which each is still allowed. Descriptors are in place already."""
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.strong:
            kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC)
            size = self._config["limits"]["file_mb"]
            options = f"size={size}m,nr_inodes={_INODES},mode=0700"
            flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
            kernel.mount("tmpfs", BOX, "tmpfs", flags, options)
            os.chdir(BOX)
        elif self.none:
            os.setsid()  # so that all it starts can be ended; the others start nothing and have no terminal
            os.chdir(tempfile.mkdtemp(dir=self._config["root"]))
            os.environ["TMPDIR"] = os.environ["HOME"] = str(Path.cwd())
        self._limit()
        if self.none:
            return
        kernel.drop_capabilities(bounding=self.strong)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        kernel.no_new_privileges()
        self._restrict_files()
        kernel.load_filter(self._program)

    def _restrict_files(self) -> None:
        rules = self._landlock
        if rules is None and kernel.landlock_version() > 0:  # in the strong tier an extra
            rules = kernel.Landlock()
            rules.allow("/", kernel.READ_FILE | kernel.READ_DIR)
            rules.allow(BOX, rules.all_files & ~1)  # everything but to execute
            rules.allow("/dev/null", kernel.READ_FILE | kernel.WRITE_FILE)
        if rules is not None:
            rules.enforce()
            rules.close()

    def _limit(self) -> None:
        limits = self._config["limits"]
        memory = self._vm_size + (limits["memory_mb"] << 20)
        _set_limit(resource.RLIMIT_CPU, limits["cpu_seconds"])
        _set_limit(resource.RLIMIT_FSIZE, limits["file_mb"] << 20)
        _set_limit(resource.RLIMIT_NOFILE, limits["open_files"])
        _set_limit(resource.RLIMIT_CORE, 0)
        _set_limit(resource.RLIMIT_AS, memory)
        if not self.none:
            _set_limit(resource.RLIMIT_NPROC, self._processes)
            _set_limit(resource.RLIMIT_MSGQUEUE, 0)
            _set_limit(resource.RLIMIT_MEMLOCK, 0)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Say in words what an error of the kernel means."""
    try:
        yield
    except OSError as problem:
        raise RuntimeError(f"{what} ({problem.strerror or problem})") from problem


def _set_limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))


def _unused_id() -> int:
    """The number of a user and a group that nobody here is."""
    return next(number for number in _UNUSED_IDS if not _taken(number))


def _become(uid: int) -> None:
    """Change root for somebody who owns nothing here."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _taken(number: int) -> bool:
    for database in (pwd.getpwuid, grp.getgrgid):
        try:
            database(number)
        except KeyError:
            continue
        return True
    return False


def _readable(folders: list[str], package: str) -> None:
    """Raises RuntimeError where the user that learner code runs as cannot read Python's own files."""
    for folder in (*folders, package):
        try:
            next(Path(folder).iterdir(), None)
        except OSError:
            raise RuntimeError(
                f"learner code would run as user {os.getuid()}, who may not read {folder}; install Python and "
                "the course where everybody may read, or grade as an ordinary user"
            ) from None


def _write(folder: int, name: str, text: str) -> None:
    fd = os.open(name, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _hidden_folders(names: list[str], package: str) -> list[str]:
    """Where packages are installed that must not be seen, as the folder is called and as it is really called."""
    found = [str(Path(entry) / name) for entry in sys.path if entry != package for name in names]
    return list(
        dict.fromkeys(p for path in found if Path(path).is_dir() for p in (path, os.path.realpath(path)))
    )


def _library_folders(package: str) -> list[str]:
    """Where Python, its packages and the libraries they load are."""
    wanted = [entry for entry in sys.path if entry != package]
    wanted += [f"{prefix}/lib" for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)]
    return [path for path in dict.fromkeys((*wanted, *_SHARED)) if Path(path).exists()]


def _bind(source: str, target: str) -> None:
    """Make a file or folder appear at another place, with all that is mounted below it."""
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)


def _open_to_read(folder: str) -> None:
    """Let everybody read a copy whose original may be private."""
    for path in (Path(folder), *Path(folder).rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _without(path: str, hidden: list[str]) -> Iterator[tuple[str, int]]:
    """Paths and rights that allow to read all below `path` but the hidden folders, which can be listed at most."""
    if path in hidden:
        return
    below = [h for h in hidden if h.startswith(f"{path.rstrip('/')}/")]
    if not below:
        yield path, kernel.READ_FILE | kernel.READ_DIR
        return
    for entry in os.scandir(path):
        yield from _without(entry.path, below)


def _wait_for(pid: int) -> NoReturn:
    """Stay until the warm process ends or whoever started it is gone; then end, and it with us."""
    parent = os.getppid()
    os.closerange(3, 64)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while os.getppid() == parent and not os.waitpid(pid, os.WNOHANG)[0]:
        signal.sigtimedwait([signal.SIGCHLD], 1.0)
    os._exit(0)


def _vm_size() -> int:
    """Bytes of address space in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _tasks_of(uid: int) -> int:
    """How many threads a user has now."""
    count = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # it may end while it is counted
            if entry.name.isdigit() and entry.stat().st_uid == uid:
                count += len(list((entry / "task").iterdir()))
    return count
