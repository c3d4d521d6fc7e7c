"""The package as a whole: light to import, complete, and with imports that run one way."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_helpers

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "backprop_helpers"

# Lower layers first; a module may import from its own layer and from those before it.
LAYERS = (
    ("_version", "_files", "_lessons", "data"),
    ("layers", "losses", "network", "optimizers", "chain_rule", "gradcheck", "bug_hunt", "autodiff"),
    ("cost", "counting", "initialisation", "layer_health", "checkpointing", "own_words"),
    ("experiments",),
    ("history", "training", "capstone", "_progress", "environment"),
    ("misconceptions",),
    ("checks",),
    ("progress_card", "tracing"),
    ("grading",),
    ("lms", "feedback"),
    ("report", "course"),
    ("authoring", "learn", "demo"),
    ("cli",),
)


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_package_and_checking_loads_no_plots_and_no_widgets():
    code = (
        "import sys, backprop_helpers; from backprop_helpers import check, affine_forward;"
        "check('affine_forward', affine_forward);"
        "print([m for m in ('matplotlib', 'ipywidgets', 'sklearn', 'pandas', 'nbgrader', 'jupyterlab') if m in sys.modules])"
    )
    assert _run(code).splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", backprop_helpers.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(backprop_helpers, name)
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_answered_with_what_there_is():
    with pytest.raises(AttributeError, match=r"it has .*affine_forward"):
        _ = backprop_helpers.afine_forward


def _layer(module: str) -> int | None:
    parts = module.split(".")
    if parts[0] != "backprop_helpers" or len(parts) < 2:
        return None
    return next((i for i, names in enumerate(LAYERS) if parts[1] in names), None)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    """The module an import names, also where it is written with dots."""
    if not node.level:
        return node.module or ""
    here = ("backprop_helpers", *path.relative_to(PACKAGE).parts[:-1])
    base = here[: len(here) - node.level + 1]
    return ".".join((*base, *(node.module or "").split("."))).rstrip(".")


def _imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node, path)
            found.append(module)
            if module == "backprop_helpers":
                found += [f"backprop_helpers.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names]
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    relative = path.relative_to(PACKAGE)
    own = f"backprop_helpers.{relative.with_suffix('').parts[0]}"
    if relative.name == "__init__.py" and len(relative.parts) == 1:
        return  # the package itself loads everything lazily
    mine = _layer(own)
    assert mine is not None, f"{own} has no place in LAYERS yet"
    for module in _imports(path):
        theirs = _layer(module)
        assert theirs is None or theirs <= mine, f"{relative} imports {module}, which stands above it"


def test_nothing_names_a_path_of_one_machine():
    """Nor of one moment: a temporary folder. Made-up people of the documentation may have a home."""
    folders = [
        "backprop_helpers",
        "benchmarks",
        "docs",
        "lessons",
        "notebooks",
        "solutions",
        "tests",
        "tools",
    ]
    kinds = {".py", ".md", ".ipynb", ".toml", ".yml", ".txt"}
    files = [*ROOT.glob("*.*"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    texts = [path for path in files if path.suffix in kinds and path.is_file()]
    assert len(texts) > 300
    here = re.compile(
        r"(?<![\w.…])/(?:(?:root|work)/\w|home/(?!(?:teacher|anna|bert)\b)\w|tmp/\w)|\btmp[a-z0-9_]{8}\b"
    )
    for path in texts:
        found = here.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path.relative_to(ROOT)}: {found[0]}"


def test_the_pre_commit_hooks_are_valid_and_run_what_make_test_runs():
    config = ROOT / ".pre-commit-config.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    text = config.read_text(encoding="utf-8")
    assert all(tool in text for tool in ("ruff check", "ruff format", "mypy"))


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").is_file()
