"""What happens to cases, in the table of events and in the audit log.

The entry of a person's action is written before the action is committed: without it there is no action. A case that
FairStream opens is not delayed by the log; its entry follows, at the latest with the first action in any case.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from stream_app.web_app.cases.models import Case, CaseEvent
from stream_app.web_app.host import audit_trail

_MOST_AT_ONCE = 500


def record(case: Case, kind: str, user: User, at_s: int, facts: dict[str, Any], text: str) -> None:
    """Add an event and its entry; to be called in the transaction of the action.

    Raises:
        AuditRejectedError: the audit log accepts no entry.
    """
    append_pending()
    event = CaseEvent.objects.create(case=case, kind=str(kind), at_s=at_s, actor=user, facts=facts, text=text)
    event.audit_seq = _append(event)
    event.save(update_fields=["audit_seq"])


def append_pending() -> None:
    """Append the entries of cases that FairStream has opened.

    After a crash in between an entry can be there twice, with the same number of the event.

    Raises:
        AuditRejectedError: the audit log accepts no entry.
    """
    if not audit_trail.has_log():
        return
    with transaction.atomic():
        for event in CaseEvent.objects.select_for_update().filter(is_pending=True).order_by("id")[:_MOST_AT_ONCE]:
            event.audit_seq, event.is_pending = _append(event), False
            event.save(update_fields=["audit_seq", "is_pending"])


def _append(event: CaseEvent) -> int | None:
    case: Case = event.case
    data: dict[str, Any] = {"action": event.kind, "case": case.pk, "event": event.pk, "model": case.model}
    data |= {"about": case.about, "facts": event.facts}
    if event.actor_id is not None:
        data["by_user"] = event.actor_id
    if event.text:  # it may name people
        data["text_sha256"] = hashlib.sha256(event.text.encode()).hexdigest()
    return audit_trail.append("case-event", data)
