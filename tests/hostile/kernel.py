"""After the kernel: calls that have no place in a notebook."""

from tests.hostile import Hostile

SUBMISSIONS = [
    Hostile(
        "namespaces",
        "Makes namespaces of its own, in which it would be root.",
        (
            "for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000, 0x80):\n    reach('unshare', flag)\nreach('setns', 3, 0)",
        ),
    ),
    Hostile(
        "mounts",
        "Mounts and unmounts.",
        (
            "reach('mount', b'none', b'/nonexistent', b'tmpfs', 0, 0)\nreach('mount', b'proc', b'/nonexistent', b'proc', 0, 0)\nreach('umount2', b'/nonexistent', 2)\nreach('pivot_root', b'/nonexistent', b'/nonexistent')\nreach('open_tree', -100, b'/nonexistent', 1)\nreach('move_mount', -1, b'', -1, b'', 0)\nreach('fsopen', b'none', 0)",
        ),
        wins_without_walls=True,
    ),
    Hostile("chroot", "Changes its root.", ("reach('chroot', b'/nonexistent')",), wins_without_walls=True),
    Hostile(
        "bpf",
        "Loads a program into the kernel.",
        ("reach('bpf', 0, 0, 0)\nreach('perf_event_open', 0, 0, -1, -1, 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "io_uring",
        "Makes system calls past the list of those allowed.",
        ("reach('io_uring_setup', 1, 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "memory_files",
        "Keeps data in memory that no limit counts.",
        ("reach('memfd_create', b'x', 0)\nreach('memfd_secret', 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "keyring",
        "Leaves something in the kernel's keyring, and reads what is there.",
        ("reach('keyctl', 99, 0, 0)\nreach('add_key', 0, 0, 0, 0, 0)\nreach('request_key', 0, 0, 0, 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "userfaultfd",
        "Stops the kernel in the middle of a copy.",
        ("reach('userfaultfd', -1)",),
        wins_without_walls=True,
    ),
    Hostile(
        "clock",
        "Sets the clock back, so that its deadline has not passed.",
        ("reach('clock_settime', 999, 0)\nreach('settimeofday', 1, 0)\nreach('adjtimex', 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "reboot",
        "Restarts the machine.",
        (
            "reach('reboot', 0, 0, 0, 0)\nreach('swapon', b'/nonexistent', 0)\nreach('init_module', 0, 0, 0)\nreach('sethostname', 0, -1)",
        ),
    ),
    Hostile(
        "hardware_ports",
        "Speaks to the hardware.",
        ("reach('iopl', 9) if platform.machine() == 'x86_64' else None",),
    ),
    Hostile(
        "personality",
        "Switches off the shuffling of addresses.",
        (
            "reach('personality', 0xffffffff)\nreach('seccomp', 99, 0, 0)\nreach('landlock_create_ruleset', 0, 0, 1)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "more_rights",
        "Takes back its rights.",
        (
            "attempt(os.setuid, 0)\nattempt(os.setgid, 0)\nattempt(os.setresuid, 0, 0, 0)\nattempt(os.setgroups, [0])\nreach('capset', 0, 0)\nfor option, value in ((4, 1), (8, 1), (38, 0), (24, 0), (47, 2), (28, 0)):\n    reach('prctl', option, value, 0, 0, 0)",
        ),
    ),
    Hostile(
        "system_v_memory",
        "Leaves shared memory, queues and semaphores that outlive it.",
        (
            "reach('shmget', 0x6B6B, 0, 0)\nreach('msgget', 0x6B6B, 0)\nreach('semget', 0x6B6B, 0, 0)\nreach('mq_open', b'/nonexistent', 0, 0, 0)",
        ),
        wins_without_walls=True,
    ),
    Hostile(
        "lock_memory",
        "Keeps memory from being swapped out.",
        ("reach('mlockall', 99)",),
        wins_without_walls=True,
    ),
    Hostile(
        "terminal_injection",
        "Types into the instructor's terminal.",
        (
            "import fcntl\nfor fd in range(4):\n    try:\n        fcntl.ioctl(fd, 0x5412, b'x')\n        print('WON', fd)\n    except OSError as problem: print('no:', problem)",
        ),
    ),
    Hostile(
        "watch_files",
        "Watches what others do to files.",
        ("reach('inotify_init1', -1)\nreach('fanotify_init', -1, 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "timers_for_others",
        "Has a timer send signals.",
        ("reach('timer_create', 99, 0, 0)",),
        wins_without_walls=True,
    ),
    Hostile(
        "x32_calls",
        "Uses the second numbering of system calls, in the hope that nobody thought of it.",
        (
            "print(libc.syscall(ctypes.c_long(0x40000000 | 39)))\nif platform.machine() == 'x86_64': print('WON')",
        ),
        ends=True,
    ),
    Hostile(
        "machine_code_with_32_bit_calls",
        "Runs machine code of its own that enters the kernel the 32-bit way.",
        (
            "import mmap\nif platform.machine() == 'x86_64':\n"
            "    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
            "    code.write(bytes([0x53, 0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0x5B, 0xC3]))\n"
            "    run = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))\n    print('WON', run())",
        ),
        ends=True,
    ),
    Hostile(
        "lock_libraries",
        "Locks Python's and NumPy's files, so that others wait for them.",
        (
            "import fcntl\nfd = os.open(np.__file__, os.O_RDONLY)\nattempt(fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
            "attempt(fcntl.lockf, fd, fcntl.LOCK_EX | fcntl.LOCK_NB)\nattempt(fcntl.fcntl, fd, 1024, 0)\nattempt(fcntl.fcntl, fd, 1026, 1)",
        ),
        next_cells=("import importlib\nimportlib.reload(__import__('colorsys'))\n1",),
        wins_without_walls=True,
    ),
    Hostile(
        "memory_in_locks",
        "Keeps data in locks on parts of a file, of which the kernel makes as many as are asked for.",
        (
            "import fcntl\nfiles = [f for f in (getattr(m, '__file__', None) for m in list(sys.modules.values())) if f and os.path.isfile(f)]\n"
            "fds = [os.open(f, os.O_RDONLY) for f in files[:40]]\nfor place in range(200_000, 0, -2):\n    for fd in fds:\n        fcntl.lockf(fd, fcntl.LOCK_SH, 1, place)",
        ),
        endless=True,
    ),
    Hostile(
        "queue_of_signals",
        "Fills the kernel's queue of signals, which all processes of a user share.",
        (
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [40])\nimport threading\nsent = 0\n"
            "def send(how):\n    global sent\n    while sent < 300_000:\n        how()\n        sent += 1\n"
            "info = (ctypes.c_int * 32)(40, 0, -1)\n"
            "def queue():\n    if libc.syscall(ctypes.c_long(129 if platform.machine() == 'x86_64' else 138), os.getpid(), 40, info):\n        raise OSError('no')\n"
            "for how in (lambda: signal.raise_signal(40), lambda: signal.pthread_kill(threading.get_ident(), 40), queue):\n"
            "    try:\n        send(how)\n    except BaseException as problem:\n        print(sent, type(problem).__name__)",
        ),
        next_cells=(
            "import signal, time\ncame = []\nsignal.signal(signal.SIGALRM, lambda *a: came.append(1))\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(0.05)\nassert came",
        ),
    ),
]
