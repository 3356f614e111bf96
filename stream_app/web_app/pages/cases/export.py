"""A case as one file that needs nothing else: facts, timeline, alerts with pictures and commands, proofs."""

from __future__ import annotations

import time

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from stream_app import __version__
from stream_app.web_app.accounts.access import page
from stream_app.web_app.cases.actions import note_export
from stream_app.web_app.cases.models import Case, CaseAlert, CaseEvent
from stream_app.web_app.pages.alerts.alert_page import alert_content
from stream_app.web_app.pages.audit.inclusion import key_text, prove
from stream_app.web_app.pages.cases.case_page import EXPORTERS, case_content
from stream_app.web_app.pages.cases.visible import name_of, visible_case
from stream_app.web_app.pages.page import render_visibly, utc_text
from stream_app.web_app.pages.watched import model_in_alert
from stream_app.web_app.projection.models import AlertRow

_MOST_ALERTS, _MOST_PROOFS = 200, 500


@page(EXPORTERS, ("POST",))
def export_case(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer with the file of a case; an entry of the audit log comes first."""
    case = visible_case(case_id)
    user = request.user if isinstance(request.user, User) else None
    if user is not None:  # ``page`` opens to nobody else
        note_export(case, user)
    newest = CaseAlert.objects.filter(case=case).order_by("-at_s", "alert_id").values_list("alert_id", flat=True)
    rows = AlertRow.every_alert.filter(id__in=[*newest[:_MOST_ALERTS]]).order_by("-at_s", "-id")
    model = model_in_alert(case.model)
    content = case_content(case, 0) | {
        "details": [] if model is None else [alert_content(row, model) for row in rows],
        "proofs": [prove(seq) for seq in _entries_about(case)],
        "verifier_key": key_text(),
        "version": __version__,
        "exported": utc_text(time.time()),
        "who": name_of(user),
    }
    answer = render_visibly(request, "case_export.html", content)
    answer["Content-Disposition"] = f'attachment; filename="case-{case.pk}.html"'
    return answer


def _entries_about(case: Case) -> list[int]:
    numbers = CaseEvent.objects.filter(case=case, audit_seq__isnull=False).order_by("id")[:_MOST_PROOFS]
    return [event.audit_seq for event in numbers if event.audit_seq is not None]
