"""Results as ``fairstream results`` draws them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.cli.show.result_table import nearest_evidence, result_table
from stream_app.core.groups.comparison import Reason, State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.evidence import Evidence, PairTest
from stream_app.pipeline.records.results import Bounds, WorstCase

GROUPS = (
    DisclosedGroup(group="female", n=400, rate=0.4, state=State.BREACH),
    DisclosedGroup(group="hidden", hidden="small_cell"),
    DisclosedGroup(group="revealing", hidden="complementary"),
    DisclosedGroup(group="few", n=12, rate=0.5, state=State.INSUFFICIENT, reason=Reason.BELOW_MIN_N),
    DisclosedGroup(group="fair", n=400, rate=0.7, state=State.OK),
    DisclosedGroup(group="unlisted", n=40, rate=0.7, reason=Reason.NOT_DECLARED),
)


def result(attribute: str) -> DisclosedResult:
    known: dict[str, Any] = {
        **dict.fromkeys(DisclosedResult.__struct_fields__),
        "model": "loans",
        "attribute": attribute,
        "window": "1m",
        "start_s": 0,
        "end_s": 60,
        "revision": 0,
        "k": 10,
        "groups": GROUPS,
        "offsets": {},
        "state": State.BREACH,
    }
    return DisclosedResult(**known)


def column(name: str, *, width: int, attribute: str = "gender") -> list[str]:
    table = result_table([result(attribute)], digits=3, width=width)
    (cells,) = [list(found.cells) for found in table.columns if " ".join(str(found.header).split()) == name]
    return [str(cell) for cell in cells]


def test_states_and_reasons_are_words() -> None:
    assert [cell.partition("] ")[2] or cell for cell in column("state", width=120)] == [
        "breach [/]",
        "suppressed (n < 10)",
        "suppressed (secondary)",
        "insufficient data [/] too few decisions",
        "no alarm [/]",
        "not in policy",
    ]


def test_a_narrow_table_names_no_reason_of_a_suppression() -> None:
    assert column("state", width=80)[1:3] == ["suppressed", "suppressed"]


def test_what_the_unknown_groups_could_change_is_below_the_table_at_any_width() -> None:
    worst_case = WorstCase(n=25, rate=Bounds(0.3, 0.5), ratio=Bounds(0.61234, 0.9), gap=Bounds(-0.3, 0.0))
    female, unknown = (
        DisclosedGroup(group="female", n=400, rate=0.4, worst_case=worst_case),
        DisclosedGroup(group="unknown", n=25, rate=0.4, reason=Reason.NOT_DECLARED, share=0.059),
    )
    shown = msgspec.structs.replace(result("gender"), groups=(female, unknown))
    table = result_table([shown], digits=3, width=80)
    assert str(table.caption).splitlines() == [
        "gender: 5.9% of the decisions are of unknown groups; ratio over every allocation:",
        "  female 0.612 to 0.900",
    ]
    assert result_table([result("gender")], digits=3, width=80).caption is None


def test_of_an_intersection_only_what_needs_attention_is_drawn() -> None:
    assert column("group", width=120, attribute="gender+race") == ["female"]


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
