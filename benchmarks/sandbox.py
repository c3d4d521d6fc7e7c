"""What each layer of the grader's sandbox costs, step by step: writes docs/benchmarks/sandbox.md.

`python -m benchmarks.sandbox` runs the same submission (ten cells, twenty calls) in every tier that works here, one after the
other in turn, with and without children that wait. Start it as root with `tests/as_user.py --root` where Python lives in a
closed home folder, so that the plain tier can be measured too.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from backprop_helpers.grading.sandbox import Limits, Request, Sandbox, SandboxUnavailable, Tier, host
from benchmarks.machine import machine

PAGE = Path("docs") / "benchmarks" / "sandbox.md"
RUNS = 60
CELLS = (
    "import numpy as np",
    "def affine_forward(x, w, b):\n    return x @ w + b, (x, w, b)",
    "def affine_backward(dout, cache):\n    x, w, b = cache\n    return dout @ w.T, x.T @ dout, dout.sum(axis=0)",
    "x, w, b = np.ones((4, 3)), np.ones((3, 2)), np.zeros(2)",
    "out, cache = affine_forward(x, w, b)\nout",
    "print(out.shape)",
    "affine_backward(np.ones((4, 2)), cache)[2]",
    "for i in range(10):\n    x = x * 0.5",
    "sum(i * i for i in range(1000))",
    "out.mean()",
)
STEPS = (
    ("open", "a process of its own"),
    ("first cell", "first cell"),
    ("cells", "nine more cells"),
    ("calls", "20 calls, one message each"),
    ("batch", "20 calls in one message"),
    ("close", "end"),
)

# Started in the place of the sandbox's own: times every call of the kernel that a child makes while it hardens itself.
TIMED = """
import importlib, json, os, sys, time
sys.argv[0] = {start!r}
sys.path.insert(0, {folder!r})
import start
real = importlib.import_module
def patched(name):
    module = real(name)
    if name.endswith("zygote"):
        walls, kernel, times = sys.modules["grader.sandbox.inside.walls"], sys.modules["grader.sandbox.inside.kernel"], {{}}
        def timed(owner, name, label):
            inner = getattr(owner, name)
            def outer(*args, **kwargs):
                began = time.perf_counter()
                try:
                    return inner(*args, **kwargs)
                finally:
                    times[label] = times.get(label, 0) + time.perf_counter() - began
            setattr(owner, name, outer)
        for name, label in (("unshare", "namespaces"), ("mount", "its own folder"), ("drop_capabilities", "no rights"), ("load_filter", "list of system calls")):
            timed(kernel, name, label)
        timed(walls.Walls, "_restrict_files", "Landlock")
        timed(walls.Walls, "_limit", "limits")
        inner = walls.Walls.harden
        def harden(self):
            times.clear()
            began = time.perf_counter()
            inner(self)
            times["all of it"] = time.perf_counter() - began
            os.write(2, json.dumps(times).encode())
        walls.Walls.harden = harden
    return module
