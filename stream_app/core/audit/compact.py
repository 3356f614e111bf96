r"""The proof of a record in few bytes: without what its verifier can compute.

    0x03 || zlib(FACTS "\\n" ENTRY) || signatures || hashes of the entry || leaves of the group || paths

FACTS is a JSON list: number of the entry, size of the log, index of the record, number of records, length of its path,
origin, name and length of each signature. Left out are the leaf of the record, which is the hash of its value, the root
in the entry and the root in the checkpoint, to which the paths lead. What compact proofs have in common is the
dictionary of the compression. The verifier puts the proof together again and verifies that.

Source: RFC 1950 (zlib), with a preset dictionary.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

from stream_app.core.audit.blocks import GROUP
from stream_app.core.audit.merkle import HASH_BYTES

MARK = b"\x03"
MAX_TEXT = 2**13  # bytes of facts and entry
WORDS = b"""[1,2,3,8,9,"example/",[["example/",68],[".example/w",76]]]
{"actor":"fairstream-audit","data":{"code_version":"0.4.0","first_offset":,"format":2,"last_ms":179,"model":"","n":,\
"next_offset":,"partition":0,"places":"\t","policy_hash":"","root":"\r","topic":"-raw","topic_id":""},"prev":"\t",\
"seq":,"source":{"log":"","offset":},"ts":"2026-12-T00:00:00.Z","type":"records","v":1}"""

_HASH = re.compile(r'"(places|prev|root)":"([0-9a-f]{64})"')
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_CHECKPOINT_LINES = 3


def compact_proof(proof: dict[str, Any]) -> bytes | None:
    """Return the proof of a record in few bytes; None for one that cannot be made so, as of a longer checkpoint.

    Args:
        proof: As ``fairstream audit prove --offset`` prints it.
    """
    text, _, lines = proof["checkpoint"].rpartition("\n\n")
    checkpoint, signatures = text.split("\n"), [_SIGNATURE.fullmatch(line) for line in lines.splitlines()]
    record, entry = proof["record"], proof["entry"]
    if len(checkpoint) != _CHECKPOINT_LINES or len(_HASH.findall(entry)) != len(("places", "prev", "root")):
        return None
    signed = [(line[1], base64.b64decode(line[2])) for line in signatures if line]
    hashes = [bytes.fromhex(digits) for name, digits in _HASH.findall(entry) if name != "root"]
    group, path = base64.b64decode(record["group"]), base64.b64decode(record["path"])
    own = record["index"] % GROUP * HASH_BYTES
    facts = [
        proof["seq"],
        int(checkpoint[1]),
        record["index"],
        json.loads(entry)["data"]["n"],
        len(path) // HASH_BYTES,
        checkpoint[0],
        [(name, len(value)) for name, value in signed],
    ]
    shorter = _HASH.sub(lambda found: f'"{found[1]}":"' + ("\r" if found[1] == "root" else "\t") + '"', entry)
    head = f"{json.dumps(facts, separators=(',', ':'), ensure_ascii=False)}\n{shorter}".encode()
    if len(head) > MAX_TEXT:
        return None
    deflate = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, WORDS)
    values = [value for _, value in signed]
    rest = [*values, *hashes, group[:own], group[own + HASH_BYTES :], path, base64.b64decode(proof["path"])]
    return MARK + deflate.compress(head) + deflate.flush() + b"".join(rest)
