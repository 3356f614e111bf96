"""Results as ``fairstream results`` lists them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.cli.layout.listing import Listing
from stream_app.cli.layout.widths import text_of
from stream_app.cli.show.result_table import nearest_evidence, result_table
from stream_app.core.groups.comparison import PlainRule, Reason, State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.pipeline.records.results import Bounds, ProxyValues, WorstCase
from stream_app.policy import Rules

SENTENCE = "DIR 0.57 (limit 0.80), female vs. male: shortfall: 42 approvals."
GROUPS = (
    DisclosedGroup(group="female", n=400, rate=0.4, state=State.BREACH, sentence=SENTENCE),
    DisclosedGroup(group="hidden", hidden="small_cell"),
    DisclosedGroup(group="revealing", hidden="complementary"),
    DisclosedGroup(group="few", n=12, rate=0.5, state=State.INSUFFICIENT, reason=Reason.BELOW_MIN_N),
    DisclosedGroup(group="fair", n=400, rate=0.7, state=State.OK, disparate_impact_ratio=0.9),
    DisclosedGroup(
        group="beyond", n=400, rate=0.5, state=State.OK, rules=(PlainRule.DISPARATE_IMPACT_RATIO, PlainRule.GAP)
    ),
    DisclosedGroup(group="reversed", n=400, rate=0.9, state=State.OK, disparate_impact_ratio=1.28, gap=0.19),
    DisclosedGroup(group="unlisted", n=40, rate=0.7, reason=Reason.NOT_DECLARED, disparate_impact_ratio=3.0),
)


def result(attribute: str, **changes: Any) -> DisclosedResult:
    known: dict[str, Any] = {
        **dict.fromkeys(DisclosedResult.__struct_fields__),
        "model": "loans",
        "attribute": attribute,
        "reference": "male",
        "window": "1m",
        "start_s": 0,
        "end_s": 60,
        "revision": 0,
        "k": 10,
        "groups": GROUPS,
        "offsets": {},
        "state": State.BREACH,
    }
    return DisclosedResult(**known | changes)


def column(listing: Listing, name: str) -> list[str]:
    (number,) = [number for number, column in enumerate(listing.columns) if column.name == name]
    return [text_of(row[number]) for section in listing.sections for row in section.rows]


def test_states_and_reasons_are_words_and_none_is_fair_beside_an_exceeded_limit() -> None:
    assert column(result_table([result("gender")], Rules()), "state") == [
        "breach",
        "suppressed (n < 10)",
        "suppressed (secondary)",
        "insufficient data, too few decisions",
        "no alarm",
        "limit exceeded, not proven: ratio, gap",
        "limit exceeded, not proven: ratio",
        "not in policy",
    ]


def test_a_ratio_at_its_reversed_limit_does_not_exceed_it() -> None:
    at_limit = msgspec.structs.replace(GROUPS[4], disparate_impact_ratio=1.25)
    assert column(result_table([result("gender", groups=(at_limit,))], Rules()), "state") == ["no alarm"]


def test_what_the_unknown_groups_could_change_is_below_the_rows_of_their_attribute() -> None:
    worst_case = WorstCase(n=25, rate=Bounds(0.3, 0.5), ratio=Bounds(0.61234, 0.9), gap=Bounds(-0.3, 0.0))
    female, unknown = (
        DisclosedGroup(group="female", n=400, rate=0.4, worst_case=worst_case),
        DisclosedGroup(group="unknown", n=25, rate=0.4, reason=Reason.NOT_DECLARED, share=0.059),
    )
    (section,) = result_table([result("gender", groups=(female, unknown))], digits=3).sections
    assert section.notes == [
        "5.9% of the decisions are of unknown groups. Ratio over every allocation of them: female 0.612 to 0.900."
    ]


def test_estimated_groups_are_marked_in_the_title_of_their_section() -> None:
    group = DisclosedGroup(group="black", n=400, rate=0.4, proxy=ProxyValues(n_effective=90.0, rate_bounds=None))
    (section,) = result_table([result("race", groups=(group,))]).sections
    assert section.title == "race, compared with male, groups estimated from probabilities"


def test_each_section_names_the_reference_and_says_why() -> None:
    (section,) = result_table([result("gender")]).sections
    assert section.title == "gender, compared with male"
    assert section.notes == [SENTENCE]


def test_a_breach_beside_values_within_the_limits_is_explained() -> None:
    breach = DisclosedGroup(
        group="female", n=400, rate=0.65, state=State.BREACH, disparate_impact_ratio=0.93, gap=-0.05
    )
    (caption,) = result_table([result("gender", groups=(breach,))], Rules()).captions
    assert caption.startswith("A breach without a limit after it: the values of this window are within the limits.")
    beyond = msgspec.structs.replace(breach, disparate_impact_ratio=0.6, rules=(PlainRule.DISPARATE_IMPACT_RATIO,))
    hidden = DisclosedGroup(group="hidden", hidden="small_cell", state=State.BREACH)
    assert result_table([result("gender", groups=(beyond, hidden))], Rules()).captions == []
    assert result_table([result("gender", groups=(breach,))]).captions == []


def test_of_an_intersection_what_needs_attention_is_listed_the_worst_first() -> None:
    groups = tuple(
        DisclosedGroup(group=f"g{ratio}", n=40, rate=0.3, state=state, disparate_impact_ratio=ratio)
        for ratio, state in ((0.7, State.BREACH), (0.1, State.WARNING), (2.5, State.BREACH), (0.05, State.OK))
    )
    crossed = [result("gender+race", groups=groups)]
    listing = result_table(crossed)
    assert column(listing, "group") == ["g2.5", "g0.7", "g0.1"]
    assert "--attribute gender+race" in listing.captions[0]
    assert column(result_table(crossed, is_complete=True), "group") == ["g2.5", "g0.7", "g0.1", "g0.05"]


@pytest.mark.parametrize(
    ("state", "log10_e", "text"),
    [(State.OK, 6.1, "6.1/9.4"), (State.WARNING, -0.5, "0.0/9.4"), (State.BREACH, 9.9, "alarm"), (State.OK, None, "")],
)
def test_evidence_stands_with_its_threshold_until_there_is_an_alarm(
    state: State, log10_e: float | None, text: str
) -> None:
    known: dict[str, Any] = dict.fromkeys(Evidence.__struct_fields__)
    known |= {"test": next(iter(PairTest)), "state": state, "log10_e": log10_e, "log10_threshold": 9.4}
    assert nearest_evidence([Evidence(**known)]) == text
    assert msgspec.json.encode(Evidence(**known))
