"""The proof that an entry is in a log, as a JSON document that a verifier without this package can check.

Source: RFC 6962, section 2.1.1, for the audit path; C2SP tlog-checkpoint for the signed root.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import msgspec

from stream_app.core.audit.checkpoints import SignedCheckpoint
from stream_app.core.audit.merkle import HASH_BYTES, NodeAt
from stream_app.core.audit.proofs import inclusion_proof, root_of_inclusion


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """The audit path of an entry, and the checkpoint that it leads to.

    Attributes:
        v: Version of the format.
        seq: Number of the entry.
        leaf: Its leaf hash, hexadecimal.
        path: The hashes of the audit path, from the leaf to the root, together in base64.
        checkpoint: The signed note.
    """

    v: int = 2
    seq: int
    leaf: str
    path: str
    checkpoint: str


def join_hashes(hashes: Sequence[bytes]) -> str:
    """Return hashes as one text in base64.

    >>> join_hashes([bytes(3), bytes(3)])
    'AAAAAAAA'
    """
    return base64.b64encode(b"".join(hashes)).decode()


def prove_inclusion(seq: int, leaf: bytes, signed: SignedCheckpoint, node_at: NodeAt) -> InclusionProof:
    """Return the proof of an entry under a checkpoint.

    Raises:
        ValueError: the checkpoint does not cover the entry.
    """
    path = inclusion_proof(seq, signed.checkpoint.size, node_at)
    return InclusionProof(
        seq=seq,
        leaf=leaf.hex(),
        path=join_hashes(path),
        checkpoint=signed.note.encode().decode(),
    )


def proves_inclusion(proof: InclusionProof, signed: SignedCheckpoint) -> bool:
    """Return whether a proof leads to the root of a checkpoint."""
    joined = base64.b64decode(proof.path)
    path = [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]
    root = root_of_inclusion(proof.seq, signed.checkpoint.size, bytes.fromhex(proof.leaf), path)
    return root == signed.checkpoint.root
