"""``audit verify --records``: reads topics again and compares them with what the log says about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stream_app.core.audit.blocks import FORMAT, RecordBlock
from stream_app.edges.audit.reading import read_entries
from stream_app.errors import ConfigError, DamagedLogError, TopicError
from stream_app.pipeline.replay.source_log import SourceLog
from stream_app.programs.audit.record import RECORDS
from stream_app.programs.audit.topics import RangeReader, open_topic, topic_ids
from stream_app.settings import Settings


@dataclass
class RecordReport:
    """The result of a comparison.

    Attributes:
        n_blocks: Blocks whose records are what they were.
        n_expired: Blocks whose records are no longer retained, all or in part.
        differing: What is not as it was, in words.
    """

    n_blocks: int = 0
    n_expired: int = 0
    differing: list[str] = field(default_factory=list)


def read_commitments(folder: Path) -> dict[tuple[str, str], dict[int, list[RecordBlock]]]:
    """Return the blocks of a log by topic and its id, and by partition, in order.

    Raises:
        DamagedLogError: an entry of this type has other data.
        ConfigError: there is no log, or it cannot be read.
    """
    found: dict[tuple[str, str], dict[int, list[RecordBlock]]] = {}
    for _, entry in read_entries(folder):
        if entry.type == RECORDS:
            block = read_block(entry.seq, entry.data)
            found.setdefault((block.topic, block.topic_id), {}).setdefault(block.partition, []).append(block)
    return found


def read_block(seq: int, data: object) -> RecordBlock:
    """Return the block of an entry.

    Raises:
        DamagedLogError: it has other data.
        ConfigError: it has another format.
    """
    if isinstance(data, dict) and data.get("format") != FORMAT:
        raise ConfigError(f"Entry {seq} was written by another version of FairStream", action="Use that version")
    try:
        return msgspec.convert(data, RecordBlock)
    except msgspec.ValidationError:
        raise DamagedLogError(
            f"Entry {seq} has the type {RECORDS} and other data", action="See: audit verify"
        ) from None


def recheck_records(settings: Settings, folder: Path) -> RecordReport:
    """Read the topics again and compare them with the log.

    Raises:
        AccessDeniedError: this user may not read a topic.
        BrokerUnavailableError: no broker answers, or it was lost.
        DamagedLogError: an entry cannot be read.
    """
    report = RecordReport()
    for (topic, topic_id), partitions in read_commitments(folder).items():
        try:
            is_same = topic_ids(settings, [topic])[topic] == topic_id
        except TopicError:
            is_same = False
        if not is_same:
            report.differing.append(f"{topic} was deleted or created again: its records are not those of the log")
            continue
        with open_topic(settings, topic) as source:
            for partition, blocks in partitions.items():
                recheck_partition(source, partition, blocks, report)
    return report


def recheck_partition(source: SourceLog, partition: int, blocks: Sequence[RecordBlock], report: RecordReport) -> None:
    """Compare a partition with its blocks.

    Args:
        source: The topic.
        partition: The partition.
        blocks: Its blocks, in order.
        report: Where the result is added.

    Raises:
        BrokerUnavailableError: the broker was lost.
    """
    begin, end = source.begins.get(partition, 0), source.ends.get(partition, 0)
    retained = [block for block in blocks if block.first_offset >= begin]
    report.n_expired += len(blocks) - len(retained)
    reader: RangeReader | None = None
    for block in retained:
        place = f"{block.topic}[{partition}] offsets {block.first_offset} to {block.next_offset - 1}"
        if block.next_offset > end:
            report.differing.append(f"{place} are beyond the end of the topic")
            return
        reader = reader or RangeReader(source, partition, block.first_offset)
        if block.is_of(reader.take(block.first_offset, block.next_offset, is_provable=bool(block.root))):
            report.n_blocks += 1
        else:
            report.differing.append(f"{place} are not the records that the log has")
