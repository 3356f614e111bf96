"""``fairstream topics``: make the topics that a policy needs, and tell whether they are as they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Json, Kafka, PolicyName, facts, notes, print_json, read_settings
from stream_app.policy import load_policy
from stream_app.settings import Settings
from stream_app.topics import TopicSpec, declared_topics

if TYPE_CHECKING:
    from stream_app.edges.kafka.admin import TopicReport

topics = typer.Typer(no_args_is_help=True, help="Create, check and list the topics that a policy needs.")
app.add_typer(topics, name="topics")

AppId = Annotated[
    str | None, typer.Option("--app-id", help="Prefix of the state topics (FAIRSTREAM_APP_ID).", show_default=False)
]
Partitions = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="Partitions of raw topics that have to be made.", show_default="4"),
]


@topics.command()
def create(
    kafka: Kafka = None,
    policy: PolicyName = None,
    app_id: AppId = None,
    partitions: Partitions = None,
    as_json: Json = False,
) -> None:
    """Create the topics that are missing; a raw topic that is there stays as it is.

    Example: fairstream topics create --policy loans --partitions 12
    """
    from stream_app.edges.kafka.admin import create_topics, reject_mistakes  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, app_id=app_id)
    reports = create_topics(settings.kafka, _declared(settings, partitions))
    _show(reports, as_json=as_json)
    reject_mistakes(reports)


@topics.command()
def check(
    kafka: Kafka = None,
    policy: PolicyName = None,
    app_id: AppId = None,
    as_json: Json = False,
) -> None:
    """Compare the topics with their declaration; exit code 2 when one is missing or wrong.

    Example: fairstream topics check --policy loans --json
    """
    from stream_app.edges.kafka.admin import compare_topics, reject_mistakes  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy, app_id=app_id)
    reports = compare_topics(settings.kafka, _declared(settings))
    _show(reports, as_json=as_json)
    reject_mistakes(reports)


@topics.command(name="list")
def list_topics(policy: PolicyName = None, app_id: AppId = None, as_json: Json = False) -> None:
    """List the topics that a policy needs, who writes and who reads them; asks no broker.

    Example: fairstream topics list --policy camera
    """
    settings = read_settings(policy=policy, app_id=app_id)
    specs = declared_topics(load_policy(settings.policy), settings.app_id)
    if as_json:
        for spec in specs:
            print_json(spec)
        return
    for spec in specs:
        facts.print(f"{spec.name}  {_settings_of(spec)}", style="bold", markup=False)
        facts.print(f"    {spec.holds}\n    written by {spec.written_by}; read by {spec.read_by}", markup=False)


def _declared(settings: Settings, partitions: int | None = None) -> tuple[TopicSpec, ...]:
    from stream_app.edges.kafka.admin import count_existing  # noqa: PLC0415

    policy = load_policy(settings.policy)
    existing = count_existing(settings.kafka, [model.topic for model in policy.models])
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
    kept = f" for {int(retention_ms) // 86_400_000} d" if retention_ms else ""
    return f"{spec.partitions} partitions, {spec.config['cleanup.policy']}{kept}"
