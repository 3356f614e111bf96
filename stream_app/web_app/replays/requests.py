"""Starts, restarts and cancels replays: a bounded number waits, and each is an entry of the audit log."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from stream_app.policy import ModelPolicy
from stream_app.web_app.cases.models import Case, Status
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.replays.models import UNFINISHED, Kind, Replay, ReplayStatus
from stream_app.web_app.replays.periods import Period, ReplayError, checked, reject_draft, reject_sealed
from stream_app.web_app.replays.trail import note_action, note_end

MOST_UNFINISHED, MOST_OF_ONE = 10, 3
MOST_PER_HOUR = 20  # of one person or program
_HOUR_S = 3600


class Requester(NamedTuple):
    """Who asks: a person, or a program, by the id of its token."""

    user: User | None = None
    program: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """The requester in the audit log."""
        return {"by_token": self.program} if self.user is None else {"by_user": self.user.pk}


def start(
    requester: Requester,
    model: ModelPolicy,
    period: Period,
    *,
    draft: PolicyDraft | None = None,
    case: Case | None = None,
) -> Replay:
    """Store a replay that will run as soon as it can: a comparison with a draft, without one a verification.

    Raises:
        ReplayError: it is not possible, or too many wait.
        AuditRejectedError: the audit log accepts no entry.
    """
    reject_sealed(model)
    if draft is not None:
        reject_draft(draft, model)
    checked(period)
    with transaction.atomic():
        if case is not None and Case.objects.select_for_update().get(pk=case.pk).status == Status.CLOSED:
            raise ReplayError("The case is closed.")
        now_s = int(time.time())
        _reject_too_many(requester, now_s)
        replay = Replay.objects.create(
            kind=Kind.VERIFY if draft is None else Kind.COMPARE,
            model=model.name,
            from_s=period.from_s,
            to_s=period.to_s,
            status=ReplayStatus.QUEUED,
            draft=draft,
            case=case,
            user=requester.user,
            token=requester.program,
            requested_s=now_s,
        )
        note_action(replay, "started", now_s, requester.facts)
    return replay


def repeat(requester: Requester, replay: Replay, model: ModelPolicy) -> Replay:
    """Start a replay that has ended again, as another one.

    Raises:
        ReplayError: as ``start``; or it has not ended.
        AuditRejectedError: the audit log accepts no entry.
    """
    if replay.status in UNFINISHED:
        raise ReplayError("The replay has not ended.")
    return start(requester, model, Period(replay.from_s, replay.to_s), draft=replay.draft, case=replay.case)


def cancel(requester: Requester, replay_id: int) -> None:
    """End a replay that waits or runs; its process ends within seconds.

    Raises:
        ReplayError: it has ended already.
        AuditRejectedError: the audit log accepts no entry.
    """
    with transaction.atomic():
        replay = Replay.objects.select_for_update().get(pk=replay_id)
        if replay.status not in UNFINISHED:
            raise ReplayError(f"The replay is {replay.status} already.")
        now_s = int(time.time())
        replay.status, replay.ended_s = ReplayStatus.CANCELED, now_s
        replay.save(update_fields=["status", "ended_s"])
        note_action(replay, "canceled", now_s, requester.facts)
        if replay.case is not None:
            note_end(replay, now_s)


def _reject_too_many(requester: Requester, now_s: int) -> None:
    Replay.objects.select_for_update().order_by("id").last()  # of two requests at once, the second counts the first
    unfinished = Replay.objects.filter(status__in=UNFINISHED)
    own = Replay.objects.filter(user=requester.user, token=requester.program)
    if unfinished.count() >= MOST_UNFINISHED:
        raise ReplayError(f"{MOST_UNFINISHED} replays wait or run already: start this one later.")
    if own.filter(status__in=UNFINISHED).count() >= MOST_OF_ONE:
        raise ReplayError(f"{MOST_OF_ONE} of your replays wait or run already: start this one later.")
    if own.filter(requested_s__gt=now_s - _HOUR_S).count() >= MOST_PER_HOUR:
        raise ReplayError(f"You have started {MOST_PER_HOUR} replays within an hour: start this one later.")
