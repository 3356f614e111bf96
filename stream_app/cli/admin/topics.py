"""``fairstream topics``: create the topics that a policy needs, and check that they are as declared."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from stream_app.cli.admin.acls import Cluster
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, Json, OnlyModel, PolicyName, TopicFlags, read_settings
from stream_app.cli.output import facts, notes, print_json, print_lines
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.kafka.admin import (
    TopicReport,
    compare_topics,
    count_existing,
    create_topics,
    is_broker_reachable,
    reject_mistakes,
)
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from stream_app.settings import Settings
from stream_app.strimzi import DEFAULT_CLUSTER, kafka_topic
from stream_app.topics import TopicSpec, declared_topics

_POLL_S = 0.5

Partitions = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Partitions of raw topics that are created.", show_default="4"),
]
RawPartitions = Annotated[
    int | None,
    typer.Option("--partitions", min=1, max=10_000, help="Partitions of the raw topics.", show_default="4"),
]

Wait = Annotated[float, typer.Option("--wait", min=0.0, help="Seconds to wait for a broker that is starting.")]


@with_flags
def create(*, partitions: Partitions = None, wait: Wait = 60.0, flags: TopicFlags, as_json: Json = False) -> None:
    """Create the topics that are missing, and add partitions.

    Existing raw topics stay as they are. A topic that needs as many partitions
    as the raw topic gets them.

    Example: fairstream topics create --policy loans --partitions 12
    """
    settings = flags.settings()
    _wait_for_broker(settings.connection, wait)
    reports = create_topics(settings.connection, _declared(settings, partitions))
    _show(reports, as_json=as_json)
    reject_mistakes(reports)


@with_flags
def check(*, flags: TopicFlags, as_json: Json = False) -> None:
    """Compare the topics with their declaration.

    Ends with 2 if one is missing or wrong.

    Example: fairstream topics check --policy loans --json
    """
    settings = flags.settings()
    reports = compare_topics(settings.connection, _declared(settings))
    _show(reports, as_json=as_json)
    reject_mistakes(reports)


def list_topics(
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="One of: text, strimzi.")] = "text",
    partitions: RawPartitions = None,
    with_raw: Annotated[bool, typer.Option("--with-raw", help="Also print the raw topics for Strimzi.")] = False,
    cluster: Cluster = DEFAULT_CLUSTER,
    policy: PolicyName = None,
    model: OnlyModel = None,
    app_id: AppId = None,
    as_json: Json = False,
) -> None:
    """List the topics that a policy needs.

    Shows who writes and who reads each of them, or prints the KafkaTopic
    resources of the Strimzi operator. Needs no broker.

    Example: fairstream topics list --policy camera
    """
    if form not in ("text", "strimzi"):
        raise ConfigError(f"Unknown format {form!r}", action="Formats: text, strimzi")
    settings = read_settings(policy=policy, app_id=app_id)
    specs = declared_topics(load_policy(settings.policy).only(model), settings.app_id, partitions=partitions)
    if form == "strimzi" and not as_json:
        resources = [kafka_topic(spec, cluster) for spec in specs if with_raw or spec.owner == "fairstream"]
        print_lines("\n---\n".join(resources).split("\n"))
        return
    for spec in specs:
        if as_json:
            print_json(spec)
            continue
        facts.print(f"{spec.name}  {_settings_of(spec)}", style="bold", markup=False)
        print_lines([f"    {spec.contents}", f"    written by {spec.written_by}; read by {spec.read_by}"])


def _wait_for_broker(kafka: KafkaConnection, timeout_s: float) -> None:
    """Wait until a broker answers; when none does in time, the request after this one says so."""
    deadline_s = time.monotonic() + timeout_s
    has_noted = False
    while time.monotonic() < deadline_s and not is_broker_reachable(kafka):
        if not has_noted:
            notes.print(f"Waiting for Kafka at {kafka}, up to {timeout_s:g} s", markup=False)
            has_noted = True
        time.sleep(_POLL_S)


def _declared(settings: Settings, partitions: int | None = None) -> tuple[TopicSpec, ...]:
    policy = load_policy(settings.policy)
    existing = count_existing(settings.connection, [model.topic for model in policy.models])
    return declared_topics(policy, settings.app_id, partitions=partitions, existing=existing)


def _show(reports: list[TopicReport], *, as_json: bool) -> None:
    for report in reports:
        if as_json:
            print_json(report)
            continue
        facts.print(f"{report.state:<10} {report.name}", markup=False)
        for difference in report.differences:
            notes.print(f"{'':<10} {report.name}: {difference}", markup=False)


def _settings_of(spec: TopicSpec) -> str:
    retention_ms = spec.config.get("retention.ms")
    retention = f" for {int(retention_ms) // 86_400_000} d" if retention_ms else ""
    partitions = "1 partition" if spec.partitions == 1 else f"{spec.partitions} partitions"
    return f"{partitions}, {spec.config['cleanup.policy']}{retention}"
