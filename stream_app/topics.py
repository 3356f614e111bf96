"""Names of the topics, and which partition of them a model goes to."""

from __future__ import annotations

import zlib

DEAD_LETTERS = "dead-letters"
LATE_DECISIONS = "late-decisions"
FAIRNESS_PARTIALS = "fairness-partials"
FAIRNESS_RESULTS = "fairness-results"
CAMERA_AGGREGATES = "camera-aggregates"


def state_topic(app_id: str, role: str, model: str | None = None) -> str:
    """Return the name of the compacted topic that holds a role's state.

    >>> state_topic("fairstream", "ingest", "loans"), state_topic("fairstream", "judge")
    ('fairstream-state-ingest-loans', 'fairstream-state-judge')
    """
    return f"{app_id}-state-{role}" + (f"-{model}" if model else "")


def partition_of_model(model: str, n_partitions: int) -> int:
    """Return the one partition of ``fairness-partials`` that holds a model, so that one lane judges it."""
    return zlib.crc32(model.encode()) % n_partitions
