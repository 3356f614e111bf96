"""Writes records as the serializers of a schema registry do, with fastavro's writer and the runtime of Protobuf."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro

Record = dict[str, Any]


def frame(number: int) -> bytes:
    """Return the zero byte and the id of a schema."""
    return b"\0" + number.to_bytes(4, "big")


def avro(number: int, schema: Record, record: Record) -> bytes:
    """Return a record in Avro."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(json.loads(json.dumps(schema))), record)
    return frame(number) + stream.getvalue()
