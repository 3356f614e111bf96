"""``/api/explanation``: why one verdict is what it is, in words and parts."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema
from pydantic import Field

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.causes import DisclosedCause
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.rules import NOT_SHOWN_YET
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS, exceeded_limits, state_words
from stream_app.pipeline.records.evidence import Evidence
from stream_app.policy import Rules
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import Moment, Name, model_named, seconds, selection_of
from stream_app.web_app.api.paging import Freshness, answer, fresh
from stream_app.web_app.pages.verdict_rows import decode_body
from stream_app.web_app.projection.models import WindowRow

_NO_CAUSE = "Statistical, not causal."


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One group beside its reference.

    Attributes:
        group: The group.
        state: Its state; None where nothing about it may be shown.
        words: The state in words, with the limits that the values exceed; of running totals of which nothing was shown
            yet, until when they are withheld.
        disparate_impact_ratio: Rate of the group / rate of the reference; None for amounts.
        gap: Rate of the group - rate of the reference; None for amounts.
        sentence: The verdict and its cause in one sentence.
        cause: What the gap is made of.
        evidence: What the sequential tests know.
        hidden: Why nothing is shown: ``small_cell``, ``complementary``, ``withheld`` or ``not_shown_yet``; None where
            it is.
        amounts: Where decisions are amounts: mean, differences, quantiles, and what the difference is made of.
    """

    group: str
    state: State | None
    words: str
    disparate_impact_ratio: float | None
    gap: float | None
    sentence: str | None
    cause: DisclosedCause | None
    evidence: tuple[Evidence, ...]
    hidden: str | None
    amounts: DisclosedAmounts | msgspec.UnsetType = msgspec.UNSET


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a verdict is what it is.

    Attributes:
        model: The model.
        attribute: The protected attribute.
        window: The window.
        start_s: Its start, event time.
        end_s: Its end, not included.
        reference: The reference group.
        state: The worst state of its pairs.
        pairs: Every group but the reference, in the order of the policy.
        note: How to read a cause.
        policy_hash: The policy that was applied.
        freshness: How current the newest result is.
    """

    model: str
    attribute: str
    window: str
    start_s: int
    end_s: int
    reference: str
    state: State
    pairs: tuple[Pair, ...]
    note: str
    policy_hash: str
    freshness: Freshness


_EXAMPLE = {
    "model": "loans",
    "attribute": "gender",
    "window": "5m",
    "start_s": 1767225600,
    "end_s": 1767225900,
    "reference": "male",
    "state": "breach",
    "pairs": [
        {
            "group": "female",
            "state": "breach",
            "words": "breach: ratio",
            "disparate_impact_ratio": 0.714286,
            "gap": -0.2,
            "sentence": "DIR 0.71 (limit 0.80), female vs. male: rate difference -20 percentage points (limit ±20).",
            "cause": None,
            "evidence": [],
            "hidden": None,
        }
    ],
    "note": _NO_CAUSE,
    "policy_hash": "0f1e2d3c4b5a6978",
    "freshness": {"is_current": True, "since": "2026-01-01 00:05:03 UTC", "fault": ""},
}


class VerdictFilter(Schema):
    """Which verdict."""

    model: Name = Field(description="Name of a model of the policy.", examples=["loans"])
    attribute: Name = Field(description="Name of a protected attribute, or of several joined by +.")
    window: Name | None = Field(None, description="Name of a window, or total; without it the smallest.")
    end: Moment | None = Field(None, description="End of the window, ISO 8601 with offset; without it the newest.")


_route = Route(
    "/explanation", Scope.RESULTS, VerdictFilter, answers=Explanation, example=_EXAMPLE, other_statuses=(404,)
)


@route(_route)
def explanation(request: HttpRequest, chosen: Query[VerdictFilter]) -> HttpResponse:
    """Explain one verdict: state, sentence, cause and evidence of each group; 404 where there is no such result."""
    model = model_named(chosen.model)
    selection = selection_of(chosen.model, chosen.attribute, chosen.window)
    window = selection.window or min(model.windows, key=lambda each: each.size_s).name
    rows = WindowRow.objects.filter(model=model.name, attribute=selection.attribute, window=window)
    if chosen.end is not None:
        rows = rows.filter(end_s=seconds(chosen.end))
    row = rows.order_by("-end_s").first()
    if row is None:
        raise ApiError(404, "There is no result of this window.")
    return answer(_explain(decode_body(row.body), model.rules))


def _explain(result: DisclosedResult, rules: Rules) -> Explanation:
    return Explanation(
        model=result.model,
        attribute=result.attribute,
        window=result.window,
        start_s=result.start_s,
        end_s=result.end_s,
        reference=result.reference,
        state=result.state,
        pairs=tuple(_pair(group, rules) for group in result.groups if group.group != result.reference),
        note=_NO_CAUSE,
        policy_hash=result.policy_hash,
        freshness=fresh(),
    )


def _pair(group: DisclosedGroup, rules: Rules) -> Pair:
    exceeded = exceeded_limits(group, rules) if group.state is not None else ()
    return Pair(
        group=group.group,
        state=group.state,
        words=NOT_SHOWN_YET_WORDS if group.hidden == NOT_SHOWN_YET else state_words(group.state, exceeded),
        disparate_impact_ratio=group.disparate_impact_ratio,
        gap=group.gap,
        sentence=group.sentence,
        cause=group.cause,
        evidence=group.evidence,
        hidden=group.hidden,
        amounts=group.amounts,
    )
