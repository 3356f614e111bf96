"""Broker, policy, state folder, application id and ``--json``, and the settings that they make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from stream_app.cli.flags.security import given_security
from stream_app.edges.files.reading import reject_shared_folder
from stream_app.policy import shipped_names
from stream_app.settings import Settings, load_settings


def complete_policy(incomplete: str) -> Iterator[str]:
    """Yield the shipped policies that begin so; the shell completes files where there are none."""
    return (name for name in shipped_names() if name.startswith(incomplete))


Kafka = Annotated[
    str | None,
    typer.Option("--kafka", metavar="HOST:PORT", help="Bootstrap servers (FAIRSTREAM_KAFKA).", show_default=False),
]
PolicyName = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="POLICY",
        help="Shipped policy or TOML file (FAIRSTREAM_POLICY).",
        show_default=False,
        autocompletion=complete_policy,
    ),
]
StateDir = Annotated[
    str | None,
    typer.Option(
        "--state-dir", metavar="DIR", help="Folder of keys and local files (FAIRSTREAM_STATE).", show_default=False
    ),
]
AppId = Annotated[
    str | None,
    typer.Option(
        "--app-id",
        metavar="ID",
        help="Consumer group of the workers and prefix of the changelog topics (FAIRSTREAM_APP_ID).",
        show_default=False,
    ),
]
OnlyModel = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Only what this model of the policy needs.", show_default=False),
]
START_TIMEOUT_S = 60.0
StartTimeout = Annotated[
    float, typer.Option("--start-timeout", min=1.0, help="Seconds that a local Kafka may take to be ready.")
]
Json = Annotated[bool, typer.Option("--json", help="Print results as JSON lines.")]


@dataclass(frozen=True)
class SourceFlags:
    """Broker and policy."""

    kafka: Kafka = None
    policy: PolicyName = None

    def settings(self) -> Settings:
        """Join the flags with the environment."""
        return read_settings(kafka=self.kafka, policy=self.policy)


@dataclass(frozen=True)
class CommonFlags:
    """Broker, policy and state folder."""

    kafka: Kafka = None
    policy: PolicyName = None
    state_dir: StateDir = None

    def settings(self) -> Settings:
        """Join the flags with the environment."""
        return read_settings(kafka=self.kafka, policy=self.policy, state_dir=self.state_dir)


@dataclass(frozen=True)
class TopicFlags:
    """Broker, policy and application id: what names every topic."""

    kafka: Kafka = None
    policy: PolicyName = None
    app_id: AppId = None

    def settings(self) -> Settings:
        """Join the flags with the environment."""
        return read_settings(kafka=self.kafka, policy=self.policy, app_id=self.app_id)


def read_settings(**flags: Any) -> Settings:
    """Join flags with the environment. Flags that are ``None`` were not given; those of TLS and SASL are added.

    Raises:
        ConfigError: a setting is invalid, or others can write in the state folder.
    """
    settings = load_settings(os.environ, **flags, **given_security())
    reject_shared_folder(Path(settings.state_dir))
    return settings
