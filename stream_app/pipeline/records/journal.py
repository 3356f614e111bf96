"""The records of ``fairness-journal``: how event time moved in the judge, so that a replay can repeat it.

What a window counts is a function of the source logs, but *when* a silent partition stopped holding the others back
is not in them: a clock decided that. The judge records each such move, in the transaction of the results that followed
from it. A replay that counts the records below the offsets of each move, closes the panes and tests the comparison
periods that the move closed and tested, and ends with the offsets of the flush, repeats every result, alert and state
of the detectors, bit for bit.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from stream_app.core.windows.tally_changes import TimeAdvance
from stream_app.pipeline.records.codec import MessagePackCodec
from stream_app.pipeline.records.results import Offsets

SCHEMA = 3


class SourcePolicy(NamedTuple):
    """From where on a source partition was counted under a policy.

    Attributes:
        topic: The source topic.
        partition: Its partition.
        policy_hash: Hash of the policy of the model.
        counted_since: First offset that was counted under it.
        log_number: Log of the source to which that offset belongs.
    """

    topic: str
    partition: int
    policy_hash: str
    counted_since: int
    log_number: int = 0


class SourceRecount(NamedTuple):
    """Records of a source partition were counted again, under the policy that it follows now.

    Attributes:
        topic: The source topic.
        partition: Its partition.
        since_offset: First offset of these records.
        next_offset: Offset after the last.
    """

    topic: str
    partition: int
    since_offset: int
    next_offset: int


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The moves of one model in one flush of the judge; written whenever anything was or could be published.

    Attributes:
        schema: Version of this format.
        model: Name of the model, or of its outcomes.
        number: 0 for the first entry of a model, one more for each further one: a gap shows.
        advances: Moves of event time, in order, each with the offsets that were counted when it was made.
        offsets: Offsets that were counted at the flush, when corrected windows and totals were published.
        starts: First offset of each source partition that was ever counted.
        policy_hash: Hash of the policy that was applied. Where it differs from that of the entry before, the judge
            moved to this policy between the two.
        code_version: Version of FairStream.
        logs: Number of the log of each source partition to which its offsets belong, where it is not 0: a topic that
            was created again or cut short has a new log.
        app_id: Deployment that judged; empty in entries of version 0.2.
        checkpoint: Digest of the state after this entry, where a checkpoint was made (``fairness-checkpoints``).
        source_policies: Source partitions that are counted under another policy than at the entry before, in the order
            of the changes; in the first entry, all.
        recounts: What was counted again since the entry before; its effects are in the counts of this one.
    """

    schema: int
    model: str
    number: int
    advances: tuple[TimeAdvance, ...]
    offsets: Offsets
    starts: Offsets
    policy_hash: str
    code_version: str
    logs: Offsets = {}
    app_id: str = ""
    source_policies: tuple[SourcePolicy, ...] = ()
    checkpoint: str = ""
    recounts: tuple[SourceRecount, ...] = ()


_codec = MessagePackCodec(JournalEntry)
encode_journal_entry, decode_journal_entry = _codec.encode, _codec.decode
