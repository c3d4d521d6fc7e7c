"""Which system calls a submission may make, as a program for the kernel. Built by the judge, loaded by each child.

An allow-list: what it does not name fails with "not permitted", so that a learner gets an ordinary error. The wrapped
library is libseccomp; it also refuses the other two ways into a 64-bit kernel (32-bit calls and x32).
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import platform
from typing import Any

from backprop_helpers.grading.sandbox.outcomes import SandboxUnavailable, Tier

# What Python, NumPy, Matplotlib, IPython, threads and asyncio use and what cannot reach beyond the process.
_ALWAYS = (
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range dup dup2 dup3 "
    "pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 "
    "fstat stat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getdents getdents64 "
    "getcwd chdir fchdir umask fadvise64 "
    "mmap munmap mprotect mremap madvise brk mincore "
    "futex futex_waitv set_robust_list get_robust_list rseq set_tid_address membarrier "
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait sigaltstack pause "
    "nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getitimer setitimer alarm "
    "getpid gettid getppid getpgrp getpgid getsid getuid geteuid getgid getegid getresuid getresgid getgroups capget "
    "getrusage getrlimit getpriority sched_yield sched_getaffinity sched_getscheduler sched_getparam "
    "sched_get_priority_max sched_get_priority_min getcpu uname sysinfo getrandom "
    "recvfrom recvmsg shutdown getsockname getpeername getsockopt "
    "exit exit_group restart_syscall "
)

# Only where each child has a file system of its own, which ends with it.
_FILES = (
    "open openat creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 symlink symlinkat "
    "truncate ftruncate fallocate fsync fdatasync chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat "
    "sendfile copy_file_range "
)

_BY_ARGUMENT = ("clone", "fcntl", "ioctl", "prctl", "prlimit64", "socketpair", "sendto")
_THREAD = 0x00010000 | 0x00000100 | 0x00000800  # CLONE_THREAD | CLONE_VM | CLONE_SIGHAND
_FCNTL = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    36,
    37,
    38,
    1030,
)  # descriptors, flags, locks; never owners, signals or sizes
_IOCTL = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
    0x802C542A,
)  # is it a terminal; how much waits; blocking
_PRCTL = (3, 15, 16, 21, 0x53564D41)  # read `dumpable`, name of a thread, read, name of memory
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_STREAM_BITS, _STREAM = 0xF, 1
_OPTIMISE = 8  # SCMP_FLTATR_CTL_OPTIMIZE: a tree instead of a list
_BAD_ARCHITECTURE = 2  # SCMP_FLTATR_ACT_BADARCH


@functools.cache
def program(tier: Tier) -> bytes:
    """The filter of a tier, as the kernel wants it. Raises SandboxUnavailable with what to install."""
    seccomp = _library()
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    rules.set_attr(_BAD_ARCHITECTURE, seccomp.KILL_PROCESS)
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # libseccomp before 2.5: slower, not weaker
        rules.set_attr(_OPTIMISE, 2)
    for name in _whole(tier):
        _allow(seccomp, rules, name)
    _allow_by_argument(seccomp, rules)
    if tier is not Tier.STRONG:
        _allow(seccomp, rules, "open", seccomp.Arg(1, seccomp.MASKED_EQ, _WRITES, 0))
        _allow(seccomp, rules, "openat", seccomp.Arg(2, seccomp.MASKED_EQ, _WRITES, 0))
    # "there is no such call": the C library then takes the older one, whose arguments can be checked
    for name in ("clone3", "openat2"):
        if _known(seccomp, name):
            rules.add_rule(seccomp.ERRNO(errno.ENOSYS), name)
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _whole(tier: Tier) -> list[str]:
    """The calls that are allowed whatever their arguments are."""
    return (_ALWAYS + (_FILES if tier is Tier.STRONG else "")).split()


def allowed(tier: Tier) -> list[str]:
    """The names of all calls that are allowed, some of them with certain arguments alone."""
    return [*_whole(tier), *_BY_ARGUMENT, *(() if tier is Tier.STRONG else ("open", "openat"))]


def _allow_by_argument(seccomp: Any, rules: Any) -> None:
    arg, equal, masked = seccomp.Arg, seccomp.EQ, seccomp.MASKED_EQ
    namespaces = 0x7E020000 | 0x00000080
    _allow(seccomp, rules, "clone", arg(0, masked, _THREAD | namespaces, _THREAD))
    for command in _FCNTL:
        _allow(seccomp, rules, "fcntl", arg(1, equal, command))
    for command in _IOCTL:
        _allow(seccomp, rules, "ioctl", arg(1, equal, command))
    for command in _PRCTL:
        _allow(seccomp, rules, "prctl", arg(0, equal, command))
    # its own limits, to read
    _allow(seccomp, rules, "prlimit64", arg(0, equal, 0), arg(2, equal, 0))
    # a pair of connected streams, as asyncio makes; data only to the other end of a pair
    _allow(seccomp, rules, "socketpair", arg(0, equal, 1), arg(1, masked, _STREAM_BITS, _STREAM))
    _allow(seccomp, rules, "sendto", arg(4, equal, 0))


def _allow(seccomp: Any, rules: Any, name: str, *args: Any) -> None:
    if _known(seccomp, name):
        rules.add_rule(seccomp.ALLOW, name, *args)


def _known(seccomp: Any, name: str) -> bool:
    """Whether this machine has the call: `open` is missing on ARM, a new call in an old library."""
    return int(seccomp.resolve_syscall(seccomp.system_arch(), name)) >= 0


def _library() -> Any:
    if platform.machine() not in ("x86_64", "aarch64"):
        raise SandboxUnavailable(
            f"The sandbox knows the system calls of x86-64 and 64-bit ARM, not of {platform.machine()}."
        )
    try:
        import pyseccomp  # type: ignore[import-untyped,unused-ignore]
    except ModuleNotFoundError as problem:
        raise SandboxUnavailable("pyseccomp is missing; install it with: pip install pyseccomp") from problem
    except (RuntimeError, OSError, AttributeError) as problem:
        raise SandboxUnavailable(
            "The library libseccomp is missing; install it with: apt-get install libseccomp2 "
            "(Fedora: dnf install libseccomp; Alpine: apk add libseccomp)"
        ) from problem
    return pyseccomp
