"""Groups of options become the options of a command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from stream_app.cli.flags.expand import with_flags

Name = Annotated[str, typer.Option("--name", help="A name.")]


@dataclass(frozen=True)
class Person:
    name: Name = "nobody"
    nicknames: Annotated[list[str] | None, typer.Option("--nickname")] = None


@dataclass(frozen=True)
class Greeted(Person):
    loud: Annotated[bool, typer.Option("--loud")] = False


@dataclass(frozen=True)
class Target:
    path: Annotated[Path, typer.Argument(metavar="FILE")]


@with_flags
def greet(target: Target, times: Annotated[int, typer.Argument()], who: Greeted, greeting: str = "Hello") -> None:
    """Greet somebody."""
    typer.echo(f"{target.path} {times} {greeting} {who.name} {who.nicknames} {who.loud}")


def invoke(*arguments: str) -> str:
    app = typer.Typer(add_completion=False)
    app.command()(greet)
    outcome = CliRunner().invoke(app, list(arguments))
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout.strip()


def test_options_of_a_group_stand_beside_arguments_and_options() -> None:
    assert invoke(
        "a.txt", "3", "--name", "Ann", "--nickname", "A", "--nickname", "B", "--loud", "--greeting", "Hi"
    ) == ("a.txt 3 Hi Ann ['A', 'B'] True")


def test_defaults_are_those_of_the_fields() -> None:
    assert invoke("a.txt", "1") == "a.txt 1 Hello nobody None False"


def test_name_and_help_are_kept() -> None:
    assert (greet.__name__, greet.__doc__) == ("greet", "Greet somebody.")


def test_two_options_of_one_name_are_an_error() -> None:
    def twice(first: Person, second: Greeted) -> None: ...

    twice.__annotations__ = {"first": Person, "second": Greeted, "return": None}
    with pytest.raises(TypeError, match="two options of one name"):
        with_flags(twice)
