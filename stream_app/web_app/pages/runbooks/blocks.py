"""Reads the part of Markdown in which runbooks are written: headings, paragraphs, lists, tables and code.

A template writes the blocks, so every text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_ITEM = re.compile(r"\s*(\d+\.|-) +(.*)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"\*([^*]+)\*")
_FENCE = "```"


class Block(NamedTuple):
    """A block of text.

    Attributes:
        kind: ``title``, ``heading``, ``text``, ``item`` or ``code``.
        mark: Number or sign of an item.
        text: The text, of which every second part between backticks is code.
    """

    kind: str
    mark: str
    text: str

    @property
    def parts(self) -> list[tuple[bool, str]]:
        """The text in parts, each with whether it is code; of links only the text."""
        parts = self.text.split("`")
        return [(number % 2 == 1, part if number % 2 else _plain(part)) for number, part in enumerate(parts)]


def read_blocks(text: str) -> list[Block]:
    r"""Return the blocks of a runbook.

    >>> [block[:2] for block in read_blocks("# A\n\ntext\nmore\n\n1. one\n   two\n\n   ```\n   x\n   ```\n")]
    [('title', ''), ('text', ''), ('item', '1.'), ('code', '')]
    """
    return [*_blocks(iter(text.splitlines()))]


def _blocks(lines: Iterator[str]) -> Iterator[Block]:
    kind, mark, taken = "", "", list[str]()
    for line in lines:
        item = _ITEM.match(line)
        heading = "title" if line.startswith("# ") else "heading" if line.startswith("#") else ""
        starts_table = line.startswith("|") and kind != "code"
        if not line.strip() or heading or item or starts_table or line.strip().startswith(_FENCE):
            if taken:
                yield _block(kind, mark, taken)
            kind, mark, taken = "", "", []
        if heading:
            yield Block(heading, "", line.lstrip("# "))
        elif line.strip().startswith(_FENCE):
            yield Block("code", "", "\n".join(_code(lines, len(line) - len(line.lstrip()))))
        elif item:
            kind, mark, taken = "item", item[1], [item[2]]
        elif line.strip():
            kind = kind or ("code" if starts_table else "item" if line.startswith("  ") else "text")
            taken.append(line if kind == "code" else line.strip())
    if taken:
        yield _block(kind, mark, taken)


def _plain(text: str) -> str:
    return _EMPHASIS.sub(r"\1", _LINK.sub(r"\1", text))


def _block(kind: str, mark: str, taken: Iterable[str]) -> Block:
    return Block(kind, mark, ("\n" if kind == "code" else " ").join(taken))


def _code(lines: Iterator[str], indent: int) -> Iterator[str]:
    for line in lines:
        if line.strip().startswith(_FENCE):
            return
        yield line[indent:]
