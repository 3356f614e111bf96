"""Signed notes, checkpoints and cosignatures against published examples."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit.checkpoints import Checkpoint, read_checkpoint, read_signed_checkpoint, sign_checkpoint
from stream_app.core.audit.notes import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE_BYTES,
    Note,
    NoteError,
    SigningKey,
    parse_note,
    parse_signature,
    parse_signing_key,
    parse_verifier_key,
)

# The example of golang.org/x/mod/sumdb/note.
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n— PeterNeumann {GO_SIGNATURE}\n"
# The example of C2SP tlog-cosignature and tlog-witness: a checkpoint with an unknown cosignature.
_LOG_SIGNATURE = "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8="
_COSIGNATURE = (
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
)
SOFA = f"""example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa {_LOG_SIGNATURE}
— witness.example.com/w1 {_COSIGNATURE}
"""


def key(name: str = "example.com/log", kind: int = ED25519, number: int = 1) -> SigningKey:
    return SigningKey(name, kind, bytes([number]) * 32)


def test_the_note_of_go_verifies_and_is_signed_again_byte_for_byte() -> None:
    verifier, signer = parse_verifier_key(GO_VERIFIER), parse_signing_key(GO_SIGNER)
    note = parse_note(GO_NOTE.encode())
    assert note.text == GO_TEXT
    assert note.signature_of(verifier) is not None
    assert Note(GO_TEXT, (signer.sign(GO_TEXT),)).encode().decode() == GO_NOTE
    assert str(signer.verifier_key()) == GO_VERIFIER
    assert signer.encode() == GO_SIGNER


def test_the_checkpoint_of_the_standard_is_read() -> None:
    signed = read_checkpoint(SOFA.encode())
    assert signed.checkpoint.origin == "example.com/behind-the-sofa"
    assert signed.checkpoint.size == 20852163
    assert signed.checkpoint.body() == signed.note.text
    assert signed.note.encode().decode() == SOFA
    assert signed.note.signatures[1].cosigned_at_s == 1679315147


def test_the_key_id_is_the_hash_of_name_type_and_key() -> None:
    for kind in (ED25519, COSIGNATURE):
        verifier = key(kind=kind).verifier_key()
        expected = hashlib.sha256(b"example.com/log\n" + bytes([kind]) + verifier.public).digest()[:4]
        assert verifier.key_id == expected
        assert parse_verifier_key(str(verifier)) == verifier
        assert parse_signing_key(key(kind=kind).encode()) == key(kind=kind)


def test_a_cosignature_signs_header_time_and_text() -> None:
    cosigner = key("witness.example/w", COSIGNATURE)
    text = Checkpoint("example.com/log", 3, bytes(32)).body()
    signature = cosigner.sign(text, 1679315147)
    assert signature.cosigned_at_s == 1679315147
    assert len(signature.value) == 72
    plain = SigningKey("witness.example/w", ED25519, cosigner.seed)
    assert signature.value[8:] == plain.sign(f"cosignature/v1\ntime 1679315147\n{text}").value
    note = Note(text, (signature,))
    assert note.signature_of(cosigner.verifier_key()) == signature
    assert note.signature_of(plain.verifier_key()) is None  # another type is another key


def test_a_wrong_signature_of_a_known_key_rejects_the_note() -> None:
    note = parse_note(GO_NOTE.replace("answer", "ANSWER").encode())
    with pytest.raises(NoteError, match="signature of PeterNeumann is wrong"):
        note.signature_of(parse_verifier_key(GO_VERIFIER))


def test_signatures_of_unknown_keys_are_ignored() -> None:
    text = "text\n"
    same_name = key(number=2).sign(text)
    note = Note(text, (same_name, key().sign(text)))
    assert note.signature_of(key().verifier_key()) == key().sign(text)
    assert Note(text, (same_name,)).signature_of(key().verifier_key()) is None


def test_a_checkpoint_of_another_log_or_without_the_signature_of_its_log_is_rejected() -> None:
    checkpoint = Checkpoint("example.com/log", 3, bytes(32))
    data = sign_checkpoint(checkpoint, key()).note.encode()
    assert read_signed_checkpoint(data, key().verifier_key(), "example.com/log").checkpoint == checkpoint
    with pytest.raises(NoteError, match="another log"):
        read_signed_checkpoint(data, key().verifier_key(), "example.com/other")
    with pytest.raises(NoteError, match="not signed"):
        read_signed_checkpoint(data, key(number=2).verifier_key(), "example.com/log")


@pytest.mark.parametrize(
    "body",
    [
        "origin\n1\n",
        "origin\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAA\n",
        "origin\n1\nnot base64\n",
        "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    ],
)
def test_what_is_not_a_checkpoint_is_an_error(body: str) -> None:
    with pytest.raises(NoteError):
        read_checkpoint(Note(body, (key().sign(body),)).encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text without signatures\n",
        "text\n\n- name AAAAAAAA\n",
        "text\n\n— name\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAA==",
        "text\n\n— na+me AAAAAAAA\n",
        "te\x00xt\n\n— name AAAAAAAA\n",
        "text\r\n\n— name AAAAAAAA\n",
        "text\n\n— name AAAAAAB=\n",
    ],
)
def test_what_is_not_a_note_is_an_error(text: str) -> None:
    with pytest.raises(NoteError):
        parse_note(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        GO_VERIFIER.replace("c74f20a3", "c74f20a4"),
        GO_VERIFIER.replace("Peter", "Other"),
        GO_VERIFIER[:-4],
        "na me+c74f20a3+" + GO_VERIFIER.rpartition("+")[2],
        "x+00000000+" + base64.b64encode(b"\x07" + bytes(32)).decode(),
    ],
)
def test_what_is_not_a_verifier_key_is_an_error(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier_key(text)


def test_a_damaged_signing_key_is_an_error_that_shows_nothing_of_it() -> None:
    with pytest.raises(NoteError) as error:
        parse_signing_key(GO_SIGNER.replace("AYEK", "AYEL"))
    assert "AYEL" not in str(error.value)
    with pytest.raises(NoteError):
        parse_signing_key(GO_VERIFIER)
    assert "***" in repr(parse_signing_key(GO_SIGNER))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_note_that_survives_or_an_error(data: bytes) -> None:
    try:
        note = parse_note(data)
    except NoteError:
        return
    assert note.encode() == data


@given(st.text(max_size=60))
def test_any_line_is_a_signature_or_an_error(line: str) -> None:
    try:
        signature = parse_signature(line)
    except NoteError:
        return
    assert signature.line() == line + "\n"


def test_a_note_that_is_too_long_is_an_error() -> None:
    with pytest.raises(NoteError, match="too long"):
        parse_note(GO_NOTE.encode() + b"x" * MAX_NOTE_BYTES)
