"""What a policy may be written like: names from before version 0.2, and labels that are not text.

Also which fields the hash of a file has contained since then.
"""

from __future__ import annotations

from typing import Any

from stream_app.policy.labels import label_text
from stream_app.policy.messages import invalid_policy

FIELDS = {
    "favourable": "favorable",
    "unfavourable": "unfavorable",
    "repeat_horizon": "deduplication_window",
}
_LABELS = ("groups", "reference", "aliases", "missing")
VALUES = {("exportable_records", "pseudonymised"): "pseudonymized"}

# Fields that are in the hash of a file whatever their value, as in version 0.2: their names were complete then.
_NAMES_IN_HASH_OF_FILE = {
    "Identifier": "path link_domain is_required canonical",
    "EventTime": "path format out_of_orderness_s max_future_s max_age_s pane_s idle_s",
    "Decision": "path favorable unfavorable",
    "Attribute": "name path groups reference",
    "Segment": "name path values",
    "Feature": "name path minimum maximum scale is_required",
    "Score": "path minimum maximum edges cut reference_n version",
    "OutcomeTime": "path format",
    "Outcome": "topic event_id path favorable unfavorable event_time identifiers drop unknown_fields is_selective "
    "max_wait_d max_waiting",
    "Constant": "path values",
    "Box": "path",
    "WindowPolicy": "name size_s",
    "Rules": "min_disparate_impact_ratio max_gap max_rate_difference min_n",
    "Detection": "false_alarms_per_million design_effect max_depth is_stratified plain_rules",
    "Privacy": "k",
    "ModelPolicy": "name topic event_time kind output_topic event_id identifiers decision attributes segment score "
    "outcome features keep constants boxes drop unknown_fields windows rules detection privacy deduplication_window "
    "max_record_bytes max_list_items revision_s",
    "Policy": "schema models",
}
IN_HASH_OF_FILE = {(part, name) for part, names in _NAMES_IN_HASH_OF_FILE.items() for name in names.split()}


def with_current_names(part: Any, where: str = "") -> Any:
    """Return a parsed policy with every former name replaced by the current one.

    Args:
        part: Tables, arrays and values as ``tomllib`` reads them.
        where: Path of the part, for messages.

    Raises:
        PolicyError: a table has both the former and the current name of a field.

    >>> with_current_names({"models": [{"decision": {"favourable": True}}]})
    {'models': [{'decision': {'favorable': True}}]}
    """
    if isinstance(part, list):
        return [with_current_names(item, f"{where}[{number}]") for number, item in enumerate(part)]
    if not isinstance(part, dict):
        return part
    for former, current in FIELDS.items():
        if former in part and current in part:
            raise invalid_policy(where, f"both {current!r} and its former name {former!r} are given; remove {former!r}")
    return {FIELDS.get(name, name): _current(name, value, where) for name, value in part.items()}


def _current(name: str, value: Any, where: str) -> Any:
    if isinstance(value, str):
        return VALUES.get((name, value), value)
    return with_current_names(value, f"{where}.{name}".lstrip("."))


def with_text_labels(part: Any, name: str = "") -> Any:
    """Return a parsed policy with labels as text: groups may be written as true and false, or as whole numbers.

    >>> with_text_labels({"attributes": [{"groups": [True, False], "reference": False, "aliases": {"true": [1]}}]})
    {'attributes': [{'groups': ['true', 'false'], 'reference': 'false', 'aliases': {'true': ['1']}}]}
    """
    if isinstance(part, dict):
        renamed = {"values": "groups"} if name == "segment" else {}
        names = {key: name if name == "aliases" else renamed.get(key) or key for key in part}
        return {key: with_text_labels(value, names[key]) for key, value in part.items()}
    if isinstance(part, list):
        return [with_text_labels(item, name) for item in part]
    return label_text(part) if name in _LABELS and isinstance(part, bool | int) else part
