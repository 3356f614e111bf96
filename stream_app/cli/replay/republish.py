"""``fairstream replay republish``: the records of a stretch once more, into a topic of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.output import Json, Kafka, PolicyName, facts, print_json, read_settings
from stream_app.cli.replay.group import replay
from stream_app.cli.replay.options import From, FromRaw, Model, SourceTopic, To, choice_of, model_of, progress_bar
from stream_app.cli.replay.run import RunFlag, name_run
from stream_app.errors import ConfigError, TopicError
from stream_app.policy import load_policy

_PREFIX = "replay-"

ToTopic = Annotated[
    str | None, typer.Option("--to-topic", help="Topic that is written.", show_default="replay-<id of the run>")
]
AnyTopic = Annotated[
    bool, typer.Option("--unsafe-any-topic", help="Allow a topic whose name does not begin with replay-.")
]
UnsafeRaw = Annotated[
    bool,
    typer.Option("--unsafe-raw", help="Yes, records that may hold identifiers; needed for all but published ones."),
]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", help="Name of one more header that passes.", show_default="source and schema headers"),
]
Rate = Annotated[float, typer.Option("--rate", min=1, max=1_000_000, help="Most records in a second.")]


@replay.command()
def republish(  # noqa: PLR0913, PLR0917 - one for each flag
    from_: From = None,
    to: To = None,
    to_topic: ToTopic = None,
    header: Header = None,
    rate: Rate = 1000.0,
    any_topic: AnyTopic = False,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    from_raw: FromRaw = False,
    unsafe_raw: UnsafeRaw = False,
    source_topic: SourceTopic = None,
    run: RunFlag = None,
    as_json: Json = False,
) -> None:
    """Copy records of a stretch into a new topic: same partition, key, value and date; headers by an allow-list.

    The stretch goes by the dates that the broker gave the records. Each copy gets the headers x-replay-id and
    x-replay-origin. The pseudonymized events are copied unless --from-raw and --unsafe-raw are given.

    Example: fairstream replay republish --from 2h --to 1h --rate 500
    """
    from stream_app.edges.kafka.republish import HEADERS, RepublishOptions  # noqa: PLC0415  # other commands start faster
    from stream_app.edges.kafka.republish import republish as copy  # noqa: PLC0415
    from stream_app.pipeline.replay.moments import parse_moment  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy)
    watched = load_policy(settings.policy)
    name = name_run(run)
    own = model_of(watched, model)
    source = choice_of(own, from_raw=from_raw, source_topic=source_topic).topic_of(own)
    if source != own.output_topic and not unsafe_raw:
        raise ConfigError(
            f"The records of {source} may hold identifiers, and a copy is one more place to guard",
            action=f"Copy the pseudonymized events of {own.output_topic}, or if it must be: --unsafe-raw",
        )
    target = to_topic or f"{_PREFIX}{name.run}"
    if not target.startswith(_PREFIX) and not any_topic:
        raise ConfigError(f"{target} is no topic of a replay", action="Name it replay-..., or give --unsafe-any-topic")
    if target in {source, own.topic, own.output_topic}:
        raise ConfigError("A topic of the policy cannot be written by a replay: it would be counted again")
    now_s = name.made_at_s
    from_ms = 0 if from_ is None else max(0, parse_moment(from_, now_s) * 1000)
    to_ms = None if to is None else parse_moment(to, now_s) * 1000
    if to_ms is not None and to_ms <= from_ms:
        raise ConfigError("The stretch ends before it begins", action="Give --from before --to")
    _make_topic(settings.kafka, source, target)
    options = RepublishOptions(source, target, name.run, from_ms, to_ms, {*HEADERS, *(header or ())}, rate)
    with progress_bar("republishing", as_json=as_json) as note:
        n_sent = copy(settings.kafka, options, note)
    if as_json:
        print_json({"run": name.run, "topic": target, "from_topic": source, "n_records": n_sent})
    else:
        facts.print(f"{n_sent:,} records of {source} copied to {target}", markup=False)


def _make_topic(kafka: str, source: str, target: str) -> None:
    """Make the target with the partitions of the source, if it is not there."""
    from stream_app.edges.kafka.admin import count_existing, create_topics  # noqa: PLC0415
    from stream_app.topics import TopicSpec  # noqa: PLC0415

    counts = count_existing(kafka, [source, target])
    if source not in counts:
        raise TopicError(f"Missing topics: {source}", action="Run: fairstream topics create")
    if counts.get(target, counts[source]) != counts[source]:
        raise ConfigError(f"{target} has another number of partitions than {source}", action="Give another --to-topic")
    if target not in counts:
        spec = TopicSpec(
            name=target,
            role="replay",
            owner="fairstream",
            partitions=counts[source],
            config={"cleanup.policy": "delete", "message.timestamp.type": "CreateTime", "retention.ms": "86400000"},
            written_by="`fairstream replay republish`",
            read_by="whoever asked for it",
            holds=f"records of {source}",
        )
        create_topics(kafka, [spec])
