"""After processes: to outlive the grading, to disturb others, to run something else."""

from tests.hostile import Hostile

SUBMISSIONS = [
    Hostile(
        "fork", "Makes a copy of itself.", ("os.fork()",), says="cannot start programs or other processes"
    ),
    Hostile(
        "fork_by_system_call",
        "Makes a copy of itself past Python, in every way there is.",
        (
            "for name, args in (('fork', ()), ('vfork', ()), ('clone', (17,)), ('clone', (0x100 | 17,)), ('clone3', ()), ('clone', (0x10000000 | 17,))):\n"
            "    pid = 0 if name == 'vfork' and platform.machine() != 'x86_64' else reach(name, *args)\n    if pid == 0: os._exit(0)",
        ),
    ),
    Hostile(
        "fork_bomb",
        "Copies itself until nothing else runs.",
        (
            "made = 0\nfor _ in range(100):\n    pid = libc.fork()\n    if pid == 0:\n        time.sleep(60)\n        os._exit(0)\n    made += pid > 0\nif made: print('WON', made)",
        ),
    ),
    Hostile(
        "daemon_that_outlives",
        "Forks twice, leaves its session, and writes a file after the grading.",
        (
            "pid = libc.fork()\nif pid == 0:\n    os.setsid()\n    if libc.fork() == 0:\n        time.sleep(0.5)\n        open('@FOLDER@/late', 'w').write('x')\n        time.sleep(30)\n    os._exit(0)\n"
            "print('WON' if pid > 0 else 'no:', pid)",
        ),
    ),
    Hostile(
        "subprocess",
        "Runs a program.",
        ("import subprocess\nsubprocess.run(['ls'])",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "shell_line",
        "Runs a shell command as notebooks allow.",
        ("!ls -la /",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "shell_value",
        "Runs a shell command for its output.",
        ("x = !cat /etc/passwd\nprint('WON', x)",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "shell_cell",
        "Runs a whole cell in a shell.",
        ("%%bash\ncat /etc/passwd",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "pip_install",
        "Installs a package.",
        ("%pip install cowsay",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "os_system",
        "Runs a shell command.",
        ("os.system('ls')",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "multiprocessing",
        "Computes in several processes.",
        ("from multiprocessing import Pool\nwith Pool(2) as pool:\n    print('WON', pool.map(abs, [1]))",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "process_pool",
        "Computes in several processes, the newer way.",
        (
            "from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor(2) as pool:\n    print('WON', list(pool.map(abs, [1])))",
        ),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "pseudo_terminal",
        "Makes a terminal to run a program in.",
        ("import pty\npty.spawn(['sh'])",),
        says="cannot start programs or other processes",
    ),
    Hostile(
        "become_another_program",
        "Replaces itself by another program, a set-user-id one if it can.",
        (
            "for p in ('/usr/bin/su', '/bin/su', '/usr/bin/sudo', sys.executable, '/bin/sh', '/usr/lib/openssh/ssh-keysign'):\n"
            "    argv = (ctypes.c_char_p * 2)(p.encode(), None)\n    ctypes.set_errno(0)\n    libc.execv(p.encode(), argv)\n    print('no:', p, ctypes.get_errno())",
            "reach('execve', b'/nonexistent', 0, 0)",
        ),
    ),
    Hostile(
        "kill_the_judge",
        "Sends signals to the judge, its parent and everybody.",
        (
            # the number 0 takes the same way as 9 and would harm nobody if it arrived
            "for pid in (@JUDGE@, os.getppid(), -1, 0, -@JUDGE@):\n    reach('kill', pid, 0)",
            "for pid in range(1, 300): libc.kill(pid, 0) == 0 and print('WON', pid)",
        ),
    ),
    Hostile(
        "kill_politely",
        "Sends a signal with Python's own function.",
        ("os.kill(@JUDGE@, 15)",),
        says="cannot send signals",
    ),
    Hostile(
        "signal_through_a_descriptor",
        "Has the kernel send a signal for it, when a socket becomes readable.",
        (
            "import fcntl, socket\na, b = socket.socketpair()\n"
            "for command, value in ((8, @JUDGE@), (10, 9), (15, 0)):\n    attempt(fcntl.fcntl, a, command, value)\n"
            "attempt(fcntl.ioctl, a, 0x8901, (@JUDGE@).to_bytes(4, 'little'))",
        ),
    ),
    Hostile(
        "pidfd",
        "Takes hold of processes by descriptors.",
        (
            "fd = reach('pidfd_open', os.getppid(), 0)\nreach('pidfd_send_signal', 3, 0, 0, 0)\nreach('pidfd_getfd', 3, 1, 0)",
        ),
    ),
    Hostile(
        "trace_others",
        "Attaches to the judge and to its parent as a debugger does.",
        (
            "for pid in (@JUDGE@, os.getppid(), 1):\n    reach('ptrace', 16, pid, 0, 0)\nreach('process_vm_readv', @JUDGE@, 0, 0, 0, 0, 0)\nreach('process_vm_writev', @JUDGE@, 0, 0, 0, 0, 0)\nreach('kcmp', 1, @JUDGE@, 0, 0, 0)",
        ),
    ),
    Hostile(
        "take_all_processor_time",
        "Gives itself real-time priority.",
        (
            "attempt(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))\nattempt(os.setpriority, os.PRIO_PROCESS, 0, -20)\nattempt(os.nice, -5)\nattempt(os.sched_setaffinity, 0, {0})",
        ),
    ),
    Hostile(
        "change_others_limits",
        "Sets the limits of the judge and of its parent.",
        (
            "import resource\nfor pid in (@JUDGE@, os.getppid()):\n    attempt(resource.prlimit, pid, resource.RLIMIT_NOFILE, (0, 0)) if os.getuid() else None\nreach('prlimit64', @JUDGE@, 7, 0, 0)",
        ),
    ),
    Hostile(
        "raise_its_own_limits",
        "Gives itself more memory, time and files.",
        (
            "import resource\nfor kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):\n    soft, hard = resource.getrlimit(kind)\n    attempt(resource.setrlimit, kind, (-1, -1))",
        ),
    ),
    Hostile(
        "thread_that_never_ends",
        "Starts a thread that computes on after the last cell.",
        (
            "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()",
            "def f(x):\n    return x * x",
        ),
        call="f",
        value="9",
    ),
    Hostile(
        "ten_thousand_threads",
        "Starts threads until none can be had.",
        (
            "import threading\nthreading.stack_size(32768)\nmade = 0\ntry:\n    for made in range(10_000):\n        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
            "except RuntimeError as problem:\n    print('no:', problem)\nif made > 5000: print('WON', made)",
        ),
    ),
    Hostile(
        "thread_that_forges_later",
        "A thread waits for the judge's call and writes an answer of its own to the connection.",
        (
            "import threading\ndef forge():\n    for _ in range(200):\n        time.sleep(0.01)\n        try: os.write(3, b'\\x01\\0\\0\\0' + b'\\0' * 8 + b'\\xc0')\n        except OSError: return\n"
            "def f(x):\n    time.sleep(0.2)\n    return x * x\nthreading.Thread(target=forge).start()",
        ),
        ends=True,
        call="f",
    ),
    Hostile(
        "stop_itself",
        "Stops itself, so that it neither ends nor answers.",
        (
            "import signal\nattempt(signal.raise_signal, signal.SIGSTOP)\nreach('tgkill', os.getpid(), os.getpid(), 0)\nreach('tkill', os.getpid(), 0)",
        ),
    ),
    Hostile(
        "outlive_the_judge",
        "Takes back the promise that it dies with its parent, and waits for the judge to be killed.",
        ("reach('prctl', 1, 0)\nreach('prctl', 36, 1)\nattempt(os.setsid)",),
    ),
    Hostile(
        "open_to_debuggers",
        "Lets its neighbours look into it and write to it, to share answers with them.",
        ("reach('prctl', 4, 1)\nreach('prctl', 0x59616d61, -1)\nreach('prctl', 35, 1)",),
        wins_without_walls=True,
    ),
    Hostile(
        "thread_that_never_lets_go",
        "A thread stays inside a C function once the cell is done, so that no question is read any more.",
        (
            "import itertools, threading\nthreading.Timer(0.05, lambda: sum(itertools.repeat(1))).start()",
            "time.sleep(0.3)",
        ),
        ends=True,
        endless=True,
        call="f",
    ),
    Hostile(
        "no_turn_for_the_others",
        "A thread computes and the interpreter is told to let it do so for an hour.",
        (
            "import threading\nsys.setswitchinterval(3600)\n"
            "def busy():\n    while True:\n        pass\nthreading.Thread(target=busy).start()",
        ),
        ends=True,
        endless=True,
        call="f",
    ),
    Hostile(
        "debugger",
        "Stops in a debugger and waits for somebody to type.",
        (
            "breakpoint()\nprint('went on')",
            "%debug",
            "import pdb\npdb.set_trace()",
            "%pdb on\n1 / 0",
            "1 + 1",
        ),
        says="2",
    ),
]
