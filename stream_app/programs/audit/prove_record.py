"""``audit prove --offset``: the proof that a record of a topic was read, as the log says."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from stream_app.core.audit.blocks import RecordBlock
from stream_app.core.audit.inclusion import join_hashes
from stream_app.edges.audit.reading import read_entries
from stream_app.errors import ConfigError, DamagedLogError
from stream_app.programs.audit.places import log_folder
from stream_app.programs.audit.prove import prove_entry
from stream_app.programs.audit.recheck import read_block
from stream_app.programs.audit.record import RECORDS
from stream_app.programs.audit.topics import RangeReader, open_topic
from stream_app.settings import Settings


def prove_record(settings: Settings, topic: str, partition: int, offset: int) -> dict[str, Any]:
    """Return the proof of a record: that of the entry about its minute, the entry, and the path of the record in it.

    Raises:
        ConfigError: the log says nothing about the record, or no checkpoint covers that yet.
        DamagedLogError: the records are no longer those that the log has.
        BrokerUnavailableError: no broker answers, or it was lost.
    """
    seq, line, block = _entry_about(settings, topic, partition, offset)
    if not block.root:
        raise ConfigError(
            f"Single records of {topic} cannot be proven",
            action="audit record makes them provable in source topics, without --no-proofs",
        )
    with open_topic(settings, topic) as source:
        if source.begins.get(partition, 0) > block.first_offset:
            raise ConfigError(f"Records from offset {block.first_offset} on are no longer retained in {topic}")
        reader = RangeReader(source, partition, block.first_offset)
        found = reader.take(block.first_offset, block.next_offset, is_provable=True)
    if not block.is_of(found):
        raise DamagedLogError(f"The records of {topic}[{partition}] are not those of entry {seq}")
    index = int(np.searchsorted(found.offsets, offset))
    if index == len(found.offsets) or found.offsets[index] != offset:
        raise ConfigError(f"{topic}[{partition}] has no record at offset {offset}", action="It is one of a transaction")
    group, path = found.prove(index)
    proof: dict[str, Any] = msgspec.to_builtins(prove_entry(settings, seq))
    del proof["leaf"]  # the entry is there itself
    record = {"index": index, "group": join_hashes(group), "path": join_hashes(path)}
    return {**proof, "entry": line.decode(), "record": record}


def _entry_about(settings: Settings, topic: str, partition: int, offset: int) -> tuple[int, bytes, RecordBlock]:
    """Return the newest entry about a record: a topic that was created again has had the offset before."""
    found: tuple[int, bytes, RecordBlock] | None = None
    for line, entry in read_entries(log_folder(settings)):
        if entry.type == RECORDS and entry.data.get("topic") == topic and entry.data.get("partition") == partition:
            block = read_block(entry.seq, entry.data)
            if block.first_offset <= offset < block.next_offset:
                found = entry.seq, line, block
    if found is None:
        raise ConfigError(
            f"The audit log has no entry about offset {offset} of {topic}[{partition}]",
            action="Run: fairstream audit record",
        )
    return found
