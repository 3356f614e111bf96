"""The page of one case: its alerts, what has happened, and what can be done with it now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page, roles_of
from stream_app.web_app.accounts.roles import EVERY_ROLE, Role
from stream_app.web_app.cases.models import MAX_TEXT, Case, CaseAlert, Conclusion
from stream_app.web_app.cases.rules import Action, fault_of
from stream_app.web_app.host.audit_trail import has_log
from stream_app.web_app.pages.alerts.alert_list import AlertLine, alert_lines
from stream_app.web_app.pages.cases.timeline import timeline_of
from stream_app.web_app.pages.cases.visible import case_row, conclusion_text, name_of, visible_case
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.projection.models import AlertRow

N_ALERTS = 20
EXPORTERS = frozenset({Role.AUDITOR})
WORKERS = frozenset({Role.ANALYST})


@page(EVERY_ROLE)
def show_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Show a case, and the forms of what this user can do with it."""
    case = visible_case(case_id)
    roles = roles_of(request)
    content = case_content(case, N_ALERTS) | {"can_export": bool(roles & EXPORTERS), "forms": None}
    if roles & WORKERS and isinstance(request.user, User):
        content["forms"] = _forms(case, request.user)
    return show(request, "case.html", content)


def case_content(case: Case, n_alerts: int) -> dict[str, Any]:
    """Return what is known of a case, with its newest alerts."""
    n_joined = CaseAlert.objects.filter(case=case).count()
    return {
        "case": case_row(case, n_joined),
        "alerts": alerts_of(case, n_alerts),
        "n_alerts": n_joined,
        "timeline": timeline_of(case),
        "concluded": _signed(conclusion_text(case.conclusion), name_of(case.concluded_by), case.concluded_s),
        "closed": _signed("Closed", name_of(case.closed_by), case.closed_s),
        "has_log": has_log(),
    }


def alerts_of(case: Case, most: int) -> list[AlertLine]:
    """Return the newest alerts of a case that are stored; after a rebuild, those that Kafka still had."""
    ids = CaseAlert.objects.filter(case=case).order_by("-at_s", "alert_id").values_list("alert_id", flat=True)[:most]
    rows = AlertRow.every_alert.filter(id__in=[*ids])
    return alert_lines(rows.order_by("-at_s", "-id"))


def _signed(what: str, who: str, at_s: int | None) -> str:
    return "" if at_s is None else f"{what}, by {who}, {utc_text(at_s)}"


def _forms(case: Case, user: User) -> dict[str, Any]:
    faults = {action: fault_of(action, case, user.pk) for action in Action}
    possible = {str(action) for action, fault in faults.items() if not fault}
    return {
        "possible": possible,
        "why_not_close": faults[Action.CLOSE] if str(Action.RETURN) in possible else "",
        "owners": possible_owners(),
        "owner_id": case.owner_id,
        "conclusions": Conclusion.choices,
        "max_text": MAX_TEXT,
        "due_day": datetime.fromtimestamp(case.due_s, UTC).date().isoformat(),
    }


def possible_owners() -> list[User]:
    """Return the users who can own a case."""
    return [*User.objects.filter(is_active=True, groups__name__in=WORKERS).distinct().order_by("username")]
