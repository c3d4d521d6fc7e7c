"""The sandbox fails closed: where a layer is missing or a step goes wrong, no learner code is run and a sentence says why."""

from __future__ import annotations

import os
import platform
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from grading_class import wait_for

from backprop_helpers.grading.sandbox import (
    BoxClosed,
    Handle,
    Limits,
    Request,
    Sandbox,
    SandboxUnavailable,
    Tier,
    host,
)
from backprop_helpers.grading.sandbox import box as box_module
from backprop_helpers.grading.sandbox import filter as filters
from backprop_helpers.grading.sandbox.box import pid_of
from backprop_helpers.grading.sandbox.verify import check_effects, check_status, forbidden_effects
from tests.open_folder import open_folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

ALLOW_EVERYTHING = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)


@pytest.fixture(scope="session")
def tier():
    """The strictest that works here."""
    try:
        with open_folder() as folder, Sandbox(package=folder) as made:
            return made.tier
    except SandboxUnavailable as why:
        pytest.skip(str(why))


@pytest.fixture
def package():
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A sandbox that keeps nothing apart: what is tested with it is the judge's side."""
    with Sandbox(Tier.UNSAFE, package=tmp_path_factory.mktemp("package")) as sandbox:
        yield sandbox


def test_a_list_of_system_calls_that_lets_everything_through_is_noticed(tier, package, monkeypatch):
    monkeypatch.setattr(host, "program", lambda tier: ALLOW_EVERYTHING)
    with pytest.raises(SandboxUnavailable, match="From inside the sandbox it was possible to"):
        Sandbox(tier, package=package)


def test_a_list_that_the_kernel_refuses_stops_the_child(tier, package, monkeypatch):
    monkeypatch.setattr(host, "program", lambda tier: b"\xff" * 80)
    with pytest.raises(SandboxUnavailable, match=r"could not be kept apart: .*prctl 22"):
        Sandbox(tier, package=package)


def test_a_warm_process_with_a_thread_is_refused(tier, package):
    (package / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
        encoding="utf-8",
    )
    with pytest.raises(SandboxUnavailable, match="2 threads; a fork needs exactly one"):
        Sandbox(tier, package=package, preload=["threaded"])


def test_a_package_that_cannot_be_imported_is_named(package):
    with pytest.raises(SandboxUnavailable, match="No module named 'not_there'"):
        Sandbox(Tier.UNSAFE, package=package, preload=["not_there"])
    with pytest.raises(SandboxUnavailable, match="does not exist"):
        Sandbox(Tier.UNSAFE, package=package / "missing")


def test_the_kernel_is_asked_whether_the_layers_are_in_force(bare):
    """A bare process that is said to be hardened is found out."""
    with bare.open() as box:
        box.tier = Tier.PLAIN
        with pytest.raises(SandboxUnavailable, match="Seccomp is 0, NoNewPrivs is 0"):
            check_status(box)
        box.tier = Tier.STRONG
        with pytest.raises(SandboxUnavailable, match="NSpid"):
            check_status(box)


def test_every_attempt_of_the_self_test_can_succeed(bare):
    """Without walls nearly all of what is tried works: refusals elsewhere are the sandbox's doing."""
    with next(iter(bare._zygotes.values()))._next() as box:
        found = forbidden_effects(box)
    refused = {what for what, how in found.items() if how == "refused"}
    bounded = {"take more memory than allowed", "open more files than allowed", "raise its own limits"}
    special = {
        "become root",
        "call userfaultfd",
        "call bpf",
        "make a namespace",
        "change Python's own files",
    }
    assert refused <= bounded | special
    with (
        next(iter(bare._zygotes.values()))._next() as box,
        pytest.raises(SandboxUnavailable, match="possible to"),
    ):
        check_effects(box)


def test_nothing_is_chosen_where_no_tier_works(package, monkeypatch):
    def missing(tier):
        raise SandboxUnavailable("The library libseccomp is missing.")

    monkeypatch.setattr(host, "program", missing)
    with pytest.raises(
        SandboxUnavailable, match=r"so nothing was run\. strong: .*libseccomp.* plain: .*backprop doctor"
    ):
        Sandbox(package=package)


def test_a_box_that_was_left_says_so(bare):
    with bare.open() as box:
        pass
    with pytest.raises(BoxClosed):
        box.run(["1"])
    box.close()
    assert box.ended == "The box was closed."


def test_a_lost_process_is_said_once_for_each_thing_asked(bare):
    with bare.open() as box:
        outcomes = box.run(["1", "import os; os._exit(1)", "2", "3"])
        assert [o.status for o in outcomes] == ["ok", "killed", "killed", "killed"]
        calls = box.call_many([Request("f"), Request("f")])
        assert [c.status for c in calls] == ["killed", "killed"]
        assert "ended in the middle" in calls[1].evalue
        assert box.script("result = 1").status == "killed"


def test_the_time_of_a_whole_submission_is_bounded(package):
    limits = Limits(seconds_total=0.6, seconds_cell=0.4)
    with Sandbox(Tier.UNSAFE, package=package, limits=limits) as sandbox, sandbox.open() as box:
        outcomes = box.run(["import time; time.sleep(0.25)"] * 4 + ["while True: pass"] * 20)
        assert not box.alive
        assert "The submission as a whole" in box.ended or "took longer" in box.ended
        assert outcomes[-1].status == "killed"


