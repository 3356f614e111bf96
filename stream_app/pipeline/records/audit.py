"""The entries of an export in ``fairness-audit``: one before the first record, one after the last.

An entry contains no record, no key and no identifier of the people whom the records are about. A first entry without a
last one is an export that ended without a trace: a process that was killed, a machine that went down.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.pipeline.records.codec import JsonCodec

SCHEMA = 1
MAX_REASON = 500  # characters


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """Who exports, as the operating system knows it.

    Attributes:
        user: Name of the user; the number again where it has none.
        uid: Number of the user.
        host: Name of the machine.
    """

    user: str
    uid: int
    host: str


class PartitionRecords(msgspec.Struct, frozen=True, kw_only=True):
    """What was exported of one partition.

    Attributes:
        n: Records in the file.
        first_offset: Offset of the first of them.
        last_offset: Offset of the last.
    """

    n: int
    first_offset: int
    last_offset: int


class ExportBegun(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="export-begun"):
    """Written before the first record.

    Attributes:
        schema: Version of this format.
        export: Id of the export.
        at: When, ISO 8601, by the clock of this machine; the topic dates the entry by the broker's.
        by: Who.
        command: What was called.
        code_version: Version of FairStream.
        model: Name of the model.
        policy_hash: Hash of the policy that permitted it.
        topic: Topic that is read.
        records: ``pseudonymized`` events or ``raw`` records.
        from_s: Start of the time range, event time.
        to_s: Its end, not included.
        offsets: By partition the first offset that is read and the one after the last.
        format: Form of the file.
        file: Where it is written.
        reason: Why, in the words of the person who exports.
    """

    schema: int = SCHEMA
    export: str
    at: str
    by: Exporter
    command: str
    code_version: str
    model: str
    policy_hash: str
    topic: str
    records: Literal["pseudonymized", "raw"]
    from_s: int
    to_s: int
    offsets: dict[int, tuple[int, int]]
    format: str
    file: str
    reason: str


class ExportEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="export-ended"):
    """Written after the last record, before the file gets its name; of several with one id the last one counts.

    Attributes:
        schema: Version of this format.
        export: Id of the export.
        at: When, ISO 8601.
        outcome: ``done``; or ``abandoned``, then there is no file.
        n_records: Records that were written.
        by_partition: The same by partition, with the first and the last offset.
        n_bytes: Size of the file; None without one.
        sha256: Its SHA-256; None without one.
        error: Kind of the error that ended it; None when it is done.
    """

    schema: int = SCHEMA
    export: str
    at: str
    outcome: Literal["done", "abandoned"]
    n_records: int
    by_partition: dict[int, PartitionRecords]
    n_bytes: int | None = None
    sha256: str | None = None
    error: str | None = None


Entry = ExportBegun | ExportEnded


encode_entry = JsonCodec[Entry](Entry).encode  # one line of JSON, without its end
