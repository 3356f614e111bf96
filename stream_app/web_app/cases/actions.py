"""What people do with a case: each is one transaction with one event and one entry of the audit log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction

from stream_app.web_app.cases.models import MAX_TEXT, Case, Conclusion, Status
from stream_app.web_app.cases.rules import Action, fault_of, n_breaches
from stream_app.web_app.cases.trail import record

_MAX_DUE_S = 366 * 86_400


class CaseError(Exception):
    """An action is not possible; the message says why."""


class Request(NamedTuple):
    """What a person wants to do.

    Attributes:
        action: What.
        text: A note, or the reasons.
        owner: Who shall own the case; None for nobody.
        due_s: Until when it should be closed.
        conclusion: What was found out.
    """

    action: Action
    text: str = ""
    owner: User | None = None
    due_s: int = 0
    conclusion: str = ""


Facts = dict[str, Any]


def act(case_id: int, user: User, request: Request) -> None:
    """Do something with a case.

    Raises:
        CaseError: it is not possible now, or incomplete.
        AuditRejectedError: the audit log accepts no entry; nothing has happened.
    """
    if len(request.text) > MAX_TEXT or "\0" in request.text:
        raise CaseError(f"The text is longer than {MAX_TEXT:,} characters, or contains a zero character.")
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case_id)
        if fault := fault_of(request.action, case, user.pk):
            raise CaseError(fault)
        now_s = int(time.time())
        facts = _CHANGES[request.action](case, user, request, now_s)
        case.save()
        record(case, request.action, user, now_s, facts, request.text.strip())


def note_export(case: Case, user: User) -> None:
    """Record that a case leaves as a file, before it does.

    Raises:
        AuditRejectedError: the audit log accepts no entry; then it must not leave.
    """
    with transaction.atomic():
        record(case, "exported", user, int(time.time()), {"status": case.status}, "")


def _acknowledge(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    case.status = Status.ACKNOWLEDGED
    if case.owner_id is None:
        case.owner = user
    return {"owner": case.owner_id}


def _assign(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    former, case.owner = case.owner_id, request.owner
    return {"owner": case.owner_id, "former": former}


def _note(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    _require_text(request, "Write something.")
    return {}


def _set_deadline(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    if not now_s < request.due_s <= now_s + _MAX_DUE_S:
        raise CaseError("A deadline is a day after today, and at most a year ahead.")
    former, case.due_s = case.due_s, request.due_s
    return {"due_s": case.due_s, "former": former}


def _conclude(case: Case, user: User, request: Request, now_s: int) -> Facts:
    if request.conclusion not in Conclusion.values:
        raise CaseError("Choose a conclusion.")
    _require_text(request, "Write the reasons of the conclusion.")
    case.status, case.conclusion = Status.CONCLUDED, request.conclusion
    case.concluded_by, case.concluded_s, case.n_concluded = user, now_s, n_breaches(case)
    return {"conclusion": case.conclusion, "n_breaches": case.n_concluded}


def _return(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    _require_text(request, "Write why the conclusion is not accepted.")
    former = case.conclusion
    case.status, case.conclusion = Status.ACKNOWLEDGED, ""
    case.concluded_by, case.concluded_s, case.n_concluded = None, None, 0
    return {"former": former}


def _close(case: Case, user: User, request: Request, now_s: int) -> Facts:  # noqa: ARG001  # as all changes
    case.status, case.closed_by, case.closed_s, case.open_key = Status.CLOSED, user, now_s, None
    return {"conclusion": case.conclusion, "concluded_by": case.concluded_by_id}


def _require_text(request: Request, fault: str) -> None:
    if not request.text.strip():
        raise CaseError(fault)


_CHANGES: dict[Action, Callable[[Case, User, Request, int], Facts]] = {
    Action.ACKNOWLEDGE: _acknowledge,
    Action.ASSIGN: _assign,
    Action.NOTE: _note,
    Action.DEADLINE: _set_deadline,
    Action.CONCLUDE: _conclude,
    Action.RETURN: _return,
    Action.CLOSE: _close,
}
