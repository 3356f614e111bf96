"""Scenarios made from settings: another threshold, window, group map or reference group."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.replay.moments import parse_length
from stream_app.pipeline.replay.scenarios.scenario import Scenario, reject_smaller_groups
from stream_app.policy import Attribute, ModelPolicy, Policy, canonical_label
from stream_app.policy.check import check_policy

Fields = dict[str, Any]  # a model as plain data
_OF_RATES, _OF_AMOUNTS = ("threshold.dir", "threshold.gap"), ("threshold.difference", "threshold.mean_ratio")
LEFT_OUT = "anomalies_from"  # leaves out published events with at least this anomaly score


@dataclass(frozen=True)
class ScenarioSettings:
    """The differences of a scenario from the policy.

    Attributes:
        settings: Value by name, as on the command line: ``threshold.dir``, ``window``, ``k``, ...
        references: Reference group by attribute.
        groups: Group by attribute and spelling.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What people call the scenario: its settings; empty without any."""
        parts = [f"{name}={value}" for name, value in self.settings.items()]
        parts += [f"reference.{attribute}={group}" for attribute, group in self.references.items()]
        parts += [f"group-map.{attribute}" for attribute in self.groups]
        return " ".join(parts)

    def described(self) -> dict[str, str]:
        """Return every difference as text, for the manifest."""
        references = {f"reference.{attribute}": group for attribute, group in self.references.items()}
        group_maps = {
            f"group-map.{attribute}": " ".join(f"{spelling}>{group}" for spelling, group in table.items())
            for attribute, table in self.groups.items()
        }
        return {**self.settings, **references, **group_maps}


def _set_window(fields: Fields, text: str) -> None:
    fields["windows"] = [{"name": text, "size_s": parse_length(text)}]


def _set_period(fields: Fields, text: str) -> None:
    fields["detection"]["period_s"] = parse_length(text)


def _number_setter(part: str, name: str, kind: type[int | float]) -> Callable[[Fields, str], None]:
    def set_number(fields: Fields, text: str) -> None:
        try:
            fields[part][name] = kind(text)
        except ValueError:
            raise ConfigError(f"{text!r} is not a number") from None

    return set_number


SETTINGS: dict[str, Callable[[Fields, str], None]] = {
    "threshold.dir": _number_setter("rules", "min_disparate_impact_ratio", float),
    "threshold.gap": _number_setter("rules", "max_gap", float),
    "threshold.difference": _number_setter("rules", "max_mean_difference", float),
    "threshold.mean_ratio": _number_setter("rules", "min_mean_ratio", float),
    "min_n": _number_setter("rules", "min_n", int),
    "k": _number_setter("privacy", "k", int),
    "window": _set_window,
    "period": _set_period,
    "false_alarms_per_million": _number_setter("detection", "false_alarms_per_million", float),
    "design_effect": _number_setter("detection", "design_effect", float),
    LEFT_OUT: _number_setter("anomalies", "threshold", float),
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
            raise ConfigError(f"Unknown setting {text!r}", action="Known: " + ", ".join(f"{n}=…" for n in SETTINGS))
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
        ConfigError: it is not one.

    >>> parse_group_map('[race]' + chr(10) + 'Black = "minority"')
    {'race': {'black': 'minority'}}
    """
    try:
        tables = msgspec.convert(tomllib.loads(text), dict[str, dict[str, str]])
    except (ValueError, msgspec.ValidationError):
        raise ConfigError(
            "The group map must be TOML tables of text", action='For example: [race]\n"black" = "minority"'
        ) from None
    return {attribute: {canonical_label(a): b for a, b in table.items()} for attribute, table in tables.items()}


def scenario_of(policy: Policy, model: ModelPolicy, settings: ScenarioSettings, name: str | None = None) -> Scenario:
    """Make the scenario that some settings describe.

    Args:
        policy: The complete policy.
        model: The model that is judged.
        settings: What differs.
        name: What people call it; None for its settings.

    Raises:
        ConfigError: a setting is unknown, or its value is invalid.
        PolicyError: the same, with the path of the field; or k is lower than the policy's.
    """
    _reject_other_limits(model, settings)
    fields = msgspec.json.decode(msgspec.json.encode(model))
    if LEFT_OUT in settings.settings and model.anomalies is None:
        raise ConfigError(f"--set {LEFT_OUT}: the policy of {model.name} declares no anomalies")
    for setting, value in settings.settings.items():
        try:
            SETTINGS[setting](fields, value)
        except KeyError:
            raise ConfigError(f"--set {setting}: policies of this version do not have it") from None
    for number, attribute in enumerate(model.attributes):
        fields["attributes"][number] |= _attribute_of(attribute, settings)
    _check_names(model, settings)
    try:
        changed = msgspec.convert(fields, ModelPolicy)
    except msgspec.ValidationError as error:
        raise PolicyError(f"Scenario {settings.name!r} makes an invalid policy: {error}") from None
    reject_smaller_groups(changed, model)
    models = tuple(changed if other.name == model.name else other for other in policy.models)
    check_policy(msgspec.structs.replace(policy, models=models))
    groups = {attribute: dict(table) for attribute, table in settings.groups.items()}
    leaves_out_from = changed.anomalies.threshold if changed.anomalies and LEFT_OUT in settings.settings else None
    return Scenario(
        name=name or settings.name,
        model=changed,
        policy_hash=changed.hash(),
        groups=groups,
        leaves_out_from=leaves_out_from,
    )


def _reject_other_limits(model: ModelPolicy, settings: ScenarioSettings) -> None:
    """Reject the limit of a rate for a model whose decision is an amount, and the reverse.

    Raises:
        ConfigError: there is one.
    """
    is_of_amounts = model.kind == "amounts"
    others, own = (_OF_RATES, _OF_AMOUNTS) if is_of_amounts else (_OF_AMOUNTS, _OF_RATES)
    if wrong := [name for name in others if name in settings.settings]:
        what = "an amount, which has no rates" if is_of_amounts else "no amount"
        raise ConfigError(
            f"--set {wrong[0]}: the decision of {model.name} is {what}", action=f"Its limits are: {', '.join(own)}"
        )


def _attribute_of(attribute: Attribute, settings: ScenarioSettings) -> Fields:
    """Return the groups and the reference of an attribute in a scenario."""
    table = settings.groups.get(attribute.name, {})

    def group_of(label: str) -> str:
        return table.get(canonical_label(label), label)

    groups = list(dict.fromkeys([*map(group_of, attribute.groups), *table.values()]))
    reference = settings.references.get(attribute.name)
    if reference is None and attribute.reference is not None:
        reference = group_of(attribute.reference)
    aliases: dict[str, list[str]] = {}
    for label, spellings in (attribute.aliases or {}).items():
        # A spelling that the table names itself is not a further one of the group that the label becomes.
        further = [spelling for spelling in spellings if canonical_label(spelling) not in table]
        if further:
            aliases.setdefault(group_of(label), []).extend(further)
    return {"groups": groups, "reference": reference, "aliases": aliases or None}


def _check_names(model: ModelPolicy, settings: ScenarioSettings) -> None:
    known = {attribute.name for attribute in model.attributes}
    if unknown := sorted({*settings.references, *settings.groups} - known):
        raise ConfigError(f"No attribute {unknown[0]!r}", action="Known: " + ", ".join(sorted(known)))
