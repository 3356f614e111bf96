"""Proofs about the log of a state folder, each verified before it is given away."""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint
from stream_app.core.audit.inclusion import InclusionProof, prove_inclusion, proves_inclusion
from stream_app.core.audit.merkle import leaf_hash
from stream_app.core.audit.proofs import consistency_proof, is_consistent, root_at
from stream_app.edges.audit.node_file import NodeFile
from stream_app.edges.audit.reading import read_line
from stream_app.errors import ConfigError
from stream_app.programs.audit.places import checkpoint_file, cosigned_file, log_folder
from stream_app.settings import Settings


def newest_checkpoint(settings: Settings) -> SignedCheckpoint | None:
    """Return the newest checkpoint, with the cosignature of the witness if it has one of the same size.

    Raises:
        DamagedLogError: the newest line of a file of checkpoints is damaged.
        ConfigError: a file cannot be read.
    """
    newest, cosigned = checkpoint_file(settings).newest(), cosigned_file(settings).newest()
    if newest is not None and cosigned is not None and cosigned.checkpoint == newest.checkpoint:
        return cosigned
    return newest


def prove_entry(settings: Settings, seq: int) -> InclusionProof:
    """Return the proof that the newest checkpoint covers an entry.

    Raises:
        ConfigError: the log has no such entry, or no checkpoint covers it.
        DamagedLogError: the log is not the log of its checkpoint.
    """
    signed = newest_checkpoint(settings)
    line = read_line(log_folder(settings), seq)
    if signed is None or signed.checkpoint.size <= seq:
        raise ConfigError(f"Entry {seq} is under no checkpoint yet", action="Run: fairstream audit anchor")
    newest = signed

    def make(nodes: NodeFile) -> InclusionProof:
        return prove_inclusion(seq, leaf_hash(line), newest, nodes.node_at)

    return NodeFile(log_folder(settings)).prove(make, lambda proof: proves_inclusion(proof, newest))


def prove_consistency(settings: Settings, first: Checkpoint, second: Checkpoint) -> list[bytes]:
    """Return the proof that the second checkpoint of the log continues the first.

    Raises:
        DamagedLogError: it does not, or the log is not theirs.
        ConfigError: the log cannot be read.
    """

    def make(nodes: NodeFile) -> list[bytes]:
        return consistency_proof(first.size, second.size, nodes.node_at)

    def is_right(proof: Sequence[bytes]) -> bool:
        return is_consistent(first.size, second.size, first.root, second.root, proof)

    return NodeFile(log_folder(settings)).prove(make, is_right)


def prove_growth(settings: Settings, size: int, second: Checkpoint) -> list[bytes]:
    """Return the proof that a checkpoint continues the first ``size`` entries of the log.

    Raises:
        DamagedLogError: the log is not that of the checkpoint.
        ConfigError: the log cannot be read.
    """

    def make(nodes: NodeFile) -> tuple[bytes, list[bytes]]:
        return root_at(size, nodes.node_at), consistency_proof(size, second.size, nodes.node_at)

    def is_right(made: tuple[bytes, list[bytes]]) -> bool:
        return is_consistent(size, second.size, made[0], second.root, made[1])

    return NodeFile(log_folder(settings)).prove(make, is_right)[1]
