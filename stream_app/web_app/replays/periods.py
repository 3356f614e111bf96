"""What may be replayed: a period of a model of the policy, and a draft that shows no more than the policy."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from stream_app.errors import PolicyError
from stream_app.pipeline.replay.scenarios.scenario import reject_other_amounts
from stream_app.policy import ModelPolicy
from stream_app.web_app.policies.drafts import DraftError, read_draft
from stream_app.web_app.policies.models import PolicyDraft

_MAX_S = 366 * 86_400


class ReplayError(Exception):
    """It is not possible; the message says why."""


class Period(NamedTuple):
    """A range of event time, seconds since the epoch; the end is excluded."""

    from_s: int
    to_s: int


def read_period(start: str, end: str) -> Period:
    """Return the period of two times in UTC, ``2026-11-30T12:00`` with seconds or without.

    Raises:
        ReplayError: one is invalid, or the period is empty, longer than a year, or not over yet.
    """
    try:
        times = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (start, end)]
    except (ValueError, OverflowError):
        raise ReplayError("Write both times as 2026-11-30T12:00, in UTC.") from None
    return checked(Period(*map(int, times)))


def checked(period: Period) -> Period:
    """Return a period that can be replayed.

    Raises:
        ReplayError: it is empty, longer than a year, or in the future.
    """
    if not 0 <= period.from_s < period.to_s:
        raise ReplayError("The period ends before it begins.")
    if period.to_s - period.from_s > _MAX_S:
        raise ReplayError("A period is a year at most.")
    if period.from_s > time.time():
        raise ReplayError("The period has not begun yet.")
    return period


def reject_sealed(model: ModelPolicy) -> None:
    """Reject a model whose alerts are sealed: a replay would show what only auditors may open.

    Raises:
        ReplayError: they are.
    """
    if model.sealing is not None:
        raise ReplayError(f"The alerts of {model.name} are sealed to auditors, and a replay would show them.")


def reject_draft(draft: PolicyDraft, model: ModelPolicy) -> None:
    """Reject a draft that cannot be compared.

    Raises:
        ReplayError: it is invalid in this version, lacks the model, counts other amounts, or shows smaller groups.
    """
    drafted = drafted_model(draft, model)
    try:
        reject_other_amounts(drafted, model)
    except PolicyError as error:
        raise ReplayError(f"The draft counts other amounts. {error}.") from None
    if drafted.privacy.k < model.privacy.k:
        raise ReplayError(
            f"The draft shows groups of {drafted.privacy.k} decisions, and the policy in use {model.privacy.k} and "
            "more: a comparison would show what the policy hides."
        )


def drafted_model(draft: PolicyDraft, model: ModelPolicy) -> ModelPolicy:
    """Return the policy of a model in a draft.

    Raises:
        ReplayError: the draft is invalid in this version, or does not judge the model in the same kind.
    """
    try:
        policy = read_draft(draft.text)
    except DraftError as error:
        raise ReplayError(f"The draft is not valid in this version: {error}") from None
    drafted = next((other for other in policy.models if other.name == model.name), None)
    if drafted is None or drafted.kind != model.kind:
        raise ReplayError(f"The draft does not judge {model.name}.")
    return drafted
