"""Anomaly tags: the score is published, tagged events are counted by outcome, and no count or verdict changes."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.tags.sample import choose_features, sample_numbers
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.policy import ANOMALY_FIELD, Anomalies, Policy, load_policy
from tests.support.lanes.ingest_lane import CAMERA, KEYS, LOANS, NOW_S, IngestLane, encode, loan, track

ANOMALIES = Anomalies(features=("credit_score",), reference="x", digest="0" * 64, threshold=0.8)
TAGGED = msgspec.structs.replace(LOANS, anomalies=ANOMALIES)


class ByDistance:
    """Scores the distance from 700, in hundreds."""

    def score(self, values: Floats) -> Floats:
        distances: Floats = np.minimum(np.abs(values - 700).max(axis=1) / 100, 1.0)
        return distances


def lane(model: object = TAGGED) -> IngestLane:
    return IngestLane(model, scorer=ByDistance())  # type: ignore[arg-type]  # a policy


def records(n: int = 40) -> list[bytes | None]:
    """Return records of which one in four has a credit score of 780 or more, half of these favorable."""
    return [
        encode(
            loan(
                application_id=f"A-{number}",
                approved=number % 8 == 0,
                credit_score=700 + (80 + number / 10 if number % 4 == 0 else number / 10),
            )
        )
        for number in range(n)
    ]


def batch_of(values: list[bytes | None]) -> Batch:
    n = len(values)
    return Batch("loan-decisions", 0, 0, n, np.arange(n), values, np.full(n, NOW_S * 1000))


@pytest.mark.parametrize("n_batch", [1, 7, 40])
def test_the_score_is_published_and_tagged_events_are_counted_by_outcome(n_batch: int) -> None:
    tagging, plain = lane(), IngestLane()
    for first in range(0, 40, n_batch):
        for each in (tagging, plain):
            each.feed(records()[first : first + n_batch])
    for each in (tagging, plain):
        each.flush()
    assert [event[ANOMALY_FIELD] for event in tagging.events[:5]] == [0.8, 0.001, 0.002, 0.003, 0.804]
    assert tagging.counts.anomalies == {"favorable": 5, "unfavorable": 5}
    assert plain.counts.anomalies == {}
    assert (tagging.counted, tagging.counts.decisions) == (plain.counted, plain.counts.decisions)
    assert [{name: event[name] for name in event if name != ANOMALY_FIELD} for event in tagging.events] == plain.events


def test_a_record_cannot_bring_its_own_score() -> None:
    tagging = lane()
    tagging.feed([encode(loan(application_id=f"A-{n}") | {ANOMALY_FIELD: own}) for n, own in enumerate((0, "x", None))])
    tagging.feed([encode(loan(application_id="A-9", credit_score=800))])
    tagging.flush()
    assert [event[ANOMALY_FIELD] for event in tagging.events] == [0.0, 0.0, 0.0, 1.0]
    assert tagging.counts.dropped == {ANOMALY_FIELD: 2}


def test_duplicates_late_and_rejected_records_are_not_tagged() -> None:
    tagging = lane()
    tagging.feed([*records(4), *records(4), b"{", None])
    tagging.flush()
    assert tagging.counts.anomalies == {"favorable": 1}


def test_events_without_a_decision_are_tagged_too() -> None:
    anomalies = msgspec.structs.replace(ANOMALIES, features=("dwell",))
    features = CAMERA.features
    assert [feature.name for feature in features] == ["dwell"]
    tagging = lane(msgspec.structs.replace(CAMERA, anomalies=anomalies))
    tagging.feed([encode(track(track_id=f"T-{number}", dwell_s=700 - 90 * number)) for number in range(2)])
    tagging.flush()
    assert tagging.counts.anomalies == {"event": 1}


def test_a_replay_of_published_events_can_leave_out_anomalies() -> None:
    tagging = lane()
    tagging.feed(records())
    tagging.flush()
    published: list[bytes | None] = [json.dumps(event).encode() for event in tagging.events]
    plain, without = PublishedCounter(TAGGED), PublishedCounter(TAGGED)
    without.leave_out_anomalies(0.8)
    assert dict(plain.count(batch_of(published))) == tagging.counted
    [(_, cells)] = without.count(batch_of(published))
    assert sum(vector[0] for vector in cells.values()) == 30
    assert (without.dispositions.n_counted, without.dispositions.n_records) == (30, 40)
    assert without.closed_before_s == plain.closed_before_s
    [(_, again)] = without.under(TAGGED).count(batch_of(published))
    assert again == cells


def test_events_that_were_published_without_a_score_stay_counted() -> None:
    untagged = IngestLane()
    untagged.feed(records())
    counter = PublishedCounter(TAGGED)
    counter.leave_out_anomalies(0.1)
    [(_, cells)] = counter.count(batch_of([json.dumps(event).encode() for event in untagged.events]))
    assert sum(vector[0] for vector in cells.values()) == 40


def test_raw_records_have_no_scores_to_leave_out() -> None:
    with pytest.raises(ConfigError, match=r"Raw records have no anomaly scores\. Read the published events"):
        RawCounter(TAGGED, KEYS).leave_out_anomalies(0.5)


def test_a_scenario_leaves_out_anomalies_by_a_setting() -> None:
    policy = Policy(schema=1, models=(TAGGED,))
    settings = ScenarioSettings(parse_settings(["anomalies_from=0.9"]))
    scenario = scenario_of(policy, TAGGED, settings)
    assert scenario.leaves_out_from == 0.9
    assert scenario.counting_key != scenario_of(policy, TAGGED, ScenarioSettings()).counting_key
    with pytest.raises(ConfigError, match="declares no anomalies"):
        scenario_of(load_policy("loans"), LOANS, settings)


def test_a_policy_with_tags_has_another_hash_and_the_same_counts() -> None:
    assert TAGGED.hash() != LOANS.hash()
    assert TAGGED.layout_hash() == LOANS.layout_hash()
    assert TAGGED.counting_facts() == LOANS.counting_facts()


def test_a_sample_has_the_numbers_of_its_valid_records() -> None:
    credit = load_policy("credit").models[0]
    assert choose_features(LOANS) == ("credit_score",)
    assert choose_features(credit) == ("score",)
    assert choose_features(TAGGED, ["credit_score", "credit_score"]) == ("credit_score",)
    numbers = sample_numbers(LOANS, ("credit_score",), [batch_of([*records(3), b"{", None])])
    assert numbers.tolist() == [[780.0], [700.1], [700.2]]
    assert sample_numbers(LOANS, ("credit_score",), []).shape == (0, 1)
    with pytest.raises(ConfigError, match=r"'age' is not a feature of loans\. Known: credit_score"):
        choose_features(LOANS, ["age"])
    with pytest.raises(ConfigError, match="no features and no score"):
        choose_features(msgspec.structs.replace(LOANS, features=()))
