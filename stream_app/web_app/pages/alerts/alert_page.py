"""The page of one alert: what, with what evidence, estimated onset, cause, and how it is recomputed."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.names import is_of_outcomes, model_of
from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.cases.models import CaseAlert
from stream_app.web_app.pages.alerts.facts import cause_sentence, facts_of, headline, sentence_of, subject
from stream_app.web_app.pages.alerts.replay import replay_command
from stream_app.web_app.pages.charts import cause_charts
from stream_app.web_app.pages.page import show, utc_text
from stream_app.web_app.pages.watched import model_in_alert
from stream_app.web_app.projection.alert_bodies import SealedNotice, decode_alert
from stream_app.web_app.projection.models import AlertRow

_MOST_SEARCHED = 500
_ID = re.compile(r"[0-9a-f]{12}")


@page(EVERY_ROLE)
def show_alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """Show an alert about a model of the policy."""
    row = AlertRow.every_alert.filter(id=alert_id).first() if _ID.fullmatch(alert_id) else None
    model = None if row is None else model_in_alert(row.model)
    if row is None or model is None:
        raise Http404
    content = alert_content(row, model)
    joined = CaseAlert.objects.filter(alert_id=row.id).select_related("case").first()
    content["case"] = None if joined is None else joined.case
    return show(request, "alert.html", content)


def alert_content(row: AlertRow, model: ModelPolicy) -> dict[str, Any]:
    """Return what the template of an alert shows."""
    alert = decode_alert(row.body, is_sealed=row.is_sealed)
    content: dict[str, Any] = {
        "id": row.id,
        "model": row.model,
        "page_of": model_of(row.model),
        "has_page": model.is_tested and not is_of_outcomes(row.model),
        "subject": subject(alert),
        "change": row.change,
        "at": utc_text(row.at_s),
        "headline": headline(alert, model),
    }
    if isinstance(alert, SealedNotice):
        return content | {"sealed_to": alert.auditors, "command": replay_command(row.model, None, row.at_s)}
    return content | {
        "attribute": alert.attribute,
        "is_single": alert.attribute in {*(one.name for one in model.attributes), *(one.name for one in model.proxies)},
        "sentence": sentence_of(alert),
        "facts": facts_of(alert, model),
        "cause": cause_sentence(alert),
        "pictures": cause_charts(alert, model),
        "command": replay_command(row.model, alert.onset_s, row.at_s),
        "counterpart": _counterpart(alert),
    }


def _counterpart(alert: DisclosedAlert) -> dict[str, str] | None:
    """Return the recovery that ended a breach, or the breach that a recovery ended; None without one."""
    is_breach = alert.change == "breach"
    rows = AlertRow.objects.filter(model=alert.model, attribute=alert.attribute).exclude(change=alert.change)
    ordered = rows.filter(at_s__gt=alert.at_s).order_by("at_s") if is_breach else rows.order_by("-at_s")
    for row in ordered.filter(**({} if is_breach else {"at_s__lt": alert.at_s}))[:_MOST_SEARCHED]:
        other = decode_alert(row.body, is_sealed=False)
        if isinstance(other, DisclosedAlert) and (other.group, other.test) == (alert.group, alert.test):
            return {"id": row.id, "change": other.change, "at": utc_text(row.at_s)}
    return None
