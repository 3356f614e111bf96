"""The table of commands, what ``fairstream --help`` imports, and flags that a command does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from stream_app import __version__
from stream_app.cli import app, commands, load_commands, walk_commands
from stream_app.cli.commands import SETTING_FLAGS
from stream_app.cli.menu import MENU, Entry, Menu
from stream_app.errors import ConfigError
from tests.support.paths import ROOT

HEAVY = {"faust", "aiokafka", "kafka", "numpy", "cryptography", "msgspec", "rich", "producers"}


def entries_of(items: Mapping[str, Entry | Menu], words: tuple[str, ...] = ()) -> Iterator[tuple[str, Entry]]:
    """Yield every command of a menu and of the menus below it."""
    for name, item in items.items():
        if isinstance(item, Menu):
            yield from entries_of(item.entries, (*words, name))
        else:
            yield " ".join((*words, name)), item


ENTRIES = dict(entries_of(MENU))


@cache
def loaded_commands() -> dict[str, TyperCommand]:
    """Return every command by the words that call it."""
    return dict(walk_commands(load_commands(), ()))


def modules_after(*arguments: str) -> set[str]:
    """Return the top-level packages that are imported when a command line has run."""
    program = (
        "import json, sys\n"
        "from stream_app.__main__ import main\n"
        f"sys.argv = ['fairstream', *{list(arguments)!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print()\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_small_matrices_of_a_command_are_not_divided_among_threads() -> None:
    program = (
        "import os, sys\n"
        "from stream_app.__main__ import main\n"
        "sys.argv = ['fairstream', '--version']\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "import numpy as np\n"
        "np.ones((600, 600)) @ np.ones((600, 600))\n"
        "print(len(os.listdir('/proc/self/task')))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert done.stdout.splitlines()[-1] == "1"


@pytest.mark.parametrize(("words", "entry"), ENTRIES.items(), ids=list(ENTRIES))
def test_the_help_line_of_a_command_is_the_first_paragraph_of_its_help(words: str, entry: Entry) -> None:
    module, _, function = entry.target.partition(":")
    text = getattr(import_module(f"stream_app.cli.{module}"), function).__doc__
    assert " ".join(text.split("\n\n")[0].split()) == entry.help
    assert (loaded_commands()[words].help or "").startswith(entry.help)


@pytest.mark.parametrize("arguments", [("--help",), ("replay", "--help"), ("--version",)])
def test_help_and_version_import_no_heavy_module(arguments: tuple[str, ...]) -> None:
    assert not modules_after(*arguments) & HEAVY


def test_a_command_imports_only_its_own_module() -> None:
    assert not modules_after("keys", "init", "--help") & {"faust", "aiokafka", "kafka", "producers"}


def test_the_help_lists_every_command_with_its_line() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    for noun, item in MENU.items():
        assert f"{noun} {item.help}" in text
    for noun, item in MENU.items():
        if isinstance(item, Menu):
            text = " ".join(CliRunner().invoke(app, [noun, "--help"]).stdout.split())
            assert all(f"{name} {entry.help}" in text for name, entry in item.entries.items())


@pytest.mark.parametrize("words", ENTRIES)
def test_a_help_page_fits_80_columns_but_for_its_example(words: str) -> None:
    outcome = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "80"})
    assert outcome.exit_code == 0
    assert outcome.stdout.startswith(f"Usage: fairstream {words} ")
    for line in outcome.stdout.splitlines():
        assert len(line) <= 80 or line.lstrip().startswith("Example: ")
    examples = [line for line in outcome.stdout.splitlines() if "Example: " in line]
    assert all(f"Example: fairstream {words}" in line for line in examples)


def test_the_version_is_printed() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"fairstream {__version__}\n"


@pytest.mark.parametrize("flag", SETTING_FLAGS)
def test_a_setting_that_a_command_does_not_use_is_rejected_with_the_commands_that_do(
    flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "users_of", cache(commands.users_of))  # it loads every command, for each of them
    for words, command in loaded_commands().items():
        if any(flag in parameter.opts for parameter in command.params):
            continue
        error = CliRunner().invoke(app, [*words.split(), flag, "typo"]).exception
        assert isinstance(error, ConfigError), words
        assert f"fairstream {words} does not use {flag}. Used by: " in str(error)
        assert "worker" in str(error).partition("Used by: ")[2]


def test_a_noun_stands_for_its_commands_where_all_of_them_use_a_setting() -> None:
    error = CliRunner().invoke(app, ["keys", "list", "--kafka", "x"]).exception
    users = str(error).partition("Used by: ")[2].split(", ")
    assert "produce" in users
    assert "topics check" in users
    assert "topics" not in users


def test_a_command_takes_one_set_of_flags_once() -> None:
    for words, command in walk_commands(load_commands()):
        options = [option for parameter in command.params for option in parameter.opts]
        assert len(options) == len(set(options)), words


def test_an_unknown_command_is_answered_with_a_similar_one() -> None:
    outcome = CliRunner().invoke(app, ["replay", "verfy"])
    assert outcome.exit_code == 2
    assert "Did you mean 'verify'?" in outcome.stderr


def test_groups_list_their_commands_in_the_order_of_the_table() -> None:
    loaded = load_commands().commands
    assert list(loaded) == list(MENU)
    assert all(isinstance(loaded[noun], TyperGroup) == isinstance(item, Menu) for noun, item in MENU.items())
