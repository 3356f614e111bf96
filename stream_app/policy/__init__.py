"""The policy: what is watched, in one TOML file.

A policy names for each model the topic, where each field lies in the JSON, which fields are identifiers, which are
protected attributes with their groups and reference, and by which rules the result is judged. The decoder is
compiled from it (``stream_app.core.events.schema``), so an own stream needs no code. ``docs/policy.md`` is the
reference for people.
"""

from stream_app.policy.check import MAX_CELLS, n_labels
from stream_app.policy.labels import DECISION, OTHER, UNKNOWN, canonical_label, version_label
from stream_app.policy.load import SHIPPED, load_policy, parse_policy, read_policy_text, shipped_names
from stream_app.policy.model import DEFAULT_WINDOWS, ModelPolicy, Policy, declared_paths
from stream_app.policy.outcomes import N_OUTCOMES, declared_outcome, outcome_layout_hash, outcome_records_of
from stream_app.policy.parts import (
    OUTCOME,
    SCORE,
    Attribute,
    Box,
    Constant,
    Decision,
    Detection,
    EventTime,
    Feature,
    Identifier,
    JsonPath,
    Label,
    Name,
    Outcome,
    OutcomeTime,
    Privacy,
    Rules,
    Scalar,
    Score,
    Segment,
    Topic,
    WindowPolicy,
)

__all__ = [
    "DECISION",
    "DEFAULT_WINDOWS",
    "MAX_CELLS",
    "N_OUTCOMES",
    "OTHER",
    "OUTCOME",
    "SCORE",
    "SHIPPED",
    "UNKNOWN",
    "Attribute",
    "Box",
    "Constant",
    "Decision",
    "Detection",
    "EventTime",
    "Feature",
    "Identifier",
    "JsonPath",
    "Label",
    "ModelPolicy",
    "Name",
    "Outcome",
    "OutcomeTime",
    "Policy",
    "Privacy",
    "Rules",
    "Scalar",
    "Score",
    "Segment",
    "Topic",
    "WindowPolicy",
    "canonical_label",
    "declared_outcome",
    "declared_paths",
    "load_policy",
    "n_labels",
    "outcome_layout_hash",
    "outcome_records_of",
    "parse_policy",
    "read_policy_text",
    "shipped_names",
    "version_label",
]
