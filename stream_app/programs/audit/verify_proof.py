"""Verify a proof of an audit log with nothing but Python.

usage: verify_proof.py PROOF.json VERIFIER_KEY [RECORD]

PROOF.json is the output of `fairstream audit prove`; VERIFIER_KEY is the key of the log or of its witness, as
`NAME+ID+KEY`; RECORD is a file with the value of the record, if the proof is about one. Ends with 0 if proven, else 1.
Sources: RFC 6962 (tree), RFC 8032 section 6 (Ed25519), C2SP signed-note, tlog-checkpoint and tlog-cosignature.
"""

# ruff: noqa: T201, D103, PLR2004  # one file that an auditor reads and runs
from __future__ import annotations

import base64
import hashlib
import json
import pathlib
import sys
import zlib
from typing import Any

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


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
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def decompress(data: bytes) -> tuple[int, ...]:
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    require(y < P and (x * x - square) % P == 0 and (x or not sign), "a point of the signature is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    require(len(public) == 32 and len(signature) == 64, "a key or a signature has the wrong length")
    s = int.from_bytes(signature[32:], "little")
    require(s < Q, "the signature is malformed")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    left, right = multiply(s, BASE), add(decompress(signature[:32]), multiply(h, decompress(public)))
    is_x_equal = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return is_x_equal and (left[1] * right[2] - right[1] * left[2]) % P == 0


def hashes(text: str) -> list[bytes]:
    joined = base64.b64decode(text, validate=True)
    require(len(joined) % 32 == 0, "a list of hashes is cut")
    return [joined[start : start + 32] for start in range(0, len(joined), 32)]


def root_of(index: int, size: int, leaf: bytes, path: str) -> bytes:
    require(0 <= index < size, "the tree has no such leaf")
    last = size - 1
    for node in hashes(path):
        require(last, "the path is too long")
        if index & 1 or index == last:
            leaf = hashlib.sha256(b"\x01" + node + leaf).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\x01" + leaf + node).digest()
        index, last = index >> 1, last >> 1
    require(last == 0, "the path is too short")
    return leaf


def verified_checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    name, key_id, encoded = key.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    kind, public = raw[0], raw[1:]
    expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    require(key_id == expected.hex() and kind in (1, 4), "the verifier key is damaged")
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    for line in lines.splitlines():
        _, signer, value = line.split(" ")
        signature = base64.b64decode(value)
        if signer == name and signature[:4] == expected:
            message, signature = text.encode(), signature[4:]
            if kind == 4:
                at_s, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = b"cosignature/v1\ntime %d\n" % at_s + message
            require(is_signature(public, message, signature), "the signature is wrong")
            origin, size, root = text.split("\n")[:3]
            return origin, int(size), base64.b64decode(root)
    raise ValueError("the checkpoint is not signed by this key")


def verify(proof: dict[str, Any], key: str, value: bytes | None) -> str:
    origin, size, root = verified_checkpoint(proof["checkpoint"], key)
    entry, record, seq = proof.get("entry"), proof.get("record"), proof["seq"]
    leaf = bytes.fromhex(proof["leaf"]) if entry is None else hashlib.sha256(b"\x00" + entry.encode()).digest()
    require(root_of(seq, size, leaf, proof["path"]) == root, "the path does not lead to the signed root")
    said = f"entry {seq} is in {origin}, of {size} entries"
    if record is None:
        require(value is None, "the proof is not about a record")
        return said
    about, index, group = json.loads(entry or "{}"), record["index"], hashes(record["group"])
    data, n, first, end = about["data"], *(about["data"][name] for name in ("n", "first_offset", "next_offset"))
    is_about = about["type"] == "records" and data["format"] == 2 and 0 <= index < n
    require(is_about and len(group) == min(8, n - index // 8 * 8), "the entry is not about this record")
    require(value is None or hashlib.sha256(value).digest() == group[index % 8], "the record has another value")
    found = root_of(index // 8, (n + 7) // 8, hashlib.sha256(b"\x00" + b"".join(group)).digest(), record["path"])
    require(found.hex() == data["root"], "the record is not among those of the entry")
    place = f"offset {first + index}" if n == end - first else f"record {index + 1} of offsets {first} to {end - 1}"
    return f"{data['topic']}[{data['partition']}] {place} was read for policy {data['policy_hash']}; {said}"


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        content = pathlib.Path(sys.argv[1]).read_bytes()
        proof = json.loads(content if content[:1] == b"{" else zlib.decompress(content))
        value = pathlib.Path(sys.argv[3]).read_bytes() if len(sys.argv) == 4 else None
        print("PROVEN:", verify(proof, sys.argv[2], value))
    except (LookupError, TypeError, ValueError, OSError, zlib.error) as error:
        sys.exit(f"NOT PROVEN: {error}")


if __name__ == "__main__":
    main()
