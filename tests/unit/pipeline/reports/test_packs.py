"""The shipped packs: dated, with sources, and about things that exist; and what is no pack."""

from __future__ import annotations

from datetime import date

import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.reports.pack import FORBIDDEN, Pack, parse_pack
from stream_app.policy import load_policy
from stream_app.programs.checklist.items import ITEMS
from stream_app.programs.report.packs import SHIPPED, load_pack, pack_names
from stream_app.topics import declared_topics
from tests.support.servers.command_lines import parse

PACKS = {name: load_pack(name) for name in pack_names()}
ROLES = {spec.role for name in ("loans", "credit") for spec in declared_topics(load_policy(name), "x")}

every_pack = pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)


def test_the_packs_of_the_first_version_are_there() -> None:
    assert {"nyc-ll144", "ecoa-reg-b", "eu-ai-act"} <= PACKS.keys()


@every_pack
def test_a_pack_is_called_as_its_file_and_dated_and_owned(pack: Pack) -> None:
    assert PACKS[pack.name] is pack
    assert date(2026, 1, 1) <= pack.last_reviewed <= date.today()  # noqa: DTZ011  # a day, wherever that is
    assert "no lawyer has reviewed it" in pack.owner
    assert all(source.citation and source.url for source in pack.sources)


@every_pack
def test_no_pack_passes_judgment(pack: Pack) -> None:
    assert FORBIDDEN not in (SHIPPED / f"{pack.name}.toml").read_text("utf-8").lower()
    assert "no legal advice" in pack.scope


@every_pack
def test_what_a_pack_names_exists(pack: Pack) -> None:
    for check in pack.checks():
        assert set(check.topics) <= ROLES
        assert set(check.items) <= {item.name for item in ITEMS}
    for section in pack.sections:
        for command in section.commands:
            words = command.split()
            assert words[0] == "fairstream"
            parse(words[1:])


def pack_text(**changes: str) -> str:
    fields = {"name": '"x"', "title": '"X"', "scope": '"No legal advice"'} | changes
    return "\n".join(
        [
            "schema = 1",
            *(f"{name} = {value}" for name, value in fields.items()),
            'version = "1"\njurisdiction = "Z"\nlast_reviewed = 2026-01-01\nowner = "o"',
            '[[sources]]\ntitle = "T"\ncitation = "C"\nurl = "https://example.com"',
            '[[sections]]\ntitle = "S"\ntext = "t"',
        ]
    )


def test_a_pack_of_a_deployment_is_read_from_its_file() -> None:
    assert parse_pack(pack_text()).title == "X"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("= 1", "invalid"),
        (pack_text(name='"X Y"'), "name"),
        (pack_text(colour='"red"'), "colour"),
        (pack_text(last='"red"'), "last"),
        (pack_text(exclude_below="0.9"), "exclude_below"),
        (pack_text(title='"This is ILLegal"'), FORBIDDEN),
    ],
)
def test_what_is_no_pack_is_an_error_that_says_why(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_pack(text)


def test_a_pack_that_does_not_exist_is_an_error_that_lists_those_that_do() -> None:
    with pytest.raises(ConfigError, match="nyc-ll144"):
        load_pack("gdpr")
