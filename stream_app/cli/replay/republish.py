"""``fairstream replay republish``: copy the records of a time range into a topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import FromRaw, ReplayRange, ReplaySource, SourceTopic
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.run_name import RunName, name_run
from stream_app.cli.replay.selection import COMPARED_KINDS, select_model, select_source
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.edges.kafka.admin import count_existing, create_topics
from stream_app.edges.kafka.republish import HEADERS, RepublishOptions
from stream_app.edges.kafka.republish import republish as copy
from stream_app.errors import ConfigError, TopicError
from stream_app.pipeline.replay.moments import parse_moment
from stream_app.policy import ModelPolicy, load_policy
from stream_app.policy.values.headers import header_names
from stream_app.programs.audit.events import append_event
from stream_app.topics import TopicSpec

_PREFIX = "replay-"


@dataclass(frozen=True)
class CopySource:
    """The topic that is copied."""

    from_raw: FromRaw = False
    source_topic: SourceTopic = None
    unsafe_raw: Annotated[
        bool,
        typer.Option(
            "--unsafe-raw",
            help="Confirm that records may contain identifiers; required unless they are published ones.",
        ),
    ] = False

    def topic(self, model: ModelPolicy) -> str:
        """Return the topic.

        Raises:
            ConfigError: It may contain identifiers, and ``--unsafe-raw`` is not given.
        """
        topic = select_source(model, ReplaySource(self.from_raw, self.source_topic)).topic_of(model)
        if topic != model.output_topic and not self.unsafe_raw:
            raise ConfigError(
                f"The records of {topic} may contain identifiers, and each copy must be protected too",
                action=f"Copy the pseudonymized events of {model.output_topic}, or confirm with --unsafe-raw",
            )
        return topic


@dataclass(frozen=True)
class CopyTarget:
    """The topic that is written, and what each copy keeps."""

    to_topic: Annotated[
        str | None,
        typer.Option("--to-topic", metavar="TOPIC", help="Topic to write.", show_default="replay-<id of the run>"),
    ] = None
    any_topic: Annotated[
        bool, typer.Option("--unsafe-any-topic", help="Allow a topic whose name does not begin with replay-.")
    ] = False
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            metavar="NAME",
            help="Keep this header too; repeatable.",
            show_default="source and schema headers",
        ),
    ] = None

    def topic(self, model: ModelPolicy, source: str, run: str) -> str:
        """Return the topic.

        Raises:
            ConfigError: Its name does not show that it is a copy, or the policy reads or writes it.
        """
        topic = self.to_topic or f"{_PREFIX}{run}"
        if not topic.startswith(_PREFIX) and not self.any_topic:
            raise ConfigError(
                f"The name {topic!r} does not begin with {_PREFIX}", action="Rename it, or give --unsafe-any-topic"
            )
        if topic in {source, model.topic, model.output_topic}:
            raise ConfigError("A replay cannot write a topic of the policy: its records would be counted again")
        return topic


@with_flags
def republish(
    *,
    selection: ReplayRange,
    source_flags: CopySource,
    target_flags: CopyTarget,
    rate: Annotated[float, typer.Option("--rate", min=1, max=1_000_000, help="Maximum records per second.")] = 1000.0,
    run: RunName = None,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """Copy the records of a time range into a new topic.

    Copies have the same partition, key, value and timestamp, and only allowed headers, plus x-replay-id and
    x-replay-origin. The time range is one of the broker's timestamps. The pseudonymized events are copied unless
    --from-raw and --unsafe-raw are given.

    Example: fairstream replay republish --from 2h --to 1h --rate 500
    """
    settings = flags.settings()
    name = name_run(run)
    model = select_model(load_policy(settings.policy), selection.model, kinds=COMPARED_KINDS)
    source = source_flags.topic(model)
    target = target_flags.topic(model, source, name.run)
    from_ms, to_ms = _time_range_ms(selection, name.made_at_s)
    copied = {"run": name.run, "from_topic": source, "topic": target, "from_ms": from_ms}
    append_event(settings, "replay-republish", copied if to_ms is None else {**copied, "to_ms": to_ms})
    _create_target(settings.connection, source, target)
    named = set() if source == model.output_topic else header_names(model)
    headers = {*HEADERS, *named, *(target_flags.header or ())}
    with progress_bar("republishing", as_json=as_json) as note:
        options = RepublishOptions(source, target, name.run, from_ms, to_ms, headers, rate)
        done = copy(settings.connection, options, note)
    if as_json:
        counts = {"n_records": done.n_records, "n_left_out": done.n_left_out}
        print_json({"run": name.run, "topic": target, "from_topic": source, **counts})
    else:
        facts.print(f"{done.n_records:,} records of {source} copied to {target}", markup=False)
        if done.n_left_out:
            notes.print(f"{done.n_left_out:,} records left out: they cannot be read, or are too large", markup=False)


def _time_range_ms(selection: ReplayRange, now_s: float) -> tuple[int, int | None]:
    from_ms = 0 if selection.from_ is None else max(0, parse_moment(selection.from_, now_s) * 1000)
    to_ms = None if selection.to is None else parse_moment(selection.to, now_s) * 1000
    if to_ms is not None and to_ms <= from_ms:
        raise ConfigError("The time range ends before it begins", action="Give --from before --to")
    return from_ms, to_ms


def _create_target(kafka: AnyKafka, source: str, target: str) -> None:
    """Create the target with the partitions of the source, unless it exists."""
    counts = count_existing(kafka, [source, target])
    if source not in counts:
        raise TopicError(f"Missing topics: {source}", action="Run: fairstream topics create")
    if counts.get(target, counts[source]) != counts[source]:
        raise ConfigError(f"{target} and {source} differ in the number of partitions", action="Give another --to-topic")
    if target not in counts:
        spec = TopicSpec(
            name=target,
            role="replay",
            owner="fairstream",
            partitions=counts[source],
            config={"cleanup.policy": "delete", "message.timestamp.type": "CreateTime", "retention.ms": "86400000"},
            written_by="`fairstream replay republish`",
            read_by="the operator who requested it",
            contents=f"records of {source}",
        )
        create_topics(kafka, [spec])
