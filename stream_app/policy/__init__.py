"""The policy: what is monitored, in one TOML file.

A policy names for each model the topic, the place of each field in the JSON, which fields are identifiers, which are
protected attributes with their groups and reference, and the rules by which results are judged. The decoder is compiled
from it (``stream_app.core.events.schema``), so a stream of your own needs no code. ``docs/reference/policy.md`` is the
reference. ``types`` and ``labels`` are the values of a policy, ``values`` reads those of records, ``fields`` are its
fields of a record, ``limits`` how it is judged, ``model`` all of it with its ``parts``, ``outcomes`` what follows from
declared outcomes, ``hours`` what hours of areas need. ``load`` reads a policy (``former_names`` of its fields
included), ``check`` checks how its parts fit together, ``messages`` words what is wrong. ``reference`` documents every
field, ``schema`` is the JSON Schema.
"""

from stream_app.policy.check import MAX_CELLS, n_labels
from stream_app.policy.fields import (
    Box,
    Constant,
    EventTime,
    Feature,
    Identifier,
    Outcome,
    OutcomeTime,
    Score,
)
from stream_app.policy.hours.allocations import HOURS, POPULATION, RISK
from stream_app.policy.labels import (
    AND,
    BUCKET_LABELS,
    CLUSTER,
    DECISION,
    N_BUCKETS,
    OTHER,
    OUTCOME,
    SCORE,
    UNKNOWN,
    canonical_label,
    label_by_spelling,
    label_text,
    version_label,
)
from stream_app.policy.limits import Detection, Privacy, Publication, Rules, WindowPolicy
from stream_app.policy.load import SHIPPED, load_policy, parse_policy, read_policy_text, shipped_names
from stream_app.policy.model import (
    BUCKET_FIELD,
    DEFAULT_WINDOWS,
    ModelPolicy,
    Policy,
)
from stream_app.policy.outcomes import N_OUTCOMES, declared_outcome, outcome_layout_hash, outcome_records_of
from stream_app.policy.parts.decision import Decision, listed_decision
from stream_app.policy.parts.paths import declared_paths, is_cluster_alone
from stream_app.policy.types import JsonPath, Label, Name, Scalar, Topic
from stream_app.policy.values.anomalies import ANOMALY_FIELD, Anomalies
from stream_app.policy.values.labeled import Attribute, Segment
from stream_app.policy.values.proxies import PROBABILITY_SCALE, SUM_TOLERANCE, Proxy

__all__ = [
    "AND",
    "ANOMALY_FIELD",
    "BUCKET_FIELD",
    "BUCKET_LABELS",
    "CLUSTER",
    "DECISION",
    "DEFAULT_WINDOWS",
    "HOURS",
    "MAX_CELLS",
    "N_BUCKETS",
    "N_OUTCOMES",
    "OTHER",
    "OUTCOME",
    "POPULATION",
    "PROBABILITY_SCALE",
    "RISK",
    "SCORE",
    "SHIPPED",
    "SUM_TOLERANCE",
    "UNKNOWN",
    "Anomalies",
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
    "Proxy",
    "Publication",
    "Rules",
    "Scalar",
    "Score",
    "Segment",
    "Topic",
    "WindowPolicy",
    "canonical_label",
    "declared_outcome",
    "declared_paths",
    "is_cluster_alone",
    "label_by_spelling",
    "label_text",
    "listed_decision",
    "load_policy",
    "n_labels",
    "outcome_layout_hash",
    "outcome_records_of",
    "parse_policy",
    "read_policy_text",
    "shipped_names",
    "version_label",
]
