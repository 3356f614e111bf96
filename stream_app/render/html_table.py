"""The tables of a report, and the text of numbers, intervals and times in them."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.pipeline.records.results import Bounds
from stream_app.render.charts import time_label
from stream_app.render.escaping import escape

_STYLED = ("n:", "w:")


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table.

    Args:
        head: Headings. One that begins with ``n:`` makes a column of numbers, one with ``w:`` a column without line
            breaks.
        rows: A cell for each heading.
    """
    styles = [f' class="{name[0]}"' if name.startswith(_STYLED) else "" for name in head]
    names = [name[2:] if name.startswith(_STYLED) else name for name in head]
    heads = "".join(f"<th{style}>{escape(name)}</th>" for name, style in zip(names, styles, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{s}>{escape(cell)}</td>" for cell, s in zip(row, styles, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


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
