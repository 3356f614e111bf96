"""Leads from a notification to the case: it knows model and attribute, and not the number of the case."""

from __future__ import annotations

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from stream_app.pipeline.names import outcomes_name
from stream_app.pipeline.records.results import CROSS
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.cases.models import About
from stream_app.web_app.pages.cases.visible import visible_cases
from stream_app.web_app.pages.watched import watched_model

_OUTCOMES = "outcomes"


@page(EVERY_ROLE)
def find_case(request: HttpRequest) -> HttpResponse:
    """Lead to the open case about an attribute of a model, else to its newest one, else to the list of cases."""
    name, attribute = request.GET.get("model", ""), request.GET.get("attribute", "")
    if (model := watched_model(name)) is None or not model.is_tested:
        raise Http404
    cases = visible_cases().filter(model=outcomes_name(name) if request.GET.get("about") == _OUTCOMES else name)
    about = cases.filter(about=About.INTERSECTIONS) if CROSS in attribute else cases.filter(attribute=attribute)
    sealed = cases.filter(about=About.SEALED)
    newest_first = (F("open_key").desc(nulls_last=True), "-opened_s", "-id")
    case = about.order_by(*newest_first).first() or sealed.order_by(*newest_first).first()
    return redirect("cases") if case is None else redirect("case", case.pk)
