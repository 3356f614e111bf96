"""How long a topic keeps records, judged by its settings."""

from __future__ import annotations

import pytest

from stream_app.core.inspection.retention import DAY_MS, RetentionBounds, judge_retention

PERSONS = RetentionBounds(topic="raw", contents="persons", most_ms=3 * DAY_MS, least_ms=DAY_MS)
COUNTS = RetentionBounds(topic="results", contents="counts", most_ms=None, least_ms=400 * DAY_MS)
SETTINGS = {"cleanup.policy": "delete", "retention.bytes": "-1", "segment.ms": "600000"}


def verdict(bounds: RetentionBounds, retention_ms: int, **others: str) -> str:
    changed = {name.replace("_", "."): value for name, value in others.items()}
    return judge_retention(bounds, SETTINGS | {"retention.ms": str(retention_ms)} | changed).verdict


@pytest.mark.parametrize(
    ("kept_ms", "expected"),
    [
        (DAY_MS - 1, "too short"),
        (DAY_MS, "ok"),
        (3 * DAY_MS, "ok"),
        (3 * DAY_MS + 1, "too long"),
        (-1, "unlimited"),
        (0, "too short"),
    ],
)
def test_both_bounds_count(kept_ms: int, expected: str) -> None:
    assert verdict(PERSONS, kept_ms) == expected


def test_compaction_alone_keeps_persons_forever() -> None:
    assert verdict(PERSONS, 2 * DAY_MS, cleanup_policy="compact") == "unlimited"
    assert verdict(PERSONS, 2 * DAY_MS, cleanup_policy="compact,delete") == "ok"


def test_counts_may_stay_and_must_not_go_early() -> None:
    assert verdict(COUNTS, -1) == "ok"
    assert verdict(COUNTS, 7 * DAY_MS) == "too short"
    assert verdict(COUNTS, 7 * DAY_MS, cleanup_policy="compact") == "ok"


def test_what_changes_the_time_is_noted() -> None:
    slow = judge_retention(PERSONS, SETTINGS | {"retention.ms": str(2 * DAY_MS), "segment.ms": str(7 * DAY_MS)})
    assert slow.note == "segment.ms=604800000 is longer: in a quiet topic records stay up to 9 d"
    small = judge_retention(PERSONS, SETTINGS | {"retention.ms": str(2 * DAY_MS), "retention.bytes": "1000"})
    assert small.note == "retention.bytes=1000 can delete records earlier"


def test_a_topic_that_does_not_exist_is_missing() -> None:
    assert judge_retention(PERSONS, None).verdict == "missing"
