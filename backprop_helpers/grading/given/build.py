"""Writes the package that a sandbox sees, for one lesson."""

from __future__ import annotations

import ast
import atexit
import compileall
import functools
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from backprop_helpers import _HOME
from backprop_helpers.checks import exercises
from backprop_helpers.checks.spec import Driven
from backprop_helpers.grading.given.filtered import (
    GIVEN,
    ROOT,
    closure,
    first_lesson,
    has_code,
    kept,
    lesson_of,
    names_in,
    owners,
    source_of,
    statements,
)

# What a page shows and no mark depends on: in the sandbox nobody moves a slider, and checks are made elsewhere.
_SILENT = {
    "experiments.py": (
        "def __getattr__(name):\n"
        "    if name.startswith('_'):\n"
        "        raise AttributeError(name)\n"
        "    return Quiet('an experiment')\n"
    ),
    "environment.py": "environment_check = Quiet('the environment check')\n",
    "progress_card.py": "progress = Quiet('your progress')\n",
    "checks/__init__.py": (
        "check = diagnose = Quiet('what a check says')\nclass CheckFailed(AssertionError):\n    pass\n"
    ),
}
# The half of the checks that runs beside a learner's code.
BESIDE = ("attempt", "copies", "leftover", "limits", "travel", "drives/__init__")


@dataclass(frozen=True)
class Release:
    """A function of the course that is given once the learner's own have been judged.

    exercises: which ones must have been judged before; module, names: what is unlocked; source: what the sandbox then adds to
    the module.
    """

    exercises: tuple[str, ...]
    module: str
    names: tuple[str, ...]
    source: str


# What a sandbox loads before anything runs: a module of the package that loads what the lesson's page imports.
PRELOAD = ("backprop_helpers.warm",)


@dataclass(frozen=True)
class Given:
    """The package of one lesson: its folder (the one that goes on the sandbox's path), and what is unlocked on the way."""

    lesson: str
    folder: Path
    releases: tuple[Release, ...]


@functools.lru_cache(maxsize=64)
def given_for(lesson: str, page: tuple[str, ...]) -> Given:
    """The package of a lesson in a folder of this process, which is removed when the process ends. See `prepare`."""
    folder = Path(tempfile.mkdtemp(prefix="backprop-given-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)  # whoever the sandbox runs as may read it
    return prepare(lesson, page, folder)


def prepare(lesson: str, page: Sequence[str], folder: Path) -> Given:
    """Write the package for a lesson into a folder, which is emptied first.

    page: the sources of all cells of the lesson's master, text and code. Two calls with the same arguments write the same bytes.
    """
    package = folder / "backprop_helpers"
    shutil.rmtree(package, ignore_errors=True)
    (package / "checks").mkdir(parents=True)
    text = "\n".join(page)
    locked = _locked(lesson, text)
    for module in GIVEN:
        _write_module(package, module, lesson, [name for where, name in locked if where == module])
    shutil.copyfile(Path(__file__).with_name("quiet.py"), package / "quiet.py")
    for file, source in _SILENT.items():
        (package / file).write_text(f"from backprop_helpers.quiet import Quiet\n{source}", encoding="utf-8")
    for file in (*BESIDE, *_drives(lesson)):
        target = package / "checks" / f"{file}.py"
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / "checks" / f"{file}.py", target)
    homes = {name: home for name, home in _HOME.items() if _is_there(package, home)}
    quiet = sorted(name for name, home in _HOME.items() if home not in GIVEN and name not in homes)
    (package / "__init__.py").write_text(_INIT.format(homes=homes, quiet=quiet), encoding="utf-8")
    (package / "warm.py").write_text(_WARM.format(modules=_imported(page)), encoding="utf-8")
    compileall.compile_dir(package, quiet=2, invalidation_mode=_UNCHECKED, stripdir=str(folder))
    return Given(lesson, folder, tuple(_releases(lesson, locked)))


_UNCHECKED = PycInvalidationMode.UNCHECKED_HASH

_INIT = '''"""The course as a submission is given it: what belongs to answers is not here."""

import importlib

_HOME = {homes!r}
_QUIET = {quiet!r}


def __getattr__(name):
    if name in _QUIET:
        from backprop_helpers.quiet import Quiet

        return Quiet(name)
    if name not in _HOME:
        raise AttributeError(f"backprop_helpers has no {{name!r}} here.")
    return getattr(importlib.import_module(f"backprop_helpers.{{_HOME[name]}}"), name)
'''


_WARM = '''"""Loads what the lesson's page imports, once for all submissions."""

import contextlib
import importlib

for name in {modules!r}:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
'''


def _locked(lesson: str, text: str) -> list[tuple[str, str]]:
    """What the page speaks of and a learner is not given yet: (module, name)."""
    found = []
    for module, name in re.findall(rf"\b({'|'.join(GIVEN)})\.([a-zA-Z]\w*)", text):
        if (ROOT / module).is_dir() or first_lesson(module) > lesson or (module, name) in found:
            continue
        if name in names_in(statements(module)) - names_in(kept(module, lesson)):
            found.append((module, name))
    return found


def _write_module(package: Path, module: str, lesson: str, locked: Sequence[str]) -> None:
    if first_lesson(module) > lesson or lesson_of(module) >= lesson:
        return
    if (ROOT / module).is_dir():
        shutil.copytree(ROOT / module, package / module, ignore=shutil.ignore_patterns("__pycache__"))
        return
    if not locked and not has_code(kept(module, lesson)):
        return
    source = source_of(kept(module, lesson))
    if locked:
        source += "from backprop_helpers.quiet import withheld\n"
        source += "".join(f"{name} = withheld(globals(), {name!r})\n" for name in locked)
    (package / f"{module}.py").write_text(source, encoding="utf-8")


def _is_there(package: Path, module: str) -> bool:
    return (package / f"{module}.py").exists() or (package / module).is_dir()


def _drives(lesson: str) -> list[str]:
    """The files with the drives of a lesson's exercises."""
    modules = {
        e.run.drive.__module__
        for e in exercises().values()
        if e.lesson == lesson and isinstance(e.run, Driven)
    }
    return sorted("drives/" + m.rpartition(".")[2] for m in modules if not m.endswith(".drives"))


def _releases(lesson: str, locked: Sequence[tuple[str, str]]) -> list[Release]:
    found = []
    for module, name in locked:
        added = closure(module, [name], lesson)
        needed = {owners()[module, n] for n in names_in(added) if (module, n) in owners()}
        if all(of == lesson for of, _ in needed):
            names = tuple(sorted(exercise for _, exercise in needed))
            found.append(Release(names, module, (name,), source_of(added)))
    return found


def _imported(page: Sequence[str]) -> list[str]:
    """The modules that the page's code imports, and those that the checks need."""
    found = {f"backprop_helpers.checks.{name}" for name in ("attempt", "drives")}
    for source in page:
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except SyntaxError:
            continue
        found |= {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
        found |= {n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level}
    if "backprop_helpers.data" in found:  # which imports them when it is first asked for data
        found |= {"sklearn.datasets", "sklearn.model_selection"}
    return sorted(found)
