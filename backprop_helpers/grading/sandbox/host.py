"""Starts the warm process and takes submissions' boxes out of it."""

from __future__ import annotations

import array
import base64
import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from backprop_helpers.grading.sandbox.box import Box
from backprop_helpers.grading.sandbox.channel import Channel
from backprop_helpers.grading.sandbox.filter import program
from backprop_helpers.grading.sandbox.outcomes import Limits, SandboxUnavailable, Tier
from backprop_helpers.grading.sandbox.verify import check_effects, check_status

_START_SECONDS = 60.0  # the first import of Matplotlib on a slow disk takes its time
_FORK_SECONDS = 15.0
_INSIDE = Path(__file__).resolve().parent / "inside" / "start.py"


class Sandbox:
    """A warm process that submissions are forked from; a context manager.

    tier: how strictly (None: the best that works here; UNSAFE only when asked for); limits: for each submission;
    package: a folder that becomes importable inside, and all of the course that is visible there; preload: modules to
    import once, before the first fork; ready: how many children wait, hardened, for their submission.
    Raises SandboxUnavailable with a sentence.
    """

    def __init__(
        self,
        tier: Tier | None = None,
        *,
        limits: Limits | None = None,
        package: Path,
        preload: Sequence[str] = (),
        ready: int = 1,
    ) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailable(
                "Grading needs Linux, because learner code is kept apart by the Linux kernel; use WSL 2, a virtual "
                "machine or a container."
            )
        self.limits = limits or Limits()
        self._package = package.resolve()
        self._preload = tuple(preload)
        self._ready = ready
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._zygotes: dict[Path, _Zygote] = {}
        self.tier = self._best() if tier is None else tier
        self._zygote(self._package)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process and every box. May be called again; does nothing in a copy made by a fork."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            for zygote in self._zygotes.values():
                zygote.close()
            self._zygotes.clear()

    def open(self, package: Path | None = None, *, seed: int = 0) -> Box:
        """A fresh process for one submission.

        package: another folder than the sandbox's own, warmed up when it is first used; seed: where Python's and
        NumPy's global generators start, so that a submission is graded the same way twice.
        """
        if os.getpid() != self._owner:
            raise RuntimeError("A sandbox belongs to the process that made it; make one in each process.")
        with self._lock:
            return self._zygote((package or self._package).resolve()).take(seed)

    def _best(self) -> Tier:
        """The strictest tier that can be had. Raises SandboxUnavailable with what stands in the way of each."""
        reasons = []
        for tier in (Tier.STRONG, Tier.PLAIN):
            self.tier = tier
            try:
                self._zygote(self._package)
            except SandboxUnavailable as why:
                reasons.append(f"{tier}: {why}")
            else:
                return tier
        raise SandboxUnavailable(
            "Learner code cannot be kept apart on this machine, so nothing was run. "
            f"{' '.join(reasons)} `backprop doctor` says what to do."
        )

    def _zygote(self, package: Path) -> _Zygote:
        zygote = self._zygotes.get(package)
        if zygote is None or not zygote.alive:
            if zygote is not None:
                zygote.close()
            zygote = _Zygote(self.tier, self.limits, package, self._preload, self._ready)
            self._zygotes[package] = zygote
        return zygote


