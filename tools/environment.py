"""The course's own `.venv`: made once with the exact pins, checked in a blink ever after, mended when broken.

Standard library only. `main` is called by bootstrap.py; every failure ends in one sentence with the mend.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_MB = {"lab": 1000, "dev": 1500}  # measured size of .venv, rounded up
OFFLINE = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution", "ConnectTimeout",
    "Failed to establish a new connection", "ProxyError", "Network is unreachable", "Read timed out",
    "from versions: none", "SSLError", "CERTIFICATE_VERIFY_FAILED",
)  # fmt: skip
FULL = ("No space left on device", "Errno 28", "Disk quota exceeded", "not enough space on the disk")
FORBIDDEN = ("Permission denied", "Errno 13", "Read-only file system", "Access is denied")

COMMANDS = {
    "lab": ("work through the lessons", ("lab",)),
    "test": ("run every check of this repository", ("lab", "dev")),
    "lessons": ("rebuild solutions/ and notebooks/ from lessons/", ("lab", "dev")),
    "demo": ("grade a made-up class", ("lab", "dev")),
    "docs": ("rebuild the generated pages of docs/ and the site", ("lab", "dev")),
    "pictures": ("photograph the course in a browser for the README", ("lab", "dev")),
    "mutants": ("run every mutant of every reference against its check", ("lab", "dev")),
    "sweep": ("thousands of random inputs for every right and wrong solution", ("lab", "dev")),
    "judge-sweep": ("does the grader say of every wrong solution what the notebook says", ("lab", "dev")),
    "kill-sweep": ("kill a grading run at random moments, and resume it", ("lab", "dev")),
    "term": ("a made-up class through a whole term, timed", ("lab", "dev")),
    "bench-grading": ("the grader beside nbgrader's own autograde", ("lab", "dev")),
    "bench-gradcheck": ("the gradient checker beside torch, jax and scipy", ("lab", "dev")),
    "bench-checks": ("can the checks fail, and how quick are they", ("lab", "dev")),
    "bench-sandbox": ("what each layer of the grader's sandbox costs", ("lab", "dev")),
    "bench-capstone": ("how far sensible solutions of the capstone spread", ("lab", "dev")),
    "bench-sliders": ("from a key on a slider to the changed picture", ("lab", "dev")),
    "bench-step": ("one training step beside PyTorch, jax and autograd", ("lab", "dev")),
    "pins": ("compile requirements.txt from pyproject.toml", ("lab", "dev")),
    "setup": ("make .venv with everything and stop", ("lab", "dev")),
}


# What each command runs with the environment's Python.
RUNS = {
    "lab": ["-m", "backprop_helpers.cli", "learn"],
    "lessons": ["-m", "backprop_helpers.authoring"],
    "demo": ["-m", "backprop_helpers.cli", "demo"],
    "docs": ["-m", "backprop_helpers.authoring.site"],
    "pictures": ["tests/pictures.py"],
    "mutants": ["-m", "tests.mutation.report"],
    "sweep": ["-m", "tests.sweeps"],
    "judge-sweep": ["-m", "tests.judge_sweep"],
    "kill-sweep": ["-m", "tests.kill_sweep"],
    "term": ["-m", "tests.term_full"],
    "bench-grading": ["-m", "benchmarks.grading"],
    "bench-gradcheck": ["benchmarks/gradcheck_peers/run.py"],
    "bench-checks": ["-m", "benchmarks.checks"],
    "bench-sandbox": ["-m", "benchmarks.sandbox"],
    "bench-capstone": ["-m", "benchmarks.capstone_spread"],
    "bench-step": ["-m", "benchmarks.training_step"],
    "bench-sliders": ["-m", "benchmarks.slider_latency"],
}


class Problem(Exception):
    """One sentence: what is wrong and the mend."""


def main(arguments: list[str]) -> int:
    """Run one of COMMANDS in the course's environment; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(line_buffering=True, errors="replace")  # type: ignore[union-attr]
    if not arguments or arguments[0] not in COMMANDS:
        wanted = "\n".join(f"  {name:8} {what}" for name, (what, _) in COMMANDS.items())
        print(f"usage: python tools/bootstrap.py COMMAND [ARGUMENTS]\n{wanted}", file=sys.stderr)
        return 2
    command, rest = arguments[0], arguments[1:]
    try:
        environment = Environment(ROOT)
        environment.prepare(COMMANDS[command][1])
        return environment.run(command, rest)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(sentence_for(problem, ROOT), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next start goes on from here.", file=sys.stderr)
        return 130


def sentence_for(problem: OSError, root: Path) -> str:
    """What an OSError means for the person at the keyboard."""
    place = problem.filename or root
    if problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return full_disk(root)
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{place} cannot be written: make {root} writable for you, or copy the course to a folder of yours."
    return (
        f"{place} could not be used ({problem.strerror or problem}): check it and run the same command again."
    )


def full_disk(root: Path) -> str:
    """The sentence for a disk without room."""
    return (
        f"The disk that holds {root} is full: free about {NEEDED_MB['lab']} MB "
        "(.venv can be deleted, it is made again) and run the same command again."
    )


class Environment:
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
        with self._alone():
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
        self._write_state("installing", wanted)
        self._pip(wanted, fresh)
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

    def _pip(self, extras: Sequence[str], fresh: bool) -> None:
        log = self.folder / "backprop-install.log"
        what = "Installing the exact packages of the course" if fresh else "Bringing the packages up to date"
        print(f"{what} (a minute or two the first time) …")
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

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one start installs at a time; the system frees the lock when its holder dies."""
        build = self.root / ".build"
        build.mkdir(exist_ok=True)
        with (build / "environment.lock").open("a+b") as stream:
            said = False
            while not _lock(stream.fileno()):
                if not said:
                    print("Another start is setting up .venv; waiting for it …")
                    said = True
                time.sleep(0.2)
            yield

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

    def run(self, command: str, rest: list[str]) -> int:
        """Run the command itself."""
        if command == "setup":
            print(f"{self.folder} is ready.")
            return 0
        if command == "test":
            return self._test(rest)
        if command == "pins":
            return self._replace_by(self._pins(rest))
        return self._replace_by([*RUNS[command], *rest])

    def _pins(self, rest: list[str]) -> list[str]:
        return [
            "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--all-extras",
            "--custom-compile-command", "make pins", "-o", "requirements.txt", "pyproject.toml", *rest,
        ]  # fmt: skip

    def _replace_by(self, arguments: list[str]) -> int:
        """Become that program, so that Ctrl+C and the exit code are its own (Windows: wait for it)."""
        command = [str(self.python), *arguments]
        if os.name != "nt":
            sys.stdout.flush()
            os.chdir(self.root)
            os.execve(command[0], command, self.variables())
        try:
            return subprocess.call(command, cwd=self.root, env=self.variables())
        except KeyboardInterrupt:
            return 130

    def _test(self, rest: list[str]) -> int:
        """Style, types, then every test in one run, whose counts are the last lines."""
        variables = self.variables()
        browser = find_browser(self.python, variables)
        if browser:
            variables["BACKPROP_BROWSER"] = browser
        failed = []
        for arguments in (
            ["-m", "ruff", "check"],
            ["-m", "ruff", "format", "--check"],
            ["-m", "mypy"],
        ):
            print(f"\n$ python {' '.join(arguments)}")
            if subprocess.call([str(self.python), *arguments], cwd=self.root, env=variables) != 0:
                failed.append(" ".join(arguments[1:]))
        if failed:
            print(f"\nNot right yet: {', '.join(failed)} (see above). The tests follow.")
        tests = ["-m", "pytest", *PYTEST, *rest]
        print(f"\n$ python {' '.join(tests)}")
        code = subprocess.call([str(self.python), *tests], cwd=self.root, env=variables)
        return code or bool(failed)


# One pytest for everything, so that its last line counts everything: the tests, and nbval over every cell of
# every solution. A file stays on one worker, because the cells of a notebook have an order.
PYTEST = [
    "-n", "2", "--dist", "loadfile", "tests", "solutions", "--nbval",
    "--nbval-sanitize-with", "tests/nbval_sanitize.cfg",
]  # fmt: skip

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
BROWSER_FILES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def find_browser(python: Path, variables: dict[str, str]) -> str | None:
    """A Chromium for the browser tests: one named by BACKPROP_BROWSER, an installed one, else Playwright's own.

    Playwright's is downloaded if need be. None, and a sentence, when there is none to be had.
    """
    named = variables.get("BACKPROP_BROWSER")
    candidates = [named, *map(shutil.which, BROWSERS), *BROWSER_FILES]
    found = next((path for path in candidates if path and Path(path).is_file()), None)
    if found:
        return found
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"

    def own() -> str | None:
        asked = subprocess.run([str(python), "-c", code], capture_output=True, text=True, env=variables)
        path = asked.stdout.strip()
        return path if path and Path(path).is_file() else None

    if own() is None:
        print("No Chromium here, so Playwright downloads its own for the browser tests …")
        subprocess.call([str(python), "-m", "playwright", "install", "chromium"], env=variables)
    if own() is None:
        print(
            "There is no Chromium, and none could be downloaded: install one (Debian: `sudo apt-get install "
            "chromium`) or set BACKPROP_BROWSER to its path; without it the browser tests are skipped, in CI they fail."
        )
    return own()


def _words(value: object) -> list[str]:
    return [str(word) for word in value if str(word) in NEEDED_MB] if isinstance(value, list) else []


def _lock(descriptor: int) -> bool:
    """Try to lock an open file; True where it worked, and where the file system knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


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


def no_venv() -> str:
    """The sentence for a Debian-like Python that comes without the means to make environments."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    return (
        f"This Python ({sys.executable}) cannot make environments because its venv module is incomplete: install "
        f"it (Debian, Ubuntu: `sudo apt-get install {package}`) and run the same command again."
    )


def explain(output: str, root: Path, log: Path | None) -> str:
    """One sentence for what venv or pip printed when it failed."""
    details = f" Everything pip said is in {log}." if log else ""
    if any(word in output for word in FULL):
        return full_disk(root)
    if "ensurepip" in output and log is None:
        return no_venv()
    if any(word in output for word in FORBIDDEN):
        return (
            f"{root} cannot be written: make that folder writable for you, or copy the course to a folder of "
            f"yours, and run the same command again.{details}"
        )
    if any(word in output for word in OFFLINE):
        return (
            "The package registry could not be reached: check the network (behind a proxy set HTTPS_PROXY) and run "
            f"the same command again.{details}"
        )
    errors = [line.strip() for line in output.splitlines() if re.match(r"\s*error\b", line, re.IGNORECASE)]
    reason = f" ({errors[-1]})" if errors else ""
    return f"The packages could not be installed{reason}: run the same command again.{details}"
