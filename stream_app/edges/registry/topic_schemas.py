"""The schemas of topics, fetched when the first record of each comes and kept by their id."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from stream_app.connection.schema_registry import SchemaRegistry
from stream_app.core.events.formats.wire import Frame, Rejecting, WriterSchema, frames_in, schema_id
from stream_app.edges.registry.client import RegistryClient, UnknownSchemaError
from stream_app.edges.registry.compiled import compile_schema, require_runtime
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.policy import ModelPolicy, Policy, outcome_records_of
from stream_app.policy.types import Format

_UNKNOWN_S = 30.0  # after this time the registry is asked again for a schema that it did not have
_MAX_NAMED = 10  # of them, in the log
_MAX_UNKNOWN = 10_000  # ids that are no schema of the topic; ids of schemas are few

log = logging.getLogger(__name__)


class TopicSchemas:
    """The schemas with which records of one topic may be written.

    An id always means the same schema, so it is fetched once. That an id is not one of the topic's may change: it is
    asked again after half a minute.

    Args:
        client: Asks the registry.
        topic_format: Format of the topic.
        subject: Subject under which its schemas are registered.
        times_as_numbers: Whether instants are read as numbers.
        now: Time in seconds, from a clock that never jumps.
    """

    def __init__(
        self,
        client: RegistryClient,
        topic_format: Format,
        subject: str,
        *,
        times_as_numbers: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._format = topic_format
        self._subject = subject
        self._times_as_numbers = times_as_numbers
        self._now = now
        self._known: dict[Frame, WriterSchema] = {}
        self._unknown_since: dict[Frame, float] = {}
        self._lock = threading.Lock()

    def add_to(self, batch: Batch) -> Batch:
        """Add to a batch the schemas of its records; may block while the registry is asked.

        Raises:
            RegistryUnavailableError: the registry does not answer.
        """
        with self._lock:
            batch.schemas = {
                frame: self._fetch(frame) if self._is_missing(frame) else self._known[frame]
                for frame in sorted(frames_in(batch.values))
            }
        return batch

    async def add_in_thread(self, batch: Batch) -> Batch:
        """Add the schemas, and let other lanes run while the registry is asked.

        Raises:
            RegistryUnavailableError: the registry does not answer.
        """
        schemas = {frame: self._known.get(frame) for frame in frames_in(batch.values)}
        if any(schema is None or self._is_missing(frame) for frame, schema in schemas.items()):
            return await asyncio.to_thread(self.add_to, batch)
        batch.schemas = {frame: schema for frame, schema in schemas.items() if schema is not None}
        return batch

    def _is_missing(self, frame: Frame) -> bool:
        since_s = self._unknown_since.get(frame)
        return frame not in self._known or (since_s is not None and self._now() - since_s > _UNKNOWN_S)

    def _fetch(self, frame: Frame) -> WriterSchema:
        number = schema_id(frame)
        schema: WriterSchema = Rejecting()
        try:
            is_of_topic = self._subject in self._client.subjects(number)
            if is_of_topic:
                text = self._client.schema(number)
                schema = compile_schema(text, self._format, times_as_numbers=self._times_as_numbers)
        except UnknownSchemaError:
            is_of_topic = False
        if is_of_topic:
            log.info("Schema fetched: id=%d subject=%s", number, self._subject)
            self._unknown_since.pop(frame, None)
        else:
            self._note_unknown(frame, number)
        self._known[frame] = schema
        return schema

    def _note_unknown(self, frame: Frame, number: int) -> None:
        """Remember an id that is no schema of the topic, instead of the oldest such one where there are too many."""
        self._unknown_since.pop(frame, None)
        if len(self._unknown_since) < _MAX_NAMED:
            log.warning("Records with a schema of other subjects: id=%d subject=%s", number, self._subject)
        if len(self._unknown_since) >= _MAX_UNKNOWN:
            oldest = next(iter(self._unknown_since))
            del self._unknown_since[oldest], self._known[oldest]
        self._unknown_since[frame] = self._now()


class RegisteredSchemas:
    """The schemas of all topics of a process.

    Args:
        registry: Where they are registered; None where all topics have plain JSON.

    Raises:
        ConfigError: the registry is insecure, or a certificate file cannot be used.
    """

    def __init__(self, registry: SchemaRegistry | None) -> None:
        self._client = None if registry is None else RegistryClient(registry)
        self._topics: dict[tuple[Format, str, bool], TopicSchemas] = {}

    def of(self, records: ModelPolicy) -> TopicSchemas | None:
        """Return the schemas of the topic of a policy; None for a topic of plain JSON.

        Args:
            records: The policy of a model, or what ``outcome_records_of`` makes of it.

        Raises:
            ConfigError: the topic needs a registry, and there is none.
            DependencyMissingError: what reads its format is not installed.
        """
        if records.format == "json":
            return None
        if self._client is None:
            raise ConfigError(
                f"Topic {records.topic} has the format {records.format}, which needs a schema registry",
                action="Set registry_url (FAIRSTREAM_REGISTRY_URL, --registry-url)",
            )
        require_runtime(records.format)
        subject = records.schema_subject or f"{records.topic}-value"
        times_as_numbers = records.event_time.format != "iso8601"
        key = (records.format, subject, times_as_numbers)
        if key not in self._topics:
            self._topics[key] = TopicSchemas(self._client, records.format, subject, times_as_numbers=times_as_numbers)
        return self._topics[key]

    def check(self, policy: Policy) -> None:
        """Check that the formats of a policy can be read.

        Raises:
            ConfigError: a topic needs a registry, and there is none.
            DependencyMissingError: what reads its format is not installed.
        """
        for model in policy.models:
            for records in (model, *([outcome_records_of(model)] if model.outcome is not None else [])):
                self.of(records)
