"""A policy under which a time range is judged, and what its counts depend on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stream_app.errors import ConfigError, PolicyError
from stream_app.policy import ModelPolicy, Policy

ORIGINAL = "original"


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A policy under which a time range is judged.

    Attributes:
        name: What people call it; ``original`` for the unchanged policy.
        model: The policy of the model.
        policy_hash: Hash of the policy of the model.
        groups: Other groups for some spellings of attributes.
        leaves_out_from: Published events with at least this anomaly score are left out; None for none.
    """

    name: str
    model: ModelPolicy
    policy_hash: str
    groups: dict[str, dict[str, str]] = {}
    leaves_out_from: float | None = None

    @property
    def counting_key(self) -> bytes:
        """What the counts depend on: scenarios with the same key share one counting."""
        return msgspec.json.encode([self.model.counting_facts(), self.groups, self.leaves_out_from])


def reject_other_clusters(scenarios: Sequence[Scenario]) -> None:
    """Reject scenarios that published events cannot answer: they contain the buckets of the original's clusters only.

    Raises:
        ConfigError: a scenario has other clusters.
    """
    original, *others = scenarios
    for other in others:
        if other.model.cluster not in (None, original.model.cluster):
            raise ConfigError(
                f"Scenario {other.name!r} has the cluster {other.model.cluster!r}, whose buckets are not published",
                action="Read the raw topic: --from-raw",
            )


def original_scenario(model: ModelPolicy) -> Scenario:
    """Return the scenario that changes nothing."""
    return Scenario(name=ORIGINAL, model=model, policy_hash=model.hash())


def scenario_under(policy: Policy, original: ModelPolicy, name: str) -> Scenario:
    """Return the scenario of another policy.

    Raises:
        PolicyError: it has no such model, that is of another kind or about other amounts, or it would show smaller
            groups.
    """
    model = policy.model(original.name)
    if model.kind != original.kind:
        raise PolicyError(
            f"Scenario {name!r} judges {model.name} as {model.kind}, the policy judges it as {original.kind}",
            action="Give a policy in which the model has the same kind",
        )
    reject_other_amounts(model, original)
    reject_smaller_groups(model, original)
    return Scenario(name=name, model=model, policy_hash=model.hash())


def reject_other_amounts(model: ModelPolicy, original: ModelPolicy) -> None:
    """Reject a policy with other amounts: of another range, its counts would single out people by their amount.

    Raises:
        PolicyError: more than which amounts are favorable differs.
    """
    decision, own = model.decision, original.decision
    if decision is None or own is None or not own.is_amount:
        return
    if msgspec.structs.replace(decision, favorable=own.favorable) != own:
        raise PolicyError(
            "A scenario cannot change path, minimum, maximum or bins of a decision that is an amount",
            action="Give a policy with the same ones",
        )


def reject_smaller_groups(model: ModelPolicy, original: ModelPolicy) -> None:
    """Reject a policy that would show smaller groups than the original.

    Raises:
        PolicyError: its k is lower.
    """
    if model.privacy.k < original.privacy.k:
        raise PolicyError(
            f"A scenario cannot show smaller groups than the policy: k is {original.privacy.k}",
            action="For an audit, --unsafe-exact shows all",
        )
