"""Goes through the batches of a fetch response: what is read of each, what is passed, and what cannot be read.

The two client libraries have one loop for this each. This one takes the place of both; what depends on the library are
the two questions that it asks about a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.edges.batches.columns import ColumnReader
from stream_app.edges.batches.decompression import UnreadableBatchError
from stream_app.edges.batches.portions import Portion, read_portions, unreadable_portion
from stream_app.edges.batches.record_set import LegacyBatch, RecordSet, StoredBatch
from stream_app.errors import FairStreamError
from stream_app.pipeline.contract import UnreadableRange

AnyBatch = StoredBatch | LegacyBatch


class FetchAgainError(Exception):
    """A batch is not what the broker sent; nothing from it on is read of this response."""


def unpack_batches(
    batches: RecordSet,
    position: int,
    reader: ColumnReader,
    *,
    is_intact: Callable[[AnyBatch, int], bool],
    is_skipped: Callable[[AnyBatch], bool],
) -> Iterator[tuple[Portion, bool]]:
    """Yield the portions of each batch, and whether more of the same batch follow.

    Args:
        batches: The batches of a response.
        position: Of the reader; records below it are not wanted.
        reader: Reads the columns of records.
        is_intact: Asked about each batch with the position before it; may raise ``FetchAgainError``.
        is_skipped: Asked about each batch that is intact, in their order: whether none of its records is delivered.

    Raises:
        FairStreamError: of the reader of the columns, for a person.
    """
    first_offset = position
    while batches.has_next():
        try:
            batch = batches.next_batch()
        except UnreadableBatchError:
            break
        if batch.next_offset <= position:
            continue
        try:
            portions = _portions_of(batch, position, reader, is_intact=is_intact, is_skipped=is_skipped)
        except FetchAgainError:
            return
        for portion in _without_failing(portions, batch, position):
            position = portion.next_offset
            # The last offset of a batch is kept even if its last records were compacted away.
            yield portion, position < batch.next_offset
    n_bytes = batches.size_in_bytes()
    if n_bytes and position == first_offset:
        # Nothing says where the batch at this position ends: try one offset higher.
        unreadable = UnreadableRange(DeadLetterReason.UNREADABLE, position, position + 1, 1, n_bytes)
        yield Portion(position + 1, unreadable=(unreadable,)), False


def _portions_of(
    batch: AnyBatch,
    position: int,
    reader: ColumnReader,
    *,
    is_intact: Callable[[AnyBatch, int], bool],
    is_skipped: Callable[[AnyBatch], bool],
) -> Iterable[Portion]:
    if not is_intact(batch, position):
        return [unreadable_portion(batch, position)]
    if is_skipped(batch):
        return [Portion(batch.next_offset)]
    return read_portions(batch, position, reader)


def _without_failing(portions: Iterable[Portion], batch: AnyBatch, start: int) -> Iterator[Portion]:
    """Yield portions; after a failure that nobody foresaw, the rest of the batch as unreadable.

    Otherwise the consumer would start again, and come to the same batch again.
    """
    try:
        for portion in portions:
            start = portion.next_offset
            yield portion
    except FairStreamError:
        raise  # of the reader of the columns, for a person
    except Exception:  # noqa: BLE001  # whatever it was
        yield unreadable_portion(batch, start)
