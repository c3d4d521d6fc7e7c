"""Finds a solution that can be read in what a learner gets.

A line of a solution counts when it says something: at least four names or numbers and an operation or a call.
``return out`` and ``N = x.shape[0]`` say nothing, so a stub or a hint may contain them. Spaces and comments don't
matter. Hints and stubs must not contain such a line (nor its right-hand side alone); any other cell may show single
lines (a page teaches with code) but not most of an exercise's solution.
"""

from __future__ import annotations

import io
import itertools
import keyword
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

_OPERATORS = frozenset(re.split(" ", "+ - * / // % ** @ < > <= >= == != & | ^ ~ += -= *= /= @= **= //= if"))
_HINT = re.compile(r"<details\b.*?</details>", re.DOTALL | re.IGNORECASE)
_ENOUGH_WORDS = 4
_MOST = 0.6  # of a solution's telling lines, seen in one cell, is the solution


@dataclass(frozen=True)
class TellingLine:
    """A line of a solution that gives something away."""

    offset: int  # 0-based line within the cell
    shown: str  # as the author wrote it
    forms: tuple[str, ...]  # squeezed: the whole line, and its right-hand side alone


def telling_lines(source: str, offsets: set[int]) -> list[TellingLine]:
    """The telling lines among the given 0-based lines of a cell's source. Source that can't be read has none."""
    found = []
    for offset, words in _lines_of_tokens(source):
        if offset in offsets and _tells(words):
            found.append(TellingLine(offset, source.split("\n")[offset].strip(), tuple(_forms(words))))
    return found


def hints(markdown: str) -> str:
    """All hints in a markdown cell, which are the ``<details>`` blocks."""
    return "\n".join(_HINT.findall(markdown))


def shows(text: str, line: TellingLine) -> bool:
    """Whether a text contains the line, however it is spaced."""
    squeezed = squeeze(text)
    return any(_contains(squeezed, form) for form in line.forms)


def shows_most(text: str, lines: list[TellingLine]) -> bool:
    """Whether a text contains most of a solution of at least two telling lines."""
    squeezed = squeeze(text)
    seen = sum(_contains(squeezed, line.forms[0]) for line in lines)
    return len(lines) >= 2 and seen / len(lines) >= _MOST


def squeeze(text: str) -> str:
    """A text without code marks, and without spaces except between two words."""
    text = re.sub(r"[\s`]+", " ", text)
    return re.sub(r"(?<!\w) | (?!\w)", "", text)


def _contains(squeezed: str, form: str) -> bool:
    """Like ``in``, but a name never matches the end or the beginning of a longer one."""
    start = squeezed.find(form)
    while start >= 0:
        before = squeezed[start - 1 : start]
        after = squeezed[start + len(form) : start + len(form) + 1]
        glued = (_is_word(before) and _is_word(form[0])) or before == "."
        if not glued and not (_is_word(after) and _is_word(form[-1])):
            return True
        start = squeezed.find(form, start + 1)
    return False


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _lines_of_tokens(source: str) -> Iterator[tuple[int, list[str]]]:
    words: list[str] = []
    first = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER):
                if words:
                    yield first, words
                words = []
            elif token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                first = token.start[0] - 1 if not words else first
                words.append(token.string)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return


def _tells(words: list[str]) -> bool:
    counted = [word for word in words if _is_word(word[0]) and not keyword.iskeyword(word)]
    calls = any(
        word == "(" and _is_word(before[-1]) and not keyword.iskeyword(before)
        for before, word in itertools.pairwise(words)
    )
    return len(counted) >= _ENOUGH_WORDS and (calls or any(word in _OPERATORS for word in words[1:]))


def _forms(words: list[str]) -> Iterator[str]:
    yield squeeze(" ".join(words))
    depth = 0
    for i, word in enumerate(words):
        depth += (word in "([{") - (word in ")]}")
        assigns = depth == 0 and (word == "=" or (i == 0 and word == "return"))
        if assigns and _tells(words[i + 1 :]):
            yield squeeze(" ".join(words[i + 1 :]))
