"""After the process it runs in: to see what was graded before, to make others' code say what it likes."""

from tests.hostile import Hostile

SUBMISSIONS = [
    Hostile(
        "secrets_in_the_environment",
        "Reads the environment, also past Python.",
        (
            "libc.getenv.restype = ctypes.c_char_p\nfor name in ('HOSTILE_TEST_SECRET', 'BACKPROP_SECRET_SEED', 'USER', 'SSH_AUTH_SOCK', 'VIRTUAL_ENV'):\n    if name in os.environ or libc.getenv(name.encode()):\n        print('WON', name)",
        ),
    ),
    Hostile(
        "secrets_in_memory",
        "Looks for what others left in the memory it was copied from.",
        (
            "import gc\nwords = ['TERCES_TSET_ELITSOH'[::-1], 'TERCES_RUOBHGIEN'[::-1]]\nfor o in gc.get_objects():\n    if o is not words and isinstance(o, (dict, list, tuple)) and any(w in str(x)[:2000] for w in words for x in (list(o.items()) if isinstance(o, dict) else o) if isinstance(x, (str, bytes))):\n        print('WON')",
        ),
    ),
    Hostile(
        "frames",
        "Climbs the stack to see what it is compared with.",
        (
            "def f(x):\n    frame, seen = sys._getframe(), []\n    while frame:\n        seen += [str(k) for k in frame.f_locals]\n        frame = frame.f_back\n    return any('expected' in s or 'answer_key' in s or 'reference' in s for s in seen)",
        ),
        call="f",
        value="False",
    ),
    Hostile(
        "history",
        "Reads the tests out of the notebook's history.",
        (
            "found = [s for s in In + list(_ih) if 'HIDDEN' + ' TESTS' in s or 'assert' + ' ' in s]\nprint('WON' if found else 'no')",
        ),
    ),
    Hostile(
        "patch_numpy",
        "Has every comparison of NumPy say yes.",
        (
            "np.array_equal = np.allclose = np.testing.assert_allclose = lambda *a, **k: True\nnp.ndarray = type('nd', (), {})\nnp.float64 = int\nnp.frombuffer = None\ndef f(x):\n    return x * x",
        ),
        call="f",
        value="9",
        next_cells=("import numpy as np\nprint('WON') if np.allclose(1, 2) or np.float64 is int else None",),
    ),
    Hostile(
        "patch_builtins",
        "Has Python's own functions say what it likes.",
        (
            "import builtins\nbuiltins.len = lambda x: 3\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = Warning\ndef f(x):\n    return x * x",
        ),
        ends=True,
        call="f",
        next_cells=("print('WON') if len([]) == 3 else None",),
    ),
    Hostile(
        "patch_the_shell",
        "Has IPython run something else than the cell.",
        (
            "ip = get_ipython()\nip.run_cell = lambda *a, **k: type('R', (), {'error_before_exec': None, 'error_in_exec': None})()\nip.__class__.run_cell = ip.run_cell",
            "1 / 0",
        ),
        call="f",
        next_cells=("1 / 0 if False else None\nget_ipython().run_cell.__self__",),
    ),
    Hostile(
        "patch_the_wire",
        "Replaces the functions that write answers.",
        (
            "wire = sys.modules['grader.wire']\nwire.Packer.node = lambda self, v, depth=0: 9\nwire.frame = lambda *a: [b'x' * 100]",
        ),
        ends=True,
        call="f",
    ),
    Hostile(
        "patch_the_codec",
        "Replaces msgspec and struct.",
        (
            "import msgspec, struct, json\nmsgspec.msgpack.Encoder = msgspec.msgpack.Decoder = None\nstruct.pack = json.dumps = lambda *a, **k: b''\nsys.modules['msgspec'] = None\ndef f(x):\n    return x * x",
        ),
        call="f",
        value="9",
    ),
    Hostile(
        "display_hook",
        "Has the value of a last line show a full mark.",
        (
            "sys.displayhook = lambda v: print('10 / 10')\nsys.excepthook = lambda *a: None\nget_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
            "1 / 0",
        ),
    ),
    Hostile(
        "transform_the_source",
        "Takes assertions out of all code that is run.",
        (
            "import ast\nclass NoAsserts(ast.NodeTransformer):\n    def visit_Assert(self, node): return ast.Pass()\nip = get_ipython()\nip.ast_transformers.append(NoAsserts())\nip.input_transformers_post.append(lambda lines: ['pass\\n'])",
            "1 / 0",
        ),
        next_cells=("print('WON') if get_ipython().ast_transformers else None",),
    ),
    Hostile(
        "at_exit",
        "Has something happen when the process ends.",
        ("import atexit\natexit.register(lambda: open('@FOLDER@/exit', 'w').write('x'))",),
    ),
    Hostile(
        "object_that_acts_when_it_dies",
        "Has something happen when an object is thrown away.",
        (
            "class D:\n    def __del__(self):\n        try: open('@FOLDER@/died', 'w').write('x')\n        except OSError: pass\nd = D()\ndef f(x):\n    return D()",
        ),
        call="f",
        value="Handle(number=0)",
    ),
    Hostile(
        "trace",
        "Watches every line that is run in its process.",
        (
            "seen = []\nsys.settrace(lambda frame, event, arg: seen.append(frame.f_code.co_name))\nsys.setprofile(lambda *a: None)\ndef f(x):\n    return x * x",
        ),
        call="f",
        value="9",
    ),
    Hostile(
        "warnings_as_errors",
        "Has every warning raise.",
        (
            "import warnings\nwarnings.simplefilter('error')\nwarnings.showwarning = None\nnp.seterr(all='raise')\ndef f(x):\n    return x * x",
        ),
        call="f",
        value="9",
    ),
    Hostile(
        "audit_hook",
        "Has every action of Python raise.",
        ("sys.addaudithook(lambda event, args: 1 / 0 if event != 'cpython.run_stdin' else None)", "1 + 1"),
        ends=True,
    ),
    Hostile(
        "import_hook",
        "Puts itself in the place of modules that are imported later.",
        (
            "class Finder:\n    def find_spec(self, name, path=None, target=None):\n        raise ImportError('mine')\nsys.meta_path.insert(0, Finder())\nsys.modules.clear()",
        ),
        ends=True,
        next_cells=("import json, decimal",),
    ),
    Hostile(
        "no_more_output",
        "Takes away the standard streams.",
        ("sys.stdout.close()\nsys.stdout = sys.stderr = None", "1 + 1"),
    ),
    Hostile(
        "its_own_streams",
        "Puts objects of its own in the place of the standard streams.",
        (
            "class S:\n    def write(self, t): raise SystemExit\n    flush = isatty = write\nsys.stdout = sys.stderr = S()",
            "print('x')",
        ),
    ),
    Hostile(
        "change_the_machinery",
        "Changes the sandbox's own objects in its process.",
        (
            "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ in ('Cell', '_Clock', 'Outputs', 'Walls', 'Zygote'):\n        try: o.__dict__.clear()\n        except Exception as problem: print(problem)",
        ),
        ends=True,
        call="f",
    ),
    Hostile(
        "ask_the_warm_process",
        "Speaks to the process it was copied from.",
        (
            "for fd in range(4, 200):\n    try:\n        os.write(fd, b'fork')\n        print('WON', fd)\n    except OSError: pass\nimport gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Zygote':\n        attempt(o._control.send, b'fork')",
        ),
    ),
    Hostile(
        "garbage_collector",
        "Switches off what keeps Python running.",
        (
            "import gc\ngc.disable()\nsys.setswitchinterval(1000)\nsys.setrecursionlimit(60)\ndef f(x):\n    return x * x",
        ),
        call="f",
    ),
    Hostile(
        "walk_out_of_a_closure",
        "Looks for the package's answers in everything that can be reached from a function.",
        (
            "import gc\nseen, todo = set(), [get_ipython(), sys.modules]\nwhile todo and len(seen) < 300_000:\n    o = todo.pop()\n    if id(o) in seen: continue\n    seen.add(id(o))\n    if isinstance(o, str) and 'BEGIN' + ' SOLUTION' in o: print('WON')\n    todo += gc.get_referents(o)",
        ),
    ),
    Hostile(
        "magics_that_read_and_write",
        "Has IPython's own commands open, run, load and write files.",
        (
            "%%writefile @FOLDER@/left\nx",
            "%run @FOLDER@/secret",
            "%load @FOLDER@/secret",
            "%save -f @FOLDER@/left 1",
            "%logstart @FOLDER@/left",
            "%store np",
            "%pycat @FOLDER@/secret",
            "%edit @FOLDER@/secret",
            "%cd @FOLDER@",
            "%reset -f\n1 + 1",
        ),
        says="2",
    ),
    Hostile(
        "another_time_and_language",
        "Changes the time zone, the language and how texts are read, for its process and whoever comes next.",
        (
            "import codecs, locale\nos.environ['TZ'] = 'Asia/Tokyo'\ntime.tzset()\nos.environ['PYTHONIOENCODING'] = 'utf-16'\n"
            "codecs.register_error('strict', lambda problem: ('?', problem.end))\ncodecs.register_error('replace', lambda problem: ('?', 0))\n"
            "sys.stdout.reconfigure(encoding='utf-16') if hasattr(sys.stdout, 'reconfigure') else None\n"
            "def f(x):\n    return chr(0xD800) + 'x'",
        ),
        call="f",
        next_cells=(
            "import os, time\nassert os.environ.get('TZ') is None and time.timezone == 0\nchr(0xD800).encode('utf-8', 'replace')",
        ),
    ),
    Hostile(
        "listen_to_collections",
        "Has its own function called whenever Python looks for garbage, to change numbers on their way out.",
        (
            "import gc, ctypes\nkept = np.zeros(3)\n"
            "def change(*_):\n    for o in gc.get_objects():\n        if type(o) is list and o and type(o[0]) is float:\n            o[0] = 9.0\n"
            "gc.callbacks.append(change)\ngc.set_threshold(1)\ndef f(x):\n    return [float(x)]",
        ),
        ends=True,
        call="f",
    ),
]
