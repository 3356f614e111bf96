"""``/api/policies``: what is monitored, and with which limits."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from stream_app.policy import ModelPolicy
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import policy_shown
from stream_app.web_app.api.paging import answer


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
        policy_hash: Identifies the policy in results and alerts.
        attributes: The protected attributes.
        windows: The windows.
        min_disparate_impact_ratio: Breach below.
        max_gap: Breach when the gap is further than this from 0.
        min_n: Fewest decisions of a group that is judged.
        k: Fewest decisions of a group that is shown.
    """

    name: str
    policy_hash: str
    attributes: tuple[Attribute, ...]
    windows: tuple[Window, ...]
    min_disparate_impact_ratio: float
    max_gap: float
    min_n: int
    k: int


class Policies(msgspec.Struct, frozen=True):
    """What is monitored.

    Attributes:
        items: The models, in the order of the policy.
    """

    items: tuple[Model, ...]


_EXAMPLE = {
    "items": [
        {
            "name": "loans",
            "policy_hash": "0f1e2d3c4b5a6978",
            "attributes": [{"name": "gender", "groups": ["female", "male"], "reference": "male"}],
            "windows": [{"name": "5m", "size_s": 300}],
            "min_disparate_impact_ratio": 0.8,
            "max_gap": 0.2,
            "min_n": 30,
            "k": 10,
        }
    ]
}


@route(Route("/policies", Scope.POLICIES, answers=Policies, example=_EXAMPLE))
def policies(request: HttpRequest) -> HttpResponse:
    """List the models that are monitored for fairness, with their limits."""
    models = [
        Model(
            name=model.name,
            policy_hash=model.hash(),
            attributes=_attributes(model),
            windows=tuple(Window(name=window.name, size_s=window.size_s) for window in model.windows),
            min_disparate_impact_ratio=model.rules.min_disparate_impact_ratio,
            max_gap=model.rules.max_gap,
            min_n=model.rules.min_n,
            k=model.privacy.k,
        )
        for model in policy_shown().models
    ]
    return answer(Policies(tuple(models)))


def _attributes(model: ModelPolicy) -> tuple[Attribute, ...]:
    declared = [Attribute(name=part.name, groups=part.groups, reference=part.reference) for part in model.attributes]
    estimated = [Attribute(name=part.name, groups=(*part.groups,), reference=part.reference) for part in model.proxies]
    return (*declared, *estimated)
