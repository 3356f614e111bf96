"""Where commands print: results on stdout (``--json`` for programs), everything else on stderr.

Every line is laid out for the width of the terminal, for that in ``COLUMNS``, or for 80 columns in a pipe, and broken
between words only. A command that a reader may copy is printed with ``print_command``, which breaks nothing.

Much of what is printed was written by others: labels, names, records of topics. Signs that would move the cursor,
change the window or reverse the direction of writing are shown as escapes, whatever prints them. So are the line
breaks of a string: several lines are printed with ``print_lines``, a ``Text`` or a listing, and no label forges one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment
from rich.text import Text

from stream_app.cli.layout.drawing import draw
from stream_app.cli.layout.listing import Listing
from stream_app.cli.layout.words import wrap_text
from stream_app.printed_text import escape_controls, in_one_line, json_line

_LEAST_WIDTH = 20  # columns; of a narrower terminal the lines are cut anyway


class _Escaped:
    """A renderable whose text shows no control characters."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._renderable, options):
            yield segment if segment.control else Segment(escape_controls(segment.text), segment.style)


class _Unbroken:
    """One line that is never broken."""

    def __init__(self, line: str) -> None:
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._line)
        yield Segment.line()


class _Console(Console):
    """A console to which a string is one line, without markup."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects; the line breaks of a string are shown as escapes."""
        super().print(*(in_one_line(each) if isinstance(each, str) else each for each in objects), **options)


class _LayOut(RenderHook):
    """Breaks texts between words, and escapes control characters in whatever is printed."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Escaped(self._laid_out(renderable)) for renderable in renderables]

    def _laid_out(self, renderable: ConsoleRenderable) -> ConsoleRenderable:
        if not isinstance(renderable, Text):
            return renderable
        return wrap_text(_escape_text(renderable), width_of(self._console))


def _escape_text(text: Text) -> Text:
    """Return a text without control characters; one that has them loses its styles, since its letters move."""
    plain = escape_controls(text.plain)
    return text if plain == text.plain else Text(plain, style=text.style, end=text.end)


def _console(**settings: Any) -> Console:
    # No markup and no names of emoji: a label may contain ``[link=...]`` or ``:boom:``, and is text all the same.
    console = _Console(highlight=False, soft_wrap=True, markup=False, emoji=False, **settings)
    console.push_render_hook(_LayOut(console))
    return console


facts = _console()  # stdout
notes = _console(stderr=True)  # stderr


def width_of(console: Console) -> int:
    """Return the columns of a line."""
    return max(console.width, _LEAST_WIDTH)


def print_listing(listing: Listing) -> None:
    """Print a listing on stdout: a table, or blocks where it is too wide, and an empty line."""
    facts.print(draw(listing, width_of(facts)), Text(), sep="\n")


def print_lines(lines: Iterable[str], console: Console = facts) -> None:
    """Print lines, each of which stays one, as far as the width permits."""
    console.print(Text("\n").join(Text(in_one_line(line)) for line in lines))


def print_command(command: str, console: Console = facts) -> None:
    """Print a command on a line of its own that is not broken, so that it can be copied."""
    console.print(_Unbroken(f"  {command}"))


def print_json(fact: Any) -> None:
    """Print one fact as a line of JSON on stdout; signs that are not printable are escaped, as JSON allows."""
    typer.echo(json_line(fact))


def note_skipped(places: Iterable[str], n_skipped: int) -> None:
    """Print how many records were left out, and where the first of them are."""
    if n_skipped:
        where = ", ".join(places)
        notes.print(f"Skipped {n_skipped} records that this version cannot read: {where}", markup=False)
