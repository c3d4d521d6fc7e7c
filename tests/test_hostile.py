"""Hostile submissions (tests/hostile): none wins, nothing around it changes, its neighbour is graded as if it were alone."""

from __future__ import annotations

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from backprop_helpers.grading.sandbox import Handle, Limits, Sandbox, SandboxUnavailable, Tier
from backprop_helpers.grading.sandbox import box as box_module
from tests.hostile import PRELUDE, Hostile, submissions
from tests.open_folder import open_folder

resource = pytest.importorskip("resource", reason="Windows has none, and no sandbox either")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

ALL = submissions()
LIMITS = Limits(seconds_cell=20, seconds_call=20, seconds_total=90, cpu_seconds=60, memory_mb=256, file_mb=32)
MEMORY_MB = 400  # that the judge may grow by over all submissions
PLAIN_TYPES = (type(None), bool, int, float, complex, str, list, tuple, dict, np.ndarray, np.generic, Handle)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]")


class Surroundings:
    """What lies around a sandbox, open to everybody, and whether it is still as it was."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(8)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(self.tcp.getsockname())
        self.abstract = f"hostile-{self.token}"
        self.local = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.local.bind(f"\0{self.abstract}")
        for listener in (self.tcp, self.udp, self.local):
            listener.setblocking(False)
        self.restore()

    def restore(self) -> None:
        for left in self.folder.iterdir():
            left.unlink()
        self.folder.chmod(0o777)
        secret = self.folder / "secret"
        secret.write_text(self.token, encoding="utf-8")
        secret.chmod(0o666)
        os.utime(secret, (1_000_000, 1_000_000))

    def fill_in(self, text: str) -> str:
        for name, value in {
            "FOLDER": self.folder,
            "REPOSITORY": Path(__file__).resolve().parent.parent,
            "PORT": self.tcp.getsockname()[1],
            "JUDGE": os.getpid(),
            "ABSTRACT": self.abstract,
        }.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def check(self) -> None:
        assert [p.name for p in self.folder.iterdir()] == ["secret"]
        secret = self.folder / "secret"
        assert secret.read_text(encoding="utf-8") == self.token
        found = secret.stat()
        assert (found.st_mode & 0o777, found.st_mtime, found.st_nlink) == (0o666, 1_000_000, 1)
        assert not os.listxattr(secret)
        for listener in (self.udp, self.local):
            with pytest.raises(BlockingIOError):
                listener.recv(1)
        with pytest.raises(BlockingIOError):
            self.tcp.accept()


@pytest.fixture(scope="session")
def surroundings():
    os.environ["HOSTILE_TEST_SECRET"] = "HOSTILE_TEST_SECRET"
    with open_folder() as folder:  # it is the sandbox that must hold, not the rights of a private folder
        yield Surroundings(folder)


@pytest.fixture(scope="session", params=[Tier.STRONG, Tier.PLAIN], ids=str)
def sandbox(request):
    try:
        with (
            open_folder() as package,
            Sandbox(request.param, package=package, limits=LIMITS, ready=2) as made,
        ):
            (package / "course.py").write_text("", encoding="utf-8")
            yield made
    except SandboxUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def neighbour(sandbox):
    """Somebody who is graded at the same moment, in the same warm process."""
    with sandbox.open() as box:
        box.run(
            [
                "import numpy as np\nsecret = 'NEIGHBOUR_SECRET'\ndef f(x):\n    return np.ones((2, 3)) @ np.full((3,), x)"
            ]
        )
        yield box


@pytest.fixture(scope="session")
def crowd(sandbox, neighbour):
    """How many processes belong to the sandbox while nobody but the neighbour is graded."""
    deadline, most = time.monotonic() + 1, 0
    while time.monotonic() < deadline:
        most = max(most, _alive(sandbox))
        time.sleep(0.05)
    return most


@pytest.fixture(autouse=True)
def short_grace(monkeypatch):
    monkeypatch.setattr(box_module, "GRACE", 0.5)


def _said(outcome) -> str:
    outputs = [o.get("text") or o["data"]["text/plain"] for o in outcome.outputs]
    return "\n".join([*outputs, outcome.ename, outcome.evalue, outcome.traceback])


def _descendants(pid: int) -> set[int]:
    """Processes that come from another one and still live: one that only waits to be counted (Z) is dead."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state != "Z":
                    parents[int(entry.name)] = int(parent)
            except OSError:
                continue
    found, todo = set(), [pid]
    while todo:
        now = todo.pop()
        children = [p for p, parent in parents.items() if parent == now]
        found.update(children)
        todo += children
    return found


def _alive(sandbox: Sandbox) -> int:
    return sum(len(_descendants(zygote._process.pid)) for zygote in sandbox._zygotes.values())


def _all_gone(sandbox: Sandbox, crowd: int) -> bool:
    """Whether soon there are no more processes than before; looked at a few times, as one may come while another goes."""
    deadline, calm = time.monotonic() + 10, 0
    while calm < 4 and time.monotonic() < deadline:
        calm = calm + 1 if _alive(sandbox) <= crowd else 0
        time.sleep(0.01)
    return calm == 4


