"""Draws a listing as lines: as a table where it fits into the width, else as a block for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from stream_app.cli.layout.listing import Cell, Listing, Section
from stream_app.cli.layout.widths import GAP, FittedColumn, fit_columns, text_of, used_columns
from stream_app.cli.layout.words import wrap_items, wrap_text, wrap_words
from stream_app.printed_text import in_one_line

_INDENT = 2  # columns by which a block is further in than its first line


def draw(listing: Listing, width: int) -> Text:
    """Return a listing as text of this width; a single word that is longer stays whole.

    >>> from stream_app.cli.layout.listing import Column
    >>> columns = [Column("group", is_head=True), Column("n", is_number=True), Column("rate", is_number=True)]
    >>> listing = Listing("loans", columns, [Section([("female", "1,500", "0.33"), ("male", "900", "0.71")])])
    >>> print(draw(listing, 30).plain)
    loans
    <BLANKLINE>
    group       n  rate
    ───────────────────
    female  1,500  0.33
    male      900  0.71
    >>> print(draw(listing, 16).plain)
    loans
    <BLANKLINE>
    female
      n 1,500;
      rate 0.33
    male
      n 900;
      rate 0.71
    """
    listing = _in_lines(listing)
    numbers = used_columns(listing)
    fitted = fit_columns(listing, numbers, width)
    lines = [*_wrapped(Text(listing.title, style="bold"), width), Text()]
    if fitted:
        lines += _heading(fitted)
    for place, section in enumerate(listing.sections):
        if section.title:
            lines += [Text()] * (place > 0) + _wrapped(Text(section.title, style="bold"), width)
        for row in section.rows:
            lines += _table_row(fitted, row) if fitted else _block(listing, numbers, row, width)
        lines += _notes(section, width)
    lines += [line for caption in listing.captions for line in _wrapped(Text(caption, style="dim"), width)]
    return Text("\n").join(lines)


def _in_lines(listing: Listing) -> Listing:
    """Return the listing with each of its texts on one line: no label of a record forges a row."""
    sections = [
        replace(
            section,
            rows=[[_cell_in_one_line(cell) for cell in row] for row in section.rows],
            title=in_one_line(section.title),
            notes=[*map(in_one_line, section.notes)],
        )
        for section in listing.sections
    ]
    captions = [*map(in_one_line, listing.captions)]
    return replace(listing, title=in_one_line(listing.title), sections=sections, captions=captions)


def _cell_in_one_line(cell: Cell) -> Cell:
    return Text(in_one_line(cell.plain), style=cell.style) if isinstance(cell, Text) else in_one_line(cell)


def _notes(section: Section, width: int) -> list[Text]:
    """Return the sentences of a section, further in than its rows."""
    indent = " " * _INDENT
    return [Text(indent + line) for note in section.notes for line in wrap_words(note, width - _INDENT)]


def _heading(fitted: Sequence[FittedColumn]) -> list[Text]:
    names = [Text(column.column.name, style="dim") for column in fitted]
    n_columns = sum(column.width for column in fitted) + GAP * (len(fitted) - 1)
    return [*_aligned(fitted, names, is_bottom=True), Text("─" * n_columns, style="dim")]


def _table_row(fitted: Sequence[FittedColumn], row: Sequence[Cell]) -> list[Text]:
    return _aligned(fitted, [row[column.number] for column in fitted])


def _aligned(fitted: Sequence[FittedColumn], cells: Sequence[Cell], *, is_bottom: bool = False) -> list[Text]:
    """Return the lines of one row; cells of fewer lines are at its top, or at its bottom."""
    parts = [_parts(cell, column.width) for cell, column in zip(cells, fitted, strict=True)]
    height = max(map(len, parts))
    lines = []
    for number in range(height):
        line = Text()
        for column, part in zip(fitted, parts, strict=True):
            place = number - (height - len(part) if is_bottom else 0)
            text = part[place] if 0 <= place < len(part) else Text()
            padding = " " * (column.width - cell_len(text.plain))
            line.append(padding if column.column.is_number else "").append_text(text)
            line.append(("" if column.column.is_number else padding) + " " * GAP)
        line.rstrip()
        lines.append(line)
    return lines


def _parts(cell: Cell, width: int) -> list[Text]:
    style = cell.style if isinstance(cell, Text) else ""
    return [Text(line, style=style) for line in wrap_words(text_of(cell), width)]


def _block(listing: Listing, numbers: Sequence[int], row: Sequence[Cell], width: int) -> Iterator[Text]:
    """Yield the lines of one row: the values that name it, then the others with their names."""
    cells = [(listing.columns[number], row[number]) for number in numbers if text_of(row[number])]
    head = Text("  ").join(Text(text_of(cell), style=_style(cell)) for column, cell in cells if column.is_head)
    if head.plain:
        yield from _wrapped(head, width)
    values = [f"{column.name} {text_of(cell)}" for column, cell in cells if not column.is_head]
    for line in wrap_items(values, width - _INDENT) if values else ():
        yield Text(" " * _INDENT + line)


def _style(cell: Cell) -> str:
    return str(cell.style) if isinstance(cell, Text) else ""


def _wrapped(text: Text, width: int) -> list[Text]:
    return list(wrap_text(text, width).split("\n", allow_blank=True))
