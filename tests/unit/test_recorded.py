"""For the recorded input the pipeline writes the recorded output, apart from renamed fields."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from tests.recorded.compare import differences
from tests.recorded.inputs import Logs, logs
from tests.recorded.lines import Line, by_topic, read
from tests.recorded.names import RENAMED, Renames
from tests.recorded.record import drive, recorded
from tests.recorded.site import BATCH_SIZE

Topics = dict[str, list[Line]]

REASONS = {
    "bbox", "cardinality", "conflict", "control_char", "dup_key", "empty", "encoding", "id", "json", "missing",
    "range", "schema", "size", "ts", "ts_future", "ts_past", "ts_unit", "type", "tz", "unknown_field", "value",
}  # fmt: skip
TOPICS = {
    "loan-decisions", "credit-decisions", "camera-metadata", "grants-decided", "recorded-outcome-join-credit",
    "recorded-outcome-join-grants", "dead-letters", "late-decisions", "fairness-partials", "fairness-results",
    "fairness-alerts", "fairness-journal", "camera-aggregates",
}  # fmt: skip


@pytest.fixture(scope="module")
def expected() -> Topics:
    """Return the recorded file, with its original names."""
    return read()


def test_everything_is_written_as_recorded(expected: Topics) -> None:
    difference = next(differences(expected, by_topic(recorded(logs()))), None)
    if difference is not None:
        pytest.fail(str(difference), pytrace=False)


def test_one_changed_decision_is_detected(expected: Topics) -> None:
    got = by_topic(drive(with_one_more_denial(logs())).lines)
    assert {"loan-decisions", "fairness-partials", "fairness-results"} <= {
        line.topic for line in differences(expected, got)
    }


def with_one_more_denial(raw: Logs) -> Logs:
    log = raw["loans", False, 1]
    index = next(index for index in range(200, len(log)) if b'"approved":true' in (log[index].value or b""))
    log[index] = log[index]._replace(value=(log[index].value or b"").replace(b":true", b":false"))
    return raw


def test_an_additional_or_missing_record_is_detected() -> None:
    one, two = {"t": [{"topic": "t", "value": 1}]}, {"t": [{"topic": "t", "value": 1}, {"topic": "t", "value": 2}]}
    assert [(line.position, line.got) for line in differences(two, one)] == [(1, None)]
    assert [(line.position, line.expected) for line in differences(one, two)] == [(1, None)]


def test_a_changed_number_type_and_a_missing_field_are_detected() -> None:
    line = {"topic": "t", "value": {"rate": 1.0, "cause": None}}
    [difference] = differences({"t": [line]}, {"t": [line | {"value": {"rate": 1, "cause": None}}]})
    assert difference.path == "value.rate"
    [difference] = differences({"t": [line]}, {"t": [line | {"value": {"rate": 1.0}}]})
    assert difference.path == "value.cause"


def test_a_listed_rename_is_not_a_difference() -> None:
    old = {"topic": "labels-m", "key": "m|total|a1", "value": {"favourable": 1, "state": "recovery", "rules": ["gap"]}}
    new = {"topic": "joins-m", "key": "m|all|b7", "value": {"favorable": 1, "state": "recovery", "rules": ["distance"]}}
    renames = Renames(
        topic_prefixes={"labels-": "joins-"},
        fields_of={"labels-m": {"favourable": "favorable"}},
        values={"state": {"recovery": "recovery"}, "rules": {"gap": "distance"}, "key": {"total": "all"}},
    )
    [difference] = differences({"labels-m": [old]}, {"joins-m": [new]}, renames)
    assert difference.path == "key"
    renames = replace(renames, hashed_keys=frozenset({"labels-m"}))
    assert not list(differences({"labels-m": [old]}, {"joins-m": [new]}, renames))


def test_a_masked_field_is_not_compared() -> None:
    line = {"topic": "t", "value": [{"policy_hash": "a", "n": 1}]}
    assert not list(differences({"t": [line]}, {"t": [line | {"value": [{"policy_hash": "b", "n": 1}]}]}))
    [difference] = differences({"t": [line]}, {"t": [line | {"value": [{"policy_hash": "b", "n": 2}]}]})
    assert str(difference) == "t[0]: value[0].n\n  expected 1\n  got      2"


def test_every_renamed_name_occurs_in_the_file(expected: Topics) -> None:
    text = json.dumps(expected)
    assert not [name for name in RENAMED.old_names() if name not in text]


def test_the_input_contains_duplicates_that_are_close_together_and_far_apart() -> None:
    n_by_closeness = Counter(
        second - first < BATCH_SIZE
        for log in logs().values()
        for indexes in _indexes_by_value([line.value for line in log]).values()
        for first, second in pairwise(indexes)
    )
    assert min(n_by_closeness[True], n_by_closeness[False]) > 5


def _indexes_by_value(values: list[bytes | None]) -> dict[bytes, list[int]]:
    indexes: dict[bytes, list[int]] = {}
    for index, value in enumerate(values):
        if value:
            indexes.setdefault(value, []).append(index)
    return indexes


def test_the_file_contains_every_kind_of_record(expected: Topics) -> None:
    assert set(expected) >= TOPICS
    assert {line["value"]["reason"] for line in expected["dead-letters"]} == REASONS
    assert not [kind for kind, is_present in kinds(expected) if not is_present]


def kinds(topics: Topics) -> Iterator[tuple[str, bool]]:
    alerts = [line["value"] for line in topics["fairness-alerts"]]
    results = [line["value"] for line in topics["fairness-results"]]
    changes = {(line["model"], line["change"]) for line in alerts}
    yield "breach and recovery", {("loans", "breach"), ("loans", "recovery")} <= changes
    yield "alert about outcomes", ("credit/outcomes", "breach") in changes
    yield "alert about scores", any(line["test"] == "score_drift" for line in alerts)
    yield "alert about an intersection", any("+" in line["attribute"] for line in alerts)
    yield "intersections of three", any(line["attribute"].count("+") == 2 for line in results)
    yield (
        "outcomes of both kinds",
        {line["is_selective"] for line in results if "is_selective" in line} == {True, False},
    )
    yield "revisions", {line["model"] for line in results if line["revision"]} >= {"loans", "grants"}
    groups = [group for line in results for group in line["groups"]]
    states = {group["state"] for group in groups}
    yield "states", states == {None, "ok", "insufficient", "warning", "breach"}
    drivers = {group["cause"]["driver"] for group in groups if group.get("cause")}
    yield "causes", drivers >= {"rate", "mix", "rate_not_mix"}
    hidden = {group["hidden"] for line in topics["shown totals"] for group in line["value"]["groups"]}
    yield "hidden groups", {None} < hidden
    yield "withheld groups", any(line.get("withheld", {}).get("groups") for line in results)
    yield "silent partitions", {line["value"]["is_idle"] for line in topics["fairness-partials"]} == {True, False}
    keys = {line["key"][:12] for line in topics["grants-decided"]}
    yield "both keys", keys == {"hm1.earliera", "hm1.laterkea"}
    officers = [line["value"].get("officer", "absent") for line in topics["grants-decided"]]
    yield "optional identifiers", {None, "absent"} < set(officers)
    for model in ("loans", "credit", "camera"):
        yield f"late {model}", any(line["value"]["model"] == model for line in topics["late-decisions"])
    yield "restarts", {len(topics[f"state of {role}"]) for role in ("ingest", "judge")} == {50, 10}
    yield "recomputed results are equal", not any(line["value"]["unlike"] for line in topics["told again"])
    yield "recounted panes are equal", not any(line["value"]["unlike"] for line in topics["counted again"])
    yield from _counted(topics)


def _counted(topics: Topics) -> Iterator[tuple[str, bool]]:
    required = {
        "counts of ingest": (
            "loans.n_duplicates", "credit.n_duplicates", "camera.n_duplicates", "grants.n_duplicates",
            "loans.n_tombstones", "camera.decisions.event", "grants.dropped.undeclared", "grants.dropped.person.name",
            "camera.dropped.bbox", "loans.overflow.gender",
        ),
        "counts of outcome ingest": ("credit.n_tombstones", "credit.dead_letters.json", "grants.dropped.remarks"),
        "counts of outcomes": (
            "credit.matched", "credit.duplicate", "credit.changed", "credit.unmatched", "grants.expired",
            "grants.decisions_expired",
        ),
        "counts of judge": (
            ".models.loans.n_stale", ".models.grants.n_broken", ".models.loans.n_tested",
            ".models.loans.n_revised.1m", ".models.loans.n_closed.1h.published", ".models.camera.n_small",
            ".models.camera.n_closed.1m.suppressed", ".models.credit/outcomes.n_closed.1m.insufficient",
        ),
    }  # fmt: skip
    for topic, names in required.items():
        sums: Counter[str] = Counter()
        for line in topics[topic]:
            _add(sums, line["value"], line["model"])
        yield from ((name, sums[name] > 0) for name in names)


def _add(sums: Counter[str], value: Any, name: str) -> None:
    if isinstance(value, dict):
        for inner, part in value.items():
            _add(sums, part, f"{name}.{inner}")
    elif isinstance(value, int):
        sums[name] += value
