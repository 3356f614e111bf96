"""``fairstream replay verify`` for people: what was proven, or which count differs, by how much, and where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app.errors import KeyFileError, RepeatedEventError
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.verify.difference import Difference
from stream_app.pipeline.replay.verify.divergence import Divergence
from stream_app.pipeline.replay.verify.matching import PublishedRecord
from stream_app.pipeline.replay.verify.reproduced_alerts import ReproducedAlert, reproduced_alerts
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.policy import load_policy
from stream_app.programs.replay.sources import _counter_maker
from stream_app.programs.replay.words import ReadTopic, describe, describe_repeated
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.support.sample_alert import ALERT

LOANS = load_policy("loans").models[0]
PLACE = Divergence(topic=LOANS.topic, partition=2, first_offset=10, next_offset=20, pane_start_s=0)
ORIGINAL = ReadTopic(LOANS.topic, "raw", LOANS)
COPY = ReadTopic("a-copy", "published", LOANS)


def verification(difference: Difference | None = None, **changes: Any) -> Verification:
    known: dict[str, Any] = {
        "model": "loans",
        "is_equal": difference is None,
        "n_records": 88_889,
        "n_equal": 79,
        "n_missing": 0,
        "n_unexpected": 0,
        "divergence": None,
        "policy_hash": "e270",
    }
    return Verification(difference=difference, **known | changes)


def difference(topic: str = FAIRNESS_RESULTS, **changes: Any) -> Difference:
    known: dict[str, Any] = {
        "key": "15cd",
        "field": "n",
        "live": 190,
        "replayed": 189,
        "window": "1m",
        "start_s": 60,
        "end_s": 120,
        "attribute": "gender",
        "group": "female",
    }
    return Difference(topic=topic, **known | changes)


def text_of(answer: Verification, read: ReadTopic = ORIGINAL) -> str:
    """Return the answer on one line."""
    return " ".join(" ".join(describe(answer, read)).split())


def test_what_is_reproduced_is_counted_with_what_was_read_and_what_is_not_proven() -> None:
    first, _, read, outside = describe(verification(), COPY)
    assert first == (
        "VERIFIED: 79 published results, alerts and journal entries of model loans reproduced exactly from 88,889 "
        "source records (policy e270)"
    )
    assert " ".join(read.split()) == "read a-copy (published events, a copy of loan-decisions)"
    assert "kept fields (region) and pseudonyms: they enter no verdict" in outside
    outcomes = verification(model=outcomes_name("loans"), n_equal=12, n_records=4000)
    assert ", and 12 about its outcomes from 4,000 outcome-join records (" in text_of(verification(outcomes=outcomes))


def test_people_read_where_it_began_and_why_not_earlier() -> None:
    changes: dict[str, Any] = {"since_s": 1_790_000_000, "since_entry": 7}
    assert "; since the checkpoint of 2026-09-21T14:13:20Z, journal entry 7)" in text_of(verification(**changes), COPY)
    reason = "Entry 0 of the journal was made by version 0.3.0, this is 0.5.0"
    assert f"journal entry 7 (not earlier: {reason})" in text_of(verification(**changes, since_reason=reason), COPY)


def test_the_alerts_that_were_reproduced_are_named() -> None:
    def alert(change: str, attribute: str, at_s: int, test: str = "ratio_low") -> ReproducedAlert:
        names: dict[str, Any] = {"group": "female", "reference": "male", "attribute": attribute, "test": test}
        return ReproducedAlert(id=f"{change}{attribute}{test}", change=change, at_s=at_s, **names)

    breach = alert("breach", "gender", 120)
    assert "alerts none in this time range" in text_of(verification())
    one = text_of(verification(alerts=(breach, alert("breach", "gender", 120, "gap_low"))))
    assert "alerts 1 reproduced: breach of gender, female vs. male, at 1970-01-01T00:02:00Z read" in one
    outcomes = verification(model=outcomes_name("loans"), alerts=(breach,))
    many = (breach, *(alert("recovery", f"gender+a{n}", 180) for n in range(4)))
    text = text_of(verification(alerts=many, outcomes=outcomes))
    assert "alerts 6 reproduced: breach of gender, " in text
    assert "; and 2 more read" in text


def test_an_alert_that_does_not_follow_is_not_among_the_reproduced() -> None:
    records = [PublishedRecord(FAIRNESS_ALERTS, 0, offset, "k", b"") for offset in range(3)]
    crossed = msgspec.structs.replace(ALERT, attribute="gender+race", at_s=0)
    published = [(records[0], crossed), (records[1], ALERT), (records[2], ALERT)]
    alerts = reproduced_alerts(published, [records[2].position])
    assert [(alert.attribute, alert.at_s) for alert in alerts] == [("gender", ALERT.at_s), ("gender+race", 0)]


def test_a_count_that_differs_is_explained_with_its_window_the_copy_and_the_offsets() -> None:
    text = text_of(verification(difference(), divergence=PLACE, n_missing=3, n_unexpected=1), COPY)
    for part in (
        "MISMATCH: a record of fairness-results differs from the recomputation",
        "record window 1m from 1970-01-01T00:01:00Z to 1970-01-01T00:02:00Z, gender, group female",
        "value decisions: 190 published, 189 recomputed, 1 fewer",
        "read a-copy (published events, a copy of loan-decisions)",
        "where partition 2, offsets 10 to 19 of loan-decisions-raw",
        "a record was changed, added or left out",
        "records recomputed, not published: 3; published, not recomputed: 1; equal: 79",
        "kept fields (region) and pseudonyms",
    ):
        assert part in text
    more = text_of(verification(difference(live=189, replayed=1_190, field="favorable")))
    assert "favorable decisions: 189 published, 1,190 recomputed, 1,001 more" in more


def test_the_counts_of_outcomes_are_named_as_such() -> None:
    join = Divergence(topic="app-outcome-join-loans", partition=0, first_offset=0, next_offset=5, pane_start_s=0)
    outcomes = verification(difference(), model=outcomes_name("loans"), divergence=join)
    text = text_of(verification(is_equal=False, outcomes=outcomes), COPY)
    assert "record outcomes, window 1m" in text
    assert "value outcomes: 190 published" in text
    assert "read app-outcome-join-loans (decisions and outcomes joined)" in text
    assert "where partition 0, offsets 0 to 4 reason" in text


def test_a_record_on_one_side_is_named() -> None:
    forged = difference(FAIRNESS_ALERTS, field="record", live=True, replayed=False, window="alert")
    text = text_of(verification(forged))
    assert "MISMATCH: fairness-alerts contains a record that the recomputation does not produce" in text
    assert "record alert 15cd at 1970-01-01T00:02:00Z, gender, group female" in text
    assert "The counts of all source partitions agree with what was counted" in text
    assert "value" not in text
    lost = difference(field="record", live=False, replayed=True)
    assert "fairness-results lacks a record that the recomputation produces" in text_of(verification(lost))
    entry = difference("fairness-journal", field="record", live=None, replayed=None, window="")
    assert "fairness-journal and the recomputation do not have the same records" in text_of(verification(entry))


def test_a_value_about_few_decisions_is_suppressed() -> None:
    hidden = difference(live=None, replayed=None, is_hidden=True)
    assert "value decisions: suppressed, fewer than k" in text_of(verification(hidden))


def test_a_copy_with_an_event_twice_has_a_reason() -> None:
    text = " ".join(" ".join(describe_repeated(RepeatedEventError("a-copy", 2, 17), COPY)).split())
    assert text.startswith("MISMATCH: a-copy contains an event twice")
    assert "where partition 2, the event of source offset 17" in text
    assert "A record was added to the copy" in text
    later = " ".join(describe_repeated(RepeatedEventError("a-copy", 2, 17, log_number=3), COPY))
    assert "the event of source offset 17 of log 3" in later


def test_without_a_key_file_nobody_is_told_to_create_keys(tmp_path: Path) -> None:
    unpublished = msgspec.structs.replace(LOANS, output_topic=None)
    for model, advice in ((LOANS, "Use --published, which needs none, or ask"), (unpublished, "Ask the owner")):
        with pytest.raises(KeyFileError, match=advice) as error:
            _counter_maker(Settings(state_dir=str(tmp_path)), model, SourceChoice("raw"), None)
        assert not re.search("keys init|[Cc]reate", str(error.value))
