"""Policies with scores and outcomes: what follows from them, and which mistakes are errors."""

from __future__ import annotations

import pytest

from stream_app.errors import PolicyError, TopicError
from stream_app.pipeline.layout import layout_of, outcome_layout_of
from stream_app.policy import (
    MAX_CELLS,
    declared_outcome,
    load_policy,
    n_labels,
    outcome_layout_hash,
    outcome_records_of,
    parse_policy,
)
from stream_app.programs.worker.lane_builder import check_partitions, roles_by_topic, source_topics
from stream_app.topics import declared_topics
from tests.support.lanes.outcome_lane import MODEL, POLICY
from tests.support.paths import ROOT

SCORE = 'score = { path = "p", minimum = 0, maximum = 1, edges = [0.5], cut = 0.5 }'

RISING = "score.edges: must be rising edges between minimum and maximum"

# The text that is replaced, by what, and what must be said.
MISTAKES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "edges out of order": ("edges = [0.5]", "edges = [0.5, 0.2]", (RISING,)),
    "an edge at the end": ("edges = [0.5]", "edges = [0.5, 1.0]", (RISING,)),
    "an edge that is no number": ("edges = [0.5]", "edges = [nan]", (RISING,)),
    "edges that look alike": (
        "edges = [0.5]", "edges = [0.5, 0.50000000000001, 0.50000000000002]", ("score.edges: '[0.5,0.5)' occurs twice",)
    ),
    "no edge": ("edges = [0.5]", "edges = []", ("score.edges: expected a list of 1 to 63 entries, got 0",)),
    "a cut beside the edges": ("cut = 0.5", "cut = 0.4", ("score.cut: 0.4 is not one of the edges (0.5)",)),
    "a score too great": ("maximum = 1,", "maximum = 2e6,", ("score: |score| must be at most 1,048,576",)),
    "a feature named score": (
        SCORE, SCORE + '\nfeatures = [{ name = "score", path = "q", minimum = 0, maximum = 1 }]',
        ("features[...].name: 'score' is reserved",),
    ),
    "an attribute named score": ('name = "sex"', 'name = "score"', ("attributes[...].name: 'score' is reserved",)),
    "an attribute named outcome": ('name = "sex"', 'name = "outcome"', ("name: 'outcome' is reserved",)),
    "a score and a feature at one path": ('path = "p",', 'path = "sex",', ("models[0]: path 'sex' occurs twice",)),
    "outcomes in the topic of the decisions": (
        '"raw-outcomes"', '"raw"', ("outcome.topic: 'raw' occurs twice",)
    ),
    "outcomes in the topic that is written": ('"raw-outcomes"', '"out"', ("output_topic: 'out' occurs twice",)),
    "labels of two types": ("unfavorable = [false]\nevent_time", 'unfavorable = ["no"]\nevent_time',
                            ("outcome: favorable and unfavorable must be values of one type",)),
    "the label where the id is": ('path = "repaid"', 'path = "id"', ("models[0].outcome: path 'id' occurs twice",)),
    "no word whether labels are selective": (
        "is_selective = true\n", "", ("outcome: required field 'is_selective' is missing",)
    ),
    "no waiting": ("max_wait_d = 0.001", "max_wait_d = 0", ("outcome.max_wait_d: expected a number above 0", "got 0")),
    "fields to drop where unknown ones are rejected": (
        "is_selective", 'drop = ["x"]\nis_selective', ("models[0].outcome.drop: needs unknown_fields = 'drop'",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_with_its_place_and_what_is_allowed(mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    assert old in POLICY
    with pytest.raises(PolicyError) as rejected:
        parse_policy(POLICY.replace(old, new, 1))
    assert all(part in str(rejected.value) for part in said), str(rejected.value)


def test_counts_without_decisions_have_neither_score_nor_outcome() -> None:
    counts = POLICY.replace('topic = "raw"', 'topic = "raw"\nkind = "counts"', 1)
    counts = "\n".join(line for line in counts.splitlines() if not line.startswith("decision"))
    with pytest.raises(PolicyError, match=r"score: not allowed for kind 'counts'"):
        parse_policy(counts)
    with pytest.raises(PolicyError, match=r"outcome: not allowed for kind 'counts'"):
        parse_policy(counts.replace(SCORE, ""))


def test_without_a_score_the_layout_and_its_hash_are_those_of_before() -> None:
    hashes = {name: load_policy(name).models[0].layout_hash() for name in ("loans", "loanapp", "camera")}
    assert hashes == {"loans": "5b3c057cb14d6274", "loanapp": "deaa8e1c7b40a7e5", "camera": "28240cf77bb15857"}
    assert [name for name, _ in layout_of(load_policy("loans").models[0]).dimensions][-1] == "decision"


def test_a_score_is_a_dimension_after_the_decision_and_the_last_feature() -> None:
    layout = layout_of(MODEL)
    assert layout.dimensions[-1] == ("score", ("[0,0.5)", "[0.5,1]"))
    assert [len(labels) for _, labels in layout.dimensions] == n_labels(MODEL)
    assert [feature.name for feature in MODEL.counted_features] == ["score"]
    assert MODEL.layout_hash() != parse_policy(POLICY.replace("[0.5]", "[0.25, 0.5]")).models[0].layout_hash()
    assert MODEL.layout_hash() == parse_policy(POLICY.replace(", cut = 0.5", "")).models[0].layout_hash()


def test_the_layout_of_the_outcomes_is_that_of_the_decisions_and_one_dimension_more() -> None:
    layout = outcome_layout_of(MODEL)
    assert layout.dimensions[:-1] == layout_of(MODEL).dimensions
    assert layout.dimensions[-1] == ("outcome", ("favorable", "unfavorable", "awaited", "expired"))
    assert layout.n_features == 1


def test_the_hash_of_the_outcomes_follows_their_labels_and_not_how_long_they_wait() -> None:
    def hash_of(old: str, new: str) -> str:
        return outcome_layout_hash(parse_policy(POLICY.replace(old, new, 1)).models[0])

    assert hash_of("max_waiting = 12", "max_waiting = 13") == outcome_layout_hash(MODEL)
    assert hash_of('path = "repaid"', 'path = "paid"') != outcome_layout_hash(MODEL)
    assert hash_of('groups = ["f"', 'groups = ["d", "f"') != outcome_layout_hash(MODEL)


def test_four_times_as_many_cells_are_checked_where_there_are_outcomes() -> None:
    values = ", ".join(f'"{number}"' for number in range(256))
    edges = ", ".join(str(number / 64) for number in range(1, 64))
    many = POLICY.replace("[0.5], cut = 0.5", f"[{edges}]").replace(
        "score =", f'segment = {{ name = "site", path = "site", values = [{values}] }}\nscore ='
    )
    many = many.replace(
        "attributes = [", 'attributes = [{ name = "age", path = "age", groups = ["o", "y"], reference = "o" },'
    )
    n_cells = 4 * 4 * 258 * 2 * 64
    assert n_cells <= MAX_CELLS < 4 * n_cells
    assert parse_policy(many[: many.index("[models.outcome]")]).models[0].outcome is None
    with pytest.raises(PolicyError, match=f"the labels have {4 * n_cells:,} combinations, allowed are {MAX_CELLS:,}"):
        parse_policy(many)


def test_the_records_of_the_outcomes_are_read_with_the_id_of_the_decisions() -> None:
    records = outcome_records_of(MODEL)
    assert records.event_id.path == declared_outcome(MODEL).event_id == "id"
    assert (records.event_id.link_domain, records.event_id.canonical) == ("case", "text")
    with pytest.raises(ValueError, match="has no outcome"):
        outcome_records_of(load_policy("loans").models[0])


def test_topics_of_outcomes_follow_those_of_the_decisions() -> None:
    policy = load_policy("credit")
    specs = {spec.name: spec for spec in declared_topics(policy, "app", existing={"credit-decisions-raw": 7})}
    for name in ("credit-outcomes-raw", "app-outcome-join-credit", "app-changelog-outcomes-credit",
                 "app-changelog-outcome-ingest-credit"):  # fmt: skip
        assert specs[name].partitions == 7
    assert specs["credit-outcomes-raw"].owner == "customer"
    assert not any(
        "outcome" in spec.name or "labels" in spec.name for spec in declared_topics(load_policy("loans"), "a")
    )


def test_outcomes_in_another_number_of_partitions_are_rejected_at_the_start() -> None:
    policy = load_policy("credit")
    there = {spec.name: spec.partitions for spec in declared_topics(policy, "app")}
    check_partitions(policy, "app", there)
    with pytest.raises(TopicError, match="credit-outcomes-raw has 5 partitions instead of 4"):
        check_partitions(policy, "app", there | {"credit-outcomes-raw": 5})


def test_raw_outcomes_are_read_by_ingest_and_the_labels_log_by_the_role_outcomes() -> None:
    policy = load_policy("credit")
    assert roles_by_topic(policy, "app") == {
        "fairness-partials": "judge",
        "credit-decisions-raw": "ingest",
        "credit-outcomes-raw": "ingest",
        "app-outcome-join-credit": "outcomes",
    }
    assert source_topics(policy, "app", ["outcomes"]) == ["app-outcome-join-credit"]
    assert source_topics(load_policy("loans"), "app", ["outcomes"]) == []


def test_the_policy_in_the_text_about_outcomes_is_a_policy() -> None:
    root = ROOT
    page = root.joinpath("docs", "how-to", "outcomes.md").read_text("utf-8")
    said = page.partition("```toml\n")[2].partition("```")[0]
    shipped = root.joinpath("stream_app", "policies", "credit.toml").read_text("utf-8")
    model = parse_policy(shipped[: shipped.index("[models.score]")] + said).models[0]
    assert model.score is not None
    assert model.score.bins[2] == "[0.4,0.5)"
    assert declared_outcome(model).is_selective
