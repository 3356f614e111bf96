"""A policy under which a time range is judged, and what its counts depend on."""

from __future__ import annotations

import msgspec

from stream_app.policy import ModelPolicy, Policy

ORIGINAL = "original"

# Counts depend on every field of a model except these: fields that only say how counts are judged or published, and the
# attributes, of which name, path and groups count. A field that is new counts until it is listed here.
JUDGED_BY = frozenset({
    "name", "topic", "attributes", "outcome", "windows", "rules", "detection", "privacy", "revision_s",
})  # fmt: skip
_COUNTED_BY = tuple(name for name in ModelPolicy.__struct_fields__ if name not in JUDGED_BY)


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A policy under which a time range is judged.

    Attributes:
        name: What people call it; ``original`` for the unchanged policy.
        model: The policy of the model.
        policy_hash: Hash of the complete policy that it represents.
        groups: Other groups for some spellings of attributes.
    """

    name: str
    model: ModelPolicy
    policy_hash: str
    groups: dict[str, dict[str, str]] = {}

    @property
    def counting_key(self) -> bytes:
        """What the counts depend on: scenarios with the same key share one counting."""
        labels = [(attribute.name, attribute.path, attribute.groups) for attribute in self.model.attributes]
        return msgspec.json.encode([labels, self.groups, *(getattr(self.model, name) for name in _COUNTED_BY)])


def original_scenario(policy: Policy, model: ModelPolicy) -> Scenario:
    """Return the scenario that changes nothing."""
    return Scenario(name=ORIGINAL, model=model, policy_hash=policy.hash())
