"""The verifier that needs nothing but Python: it accepts what the log proves, and nothing else."""

from __future__ import annotations

import base64
import copy
import json
import random
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.audit import compact
from stream_app.core.audit.blocks import FORMAT, BlockBuilder, RecordBlock
from stream_app.core.audit.checkpoints import Checkpoint, sign_checkpoint
from stream_app.core.audit.compact import compact_proof
from stream_app.core.audit.entries import NewEntry, Source, encode_line
from stream_app.core.audit.inclusion import join_hashes, prove_inclusion
from stream_app.core.audit.merkle import leaf_hash, nodes_in_memory
from stream_app.core.audit.notes import COSIGNATURE, SigningKey
from stream_app.core.audit.proofs import root_at
from stream_app.core.audit.witnessing import cosign
from stream_app.programs.audit import verify_proof as verify_proof_program
from stream_app.programs.audit.verify_proof import read_proof, verify
from tests.programs.audit_check.proof_sizes import HISTORIES, proof_sizes
from tests.support.audit_logs import KEY, verify_proof
from tests.support.paths import ROOT

WITNESS = SigningKey("witness.example/w", COSIGNATURE, b"w" * 32)
KEYS = [str(KEY.verifier_key()), str(WITNESS.verifier_key())]
RECORD = b'{"id":7}'


def make_proof(n_entries: int = 21, n_records: int = 30, next_offset: int | None = None) -> dict[str, Any]:
    """Return the proof of the record at offset 107, in a log with other entries."""
    builder = BlockBuilder(100, is_provable=True)
    offsets, values = np.arange(100, 100 + n_records), [b'{"id":%d}' % number for number in range(n_records)]
    list(builder.add(offsets, np.full(n_records, 5), values))
    (block,) = builder.end(next_offset or 100 + n_records)
    places, _, root = block.hashes()
    data = RecordBlock(
        format=FORMAT, topic="raw", topic_id="i" * 22, partition=2, first_offset=100, next_offset=block.next_offset,
        n=n_records, last_ms=5, places=places, root=root, model="loans", policy_hash="p", code_version="0.4.0",
    ).data()  # fmt: skip
    source = Source(log=f"raw/{'i' * 22}/2", offset=block.next_offset - 1)
    entry = NewEntry(type="records", actor="fairstream-audit", data=data, source=source)
    line = encode_line(entry, 8, "2026-11-30T12:00:00.000Z", "0" * 64)
    leaves = [leaf_hash(b"%d" % number) for number in range(n_entries)]
    leaves[8] = leaf_hash(line)
    size, node_at = nodes_in_memory(leaves)
    signed = sign_checkpoint(Checkpoint(KEY.name, size, root_at(size, node_at)), KEY)
    cosigned = type(signed)(signed.checkpoint, cosign(signed, WITNESS, 1_800_000_000))
    proof = msgspec.to_builtins(prove_inclusion(8, leaves[8], cosigned, node_at))
    group, path = block.prove(7)
    record = {"index": 7, "group": join_hashes(group), "path": join_hashes(path)}
    del proof["leaf"]
    return {**proof, "entry": line.decode(), "record": record}


PROOF: dict[str, Any] = json.loads(json.dumps(make_proof()))
OF_ENTRY = {name: value for name, value in PROOF.items() if name not in ("record", "entry")} | {
    "leaf": leaf_hash(PROOF["entry"].encode()).hex()
}