class _Zygote:
    """One warm process and the children that wait in it."""

    def __init__(
        self, tier: Tier, limits: Limits, package: Path, preload: tuple[str, ...], ready: int
    ) -> None:
        if not package.is_dir():
            raise SandboxUnavailable(f"The folder to make importable, {package}, does not exist.")
        self._tier = tier
        self._limits = limits
        self._most_ready = ready
        self._asked: deque[tuple[socket.socket, int]] = deque()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._root = tempfile.mkdtemp(prefix="sandbox-")  # where the warm process mounts its own root
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-B", str(_INSIDE), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=_environment(),
                cwd="/",
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        config = {
            "tier": str(tier),
            "package": str(package),
            "preload": list(preload),
            "most_reply": limits.reply_mb << 20,
            "limits": asdict(limits),
            "hide": ["backprop_helpers"],
            "filter": "" if tier is Tier.UNSAFE else base64.b64encode(program(tier)).decode("ascii"),
            "root": self._root,
        }
        try:
            self._control.send(json.dumps(config).encode())
            answer, _ = self._hear(_START_SECONDS)
            if "error" in answer:
                raise SandboxUnavailable(f"The sandbox could not start: {answer['error']}.")
            if tier is not Tier.UNSAFE:
                Path(self._root).rmdir()  # its new root has left this folder behind
            for _ in range(ready):
                self._ask()
            if tier is not Tier.UNSAFE:
                self._prove()
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        for sock, pipe in self._asked:
            sock.close()
            os.close(pipe)
        self._asked.clear()
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        shutil.rmtree(self._root, ignore_errors=True)

    def take(self, seed: int) -> Box:
        """The child that has waited longest, told to start; another one is asked for in its place."""
        box = self._next()
        try:
            box.start(seed, time.monotonic() + _FORK_SECONDS)
            self._check(box, check_status)
        except BaseException:
            box.close()
            raise
        return box

    def _next(self) -> Box:
        if not self._asked:
            self._ask()
        sock, pipe = self._asked.popleft()
        self._waiting = channel = Channel(sock, pipe, self._limits.output_bytes)
        try:
            answer, descriptors = self._hear(_FORK_SECONDS)
            if "error" in answer or len(descriptors) != 1:
                raise SandboxUnavailable(
                    f"No process for a submission was made: {answer.get('error', answer)}."
                )
        except BaseException:
            channel.close()
            raise
        while len(self._asked) < self._most_ready:
            self._ask()
        return Box(channel, descriptors[0], limits=self._limits, tier=self._tier)

    def _prove(self) -> None:
        """Try from a first child what no submission may do."""
        with self._next() as box:
            self._check(box, check_effects)
            self._check(box, check_status)

    def _check(self, box: Box, check: Callable[[Box], None]) -> None:
        """Raises SandboxUnavailable where the child was lost, with its last words, or where the check raises it."""
        try:
            if box.alive and self._tier is not Tier.UNSAFE:
                check(box)
        except SandboxUnavailable:
            if box.alive:
                raise
        if not box.alive:
            words = self._waiting.printed() or box.ended
            raise SandboxUnavailable(f"A process for a submission could not be kept apart: {words}.")

    def _ask(self) -> None:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        reading, writing = os.pipe()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno(), writing]))]
        try:
            self._control.sendmsg([b"fork"], rights)
        except OSError as problem:
            mine.close()
            os.close(reading)
            raise SandboxUnavailable(
                f"The warm process of the sandbox has ended. {self._last_words()}"
            ) from problem
        finally:
            theirs.close()
            os.close(writing)
        self._asked.append((mine, reading))

    def _hear(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        """The next message of the warm process, with the descriptors it brings."""
        if not select.select([self._control], [], [], seconds)[0]:
            raise SandboxUnavailable(f"The warm process of the sandbox said nothing for {seconds:g} s.")
        descriptors = array.array("i")
        try:
            message, ancillary, _, _ = self._control.recvmsg(1 << 17, socket.CMSG_SPACE(descriptors.itemsize))
        except OSError:
            message, ancillary = b"", []
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        if not message:
            raise SandboxUnavailable(
                f"The warm process of the sandbox ended while it started. {self._last_words()}"
            )
        return json.loads(message), list(descriptors)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._errors.seek(0)
            return self._errors.read()[-500:].decode("utf-8", "replace").strip()
        return ""


def _environment() -> dict[str, str]:
    """All that the warm process knows of its surroundings: nothing secret, nothing of the instructor's."""
    import matplotlib

    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/box",
        "TMPDIR": "/box",
        "MALLOC_ARENA_MAX": "1",  # else each thread reserves address space by the hundred megabytes
        "MPLCONFIGDIR": matplotlib.get_configdir(),  # holds the list of fonts, which takes seconds to make
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        # also packages that are installed for this user alone
        "PYTHONPATH": os.pathsep.join(
            p for p in sys.path if {"site-packages", "dist-packages"} & set(Path(p).parts)
        ),
        "TQDM_DISABLE": "1",
        **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    }
