"""After the judge's trust: answers that are not what they seem, and bytes that are no answers."""

from tests.hostile import Hostile

_FORGE = (
    "wire = sys.modules['grader.wire']\n"
    "def forged(value, number, index=0, status='ok', packer=None):\n"
    "    packer = packer or wire.Packer()\n"
    "    done = wire.CallDone(number=number, index=index, status=status, value=value, ename='', evalue='', line='', changed=[], printed=0, warned='', seconds=0.0)\n"
    "    return b''.join(wire.frame(done, packer.chunks, 1 << 30))\n"
    "def number():\n"
    "    frame = sys._getframe()\n"
    "    while frame:\n"
    "        if 'question' in frame.f_locals: return frame.f_locals['question'].number\n"
    "        frame = frame.f_back\n"
    "def send(raw):\n"
    "    while raw: raw = raw[os.write(3, raw):]\n"
)


def _forging(name: str, tries: str, body: str, *, value: str | None = None, endless: bool = False) -> Hostile:
    return Hostile(
        name,
        tries,
        (_FORGE, f"def f(x):\n    {body}\n    return 0"),
        "",
        True,
        endless,
        call="f",
        value=value,
    )


def _giving(
    name: str, tries: str, source: str, value: str | None = None, *, ends: bool = False, endless: bool = False
) -> Hostile:
    """A function f whose answer is not what it seems."""
    return Hostile(name, tries, (source,), "", ends, endless, call="f", value=value)


