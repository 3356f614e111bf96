"""``fairstream policy check``: check a policy before anything runs, also with real records."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, SourceFlags, read_settings
from stream_app.cli.output import facts, notes, print_json, print_lines
from stream_app.cli.policy.show import PolicyArgument, choose_policy
from stream_app.cli.policy.text import describe_model, describe_sample
from stream_app.core.privacy.pseudonym import KEY_BYTES, RootKey
from stream_app.edges.files.json_lines import read_json_lines
from stream_app.edges.kafka.readers.newest_records import read_newest
from stream_app.edges.metrics.series_limit import count_series
from stream_app.edges.registry.topic_schemas import RegisteredSchemas
from stream_app.errors import ConfigError
from stream_app.pipeline.ingest.sample import try_sample
from stream_app.pipeline.layout import pane_layout_of
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.settings import Settings
from stream_app.topics import declared_topics

TOPIC = "topic"  # what --sample takes instead of a file


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of a valid policy.

    Attributes:
        policy: The name or path that was given.
        hash: Hash of the file, which audit entries carry.
        models: Names of the monitored streams.
        model_hashes: Hash that every result and alert of a model carries.
        n_cells: Combinations of labels, by model.
        n_series: Maximum number of fairness series that a worker exports.
    """

    policy: str
    hash: str
    models: list[str]
    model_hashes: dict[str, str]
    n_cells: dict[str, int]
    n_series: int


@with_flags
def check(
    *,
    source: PolicyArgument = None,
    sample: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|topic",
            help="Try real records: a file of JSON lines, or 'topic' for the newest ones in Kafka.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Model of the sample. Default: all.", show_default=False)
    ] = None,
    records: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of records to try.")] = 1000,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """Check a policy and summarize what it monitors.

    With --sample, also try real records under it. Nothing of a record is stored, and nothing is printed but labels
    that the policy does not list and that at least k records have. Records from a file are treated as if they arrived
    now.

    Ends with 2 if the policy is invalid, with 1 if no record of the sample is an event.

    Example: fairstream policy check my-policy.toml --sample export.jsonl
    """
    settings = read_settings(policy=choose_policy(source, flags.policy), kafka=flags.kafka)
    policy = load_policy(settings.policy)
    _show_facts(settings.policy, policy, settings.max_series, as_json=as_json)
    if sample is None:
        return
    models = [policy.model(model)] if model is not None else list(policy.models)
    if sample != TOPIC and len(models) > 1:
        names = ", ".join(candidate.name for candidate in models)
        raise ConfigError("A file contains records of one model", action=f"Name it with --model, one of: {names}")
    has_events = [_try(candidate, sample, settings, records, as_json=as_json) for candidate in models]
    if not all(has_events):
        raise typer.Exit(Exit.FAILED)


def _show_facts(name: str, policy: Policy, max_series: int, *, as_json: bool) -> None:
    declared_topics(policy, "fairstream")  # rejects topics that are used twice
    n_cells = {model.name: pane_layout_of(model).size for model in policy.models}
    n_series = count_series(policy)
    if n_series > max_series:
        raise ConfigError(
            f"The policy makes {n_series} fairness series, max_series allows {max_series}",
            action="Monitor fewer groups or windows, or set FAIRSTREAM_MAX_SERIES",
        )
    if as_json:
        models = [model.name for model in policy.models]
        hashes = {model.name: model.hash() for model in policy.models}
        print_json(
            PolicyFacts(
                policy=name,
                hash=policy.hash(),
                models=models,
                model_hashes=hashes,
                n_cells=n_cells,
                n_series=n_series,
            )
        )
        return
    facts.print(f"Policy {name} is valid. Hash {policy.hash()}, at most {n_series} series.", markup=False)
    for model in policy.models:
        print_lines(describe_model(model, n_cells[model.name]).split("\n"))


def _try(model: ModelPolicy, sample: str, settings: Settings, n: int, *, as_json: bool) -> bool:
    """Report the disposition of the records of a sample; return whether any of them is an event."""
    if sample == TOPIC:
        schemas = RegisteredSchemas(settings.registry).of(model)
        batches = read_newest(settings.connection, model.topic, n)
        batches = batches if schemas is None else list(map(schemas.add_to, batches))
    else:
        model = msgspec.structs.replace(model, format="json")
        batches = [read_json_lines(Path(sample), n, now_s=time.time())]
    report = try_sample(model, batches, RootKey("sample", 0, secrets.token_bytes(KEY_BYTES)))
    if as_json:
        print_json(report)
    else:
        print_lines(describe_sample(report).split("\n"))
    if not report.is_decoded:
        notes.print(f"No record of the sample is an event of model {model.name}", markup=False)
        if report.dead_letters.get("json", 0) == report.n_records > 0:
            notes.print("Expected one JSON object per line. Try a CSV file with: fairstream produce csv")
    return report.is_decoded
