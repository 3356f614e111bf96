"""Which action is possible when, and why another is not."""

from __future__ import annotations

import enum

from stream_app.web_app.cases.models import Case, CaseAlert, Status


class Action(enum.StrEnum):
    """What a person can do with a case."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    NOTE = "note"
    DEADLINE = "deadline"
    CONCLUDE = "conclude"
    RETURN = "return"
    CLOSE = "close"


_WORKED_ON = frozenset({Status.ACKNOWLEDGED, Status.CONCLUDED})
_NOT_CLOSED = frozenset({Status.OPEN, Status.ACKNOWLEDGED, Status.CONCLUDED})
_POSSIBLE = {
    Action.ACKNOWLEDGE: frozenset({Status.OPEN}),
    Action.ASSIGN: _NOT_CLOSED,
    Action.NOTE: _NOT_CLOSED,
    Action.DEADLINE: _NOT_CLOSED,
    Action.CONCLUDE: _WORKED_ON,
    Action.RETURN: frozenset({Status.CONCLUDED}),
    Action.CLOSE: frozenset({Status.CONCLUDED}),
}
_NOT_NOW = {
    Status.OPEN: "Acknowledge the case first.",
    Status.ACKNOWLEDGED: "The case is acknowledged, and has no conclusion at present.",
    Status.CONCLUDED: "The case has a conclusion already.",
    Status.CLOSED: "The case is closed.",
}


def fault_of(action: Action, case: Case, user_id: int) -> str:
    """Return why a user cannot do this with a case now; empty where it is possible."""
    status = Status(case.status)
    if status not in _POSSIBLE[action]:
        return _NOT_NOW[status]
    if action is not Action.CLOSE:
        return ""
    if case.concluded_by_id == user_id:
        return "You have concluded this case: somebody else closes it."
    n_more = n_breaches(case) - case.n_concluded
    if n_more:
        breaches = "breach" if n_more == 1 else "breaches"
        return f"{n_more} more {breaches} joined after the conclusion: conclude it again."
    return ""


def n_breaches(case: Case) -> int:
    """Return how many breaches are in a case."""
    return CaseAlert.objects.filter(case=case, change="breach").count()