def _plain_all_through(value) -> bool:
    if type(value) in (list, tuple):
        return all(map(_plain_all_through, value))
    if type(value) is dict:
        return all(type(k) is str and _plain_all_through(v) for k, v in value.items())
    return type(value) in PLAIN_TYPES or isinstance(value, np.generic)


@pytest.mark.parametrize("hostile", ALL, ids=lambda h: h.name)
def test_a_hostile_submission_gains_nothing(hostile: Hostile, sandbox, neighbour, crowd, surroundings):
    seconds = 0.4 if hostile.endless else None
    with sandbox.open() as box:
        outcomes = box.run([PRELUDE])
        outcomes += box.run([*map(surroundings.fill_in, hostile.cells)], seconds=seconds)
        answer = box.call(hostile.call, [3], seconds=seconds) if hostile.call else None
        again = box.run(["1 + 1"])[0]
        assert box.alive or hostile.ends, box.ended
        # who listens to the judge's questions may take this one too: then it is the one that is waited for in vain
        assert box.alive or (again.status in ("killed", "timeout") and box.ended.endswith((".", "?")))
    _check_outcomes(hostile, outcomes, answer, surroundings)
    with sandbox.open() as box:
        after = box.run([*hostile.next_cells, "import numpy as np\nfloat(np.ones(3) @ np.full(3, 2.0))"])
    assert [o.status for o in after] == ["ok"] * len(after)
    assert not any("WON" in _said(o) for o in after)
    assert after[-1].outputs[-1]["data"]["text/plain"] == "6.0"
    assert np.array_equal(neighbour.call("f", [2.0]).value, [6.0, 6.0])
    surroundings.check()
    assert _all_gone(sandbox, crowd)


def _check_outcomes(hostile, outcomes, answer, surroundings) -> None:
    said = "\n".join(map(_said, outcomes))
    assert outcomes[0].status == "ok", said[-500:]
    assert "WON" not in re.sub(r"(?m)^ .*$", "", said), said[-2000:]
    assert surroundings.token not in said.replace(surroundings.abstract, "")
    assert "NEIGHBOUR_SECRET" not in said
    assert not CONTROLS.search(said)
    assert len(said) < 1_000_000
    assert hostile.says in said, said[-1000:]
    for outcome in outcomes:
        for output in outcome.outputs:
            assert set(output.get("data", {})) <= {"text/plain"}  # none of them draws an honest picture
    if answer is not None:
        assert _plain_all_through(answer.value)
        assert len(answer.ename) < 300
        assert len(answer.evalue) < 10_000
        assert not CONTROLS.search(answer.evalue + answer.ename + answer.line)
        if hostile.value is not None:
            assert repr(answer.value) == hostile.value, answer


def test_the_judge_has_not_grown():
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10 < MEMORY_MB + _START_MB


_START_MB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def test_names_are_unique_and_there_are_many():
    names = [h.name for h in ALL]
    assert len(set(names)) == len(names) >= 100
    assert all(h.tries.endswith(".") for h in ALL)


@pytest.mark.parametrize("hostile", [h for h in ALL if h.wins_without_walls], ids=lambda h: h.name)
def test_the_attempt_is_a_real_one(hostile: Hostile, bare, surroundings):
    """Where nothing holds it back it does win: the test above can fail."""
    try:
        said = "\n".join(_said(o) for o in bare.run([PRELUDE, *map(surroundings.fill_in, hostile.cells)]))
    finally:
        _silence(surroundings)
        surroundings.restore()
    assert "WON" in said


@pytest.fixture(scope="session")
def no_sandbox(tmp_path_factory):
    with Sandbox(Tier.UNSAFE, package=tmp_path_factory.mktemp("package"), limits=LIMITS) as made:
        yield made


@pytest.fixture
def bare(no_sandbox):
    with no_sandbox.open() as box:
        yield box


def _silence(surroundings: Surroundings) -> None:
    for listener in (surroundings.udp, surroundings.local):
        try:
            while listener.recv(100):
                pass
        except BlockingIOError:
            pass


root = pytest.mark.skipif(os.geteuid() != 0, reason="changes the user, so needs root")


@root
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ([], "strong and not unsafe"),
        (["--no-namespaces"], "plain and not strong and not unsafe"),
        (["--root"], "plain and not strong and not unsafe"),
    ],
    ids=["a user", "a user without namespaces", "root as nobody"],
)
def test_all_of_it_holds_for_other_users_too(options, chosen):
    """What the tests above show for whoever runs them, for those who grade in other ways."""
    here = Path(__file__)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow",
        "-k",
        chosen,
    ]
    tests = [str(here), str(here.with_name("test_sandbox.py"))]
    as_user = [sys.executable, str(here.with_name("as_user.py")), *options]
    done = subprocess.run(
        [*as_user, *command, *tests], capture_output=True, text=True, check=False, timeout=1100
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > len(ALL)
