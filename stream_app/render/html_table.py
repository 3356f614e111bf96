"""The tables of a report, and the text of numbers, intervals and times in them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stream_app.pipeline.records.results import Bounds
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape

_STYLED = ("n:", "w:")
_MAX_SHORT, _MAX_SHORT_TEXT = 12, 900  # rows, and characters in them, that stay on one page
_MAX_WORD, _BREAKS = 24, re.compile(r"[\s-]+")  # characters of a word, and where a browser divides words
_MAX_NARROW = 7  # columns of the usual size; more get smaller letters on paper


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; a column without any text is left out, and a small table is not divided between pages.

    Args:
        head: Headings. One that begins with ``n:`` makes a column of numbers, one with ``w:`` a column without line
            breaks. Without any text, the rows are names and values.
        rows: A cell for each heading.

    Raises:
        ValueError: a row has more or fewer cells.
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError("A row does not have a cell for each heading")
    kept = [place for place in range(len(head)) if not rows or any(row[place] for row in rows)]
    marks = [head[place][0] if head[place].startswith(_STYLED) else "" for place in kept]
    names = [head[place][2:] if head[place].startswith(_STYLED) else head[place] for place in kept]
    heads = "".join(f"<th{_class(mark)}>{escape(name)}</th>" for name, mark in zip(names, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(row[place], mark) for place, mark in zip(kept, marks, strict=True)) + "</tr>"
        for row in rows
    )
    thead = f"<thead><tr>{heads}</tr></thead>" if any(names) else ""
    is_short = len(rows) <= _MAX_SHORT and sum(len(cell) for row in rows for cell in row) <= _MAX_SHORT_TEXT
    kinds = ("facts", not thead), ("short", is_short), ("wide", len(kept) > _MAX_NARROW)
    classes = [name for name, is_so in kinds if is_so]
    return f"<table{_class(' '.join(classes))}>{thead}<tbody>{body}</tbody></table>"


def _cell(text: str, mark: str) -> str:
    """Return a cell; one with a word that fits in no column can be broken anywhere."""
    is_long = not mark and any(len(word) > _MAX_WORD for word in _BREAKS.split(text))
    return f"<td{_class('long' if is_long else mark)}>{escape(text)}</td>"


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""


def number_text(value: float | None, missing: str = "suppressed") -> str:
    """Return a number as a table shows it, or the text for a missing one.

    >>> number_text(12345), number_text(0.123456), number_text(None), number_text(None, "undefined")
    ('12,345', '0.1235', 'suppressed', 'undefined')
    """
    if value is None:
        return missing
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def share_text(value: float | None, missing: str = "suppressed", *, sign: str = "") -> str:
    """Return a rate, a ratio or a gap as a table shows it, always with four decimals, or the text for a missing one.

    >>> share_text(0.43), share_text(-0.00846, sign="+"), share_text(0.0), share_text(None)
    ('0.4300', '-0.0085', '0.0000', 'suppressed')
    """
    return missing if value is None else f"{value:{sign}.4f}"


def bounds_text(bounds: Bounds | None) -> str:
    """Return an interval as a table shows it; empty without one."""
    return "" if bounds is None else f"{bounds.lower:.3f} to {'∞' if bounds.upper is None else f'{bounds.upper:.3f}'}"


def time_text(time_s: int | None) -> str:
    """Return a time as a table shows it."""
    return "none" if time_s is None else time_label(time_s)


def moment_text(time_s: float | None, missing: str) -> str:
    """Return one end of a time range, or the text for an open one."""
    return missing if time_s is None else time_label(int(time_s))
