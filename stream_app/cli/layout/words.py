"""Breaks lines between words. A word that is longer than a line, such as a path, is not broken, so it can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.text import Text

# A command of this program, with its flags and their values, stays on one line, so that it runs as it is copied.
_COMMAND = r"(?<!\S)[(`]?fairstream(?: [a-z][a-z-]*){1,2}(?: [A-Z]{2,}\b| --[a-z][a-z-]*(?:[ =](?!-)\S+)?)*\S*"
_WORD = re.compile(rf"{_COMMAND}|\S+")
_LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")  # text before a gap: the name of what follows
_MOST_HANGING = 0.4  # share of the width that an indentation may take
_STEP = 2  # columns by which an indented line continues further in


def wrap_text(text: Text, width: int) -> Text:
    """Return a text without lines that are longer than the width, as far as its words permit.

    A long line continues below its text: after its first gap of two or more blanks where that is near its beginning,
    else a little further in than it is indented, or at the margin if it is not.

    Args:
        text: Any number of lines.
        width: Columns of a line, >= 1.

    >>> print(wrap_text(Text("segment  product: auto, home, personal"), 26).plain)
    segment  product: auto,
             home, personal
    >>> print(wrap_text(Text("a path: /a/very/long/path/of/a/file is not broken"), 12).plain)
    a path:
    /a/very/long/path/of/a/file
    is not
    broken
    """
    if max(map(cell_len, text.plain.split("\n"))) <= width:
        return text
    lines = (line for long_line in text.split("\n", allow_blank=True) for line in _wrap_line(long_line, width))
    return Text("\n").join(lines)


def wrap_words(text: str, width: int) -> list[str]:
    """Return the lines of a text that has no indentation, broken between words; one empty line for an empty text.

    >>> wrap_words("limit exceeded, not proven", 15)
    ['limit exceeded,', 'not proven']
    >>> wrap_words("start it: fairstream local kafka, or wait", 20)
    ['start it:', 'fairstream local kafka,', 'or wait']
    >>> wrap_words("now fairstream replay verify --model loans --from 2h, then wait", 20)
    ['now', 'fairstream replay verify --model loans --from 2h,', 'then wait']
    """
    return [text[first:end] for first, end in _line_spans(text, width, width)]


def wrap_items(items: Iterable[str], width: int) -> list[str]:
    """Return lines of items with semicolons between them; an item is broken only where it is longer than a line.

    >>> wrap_items(["n 1,500", "rate 0.4639", "gap -0.3807"], 22)
    ['n 1,500; rate 0.4639;', 'gap -0.3807']
    """
    lines = [""]
    *first, last = [*items] or [""]
    for item in [*(f"{item};" for item in first), last]:
        joined = f"{lines[-1]} {item}".strip()
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines[-1:] = [line for line in (lines[-1],) if line] + wrap_words(item, width)
    return lines


def longest_word(text: str) -> int:
    """Return the columns that the longest word of a text takes; 0 without words."""
    return max((cell_len(word) for word in _WORD.findall(text)), default=0)


def _wrap_line(line: Text, width: int) -> Iterator[Text]:
    indent = _indent_of(line.plain, width)
    for number, (first, end) in enumerate(_line_spans(line.plain, width, width - indent)):
        part = line[first:end]
        yield Text(" " * indent).append_text(part) if number else part


def _indent_of(line: str, width: int) -> int:
    """Return the columns by which a line continues, and by which its longest word still fits."""
    label, margin = _LABEL.match(line), len(line) - len(line.lstrip(" "))
    indent = margin + _STEP if margin else 0
    if label is not None and cell_len(label[0]) <= width * _MOST_HANGING:
        indent = cell_len(label[0])
    return max(0, min(indent, width - longest_word(line)))


def _line_spans(text: str, width: int, later_width: int) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and ends in a text; later lines have a width of their own."""
    first, end = 0, 0
    for word in _WORD.finditer(text):
        if end and cell_len(text[first : word.end()]) > width:
            yield first, end
            first, width = word.start(), later_width
        end = word.end()
    yield first, end
