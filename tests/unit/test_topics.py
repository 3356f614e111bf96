"""The declaration of the topics: which a policy needs, and what follows what."""

from __future__ import annotations

import pytest

from stream_app.policy import SHIPPED, load_policy, parse_policy
from stream_app.topics import (
    CAMERA_AGGREGATES,
    DEAD_LETTERS,
    DECLARATIONS,
    FAIRNESS_AUDIT,
    FAIRNESS_PARTIALS,
    FAIRNESS_RESULTS,
    LATE_DECISIONS,
    changelog_topic,
    declared_topics,
    partition_of_model,
)

TWO_MODELS = (SHIPPED / "loans.toml").read_text("utf-8") + (SHIPPED / "camera.toml").read_text("utf-8").split(
    "schema = 1"
)[1]


@pytest.mark.parametrize("name", ["loans", "loanapp"])
def test_a_policy_of_decisions_needs_no_camera_topic(name: str) -> None:
    names = {spec.name for spec in declared_topics(load_policy(name), "app")}
    assert names >= {DEAD_LETTERS, LATE_DECISIONS, FAIRNESS_PARTIALS, FAIRNESS_RESULTS, changelog_topic("app", "judge")}
    assert CAMERA_AGGREGATES not in names


def test_two_models_share_the_topics_of_the_policy_and_have_their_own_state() -> None:
    specs = declared_topics(parse_policy(TWO_MODELS), "app")
    names = [spec.name for spec in specs]
    assert len(names) == len(set(names))
    assert {"app-changelog-ingest-loans", "app-changelog-ingest-camera", CAMERA_AGGREGATES} <= set(names)


def test_each_model_follows_its_own_raw_topic() -> None:
    specs = declared_topics(parse_policy(TWO_MODELS), "app", partitions=2, existing={"camera-metadata-raw": 9})
    counts = {spec.name: spec.partitions for spec in specs}
    assert (counts["loan-decisions-raw"], counts["loan-decisions"], counts["app-changelog-ingest-loans"]) == (2, 2, 2)
    assert (counts["camera-metadata-raw"], counts["camera-metadata"], counts["app-changelog-ingest-camera"]) == (
        9,
        9,
        9,
    )


def test_raw_identifiers_are_kept_for_28_days_and_those_of_cameras_for_3() -> None:
    kept_ms = {
        spec.name: spec.config["retention.ms"]
        for spec in declared_topics(parse_policy(TWO_MODELS), "app")
        if spec.role == "raw"
    }
    assert kept_ms == {"loan-decisions-raw": "2419200000", "camera-metadata-raw": "259200000"}


def test_a_compacted_state_topic_has_no_retention_that_would_delete_state() -> None:
    states = [spec for spec in declared_topics(load_policy("loans"), "app") if spec.role.endswith("changelog")]
    assert len(states) == 2
    assert all(spec.config["cleanup.policy"] == "compact" for spec in states)
    assert not any("retention.ms" in spec.config for spec in states)


def test_only_a_policy_that_lets_records_be_exported_has_the_topic_of_the_audit() -> None:
    permitting = TWO_MODELS.replace("[[models]]", '[[models]]\nprivacy = { exportable_records = "raw" }', 1)
    specs = {spec.name: spec for spec in declared_topics(parse_policy(permitting), "app")}
    config = specs[FAIRNESS_AUDIT].config
    assert (config["cleanup.policy"], config["message.timestamp.type"]) == ("delete", "LogAppendTime")
    assert int(config["retention.ms"]) > 4 * 365 * 86_400_000
    assert FAIRNESS_AUDIT not in {spec.name for spec in declared_topics(parse_policy(TWO_MODELS), "app")}


def test_whatever_follows_another_topic_is_declared_after_it() -> None:
    seen: set[str] = set()
    for declaration in DECLARATIONS:
        assert not isinstance(declaration.partitions, str) or declaration.partitions in seen
        seen.add(declaration.role)


def test_the_partition_of_a_model_never_moves() -> None:
    assert [partition_of_model(name, 4) for name in ("loans", "loanapp", "camera")] == [0, 0, 1]
