"""Tables of a report, and numbers, intervals and moments as they stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from stream_app.pipeline.records.results import Bounds
from stream_app.render.charts import moment


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; a heading that begins with ``n:`` makes a column of numbers."""
    marks = [' class="n"' if name.startswith("n:") else "" for name in head]
    heads = "".join(f"<th{m}>{escape(name.removeprefix('n:'))}</th>" for name, m in zip(head, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{m}>{escape(cell)}</td>" for cell, m in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def number_text(value: float | None) -> str:
    """Return a number as a table shows it."""
    if value is None:
        return "hidden or none"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def bounds_text(bounds: Bounds | None) -> str:
    """Return an interval as a table shows it; nothing without one."""
    return "" if bounds is None else f"{bounds.lower:.3f} to {'∞' if bounds.upper is None else f'{bounds.upper:.3f}'}"


def time_text(time_s: int | None) -> str:
    """Return a moment as a table shows it."""
    return "none" if time_s is None else moment(time_s)
