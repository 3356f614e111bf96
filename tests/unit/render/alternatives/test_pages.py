"""The report and the picture of a search show what was found, hide what is withheld, and load nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest

from stream_app.pipeline.records.results import Bounds
from stream_app.pipeline.replay.search.results import AlternativeValues, GoodOutcomes, PairValues, SearchResult
from stream_app.render.alternatives.chart import draw_alternatives
from stream_app.render.alternatives.page import write_page
from stream_app.render.alternatives.rows import rows_of
from stream_app.render.alternatives.wording import claim_sentences

HOSTILE = "<script>alert(1)</script>"


def pair(ratio: float | None, *, is_found: bool = False, group: str = "f") -> PairValues:
    return PairValues(
        attribute="sex",
        group=group,
        reference="m",
        n=4000,
        favorable=2000,
        n_reference=6000,
        favorable_reference=4000,
        rate=0.5,
        rate_reference=2 / 3,
        disparate_impact_ratio=ratio,
        gap=-1 / 6,
        ratio_bounds=Bounds(0.7, None if ratio is None else 0.8),
        gap_bounds=Bounds(-0.2, -0.1),
        log_e=20.0 if is_found else -1.0,
        is_found=is_found,
    )


def outcomes(n_not_known: int) -> GoodOutcomes:
    upper = 0.8 + (0.1 if n_not_known else 0.0)
    return GoodOutcomes(lower=0.8, upper=upper, interval=Bounds(0.78, upper + 0.02), n_not_known=n_not_known)


def alternative(rule: str, *pairs: PairValues, n_not_known: int = 0) -> AlternativeValues:
    return AlternativeValues(
        score="score", rule=rule, n=10_000, favorable=6000, rate=0.6, outcomes=outcomes(n_not_known), pairs=pairs
    )


LOGGED = alternative("as decided", msgspec.structs.replace(pair(0.75), log_e=None, is_found=None))
RESULT = SearchResult(
    model="credit",
    policy_hash="ab" * 8,
    topic="raw",
    source="raw",
    from_s=None,
    to_s=None,
    begins={0: 0},
    ends={0: 10_000},
    n_records=10_000,
    n_outcomes=6000,
    is_selective=True,
    k=10,
    margin=0.01,
    false_discovery_rate=0.05,
    design_effect=1.0,
    is_complete=False,
    n_claims=3,
    logged=LOGGED,
    alternatives=(
        alternative("0.4", pair(0.85, is_found=True), n_not_known=100),
        alternative("0.5", pair(0.7)),
        alternative("0.6", PairValues(attribute="sex", group="f", reference="m", withheld="neighbors")),
    ),
)


class References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] if tag in ("script", "link", "img", "iframe") else []
        self.found += [name for name, _ in attrs if name in ("src", "href", "onload", "style")]


def test_the_report_shows_the_found_alternative_its_bounds_and_the_claims() -> None:
    page = write_page(RESULT, 0.8, 1_790_000_000)
    found = page[page.index("<h2>Found") : page.index("<h2>What is claimed")]
    assert re.findall(r"<td[^>]*>([^<]*)", found) == [
        "sex: f vs. m", "0.4", "0.850", "0.700 to 0.800", "-0.167", "0.600", "0.800 to 0.900", "4.9e+08",
    ]  # fmt: skip
    assert all(sentence in page for sentence in claim_sentences(RESULT))
    assert "withheld" in page[page.index("All alternatives") :]
    assert "2026-09-21T14:13:20" in page


def test_the_report_loads_nothing_and_escapes_names() -> None:
    hostile = msgspec.structs.replace(
        RESULT,
        model=HOSTILE,
        topic=HOSTILE,
        logged=alternative("as decided", pair(0.75, group=HOSTILE)),
        alternatives=(alternative(HOSTILE, pair(0.8, group=HOSTILE, is_found=True)),),
    )
    page = write_page(hostile, 0.8, 0.0)
    parser = References()
    parser.feed(page)
    assert parser.found == []
    assert HOSTILE not in page


def test_the_picture_has_a_mark_for_each_alternative_that_is_not_withheld() -> None:
    picture = draw_alternatives(RESULT, 0.8)
    assert picture.count("<circle") == 2 + 2  # two of the legend
    assert picture.count('stroke="#D55E00"') == 1
    assert "3 alternatives, 1 found" in picture
    assert "<title>Alternatives to the decisions of credit" in picture


@pytest.mark.parametrize("ratio", [None, 0.0, 25.0])
def test_the_picture_of_any_ratio_can_be_drawn(ratio: float | None) -> None:
    result = msgspec.structs.replace(
        RESULT, logged=alternative("as decided", pair(ratio)), alternatives=(alternative("0.5", pair(ratio)),)
    )
    assert ("Every pair is withheld" in draw_alternatives(result, 0.8)) == (ratio is None)
    assert "nan" not in draw_alternatives(result, 0.8)


def test_without_outcomes_the_picture_and_the_sentences_are_about_approvals() -> None:
    result = msgspec.structs.replace(RESULT, n_outcomes=None, is_complete=True)
    assert "approval rate" in draw_alternatives(result, 0.8)
    assert "Outcomes were not looked at." in claim_sentences(result)
    assert not any("good outcomes" in sentence for sentence in claim_sentences(result))


def test_a_spreadsheet_has_a_row_for_each_alternative_and_pair() -> None:
    rows = rows_of(RESULT)
    assert [row["rule"] for row in rows] == ["as decided", "0.4", "0.5", "0.6"]
    assert [row["withheld"] for row in rows] == [None, None, None, "neighbors"]
    assert {row["disparate_impact_ratio"] for row in rows} == {0.75, 0.85, 0.7, None}
