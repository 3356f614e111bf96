"""What ingest publishes of an event that counts: its declared fields, with pseudonyms instead of identifiers.

Boxes are not published, nor is a cluster that is nothing else: counting has put the number of its bucket into the
event.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, repeat

from msgspec import UNSET

from stream_app.core.events.schema import Schema
from stream_app.core.privacy.pseudonym import KeyedHashes, RootKey, derive_key, encode_tags, keyed_hash
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.ingest.admission import pseudonymizer_of
from stream_app.pipeline.ingest.event_batch import EventBatch
from stream_app.policy import ModelPolicy, is_cluster_alone


class EventWriter:
    """Writes the pseudonymized events of one source partition.

    Args:
        model: The policy of the model.
        keys: Root keys of the pseudonyms.
        partition: Source partition, and partition of the output topic.
        schema: The decoder of the events.
        suppressed: Pseudonyms of people who were erased; their events get pseudonyms that nothing else has.

    Attributes:
        log_number: Log of the source to which the offsets belong: 0, and one more each time the topic was created again
            or its log cut short.
    """

    def __init__(
        self,
        model: ModelPolicy,
        keys: Sequence[RootKey],
        partition: int,
        schema: Schema,
        suppressed: frozenset[str] = frozenset(),
    ) -> None:
        self.log_number = 0
        self._suppressed = suppressed
        newest_key = max(keys, key=lambda key: key.valid_from_s)
        self._erased_hash = keyed_hash(derive_key(newest_key.secret, "erased|v1"))
        self._topic = model.output_topic
        self._partition = partition
        self._identifiers = model.all_identifiers
        self._pseudonymizers = [pseudonymizer_of(identifier, keys) for identifier in model.all_identifiers]
        self._setters = [schema.setter(identifier.path) for identifier in model.all_identifiers]
        removed = [box.path for box in model.boxes]
        removed += [model.cluster] if model.cluster is not None and is_cluster_alone(model) else []
        self._removers = [schema.setter(path) for path in removed]
        self._encode = schema.encode

    def write(self, batch: EventBatch) -> list[Outputs]:
        """Return the records of events that count; the events are changed. Empty for a model without an output topic.

        The key of a record is the pseudonym of its event id, and its header ``source`` names partition and offset of
        the raw record; in a log that is not the first one of the source, ``log`` is its number. It has the timestamp of
        the raw record: a replay of these events needs it to close panes when the live lane did.
        """
        if self._topic is None or not len(batch):
            return []
        columns = [
            hashing.pseudonyms_of(self._hashes(number, batch)) for number, hashing in enumerate(self._pseudonymizers)
        ]
        if self._suppressed:
            self._unlink(columns, batch)
        for number, pseudonyms in enumerate(columns):
            self._overwrite(number, batch, pseudonyms)
        keys: list[bytes | None] = [pseudonym.encode() for pseudonym in columns[0]]
        for overwrite in self._removers:
            overwrite(batch.events, repeat(UNSET, len(batch)))
        of_log = [("log", b"%d" % self.log_number)] if self.log_number else []
        headers = ([("source", b"%d:%d" % (self._partition, offset)), *of_log] for offset in batch.offsets.tolist())
        values: list[bytes | None] = list(map(self._encode, batch.events))
        return [Outputs(self._topic, self._partition, keys, values, headers, batch.taken_ms)]

    def _unlink(self, columns: list[list[str]], batch: EventBatch) -> None:
        """Replace all pseudonyms of events that name someone who was erased, by ones made from the place of the event.

        The place says nothing about a person, and a lane that writes the event again gives the same.
        """
        for place, (offset, names) in enumerate(zip(batch.offsets.tolist(), zip(*columns, strict=True), strict=True)):
            if self._suppressed.isdisjoint(names):
                continue
            for number, column in enumerate(columns):
                where = f"{self._topic}|{self._partition}|{self.log_number}|{offset}|{number}"
                kid = column[place].split(".")[1]
                column[place] = encode_tags(kid, [self._erased_hash(where.encode())])[0]

    def _hashes(self, number: int, batch: EventBatch) -> KeyedHashes:
        if number == 0:  # that of the event id: admission has hashed it
            return batch.event_ids
        return self._pseudonymizers[number].hashes_at(batch.identifier_values(number), batch.times_s)

    def _overwrite(self, number: int, batch: EventBatch, pseudonyms: list[str]) -> None:
        overwrite = self._setters[number]
        if self._identifiers[number].is_required:
            overwrite(batch.events, pseudonyms)
        else:
            is_present = [value is not None for value in batch.identifiers[number]]  # null stays null, absent absent
            overwrite(compress(batch.events, is_present), compress(pseudonyms, is_present))
