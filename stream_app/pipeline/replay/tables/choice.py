"""Which tables a person wants: attributes, and intersections of them, by the names of the policy."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from stream_app.errors import ConfigError
from stream_app.pipeline.records.results import CROSS
from stream_app.policy import ModelPolicy

MAX_DEPTH = 3  # attributes of an intersection


def choose_tables(model: ModelPolicy, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the attributes of each table, in the order of the policy.

    Args:
        model: The policy of the model.
        names: Names of attributes, or of several joined by ``+``; none for each attribute and each pair of them.

    Raises:
        ConfigError: the policy has no such attribute, or too many of them are joined.

    >>> from stream_app.policy import load_policy
    >>> choose_tables(load_policy("loans").models[0], ["race + gender"])
    [('gender', 'race')]
    """
    declared = [attribute.name for attribute in model.attributes]
    chosen = [_attributes_of(name, declared) for name in names]
    every: list[tuple[str, ...]] = [*((name,) for name in declared), *combinations(declared, 2)]
    return list(dict.fromkeys(chosen)) or every


def _attributes_of(name: str, declared: list[str]) -> tuple[str, ...]:
    parts = {part.strip() for part in name.split(CROSS)}
    if not parts <= set(declared):
        raise ConfigError(f"No attribute {name!r} in the policy", action=f"Known: {', '.join(declared)}")
    if len(parts) > MAX_DEPTH:
        raise ConfigError(f"{name!r} joins more than {MAX_DEPTH} attributes", action="Join fewer of them")
    return tuple(attribute for attribute in declared if attribute in parts)
