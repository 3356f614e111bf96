"""What a changed policy means for counts: which changes are taken over, and which are not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.core.windows.cells import MappedFeature
from stream_app.edges.lanes.policy_registry import book_of as book_of_records
from stream_app.errors import StateError, UnknownPolicyError
from stream_app.pipeline.layout import layout_of, outcome_layout_of
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.policy_change import counting_policy, mapping_between, present_policy
from stream_app.pipeline.records.policies import PolicyRecord, policy_record
from stream_app.policy import Feature, ModelPolicy, Policy, WindowPolicy, load_policy
from tests.support.lanes.books import book_of

LOANS = load_policy("loans").models[0]
CREDIT = load_policy("credit").models[0]


def changed(model: ModelPolicy, **fields: Any) -> ModelPolicy:
    return msgspec.structs.replace(model, **fields)


def part(whole: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(whole, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"windows": (WindowPolicy(name="2m", size_s=120),)},
        {"rules": part(LOANS.rules, min_disparate_impact_ratio=0.9)},
        {"keep": ()},
        {"output_topic": None},
        {"event_time": part(LOANS.event_time, out_of_orderness_s=60)},
    ],
)
def test_what_does_not_change_cells_needs_no_map(fields: dict[str, Any]) -> None:
    assert mapping_between(LOANS, changed(LOANS, **fields)) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (LOANS, changed(LOANS, event_time=part(LOANS.event_time, pane_s=5)), "pane_s changed from 10 to 5"),
        (LOANS, changed(LOANS, kind="counts"), "kind changed from 'decisions' to 'counts'"),
        (changed(CREDIT, score=None), CREDIT, "a score was added"),
        (CREDIT, changed(CREDIT, score=part(CREDIT.score, edges=(0.123,), cut=None)), "divide a bin"),
    ],
)
def test_what_has_no_map_names_the_change_and_a_way_that_works(old: ModelPolicy, new: ModelPolicy, reason: str) -> None:
    with pytest.raises(StateError, match=reason) as error:
        mapping_between(old, new)
    assert "set FAIRSTREAM_APP_ID, then run fairstream topics create and the workers" in error.value.action


def test_bins_of_scores_are_joined_and_a_removed_score_is_added_up() -> None:
    assert CREDIT.score is not None
    edges = CREDIT.score.edges
    joined = changed(CREDIT, score=part(CREDIT.score, edges=edges[1:], cut=None))
    for of_outcomes, layout in ((False, layout_of), (True, outcome_layout_of)):
        mapping = mapping_between(CREDIT, joined, of_outcomes=of_outcomes)
        assert mapping is not None
        cells = {code: [1, *[1] * (layout(CREDIT).width - 1)] for code in range(layout(CREDIT).size)}
        assert sum(vector[0] for vector in mapping.map_cells(cells).values()) == len(cells)
        assert len(mapping.map_cells(cells)) == layout(joined).size
    without = mapping_between(CREDIT, changed(CREDIT, score=None, outcome=None))
    assert without is not None
    assert {len(vector) for vector in without.map_cells({0: [1] * layout_of(CREDIT).width}).values()} == {
        layout_of(changed(CREDIT, score=None)).width
    }


def test_a_feature_keeps_its_sums_where_the_scale_is_a_multiple_and_counts_from_now_on_otherwise() -> None:
    old = changed(LOANS, features=tuple(Feature(name=n, path=n, minimum=0, maximum=9, scale=10) for n in "abc"))
    scales = (("c", 100), ("a", 10), ("b", 15), ("d", 1))
    new = changed(LOANS, features=tuple(Feature(name=n, path=n, minimum=0, maximum=9, scale=s) for n, s in scales))
    mapping = mapping_between(old, new)
    assert mapping is not None
    assert mapping.features == (MappedFeature(2, 10), MappedFeature(0), MappedFeature(None), MappedFeature(None))
    [vector] = mapping.map_cells({0: [7, 1, 2, 3, 4, 5, 6, 5, 8, 9]}).values()
    assert vector == [7, 5, 80, 900, 1, 2, 3, 0, 0, 0, 0, 0, 0]


def test_the_newest_policy_is_the_one_that_was_registered_last_even_if_it_was_known_before() -> None:
    strict = changed(LOANS, rules=part(LOANS.rules, max_gap=0.1))
    assert present_policy(book_of(LOANS, strict), "loans") == book_of(LOANS, strict).newest("loans")
    again = book_of(LOANS, strict, LOANS)
    newest = present_policy(again, "loans")
    assert newest is not None
    assert (newest.model, newest.number, again.last_number) == (LOANS, 3, 3)
    assert present_policy(again, "loans/outcomes") is None
    assert present_policy(PolicyBook(), "loans") is None


def test_counts_of_a_policy_that_is_not_registered_are_never_taken_for_others() -> None:
    book = book_of(LOANS)
    assert counting_policy(book, "loans", LOANS.hash(), "any").model == LOANS
    assert counting_policy(book, "loans", "", LOANS.layout_hash()).model == LOANS
    with pytest.raises(UnknownPolicyError, match="policy 0123, which is not registered"):
        counting_policy(book, "loans", "0123", LOANS.layout_hash())
    with pytest.raises(StateError, match=r"version 0\.2"):
        counting_policy(book, "loans", "", "other")


def test_a_deployment_reads_its_own_policies_in_the_order_of_their_registration() -> None:
    strict = changed(LOANS, rules=part(LOANS.rules, max_gap=0.1))
    records = [policy_record(strict, "a", 7), policy_record(LOANS, "a", 5), policy_record(LOANS, "b", 9)]
    newest = book_of_records(records, "a").newest("loans")
    assert newest is not None
    assert (newest.model, newest.number) == (strict, 7)


def test_a_newest_policy_of_a_later_version_is_rejected_and_an_older_one_passed_over() -> None:
    def later(number: int) -> PolicyRecord:
        record = policy_record(LOANS, "a", number)
        policy = record.policy | {"of_a_later_version": 1}
        return msgspec.structs.replace(record, hash="later", policy=policy, code_version="9.9")

    assert book_of_records([later(1), policy_record(LOANS, "a", 2)], "a").newest("loans") is not None
    with pytest.raises(StateError, match=r"version 9\.9 and has fields that this version does not know"):
        book_of_records([policy_record(LOANS, "a", 1), later(2)], "a")


def test_the_hash_of_a_model_is_about_its_verdicts_and_counts_alone() -> None:
    alone = Policy(schema=1, models=(LOANS,))
    beside = Policy(schema=1, models=(LOANS, CREDIT))
    assert alone.models[0].hash() == beside.models[0].hash()
    assert alone.hash() != beside.hash()
    exporting = changed(LOANS, privacy=part(LOANS.privacy, exportable_records="raw"))
    assert exporting.hash() == LOANS.hash()
    assert Policy(schema=1, models=(exporting,)).hash() != alone.hash()
    for fields in (
        {"rules": part(LOANS.rules, min_n=31)},
        {"privacy": part(LOANS.privacy, k=11)},
        {"windows": LOANS.windows[:1]},
        {"keep": ()},
        {"detection": part(LOANS.detection, max_depth=1)},
        {"attributes": LOANS.attributes[::-1]},
    ):
        assert changed(LOANS, **fields).hash() != LOANS.hash(), fields
