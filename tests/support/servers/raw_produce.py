"""A Produce request over a socket: any bytes as the record batch, as a client of an attacker would send them."""

from __future__ import annotations

import socket
import struct

_PRODUCE, _VERSION = 0, 7  # the first that may contain zstd
_TIMEOUT_S = 120.0


def produce_raw(kafka: str, topic: str, partition: int, batch: bytes) -> tuple[int, int]:
    """Send one batch to a partition; return the broker's error code, 0 when it has taken it, and the first offset."""
    host, _, port = kafka.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_TIMEOUT_S) as connection:
        connection.sendall(_request(topic, partition, batch))
        return _answer(_receive(connection), topic)


def _request(topic: str, partition: int, batch: bytes) -> bytes:
    name = topic.encode()
    body = struct.pack(">hhih", _PRODUCE, _VERSION, 1, 4) + b"fuzz"  # header: key, version, correlation, client id
    body += struct.pack(">hhi", -1, 1, 30_000)  # no transaction, acknowledged by the leader
    body += struct.pack(">ih", 1, len(name)) + name
    body += struct.pack(">iii", 1, partition, len(batch)) + batch
    return struct.pack(">i", len(body)) + body


def _receive(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, n: int) -> bytes:
    data = b""
    while len(data) < n:
        part = connection.recv(n - len(data))
        if not part:
            raise ConnectionError("the broker closed the connection")
        data += part
    return data


def _answer(answer: bytes, topic: str) -> tuple[int, int]:
    # correlation, number of topics, name, number of partitions, partition; then error and first offset
    code, offset = struct.unpack_from(">hq", answer, 4 + 4 + 2 + len(topic) + 4 + 4)
    return int(code), int(offset)
