"""How long compact proofs of records are, in logs of many decisions; each is verified."""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np

from stream_app.core.audit.blocks import FORMAT, BlockBuilder, RecordBlock
from stream_app.core.audit.checkpoints import Checkpoint, sign_checkpoint
from stream_app.core.audit.compact import compact_proof
from stream_app.core.audit.entries import NewEntry, Source, encode_line
from stream_app.core.audit.inclusion import join_hashes
from stream_app.core.audit.merkle import leaf_hash, nodes_in_memory
from stream_app.core.audit.notes import COSIGNATURE, SigningKey
from stream_app.core.audit.proofs import inclusion_proof, root_of_inclusion
from stream_app.core.audit.witnessing import cosign
from stream_app.programs.audit.verify_proof import read_proof, verify
from tests.support.audit_logs import KEY

WITNESS = SigningKey("auditor.example/witness", COSIGNATURE, b"w" * 32)
FIRST = 1_000_000_000  # offset of the first record
N_PARTITIONS = 4
_PER_MINUTE = 3  # entries about one partition and minute: of the raw topic, the published events and the journal
_TOPIC_ID = "Zk3mQ9xTQ0uYJc1vS2a8Lw"


class History(NamedTuple):
    """Decisions of some minutes.

    Attributes:
        n_decisions: Number of decisions.
        n_minutes: Minutes over which they are spread evenly.
    """

    n_decisions: int
    n_minutes: int

    @property
    def n_records(self) -> int:
        """Decisions of one partition and minute."""
        return self.n_decisions // (self.n_minutes * N_PARTITIONS)

    @property
    def n_entries(self) -> int:
        """Entries of the log."""
        return self.n_minutes * N_PARTITIONS * _PER_MINUTE


HISTORIES = {
    "10 million decisions in an hour": History(10_000_000, 60),
    "10 million decisions in a day": History(10_000_000, 1440),
    "10 million decisions in a month": History(10_000_000, 30 * 1440),
    "100 million decisions in a day": History(100_000_000, 1440),
}


def proof_sizes(history: History, n: int, generator: random.Random) -> list[int]:
    """Return the lengths of the compact proofs of some records, in bytes, ascending.

    Args:
        history: What the log is about.
        n: Number of records, at random places.
        generator: Draws them.
    """
    size, node_at = nodes_in_memory([generator.randbytes(32) for _ in range(history.n_entries)])
    values: list[bytes | None] = [generator.randbytes(16) for _ in range(history.n_records)]
    builder = BlockBuilder(FIRST, is_provable=True)
    list(builder.add(np.arange(FIRST, FIRST + len(values)), np.zeros(len(values), np.int64), values))
    (block,) = builder.end(FIRST + len(values))
    lengths = []
    for _ in range(n):
        seq, index = generator.randrange(size), generator.randrange(len(values))
        line = _entry(seq, block.hashes(), history, generator)
        log_path = inclusion_proof(seq, size, node_at)
        root = root_of_inclusion(seq, size, leaf_hash(line), log_path)
        assert root is not None
        signed = sign_checkpoint(Checkpoint(KEY.name, size, root), KEY)
        group, path = block.prove(index)
        proof = {
            "seq": seq,
            "path": join_hashes(log_path),
            "checkpoint": signed.note.encode().decode() + cosign(signed, WITNESS, 1_800_000_000).signatures[-1].line(),
            "entry": line.decode(),
            "record": {"index": index, "group": join_hashes(group), "path": join_hashes(path)},
        }
        short = compact_proof(proof)
        assert short is not None
        said = verify(read_proof(short, values[index]), str(WITNESS.verifier_key()), values[index])
        assert f"offset {FIRST + index} was read" in said
        lengths.append(len(short))
    return sorted(lengths)


def _entry(seq: int, hashes: tuple[str, str, str], history: History, generator: random.Random) -> bytes:
    """Return the entry about the minute of the records."""
    places, _, root = hashes
    next_offset = FIRST + history.n_records
    data = RecordBlock(
        format=FORMAT, topic="loan-decisions-raw", topic_id=_TOPIC_ID, partition=generator.randrange(N_PARTITIONS),
        first_offset=FIRST, next_offset=next_offset, n=history.n_records, places=places, root=root, model="loans",
        last_ms=generator.randrange(1_796_040_000_000, 1_799_000_000_000), policy_hash=generator.randbytes(8).hex(),
        code_version="0.4.0",
    ).data()  # fmt: skip
    source = Source(log=f"loan-decisions-raw/{_TOPIC_ID}/{data['partition']}", offset=next_offset - 1)
    entry = NewEntry(type="records", actor="fairstream-audit", data=data, source=source)
    return encode_line(entry, seq, "2026-11-30T12:00:01.234Z", generator.randbytes(32).hex())
