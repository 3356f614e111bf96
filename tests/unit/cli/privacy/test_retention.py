"""The bounds of ``fairstream privacy retention`` accept what ``fairstream topics create`` sets."""

from __future__ import annotations

import pytest

from stream_app.core.inspection.retention import DAY_MS, judge_retention
from stream_app.policy import load_policy, shipped_names
from stream_app.programs.retention import retention_bounds
from stream_app.topics import declared_topics

DEFAULTS = {"retention.bytes": "-1", "segment.ms": "604800000", "retention.ms": "604800000"}


@pytest.mark.parametrize("name", shipped_names())
def test_declared_topics_keep_records_neither_too_long_nor_too_short(name: str) -> None:
    policy = load_policy(name)
    for spec in declared_topics(policy, "fairstream"):
        bounds = retention_bounds(spec, policy, 365 * DAY_MS)
        assert judge_retention(bounds, DEFAULTS | spec.config).verdict == "ok", spec.name


def test_raw_records_of_cameras_are_bound_by_their_policy() -> None:
    policy = load_policy("camera")
    raw = declared_topics(policy, "fairstream")[0]
    assert retention_bounds(raw, policy, 365 * DAY_MS).most_ms == 3 * DAY_MS


def test_the_bound_of_the_operator_counts_for_pseudonyms_too() -> None:
    policy = load_policy("loans")
    verdicts = {
        spec.role: judge_retention(retention_bounds(spec, policy, 10 * DAY_MS), DEFAULTS | spec.config).verdict
        for spec in declared_topics(policy, "fairstream")
    }
    too_long = {role for role, verdict in verdicts.items() if verdict == "too long"}
    assert too_long == {"raw", "output", "dead letters", "late decisions"}
