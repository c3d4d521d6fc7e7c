"""A learner's words as formgrader may show them: it makes HTML of their Markdown, in a page that has the marker's rights.

What could do anything is not looked for (there are too many ways to write `javascript:`), but what it would have to be
written with: a space behind each mark that begins a tag, a link, an entity or a dangerous command of a formula leaves
text that reads the same and is nothing but text, whatever stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

Attached = Mapping[str, dict[str, str]]

# Commands of formulas that make links, set attributes, load something, or change what other commands of the page mean.
_NAMES = (
    "href|url|class|cssId|style|data|require|bbox|mmlToken|unicode|includegraphics|htmlClass|htmlId|htmlStyle|htmlData|"
    "def|edef|gdef|xdef|let|futurelet|newcommand|renewcommand|providecommand|newenvironment|renewenvironment|"
    "DeclareMathOperator"
)
_COMMAND = rf"\\(?=(?:{_NAMES})(?![A-Za-z]))"
_BEGINNING = "|".join(
    (
        r"<(?=[A-Za-z/!?]|[^\s<]*@)",  # a tag, a comment, an address in angle brackets
        r"\](?=[(:])",  # where a link, a picture or a reference goes
        r":(?=//)",  # an address that would become a link by itself
        r"&(?=\\?[#A-Za-z])",  # an entity, which could spell each of the others
        _COMMAND,
    )
)
_PICTURE = r"(?<!\\)!\[(?P<about>[^\[\]\n]*)\]\(attachment:(?P<name>(?:[^()\n]|\([^()\n]*\))*)\)"
# A heading's own words become its id, and formgrader finds the fields for marks by their ids: the first of two is taken.
_HEADING = r"(?P<heading>(?<![^\s>])#+[ \t]*(?=[^\s#])|^[ \t>]*[=-](?=[=-]*[ \t]*$))"
_NO_WIDTH = "\u200b"  # in no name of a field, and not to be seen
_MARK = re.compile(f"{_PICTURE}|{_HEADING}|{_BEGINNING}", re.MULTILINE)


def shown(words: str, attached: Attached) -> tuple[str, dict[str, dict[str, str]]]:
    """The words as text, and the pictures that stand in them.

    words: Markdown; attached: pictures by name, as nbformat has them. Returns Markdown in which the first mention of an
    attached picture is that picture, no heading has the id of a field, and all else is text; and those pictures under
    names of our own. A mention of a picture that is not there would be the end of formgrader's whole page.
    """
    kept: dict[str, dict[str, str]] = {}
    left = dict(attached)

    def replaced(found: re.Match[str]) -> str:
        if found["heading"] is not None:
            return f"{found[0]}{_NO_WIDTH}"
        if found["name"] is None:
            return f"{found[0]} "
        name = found["name"] if found["name"] in left else unquote(found["name"])
        if name not in left:
            return re.sub(_BEGINNING, r"\g<0> ", found[0])
        own = f"picture-{len(kept) + 1}"
        kept[own] = left.pop(name)  # once: a thousand mentions would make a page of gigabytes
        about = re.sub(r"[^\w .,-]", " ", found["about"])
        return f"![{about}](attachment:{own})"

    return _MARK.sub(replaced, words), kept


def without_commands(text: str) -> str:
    """Text that is no Markdown, with a space in each command that could do something if it stood in a formula."""
    return re.sub(_COMMAND, r"\\ ", text)
