"""A listing: rows under headings, in sections; how wide a terminal is does not concern it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from rich.text import Text

Cell = str | Text  # a styled cell is a ``Text``


@dataclass(frozen=True)
class Column:
    """A column of a listing.

    Attributes:
        name: Its heading; where each row is a block, the name before the value.
        is_number: Aligned to the right.
        is_text: May continue on the next line.
        is_head: In a block the value is in the first line, without its name.
    """

    name: str
    is_number: bool = False
    is_text: bool = False
    is_head: bool = False


@dataclass(frozen=True)
class Section:
    """Rows that belong together.

    Attributes:
        rows: A cell for each column.
        title: What they are about; empty for none.
        notes: Sentences about them.
    """

    rows: Sequence[Sequence[Cell]]
    title: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Listing:
    """Rows under headings.

    Attributes:
        title: What it lists.
        columns: Its columns; one without any value is left out.
        sections: Its rows; in order.
        captions: What the reader must know to understand the values.
    """

    title: str
    columns: Sequence[Column]
    sections: Sequence[Section]
    captions: Sequence[str] = ()

    def without(self, names: Collection[str]) -> Listing:
        """Return the listing without some of its columns."""
        kept = [number for number, column in enumerate(self.columns) if column.name not in names]
        sections = [
            replace(section, rows=[[row[number] for number in kept] for row in section.rows])
            for section in self.sections
        ]
        return replace(self, columns=[self.columns[number] for number in kept], sections=sections)
