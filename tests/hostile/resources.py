"""After time, memory and space: to stop the grading of everybody."""

from tests.hostile import Hostile

_FOR_EVER = "never ends"

SUBMISSIONS = [
    Hostile("loop_for_ever", "Never ends.", ("while True:\n    pass",), says=_FOR_EVER, endless=True),
    Hostile(
        "function_that_never_returns",
        "Never answers a call.",
        ("def f(x):\n    while True:\n        pass",),
        call="f",
        endless=True,
    ),
    Hostile(
        "swallow_every_exception",
        "Loops, and swallows whatever would stop it.",
        (
            "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        ),
        ends=True,
        endless=True,
    ),
    Hostile(
        "loop_in_c",
        "Loops inside a C function that never looks up.",
        ("import itertools\nsum(itertools.repeat(1))",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "power_tower",
        "Computes a number with a billion digits.",
        ("x = 7 ** (7 ** 11)",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "catastrophic_pattern",
        "Has a regular expression go back and forth for ever.",
        ("import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "block_signals",
        "Blocks the signal that would stop it.",
        ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True:\n    pass",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "stop_the_clock",
        "Switches off the timer that would stop it.",
        ("import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nwhile True:\n    pass",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "handle_the_alarm",
        "Puts its own handler in the place of the clock's.",
        ("import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\nwhile True:\n    pass",),
        ends=True,
        endless=True,
    ),
    Hostile("sleep", "Sleeps.", ("time.sleep(1000)",), says=_FOR_EVER, endless=True),
    Hostile(
        "wait_for_a_signal",
        "Waits for what never comes.",
        ("import signal\nwhile True:\n    signal.pause()",),
        says=_FOR_EVER,
        endless=True,
    ),
    Hostile(
        "wait_for_input",
        "Waits for somebody to type.",
        ("name = input('Your name? ')",),
        says="nobody is there to answer",
    ),
    Hostile(
        "read_standard_input",
        "Reads what somebody types.",
        ("attempt(lambda: (sys.stdin.read(1) or 1 / 0))",),
    ),
    Hostile(
        "deadlock",
        "Waits for itself.",
        ("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",),
        says=_FOR_EVER,
        endless=True,
    ),
    Hostile(
        "wait_at_exit",
        "Does its waiting where Python ends.",
        ("import atexit\natexit.register(time.sleep, 1000)\natexit.register(print, 'WON')",),
    ),
    Hostile(
        "memory",
        "Doubles a list until nothing is left.",
        ("x = [0]\nwhile True:\n    x = x + x",),
        says="may use",
    ),
    Hostile("one_giant_array", "Asks for a terabyte.", ("np.ones((1 << 20, 1 << 17))",), says="may use"),
    Hostile(
        "memory_map",
        "Maps shared memory, which some limits do not count.",
        (
            "import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 64 << 20))\n    kept[-1].write(b'x' * (64 << 20))\n    if len(kept) > 40: print('WON'); break",
        ),
    ),
    Hostile(
        "memory_in_pipes",
        "Keeps data in the buffers of pipes and sockets.",
        (
            "import fcntl, socket\nheld = 0\ntry:\n    for _ in range(1000):\n        r, w = os.pipe()\n        os.set_blocking(w, False)\n        try: fcntl.fcntl(w, 1031, 1 << 20)\n        except OSError: pass\n        held += os.write(w, b'x' * (1 << 20))\nexcept OSError as problem: print('no:', problem)\nif held > 64 << 20: print('WON', held)",
        ),
    ),
    Hostile(
        "open_files",
        "Opens files until none can be opened.",
        (
            "kept = []\ntry:\n    while len(kept) < 5000:\n        kept.append(os.open('/dev/null', os.O_RDONLY))\nexcept OSError as problem:\n    print('no:', problem)\nif len(kept) > 1000: print('WON', len(kept))",
        ),
    ),
    Hostile(
        "print_for_ever",
        "Prints without end.",
        ("while True:\n    print('flood ' * 1000)",),
        says=_FOR_EVER,
        endless=True,
    ),
    Hostile(
        "print_past_python",
        "Writes to the descriptor behind standard output without end.",
        (
            "try:\n    while True:\n        os.write(1, b'flood ' * 10_000)\nexcept OSError as problem:\n    print('no:', problem)",
        ),
    ),
    Hostile("print_one_long_line", "Prints a hundred million characters.", ("print('x' * 100_000_000)",)),
    Hostile(
        "many_outputs",
        "Displays a hundred thousand things.",
        ("from IPython.display import display\nfor i in range(20_000):\n    display(i)",),
    ),
    Hostile(
        "giant_repr",
        "Ends a cell with a value that takes fifty million characters to write.",
        ("class Big:\n    def __repr__(self): return 'x' * 50_000_000\nBig()",),
    ),
    Hostile(
        "giant_picture",
        "Displays a picture of hundreds of megabytes.",
        (
            "from IPython.display import display\ndisplay({'image/png': b'\\x89PNG\\r\\n\\x1a\\n' + b'x' * 30_000_000, 'text/plain': 'p'}, raw=True)",
        ),
    ),
    Hostile(
        "giant_error", "Raises an error of fifty million characters.", ("raise ValueError('x' * 50_000_000)",)
    ),
    Hostile(
        "text_that_is_slow_to_clean",
        "Raises errors that a careless pattern of the judge would read for hours.",
        (
            "for piece in ('/', '/a', '\\n  File /', '\\x1b]', '\\x1b[0', '    \\n', ' ', '\\u202e', '<', '&lt;'):\n    try:\n        raise ValueError(piece * 40_000)\n    except ValueError:\n        get_ipython().showtraceback()\n        print(piece * 5000)",
            "raise ValueError('/lib/python3' * 20_000)",
        ),
    ),
    Hostile(
        "picture_that_unfolds",
        "Displays a small file that is a picture of four billion pixels.",
        (
            "import struct, zlib\nfrom IPython.display import display\ndef chunk(name, data): return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))\n"
            "png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 65000, 65000, 1, 0, 0, 0, 0)) + chunk(b'IDAT', b'')\n"
            "display({'image/png': png, 'text/plain': 'p'}, raw=True)",
        ),
    ),
    Hostile(
        "deep_recursion",
        "Recurses until the stack is used up, with Python's guard switched off.",
        ("sys.setrecursionlimit(10**9)\ndef f(x):\n    return f(x) + 1\nf(1)",),
        ends=True,
        endless=True,
    ),
    Hostile(
        "recursion",
        "Recurses until Python stops it.",
        ("def f(x):\n    return f(x) + 1\nf(1)",),
        says="recursion",
    ),
    Hostile(
        "nested_source",
        "Has a cell that the compiler cannot take.",
        ("x = " + "(" * 3000 + "1" + ")" * 3000,),
    ),
    Hostile(
        "garbage_that_fights_back",
        "Makes objects that come back whenever they are thrown away.",
        (
            "class Lich:\n    def __del__(self):\n        Lich()\n        time.sleep(0.01)\nLich()\nimport gc\ngc.collect()",
        ),
        ends=True,
        endless=True,
    ),
    Hostile("crash", "Reads address zero.", ("ctypes.string_at(0)",), ends=True),
    Hostile("abort", "Aborts.", ("os.abort()",), ends=True),
    Hostile("exit_at_once", "Ends its process without a word.", ("os._exit(0)",), ends=True),
    Hostile("exit", "Leaves Python.", ("sys.exit(0)", "1 + 1"), says="2"),
    Hostile("quit", "Leaves the notebook.", ("quit()", "exit", "1 + 1"), says="2"),
    Hostile(
        "exit_in_a_call",
        "Ends its process when it is called.",
        ("def f(x):\n    os._exit(0)",),
        ends=True,
        call="f",
    ),
    Hostile(
        "system_exit_in_a_call",
        "Leaves Python when it is called.",
        ("def f(x):\n    raise SystemExit",),
        call="f",
    ),
    Hostile("interrupt_itself", "Pretends that somebody pressed Ctrl+C.", ("raise KeyboardInterrupt",)),
    Hostile(
        "fault_timer",
        "Has Python end the process later.",
        (
            "import faulthandler\nfaulthandler.dump_traceback_later(0.2, exit=True, file=open('/dev/null'))\ntime.sleep(0.5)",
        ),
        ends=True,
    ),
]
