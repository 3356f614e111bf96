"""Sends requests at a fixed rate over connections that stay open, and notes how long each answer took.

A request is due at its place in the rate, whether or not the answers before it have arrived: a server that falls behind
is seen as slow, and does not slow the requests down.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

_TIMEOUT_S = 60.0


@dataclass
class Answers:
    """What came back.

    Attributes:
        seconds: From the time at which each request was due to the last byte of its answer.
        statuses: How often each HTTP status came.
        n_bytes: Of all bodies.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    n_bytes: int = 0

    def figures(self) -> dict[str, object]:
        """Return percentiles in milliseconds, statuses and size of an answer."""
        p50, p95, p99, most = np.percentile(np.array(self.seconds) * 1000, [50, 95, 99, 100]).round(1).tolist()
        return {
            "n": len(self.seconds),
            "p50_ms": p50,
            "p95_ms": p95,
            "p99_ms": p99,
            "max_ms": most,
            "statuses": dict(self.statuses),
            "bytes": round(self.n_bytes / len(self.seconds)),
        }


async def send_requests(
    port: int, paths: Sequence[str], token: str, *, per_s: float, seconds: float, n_connections: int = 16
) -> Answers:
    """Send GET requests to a server on loopback.

    Args:
        port: Its port.
        paths: What is asked, with its query; one after the other, again and again.
        token: Sent as a bearer token; empty sends none.
        per_s: Requests in a second, over all connections.
        seconds: For how long.
        n_connections: Open at a time; a request that is due waits for a free one.

    Raises:
        OSError: the server is not there, or closes a connection.
        TimeoutError: answers are missing a minute after the last request.
    """
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}\r\n"
    requests = cycle([f"GET {path}{head}".encode() for path in paths])
    answers = Answers()
    due: asyncio.Queue[float | None] = asyncio.Queue()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (due_s := await due.get()) is not None:
            writer.write(next(requests))
            status, n_bytes = await _read_answer(reader)
            answers.seconds.append(time.perf_counter() - due_s)
            answers.statuses[status] += 1
            answers.n_bytes += n_bytes
        writer.close()

    pairs = [await asyncio.open_connection("127.0.0.1", port, limit=2**20) for _ in range(n_connections)]
    tasks = [asyncio.create_task(ask(*pair)) for pair in pairs]
    started_s = time.perf_counter()
    for number in range(round(per_s * seconds)):
        due_s = started_s + number / per_s
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        due.put_nowait(due_s)
    for _ in tasks:
        due.put_nowait(None)
    async with asyncio.timeout(_TIMEOUT_S):
        await asyncio.gather(*tasks)
    return answers


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1]), length
