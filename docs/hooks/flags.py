"""The flags of every command, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator

from typer.core import TyperArgument, TyperCommand, TyperOption

from stream_app.cli import load_commands, walk_commands


def flag_sections() -> str:
    """Return a Markdown section for each command, with its help text and a table of its arguments and flags."""
    return "\n".join(_section(words, command) for words, command in walk_commands(load_commands()))


def _section(words: str, command: TyperCommand) -> str:
    text = (command.help or "").strip()
    rows = [row for parameter in command.params for row in _rows(parameter)]
    lines = [f"### {words}", "", _without_indent(text), "", "| flag | meaning | default |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _rows(parameter: object) -> Iterator[str]:
    if isinstance(parameter, TyperArgument):
        yield f"| `{(parameter.name or '').upper()}` | {_cell(parameter.help)} | {_default(parameter.default)} |"
    elif isinstance(parameter, TyperOption) and not parameter.hidden:
        names = ", ".join(f"`{flag}`" for flag in (*parameter.opts, *parameter.secondary_opts))
        yield f"| {names} | {_cell(parameter.help)} | {_default(parameter.default)} |"


def _default(value: object) -> str:
    if value is None or value is False or callable(value):
        return ""
    return f"`{getattr(value, 'value', value)}`"


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", r"\|")


def _without_indent(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace("\b", "").splitlines())
