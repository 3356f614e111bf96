"""``python -m benchmarks formats``: ingest of the same events in JSON, Avro and Protobuf, in turn.

The policies differ in their format alone, and the published events must be those of the reference. A small server in
this process is the registry: schemas are fetched once, so a real one would not change the figures.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import fastavro
import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from benchmarks.compare.checks import faults_of, partial_cells
from benchmarks.stage.bench import Bench, open_bench, say
from benchmarks.stage.broker import read_topic
from benchmarks.stage.environment import environment
from benchmarks.stage.process import SystemFailedError, run_system
from benchmarks.stage.stream import Input, fill
from producers.event import Event
from stream_app.edges.registry.protoc import compile_text

Format = Literal["json", "avro", "protobuf"]
Write = Callable[[bytes], bytes]

MAX_AVRO = 1 / 0.7  # CPU time of Avro over that of JSON: its throughput is within 30 %
_N_PARTITIONS = 4
_SUBJECT = "loan"
_TIMEOUT_S = 1800.0
_TEXTS = ("application_id", "applicant_id", "ts", "gender", "race", "age_band", "region", "product")
_AVRO = {
    "type": "record",
    "name": "Loan",
    "fields": [
        *({"name": name, "type": "string"} for name in _TEXTS),
        {"name": "credit_score", "type": "int"},
        {"name": "approved", "type": "boolean"},
        {"name": "model_version", "type": "string"},
    ],
}
_PROTO = (
    'syntax = "proto3"; message Loan { '
    + " ".join(f"string {name} = {number};" for number, name in enumerate(_TEXTS, 1))
    + " int32 credit_score = 9; bool approved = 10; string model_version = 11; }"
)
_SCHEMAS: dict[Format, tuple[int, dict[str, str]]] = {
    "avro": (1, {"schema": json.dumps(_AVRO)}),
    "protobuf": (2, {"schema": _PROTO, "schemaType": "PROTOBUF"}),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--events", type=int, default=200_000, help="events of each run")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each format, in turn; the median counts")
    parser.add_argument("--kafka", help="an existing broker, host:port, instead of one started here")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print, and return 1 if Avro costs too much."""
    with open_bench(arguments.kafka) as bench:
        figures = measure(bench, arguments.events, arguments.rounds)
    figures["environment"] = environment()
    print(json.dumps(figures), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0 if figures["avro / json, CPU time"] <= MAX_AVRO else 1


def measure(bench: Bench, n_events: int, rounds: int) -> dict[str, Any]:
    """Time ingest of one input in each format."""
    bench.prepare("json", n_events, _N_PARTITIONS)
    sources: dict[Format, Input] = {"json": bench.inputs["json"][0]}
    for name, (number, _) in _SCHEMAS.items():
        write = _avro_writer(number) if name == "avro" else _protobuf_writer(number)
        sources[name] = _rewrite(bench, sources["json"], name, write)
    cpu_us: dict[Format, list[float]] = {name: [] for name in sources}
    with _registry() as url:
        for number in range(rounds):
            for name, source in sources.items():
                cpu_us[name].append(_ingest(bench, source, name, f"{name}-{number}", url))
                say(f"  {name}: {cpu_us[name][-1]:.2f} us of CPU per event")
    medians = {name: statistics.median(times) for name, times in cpu_us.items()}
    ratios = {
        f"{name} / json, CPU time": statistics.median(
            time / plain for time, plain in zip(cpu_us[name], cpu_us["json"], strict=True)
        )
        for name in _SCHEMAS
    }
    return {"n_events": n_events, "cpu_us_per_event": medians, **ratios}


def _ingest(bench: Bench, source: Input, name: Format, label: str, registry_url: str) -> float:
    """Return the CPU time of one run per event, in microseconds.

    Raises:
        SystemFailedError: it failed, or its counts or outputs are wrong.
    """
    run = bench.run_name("fairstream", label)
    subject = None if name == "json" else _SUBJECT
    model = msgspec.structs.replace(bench.model_of(source, run), format=name, schema_subject=subject)
    task = bench.fairstream_task(source, label, model, registry_url=registry_url)
    argv = [sys.executable, "-m", "benchmarks.systems.fairstream"]
    done = run_system(argv, task, bench.folder, timeout_s=_TIMEOUT_S, broker_pid=bench.broker_pid)
    if faults := faults_of(task, task.output_topic, partial_cells(bench.kafka, task), bench.inputs["json"][1]):
        raise SystemFailedError(f"{label}: {'; '.join(faults)}")
    return done.phases[0].cpu_s / source.n_events * 1e6


def _rewrite(bench: Bench, source: Input, name: Format, write: Write) -> Input:
    """Fill a topic with the events of another one, in another format."""
    say(f"filling {name}")
    values = read_topic(bench.kafka, source.topic, source.n_partitions)
    events = (Event(key=b"", value=write(value), time_ms=0) for value in values)
    return fill(bench.kafka, f"{bench.tag}-in-{name}", source.n_partitions, events)


def _avro_writer(number: int) -> Write:
    schema = fastavro.parse_schema(json.loads(json.dumps(_AVRO)))

    def write(value: bytes) -> bytes:
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, schema, json.loads(value))
        return _frame(number) + stream.getvalue()

    return write


def _protobuf_writer(number: int) -> Write:
    pool = descriptor_pool.DescriptorPool()
    [file] = descriptor_pb2.FileDescriptorSet.FromString(compile_text(_PROTO, {})).file
    pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("Loan"))

    def write(value: bytes) -> bytes:
        return _frame(number) + b"\0" + bytes(json_format.Parse(value, message()).SerializeToString())

    return write


def _frame(number: int) -> bytes:
    return b"\0" + number.to_bytes(4, "big")


@contextmanager
def _registry() -> Iterator[str]:
    """Answer with the schemas, as ones of every topic, at a free port until the block ends."""
    schemas = dict(_SCHEMAS.values())
    subjects = [{"subject": _SUBJECT, "version": 1}]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = int(self.path.split("/")[3].partition("?")[0])
            body = json.dumps(subjects if "/versions" in self.path else schemas[number]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
