"""``/api/cases``: the work on alerts, as the pages show it to every role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema
from pydantic import Field

from stream_app.pipeline.names import outcomes_name
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.examples import page_of
from stream_app.web_app.api.filters import Name, PageFilter, selection_of
from stream_app.web_app.api.paging import Freshness, Place, answer, answer_page, newest_first
from stream_app.web_app.cases.models import Case, CaseAlert, CaseEvent
from stream_app.web_app.pages.cases.case_list import in_state
from stream_app.web_app.pages.cases.visible import find_visible_case, is_overdue, name_of, visible_cases, with_n_alerts

_MOST_ALERTS, _MOST_EVENTS, _MAX_ID = 1000, 1000, 2**31 - 1


class CaseItem(msgspec.Struct, frozen=True, kw_only=True):
    """One case.

    Attributes:
        id: Its number.
        model: Name of the model, or ``<model>/outcomes``.
        about: ``attribute``, or what its alerts have in common: ``intersections``, or that they are ``sealed``.
        attribute: The attribute; empty unless it is about one.
        status: ``open``, ``acknowledged``, ``concluded`` or ``closed``.
        n_alerts: How many alerts are in it.
        opened_s: When it was opened.
        first_alert_s: When its first alert was raised, event time.
        due_s: When it should be closed.
        is_overdue: Whether it should have been closed by now.
        owner: Name of the user who works on it; None for nobody.
        conclusion: ``confirmed``, ``explained``, ``false_alarm`` or ``remediated``; None before.
        concluded_by: Name of the user who concluded it.
        concluded_s: When.
        closed_by: Name of the user who closed it.
        closed_s: When.
    """

    id: int
    model: str
    about: str
    attribute: str
    status: str
    n_alerts: int
    opened_s: int
    first_alert_s: int
    due_s: int
    is_overdue: bool
    owner: str | None
    conclusion: str | None
    concluded_by: str | None
    concluded_s: int | None
    closed_by: str | None
    closed_s: int | None


class JoinedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of a case.

    Attributes:
        id: Identifies the alert, also in ``/api/alerts/{alert_id}`` unless it is sealed.
        change: ``breach`` or ``recovery``.
        at_s: When it was raised, event time.
    """

    id: str
    change: str
    at_s: int


class TimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to a case.

    Attributes:
        kind: What: ``opened``, ``acknowledge``, ``assign``, ``note``, ``deadline``, ``conclude``, ``return``, ``close``
            or ``exported``.
        at_s: When.
        by: Name of the user who did it; None for FairStream itself.
        text: What the user wrote.
        audit_seq: Number of its entry in the audit log; None without a log, or before it is written.
    """

    kind: str
    at_s: int
    by: str | None
    text: str
    audit_seq: int | None


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """Cases, the newest first.

    Attributes:
        items: The cases.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current their alerts are.
    """

    items: tuple[CaseItem, ...]
    next_cursor: str | None
    freshness: Freshness


class CaseDetails(CaseItem, frozen=True, kw_only=True):
    """One case with its alerts and its timeline.

    Attributes:
        alerts: Its newest alerts, at most 1,000, the newest first.
        timeline: What has happened to it, the newest 1,000 events, the oldest first.
    """

    alerts: tuple[JoinedAlert, ...]
    timeline: tuple[TimelineEvent, ...]


class CaseFilter(PageFilter):
    """Which cases; the times are those at which they were opened."""

    model: Name | None = Field(None, description="Name of a model; its outcomes are included.", examples=["loans"])
    attribute: Name | None = Field(None, description="Name of a protected attribute.")
    state: Literal["not_closed", "overdue", "open", "acknowledged", "concluded", "closed"] | None = Field(
        None, description="How far the case is."
    )


class CaseId(Schema):
    """Which case."""

    case_id: int = Field(ge=1, le=_MAX_ID, description="The number of a case.", examples=[7])


_CASE = {
    "id": 7,
    "model": "loans",
    "about": "attribute",
    "attribute": "gender",
    "status": "acknowledged",
    "n_alerts": 2,
    "opened_s": 1767225903,
    "first_alert_s": 1767225900,
    "due_s": 1767830703,
    "is_overdue": False,
    "owner": "grace",
    "conclusion": None,
    "concluded_by": None,
    "concluded_s": None,
    "closed_by": None,
    "closed_s": None,
}
_DETAILS = _CASE | {
    "alerts": [{"id": "3f9c2a1b77d0", "change": "breach", "at_s": 1767225900}],
    "timeline": [
        {"kind": "opened", "at_s": 1767225903, "by": None, "text": "", "audit_seq": 17},
        {"kind": "acknowledge", "at_s": 1767226000, "by": "grace", "text": "", "audit_seq": 18},
    ],
}


@route(Route("/cases", Scope.CASES, CaseFilter, answers=CasePage, example=page_of(_CASE)))
def cases(request: HttpRequest, chosen: Query[CaseFilter]) -> HttpResponse:
    """List cases, those that were opened last first."""
    selection = selection_of(chosen.model, chosen.attribute)
    rows = in_state(visible_cases(), chosen.state or "every")
    if chosen.model is not None:
        names = [name for model in sorted(selection.models) for name in (model, outcomes_name(model))]
        rows = rows.filter(model__in=names)
    if selection.attribute is not None:
        rows = rows.filter(attribute=selection.attribute)
    found = list(newest_first(rows, "opened_s", chosen, is_number=True)[: chosen.limit + 1])
    shown = found[: chosen.limit]
    last = Place(shown[-1].opened_s, str(shown[-1].pk)) if len(found) > len(shown) else None
    return answer_page([msgspec.json.encode(item) for item in _items(shown)], last)


@route(Route("/cases/{case_id}", Scope.CASES, answers=CaseDetails, example=_DETAILS, other_statuses=(404,)))
def case(request: HttpRequest, chosen: Path[CaseId]) -> HttpResponse:
    """Return one case with its alerts and its timeline; 404 where the policy does not monitor its model."""
    found = find_visible_case(chosen.case_id)
    if found is None:
        raise ApiError(404)
    joined = CaseAlert.objects.filter(case=found)
    newest = CaseEvent.objects.filter(case=found).select_related("actor").order_by("-id")[:_MOST_EVENTS]
    details = CaseDetails(
        **msgspec.structs.asdict(_item(found, joined.count())),
        alerts=tuple(
            JoinedAlert(id=alert.alert_id, change=alert.change, at_s=alert.at_s)
            for alert in joined.order_by("-at_s", "alert_id")[:_MOST_ALERTS]
        ),
        timeline=tuple(_event(event) for event in reversed([*newest])),
    )
    return answer(details)


def _items(shown: Iterable[Case]) -> list[CaseItem]:
    return [_item(one, n_alerts) for one, n_alerts in with_n_alerts(shown)]


def _item(one: Case, n_alerts: int) -> CaseItem:
    return CaseItem(
        id=one.pk,
        model=one.model,
        about=one.about,
        attribute=one.attribute,
        status=one.status,
        n_alerts=n_alerts,
        opened_s=one.opened_s,
        first_alert_s=one.first_alert_s,
        due_s=one.due_s,
        is_overdue=is_overdue(one),
        owner=name_of(one.owner) or None,
        conclusion=one.conclusion or None,
        concluded_by=name_of(one.concluded_by) or None,
        concluded_s=one.concluded_s,
        closed_by=name_of(one.closed_by) or None,
        closed_s=one.closed_s,
    )


def _event(event: CaseEvent) -> TimelineEvent:
    return TimelineEvent(
        kind=event.kind,
        at_s=event.at_s,
        by=name_of(event.actor) or None,
        text=event.text,
        audit_seq=event.audit_seq,
    )
