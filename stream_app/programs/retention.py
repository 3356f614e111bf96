"""Judges how long the real topics of a policy keep records."""

from __future__ import annotations

from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.inspection.retention import RetentionBounds, RetentionReport, judge_retention
from stream_app.edges.inspection.topic_settings import read_retention
from stream_app.policy import Policy
from stream_app.topics import TopicSpec, declared_topics

_PERSONAL = {"raw", "raw outcomes", "output", "dead letters", "late decisions"}  # records about single persons
FLAGGED = frozenset({"too long", "unlimited", "too short"})


def read_reports(kafka: AnyKafka, policy: Policy, app_id: str, *, most_ms: int) -> list[RetentionReport]:
    """Return a report about each declared topic.

    Args:
        kafka: The connection.
        policy: What is monitored.
        app_id: Prefix of changelog topics.
        most_ms: Longest retention of records about persons.

    Raises:
        AccessDeniedError: this user may not see a topic or its settings.
        BrokerUnavailableError: no broker answers.
    """
    specs = declared_topics(policy, app_id)
    real = read_retention(kafka, [spec.name for spec in specs])
    return [judge_retention(retention_bounds(spec, policy, most_ms), real.get(spec.name)) for spec in specs]


def retention_bounds(spec: TopicSpec, policy: Policy, most_ms: int) -> RetentionBounds:
    """Return the bounds of a topic: FairStream's own are needed as long as declared, raw ones until they are tested.

    Hours of areas are about no person, so nothing bounds how long they are kept.
    """
    if spec.owner == "fairstream":
        least_ms = int(spec.config.get("retention.ms", 0))
        return RetentionBounds(
            topic=spec.name,
            contents=spec.contents,
            most_ms=most_ms if spec.role in _PERSONAL else None,
            least_ms=least_ms,
        )
    models = [model for model in policy.models if spec.name in {model.topic, model.outcome and model.outcome.topic}]
    longest_s = max(max(window.size_s for window in model.windows) + model.wait_s for model in models)
    has_people = any(model.kind != "allocations" for model in models)
    limits_ms = [model.event_time.max_age_s * 1000 for model in models if model.topic == spec.name]
    return RetentionBounds(
        topic=spec.name,
        contents=spec.contents,
        most_ms=min([most_ms, *limits_ms]) if has_people else None,
        least_ms=min([int(longest_s * 1000), *limits_ms]),
    )
