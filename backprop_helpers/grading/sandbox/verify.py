"""Does a child stand behind its walls? Asked of the kernel and of the child, before it hears any learner code."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from backprop_helpers.grading.sandbox.box import Box, pid_of
from backprop_helpers.grading.sandbox.outcomes import SandboxUnavailable, Tier

_NONE = f"{0:016x}"
_SCRIPT = "from grader.sandbox.inside.probes import attempts\nresult = attempts(target)"


def check_status(box: Box) -> None:
    """What the kernel says of the process: raises SandboxUnavailable where a layer is not in force."""
    pid = pid_of(box.fileno())
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise SandboxUnavailable(f"A process for a submission cannot be inspected: {problem}.") from problem
    said = {key: rest.split() for key, _, rest in (line.partition(":") for line in text.splitlines())}
    wanted = {
        "Seccomp": said.get("Seccomp") == ["2"],
        "NoNewPrivs": said.get("NoNewPrivs") == ["1"],
        "CapEff": said.get("CapEff") == [_NONE],
        "CapPrm": said.get("CapPrm") == [_NONE],
        "Uid": "0" not in said.get("Uid", ["0"]),
        "Threads": said.get("Threads") == ["1"],
    }
    if box.tier is Tier.STRONG:
        wanted["CapBnd"] = said.get("CapBnd") == [_NONE]
        # ours, that of the warm process, and its own, in which it is the first
        wanted["NSpid"] = len(said.get("NSpid", [])) >= 3 and said["NSpid"][-1] == "1"
    wrong = [
        f"{name} is {' '.join(said.get(name, ['missing']))}" for name, right in wanted.items() if not right
    ]
    if wrong:
        raise SandboxUnavailable(
            f"A process for a submission is not kept apart as it should be: {', '.join(wrong)}."
        )


def forbidden_effects(box: Box) -> dict[str, str]:
    """Try what no submission may do, from inside. "refused" or what happened, by what was tried."""
    with (
        tempfile.TemporaryDirectory(prefix="sandbox-") as name,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        folder = Path(name)
        # open to everybody, so that it is the sandbox that refuses
        folder.chmod(0o777)
        file = folder / "readable"
        file.write_text("secret", encoding="utf-8")
        file.chmod(0o666)
        target = {
            "file": str(file),
            "folder": str(folder),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
            "memory_mb": box.limits.memory_mb,
            "open_files": box.limits.open_files,
        }
        outcome = box.script(_SCRIPT, {"target": target})
    if outcome.status != "ok" or not isinstance(outcome.value, dict) or not outcome.value:
        raise SandboxUnavailable(
            f"What a submission could do could not be found out: {outcome.ename} {outcome.evalue}".strip()
        )
    return outcome.value


def check_effects(box: Box) -> None:
    """Raises SandboxUnavailable where something succeeds that no submission may do."""
    done = [what for what, how in forbidden_effects(box).items() if how != "refused"]
    if done:
        raise SandboxUnavailable(f"From inside the sandbox it was possible to {'; '.join(done)}.")
