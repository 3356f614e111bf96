"""Puts each alert into one case, in the transaction that stores it: a breach opens a case or joins the open one.

There is one open case for each attribute of a model, one for all its intersections, and one for its sealed alerts,
whose attribute is not known. A recovery joins the open case that was there before it, and opens none.
"""

from __future__ import annotations

import hashlib
import time
from typing import NamedTuple

from stream_app.pipeline.records.results import CROSS
from stream_app.web_app.cases.models import About, Case, CaseAlert, CaseEvent, Status

DUE_S = 7 * 86_400


class CaseAlertFacts(NamedTuple):
    """What decides to which case an alert belongs.

    Attributes:
        alert_id: Identifies the alert.
        model: Name of the model, or ``<model>/outcomes``.
        attribute: Name of the attribute, or of several joined by ``+``; None for a sealed alert.
        change: ``breach`` or ``recovery``.
        at_s: When it was raised, event time.
    """

    alert_id: str
    model: str
    attribute: str | None
    change: str
    at_s: int


def note_alert(alert: CaseAlertFacts) -> None:
    """Put an alert into its case, unless it is in one; to be called in a transaction."""
    if CaseAlert.objects.filter(alert_id=alert.alert_id).exists():
        return
    case = _open_case(alert) if alert.change == "breach" else _case_before(alert)
    if case is not None:
        CaseAlert.objects.create(
            alert_id=alert.alert_id, case=case, change=alert.change, at_s=alert.at_s, joined_s=int(time.time())
        )


def _open_case(alert: CaseAlertFacts) -> Case:
    about, now_s = _about(alert), int(time.time())
    case, is_new = Case.objects.select_for_update().get_or_create(
        open_key=_open_key(alert),
        defaults={
            "model": alert.model,
            "about": about,
            "attribute": alert.attribute or "" if about is About.ATTRIBUTE else "",
            "status": Status.OPEN,
            "opened_s": now_s,
            "first_alert_s": alert.at_s,
            "due_s": now_s + DUE_S,
        },
    )
    if is_new:
        CaseEvent.objects.create(
            case=case, kind="opened", at_s=now_s, is_pending=True, facts={"alert": alert.alert_id, "due_s": case.due_s}
        )
    return case


def _case_before(recovery: CaseAlertFacts) -> Case | None:
    open_cases = Case.objects.select_for_update().filter(open_key=_open_key(recovery))
    return open_cases.filter(first_alert_s__lte=recovery.at_s).first()


def _about(alert: CaseAlertFacts) -> About:
    if alert.attribute is None:
        return About.SEALED
    return About.INTERSECTIONS if CROSS in alert.attribute else About.ATTRIBUTE


def _open_key(alert: CaseAlertFacts) -> str:
    about = _about(alert)
    name = f"{about}|{alert.model}|{alert.attribute if about is About.ATTRIBUTE else ''}"
    return hashlib.sha256(name.encode()).hexdigest()
