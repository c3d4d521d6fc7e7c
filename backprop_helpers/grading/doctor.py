"""`backprop doctor`: which layers of the sandbox work on this machine, and how to get the missing ones."""

from __future__ import annotations

import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from backprop_helpers.grading.sandbox import Sandbox, SandboxUnavailable, Tier
from backprop_helpers.grading.sandbox.filter import program

_START = Path(__file__).resolve().parent / "sandbox" / "inside" / "start.py"

_ABOUT = {
    "user namespaces": "rights that count only inside",
    "mounts": "a file system of its own",
    "network namespace": "no network",
    "process namespace": "no sight of other processes; all of it ends at once",
    "landlock": "no files but Python's own, no TCP, no signals",
    "system calls": "an allow-list (seccomp)",
    "limits": "memory, time, files, threads",
}
_NAMESPACES = (
    "As an administrator: `sysctl -w user.max_user_namespaces=15000`; on Debian also `sysctl -w "
    "kernel.unprivileged_userns_clone=1`; on Ubuntu 23.10 and later `sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0`. In Docker: `--cap-add SYS_ADMIN --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined`. Or grade as root."
)
_LANDLOCK = "Use Linux 6.2 or later with `landlock` in the kernel's list of security modules (boot parameter `lsm=landlock,…`)."
_MENDS = {
    **dict.fromkeys(("user namespaces", "mounts", "network namespace", "process namespace"), _NAMESPACES),
    "landlock": _LANDLOCK,
    "system calls": "Install the library libseccomp (`apt-get install libseccomp2`) and `pip install pyseccomp`.",
    "limits": "Memory limits (RLIMIT_AS) do not work here; grade on an ordinary Linux kernel.",
}


@dataclass(frozen=True)
class Layer:
    """One layer: what it is for, whether it works, what went wrong and how to get it ("" where it works)."""

    name: str
    purpose: str
    works: bool
    problem: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Report:
    """tier: the strictest that can be had, None where none can; refused: why not, by tier; sentence: the upshot."""

    tier: str | None
    sentence: str
    system: str
    user: str
    layers: list[Layer] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        return self.tier is not None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine() -> Report:
    """Try every layer and every tier by its effect. Takes about two seconds; changes nothing."""
    system = (
        f"{platform.system()} {platform.release()} {platform.machine()}, Python {platform.python_version()}"
    )
    if platform.system() != "Linux":
        sentence = (
            "Grading needs Linux, because learner code is kept apart by the Linux kernel. Grade in a virtual machine, "
            "in WSL 2 (Windows) or in a container; everything else of the course works here."
        )
        return Report(None, sentence, system, "")
    user = "root" if os.geteuid() == 0 else f"user {os.geteuid()}"
    layers = _layers()
    refused: dict[str, str] = {}
    tier: Tier | None = None
    with tempfile.TemporaryDirectory() as empty:
        Path(empty).chmod(0o755)
        for candidate in (Tier.STRONG, Tier.PLAIN):
            try:
                with Sandbox(candidate, package=Path(empty)):
                    tier = tier or candidate
            except SandboxUnavailable as why:
                refused[str(candidate)] = str(why)
    return Report(str(tier) if tier else None, _sentence(tier), system, user, layers, refused)


def _sentence(tier: Tier | None) -> str:
    if tier is Tier.STRONG:
        return "Learner code is kept apart here in the strong way: grade anybody's notebooks."
    if tier is Tier.PLAIN:
        return (
            "Learner code is kept apart here in the plain way: no files, network, programs or signals, but the same "
            "process table and no place to write files. Good enough to grade a class; the strong way holds off more."
        )
    return "Learner code cannot be kept apart on this machine, so grading refuses to run it."


def _layers() -> list[Layer]:
    missing = ""
    raw = b""
    try:
        raw = program(Tier.STRONG)
    except SandboxUnavailable as problem:
        missing = str(problem)
    try:
        done = subprocess.run(
            [sys.executable, "-s", "-P", "-B", str(_START), "layers"],
            input=json.dumps({"filter": base64.b64encode(raw).decode("ascii")}),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        found: dict[str, str] = json.loads(done.stdout)["layers"]
    except (subprocess.SubprocessError, ValueError, KeyError) as problem:
        found = dict.fromkeys(_ABOUT, f"it could not be tried ({type(problem).__name__})")
    if missing:
        found["system calls"] = missing
    return [
        Layer(name, about, not found[name], found[name], _MENDS[name] if found[name] else "")
        for name, about in _ABOUT.items()
    ]


def show(report: Report) -> None:
    """Print a report for a person."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(f"{report.system}{f', as {report.user}' if report.user else ''}", markup=False)
    if report.layers:
        table = Table("layer", "what for", "works", box=None, pad_edge=False)
        for layer in report.layers:
            table.add_row(layer.name, layer.purpose, Text("yes" if layer.works else f"no: {layer.problem}"))
        console.print(table)
    for tier, why in report.refused.items() if report.tier != Tier.STRONG else ():
        console.print(f"{tier}: {why}", markup=False, soft_wrap=True)
    for mend in dict.fromkeys(layer.mend for layer in report.layers if layer.mend):
        names = ", ".join(layer.name for layer in report.layers if layer.mend == mend)
        console.print(f"To get {names}: {mend}", markup=False, soft_wrap=True)
    console.print(report.sentence, style="green" if report.healthy else "red", markup=False, soft_wrap=True)
