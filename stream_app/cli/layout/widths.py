"""Decides how wide the columns of a table are, and whether a listing fits as a table at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from stream_app.cli.layout.listing import Cell, Column, Listing
from stream_app.cli.layout.words import longest_word, wrap_words

GAP = 2  # columns between two cells
_MOST_LINES = 3  # of a cell in a table; a longer one reads better in a block


@dataclass(frozen=True)
class FittedColumn:
    """A column of a table.

    Attributes:
        column: What it is.
        number: Its place in the rows.
        width: Columns of the terminal that it takes.
    """

    column: Column
    number: int
    width: int


def text_of(cell: Cell) -> str:
    """Return a cell without its style."""
    return cell.plain if isinstance(cell, Text) else cell


def used_columns(listing: Listing) -> list[int]:
    """Return the places of the columns in which any row has a value."""
    rows = [row for section in listing.sections for row in section.rows]
    return [number for number in range(len(listing.columns)) if any(text_of(row[number]) for row in rows)]


def fit_columns(listing: Listing, numbers: Sequence[int], width: int) -> list[FittedColumn] | None:
    """Return the columns with their widths; None where they do not fit into the width.

    Only columns of text become narrower than their values, and no narrower than their longest word.

    Args:
        listing: What is drawn.
        numbers: Places of the columns that are drawn.
        width: Columns of the terminal.
    """
    room = width - GAP * max(0, len(numbers) - 1)
    cells = {number: _cells_of(listing, number) for number in numbers}
    widths = {number: _full_width(listing.columns[number], cells[number]) for number in numbers}
    least = {number: max(map(longest_word, [listing.columns[number].name, *cells[number]])) for number in numbers}
    while sum(widths.values()) > room:
        wide = [number for number in numbers if listing.columns[number].is_text and widths[number] > least[number]]
        if not wide:
            return None
        widths[max(wide, key=widths.__getitem__)] -= 1
    if any(len(wrap_words(cell, widths[number])) > _MOST_LINES for number in numbers for cell in cells[number]):
        return None
    return [FittedColumn(listing.columns[number], number, widths[number]) for number in numbers]


def _cells_of(listing: Listing, number: int) -> list[str]:
    return [text_of(row[number]) for section in listing.sections for row in section.rows]


def _full_width(column: Column, cells: Sequence[str]) -> int:
    """Return the width that no cell is broken at; a heading is always broken between words."""
    return max([longest_word(column.name), *map(cell_len, cells)])