importlib.import_module = patched
start.main()
"""


def one(sandbox: Sandbox) -> dict[str, float]:
    """Seconds of each step of one submission."""
    x, w, b = np.ones((4, 3)), np.ones((3, 2)), np.zeros(2)
    marks = [time.perf_counter()]
    box = sandbox.open()
    marks.append(time.perf_counter())
    assert box.run(CELLS[:1])[0].status == "ok"
    marks.append(time.perf_counter())
    assert all(o.status == "ok" for o in box.run(CELLS[1:]))
    marks.append(time.perf_counter())
    for _ in range(20):
        box.call("affine_forward", [x, w, b])
    marks.append(time.perf_counter())
    assert all(o.status == "ok" for o in box.call_many([Request("affine_forward", (x, w, b))] * 20))
    marks.append(time.perf_counter())
    box.close()
    marks.append(time.perf_counter())
    return {name: b - a for (name, _), a, b in zip(STEPS, marks, marks[1:], strict=False)}


def hardening(tier: Tier, package: Path, runs: int = 40) -> dict[str, float]:
    """Median milliseconds of each step that a child takes before it listens."""
    usual = host._INSIDE
    script = package / "timed.py"
    script.write_text(TIMED.format(start=str(usual), folder=str(usual.parent)), encoding="utf-8")
    found: dict[str, list[float]] = defaultdict(list)
    host._INSIDE = script
    try:
        with Sandbox(tier, package=package) as sandbox:
            for _ in range(runs):
                with sandbox.open() as box:
                    for name, seconds in json.loads(box._channel.printed()).items():
                        found[name].append(1000 * seconds)
    finally:
        host._INSIDE = usual
    return {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        package = Path(name)
        package.chmod(0o755)
        sandboxes: dict[str, Sandbox] = {}
        missing: dict[str, str] = {}
        starts: dict[str, float] = {}
        for tier in (Tier.UNSAFE, Tier.PLAIN, Tier.STRONG):
            for ready in (0, 1):
                began = time.perf_counter()
                try:
                    label = f"{tier}, {'one waits' if ready else 'none waits'}"
                    sandboxes[label] = Sandbox(tier, package=package, ready=ready, limits=Limits())
                except SandboxUnavailable as why:
                    missing[str(tier)] = str(why)
                else:
                    starts[str(tier)] = time.perf_counter() - began
        times: dict[str, list[dict[str, float]]] = defaultdict(list)
        for turn in range(RUNS + 3):
            for label, sandbox in sandboxes.items():
                time.sleep(
                    0.01
                )  # a judge does other things between two submissions, and a child is made meanwhile
                seen = one(sandbox)
                if turn >= 3:
                    times[label].append(seen)
        for sandbox in sandboxes.values():
            sandbox.close()
        steps = {str(t): hardening(t, package) for t in (Tier.PLAIN, Tier.STRONG) if str(t) not in missing}
    PAGE.write_text(page(times, starts, steps, missing), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"), file=sys.stderr)


def page(
    times: dict[str, list[dict[str, float]]],
    starts: dict[str, float],
    steps: dict[str, dict[str, float]],
    missing: dict[str, str],
) -> str:
    labels = list(times)
    lines = [
        "# What the sandbox costs",
        "",
        f"Median milliseconds of {RUNS} submissions of ten cells and twenty calls, the columns in turn. A warm process was there; "
        '"one waits": a hardened child waits for its submission, and the next one is made while this one is graded. '
        "Repeat with `make bench-sandbox`.",
        "",
        "| step | " + " | ".join(labels) + " |",
        "|---|" + "---|" * len(labels),
    ]
    for name, what in STEPS:
        row = [f"{1000 * statistics.median(t[name] for t in times[label]):.2f}" for label in labels]
        lines.append(f"| {what} | " + " | ".join(row) + " |")
    whole = [[1000 * (sum(t.values()) - t["calls"]) for t in times[label]] for label in labels]
    lines.append(
        "| **all, with the calls in one message** | "
        + " | ".join(f"**{statistics.median(w):.1f}**" for w in whole)
        + " |"
    )
    lines.append("| the same, fastest | " + " | ".join(f"{min(w):.1f}" for w in whole) + " |")
    lines += ["", "## The steps of a child before it listens", ""]
    names = list(dict.fromkeys(name for tier in steps.values() for name in tier))
    lines += ["| step | " + " | ".join(steps) + " |", "|---|" + "---|" * len(steps)]
    for name in sorted(names, key=lambda n: n == "all of it"):
        row = [f"{tier[name]:.2f}" if name in tier else "–" for tier in steps.values()]
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    took = ", ".join(f"{tier} {seconds:.1f} s" for tier, seconds in starts.items())
    lines += ["", f"Starting the warm process, with its self-test: {took}.", ""]
    lines += [f"Not measured: {tier} ({why})" for tier, why in missing.items()]
    load = os.getloadavg()[0]
    others = (
        f" {load:.0f} processes competed for them meanwhile, so every figure is too large."
        if load > os.cpu_count()
        else ""
    )
    return "\n".join([*lines, f"Measured with {machine()}.{others}", ""])


if __name__ == "__main__":
    main()
