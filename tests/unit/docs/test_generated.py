"""Generated parts of committed pages are those of the code; ``python -m docs.hooks`` rewrites them."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import re

import pytest

import docs.hooks
from docs.hooks.blocks import replace_block
from docs.hooks.chart import VALUES, values_table
from docs.hooks.flags import flag_sections
from docs.hooks.schemas import FOLDER, SHIPPED, schema_text, schemas
from docs.hooks.sources import source_text
from docs.hooks.topics import topics_table
from tests.support.docs.names import commands
from tests.support.docs.pages import read_page
from tests.support.paths import ROOT

NAMES = [module.name for module in pkgutil.iter_modules(docs.hooks.__path__) if module.name != "__main__"]


def test_the_table_of_topics_is_that_of_the_declarations() -> None:
    page = read_page("docs", "reference", "topics.md").text
    assert replace_block(page, "topics", topics_table()) == page


def test_the_table_of_the_chart_is_that_of_its_values() -> None:
    page = read_page("docs", "reference", "chart.md").text
    assert replace_block(page, "chart", values_table(VALUES.read_text("utf-8"))) == page, "python -m docs.hooks"


def test_the_schemas_are_those_of_the_code() -> None:
    wanted = schemas()
    assert ROOT.joinpath(SHIPPED).read_text("utf-8") == schema_text(wanted["policy.json"])
    for name, schema in wanted.items():
        assert ROOT.joinpath(FOLDER, name).read_text("utf-8") == schema_text(schema)
        assert f"`{name}`" in read_page("docs", "reference", "schemas.md").text
    assert {path.name for path in ROOT.joinpath(FOLDER).iterdir()} == wanted.keys()


def test_every_committed_schema_is_json() -> None:
    for path in ROOT.joinpath(FOLDER).glob("*.json"):
        assert json.loads(path.read_text("utf-8"))["$schema"].startswith("https://json-schema.org/")


def test_every_command_has_a_section_with_its_flags() -> None:
    text = flag_sections()
    for words, flags in commands().items():
        section = text.partition(f"### {words}\n")[2].partition("\n### ")[0]
        shown = set(re.findall(r"`(--[a-z-]+)`", section))
        assert section, words
        assert shown <= flags
    assert "`--follow`" in text.partition("### fairstream results\n")[2].partition("\n### ")[0]


def test_a_block_must_be_there_once() -> None:
    for page in ("", "<!-- x: begin -->\n<!-- x: end -->\n" * 2):
        with pytest.raises(ValueError, match="once"):
            replace_block(page, "x", "")


def test_a_source_file_is_shown_as_code_even_if_it_has_fences() -> None:
    assert (
        source_text("a/b.py", 'x = """\n```\n"""\n')
        == '# a/b.py\n\n`````python linenums="1"\nx = """\n```\n"""\n`````\n'
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_of_the_generators_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"docs.hooks.{name}")).failed == 0


def test_the_shipped_policies_name_the_schema_beside_them() -> None:
    for path in ROOT.joinpath(SHIPPED).parent.glob("*.toml"):
        assert path.read_text("utf-8").startswith("#:schema policy.schema.json\n"), path.name
