"""``fairstream replay verify`` for people: one line, with the first difference."""

from __future__ import annotations

from typing import Any

from stream_app.cli.replay.verify import describe
from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.replay.verify.difference import Difference
from stream_app.pipeline.replay.verify.divergence import Divergence
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS

PLACE = Divergence(topic="raw", partition=2, first_offset=10, next_offset=20, pane_start_s=0)


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
        "end_s": 120,
        "attribute": "gender",
        "group": "female",
    }
    return Difference(topic=topic, **known | changes)


def test_what_is_reproduced_is_counted() -> None:
    assert describe(verification()) == (
        "VERIFIED: 79 published results, alerts and journal entries of model loans reproduced exactly from 88,889 "
        "source records (policy e270)"
    )
    outcomes = verification(model=outcomes_name("loans"), n_equal=12, n_records=4000)
    assert ", and 12 about its outcomes from 4,000 outcome-join records (" in describe(verification(outcomes=outcomes))


def test_a_value_that_differs_is_shown_with_its_source() -> None:
    assert describe(verification(difference(), divergence=PLACE)) == (
        "MISMATCH: window 1m ending 1970-01-01 00:02:00Z, gender group female, n: published 190, recomputed 189; "
        "first in raw[2], offsets 10 to 19 (other records than were counted: changed, compacted, or of a topic "
        "that was created again)"
    )


def test_a_record_on_one_side_is_named() -> None:
    forged = difference(FAIRNESS_ALERTS, field="record", live=True, replayed=False, window="alert")
    assert describe(verification(forged)) == (
        "MISMATCH: fairness-alerts contains a record that the recomputation does not produce: alert 15cd at "
        "1970-01-01 00:02:00Z, gender group female; the counts of all source partitions agree, or their partials "
        "have expired"
    )
    lost = difference(field="record", live=False, replayed=True)
    assert "fairness-results lacks a record that the recomputation produces: window 1m" in describe(verification(lost))
    entry = difference("fairness-journal", field="record", live=None, replayed=None, window="")
    assert "fairness-journal and the recomputation do not have the same records" in describe(verification(entry))


def test_a_value_about_few_decisions_is_suppressed() -> None:
    hidden = difference(live=None, replayed=None, is_hidden=True)
    assert "gender group female, n: suppressed, fewer than k; " in describe(verification(hidden))


def test_a_difference_about_outcomes_says_so() -> None:
    outcomes = verification(difference(), model=outcomes_name("loans"))
    assert describe(verification(is_equal=False, outcomes=outcomes)).startswith("MISMATCH: outcomes, window 1m")
