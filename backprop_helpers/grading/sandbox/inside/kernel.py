"""The few calls of the Linux kernel that Python 3.11 does not wrap, each raising OSError when it fails."""

from __future__ import annotations

import ctypes
import os
import stat
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2

ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100
_MOUNT_SETATTR = 442  # this number and those of Landlock are the same on every architecture

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION = 0x20080522

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
READ_FILE, READ_DIR, WRITE_FILE = 1 << 2, 1 << 3, 1 << 1
_FS_RIGHTS = {
    1: (1 << 13) - 1,
    2: (1 << 14) - 1,
    3: (1 << 15) - 1,
    5: (1 << 16) - 1,
}  # by the version that added them
_DIRECTORY_ONLY = ((1 << 14) - 1) & ~((1 << 3) - 1)  # rights that make no sense for a file
_NET_RIGHTS = 0b11  # bind and connect TCP
_SCOPES = 0b11  # abstract sockets, signals

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    _checked(_libc.setns(fd, flags), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    kind_bytes = None if kind is None else kind.encode()
    done = _libc.mount(
        os.fsencode(source), os.fsencode(target), kind_bytes, ctypes.c_ulong(flags), options.encode() or None
    )
    _checked(done, f"mount {target}")


def unmount(target: str) -> None:
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def pivot_root(new: str, old: str) -> None:
    _checked(_libc.pivot_root(os.fsencode(new), os.fsencode(old)), "pivot_root")


def set_mount_flags(target: str, attributes: int) -> None:
    """Add flags (ATTR_…) to a mount and all below it."""
    buffer = ctypes.create_string_buffer(struct.pack("=QQQQ", attributes, 0, 0, 0))
    done = _libc.syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        ctypes.c_int(_AT_FDCWD),
        os.fsencode(target),
        ctypes.c_uint(_AT_RECURSIVE),
        buffer,
        ctypes.c_size_t(32),
    )
    _checked(done, f"mount_setattr {target}")


def prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(option, *padded), f"prctl {option}")


def drop_capabilities(*, bounding: bool) -> None:
    """Give up every capability for good. bounding: also what an executed file could bring back."""
    if bounding:
        last = 40
        while last < 64:  # a newer kernel has more
            try:
                prctl(23, last + 1)  # PR_CAPBSET_READ
            except OSError:
                break
            last += 1
        for number in range(last + 1):
            prctl(_PR_CAPBSET_DROP, number)
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
    nothing = ctypes.create_string_buffer(24)
    _checked(_libc.capset(header, nothing), "capset")


def no_new_privileges() -> None:
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def load_filter(program: bytes) -> None:
    """Put a seccomp program (8 bytes an instruction) in force for this thread, for good."""
    instructions = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("count", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(len(program) // 8, ctypes.addressof(instructions))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(whole))


def landlock_version() -> int:
    """The version of Landlock here; 0 where the kernel has none or has it switched off."""
    found = _libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return max(int(found), 0)


class Landlock:
    """A set of rules: everything of the file system, TCP and signals is denied but what is allowed.

    Raises OSError where the kernel has no Landlock.
    """

    def __init__(self) -> None:
        self.version = landlock_version()
        rights = [mask for since, mask in _FS_RIGHTS.items() if since <= self.version]
        self.all_files = rights[-1] if rights else 0
        net = _NET_RIGHTS if self.version >= 4 else 0
        scopes = _SCOPES if self.version >= 6 else 0
        size = 24 if scopes else 16 if net else 8
        ruleset = ctypes.create_string_buffer(struct.pack("=QQQ", self.all_files, net, scopes))
        self._fd = _checked(
            _libc.syscall(ctypes.c_long(_LANDLOCK_CREATE), ruleset, ctypes.c_size_t(size), ctypes.c_uint(0)),
            "landlock_create_ruleset",
        )

    def allow(self, path: str, rights: int) -> None:
        """Allow rights (READ_FILE, …) on a path and all below it."""
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(fd).st_mode):
                rights &= ~_DIRECTORY_ONLY
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights & self.all_files, fd))
            done = _libc.syscall(
                ctypes.c_long(_LANDLOCK_ADD), ctypes.c_int(self._fd), ctypes.c_int(1), rule, ctypes.c_uint(0)
            )
            _checked(done, f"landlock_add_rule {path}")
        finally:
            os.close(fd)

    def move(self, fd: int) -> None:
        """Keep the rules under another descriptor."""
        os.dup2(self._fd, fd, inheritable=False)
        os.close(self._fd)
        self._fd = fd

    def enforce(self) -> None:
        """Put the rules in force for this thread, for good. Needs no_new_privileges."""
        done = _libc.syscall(ctypes.c_long(_LANDLOCK_RESTRICT), ctypes.c_int(self._fd), ctypes.c_uint(0))
        _checked(done, "landlock_restrict_self")

    def close(self) -> None:
        os.close(self._fd)
