"""What ``docs/reference/cli.md`` says about commands, settings and exit codes is what the code has."""

from __future__ import annotations

import re

import msgspec

from stream_app.cli import load_commands, walk_commands
from stream_app.cli.commands import SETTING_FLAGS, users_of
from stream_app.cli.exits import Exit
from stream_app.cli.flags.security import security_flag_names
from stream_app.settings import PREFIX, Settings
from tests.support.paths import ROOT

_DOC = ROOT.joinpath("docs", "reference", "cli.md").read_text("utf-8")


def test_every_command_is_listed_and_no_other() -> None:
    documented = set(re.findall(r"^\| `(fairstream [a-z -]+)`", _DOC, re.MULTILINE))
    assert documented == {words for words, _ in walk_commands(load_commands())}


def test_the_commands_that_use_a_setting_are_listed() -> None:
    rows = dict(re.findall(r"^\| `(--[a-z-]+)` \| ([a-z, -]+) \|$", _DOC, re.MULTILINE))
    assert rows == {flag: users_of(flag) for flag in SETTING_FLAGS}


def test_every_setting_is_listed_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `FAIRSTREAM_([A-Z_]+)` \|[^|]*\| `([^`]+)`", _DOC, re.MULTILINE))
    short = {"kafka": "KAFKA", "policy": "POLICY", "state_dir": "STATE"}
    settings = msgspec.structs.asdict(Settings())
    assert rows == {short.get(name, name.upper()): _shown(value) for name, value in settings.items()}
    assert PREFIX == "FAIRSTREAM_"


def _shown(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_the_tls_and_sasl_flags_are_listed() -> None:
    listed = re.findall(r"^\| `FAIRSTREAM_[A-Z_]+` \| `(--[a-z-]+)`", _DOC, re.MULTILINE)
    assert {flag.replace("--no-", "--") for flag in listed} >= set(security_flag_names())


def test_every_exit_code_is_listed() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", _DOC, re.MULTILINE)}
    assert documented == {code.value for code in Exit}