SUBMISSIONS = [
    _forging(
        "forge_an_answer",
        "Writes an answer to the judge's question itself, before the real one.",
        "send(forged(9, number()))",
        value="9",
    ),
    _forging(
        "forge_the_wrong_number",
        "Answers another question than the one that was asked.",
        "send(forged(9, number() + 1))",
    ),
    _forging(
        "forge_the_wrong_place", "Answers another call of the batch.", "send(forged(9, number(), index=5))"
    ),
    _forging(
        "forge_another_kind",
        "Answers a call with the outcome of a cell.",
        "send(b''.join(wire.frame(wire.CellDone(number=number(), index=0, status='ok', ename='', evalue='', traceback='', outputs=[], seconds=0.0), [], 1 << 20)))",
    ),
    _forging(
        "forge_an_unknown_status", "Makes up a status.", "send(forged(9, number(), status='excellent'))"
    ),
    _forging(
        "forge_a_negative_shape",
        "Sends an array with a side of minus one.",
        "send(forged(wire.Array('float64', (-1,)), number()))",
    ),
    _forging(
        "forge_a_giant_shape",
        "Sends an array that claims a terabyte.",
        "send(forged(wire.Array('float64', (1 << 40,)), number()))",
    ),
    _forging(
        "forge_an_overflowing_shape",
        "Sends a shape whose product overflows to something small.",
        "send(forged(wire.Array('uint8', (1 << 63, 2, 1 << 63)), number()))",
    ),
    _forging(
        "forge_an_empty_giant",
        "Sends an empty array with absurd sides.",
        "send(forged(wire.Array('float64', (0, 1 << 62)), number()))",
    ),
    _forging(
        "forge_an_object_array",
        "Sends an array of Python objects.",
        "send(forged(wire.Array('object', (1,)), number()))",
    ),
    _forging(
        "forge_a_structured_array",
        "Sends an array with named fields.",
        "send(forged(wire.Array('f8,O', (1,)), number()))",
    ),
    _forging(
        "forge_many_dimensions",
        "Sends an array of a thousand dimensions.",
        "send(forged(wire.Array('float64', (1,) * 1000), number()))",
    ),
    _forging(
        "forge_a_short_payload",
        "Sends fewer bytes than its header names.",
        "p = wire.Packer(); p.chunks.append(b'1234'); send(forged(wire.Array('float64', (8,)), number(), packer=p))",
    ),
    _forging(
        "forge_a_long_payload",
        "Sends more bytes than its header names.",
        "p = wire.Packer(); p.chunks.append(b'x' * 100); send(forged(9, number(), packer=p))",
    ),
    _forging(
        "forge_a_text_that_is_none",
        "Sends bytes that are no text as a text.",
        "p = wire.Packer(); p.chunks.append(b'\\xff\\xfe\\xff'); send(forged(wire.Text(3), number(), packer=p))",
    ),
    _forging(
        "forge_a_truth_value",
        "Sends a truth value that is neither.",
        "p = wire.Packer(); p.chunks.append(b'\\x07'); send(forged(wire.Array('bool', (1,)), number(), packer=p))",
    ),
    _forging(
        "forge_a_giant_integer",
        "Sends an integer of ten million bytes.",
        "p = wire.Packer(); p.chunks.append(b'x' * 10_000_000); send(forged(wire.Long(10_000_000), number(), packer=p))",
    ),
    _forging(
        "forge_a_reference",
        "Sends a reference where a value belongs.",
        "send(forged(wire.RefNode(0, []), number()))",
    ),
    _forging(
        "forge_a_bomb",
        "Sends lists within lists within lists.",
        "node = 1\n    for _ in range(400): node = wire.Items('list', [node])\n    send(forged(node, number()))",
    ),
    _forging(
        "forge_a_wide_bomb",
        "Sends a few megabytes that unpack to hundreds.",
        "header = b'\\x9a' * 7_000_000; send(wire.FRAME.pack(len(header), 0) + header)",
    ),
    _forging(
        "forge_a_giant_length", "Announces a message of many terabytes.", "send(wire.FRAME.pack(10, 1 << 44))"
    ),
    _forging("send_garbage", "Sends random bytes.", "send(os.urandom(5000))"),
    _forging(
        "send_nothing_but_a_beginning",
        "Begins a message and never ends it.",
        "send(b'\\x10\\0\\0'); time.sleep(100)",
        endless=True,
    ),
    _forging(
        "let_bytes_trickle",
        "Sends a byte now and then, so that the judge keeps waiting.",
        "send(wire.FRAME.pack(100, 0))\n    while True:\n        try: send(b'\\x90'); time.sleep(0.05)\n        except BaseException as p: pass",
        endless=True,
    ),
    _forging(
        "speak_unasked",
        "Puts an answer there for the next question.",
        "send(forged(9, number() + 1)[:0] + b'')\n    import threading; n = number(); threading.Timer(0.05, lambda: send(forged(9, n + 1))).start()",
    ),
    Hostile("close_the_connection", "Closes its connection to the judge.", ("os.close(3)",), ends=True),
    Hostile("close_everything", "Closes every descriptor.", ("os.closerange(0, 100)",), ends=True),
    Hostile(
        "replace_the_connection",
        "Puts a file in the place of its connection.",
        ("os.dup2(os.open('/dev/null', os.O_RDONLY), 3)",),
        ends=True,
    ),
    Hostile(
        "listen_to_the_judge",
        "Reads the judge's next question before its own process does.",
        (
            "import threading\nthreading.Thread(target=lambda: os.read(3, 1 << 20), daemon=True).start()\ntime.sleep(0.1)",
        ),
        ends=True,
        call="f",
        endless=True,
    ),
    _giving(
        "subclass_of_an_array",
        "Returns an array that says yes to every comparison.",
        "class Yes(np.ndarray):\n    def __eq__(self, other): return True\n    def __array__(self, *a, **k): return np.ones(1)\ndef f(x):\n    return np.zeros(1).view(Yes)",
        "Handle(number=0)",
    ),
    _giving(
        "subclasses_of_numbers",
        "Returns numbers that are equal to everything.",
        "class F(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\nclass I(int):\n    def __eq__(self, o): return True\nclass S(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef f(x):\n    return [F(1), I(1), S('a')]",
        "[Handle(number=0), Handle(number=1), Handle(number=2)]",
    ),
    _giving(
        "subclasses_of_containers",
        "Returns containers that change while they are read.",
        "class L(list):\n    def __iter__(self): return iter([9])\nclass D(dict):\n    def items(self): return []\nclass T(tuple): pass\ndef f(x):\n    return (L([1]), D(a=1), T((1,)))",
        "(Handle(number=0), Handle(number=1), Handle(number=2))",
    ),
    _giving(
        "equal_to_everything",
        "Returns an object that is equal to whatever it is compared with.",
        "class Any:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n    def __array__(self, *a, **k): return np.array(9)\n    def __float__(self): return 9.0\n    def __bool__(self): return True\n    __array_priority__ = 1e9\n    def __array_ufunc__(self, *a, **k): return True\ndef f(x):\n    return Any()",
        "Handle(number=0)",
    ),
    _giving(
        "pickle_with_an_order",
        "Returns an object whose pickle runs a command.",
        "class P:\n    def __reduce__(self): return (os.system, ('touch @FOLDER@/pickled',))\n    def __reduce_ex__(self, v): return self.__reduce__()\ndef f(x):\n    return [P(), np.array([P()], dtype=object)]",
        "[Handle(number=0), Handle(number=1)]",
    ),
    _giving(
        "a_class_that_lies",
        "Returns an object that says it is an array.",
        "class Liar:\n    __class__ = np.ndarray\n    dtype = np.dtype(float); shape = (1,); ndim = 1; nbytes = 8\n    def tobytes(self): return b'x' * (1 << 30)\ndef f(x):\n    return Liar()",
        "Handle(number=0)",
    ),
    _giving(
        "object_array",
        "Returns an array of objects.",
        "def f(x):\n    return np.array([object(), None], dtype=object)",
        "Handle(number=0)",
    ),
    _giving(
        "structured_array",
        "Returns an array with fields.",
        "def f(x):\n    return np.zeros(3, dtype=[('a', 'f8'), ('b', 'O')])",
        "Handle(number=0)",
    ),
    _giving(
        "texts_and_dates",
        "Returns arrays of texts, dates and long doubles.",
        "def f(x):\n    return [np.array(['a']), np.array(['2020-01-01'], 'M8[D]'), np.longdouble(1)]",
        "[Handle(number=0), Handle(number=1), Handle(number=2)]",
    ),
    _giving(
        "foreign_byte_order",
        "Returns an array with its bytes the other way round.",
        "def f(x):\n    return np.arange(3).astype('>f8')",
        "Handle(number=0)",
    ),
    _giving(
        "masked_and_matrix",
        "Returns relatives of arrays.",
        "def f(x):\n    return [np.ma.array([1.0], mask=[True]), np.matrix([[1.0]]), np.zeros(1).view(np.recarray)]",
        "[Handle(number=0), Handle(number=1), Handle(number=2)]",
    ),
    _giving(
        "overlapping_memory",
        "Returns an array that is a terabyte by its strides and eight bytes in truth.",
        "def f(x):\n    return np.broadcast_to(np.ones(1), (1 << 37,))",
    ),
    _giving(
        "a_million_digits",
        "Returns an integer that no program likes to print.",
        "def f(x):\n    return 10 ** 100_000",
        "Handle(number=0)",
    ),
    _giving(
        "half_a_character",
        "Returns half a character, which has no encoding.",
        "def f(x):\n    return ['\\ud800', 'a\\udfff']",
        "['\\\\ud800', 'a\\\\udfff']",
    ),
    _giving(
        "strange_keys",
        "Returns dictionaries with keys that are no texts.",
        "class K(str): pass\ndef f(x):\n    return [{1: 2}, {K('a'): 1}, {(1,): 2}, {None: 1}]",
        "[Handle(number=0), Handle(number=1), Handle(number=2), Handle(number=3)]",
    ),
    _giving(
        "list_in_itself",
        "Returns a list that holds itself.",
        "def f(x):\n    a = []\n    a.append(a)\n    return a",
    ),
    _giving(
        "tree_of_lists",
        "Returns a small object that is enormous when written out.",
        "def f(x):\n    a = [1]\n    for _ in range(40): a = [a, a]\n    return a",
    ),
    _giving(
        "very_deep",
        "Returns a hundred thousand lists within each other.",
        "def f(x):\n    a = []\n    for _ in range(100_000): a = [a]\n    return a",
    ),
    _giving(
        "very_long", "Returns ten million different things.", "def f(x):\n    return [None, 'a'] * 5_000_000"
    ),
    _giving(
        "very_large", "Returns an array of a hundred megabytes.", "def f(x):\n    return np.zeros(12_500_000)"
    ),
    _giving(
        "endless_generator",
        "Returns something that never ends.",
        "def f(x):\n    return iter(int, 1)",
        "Handle(number=0)",
    ),
    _giving(
        "changes_while_it_is_sent",
        "Returns a list that a thread goes on changing.",
        "import threading\ndef f(x):\n    a = [[i] for i in range(3000)]\n    def stir():\n        for _ in range(200): a.reverse(); a.append([0]); a.pop(0)\n    threading.Thread(target=stir, daemon=True).start()\n    return a",
    ),
    _giving(
        "changed_after_it_was_sent",
        "Returns an array and changes it before it is compared.",
        "import threading\nkept = np.full(3, 9.0)\ndef f(x):\n    threading.Timer(0.05, lambda: kept.fill(0)).start()\n    return kept",
        "array([9., 9., 9.])",
    ),
    _giving(
        "error_that_cannot_be_read",
        "Raises an error whose text raises another.",
        "class E(Exception):\n    def __str__(self): raise RuntimeError('no')\n    __repr__ = __str__\ndef f(x):\n    raise E()",
    ),
    _giving(
        "error_that_never_ends",
        "Raises an error whose text takes for ever.",
        "class E(Exception):\n    def __str__(self):\n        while True: pass\ndef f(x):\n    raise E()",
        ends=True,
        endless=True,
    ),
    _giving(
        "error_that_is_no_text",
        "Raises an error whose text is none.",
        "class E(Exception):\n    def __str__(self): return 3\ndef f(x):\n    raise E()",
    ),
    _giving(
        "error_with_a_wild_name",
        "Raises an error with a name of a million characters.",
        "E = type('<script>' * 100_000, (Exception,), {})\ndef f(x):\n    raise E('x')",
    ),
    Hostile(
        "error_with_markup",
        "Puts markup, terminal codes and turned writing into an error.",
        ("raise ValueError('\\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\u202eevil\\x00<script>alert(1)</script>')",),
        says="<script>alert",
    ),
    Hostile(
        "output_with_markup",
        "Prints and displays markup and terminal codes.",
        (
            "from IPython.display import HTML, display\nprint('\\x1b]8;;http://x\\x07link\\x1b[2K')\ndisplay(HTML('<script>alert(1)</script>'))\ndisplay({'application/javascript': 'alert(1)', 'text/html': '<b>', 'image/svg+xml': '<svg onload=alert(1)>', 'text/plain': 'plain'}, raw=True)",
        ),
    ),
    Hostile(
        "picture_that_is_none",
        "Displays a page as if it were a picture.",
        (
            "import base64\nfrom IPython.display import display\ndisplay({'image/png': base64.b64encode(b'<html>').decode(), 'text/plain': 'p'}, raw=True)\ndisplay({'image/png': '\"><script>', 'text/plain': 'q'}, raw=True)",
        ),
    ),
    Hostile(
        "never_awaited",
        "Returns what would have to be awaited.",
        ("async def f(x):\n    while True:\n        pass",),
        call="f",
    ),
    Hostile(
        "await_for_ever",
        "Awaits what never comes.",
        ("import asyncio\nawait asyncio.get_running_loop().create_future()",),
        endless=True,
        says="never ends",
    ),
    Hostile(
        "a_function_that_is_none",
        "Hands in things that can be called and lie about what they are.",
        (
            "class Lies:\n    __name__ = property(lambda self: time.sleep(1e9))\n    __class__ = property(lambda self: type(len))\n"
            "    __signature__ = property(lambda self: 1 / 0)\n    def __getattribute__(self, name):\n        raise MemoryError\n"
            "    def __call__(self, x):\n        return self\nf = Lies()",
        ),
        call="f",
    ),
]
