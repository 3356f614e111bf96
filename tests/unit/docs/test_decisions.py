"""Each decision record has the same parts, and the overview lists all of them."""

from __future__ import annotations

import re

import pytest

from tests.support.docs.pages import DocPage, read_page, read_pages

RECORDS = [page for page in read_pages() if re.match(r"docs/decisions/\d", page.path)]


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_a_record_has_a_status_and_three_parts(record: DocPage) -> None:
    number = record.path.rpartition("/")[2][:4]
    assert record.text.startswith(f"# {number}: ")
    assert re.search(r"^Status: (accepted|replaced by \[\d{4}\])", record.text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", record.text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_numbers_are_consecutive_and_the_overview_lists_every_record() -> None:
    names = [record.path.rpartition("/")[2] for record in RECORDS]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert read_page("docs", "decisions", "index.md").links == names
