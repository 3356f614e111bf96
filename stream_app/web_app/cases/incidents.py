"""Opens the case of an incident, which no alert has raised."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from stream_app.web_app.cases.models import About, Case, CaseEvent, Status
from stream_app.web_app.cases.opening import DUE_S

OPENED = "incident"


def open_incident(
    kind: str, model: str, text: str, at_s: int, append: Callable[[int], int | None], *, due_s: int = DUE_S
) -> Case:
    """Open a case; each incident gets one of its own.

    Args:
        kind: Kind of the incident.
        model: Name of the model.
        text: What was seen.
        at_s: When, seconds since the epoch.
        append: Appends the entry of the audit log about the case with a number; an error of it undoes the case.
        due_s: Seconds until it should be closed.
    """
    with transaction.atomic():
        case = Case.objects.create(
            model=model,
            about=About.INCIDENT,
            attribute=kind,
            open_key=None,
            status=Status.OPEN,
            opened_s=at_s,
            first_alert_s=at_s,
            due_s=at_s + due_s,
        )
        CaseEvent.objects.create(
            case=case,
            kind=OPENED,
            at_s=at_s,
            facts={"incident": kind, "due_s": case.due_s},
            text=text,
            audit_seq=append(case.pk),
        )
    return case
