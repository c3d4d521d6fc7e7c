"""Hostile submissions as data: what each one tries, and what must hold.

They are notebooks of people who want a mark, a look at other people's files, or simply trouble. Each is a list of cells. A
cell prints WON when it got what it must not get; beyond that the surroundings are inspected after every one of them
(see tests/test_hostile.py): files, network, processes, memory of the judge, the neighbour graded at the same moment.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

THEMES = ("files", "network", "processes", "kernel", "resources", "answers", "insides")

# What every hostile cell may use. `attempt` prints WON when its function returns; `reach` makes a raw system call and
# prints WON when the kernel was ready to look at it, whatever it thought of the arguments.
PRELUDE = """
import ctypes, errno, os, platform, sys, time
import numpy as np
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def attempt(f, *args):
    try:
        got = f(*args)
    except BaseException as problem:
        print('no:', type(problem).__name__, str(problem)[:200])
        return None
    print('WON', str(got)[:200])
    return got
NUMBERS = {
    'socket': (41, 198), 'sendto': (44, 206), 'sendmsg': (46, 211), 'clone': (56, 220), 'fork': (57, 1079), 'vfork': (58, 1079),
    'execve': (59, 221), 'kill': (62, 129), 'shmget': (29, 194), 'msgget': (68, 186), 'semget': (64, 190),
    'ptrace': (101, 117), 'setuid': (105, 146), 'personality': (135, 92), 'pivot_root': (155, 41), 'prctl': (157, 167), 'settimeofday': (164, 170),
    'mount': (165, 40), 'umount2': (166, 39), 'swapon': (167, 224), 'reboot': (169, 142), 'sethostname': (170, 161), 'iopl': (172, 1079),
    'init_module': (175, 105), 'tkill': (200, 130), 'clock_settime': (227, 112), 'tgkill': (234, 131), 'mq_open': (240, 180), 'add_key': (248, 217),
    'request_key': (249, 218), 'keyctl': (250, 219), 'unshare': (272, 97), 'perf_event_open': (298, 241), 'fanotify_init': (300, 262),
    'name_to_handle_at': (303, 264), 'open_by_handle_at': (304, 265), 'setns': (308, 268), 'process_vm_readv': (310, 270), 'process_vm_writev': (311, 271), 'kcmp': (312, 272),
    'seccomp': (317, 277), 'memfd_create': (319, 279), 'bpf': (321, 280), 'userfaultfd': (323, 282), 'mlockall': (151, 230),
    'sched_setscheduler': (144, 119), 'setpriority': (141, 140), 'adjtimex': (159, 171), 'chroot': (161, 51), 'quotactl': (179, 60),
    'pidfd_send_signal': (424, 424), 'io_uring_setup': (425, 425), 'open_tree': (428, 428), 'move_mount': (429, 429), 'fsopen': (430, 430),
    'pidfd_open': (434, 434), 'clone3': (435, 435), 'pidfd_getfd': (438, 438), 'landlock_create_ruleset': (444, 444), 'memfd_secret': (447, 447),
    'prlimit64': (302, 261), 'capset': (126, 91), 'timer_create': (222, 107), 'memfd': (319, 279), 'inotify_init1': (294, 26),
}
def reach(name, *args):
    number = NUMBERS[name][platform.machine() == 'aarch64']
    filled = [a if isinstance(a, bytes) or a is None else ctypes.c_long(a) for a in (args + (0,) * 6)[:6]]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *filled)
    code = ctypes.get_errno()
    if result == -1 and code in (errno.EPERM, errno.ENOSYS):
        print('no:', name, errno.errorcode[code])
    else:
        print('WON', name, result, errno.errorcode.get(code, code))
    return result
"""


@dataclass(frozen=True)
class Hostile:
    """One submission.

    name: unique, as "read_a_secret_file"; tries: what it is after, as a sentence; cells: its code, after PRELUDE, with
    @FOLDER@ (the judge's folder, with the file `secret`), @REPOSITORY@, @PORT@, @JUDGE@ (its pid), @ABSTRACT@ (a local
    socket) filled in; says: what a learner must find in the last cell's error or output; ends: whether the process may
    be lost over it (the judge says so in words then); endless: whether it would take for ever, so that it gets little time; call: a function the judge calls afterwards; value: what that
    call must give, as `repr`, where one thing alone is right; next_cells: what the next submission runs, which must
    not win either; wins_without_walls: it does win where nothing holds it back, and harms nothing there, which proves
    that the attempt is a real one.
    """

    name: str
    tries: str
    cells: tuple[str, ...]
    says: str = ""
    ends: bool = False
    endless: bool = False
    call: str = ""
    value: str | None = None
    next_cells: tuple[str, ...] = ()
    wins_without_walls: bool = False


def submissions() -> list[Hostile]:
    """All of them, by theme."""
    found: list[Any] = []
    for theme in THEMES:
        found += importlib.import_module(f"tests.hostile.{theme}").SUBMISSIONS
    return found
