"""Writes records as the serializers of a schema registry do, with fastavro's writer and the runtime of Protobuf."""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

Record = dict[str, Any]


def frame(number: int) -> bytes:
    """Return the zero byte and the id of a schema."""
    return b"\0" + number.to_bytes(4, "big")


def avro(number: int, schema: Record, record: Record) -> bytes:
    """Return a record in Avro."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(json.loads(json.dumps(schema))), record)
    return frame(number) + stream.getvalue()


class ProtobufWriter:
    """Writes records of one Protobuf schema, from the JSON mapping of its first message or of another one."""

    def __init__(self, descriptors: bytes, *indexes: int) -> None:
        pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
        for file in files:
            pool.Add(file)
        messages = list(pool.FindFileByName(files[-1].name).message_types_by_name.values())
        self._message = message_factory.GetMessageClass(messages[(*indexes, 0)[0]])
        self._indexes = b"".join(_zigzag(number) for number in ((len(indexes), *indexes) if indexes else (0,)))

    def write(self, number: int, record: Record) -> bytes:
        message = json_format.ParseDict(record, self._message())
        return frame(number) + self._indexes + message.SerializeToString()


def _zigzag(number: int) -> bytes:
    assert 0 <= number < 64  # one byte
    return bytes([number << 1])
