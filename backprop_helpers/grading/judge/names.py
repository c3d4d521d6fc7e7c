"""Which names a cell binds and reads: so that a test cell finds what it needs, and the learner's things stay the learner's."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import symtable
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from IPython.core.inputtransformer2 import TransformerManager

_CALLS = ("check", "diagnose")
_BUILTINS = frozenset(dir(builtins))
# Code that may find its names in ways that can't be read off.
_EVASIVE = re.compile(
    r"\b(?:globals|locals|vars|exec|eval|get_ipython|__main__|__builtins__|import_module)\b"
)
# A call that sets something for all cells below, as np.random.seed(0) does.
_SETS = re.compile(r"seed|seterr|filterwarnings|simplefilter|use|set_\w+|rc")


@dataclass(frozen=True)
class Cell:
    """A cell's syntax tree and its names.

    tree: None where it can't be read; binds: names that its top level gives a value; stores: those of them that plain
    assignments bind, which later cells may go on changing; reads: all names it reads and does not bind itself before;
    handed: those of `reads` that are nothing but arguments of `check` or `diagnose`; imports: name → the statement that imports
    it and nothing else; rest: the tree without these.
    """

    tree: ast.Module | None
    binds: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    handed: frozenset[str] = frozenset()
    imports: Mapping[str, ast.Module] = field(default_factory=dict)
    rest: ast.Module | None = None


LONG = 200_000  # characters of a cell of the course, beyond which nobody looks for names in it
# The same of a learner's: a syntax tree takes hundreds of times the memory of its text, and trees are kept for a while.
LONG_OF_LEARNERS = 20_000
# What IPython may turn into Python: commands, questions, the prompts of copied lines.
_IPYTHON = re.compile(r"(?m)^[ \t\f]*(?:[!?%,;/]|>>>|\.\.\.|In \[)|\?|=\s*[%!]|!(?!=)")


def looked_at(source: str, magics: bool = True) -> Cell:
    """The names of a cell. Never raises.

    magics: whether IPython's own commands are read too, which is for cells of the course: somebody could write so many that it
    takes minutes.
    """
    return _of_the_course(source) if magics else _of_a_learner(source)


@functools.lru_cache(maxsize=2048)
def _of_the_course(source: str) -> Cell:
    return _read(source, magics=True, most=LONG)


@functools.lru_cache(maxsize=64)  # a submission's, which are asked for more than once
def _of_a_learner(source: str) -> Cell:
    return _read(source, magics=False, most=LONG_OF_LEARNERS)


def _read(source: str, *, magics: bool, most: int) -> Cell:
    try:
        text = TransformerManager().transform_cell(source) if magics else source
        if len(text) > most:
            return Cell(None)
        tree = ast.parse(text)
        free = set(_free(symtable.symtable(text, "<cell>", "exec")))
        if any(_dead(block) for block in _blocks(tree)):
            free &= set(_free(symtable.symtable(_living(text), "<cell>", "exec")))
    except SyntaxError:
        nothing = ast.Module([], [])
        return Cell(nothing, rest=nothing) if not magics and _is_no_python(source) else Cell(None)
    except Exception:  # nested so deeply that it can't be read
        return Cell(None)
    loads = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    given = {n.id for n in _given_to_checks(tree)}
    binds, stores = bound(tree)
    reads = free - _BUILTINS
    reads |= {
        n.target.id for n in tree.body if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
    handed = frozenset(given - _also_used(tree, loads))
    rest = ast.Module([n for n in tree.body if not isinstance(n, ast.Import | ast.ImportFrom)], [])
    return Cell(tree, binds, stores, frozenset(reads), handed, dict(_imports(tree)), rest)


def _living(text: str) -> str:
    """Code without what is never reached: an empty exercise goes on to return names that nothing gives a value."""
    tree = ast.parse(text)
    for block in _blocks(tree):
        if dead := _dead(block):
            del block[-dead:]
    return ast.unparse(tree)


def _dead(block: Sequence[ast.stmt]) -> int:
    """How many statements of a block stand behind its first `raise` or `return`."""
    ends = (len(block) - 1 - k for k, node in enumerate(block) if isinstance(node, ast.Raise | ast.Return))
    return next(ends, 0)


def _blocks(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(tree):
        for field_ in ("body", "orelse", "finalbody"):
            if isinstance(block := getattr(node, field_, None), list):
                yield block


def _is_no_python(source: str) -> bool:
    """Whether it can't be read, with nothing in it that IPython would change first: then no line of the cell ever runs."""
    try:
        ast.parse(source)
    except SyntaxError:
        # IPython takes away the indentation of a whole cell
        return not _IPYTHON.search(source) and not source.lstrip("\n")[:1].isspace()
    except Exception:
        return False
    return False  # it can be read, and what is wrong is found line by line


