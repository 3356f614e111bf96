"""``docs/glossary.md`` defines each term once, in order, and has the terms that the rest relies on."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.support.docs.pages import read_page

PAGE = read_page("docs", "glossary.md")
SECTIONS = [section.partition("\n")[2] for section in PAGE.text.split("\n## ")[1:]]
_TERM = re.compile(r"^\*\*(?P<term>[^*]+)\*\*(?: ◆)?: \S", re.MULTILINE)

NEEDED = {
    "Lane", "Pane", "Partial", "Journal", "Source progress", "Combined watermark", "Deduplication window",
    "Disposition", "Changelog topic", "Outcome-join topic", "Evidence", "Warning", "Breach", "Recovery",
    "Estimated onset", "False-alarm budget", "Scenario", "Unmatched outcome", "Idle timeout", "Revision",
}  # fmt: skip


def terms(text: str) -> list[str]:
    """Return every defined term."""
    return [match["term"] for match in _TERM.finditer(text)]


def test_every_term_has_a_definition() -> None:
    assert len(terms(PAGE.text)) == PAGE.text.count("\n**")


def test_each_term_is_defined_once_and_in_order() -> None:
    assert len(set(terms(PAGE.text))) == len(terms(PAGE.text))
    for section in SECTIONS:
        assert all(first.casefold() < second.casefold() for first, second in pairwise(terms(section)))


def test_the_terms_that_the_rest_relies_on_are_there() -> None:
    assert NEEDED - set(terms(PAGE.text)) == set()
