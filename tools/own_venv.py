"""The course's own `.venv`: made once with the exact pins, checked in a blink ever after, mended when broken."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.lock import alone
from tools.sentences import NEEDED_MB, Problem, explain, no_venv


class OwnVenv:
    """`.venv` under `root`, and the state file inside it that says what it is good for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.state_file = self.folder / "backprop-environment.json"
        windows = os.name == "nt"
        self.programs = self.folder / ("Scripts" if windows else "bin")
        self.python = self.programs / ("python.exe" if windows else "python")

    def prepare(self, extras: Sequence[str]) -> None:
        """Make the environment hold exactly the pins, with at least these extras. Immediate when it does."""
        if self._is_ready(extras):
            return
        with alone(self.root / ".build" / "environment.lock"):
            if not self._is_ready(extras):  # another start may have done it while this one waited
                self._install(extras)

    def _is_ready(self, extras: Sequence[str]) -> bool:
        state = self._state()
        return (
            state.get("state") == "ready"
            and state.get("key") == self._key()
            and set(extras) <= set(state.get("extras", []))
            and self._works(extras)
        )

    def _state(self) -> dict[str, object]:
        try:
            state = json.loads(self.state_file.read_bytes())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _key(self) -> str:
        """Changes with the pins and with the place: a moved environment's scripts point nowhere."""
        parts = [(self.root / name).read_bytes() for name in ("pyproject.toml", "requirements.txt")]
        return hashlib.sha256(b"\0".join([*parts, str(self.folder).encode()])).hexdigest()

    def _works(self, extras: Sequence[str]) -> bool:
        """Whether its Python starts, is new enough and finds the packages: an upgrade may have pulled it away."""
        needed = ["backprop_helpers", "numpy", "typer"]
        needed += ["jupyterlab", "nbgrader"] if "lab" in extras else []
        needed += ["pytest", "ruff", "mypy"] if "dev" in extras else []
        code = (
            "import sys, importlib.util as u; "
            f"sys.exit(sys.version_info < (3, 11) or any(u.find_spec(n) is None for n in {needed!r}))"
        )
        return self._quiet([str(self.python), "-c", code])

    def _quiet(self, command: list[str]) -> bool:
        try:
            answer = subprocess.run(
                command, capture_output=True, cwd=self.root, env=self.variables(), timeout=60
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return answer.returncode == 0

    def _install(self, extras: Sequence[str]) -> None:
        """Mend or make the environment, then install; the state says "installing" until all of it is done."""
        state = self._state()
        if os.path.lexists(self.folder):
            self._clear_if_broken(state)
        fresh = not os.path.lexists(self.folder)
        wanted = sorted({*extras, *([] if fresh else _words(state.get("extras")))})
        if fresh:
            self._check_room(wanted)
            self._make(wanted)
        elif set(wanted) > set(_words(state.get("extras"))):
            print("This command needs more packages than the ones so far; they are installed once.")
        else:
            print("The course's list of packages has changed; they are brought up to date.")
        self._write_state("installing", wanted)
        self._pip(wanted)
        self._write_state("ready", wanted)

    def _clear_if_broken(self, state: dict[str, object]) -> None:
        """Delete a `.venv` that cannot be trusted; one that is not ours and works is kept and used."""
        if self.folder.is_symlink() or not self.folder.is_dir():
            if self.folder.is_symlink() and self.folder.is_dir():
                return
            raise Problem(f"{self.folder} is not a folder: move it away and run the same command again.")
        inside = {path.name for path in self.folder.iterdir()}
        if inside and not inside & {"pyvenv.cfg", self.state_file.name}:
            raise Problem(
                f"{self.folder} is a folder but no Python environment: move it away and run the same command again."
            )
        moved = bool(state) and state.get("folder") != str(self.folder)
        works = self._quiet([str(self.python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])
        works = works and self._quiet([str(self.python), "-m", "pip", "--version"])
        if works and not moved and state.get("state") != "installing":
            return
        print("The environment in .venv is broken or unfinished, so it is made again.")
        try:
            shutil.rmtree(self.folder)
        except OSError as problem:
            raise Problem(
                f"{self.folder} is broken and could not be deleted ({problem.strerror}): close every program that "
                "uses it, delete that folder and run the same command again."
            ) from problem

    def _check_room(self, extras: Sequence[str]) -> None:
        need = max(NEEDED_MB[extra] for extra in extras)
        free = shutil.disk_usage(self.root).free // 1_000_000
        if free < need:
            raise Problem(
                f"The disk that holds {self.root} has only {free} MB free and about {need} MB are needed: "
                "free some space and run the same command again."
            )

    def _make(self, extras: Sequence[str]) -> None:
        missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
        if missing:
            raise Problem(no_venv())
        self.folder.mkdir()
        self._write_state("installing", extras)
        print("Making an environment for the course in .venv …")
        # from an activated .venv: its own Python may be the one that was thrown away
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = subprocess.run(
            [base, "-m", "venv", str(self.folder)],
            capture_output=True,
            text=True,
            env=self.variables(),
        )
        if made.returncode != 0:
            raise Problem(explain(made.stdout + made.stderr, self.root, None))

    def _write_state(self, word: str, extras: Sequence[str]) -> None:
        state = {"state": word, "extras": list(extras), "key": self._key(), "folder": str(self.folder)}
        temporary = self.state_file.with_suffix(".part")
        temporary.write_text(json.dumps(state))
        temporary.replace(self.state_file)

    def _pip(self, extras: Sequence[str]) -> None:
        log = self.folder / "backprop-install.log"
        print("Installing the exact packages of the course: one to two minutes …")
        command = [
            str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-color",
            "--progress-bar", "off", "-c", "requirements.txt", "-e", f".[{','.join(extras)}]",
        ]  # fmt: skip
        started = time.monotonic()
        lines: list[str] = []
        with (
            log.open("w", encoding="utf-8") as stream,
            subprocess.Popen(
                command, cwd=self.root, env=self.variables(), stdin=subprocess.DEVNULL, text=True, errors="replace",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            ) as process,
        ):  # fmt: skip
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    lines.append(line)
                    with contextlib.suppress(OSError):  # a full disk is told by pip's own words
                        stream.write(line)
                    _show(line)
            except KeyboardInterrupt:
                process.terminate()
                raise
        _show("")
        if process.returncode != 0:
            raise Problem(explain("".join(lines), self.root, log))
        print(f"Installed in {time.monotonic() - started:.0f} s.")

    def variables(self) -> dict[str, str]:
        """The environment variables of everything run here: `.venv` first on PATH, nobody else's packages."""
        variables = dict(os.environ)
        for name in ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"):
            variables.pop(name, None)
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["PYTHONNOUSERSITE"] = "1"
        # nbgrader starts `alembic` by name
        variables["PATH"] = os.pathsep.join([str(self.programs), variables.get("PATH", os.defpath)])
        return variables


def _words(value: object) -> list[str]:
    return [str(word) for word in value if str(word) in NEEDED_MB] if isinstance(value, list) else []


def _show(line: str) -> None:
    """In a terminal, one line that changes: what pip is doing now. Elsewhere nothing."""
    if not sys.stdout.isatty():
        return
    width = max(20, shutil.get_terminal_size().columns - 1)
    words = re.match(r"(Collecting|Downloading|Installing|Building|Preparing)\b.*", line.strip())
    if words or not line:
        text = words.group(0)[:width] if words else ""
        sys.stdout.write("\r" + text.ljust(width) + ("" if words else "\r"))
        sys.stdout.flush()
