"""``python -m benchmarks web-load``: requests for results at a fixed rate while results arrive, beside a small peer."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psutil
from kafka import KafkaProducer

from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.environment import environment
from benchmarks.web.application import create_token, run_server
from benchmarks.web.load import send_requests
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.pipeline.records.results import encode_result
from stream_app.topics import FAIRNESS_RESULTS, declared_topics
from stream_app.web_app.host.database import FILE_NAME
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result

_N_HISTORY = 400
_WARM_UP_S, _IDLE_S = 3.0, 5.0
_CURRENT_S = 60.0
_FIRST_S = 1_700_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--per-s", type=float, default=200.0, help="requests in a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long")
    parser.add_argument("--limit", type=int, default=100, help="results in an answer; 100 is what the API gives")
    parser.add_argument("--results-per-s", type=float, default=20.0, help="results that arrive meanwhile")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    with open_bench(arguments.kafka) as bench:
        figures = measure(bench, arguments)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0


def measure(bench: Bench, arguments: argparse.Namespace) -> dict[str, Any]:
    """Load the application, then the peer with answers of the same size, each pinned to one core."""
    create_topics(bench.kafka, declared_topics(POLICY, "unused"))
    port, state = free_port(), bench.folder / "web"
    environ = {
        "FAIRSTREAM_KAFKA": bench.kafka,
        "FAIRSTREAM_POLICY": "loanapp",
        "FAIRSTREAM_STATE": str(state),
        "FAIRSTREAM_WEB_PORT": str(port),
    }
    token = create_token(environ)
    path = f"/api/results?model={MODEL.name}&attribute=race&window={MODEL.windows[0].name}&limit={arguments.limit}"
    with _arriving(bench.kafka, arguments.results_per_s):
        ready = f"http://127.0.0.1:{port}/readyz"
        with run_server(["stream_app", "web"], bench.folder / "web.log", ready, environ) as process:
            say("waiting until everything is stored")
            _wait_until_current(ready, state)
            application = _load(process, port, [path], token, arguments)
            different = _load(process, port, [f"{path}&since={_moment(n)}" for n in range(1000)], token, arguments)
    port = free_port()
    address = f"http://127.0.0.1:{port}/answer"
    n_bytes = str(application["bytes"])
    with run_server(["benchmarks.web.peer", str(port), n_bytes], bench.folder / "peer.log", address, {}) as process:
        peer = _load(process, port, ["/answer"], "", arguments)
    return {
        "same_question": application | {"cpu_of_peer": round(application["cpu_ms"] / peer["cpu_ms"], 2)},
        "different_questions": different | {"cpu_of_peer": round(different["cpu_ms"] / peer["cpu_ms"], 2)},
        "peer": peer,
        "load": os.getloadavg(),
    }


def _load(
    process: BoundProcess, port: int, paths: Sequence[str], token: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Return the figures of one server: latency, and CPU time of a request beyond that of the server at rest."""
    server = psutil.Process(process.pid)
    server.cpu_affinity([0])
    per_s = arguments.per_s
    asyncio.run(send_requests(port, paths, token, per_s=per_s, seconds=_WARM_UP_S))
    before = _cpu_s(server)
    time.sleep(_IDLE_S)
    idle = (_cpu_s(server) - before) / _IDLE_S
    memory, before, started_s = server.memory_info().rss, _cpu_s(server), time.monotonic()
    answers = asyncio.run(send_requests(port, paths, token, per_s=per_s, seconds=arguments.seconds))
    wall_s = time.monotonic() - started_s
    busy_s = _cpu_s(server) - before
    figures = {
        **answers.figures(),
        "cpu_ms": round(1000 * (busy_s - idle * wall_s) / len(answers.seconds), 3),
        "core_percent": round(100 * busy_s / wall_s, 1),
        "idle_percent": round(100 * idle, 1),
        "memory_mb": [round(memory / 2**20), round(server.memory_info().rss / 2**20)],
    }
    say(f"  {figures}")
    return figures


@contextmanager
def _arriving(kafka: str, per_s: float) -> Iterator[None]:
    """Write results: some at once, then at a rate until the block ends."""
    stopping = threading.Event()
    window = MODEL.windows[0]
    fair, unfair = race_result(100, FAIR), race_result(100, UNFAIR)
    producer = KafkaProducer(bootstrap_servers=kafka)

    def write(number: int) -> None:
        end_s = _FIRST_S + number * window.size_s
        times = {"window": window.name, "size_s": window.size_s, "start_s": end_s - window.size_s, "end_s": end_s}
        result = msgspec.structs.replace(unfair if number % 7 == 0 else fair, **times)
        producer.send(FAIRNESS_RESULTS, encode_result(result), key=MODEL.name.encode())

    def run() -> None:
        for number in count(_N_HISTORY):
            if stopping.wait(1 / per_s):
                return
            write(number)

    for number in range(_N_HISTORY):
        write(number)
    producer.flush()
    thread = threading.Thread(target=run, name="results", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        producer.close()


def _wait_until_current(address: str, state: Path) -> None:
    """Wait until the application shows everything that is in Kafka.

    Raises:
        TimeoutError: it does not; with how far each topic was read.
    """
    deadline = time.monotonic() + _CURRENT_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  # our own
                return
        except urllib.error.HTTPError as error:
            error.close()
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not current after {_CURRENT_S:g} s; read so far: {_readings(state)}")
        time.sleep(0.2)


def _readings(state: Path) -> list[tuple[str, float | None, str]]:
    """Return for each topic up to when it is stored, and why no further."""
    with closing(sqlite3.connect(f"file:{state / FILE_NAME}?mode=ro", uri=True)) as database:
        return list(database.execute("SELECT topic, current_at_s, fault FROM projection_reading"))


def _moment(n: int) -> str:
    """Return a time before the first result; each is another question with the same answer."""
    return f"2020-01-01T00:{n // 60:02}:{n % 60:02}Z"


def _cpu_s(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)
