"""``POST /api/score``: the scoring model of the demo."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import ConfigDict, Field

from stream_app.web_app.api.access.gate import holder_of
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.paging import answer
from stream_app.web_app.api.running import running
from stream_app.web_app.api.scoring.model import CUT, VERSION, Application, probability

Amount = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]


class ScoreQuery(Schema):
    """An application; nothing about a person is asked, and nothing but what is here is accepted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    credit_score: Annotated[int, Field(ge=300, le=850)] = Field(examples=[640])
    income: Amount = Field(description="In a year.", examples=[40_000])
    loan_amount: Amount = Field(examples=[15_000])
    product: Literal["auto", "home", "personal", "student"] = Field(examples=["auto"])


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the model.

    Attributes:
        score: Probability of repayment, rounded to two digits.
        approved: Whether the unrounded probability is at least 0.5.
        model_version: Version of the model.
    """

    score: float
    approved: bool
    model_version: str


_EXAMPLE = {"score": 0.8, "approved": True, "model_version": VERSION}


@route(Route("/score", Scope.SCORE, method="POST", body=ScoreQuery, answers=Score, example=_EXAMPLE))
def score(request: HttpRequest, query: ScoreQuery) -> HttpResponse:
    """Score an application with the model of the demo; patterns of queries that suggest a copy raise an alarm."""
    application = Application(query.credit_score, query.income, query.loan_amount, query.product)
    holder = holder_of(request)
    if holder is not None:
        running().queries.note(holder.token_id, application)
    chance = probability(application)
    return answer(Score(score=round(chance, 2), approved=chance >= CUT, model_version=VERSION))
