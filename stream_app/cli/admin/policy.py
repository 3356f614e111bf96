"""``fairstream policy``: check a policy before anything runs, with real records if wanted."""

from __future__ import annotations

import secrets
import time
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli import app
from stream_app.cli.admin.policy_text import describe_model, describe_sample
from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, Kafka, PolicyName, facts, notes, print_json, read_settings
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, Policy, load_policy, read_policy_text, shipped_names

TOPIC = "topic"  # what --sample takes instead of a file

policy = typer.Typer(no_args_is_help=True, help="Check, show and explain policies: what is watched.")
app.add_typer(policy, name="policy")

Source = Annotated[
    str | None,
    typer.Argument(metavar="FILE", help="Shipped policy or a TOML file (FAIRSTREAM_POLICY).", show_default=False),
]


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid policy amounts to.

    Attributes:
        policy: As it was named.
        hash: What travels with every result.
        models: Names of the watched streams.
        n_cells: Combinations of labels, by model.
        n_series: Most fairness series that a worker exports.
    """

    policy: str
    hash: str
    models: list[str]
    n_cells: dict[str, int]
    n_series: int


@policy.command()
def check(
    source: Source = None,
    sample: Annotated[
        str | None,
        typer.Option(help="Try real records: 'topic' for the newest ones in Kafka, or a file of JSON lines."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model whose records are tried; all by default.")] = None,
    records: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many records to try.")] = 1000,
    policy_name: PolicyName = None,
    kafka: Kafka = None,
    as_json: Json = False,
) -> None:
    """Check a policy and say what it watches; with --sample, how real records fare under it.

    Ends with 2 when the policy has a mistake, with 1 when no record of a sample can be decoded. No value of a record
    is printed or kept. Times of records from a file are judged as if they arrived now.

    Example: fairstream policy check my-policy.toml --sample export.jsonl
    """
    settings = read_settings(policy=_named(source, policy_name), kafka=kafka)
    watched = load_policy(settings.policy)
    _show_facts(settings.policy, watched, settings.max_series, as_json=as_json)
    if sample is None:
        return
    models = [watched.model(model)] if model is not None else list(watched.models)
    if sample != TOPIC and len(models) > 1:
        names = ", ".join(own.name for own in models)
        raise ConfigError("A file holds the records of one model", action=f"Name it with --model, one of: {names}")
    decoded = [_try(own, sample, settings.kafka, records, as_json=as_json) for own in models]
    if not all(decoded):
        raise typer.Exit(Exit.FAILED)


@policy.command()
def show(source: Source = None, policy_name: PolicyName = None, as_json: Json = False) -> None:
    """Print a policy: its text, to start one's own from, or with --json every field with its default.

    Example: fairstream policy show loans > my-policy.toml
    """
    settings = read_settings(policy=_named(source, policy_name))
    watched = load_policy(settings.policy)
    if as_json:
        print_json(watched)
    else:
        typer.echo(read_policy_text(settings.policy), nl=False)


@policy.command(name="list")
def list_policies(as_json: Json = False) -> None:
    """List the policies that come with FairStream."""
    for name in shipped_names():
        models = load_policy(name).models
        if as_json:
            print_json({"policy": name, "topics": [own.topic for own in models]})
        else:
            facts.print(f"{name:<10} {', '.join(f'{own.kind} of {own.topic}' for own in models)}", markup=False)


@policy.command()
def fields(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables of docs/policy.md.")] = False,
) -> None:
    """Explain every field of a policy: what it must hold, its default, what it means.

    Example: fairstream policy fields | less
    """
    from stream_app.policy.reference import as_markdown, describe_fields  # noqa: PLC0415  # the others need it not

    if markdown:
        typer.echo(as_markdown(), nl=False)
        return
    if as_json:
        for fact in describe_fields():
            print_json(fact)
        return
    for place, found in groupby(describe_fields(), key=lambda fact: fact.place):
        facts.print(place, style="bold", markup=False)
        for fact in found:
            default = "must be given" if fact.default is None else f"default {fact.default}"
            facts.print(f"  {fact.name}  ({fact.expected}; {default})\n      {fact.meaning}", markup=False)


def _named(source: str | None, flag: str | None) -> str | None:
    """Take the policy from the argument, or from the flag that every command has."""
    if source is not None and flag is not None:
        raise ConfigError("The policy is named twice", action="Give FILE or --policy")
    return source or flag


def _show_facts(name: str, watched: Policy, max_series: int, *, as_json: bool) -> None:
    from stream_app.edges.metrics.series_limit import count_series  # noqa: PLC0415
    from stream_app.pipeline.layout import layout_of  # noqa: PLC0415
    from stream_app.topics import declared_topics  # noqa: PLC0415

    declared_topics(watched, "fairstream")  # refuses topics that are used twice
    n_cells = {own.name: layout_of(own).size for own in watched.models}
    n_series = count_series(watched)
    if n_series > max_series:
        raise ConfigError(
            f"The policy makes {n_series} fairness series, max_series allows {max_series}",
            action="Watch fewer groups or windows, or set FAIRSTREAM_MAX_SERIES",
        )
    if as_json:
        models = [own.name for own in watched.models]
        print_json(PolicyFacts(policy=name, hash=watched.hash(), models=models, n_cells=n_cells, n_series=n_series))
        return
    facts.print(f"Policy {name} has no mistake. Hash {watched.hash()}, at most {n_series} series.", markup=False)
    for own in watched.models:
        facts.print(describe_model(own, n_cells[own.name]), markup=False)


def _try(model: ModelPolicy, sample: str, kafka: str, n: int, *, as_json: bool) -> bool:
    """Tell what became of a sample, and whether any of its records is an event."""
    from stream_app.core.privacy.pseudonym import KEY_BYTES, RootKey  # noqa: PLC0415
    from stream_app.pipeline.ingest.sample import try_sample  # noqa: PLC0415

    if sample == TOPIC:
        from stream_app.edges.kafka.readers.newest_records import read_newest  # noqa: PLC0415

        batches = read_newest(kafka, model.topic, n)
    else:
        from stream_app.edges.files.json_lines import read_json_lines  # noqa: PLC0415

        batches = [read_json_lines(Path(sample), n, now_s=time.time())]
    report = try_sample(model, batches, RootKey("sample", 0, secrets.token_bytes(KEY_BYTES)))
    if as_json:
        print_json(report)
    else:
        facts.print(describe_sample(report), markup=False)
    if not report.is_decoded:
        notes.print(f"No record of the sample is an event of model {model.name}", markup=False)
    return report.is_decoded
