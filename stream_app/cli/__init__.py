"""The commands, one module each; the only place that exits."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import cast

import typer
from typer.core import TyperCommand, TyperGroup

from stream_app.cli.output import bear_common_flags

app = typer.Typer(
    name="fairstream",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback could show a payload or a key
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See unfairness and privacy leaks in automated decisions as they happen.",
)


def load_commands() -> TyperGroup:
    """Import the modules beside this one, each of which registers its commands on ``app``, and return the whole.

    They keep heavy imports inside their functions, so that ``fairstream keys`` does not wait for Faust.
    """
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    whole = typer.main.get_group(app)
    for _, command in walk_commands(whole):
        _accept_common_flags(command)
    return whole


def walk_commands(group: TyperGroup, path: tuple[str, ...] = ("fairstream",)) -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command that does something, with the words that call it."""
    for name, child in sorted(group.commands.items()):
        if isinstance(child, TyperGroup):
            yield from walk_commands(child, (*path, name))
        elif isinstance(child, TyperCommand):
            yield " ".join((*path, name)), child


def _accept_common_flags(command: TyperCommand) -> None:
    """Let one set of flags serve every command: those that a command has no use for are taken and not used."""
    known = {name for parameter in command.params for name in parameter.opts}
    for flag in _common_flags().params:
        if known.isdisjoint(flag.opts):
            flag.expose_value, flag.hidden = False, True  # type: ignore[attr-defined]  # every flag is an option
            command.params.append(flag)


def _common_flags() -> TyperCommand:
    bearer = typer.Typer(add_completion=False)
    bearer.command()(bear_common_flags)
    return cast(TyperCommand, typer.main.get_command(bearer))
