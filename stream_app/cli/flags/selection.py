"""Model, attribute, time range and source topic: which part of the data a command reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.errors import ConfigError
from stream_app.pipeline.selection import Selection, select
from stream_app.policy import Policy

From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="Start: 2026-11-23T09:00:00Z, 2h, 2h ago.", show_default=False),
]
To = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="End, excluded; in the same forms.", show_default=False),
]
FromRaw = Annotated[
    bool,
    typer.Option(
        "--from-raw/--published", help="Read the raw topic, which needs the keys, or the pseudonymized events."
    ),
]
SourceTopic = Annotated[
    str | None,
    typer.Option("--source-topic", metavar="TOPIC", help="Read a copy of the topic instead.", show_default=False),
]
AlertId = Annotated[
    str | None,
    typer.Option("--alert", metavar="ID", help="Take the time range of this alert.", show_default=False),
]
UnsafeExact = Annotated[
    bool,
    typer.Option("--unsafe-exact", help="Show groups of any size. For auditors, not for publication."),
]


@dataclass(frozen=True)
class ReplayRange:
    """A model of the policy and a range of event time."""

    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Model; required if the policy has several.", show_default=False),
    ] = None
    from_: From = None
    to: To = None


@dataclass(frozen=True)
class ReplaySource:
    """The topic that a replay reads."""

    from_raw: FromRaw = True
    source_topic: SourceTopic = None


@dataclass(frozen=True)
class ShownFlags:
    """The results or alerts that are shown."""

    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Show only this model.", show_default=False)
    ] = None
    attribute: Annotated[
        str | None,
        typer.Option("--attribute", metavar="NAME", help="Show only this attribute.", show_default=False),
    ] = None
    unsafe_exact: UnsafeExact = False

    def select(self, policy: Policy, window: str | None = None) -> Selection:
        """Return what is selected of a policy.

        Raises:
            ConfigError: The policy has no such model, attribute or window, or none of the models is judged.
        """
        selection = select(policy, self.model, self.attribute, window)
        if all(policy.model(name).kind == "counts" for name in selection.models):
            names = ", ".join(sorted(selection.models))
            raise ConfigError(
                f"Model {names} is counted, not judged: it has no results and no alerts",
                action="Its counts are in camera-aggregates; choose a judged model with --policy and --model",
            )
        return selection

    def select_counted(self, policy: Policy, window: str | None = None) -> Selection | None:
        """Return what is selected of a policy where all of it is counted and not judged; None otherwise.

        Raises:
            ConfigError: The policy has no such model, attribute or window.
        """
        return self._select_kind("counts", policy, window)

    def select_hours(self, policy: Policy, window: str | None = None) -> Selection | None:
        """Return what is selected of a policy where all of it is about hours of areas; None where it is not.

        Raises:
            ConfigError: The policy has no such model, attribute or window.
        """
        return self._select_kind("allocations", policy, window)

    def select_amounts(self, policy: Policy, window: str | None = None) -> Selection | None:
        """Return what is selected of a policy where all of it is about amounts; None where it is not.

        Raises:
            ConfigError: The policy has no such model, attribute or window.
        """
        return self._select_kind("amounts", policy, window)

    def _select_kind(self, kind: str, policy: Policy, window: str | None) -> Selection | None:
        selection = select(policy, self.model, self.attribute, window)
        return selection if all(policy.model(name).kind == kind for name in selection.models) else None
