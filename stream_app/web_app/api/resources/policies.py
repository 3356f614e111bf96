"""``/api/policies``: what is monitored, and with which limits."""

from __future__ import annotations

from typing import Literal

import msgspec
from django.http import HttpRequest, HttpResponse

from stream_app.policy import Decision, ModelPolicy
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import policy_shown
from stream_app.web_app.api.paging import answer
from stream_app.web_app.pages.watched import hash_of


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """A protected attribute.

    Attributes:
        name: Its name.
        groups: Its groups.
        reference: The group with which the others are compared; None where the policy takes the highest rate.
    """

    name: str
    groups: tuple[str, ...]
    reference: str | None


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A window.

    Attributes:
        name: Its name.
        size_s: Its width.
    """

    name: str
    size_s: int


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """The policy of one model; ``fairstream policy show`` has all of it.

    Attributes:
        name: Its name.
        kind: ``decisions``, or ``amounts`` where a number is decided, such as a price.
        policy_hash: Identifies the policy in results and alerts.
        attributes: The protected attributes.
        windows: The windows.
        min_disparate_impact_ratio: Breach below; None for amounts.
        max_gap: Breach when the gap is further than this from 0; None for amounts.
        max_mean_difference: Breach when a mean differs more than this from that of the reference; None but for amounts.
        min_mean_ratio: Breach when the ratio of means, or its inverse, is below; None where no ratio is limited.
        favorable: Which amounts are good for the person; None but for amounts.
        min_n: Fewest decisions of a group that is judged.
        k: Fewest decisions of a group that is shown.
    """

    name: str
    kind: Literal["decisions", "amounts"]
    policy_hash: str
    attributes: tuple[Attribute, ...]
    windows: tuple[Window, ...]
    min_disparate_impact_ratio: float | None
    max_gap: float | None
    max_mean_difference: float | None
    min_mean_ratio: float | None
    favorable: Literal["low", "high"] | None
    min_n: int
    k: int


class Policies(msgspec.Struct, frozen=True):
    """What is monitored.

    Attributes:
        items: The models, in the order of the policy.
    """

    items: tuple[Model, ...]


_COMMON = {
    "policy_hash": "0f1e2d3c4b5a6978",
    "attributes": [{"name": "gender", "groups": ["female", "male"], "reference": "male"}],
    "windows": [{"name": "5m", "size_s": 300}],
    "min_n": 30,
    "k": 10,
}
_OF_LABELS = {
    "min_disparate_impact_ratio": 0.8,
    "max_gap": 0.2,
    "max_mean_difference": None,
    "min_mean_ratio": None,
    "favorable": None,
}
_OF_AMOUNTS = {
    "min_disparate_impact_ratio": None,
    "max_gap": None,
    "max_mean_difference": 0.25,
    "min_mean_ratio": 0.9,
    "favorable": "low",
}
_EXAMPLE = {
    "items": [
        {"name": "loans", "kind": "decisions", **_COMMON, **_OF_LABELS},
        {"name": "rates", "kind": "amounts", **_COMMON, **_OF_AMOUNTS},
    ]
}


@route(Route("/policies", Scope.POLICIES, answers=Policies, example=_EXAMPLE))
def policies(request: HttpRequest) -> HttpResponse:
    """List the models that are monitored for fairness, with their limits."""
    return answer(Policies(tuple(map(_model, policy_shown().models))))


def _model(model: ModelPolicy) -> Model:
    rules, decision = model.rules, model.decision
    is_amount = decision is not None and decision.is_amount
    return Model(
        name=model.name,
        kind="amounts" if is_amount else "decisions",
        policy_hash=hash_of(model),
        attributes=_attributes(model),
        windows=tuple(Window(name=window.name, size_s=window.size_s) for window in model.windows),
        min_disparate_impact_ratio=None if is_amount else rules.min_disparate_impact_ratio,
        max_gap=None if is_amount else rules.max_gap,
        max_mean_difference=rules.max_mean_difference,
        min_mean_ratio=rules.min_mean_ratio,
        favorable=_good_amounts(decision),
        min_n=rules.min_n,
        k=model.privacy.k,
    )


def _good_amounts(decision: Decision | None) -> Literal["low", "high"] | None:
    if decision is None or not decision.is_amount:
        return None
    return "high" if decision.favorable == "high" else "low"


def _attributes(model: ModelPolicy) -> tuple[Attribute, ...]:
    declared = [Attribute(name=part.name, groups=part.groups, reference=part.reference) for part in model.attributes]
    estimated = [Attribute(name=part.name, groups=(*part.groups,), reference=part.reference) for part in model.proxies]
    return (*declared, *estimated)
