"""The reasons of one decision: its numbers among those of the approved decisions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from stream_app.core.privacy.pseudonym import Pseudonymizer
from stream_app.edges.keys.key_source import key_source_of
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.decisions.decision import Decision
from stream_app.pipeline.replay.decisions.positions import FeaturePosition, Population, feature_names
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings

_PSEUDONYM = "hm1."


class DecisionReasons(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one decision.

    Attributes:
        model: Name of the model.
        time: When it was made, ISO 8601.
        version: Version of the model; None where the policy names no field for it.
        prediction: What was decided.
        is_approved: Whether that is favorable.
        k: Fewest decisions about which anything is shown.
        n_decisions: Other decisions that were read; None where fewer than ``k``.
        policy_hash: Hash of the policy.
        positions: Its numbers, the most adverse first.
    """

    model: str
    time: str
    version: str | int | None
    prediction: Any
    is_approved: bool
    k: int
    n_decisions: int | None
    policy_hash: str
    positions: tuple[FeaturePosition, ...]


def pseudonyms_of(
    settings: Settings, model: ModelPolicy, text: str, canonical: Callable[[bytes, str], Any]
) -> set[str]:
    """Return the pseudonyms that a request id may have: itself, if it is one, or those under every key.

    Args:
        settings: Where the keys are.
        model: The policy of the model.
        text: The id.
        canonical: Returns the canonical form of an identifier; None for what is none.

    Raises:
        ConfigError: it is not an id of the policy.
        KeyFileError: there are no keys.
    """
    if text.startswith(_PSEUDONYM):
        return {text}
    value = canonical(text.encode(), model.event_id.canonical)
    if value is None:
        raise ConfigError("Standard input has no request id of the policy", action="Give one id on one line")
    pseudonymizer = Pseudonymizer(key_source_of(settings).load(), model.event_id.link_domain, model.event_id.canonical)
    return {name for of_epoch in pseudonymizer.all_pseudonyms([value]) for name in of_epoch}


def explain_decision(decisions: Iterable[Decision], model: ModelPolicy, ids: Collection[str]) -> DecisionReasons:
    """Return what is known about the decision with one of some ids, beside all others.

    Args:
        decisions: Every decision of a time range.
        model: The policy of the model.
        ids: Pseudonyms of its request id.

    Raises:
        ConfigError: there is no such decision.
    """
    favorable = frozenset(model.decision.favorable_values) if model.decision else frozenset()
    names = feature_names((part.name for part in model.features), has_score=model.score is not None)
    found: Decision | None = None
    population, n = Population(names), 0
    for decision in decisions:
        is_approved = _is_in(decision.prediction, favorable)
        if decision.request_id in ids:
            found = decision
            continue
        n += 1
        population.add(_numbers(decision), is_approved=is_approved)
    if found is None:
        raise ConfigError(
            "No decision of the time range has this id", action="Check --model, --from and --to, and the id"
        )
    k = max(model.privacy.k, 1)
    return DecisionReasons(
        model=model.name,
        time=found.time,
        version=found.version,
        prediction=found.prediction,
        is_approved=_is_in(found.prediction, favorable),
        k=k,
        n_decisions=None if n < k else n,
        policy_hash=model.hash(),
        positions=tuple(population.positions(_numbers(found), k)),
    )


def _numbers(decision: Decision) -> Mapping[str, Any]:
    return {**decision.features, "score": decision.probability}


def _is_in(value: Any, favorable: Collection[Any]) -> bool:
    return isinstance(value, str | int | bool) and value in favorable
