"""Verify a proof of an audit log with nothing but Python.

usage: verify_proof.py PROOF VERIFIER_KEY [RECORD]

PROOF is the output of `fairstream audit prove`; VERIFIER_KEY is the key of the log or of its witness, as `NAME+ID+KEY`;
RECORD is a file with the value of the record, which a compact proof needs. Ends with 0 if proven, else 1.
Sources: RFC 6962 (tree), RFC 8032 section 6 (Ed25519), C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

# ruff: noqa: T201, D103, PLR2004  # one file that an auditor reads and runs
from __future__ import annotations

import io
import json
import pathlib
import sys
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256, sha512
from typing import Any

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D, ROOT_OF_MINUS_1 = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)
WORDS = b"""[1,2,3,8,9,"example/",[["example/",68],[".example/w",76]]]
{"actor":"fairstream-audit","data":{"code_version":"0.4.0","first_offset":,"format":2,"last_ms":179,"model":"","n":,\
"next_offset":,"partition":0,"places":"\t","policy_hash":"","root":"\r","topic":"-raw","topic_id":""},"prev":"\t",\
"seq":,"source":{"log":"","offset":},"ts":"2026-12-T00:00:00.Z","type":"records","v":1}"""  # what compact proofs omit


def require(is_right: object, reason: str) -> None:
    if not is_right:
        raise ValueError(reason)


def add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(n: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    for bit in f"{n:b}":
        result = add(result, result)
        result = add(result, point) if bit == "1" else result
    return result


def decompress(data: bytes) -> tuple[int, ...]:
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT_OF_MINUS_1 % P
    require(y < P and (x * x - square) % P == 0 and (x or not sign), "a point of the signature is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def is_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    require(len(public) == 32 and len(signature) == 64, "a key or a signature has the wrong length")
    s = int.from_bytes(signature[32:], "little")
    require(s < Q, "the signature is malformed")
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % Q
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    left, right = multiply(s, base), add(decompress(signature[:32]), multiply(h, decompress(public)))
    return all((left[place] * right[2] - right[place] * left[2]) % P == 0 for place in (0, 1))


def root_of(index: int, size: int, leaf: bytes, path: bytes) -> bytes:
    require(0 <= index < size < 2**63 and (size > 1) == (path != b""), "the path is not one of this tree")
    if size == 1:
        return leaf
    half, path, node = 1 << (size - 1).bit_length() - 1, path[:-32], path[-32:]
    if not index & half:
        return sha256(b"\x01" + root_of(index, half, leaf, path) + node).digest()
    return sha256(b"\x01" + node + root_of(index - half, size - half, leaf, path)).digest()


def verified_checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    name, key_id, encoded = key.strip().split("+", 2)
    raw = b64decode(encoded)
    expected = sha256(name.encode() + b"\n" + raw).digest()[:4]
    require(key_id == expected.hex() and raw[0] in (1, 4), "the verifier key is damaged")
    text, _, lines = note.rpartition("\n\n")
    for _, signer, value in (line.split(" ") for line in lines.splitlines()):
        signature, message = b64decode(value), f"{text}\n".encode()
        if signer == name and signature[:4] == expected:
            if raw[0] == 4:
                message = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[4:12], "big") + message
            require(
                is_signature(raw[1:], message, signature[-64:]), "the signature, or RECORD of a compact proof, is wrong"
            )
            origin, size, root = f"{text}\n".split("\n")[:3]
            return origin, int(size), b64decode(root)
    raise ValueError("the checkpoint is not signed by this key")


def read_proof(content: bytes, value: bytes | None) -> dict[str, Any]:
    if content[:1] != b"\x03":
        return dict(json.loads(content if content[:1] == b"{" else zlib.decompressobj().decompress(content, 2**20)))
    inflate = zlib.decompressobj(zdict=WORDS)  # a compact proof: what is computed here is verified like the rest
    head, _, entry = inflate.decompress(content[1:], 2**13).decode().partition("\n")
    (seq, size, index, n, n_path, origin, signers), rest = json.loads(head), io.BytesIO(inflate.unused_data)
    note = "".join(f"— {name} {b64encode(rest.read(length)).decode()}\n" for name, length in signers)
    while "\t" in entry:
        entry = entry.replace("\t", rest.read(32).hex(), 1)
    before, leaf = rest.read(index % 8 * 32), bytes(32) if value is None else sha256(value).digest()
    group, path = before + leaf + rest.read(32 * min(7 - index % 8, n - 1 - index)), rest.read(32 * n_path)
    record = {"index": index, "group": b64encode(group), "path": b64encode(path)}
    entry = entry.replace("\r", root_of(index // 8, (n + 7) // 8, sha256(b"\x00" + group).digest(), path).hex())
    root = root_of(seq, size, sha256(b"\x00" + entry.encode()).digest(), path := rest.read())
    note = f"{origin}\n{size}\n{b64encode(root).decode()}\n\n{note}"
    return {"seq": seq, "path": b64encode(path), "checkpoint": note, "entry": entry, "record": record}


def verify(proof: dict[str, Any], key: str, value: bytes | None) -> str:
    origin, size, root = verified_checkpoint(proof["checkpoint"], key)
    entry, record, seq, path = proof.get("entry"), proof.get("record"), proof["seq"], b64decode(proof["path"])
    leaf = bytes.fromhex(proof["leaf"]) if entry is None else sha256(b"\x00" + entry.encode()).digest()
    require(root_of(seq, size, leaf, path) == root, "the path does not lead to the signed root")
    said = f"entry {seq} is in {origin}, of {size} entries"
    if record is None:
        require(value is None, "the proof is not about a record")
        return said
    about, index, group = json.loads(entry or "{}"), record["index"], b64decode(record["group"])
    data, n, first, end = about["data"], *(about["data"][name] for name in ("n", "first_offset", "next_offset"))
    is_about = about["type"] == "records" and data["format"] == 2 and 0 <= index < n
    require(is_about and len(group) == 32 * min(8, n - index // 8 * 8), "the entry is not about this record")
    require(value is None or sha256(value).digest() == group[index % 8 * 32 :][:32], "the record has another value")
    found = root_of(index // 8, (n + 7) // 8, sha256(b"\x00" + group).digest(), b64decode(record["path"]))
    require(found.hex() == data["root"], "the record is not among those of the entry")
    place = f"offset {first + index}" if n == end - first else f"record {index + 1} of offsets {first} to {end - 1}"
    return f"{data['topic']}[{data['partition']}] {place} was read for policy {data['policy_hash']}; {said}"


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        content, *values = (pathlib.Path(name).read_bytes() for name in (sys.argv[1], *sys.argv[3:]))
        value = values[0] if values else None
        print("PROVEN:", verify(read_proof(content, value), sys.argv[2], value))
    except Exception as error:  # noqa: BLE001  # whatever is wrong with a proof, it proves nothing
        sys.exit(f"NOT PROVEN: {error}")


if __name__ == "__main__":
    main()
