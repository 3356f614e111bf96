"""The policy: what is watched, in one TOML file.

A policy names for each model the topic, where each field lies in the JSON, which fields are identifiers, which are
protected attributes with their groups and reference, and by which rules the result is judged. The decoder is
compiled from it (``stream_app.core.events.schema``), so an own stream needs no code. ``docs/policy.md`` is the
reference for people.
"""

from stream_app.policy.load import SHIPPED, load_policy, parse_policy
from stream_app.policy.model import DEFAULT_WINDOWS, ModelPolicy, Policy, declared_paths
from stream_app.policy.parts import (
    NO_SEGMENT,
    OTHER,
    UNKNOWN,
    Attribute,
    Box,
    Constant,
    Decision,
    EventTime,
    Feature,
    Identifier,
    JsonPath,
    Label,
    Name,
    Privacy,
    Rules,
    Scalar,
    Segment,
    Topic,
    Window,
)

__all__ = [
    "DEFAULT_WINDOWS",
    "NO_SEGMENT",
    "OTHER",
    "SHIPPED",
    "UNKNOWN",
    "Attribute",
    "Box",
    "Constant",
    "Decision",
    "EventTime",
    "Feature",
    "Identifier",
    "JsonPath",
    "Label",
    "ModelPolicy",
    "Name",
    "Policy",
    "Privacy",
    "Rules",
    "Scalar",
    "Segment",
    "Topic",
    "Window",
    "declared_paths",
    "load_policy",
    "parse_policy",
]
