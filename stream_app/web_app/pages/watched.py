"""The policy whose models and limits the pages show; set once at the start of the process."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from stream_app.pipeline.names import model_of, outcomes_name
from stream_app.policy import ModelPolicy, Policy
from stream_app.web_app.history.names import models_in

_Row = TypeVar("_Row", bound=Model)

MODELS_PER_PAGE = 50

_models: dict[str, ModelPolicy] = {}
_hashes: dict[str, str] = {}


def watch(policy: Policy) -> None:
    """Show the models of a policy with its limits."""
    _models.clear()
    _models.update({model.name: model for model in policy.models})
    _hashes.clear()
    _hashes.update({model.name: model.hash() for model in policy.models})


def watched_model(name: str) -> ModelPolicy | None:
    """Return the policy of a model; None for one of another policy."""
    return _models.get(name)


def hash_of(model: ModelPolicy) -> str:
    """Return the hash of the policy of a model."""
    return _hashes[model.name]


def watched_names() -> list[str]:
    """Return the names of the models that are monitored for fairness: of labels, and of amounts."""
    return [name for name, model in _models.items() if model.is_tested]


def names_with_rates() -> list[str]:
    """Return the names of the models whose decisions are labels, so that they have approval rates."""
    return [name for name, model in _models.items() if model.kind == "decisions"]


def watched_models() -> list[ModelPolicy]:
    """Return the policies of all models, by name."""
    return [_models[name] for name in sorted(_models)]


def names_in_alerts() -> list[str]:
    """Return the names under which alerts come: of decisions, amounts too, and of their outcomes."""
    return [spelled for name in watched_names() for spelled in (name, outcomes_name(name))]


def only_visible(rows: QuerySet[_Row]) -> QuerySet[_Row]:
    """Return the alerts or cases that are about models of the policy.

    Almost all are, so the few others are excluded: thousands of names in a query would make it slow. A row that is
    stored meanwhile may still be about another model, see ``model_in_alert``.
    """
    others = models_in(rows.model).difference(names_in_alerts())
    return rows.exclude(model__in=others) if others else rows


def model_in_alert(name: str) -> ModelPolicy | None:
    """Return the policy of the model that an alert is about; None for one of another policy."""
    return watched_model(model_of(name)) if name in names_in_alerts() else None