def changed(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(proof: dict[str, Any]) -> None:
        for name in path[:-1]:
            proof = proof[name]
        proof[path[-1]] = value

    return change


@pytest.mark.parametrize("key", KEYS)
def test_a_right_proof_is_proven_by_the_key_of_the_log_and_of_the_witness(tmp_path: Path, key: str) -> None:
    said = f"raw[2] offset 107 was read for policy p; entry 8 is in {KEY.name}, of 21 entries"
    assert verify_proof(tmp_path, PROOF, key, RECORD) == f"PROVEN: {said}\n"
    assert verify_proof(tmp_path, PROOF, key) == f"PROVEN: {said}\n"
    assert verify_proof(tmp_path, OF_ENTRY, key).startswith("PROVEN: entry 8 is in")


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "seq": changed("seq", value=9),
    "beyond": changed("seq", value=21),
    "path": lambda proof: proof.update(path=proof["path"][44:88] + proof["path"][:44]),
    "short path": lambda proof: proof.update(path=base64.b64encode(base64.b64decode(proof["path"])[:-32]).decode()),
    "long path": lambda proof: proof.update(
        path=base64.b64encode(base64.b64decode(proof["path"]) + bytes(32)).decode()
    ),
    "cut path": lambda proof: proof.update(path=base64.b64encode(base64.b64decode(proof["path"])[:-1]).decode()),
    "size": lambda proof: proof.update(checkpoint=proof["checkpoint"].replace("\n21\n", "\n22\n")),
    "origin": lambda proof: proof.update(checkpoint="x" + proof["checkpoint"]),
    "no signature": lambda proof: proof.update(checkpoint=proof["checkpoint"].partition("—")[0]),
    "no checkpoint": lambda proof: proof.pop("checkpoint"),
    "entry": lambda proof: proof.update(entry=proof["entry"].replace('"policy_hash":"p"', '"policy_hash":"q"')),
    "type of the entry": lambda proof: proof.update(entry=proof["entry"].replace('"records"', '"test"')),
    "no entry": lambda proof: proof.pop("entry"),
    "index": changed("record", "index", value=8),
    "index outside": changed("record", "index", value=30),
    "negative index": changed("record", "index", value=-1),
    "index of the group": changed("record", "index", value=15),
    "group": changed("record", "group", value=base64.b64encode(bytes(256)).decode()),
    "group of one": lambda proof: proof["record"].update(group=base64.b64encode(sha256(RECORD).digest()).decode()),
    "record path": changed("record", "path", value=base64.b64encode(bytes(64)).decode()),
    "no record path": changed("record", "path", value=""),
    "no list": changed("path", value=7),
    "half an entry": changed("seq", value=8.5),
    "no text": changed("checkpoint", value=7),
    "entry that is no text": changed("entry", value=7),
    "deep": changed("entry", value="[" * 100_000),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_proof_is_not_proven(tmp_path: Path, name: str) -> None:
    proof = copy.deepcopy(PROOF)
    CHANGES[name](proof)
    assert verify_proof(tmp_path, proof, KEYS[0], RECORD).startswith("NOT PROVEN: ")


def test_other_keys_and_records_prove_nothing(tmp_path: Path) -> None:
    stranger = SigningKey(KEY.name, 1, b"s" * 32).verifier_key()
    for key, value in [
        (str(stranger), RECORD),
        (KEYS[0].replace("+", "+0", 1), RECORD),
        ("garbage", RECORD),
        (KEYS[0], RECORD + b" "),
        (KEYS[0], struct.pack(">q", 0)),
    ]:
        assert verify_proof(tmp_path, PROOF, key, value).startswith("NOT PROVEN: ")
    named = SigningKey(KEY.name, 1, KEY.seed).verifier_key()
    wrong = PROOF["checkpoint"].replace(base64.b64encode(named.key_id)[:4].decode(), "AAAA")
    assert verify_proof(tmp_path, {**PROOF, "checkpoint": wrong}, KEYS[0]).startswith("NOT PROVEN: ")


def test_its_signatures_are_those_of_rfc_8032() -> None:
    space: dict[str, Any] = {"__name__": "verify_proof"}
    exec((ROOT / "stream_app/programs/audit/verify_proof.py").read_text("utf-8"), space)  # noqa: S102  # as it is run
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert space["is_signature"](public, bytes.fromhex("af82"), signature)
    assert not space["is_signature"](public, bytes.fromhex("af83"), signature)
    for place in (0, 32):
        flipped = bytearray(signature)
        flipped[place] ^= 1
        with suppress(ValueError):  # not a point of the curve
            assert not space["is_signature"](public, bytes.fromhex("af82"), bytes(flipped))


def test_it_is_short_and_needs_python_alone() -> None:
    text = (ROOT / "stream_app/programs/audit/verify_proof.py").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {"__future__", "base64", "hashlib", "io", "json", "pathlib", "sys", "typing", "zlib"}


def test_a_proof_of_an_entry_in_a_log_of_a_million_entries_has_at_most_1500_bytes() -> None:
    proof = {**OF_ENTRY, "path": base64.b64encode(bytes(32 * 20)).decode(), "seq": 2**20 - 1}
    assert len(json.dumps(proof, ensure_ascii=False, separators=(",", ":")).encode()) <= 1500


@pytest.mark.parametrize("key", KEYS)
def test_a_compact_proof_is_proven_with_its_record_alone(tmp_path: Path, key: str) -> None:
    proof = make_proof(n_records=4096)
    short = compact_proof(proof)
    assert short is not None
    assert len(short) <= 1300
    said = "PROVEN: raw[2] offset 107 was read for policy p"
    assert verify_proof(tmp_path, short, key, RECORD).startswith(said)
    for other in (None, RECORD + b" ", b""):
        answer = verify_proof(tmp_path, short, key, other)
        assert answer == "NOT PROVEN: the signature, or RECORD of a compact proof, is wrong\n"
    compressed = zlib.compress(msgspec.json.encode(proof), 9)  # as until 0.4.0
    assert verify_proof(tmp_path, compressed, key).startswith(said)


@given(n_entries=st.integers(9, 70), n_records=st.integers(8, 40), missing=st.integers(0, 1))
def test_a_compact_proof_is_the_proof(n_entries: int, n_records: int, missing: int) -> None:
    proof = make_proof(n_entries, n_records, 100 + n_records + missing)
    short = compact_proof(proof)
    assert short is not None
    again = read_proof(short, RECORD)
    again["path"], again["record"] = (
        again["path"].decode(),
        again["record"] | {name: again["record"][name].decode() for name in ("group", "path")},
    )
    assert {"v": 2} | again == proof


SHORT = compact_proof(PROOF) or b""
NOT_PROVEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, zlib.error)


