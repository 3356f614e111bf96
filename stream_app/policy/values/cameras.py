"""What a policy of records of cameras must be like: which fields there are, and what identifies an event."""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.policy.model import ModelPolicy, declared_paths
from stream_app.policy.values.headers import header_names

EVENT_FIELDS = ("id", "track", "camera", "ts", "class", "zone", "score")
LABEL_FIELDS = ("camera", "class", "zone")


def camera_faults(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield what does not fit a policy of records of cameras, by the field of the policy."""
    if model.record is None:
        return
    if model.kind != "counts":
        yield "record", "only for kind 'counts'"
    if model.format != "json" or model.instance is not None or header_names(model):
        yield "record", "not allowed with a format, an instance or headers: the layout says how records are written"
    for path, _ in declared_paths(model):
        if path not in EVENT_FIELDS:
            yield "record", f"a camera event has no field {path!r}; it has {', '.join(EVENT_FIELDS)}"
    if model.event_id.path not in ("id", "track"):
        yield "event_id.path", "must be 'id' (a track counts in each group and window) or 'track' (it counts once)"
    if (model.event_time.path, model.event_time.format) != ("ts", "iso8601"):
        yield "event_time.path", "must be 'ts', in the format 'iso8601'"
    for number, attribute in enumerate(model.attributes):
        if attribute.path not in LABEL_FIELDS:
            yield f"attributes[{number}].path", f"must be one of {', '.join(LABEL_FIELDS)}"
