"""What follows from a model's ``outcome``: how its records are read, and what their counts depend on."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from stream_app.policy.fields import EventTime, Identifier, Outcome
from stream_app.policy.model import ModelPolicy
from stream_app.policy.parts.decision import Decision

N_OUTCOMES: Final = 4  # favorable, unfavorable, awaited, expired


def declared_outcome(model: ModelPolicy) -> Outcome:
    """Return the outcome of a model.

    Raises:
        ValueError: it has none.
    """
    if model.outcome is None:
        raise ValueError(f"model {model.name!r} has no outcome")
    return model.outcome


def outcome_records_of(model: ModelPolicy) -> ModelPolicy:
    """Return the policy by which the records of the outcomes are read: they are decisions without attributes.

    The event id has the link domain and the spelling of the decision's, else outcomes would never match decisions.

    Raises:
        ValueError: the model has no outcome.
    """
    outcome = declared_outcome(model)
    time = model.event_time
    return ModelPolicy(
        name=model.name,
        topic=outcome.topic,
        format=outcome.format,
        schema_subject=outcome.schema_subject,
        event_time=EventTime(
            path=outcome.event_time.path,
            format=outcome.event_time.format,
            time_zone=outcome.event_time.time_zone,
            max_future_s=time.max_future_s,
            max_age_s=time.max_age_s,
            pane_s=time.pane_s,
            idle_s=time.idle_s,
        ),
        event_id=Identifier(
            path=outcome.event_id, link_domain=model.event_id.link_domain, canonical=model.event_id.canonical
        ),
        identifiers=outcome.identifiers,
        decision=Decision(path=outcome.path, favorable=outcome.favorable, unfavorable=outcome.unfavorable),
        attributes=(),
        drop=outcome.drop,
        unknown_fields=outcome.unknown_fields,
        deduplication_window=0,  # a duplicate is distinguished from a change where the decision is known
        max_record_bytes=model.max_record_bytes,
        max_list_items=model.max_list_items,
    )


def outcome_layout_hash(model: ModelPolicy) -> str:
    """Return the hash of what the counts of outcomes depend on: a change needs a new ``app_id``.

    Raises:
        ValueError: the model has no outcome.
    """
    outcome = declared_outcome(model)
    layout = (model.layout_hash(), outcome.path, outcome.favorable, outcome.unfavorable)
    return hashlib.sha256(msgspec.json.encode(layout)).hexdigest()[:16]
