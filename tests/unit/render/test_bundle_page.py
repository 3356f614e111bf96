"""The page of a bundle: everything that the pack asks is there, withheld is said so, and nothing is loaded."""

from __future__ import annotations

import re

import pytest

from stream_app.pipeline.reports.pack import FORBIDDEN
from stream_app.programs.report.packs import load_pack, pack_names
from tests.support.bundles import page_of


@pytest.mark.parametrize("name", pack_names())
def test_a_page_loads_nothing_escapes_all_and_passes_no_judgment(name: str) -> None:
    page = page_of(name)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<x>" not in page
    assert FORBIDDEN not in page.lower()
    assert all(source.citation in page for source in load_pack(name).sources)
    assert "no lawyer has reviewed it" in page


def test_withheld_excluded_and_unknown_categories_are_said_so() -> None:
    page = page_of("nyc-ll144")
    assert "withheld" in page
    assert re.search(r"category is withheld|categories are withheld", page)
    assert "Decisions about people of an unknown category, in no impact ratio" in page
    assert "later records can change the counts" in page
    assert page.count('Printed again by <a href="#command-1">command 1</a>') >= 2
    assert 'id="command-1"' in page


def test_evidence_that_could_not_be_gathered_says_why_and_how_to_try() -> None:
    page = page_of("nyc-ll144", audit="There is no audit log in <here>")
    assert "No evidence: There is no audit log in &lt;here&gt;" in page
    number = re.search(r'Try it with <a href="#(command-\d+)">', page)
    assert number is not None
    assert re.search(rf'id="{number[1]}">[^<]*</p><pre class="shell">fairstream show-audit &lt;x&gt;</pre>', page)


def test_a_time_range_that_has_not_ended_is_said_so() -> None:
    assert "had not ended" not in page_of("nyc-ll144")
    assert "had not ended" in page_of("nyc-ll144", to_s=2e9)
