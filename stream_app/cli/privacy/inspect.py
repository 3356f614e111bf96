"""``fairstream privacy inspect``: look for personal data in a schema, a sample or a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, Kafka, complete_policy, read_settings
from stream_app.cli.output import print_json
from stream_app.cli.privacy.text import InspectionFacts, print_inspection
from stream_app.core.inspection.handling import with_handling
from stream_app.core.inspection.inspection import InspectedField, inspect_declared, inspect_observed
from stream_app.edges.inspection.sample_file import Sample, read_sample
from stream_app.edges.inspection.sample_topic import read_topic_sample
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, load_policy


@with_flags
def inspect(
    source: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="JSON Schema, Avro schema, JSON lines or CSV.", show_default=False),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="Read the newest records of a topic instead.", show_default=False),
    ] = None,
    records: Annotated[int, typer.Option(min=1, max=1_000_000, help="Maximum number of records to read.")] = 1000,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY",
            help="Policy that should handle the fields; without it nothing is handled.",
            show_default=False,
            autocompletion=complete_policy,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model of the policy. Default: its only one.", show_default=False),
    ] = None,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Look for personal data in a schema, a sample or a topic.

    Reports fields by name, type and form of their values, also inside JSON and base64 texts; never a value. Severity 4
    is a special category, 3 identifies a person, 2 does so with others.

    Ends with 2 if a field of severity 3 or 4 has no handling in the policy.

    Example: fairstream privacy inspect sample.jsonl --policy camera
    """
    if (source is None) == (topic is None):
        raise ConfigError("Expected a file or --topic, and not both")
    chosen = None if policy is None else _model_of(policy, model, topic)
    if topic is not None:
        sample = read_topic_sample(read_settings(kafka=kafka).connection, topic, records)
    else:
        sample = read_sample(source or Path(), records)
    fields = _inspect(sample, chosen)
    facts = InspectionFacts(
        n_records=sample.observed.n_records,
        n_unreadable=sample.n_unreadable,
        n_fields=len(sample.declared) if sample.declared is not None else len(list(sample.observed.fields())),
        n_values_left_out=sample.observed.n_left_out,
        n_personal=len(fields),
        n_unhandled=sum(field.is_unhandled for field in fields),
    )
    if as_json:
        for field in fields:
            print_json(field)
        print_json(facts)
    else:
        print_inspection(str(source or topic), facts, fields, has_policy=chosen is not None)
    if sample.declared is None and not sample.observed.n_records:
        raise ConfigError("No record could be read", action="Records must be JSON objects, or rows under a header")
    if facts.n_unhandled:
        raise typer.Exit(Exit.USAGE)


def _model_of(policy: str, name: str | None, topic: str | None) -> ModelPolicy:
    loaded = load_policy(policy)
    if name is not None:
        return loaded.model(name)
    models = [model for model in loaded.models if topic is None or model.topic == topic] or list(loaded.models)
    if len(models) > 1:
        raise ConfigError(
            "The policy has several models", action=f"Give --model: {', '.join(model.name for model in models)}"
        )
    return models[0]


def _inspect(sample: Sample, model: ModelPolicy | None) -> list[InspectedField]:
    if sample.declared is not None:
        fields = inspect_declared(sample.declared)
    else:
        fields = inspect_observed(sample.observed.fields())
    return fields if model is None else [with_handling(field, model) for field in fields]