def _imports(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                one: ast.stmt = ast.copy_location(ast.Import([alias]), node)
                yield (alias.asname or alias.name).split(".")[0], ast.Module([one], [])
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                one = ast.copy_location(ast.ImportFrom(node.module, [alias], node.level), node)
                yield alias.asname or alias.name, ast.Module([one], [])


def _free(table: symtable.SymbolTable) -> Iterator[str]:
    """Names that code takes from its notebook: all that its top level reads, and what functions don't bind themselves."""
    top = table.get_type() == "module"
    yield from (s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global()))
    for inner in table.get_children():
        yield from _free(inner)


def _given_to_checks(tree: ast.AST) -> list[ast.Name]:
    """Arguments of check(…) and diagnose(…) that are plain names."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            values = [*node.args, *(k.value for k in node.keywords)]
            found += [v for v in values if isinstance(v, ast.Name)]
    return found


def _also_used(tree: ast.AST, loads: list[ast.Name]) -> set[str]:
    given = {id(n) for n in _given_to_checks(tree)}
    return {n.id for n in loads if id(n) not in given}


def bound(tree: ast.Module) -> tuple[frozenset[str], frozenset[str]]:
    """(all names that the top level of a tree binds, those that assignments bind)."""
    binds: set[str] = set()
    stores: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            binds.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            binds |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        else:
            stores |= {
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
    return frozenset(binds | stores), frozenset(stores)


def defined(source: str) -> frozenset[str]:
    """The names that a learner's cell binds at its top level; none where it can't be read."""
    return looked_at(source, magics=False).binds


def needed(sources: Sequence[tuple[bool, str]]) -> frozenset[int]:
    """Which cells of the course have to run for the cells in between: by position in the page.

    sources: (whether it is a cell of the course that only shows something, source). A cell is needed where it binds a name for a
    cell further down that is needed itself or no showing one, where it may change such a variable in between, or where it
    sets something for all. All are needed where one of the others can't be read or looks its names up by itself.
    """
    shown = [i for i, (shows, _) in enumerate(sources) if shows]
    cells = [looked_at(source, magics=shows) for shows, source in sources]
    others = [i for i, (shows, _) in enumerate(sources) if not shows]
    if any(_EVASIVE.search(sources[i][1]) or cells[i].tree is None for i in others):
        return frozenset(shown)
    found = {i for i in shown if _sets_for_all(cells[i])}
    # a function looks its names up when it is called, which may be as late as in the last cell
    queue = [(name, at) for i in others for name in cells[i].reads for at in (i, len(sources))]
    queue += [(name, i) for i in found for name in cells[i].reads]
    seen: set[tuple[str, int]] = set()
    while queue:
        name, before = queue.pop()
        if (name, before) in seen:
            continue
        seen.add((name, before))
        for i in _makers(name, before, shown, cells) - found:
            found.add(i)
            queue += [(inner, i) for inner in cells[i].reads]
    return frozenset(found)


def _makers(name: str, before: int, shown: Sequence[int], cells: Sequence[Cell]) -> set[int]:
    """The cell above `before` that binds a name last, and for a variable those in between that use it."""
    binding = [i for i in shown if i < before and name in cells[i].binds]
    if not binding:
        return set()
    last = binding[-1]
    if name not in cells[last].stores:
        return {last}
    return {last} | {i for i in shown if last < i < before and name in cells[i].reads}


def _sets_for_all(cell: Cell) -> bool:
    return cell.tree is None or any(map(_sets_something, cell.tree.body))


def _sets_something(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and _SETS.fullmatch(call.func.attr) is not None
    )
