"""What has happened to a case, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.contrib.auth.models import User

from stream_app.web_app.cases.incidents import OPENED
from stream_app.web_app.cases.models import Case, CaseEvent
from stream_app.web_app.cases.rules import Action
from stream_app.web_app.pages.cases.visible import conclusion_text, name_of
from stream_app.web_app.pages.page import utc_text

Facts = dict[str, Any]


class TimelineEntry(NamedTuple):
    """One event."""

    at: str
    who: str
    what: str
    text: str
    audit: str


def timeline_of(case: Case) -> list[TimelineEntry]:
    """Return the events of a case, the oldest first."""
    events = [*CaseEvent.objects.filter(case=case).select_related("actor").order_by("id")]
    owners = {event.facts.get("owner") for event in events} - {None}
    names = {user.pk: user.get_username() for user in User.objects.filter(pk__in=owners)}
    return [
        TimelineEntry(
            at=utc_text(event.at_s),
            who=name_of(event.actor) or "FairStream",
            what=_what(event, names),
            text=event.text,
            audit=_audit(event),
        )
        for event in events
    ]


def _what(event: CaseEvent, names: dict[int, str]) -> str:
    return _TEXTS[event.kind](event.facts, names.get(event.facts.get("owner", 0), "nobody"))


def _time(time_s: int | None) -> str:
    return "" if time_s is None else utc_text(time_s)


def _audit(event: CaseEvent) -> str:
    if event.audit_seq is not None:
        return f"audit entry {event.audit_seq}"
    return "audit entry follows" if event.is_pending else "no audit log"


def _concluded(facts: Facts, _owner: str) -> str:
    n = facts["n_breaches"]
    return f"Concluded: {conclusion_text(facts['conclusion'])} ({n} breach{'es' * (n != 1)})"


_TEXTS: dict[str, Callable[[Facts, str], str]] = {
    "opened": lambda facts, _: f"Opened by alert {facts['alert']}; due {_time(facts['due_s'])}",
    OPENED: lambda facts, _: f"Incident opened: {facts['incident'].replace('-', ' ')}; due {_time(facts['due_s'])}",
    Action.ACKNOWLEDGE: lambda _, owner: f"Acknowledged; owner {owner}",
    Action.ASSIGN: lambda _, owner: f"Owner: {owner}",
    Action.NOTE: lambda *_: "Note",
    Action.DEADLINE: lambda facts, _: f"Deadline: {_time(facts['due_s'])}, formerly {_time(facts['former'])}",
    Action.CONCLUDE: _concluded,
    Action.RETURN: lambda facts, _: f"Conclusion not accepted: {conclusion_text(facts['former'])}",
    Action.CLOSE: lambda facts, _: f"Closed: {conclusion_text(facts['conclusion'])}",
    "replay": lambda facts, _: f"Replay {facts['replay']} started: {_time(facts['from_s'])} to {_time(facts['to_s'])}",
    "replayed": lambda facts, _: f"Replay {facts['replay']} ended: {facts['result']}",
    "exported": lambda *_: "Exported as a file",
}
