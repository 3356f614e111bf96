"""All parts of the demo as real processes on this machine: broker, topics, keys, worker, producer.

Parts are started in order and ended in reverse, also when the demo is killed: each child ends with this process.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from producers.simulated.control import ControlFile, StreamSetting
from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.files.writing import write_file
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.errors import FairStreamError
from stream_app.extras import is_installed
from stream_app.policy import load_policy, read_policy_text
from stream_app.programs.demo.monitoring import Monitoring, open_monitoring
from stream_app.programs.demo.web_pages import DemoWeb, MissingWeb, planned_target, start_web
from stream_app.settings import connection_environ
from stream_app.topics import declared_topics

_SCRAPE_TIMEOUT_S = 2.0
_CONTROL = "stream.json"  # what the producer follows


@dataclass(frozen=True)
class DemoPlan:
    """What happens in the demo.

    Attributes:
        policy: Name of the policy.
        fair_s: Length of the fair period at the start, event time.
        drift: Level of the drift after it, 0-1.
        rate: Events per second.
        seed: Seed of the producer.
        start_timeout_s: Longest time that a broker of the demo may take to start, and a worker to be ready.
    """

    policy: str
    fair_s: int
    drift: float
    rate: float
    seed: int
    start_timeout_s: float = 60.0


@dataclass(frozen=True)
class DemoStatus:
    """The progress of the worker.

    Attributes:
        n_decisions: Decisions counted so far.
        lag: Records not yet counted.
    """

    n_decisions: int
    lag: int


class DemoEnvironment:
    """The running parts.

    Args:
        kafka: The connection to the broker.
        metrics_port: Port of the worker's metrics.
        policy: Name or file of the policy that the worker applies.
        drift_at_s: Event time at which the drift starts.
        children: Name and process of worker and producer.
        folder: Where keys and logs are.
        monitoring: Prometheus, Alertmanager and the sink, those that run.
        web: The web application, if it runs.
    """

    def __init__(
        self,
        kafka: KafkaConnection,
        metrics_port: int,
        policy: str,
        drift_at_s: int,
        children: dict[str, BoundProcess],
        folder: Path,
        monitoring: Monitoring,
        web: DemoWeb | MissingWeb,
    ) -> None:
        self.kafka = kafka
        self.monitoring = monitoring
        self.web = web
        self.policy = policy
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"
        self.drift_at_s = drift_at_s
        self._children = children
        self._folder = folder
        self._control = ControlFile(folder / _CONTROL)

    def addresses(self) -> dict[str, str]:
        """Return the address of each part, or why it does not run."""
        return {"Kafka": self.kafka.servers, "metrics": self.metrics_url} | self.monitoring.addresses

    def stream_setting(self) -> StreamSetting | None:
        """Return drift and rate as a person has set them; None before."""
        return self._control.setting()

    def check(self) -> None:
        """Check that all parts still run.

        Raises:
            FairStreamError: one has ended, with the end of its log.
        """
        for name, child in self._children.items():
            if (code := child.exit_code()) is not None:
                raise FairStreamError(f"The {name} ended with {code}. The end of its log:\n{self._tail(name)}")

    def vitals(self) -> DemoStatus:
        """Read the worker's metrics; zeros when it does not answer."""
        try:
            with urllib.request.urlopen(self.metrics_url, timeout=_SCRAPE_TIMEOUT_S) as answer:  # noqa: S310  # our own
                text = answer.read().decode()
        except OSError:
            return DemoStatus(0, 0)
        sums = {"fairstream_decisions_total": 0.0, "fairstream_consumer_lag_messages": 0.0}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name in sums:
                    sums[sample.name] += sample.value
        return DemoStatus(int(sums["fairstream_decisions_total"]), int(sums["fairstream_consumer_lag_messages"]))

    def _tail(self, name: str) -> str:
        return "\n".join((self._folder / f"{name}.log").read_text("utf-8", "replace").splitlines()[-10:])


