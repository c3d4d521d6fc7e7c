"""Outputs of an executed notebook: cleaned so that they are the same on every run, and compared as nbval does."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from backprop_helpers.authoring.text import LANGUAGE_INFO

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a model of one kernel's life
IGNORE_OUTPUT = "nbval-ignore-output"
# What nbval leaves out of its comparison: these differ between machines (pictures to the last pixel).
_NOT_COMPARED = {
    "metadata",
    "traceback",
    "prompt_number",
    "output_type",
    "name",
    "execution_count",
    WIDGET_VIEW,
    "image/png",
    "image/jpeg",
}
_PAIR = re.compile(r"^regex: (.*)$\n^replace: (.*)$", re.MULTILINE)


def clean(notebook: NotebookNode, root: Path) -> None:
    """Take out of a notebook, in place, whatever belongs to one run or one machine only.

    root: the course's folder; it and the Python's folder are taken out of tracebacks.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = NotebookNode(LANGUAGE_INFO)  # the kernel adds its exact version
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [_clean_output(output, root) for output in _merge_streams(cell.outputs)]


def machine_paths(cell: NotebookNode, root: Path) -> list[str]:
    """Paths of this machine that a reader of the cell's outputs would see."""
    shown = "\n".join(_texts(cell))
    return [path for path in _own_paths(root) if path in shown]


def same_outputs(new: NotebookNode, old: NotebookNode, sanitize: list[tuple[str, str]]) -> bool:
    """Whether two notebooks of the same cells have the same outputs by nbval's rules."""
    return len(new.cells) == len(old.cells) and all(
        IGNORE_OUTPUT in a.metadata.get("tags", [])
        or _compared(a.get("outputs", []), sanitize) == _compared(b.get("outputs", []), sanitize)
        for a, b in zip(new.cells, old.cells, strict=True)
    )


def read_sanitize(config: Path) -> list[tuple[str, str]]:
    """The (regex, replacement) pairs of an nbval sanitise file; none where there is no file."""
    return _PAIR.findall(config.read_text(encoding="utf-8")) if config.exists() else []


def _merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One stdout and one stderr a cell: how a stream is cut into pieces depends on the machine's mood."""
    merged: dict[str, NotebookNode] = {}
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name in merged:
            merged[output.name].text += output.text
            continue
        if output.output_type == "stream":
            merged[output.name] = output
        kept.append(output)
    return kept


def _clean_output(output: NotebookNode, root: Path) -> NotebookNode:
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
        output.metadata.pop(WIDGET_VIEW, None)
    if output.output_type == "error":
        output.traceback = [_without_paths(line, root) for line in output.traceback]
    return output


def _without_paths(line: str, root: Path) -> str:
    for path in _own_paths(root):
        line = line.replace(path, "…")
    return re.sub(r"ipykernel_\d+/\d+\.py", "ipykernel", line)


def _own_paths(root: Path) -> list[str]:
    """Longest first, so that a folder inside another is named whole; "/" alone would match everything."""
    paths = {str(root), str(root.resolve()), sys.prefix, sys.base_prefix, str(Path.home())}
    general = {"", "/", "/usr", "/usr/local"}
    return sorted(paths - general, key=len, reverse=True)


def _texts(cell: NotebookNode) -> list[str]:
    texts: list[str] = []
    for output in cell.get("outputs", []):
        texts += [output.get("text", ""), *output.get("traceback", [])]
        texts += [value for value in output.get("data", {}).values() if isinstance(value, str)]
    return texts


def _compared(outputs: list[NotebookNode], sanitize: list[tuple[str, str]]) -> dict[str, list[Any]]:
    """nbval's view of a cell's outputs: every key with its values in order, sanitised."""
    view: dict[str, list[Any]] = defaultdict(list)
    for output in _merge_streams([NotebookNode(output) for output in outputs]):
        flat = {**output, **output.get("data", {})}
        flat.pop("data", None)
        if output.output_type == "stream":
            flat = {output.name: output.text}
        for key, value in flat.items():
            if key not in _NOT_COMPARED:
                view[key].append(_sanitized(value, sanitize))
    return dict(view)


def _sanitized(value: Any, sanitize: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for regex, replacement in sanitize:
            value = re.sub(regex, replacement, value)
    return value
