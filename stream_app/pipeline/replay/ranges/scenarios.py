"""Policies made from settings: what would have been said under another threshold, window, group map or reference."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.replay.moments import parse_length
from stream_app.pipeline.replay.ranges.range_replay import Scenario
from stream_app.policy import Attribute, ModelPolicy, Policy, canonical_label
from stream_app.policy.check import check_policy

ORIGINAL = "original"

Fields = dict[str, Any]  # a model as plain data


@dataclass(frozen=True)
class ScenarioSettings:
    """What differs from the policy as it is.

    Attributes:
        settings: Value by name, as the command line has them: ``threshold.dir``, ``window``, ``k``, ...
        references: Reference group by attribute.
        groups: Group by attribute and spelling.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call it: its settings."""
        parts = [f"{name}={value}" for name, value in self.settings.items()]
        parts += [f"reference.{attribute}={group}" for attribute, group in self.references.items()]
        parts += [f"group-map.{attribute}" for attribute in self.groups]
        return " ".join(parts)

    def described(self) -> dict[str, str]:
        """Return every difference as text, for the manifest."""
        groups = {
            f"group-map.{own}": " ".join(f"{a}>{b}" for a, b in mapped.items()) for own, mapped in self.groups.items()
        }
        return {**self.settings, **{f"reference.{own}": group for own, group in self.references.items()}, **groups}


def _window(fields: Fields, text: str) -> None:
    fields["windows"] = [{"name": text, "size_s": parse_length(text)}]


def _number(part: str, name: str, kind: type[int | float]) -> Callable[[Fields, str], None]:
    def put(fields: Fields, text: str) -> None:
        try:
            fields[part][name] = kind(text)
        except ValueError:
            raise ConfigError(f"{text!r} is no number") from None

    return put


SETTINGS: dict[str, Callable[[Fields, str], None]] = {
    "threshold.dir": _number("rules", "min_disparate_impact_ratio", float),
    "threshold.gap": _number("rules", "max_gap", float),
    "min_n": _number("rules", "min_n", int),
    "k": _number("privacy", "k", int),
    "window": _window,
    "false_alarms_per_million": _number("detection", "false_alarms_per_million", float),
    "design_effect": _number("detection", "design_effect", float),
}


def parse_settings(texts: Iterable[str]) -> dict[str, str]:
    """Read ``NAME=VALUE``.

    Raises:
        ConfigError: one has another form, or no such setting exists.

    >>> parse_settings(["threshold.dir=0.85", "window=6h"])
    {'threshold.dir': '0.85', 'window': '6h'}
    """
    settings = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or name not in SETTINGS:
            raise ConfigError(f"--set {text!r} is no setting", action="Known: " + ", ".join(f"{n}=…" for n in SETTINGS))
        settings[name] = value
    return settings


def parse_references(texts: Iterable[str]) -> dict[str, str]:
    """Read ``ATTRIBUTE=GROUP``.

    Raises:
        ConfigError: one has another form.
    """
    pairs = [text.partition("=") for text in texts]
    if wrong := [attribute for attribute, sign, _ in pairs if not sign]:
        raise ConfigError(f"--reference {wrong[0]!r} names no group", action="Give ATTRIBUTE=GROUP")
    return {attribute.strip(): group.strip() for attribute, _, group in pairs}


def parse_group_map(text: str) -> dict[str, dict[str, str]]:
    """Read a group map: a TOML table for each attribute, spelling = group.

    Raises:
        ConfigError: it is none.

    >>> parse_group_map('[race]' + chr(10) + 'Black = "minority"')
    {'race': {'black': 'minority'}}
    """
    try:
        tables = msgspec.convert(tomllib.loads(text), dict[str, dict[str, str]])
    except (ValueError, msgspec.ValidationError):
        raise ConfigError(
            "The group map is no TOML of tables with text", action='[race]\n"black" = "minority"'
        ) from None
    return {attribute: {canonical_label(a): b for a, b in table.items()} for attribute, table in tables.items()}


def original_scenario(policy: Policy, model: ModelPolicy) -> Scenario:
    """Return the variant that changes nothing."""
    return Scenario(name=ORIGINAL, model=model, policy_hash=policy.hash())


def scenario_of(policy: Policy, model: ModelPolicy, scenario: ScenarioSettings, name: str | None = None) -> Scenario:
    """Make the policy that a what-if asks for.

    Raises:
        ConfigError: a setting is unknown, or its value is no policy.
        PolicyError: the same, with the path of the field; or k is lower than the policy's.
    """
    fields = msgspec.json.decode(msgspec.json.encode(model))
    for setting, value in scenario.settings.items():
        part = SETTINGS[setting]
        try:
            part(fields, value)
        except KeyError:
            raise ConfigError(f"--set {setting}: this version's policies do not have it") from None
    for number, attribute in enumerate(model.attributes):
        fields["attributes"][number] |= _attribute_of(attribute, scenario)
    _check_names(model, scenario)
    try:
        changed = msgspec.convert(fields, ModelPolicy)
    except msgspec.ValidationError as error:
        raise PolicyError(f"The what-if {scenario.name!r} is no policy: {error}") from None
    if changed.privacy.k < model.privacy.k:
        raise PolicyError(
            f"A what-if cannot show smaller groups than the policy: k is {model.privacy.k}",
            action="For an audit, --unsafe-exact shows all",
        )
    others = tuple(changed if own.name == model.name else own for own in policy.models)
    whole = msgspec.structs.replace(policy, models=others)
    check_policy(whole)
    groups = {own: dict(table) for own, table in scenario.groups.items()}
    return Scenario(name=name or scenario.name, model=changed, policy_hash=whole.hash(), groups=groups)


def _attribute_of(attribute: Attribute, scenario: ScenarioSettings) -> Fields:
    """Return the groups and the reference of an attribute after a what-if."""
    table = scenario.groups.get(attribute.name, {})

    def group_of(label: str) -> str:
        return table.get(canonical_label(label), label)

    groups = list(dict.fromkeys([*map(group_of, attribute.groups), *table.values()]))
    reference = scenario.references.get(attribute.name)
    if reference is None and attribute.reference is not None:
        reference = group_of(attribute.reference)
    return {"groups": groups, "reference": reference}


def _check_names(model: ModelPolicy, scenario: ScenarioSettings) -> None:
    known = {attribute.name for attribute in model.attributes}
    if unknown := sorted({*scenario.references, *scenario.groups} - known):
        raise ConfigError(f"No attribute {unknown[0]!r}", action="Known: " + ", ".join(sorted(known)))