@contextmanager
def open_environment(
    plan: DemoPlan, folder: Path, *, kafka: KafkaConnection | None, note: Callable[[str], None]
) -> Iterator[DemoEnvironment]:
    """Start all parts; end them when the block ends.

    Args:
        plan: What happens.
        folder: Where keys, logs and the broker's data go.
        kafka: Broker to use; None starts a local one.
        note: Called with one line about each part that was started.

    Raises:
        FairStreamError: a part did not start.
    """
    with ExitStack() as parts:
        connection = kafka or _start_broker(parts, plan, folder, note)
        app_id = f"demo-{uuid.uuid4().hex[:8]}"
        policy = _private_policy(plan.policy, app_id, folder) if kafka else plan.policy
        create_topics(connection, declared_topics(load_policy(policy), app_id))
        create_key_file(key_file_path(folder))
        note("Topics and pseudonym keys created")
        environment = connection_environ(os.environ, connection) | {
            "FAIRSTREAM_STATE": str(folder),
            "FAIRSTREAM_POLICY": policy,
            "FAIRSTREAM_APP_ID": app_id,
            "OTEL_SDK_DISABLED": "true",  # simulated alerts are not for a collector
        }
        # Everything that reads these pages is on this machine, and has no password; the keys are those of the demo.
        environment |= dict.fromkeys(
            ("FAIRSTREAM_WEB_CONFIG", "FAIRSTREAM_WEB_TOKEN_FILE", "FAIRSTREAM_KEY_SOURCE"), ""
        )
        port = free_port()
        children = {"worker": _start(parts, folder, environment, "worker", "--metrics-port", str(port))}
        _wait_until_ready(children["worker"], port, plan.start_timeout_s)
        note(f"Worker ready; metrics on http://127.0.0.1:{port}/metrics")
        web_port = free_port()
        target = planned_target(folder, web_port)
        web_url = f"http://127.0.0.1:{web_port}" if is_installed("web") else None
        scraped = f"127.0.0.1:{port}"
        monitoring = parts.enter_context(open_monitoring(folder, scraped, web_url, note=note, web=target))
        start_s = int(time.time()) + 1  # the producer needs a moment to start
        children["producer"] = _start(parts, folder, environment, *_producer_command(plan, start_s, folder))
        drift_at_s = start_s + plan.fair_s
        stream = StreamSetting(plan.drift, plan.rate)
        web = start_web(parts, folder, environment, web_port, folder / _CONTROL, drift_at_s, stream)
        running = DemoEnvironment(connection, port, policy, drift_at_s, children, folder, monitoring, web)
        note(f"Producer sends {plan.rate:g} loan decisions per second, seed {plan.seed}")
        yield running


def _start_broker(parts: ExitStack, plan: DemoPlan, folder: Path, note: Callable[[str], None]) -> KafkaConnection:
    started = time.monotonic()
    broker = parts.enter_context(LocalKafka(folder / "kafka", start_timeout_s=plan.start_timeout_s, note=note))
    note(f"Kafka ready on {broker.bootstrap} after {time.monotonic() - started:.1f} s")
    return KafkaConnection(broker.bootstrap)


def _private_policy(shipped: str, name: str, folder: Path) -> str:
    """Rename model and topics, so that a demo on a shared broker does not touch another stream."""
    model = load_policy(shipped).models[0]
    text = read_policy_text(shipped)
    for old, new in ((model.topic, f"{name}-raw"), (model.output_topic, f"{name}-out"), (model.name, name)):
        text = text.replace(f'"{old}"', f'"{new}"')
    path = folder / "policy.toml"
    return str(write_file(path, text))


def _start(parts: ExitStack, folder: Path, environment: dict[str, str], command: str, *arguments: str) -> BoundProcess:
    name = "producer" if command == "produce" else command
    argv = [sys.executable, "-m", "stream_app", command, *arguments]
    return parts.enter_context(BoundProcess(argv, folder / f"{name}.log", env=environment))


def _producer_command(plan: DemoPlan, start_s: int, folder: Path) -> tuple[str, ...]:
    start = datetime.fromtimestamp(start_s, UTC).isoformat()
    drift = f"0@0,{plan.drift:g}@{plan.fair_s}s"
    return (
        "produce",
        "loans",
        *("--drift", drift, "--start", start),
        *("--rate", f"{plan.rate:g}", "--seed", str(plan.seed)),
        *("--control", str(folder / _CONTROL)),
    )


def _wait_until_ready(worker: BoundProcess, port: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and worker.exit_code() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=_SCRAPE_TIMEOUT_S):
                return
        except OSError:  # not listening yet, or 503 with its reasons
            time.sleep(0.2)
    if (code := worker.exit_code()) is not None:
        raise FairStreamError(f"The worker ended with {code} before it was ready", action="Try: fairstream doctor")
    raise FairStreamError(
        f"The worker is not ready after {timeout_s:g} s (is the machine busy?)",
        action="Give it more time with --start-timeout SECONDS, or check this machine: fairstream doctor",
    )
