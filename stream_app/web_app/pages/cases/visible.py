"""The cases that are shown: those of the models of the policy. Any other is not found by any user."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import Http404

from stream_app.web_app.cases.models import About, Case, CaseAlert, Conclusion, Status
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.watched import model_in_alert, only_visible

_CSS = {
    Status.OPEN: "breach",
    Status.ACKNOWLEDGED: "warning",
    Status.CONCLUDED: "beyond",
    Status.CLOSED: "ok",
}


class CaseRow(NamedTuple):
    """A case in words."""

    id: int
    model: str
    subject: str
    status: str
    css: str
    is_overdue: bool
    n_alerts: int
    first_alert: str
    opened: str
    due: str
    owner: str
    conclusion: str


def visible_cases() -> QuerySet[Case]:
    """Return the cases of the models of the policy."""
    return only_visible(Case.objects.select_related("owner", "concluded_by", "closed_by"))


def visible_case(case_id: int) -> Case:
    """Return a case.

    Raises:
        Http404: there is none with this number, or it is about a model of another policy.
    """
    case = find_visible_case(case_id)
    if case is None:
        raise Http404
    return case


def find_visible_case(case_id: int) -> Case | None:
    """Return a case; None where ``visible_case`` raises."""
    case = visible_cases().filter(pk=case_id).first()
    return None if case is None or model_in_alert(case.model) is None else case


def case_rows(cases: Iterable[Case]) -> list[CaseRow]:
    """Return cases in words."""
    return [case_row(case, n_alerts) for case, n_alerts in with_n_alerts(cases)]


def with_n_alerts(cases: Iterable[Case]) -> list[tuple[Case, int]]:
    """Return those of some cases that are shown, each with the number of its alerts, by one query."""
    shown = [case for case in cases if model_in_alert(case.model) is not None]
    joined = CaseAlert.objects.filter(case__in=shown).values_list("case_id").annotate(n=Count("alert_id"))
    counts = dict(joined)
    return [(case, counts.get(case.pk, 0)) for case in shown]


def case_row(case: Case, n_alerts: int) -> CaseRow:
    """Return a case in words."""
    return CaseRow(
        id=case.pk,
        model=case.model,
        subject=case.subject,
        status=case.status,
        css=_CSS[Status(case.status)],
        is_overdue=is_overdue(case),
        n_alerts=n_alerts,
        first_alert="none" if case.about == About.INCIDENT else utc_text(case.first_alert_s),
        opened=utc_text(case.opened_s),
        due=utc_text(case.due_s),
        owner=name_of(case.owner),
        conclusion=conclusion_text(case.conclusion),
    )


def is_overdue(case: Case) -> bool:
    """Return whether a case should have been closed by now."""
    return case.status != Status.CLOSED and case.due_s < time.time()


def conclusion_text(conclusion: str) -> str:
    """Return a conclusion in one or two words; empty before there is one.

    >>> conclusion_text("false_alarm"), conclusion_text("")
    ('False alarm', '')
    """
    return str(Conclusion(conclusion).label).partition(":")[0] if conclusion else ""


def name_of(user: User | None) -> str:
    """Return the name of a user; empty without one."""
    return "" if user is None else user.get_username()
