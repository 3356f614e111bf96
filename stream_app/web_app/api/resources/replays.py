"""``/api/replays``: replays that people and programs have started, and starting and canceling them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Schema
from pydantic import ConfigDict, Field

from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.gate import holder_of
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import Moment, Name, PageFilter, model_named, seconds, selection_of
from stream_app.web_app.api.paging import Freshness, Place, answer, encode_cursor, fresh, newest_first
from stream_app.web_app.pages.replays.shown import visible_replays
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.replays.answers import ReplayAnswer, content_of
from stream_app.web_app.replays.models import Replay
from stream_app.web_app.replays.periods import Period, ReplayError
from stream_app.web_app.replays.requests import Requester, cancel, start

_MAX_ID = 2**63 - 1
ReplayId = Annotated[int, Field(ge=1, le=_MAX_ID)]
Status = Literal["queued", "running", "done", "failed", "canceled", "interrupted"]


class ReplayState(msgspec.Struct, frozen=True, kw_only=True):
    """A replay.

    Attributes:
        id: Its number.
        kind: ``compare`` with a draft, or ``verify`` what was published.
        model: The model.
        from_s: Start of the period, event time.
        to_s: Its end, excluded.
        status: How far it is; ``interrupted`` where the web application ended meanwhile.
        n_done: Records that were read.
        n_total: Records that will be; 0 where that is not known.
        draft: Number of the draft; None without one.
        case: Number of the case that it belongs to; None without one.
        requested_s: When it was started.
        ended_s: When it ended; None before.
        answer: What was found; None without.
        fault: Why it failed; empty where it has not.
    """

    id: int
    kind: Literal["compare", "verify"]
    model: str
    from_s: int
    to_s: int
    status: Status
    n_done: int
    n_total: int
    draft: int | None
    case: int | None
    requested_s: int
    ended_s: int | None
    answer: ReplayAnswer | None
    fault: str


class ReplayPage(msgspec.Struct, frozen=True, kw_only=True):
    """Replays, those that were started last first.

    Attributes:
        items: The replays.
        next_cursor: The cursor of the next page; None on the last one.
        freshness: How current the projection is.
    """

    items: tuple[ReplayState, ...]
    next_cursor: str | None
    freshness: Freshness


class ReplayFilter(PageFilter):
    """Which replays, by the time at which they were started."""

    model: Name | None = Field(None, description="Name of a model of the policy.", examples=["loans"])
    status: Status | None = Field(None, description="How far they are.")


class ReplayRequest(Schema):
    """What to replay; with a draft its verdicts are compared, without one what was published is verified."""

    model_config = ConfigDict(extra="forbid")

    model: Name = Field(description="Name of a model of the policy.", examples=["loans"])
    since: Moment = Field(description="Start of the period of event time: ISO 8601 with offset.")
    until: Moment = Field(description="Its end, excluded.")
    draft: ReplayId | None = Field(None, description="Number of a draft of the policy.", examples=[3])


class ReplayNumber(Schema):
    """Which replay."""

    replay_id: ReplayId = Field(description="The number of a replay.", examples=[17])


class NothingMore(Schema):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")


_EXAMPLE: dict[str, Any] = {
    "id": 17,
    "kind": "compare",
    "model": "loans",
    "from_s": 1767139200,
    "to_s": 1767225600,
    "status": "done",
    "n_done": 97515,
    "n_total": 97515,
    "draft": 3,
    "case": None,
    "requested_s": 1767225700,
    "ended_s": 1767225731,
    "answer": {
        "n_records": 97515,
        "is_equal": None,
        "lines": [],
        "rows": [
            {
                "attribute": "gender",
                "in_use": {"n": 2, "first_s": 1767200400, "last_s": 1767210000, "ratio": 0.714286, "difference": None},
                "draft": {"n": 0, "first_s": None, "last_s": None, "ratio": 0.714286, "difference": None},
            }
        ],
        "groups": [],
        "n_changed": 2,
        "n_windows_changed": None,
        "n_withheld": 0,
    },
    "fault": "",
}
_PAGE = {
    "items": [_EXAMPLE],
    "next_cursor": None,
    "freshness": {"is_current": True, "since": "2026-01-01 00:05:03 UTC", "fault": ""},
}
_WAITS = _EXAMPLE | {"status": "queued", "n_done": 0, "n_total": 0, "ended_s": None, "answer": None}


@route(Route("/replays", Scope.REPLAYS, ReplayFilter, answers=ReplayPage, example=_PAGE))
def replays(request: HttpRequest, chosen: Query[ReplayFilter]) -> HttpResponse:
    """List replays, those that were started last first."""
    rows = visible_replays()
    if chosen.model is not None:
        rows = rows.filter(model__in=sorted(selection_of(chosen.model).models))
    if chosen.status is not None:
        rows = rows.filter(status=chosen.status)
    found = list(newest_first(rows, "requested_s", chosen, is_number=True)[: chosen.limit + 1])
    shown = found[: chosen.limit]
    last = Place(shown[-1].requested_s, str(shown[-1].pk)) if len(found) > len(shown) else None
    cursor = None if last is None else encode_cursor(last)
    return answer(ReplayPage(items=tuple(map(_state, shown)), next_cursor=cursor, freshness=fresh()))


_start = Route(
    "/replays/start",
    Scope.START_REPLAYS,
    method="POST",
    body=ReplayRequest,
    answers=ReplayState,
    example=_WAITS,
    other_statuses=(404, 409),
)


@route(_start)
def start_replay(request: HttpRequest, asked: ReplayRequest) -> HttpResponse:
    """Start a replay, which runs as soon as those before it have ended; 409 where that is not possible."""
    model = model_named(asked.model)
    draft = None if asked.draft is None else PolicyDraft.objects.filter(pk=asked.draft).first()
    if asked.draft is not None and draft is None:
        raise ApiError(404, "There is no such draft.")
    period = Period(seconds(asked.since), seconds(asked.until))
    try:
        return answer(_state(start(_requester(request), model, period, draft=draft)))
    except ReplayError as error:
        raise ApiError(409, str(error)) from None


@route(
    Route("/replays/{replay_id}", Scope.REPLAYS, answers=ReplayState, example=_EXAMPLE, other_statuses=(404,)),
)
def replay(request: HttpRequest, chosen: Path[ReplayNumber]) -> HttpResponse:
    """Return one replay, with what it has found."""
    return answer(_state(_find(chosen.replay_id)))


_cancel = Route(
    "/replays/{replay_id}/cancel",
    Scope.START_REPLAYS,
    method="POST",
    body=NothingMore,
    answers=ReplayState,
    example=_EXAMPLE | {"status": "canceled", "answer": None},
    other_statuses=(404, 409),
)


@route(_cancel)
def cancel_replay(request: HttpRequest, chosen: Path[ReplayNumber], nothing: NothingMore) -> HttpResponse:
    """Cancel a replay that waits or runs; 409 where it has ended."""
    del nothing
    found = _find(chosen.replay_id)
    try:
        cancel(_requester(request), found.pk)
    except ReplayError as error:
        raise ApiError(409, str(error)) from None
    return answer(_state(_find(found.pk)))


def _requester(request: HttpRequest) -> Requester:
    holder = holder_of(request)
    return Requester(program="" if holder is None else holder.token_id)


def _find(replay_id: int) -> Replay:
    found = visible_replays().filter(pk=replay_id).first()
    if found is None:
        raise ApiError(404)
    return found


def _state(found: Replay) -> ReplayState:
    fields = ("model", "from_s", "to_s", "status", "n_done", "n_total", "requested_s", "ended_s", "fault")
    values: dict[str, Any] = {name: getattr(found, name) for name in fields}
    content = None if found.answer is None else content_of(found.answer)
    related = {"id": found.pk, "kind": found.kind, "draft": found.draft_id, "case": found.case_id, "answer": content}
    return msgspec.convert(values | related, ReplayState)
