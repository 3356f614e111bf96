"""Where commands print: results on stdout (``--json`` for programs), everything else on stderr.

Much of what is printed was written by others: labels, names, records of topics. Signs that would move the cursor,
change the window or reverse the direction of writing are shown as escapes, whatever prints them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import typer
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment


class _Escaped:
    """A renderable whose text shows no control characters."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._renderable, options):
            yield segment if segment.control else Segment(escape_controls(segment.text), segment.style)


class _EscapeControls(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Escaped(renderable) for renderable in renderables]


def escape_controls(text: str) -> str:
    r"""Return a text with every sign that is not printable as an escape, except line breaks and tabs.

    >>> escape_controls("a\x1b[2Jb\u202ec")
    'a\\x1b[2Jb\\u202ec'
    >>> escape_controls("é\tü\n")
    'é\tü\n'
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(sign: str) -> str:
    return sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode("ascii")


def _console(**settings: Any) -> Console:
    console = Console(highlight=False, **settings)
    console.push_render_hook(_EscapeControls())
    return console


facts = _console(soft_wrap=True)  # stdout
notes = _console(stderr=True)  # stderr


def print_json(fact: Any) -> None:
    """Print one fact as a line of JSON on stdout; signs that are not printable are escaped, as JSON allows."""
    text = msgspec.json.encode(fact).decode()
    typer.echo(text if text.isprintable() else "".join(map(_escaped, text)))


def _escaped(sign: str) -> str:
    return sign if sign.isprintable() else json.dumps(sign)[1:-1]


def note_skipped(places: Iterable[str], n_skipped: int) -> None:
    """Print how many records were left out, and where the first of them are."""
    if n_skipped:
        where = ", ".join(places)
        notes.print(f"Skipped {n_skipped} records that this version cannot read: {where}", markup=False)
