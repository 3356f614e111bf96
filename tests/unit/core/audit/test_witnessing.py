"""What a witness cosigns, and the status of each request that it does not."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint, sign_checkpoint
from stream_app.core.audit.merkle import leaf_hash, nodes_in_memory
from stream_app.core.audit.notes import COSIGNATURE, ED25519, NoteError, SigningKey
from stream_app.core.audit.proofs import consistency_proof, root_at
from stream_app.core.audit.witnessing import cosign, encode_request, parse_request, rule

ORIGIN = "example.com/log"
LOG = SigningKey(ORIGIN, ED25519, b"l" * 32)
OTHER = SigningKey(ORIGIN, ED25519, b"o" * 32)
WITNESS = SigningKey("witness.example/w", COSIGNATURE, b"w" * 32)
KEYS = {ORIGIN: LOG.verifier_key()}
_, NODE_AT = nodes_in_memory(leaf_hash(b"%d" % number) for number in range(20))
_, FORGED = nodes_in_memory(leaf_hash(b"x%d" % number) for number in range(20))


def checkpoint(size: int, key: SigningKey = LOG, *, forged: bool = False, origin: str = ORIGIN) -> SignedCheckpoint:
    return sign_checkpoint(Checkpoint(origin, size, root_at(size, FORGED if forged else NODE_AT)), key)


def ask(
    old: int, signed: SignedCheckpoint, last: int | None, proof: list[bytes] | None = None
) -> tuple[HTTPStatus, int | None]:
    if proof is None:
        proof = consistency_proof(old, signed.checkpoint.size, NODE_AT) if old <= signed.checkpoint.size else []
    request = parse_request(encode_request(old, proof, signed.note.encode()))
    ruling = rule(request, KEYS, None if last is None else checkpoint(last).checkpoint)
    return ruling.status, ruling.size


def test_a_first_checkpoint_and_one_that_continues_are_cosigned() -> None:
    assert ask(0, checkpoint(7), None) == (HTTPStatus.OK, None)
    assert ask(7, checkpoint(20), 7) == (HTTPStatus.OK, None)
    assert ask(7, checkpoint(7), 7) == (HTTPStatus.OK, None)


@pytest.mark.parametrize(
    ("old", "signed", "last", "answer"),
    [
        (0, checkpoint(7, origin="example.com/unknown"), None, (HTTPStatus.NOT_FOUND, None)),
        (0, checkpoint(7, OTHER), None, (HTTPStatus.FORBIDDEN, None)),
        (8, checkpoint(7), 8, (HTTPStatus.BAD_REQUEST, None)),
        (0, checkpoint(20), 7, (HTTPStatus.CONFLICT, 7)),
        (3, checkpoint(3), 7, (HTTPStatus.CONFLICT, 7)),  # a rollback
        (9, checkpoint(20), 7, (HTTPStatus.CONFLICT, 7)),
        (7, checkpoint(7, forged=True), 7, (HTTPStatus.CONFLICT, 7)),  # two histories of one size
        (7, checkpoint(20, forged=True), 7, (HTTPStatus.UNPROCESSABLE_ENTITY, None)),
    ],
)
def test_other_requests_are_denied(
    old: int, signed: SignedCheckpoint, last: int | None, answer: tuple[HTTPStatus, int | None]
) -> None:
    assert ask(old, signed, last) == answer


def test_a_rewritten_log_cannot_be_proven_to_continue() -> None:
    proof = consistency_proof(7, 20, FORGED)
    assert ask(7, checkpoint(20, forged=True), 7, proof) == (HTTPStatus.UNPROCESSABLE_ENTITY, None)


def test_a_damaged_signature_is_forbidden_even_with_a_good_one() -> None:
    good, bad = checkpoint(7), checkpoint(8)
    data = good.note.encode() + bad.note.signatures[0].line().encode()
    assert rule(parse_request(b"old 0\n\n" + data), KEYS, None).status is HTTPStatus.FORBIDDEN


def test_the_cosignature_is_behind_the_signature_of_the_log() -> None:
    note = cosign(checkpoint(7), WITNESS, 1_800_000_000)
    assert note.signature_of(LOG.verifier_key()) is not None
    signature = note.signature_of(WITNESS.verifier_key())
    assert signature is not None
    assert signature.cosigned_at_s == 1_800_000_000


@pytest.mark.parametrize(
    "head",
    [
        b"old -1\n\n",
        b"old 01\n\n",
        b"new 1\n\n",
        b"old 1\nAAAA\n\n",
        b"old 1\n" + b"A" * 43 + b"=\n" * 64 + b"\n",
        b"old 1\n",
    ],
)
def test_a_malformed_request_is_an_error(head: bytes) -> None:
    with pytest.raises(NoteError):
        parse_request(head + checkpoint(7).note.encode())


def test_a_request_with_more_than_63_hashes_is_an_error() -> None:
    with pytest.raises(NoteError):
        parse_request(encode_request(1, [bytes(32)] * 64, checkpoint(7).note.encode()))