@given(data=st.data())
def test_a_compact_proof_that_was_changed_proves_nothing_else(data: st.DataObject) -> None:
    changed = bytearray(SHORT)
    first = data.draw(st.integers(0, len(SHORT) - 1))
    changed[first : first + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=40))
    try:
        said = verify(read_proof(bytes(changed), RECORD), KEYS[0], RECORD)
    except NOT_PROVEN:
        return
    # Changed in what the key of the log does not verify: the cosignature of the witness, or how it is compressed.
    assert said == verify(PROOF, KEYS[0], RECORD)


def test_what_compact_proofs_have_in_common_is_the_same_on_both_sides() -> None:
    assert verify_proof_program.WORDS == compact.WORDS
    long_note = PROOF | {"checkpoint": PROOF["checkpoint"].replace("\n21\n", "\n21\nan extension\n")}
    assert compact_proof(long_note) is None
    assert compact_proof(PROOF | {"entry": PROOF["entry"].replace('"p"', f'"{"p" * 10_000}"')}) is None


def test_a_compact_proof_in_a_log_of_ten_million_decisions_has_at_most_1500_bytes() -> None:
    for history in HISTORIES.values():
        assert proof_sizes(history, 12, random.Random(1))[-1] <= 1500


def test_where_offsets_are_missing_the_offset_of_a_record_is_not_claimed(tmp_path: Path) -> None:
    said = verify_proof(tmp_path, make_proof(next_offset=131), KEYS[0], RECORD)
    assert "raw[2] record 8 of offsets 100 to 130 was read" in said
