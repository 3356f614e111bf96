"""The scenarios that ``fairstream replay compare`` is given: other settings, groups or policies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from stream_app.cli.flags.settings import complete_policy
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.scenarios.settings import (
    ScenarioSettings,
    parse_group_map,
    parse_references,
    parse_settings,
    scenario_of,
)
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.small_file import cannot_read, read_small_file


class ScenarioList(NamedTuple):
    """Scenarios to judge.

    Attributes:
        scenarios: The original first.
        described: What each of the others changes, by its name.
    """

    scenarios: list[Scenario]
    described: dict[str, dict[str, str]]


@dataclass(frozen=True)
class ScenarioFlags:
    """One scenario by settings, references and group map; more by settings; one by a policy."""

    settings_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="threshold.dir=0.85, threshold.gap=0.15, threshold.difference=2 and threshold.mean_ratio=0.9 (of "
            "means), window=6h, period=1h, k=20, anomalies_from=0.7; repeatable.",
            show_default=False,
        ),
    ] = None
    reference: Annotated[
        list[str] | None,
        typer.Option(
            "--reference",
            metavar="ATTRIBUTE=GROUP",
            help="Another reference group of an attribute; repeatable.",
            show_default=False,
        ),
    ] = None
    group_map: Annotated[
        Path | None,
        typer.Option(
            "--group-map",
            metavar="FILE.toml",
            help="Other groups: one table per attribute, spelling = group.",
            show_default=False,
        ),
    ] = None
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="NAME=VALUE,...",
            help="A further scenario, in the same pass: comma-separated settings; repeatable.",
            show_default=False,
        ),
    ] = None
    other_policy: Annotated[
        str | None,
        typer.Option(
            "--other-policy",
            metavar="POLICY",
            help="A further scenario: another policy.",
            show_default=False,
            autocompletion=complete_policy,
        ),
    ] = None

    def scenarios(self, policy: Policy, model: ModelPolicy) -> ScenarioList:
        """Return the scenarios that the flags describe, after the original.

        Raises:
            ConfigError: There is none, or a setting or file is invalid.
        """
        requested = [
            settings
            for settings in (
                ScenarioSettings(
                    parse_settings(self.settings_ or []), parse_references(self.reference or []), self._groups()
                ),
                *(ScenarioSettings(parse_settings(text.split(","))) for text in self.scenario or []),
            )
            if settings.name
        ]
        scenarios = [
            original_scenario(model),
            *(scenario_of(policy, model, settings) for settings in requested),
        ]
        described = {settings.name: settings.described() for settings in requested}
        if self.other_policy is not None:
            scenarios.append(scenario_under(load_policy(self.other_policy), model, self.other_policy))
            described[self.other_policy] = {"policy": self.other_policy}
        if len(scenarios) == 1:
            raise ConfigError(
                "No scenario is given", action="Give --set, --reference, --group-map, --scenario or --other-policy"
            )
        return ScenarioList(scenarios, described)

    def _groups(self) -> dict[str, dict[str, str]]:
        if self.group_map is None:
            return {}
        try:
            return parse_group_map(read_small_file(self.group_map))
        except OSError as error:
            raise cannot_read(f"the group map {self.group_map}", error) from None
        except UnicodeDecodeError:
            raise ConfigError(f"The group map {self.group_map} is not UTF-8 text") from None
