"""What a request selects: every name is one of the policy, so none of them reaches the database as text of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, Field

from stream_app.errors import ConfigError
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import ModelPolicy, Policy
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.pages.watched import watched_model, watched_names

MAX_LIMIT = 1000

Name = Annotated[str, Field(max_length=300)]


def _reject_number(moment: object) -> object:
    """Reject a number, which would be read as seconds or milliseconds since 1970, by its size."""
    try:
        float(str(moment))
    except ValueError:
        return moment
    raise ValueError("a number is not a time")


Moment = Annotated[AwareDatetime, BeforeValidator(_reject_number), Field(examples=["2026-11-30T12:00:00Z"])]


class ModelFilter(Schema):
    """Which model, attribute and window."""

    model: Name | None = Field(None, description="Name of a model of the policy.", examples=["loans"])
    attribute: Name | None = Field(
        None, description="Name of a protected attribute, or of several joined by +.", examples=["gender"]
    )
    window: Name | None = Field(None, description="Name of a window, or total.", examples=["5m"])


class PageFilter(Schema):
    """Which times, and which page."""

    since: Moment | None = Field(None, description="At or after this time: ISO 8601 with offset.")
    until: Moment | None = Field(None, description="Before this time.")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = Field(100, description="At most this many items.")
    cursor: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="The next_cursor of the page before; the other parameters stay the same."
    )


def policy_shown() -> Policy:
    """Return the models that are monitored for fairness."""
    models = [watched_model(name) for name in watched_names()]
    return Policy(schema=1, models=tuple(model for model in models if model is not None))


def selection_of(model: str | None, attribute: str | None = None, window: str | None = None) -> Selection:
    """Return what names mean under the policy.

    Raises:
        ApiError: one of them is not in it.
    """
    policy = policy_shown()
    if model is not None and model not in {known.name for known in policy.models}:
        raise ApiError(422, "The policy has no such model.", parameters=["model"])
    try:
        select(policy, model, None, window)
    except ConfigError:
        raise ApiError(422, "The policy has no such window.", parameters=["window"]) from None
    if attribute in _proxies(policy, model):
        return Selection(models=select(policy, model).models, attribute=attribute, window=window)
    try:
        return select(policy, model, attribute, window)
    except ConfigError:
        raise ApiError(422, "The policy has no such attribute.", parameters=["attribute"]) from None


def model_named(name: str) -> ModelPolicy:
    """Return a model that is monitored for fairness.

    Raises:
        ApiError: there is none of this name.
    """
    model = watched_model(name) if name in watched_names() else None
    if model is None:
        raise ApiError(422, "The policy has no such model.", parameters=["model"])
    return model


def seconds(moment: datetime) -> int:
    """Return event time in seconds."""
    return int(moment.timestamp())


def _proxies(policy: Policy, model: str | None) -> set[str]:
    return {proxy.name for known in policy.models if model in (None, known.name) for proxy in known.proxies}
