"""The commands of the menu; the module of one is imported when it is called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from inspect import cleandoc
from itertools import groupby
from typing import Any, cast

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup, TyperOption

from stream_app.cli.flags.security import add_security_flags, forget_security
from stream_app.cli.menu import MENU, Entry, Menu
from stream_app.errors import ConfigError

SETTING_FLAGS = ("--kafka", "--policy", "--state-dir")  # of most commands; the others reject them and name those
_EXAMPLE = "Example: "
_VALUE_NAMES = {"int": "INTEGER", "float": "NUMBER", "str": "TEXT"}  # in help, where a flag names none


class FairStreamCommand(TyperCommand):
    """A command that names the flags that it does not take."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            ConfigError: One of them is a setting that other commands take and this one does not use.
        """
        forget_security()
        known = {flag for parameter in self.params for flag in parameter.opts}
        for word in args[: args.index("--")] if "--" in args else args:
            flag = word.partition("=")[0]
            if flag in SETTING_FLAGS and flag not in known and not ctx.resilient_parsing:
                raise ConfigError(f"{ctx.command_path} does not use {flag}", action=f"Used by: {users_of(flag)}")
        return super().parse_args(ctx, args)


class LazyCommand(TyperCommand):
    """A command whose name and help line are known; its module is imported when it is called or completed.

    Args:
        name: Its name.
        entry: Where its function is.
    """

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help, short_help=entry.help, rich_markup_mode=None)
        self._entry = entry

    def load(self) -> TyperCommand:
        """Import the function and return its command."""
        module, _, function = self._entry.target.partition(":")
        return _command_of(self.name or "", getattr(import_module(f"stream_app.cli.{module}"), function))

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the context of the loaded command, which is what is then invoked."""
        return self.load().make_context(*args, **kwargs)


class CommandMenu(TyperGroup):
    """The group of all commands of ``MENU``."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": _commands_of(MENU)})


class DefaultMenu(TyperGroup):
    """A group that runs one of its commands when it is called without the name of any.

    Args:
        default: The name of that command.
        takes_word: Whether a word that names no command is an argument of that command.
    """

    def __init__(self, *, default: str, takes_word: bool, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._default, self._takes_word = default, takes_word

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; flags that are not the group's own are those of the default command."""
        return super().parse_args(ctx, self.with_default(args, ctx.help_option_names))

    def with_default(self, args: list[str], own_flags: Collection[str] = ()) -> list[str]:
        """Return the arguments with the name of the command that they are for."""
        first = args[0] if args else ""
        names_command = first in self.commands if self._takes_word else bool(first) and not first.startswith("-")
        return args if names_command or first in own_flags else [self._default, *args]


def walk_commands(group: TyperGroup, path: tuple[str, ...] = ("fairstream",)) -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command with the words that call it; all of them are imported."""
    for name, child in sorted(group.commands.items()):
        if isinstance(child, TyperGroup):
            yield from walk_commands(child, (*path, name))
        elif isinstance(child, LazyCommand):
            yield " ".join((*path, name)), child.load()


def _commands_of(entries: dict[str, Any]) -> dict[str, TyperCommand | TyperGroup]:
    return {
        name: _group_of(name, entry) if isinstance(entry, Menu) else LazyCommand(name, entry)
        for name, entry in entries.items()
    }


def _group_of(name: str, menu: Menu) -> TyperGroup:
    attributes: dict[str, Any] = {
        "name": name,
        "help": menu.help,
        "commands": _commands_of(menu.entries),
        "rich_markup_mode": None,
    }
    if menu.default is not None:
        return DefaultMenu(default=menu.default, takes_word=menu.takes_word, **attributes)
    return TyperGroup(no_args_is_help=True, **attributes)


def _command_of(name: str, function: Callable[..., None]) -> TyperCommand:
    """Make the command of a function; an example in its docstring keeps its line."""
    maker = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    text = cleandoc(function.__doc__ or "").replace(f"\n\n{_EXAMPLE}", f"\n\n\b\n{_EXAMPLE}")
    maker.command(name, cls=FairStreamCommand, help=text)(function)
    command = cast(TyperCommand, typer.main.get_command(maker))
    for parameter in command.params:
        if parameter.metavar is None and isinstance(parameter, TyperOption) and not parameter.is_flag:
            parameter.metavar = _VALUE_NAMES.get(parameter.bare_type())
    add_security_flags(command)
    return command


def users_of(flag: str) -> str:
    """Return the commands that take a flag; where all commands of a noun do, the noun alone."""
    takers = [
        (words, any(flag in parameter.opts for parameter in command.params))
        for words, command in walk_commands(CommandMenu(), ())
    ]
    users: list[str] = []
    for noun, group in groupby(takers, key=lambda taker: taker[0].split()[0]):
        commands = list(group)
        words_of_takers = [words for words, is_taker in commands if is_taker]
        users += [noun] if len(words_of_takers) == len(commands) else words_of_takers
    return ", ".join(users)
