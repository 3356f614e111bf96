"""Reads from a policy what happens to a field at the first step."""

from __future__ import annotations

import msgspec

from stream_app.core.inspection.inspection import InspectedField
from stream_app.policy import ModelPolicy, declared_paths

_PARTS = {
    "identifier": "pseudonymized",
    "drop": "dropped",
    "box": "dropped",
    "attribute": "counted by its labels",
    "segment": "counted by its labels",
    "decision": "only listed values pass",
    "constant": "only listed values pass",
    "cluster": "put into one of 64 buckets",
}
# Keys of tracks in the layouts of cameras; of all other fields only times, classes and labels of the policy pass.
_TRACKS = {
    "onvif-xml": ("@ObjectId",),
    "onvif-json": ("@ObjectId",),
    "axis-v1": ("object_track_id", "id"),
    "axis-beta": ("track_id",),
    "deepstream": ("objects",),
    "deepstream-full": ("id",),
    "frigate": ("id",),
}
_PUBLISHED = {"event_time", "feature", "score", "proxy", "keep", "model_version"}


def with_handling(field: InspectedField, model: ModelPolicy) -> InspectedField:
    """Return a field with what a policy does about it; one that is published unchanged has no handling.

    >>> from stream_app.core.inspection.inspection import inspect_observed
    >>> from stream_app.core.inspection.observed import ObservedFields
    >>> from stream_app.policy import load_policy
    >>> sample = ObservedFields()
    >>> sample.add({"person_id": "R-1", "plate": "FS AB 1"})
    >>> camera = load_policy("camera").models[0]
    >>> [with_handling(field, camera).handling for field in inspect_observed(sample.fields())]
    ['pseudonymized', 'dropped, as undeclared']
    """
    return msgspec.structs.replace(field, handling=handling_of(field.path, model))


def handling_of(path: str, model: ModelPolicy) -> str | None:
    """Return what a policy does with a field, or None where it passes unchanged."""
    raw = path.partition(">")[0].replace("[]", "")  # what is inside a text is handled as the text is
    parts = dict(declared_paths(model))
    names = raw.split(".")
    if model.record is not None:
        return "pseudonymized" if names[-1] in _TRACKS[model.record.layout] else "left behind by the layout"
    for n in range(len(names), 0, -1):
        part = parts.get(".".join(names[:n]))
        if part in _PUBLISHED:
            return None
        if part is not None:
            return _PARTS[part]
    return "record rejected, as undeclared" if model.unknown_fields == "reject" else "dropped, as undeclared"
