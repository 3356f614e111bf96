"""Chooses the broker and the model whose raw topic a stream is written to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple

from producers.simulated.disorder import Disorder
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags
from stream_app.cli.flags.settings import read_settings
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.errors import ConfigError, PolicyError
from stream_app.policy import ModelPolicy, load_policy


class SendDestination(NamedTuple):
    """Where a stream goes.

    Attributes:
        kafka: The connection.
        model: Model whose raw topic is written.
        misfit_action: What to do when the records do not fit this model.
    """

    kafka: KafkaConnection
    model: ModelPolicy
    misfit_action: str


@dataclass(frozen=True)
class SendOptions:
    """How a stream is sent.

    Attributes:
        destination: Broker and model.
        partition: Send everything there; None spreads by key.
        rate: Events per second; 0 for as fast as possible; None for each event at its event time.
        total: Number of events, for the progress bar; None if the stream has no end.
        is_dry_run: Print the records on stdout instead.
        is_json: Print the summary as JSON.
    """

    destination: SendDestination
    partition: int | None
    rate: float | None
    total: int | None
    is_dry_run: bool
    is_json: bool


def find_destination(flags: DestinationFlags, shipped: str = "", *, layout: str | None = None) -> SendDestination:
    """Return the broker and the model: the given one, else that of the layout or the producer, else the first.

    Args:
        flags: What was given on the command line.
        shipped: Name of the shipped policy and model that the records of the producer fit; empty if they fit any.
        layout: Layout of cameras in which the producer writes; None for none.

    Raises:
        ConfigError: The settings are invalid, or the topic of the model has another format or layout.
        PolicyError: The policy is invalid, or has no such model.
    """
    settings = read_settings(kafka=flags.kafka, policy=flags.policy)
    is_chosen = flags.policy is not None or "FAIRSTREAM_POLICY" in os.environ
    source = shipped if shipped and not is_chosen else settings.policy
    models = {model.name: model for model in load_policy(source).models}
    fitting = [name for name, model in models.items() if layout is not None and _layout_of(model) == layout]
    name = flags.model or next(iter([*fitting, *([shipped] if shipped in models else []), *models]))
    if name not in models:
        raise PolicyError(f"Policy {source!r} has no model {name!r}", action="Models: " + ", ".join(models))
    if models[name].format != "json":
        raise ConfigError(
            f"Topic {models[name].topic} has the format {models[name].format}, and `fairstream produce` writes JSON",
            action="Choose a model whose format is json",
        )
    if _layout_of(models[name]) != layout:
        expected = _layout_of(models[name]) or "records in JSON, and of no camera"
        raise ConfigError(
            f"Topic {models[name].topic} expects {expected}, not {layout or 'such records'}",
            action="Choose a model with --model, or the layout of a camera with `fairstream produce cameras --shape`",
        )
    return SendDestination(settings.connection, models[name], f"Try --policy {shipped}" if shipped else "Fix --map")


def _layout_of(model: ModelPolicy) -> str | None:
    return None if model.record is None else model.record.layout


def make_disorder(flags: DisorderFlags) -> Disorder:
    """Return what delays and duplicates events."""
    return Disorder(flags.seed, late_share=flags.late, duplicate_share=flags.duplicate, late_by_s=flags.late_by)