def test_who_no_longer_reads_is_ended_with_a_sentence(bare, monkeypatch):
    monkeypatch.setattr(box_module, "SENDING", 0.2)
    never_lets_go = """
import itertools, os, threading
def hold():
    os.write(1, b"holds")
    sum(itertools.repeat(1))  # in C, and no other thread's turn comes
threading.Timer(0.05, hold).start()
"""
    with bare.open() as box:
        assert box.run([never_lets_go])[0].status == "ok"
        wait_for(lambda: "holds" in box._channel.printed(), 20)
        # more than the kernel keeps for somebody who does not read
        outcomes = box.run(["#" + "x" * 1_000_000, "1"])
        assert [o.status for o in outcomes] == ["timeout", "killed"]
        assert "no longer reads" in box.ended
        assert box.left < box.limits.seconds_total - 0.2


def test_all_answers_of_a_batch_share_one_bound(package):
    with Sandbox(Tier.UNSAFE, package=package, limits=Limits(reply_mb=4)) as sandbox, sandbox.open() as box:
        box.run(["import numpy as np\ndef f():\n    return np.zeros(300_000)"])
        assert [c.status for c in box.call_many([Request("f")] * 3)] == ["ok", "killed", "killed"]
        assert "too long" in box.ended


def test_one_answer_that_is_too_large_is_refused_and_the_box_lives(package):
    with Sandbox(Tier.UNSAFE, package=package, limits=Limits(reply_mb=1)) as sandbox, sandbox.open() as box:
        box.run(["import numpy as np\ndef f():\n    return np.zeros(300_000)\ndef g():\n    return 1"])
        outcome = box.call("f")
        assert (outcome.status, outcome.evalue) == ("unsendable", "the value is too large")
        assert box.call("g").value == 1


def test_the_outputs_of_a_cell_share_one_bound(package):
    limits = Limits(output_bytes=1000)
    with Sandbox(Tier.UNSAFE, package=package, limits=limits) as sandbox, sandbox.open() as box:
        cell = box.run(["for _ in range(100):\n    print('x' * 50)\n    display('y' * 50)"])[0]
        assert sum(len(str(o)) for o in cell.outputs) < 40_000
        assert (
            sum(len(o.get("text", "") + o.get("data", {}).get("text/plain", "")) for o in cell.outputs) < 1600
        )
        assert "more characters were printed" in str(cell.outputs)


def test_what_an_unsafe_submission_started_ends_with_it(bare):
    with bare.open() as box:
        fork = "import ctypes, time\nresult = ctypes.CDLL(None).fork()\nif result == 0:\n    time.sleep(60)"
        started = box.script(fork).value
        assert _lives(started)
    deadline = time.monotonic() + 10
    while _lives(started) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(started)


def test_a_handle_means_nothing_where_it_does_not_exist(bare):
    with bare.open() as box:
        assert box.call(Handle(5)).status in ("error", "killed")


def test_only_values_can_be_sent(bare):
    from backprop_helpers.grading.wire import Unsendable

    with bare.open() as box:
        box.run(["def f(x): return x"])
        for value in (object(), np.array([None]), {1: 2}):
            with pytest.raises(Unsendable):
                box.call("f", [value])
        with pytest.raises(TypeError, match="target"):
            box.call(3)
        assert box.call("f", [1]).value == 1


def test_a_warm_process_that_is_lost_is_replaced(package):
    with Sandbox(Tier.UNSAFE, package=package) as sandbox:
        os.killpg(next(iter(sandbox._zygotes.values()))._process.pid, signal.SIGKILL)
        next(iter(sandbox._zygotes.values()))._process.wait()
        with sandbox.open() as box:
            assert box.run(["1 + 1"])[0].status == "ok"


