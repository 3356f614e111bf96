"""Opens the source topic of a model for a replay: raw records or published events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stream_app.edges.kafka.readers.log_reader import LogReader
from stream_app.edges.keys.key_source import key_source_of
from stream_app.edges.registry.topic_schemas import RegisteredSchemas
from stream_app.errors import KeyFileError
from stream_app.pipeline.replay.model_sources import ModelSources, NewCounter, OnProgress
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.sources import Observe, PublishedCounter, RawCounter
from stream_app.policy import ModelPolicy
from stream_app.settings import Settings


@contextmanager
def open_sources(
    settings: Settings,
    model: ModelPolicy,
    choice: SourceChoice,
    on_progress: OnProgress,
    observe: Observe | None = None,
) -> Iterator[ModelSources]:
    """Open the source topic of a model.

    Args:
        settings: Where Kafka and the keys are.
        model: Its policy.
        choice: Which topic is read.
        on_progress: Called after each run of records.
        observe: Receives the counted events too, from all counters: only where one scenario is counted.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
        KeyFileError: raw records need the key file, and there is none.
    """
    topic = choice.topic_of(model)
    with (
        LogReader(settings.connection, topic, is_published=True)
        if choice.kind == "published"
        else open_raw(settings, model, topic)
    ) as reader:
        yield ModelSources(reader, choice.kind, model, _counter_maker(settings, model, choice, observe), on_progress)


def open_raw(settings: Settings, model: ModelPolicy, topic: str) -> LogReader:
    """Open a topic with raw records of a model, in whatever format they are.

    Raises:
        BrokerUnavailableError: no broker answers.
        TopicError: the topic is missing.
        ConfigError: the format needs a schema registry, and there is none.
        DependencyMissingError: what reads the format is not installed.
    """
    schemas = RegisteredSchemas(settings.registry).of(model)
    if schemas is None:  # a scenario may name headers that this policy does not name
        return LogReader(settings.connection, topic, has_headers=True)
    return LogReader(settings.connection, topic, has_headers=True, prepare=schemas.add_to)


def _counter_maker(settings: Settings, model: ModelPolicy, choice: SourceChoice, observe: Observe | None) -> NewCounter:
    if choice.kind == "published":
        return lambda model, groups: PublishedCounter(model, groups, observe)
    source = key_source_of(settings)
    if source.revision() == ():  # an auditor must not create one: other keys recognize no duplicate
        needs_none = "Use --published, which needs none, or ask" if model.output_topic else "Ask"
        raise KeyFileError(f"No pseudonym key file {source.place}", action=f"{needs_none} the owner of the data for it")
    keys = source.load()
    return lambda model, groups: RawCounter(model, keys, groups, observe)
