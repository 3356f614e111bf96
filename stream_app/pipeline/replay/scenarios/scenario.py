"""A policy under which a time range is judged, and what its counts depend on."""

from __future__ import annotations

import msgspec

from stream_app.policy import ModelPolicy

ORIGINAL = "original"


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A policy under which a time range is judged.

    Attributes:
        name: What people call it; ``original`` for the unchanged policy.
        model: The policy of the model.
        policy_hash: Hash of the policy of the model.
        groups: Other groups for some spellings of attributes.
    """

    name: str
    model: ModelPolicy
    policy_hash: str
    groups: dict[str, dict[str, str]] = {}

    @property
    def counting_key(self) -> bytes:
        """What the counts depend on: scenarios with the same key share one counting."""
        return msgspec.json.encode([self.model.counting_facts(), self.groups])


def original_scenario(model: ModelPolicy) -> Scenario:
    """Return the scenario that changes nothing."""
    return Scenario(name=ORIGINAL, model=model, policy_hash=model.hash())