def test_a_sandbox_is_not_shared_with_a_forked_copy(package):
    with Sandbox(Tier.UNSAFE, package=package) as sandbox:
        pid = os.fork()
        if pid == 0:
            try:
                sandbox.open()
            except RuntimeError as problem:
                sandbox.close()  # must not take the parent's away
                os._exit(7 if "process that made it" in str(problem) else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        with sandbox.open() as box:
            assert box.run(["1"])[0].status == "ok"


_JUDGE = """
import sys, time
from pathlib import Path
from backprop_helpers.grading.sandbox import Sandbox, Tier
from backprop_helpers.grading.sandbox import box as box_module
from backprop_helpers.grading.sandbox import filter as filters
from backprop_helpers.grading.sandbox.box import pid_of
sandbox = Sandbox(Tier(sys.argv[1]), package=Path(sys.argv[2]))
box = sandbox.open()
print(sandbox._zygotes[Path(sys.argv[2])]._process.pid, pid_of(box.fileno()), flush=True)
box.run(["import time; time.sleep(60)"])
"""


def test_when_the_judge_is_killed_everything_goes(tier, package):
    judge = subprocess.Popen(
        [sys.executable, "-c", _JUDGE, str(tier), str(package)], stdout=subprocess.PIPE, text=True
    )
    pids = [int(word) for word in judge.stdout.readline().split()]
    assert all(_lives(pid) for pid in pids)
    judge.kill()
    judge.wait()
    deadline = time.monotonic() + 15
    while any(map(_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, pids))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("which", [Tier.STRONG, Tier.PLAIN], ids=str)
def test_a_course_that_is_installed_among_the_libraries_can_not_be_seen(which, package, monkeypatch):
    (package / "backprop_helpers").mkdir()
    (package / "backprop_helpers" / "__init__.py").write_text("", encoding="utf-8")
    with open_folder() as folder:
        libraries = folder / "site-packages"
        for name in ("backprop_helpers", "neighbour"):
            (libraries / name).mkdir(parents=True)
            (libraries / name / "layers.py").write_text("answer = 42", encoding="utf-8")
        monkeypatch.setattr(sys, "path", [str(libraries), *sys.path])
        look = f"""
import pathlib
from neighbour import layers
print(layers.answer)
here = pathlib.Path({str(libraries / "backprop_helpers")!r})
for attempt in (lambda: list(here.iterdir()), (here / "layers.py").read_text, lambda: __import__("backprop_helpers.layers")):
    try:
        print(attempt())
    except (OSError, ImportError):
        print("nothing")
"""
        try:
            sandbox = Sandbox(which, package=package)
        except SandboxUnavailable as why:
            pytest.skip(str(why))
        with sandbox, sandbox.open() as box:
            (outcome,) = box.run([look])
    said = outcome.outputs[0]["text"].split()
    assert said[0] == "42"
    assert said[1] in ("nothing", "[]")
    assert said[2:] == ["nothing", "nothing"]


def test_the_strong_tier_has_worlds_of_its_own(package):
    try:
        sandbox = Sandbox(Tier.STRONG, package=package)
    except SandboxUnavailable as why:
        pytest.skip(str(why))
    with sandbox, sandbox.open() as box:
        assert box.script("import os\nresult = [os.getpid(), os.getppid(), os.uname().nodename]").value == [
            1,
            0,
            "sandbox",
        ]
        assert box.script("import os\nresult = sorted(os.listdir('/dev'))").value == [
            "null",
            "random",
            "urandom",
            "zero",
        ]
        status = Path(f"/proc/{pid_of(box.fileno())}/status").read_text()
        assert "Uid:\t0\t" not in status
        cells = [
            "import numpy as np\nnp.save('a', np.ones(2))\nnp.load('a.npy').sum()",
            "import tempfile\ntempfile.mkstemp()[1]",
        ]
        assert [o.status for o in box.run(cells)] == ["ok", "ok"]


def test_what_works_in_a_notebook_works_here(tier, package):
    cells = {
        "threads": "import threading\nt = threading.Thread(target=print, args=('x',)); t.start(); t.join()",
        "asyncio": "import asyncio\nawait asyncio.sleep(0.01)",
        "timing": "%timeit -n1 -r1 1 + 1",
        "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
        "scikit-learn": "from sklearn.datasets import load_digits\nload_digits().data.shape",
        "a database": "import sqlite3\nsqlite3.connect(':memory:').execute('create table t (a)')",
        "big numbers": "import numpy as np\nnp.linalg.svd(np.random.default_rng(0).normal(size=(200, 200)))[1].shape",
    }
    with Sandbox(tier, package=package) as sandbox, sandbox.open() as box:
        outcomes = box.run(list(cells.values()))
        assert {name: o.evalue for name, o in zip(cells, outcomes, strict=True) if o.status != "ok"} == {}
        figure = outcomes[list(cells).index("a figure")].outputs[-1]
        assert figure["data"]["image/png"].startswith("iVBOR")


_EVERY_CALL = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
result = []
for number in range(600):
    if number in spared:
        continue
    ctypes.set_errno(0)
    done = libc.syscall(*[ctypes.c_long(n) for n in (number, -1, -1, -1, -1, -1, -1)])
    if done != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        result.append(number)
"""


def test_the_kernel_looks_at_no_call_that_is_not_on_the_list(tier, package):
    """All numbers there are, with arguments that mean nothing: those that get further than a refusal are the allowed ones."""
    seccomp = pytest.importorskip("pyseccomp")
    number = {
        name: seccomp.resolve_syscall(seccomp.system_arch(), name)
        for name in (*filters.allowed(tier), "rt_sigreturn")
    }
    spared = [
        number[n]
        for n in ("exit", "exit_group", "pause", "rt_sigreturn", "alarm", "umask")
        if number.get(n, -1) >= 0
    ]
    # On x86-64 new kernels keep two numbers for probes, past every list: who calls one elsewhere only ends themselves.
    spared += [335, 336] if platform.machine() == "x86_64" else []
    with Sandbox(tier, package=package) as sandbox, sandbox.open() as box:
        outcome = box.script(_EVERY_CALL, {"spared": spared})
    assert outcome.status == "ok", outcome
    assert set(outcome.value) <= set(number.values())
    assert len(outcome.value) > 50
