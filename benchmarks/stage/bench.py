"""The stage of a benchmark: a broker, inputs with their reference, and the topics and task of each run."""

from __future__ import annotations

import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stage.broker import create_topic, delete_topics
from benchmarks.stage.process import SystemFailedError
from benchmarks.stage.stream import EVENTS_PER_S, Input, Reference, cells_digest, count_reference, fill, simulated
from benchmarks.systems.task import Task
from stream_app.core.privacy.pseudonym import derive_key
from stream_app.edges.kafka.admin import create_topics
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.policy import ModelPolicy, Policy, load_policy
from stream_app.topics import declared_topics

POLICY_PATH = Path(__file__).with_name("policy.toml")
KID = "benchkey"
_SEED = 20_240


@dataclass
class Bench:
    """A broker with its inputs, and the keys of this run of the benchmark.

    Attributes:
        kafka: Bootstrap servers.
        folder: Folder for files of the runs.
        broker_pid: The broker's process; None for a broker that was already running.
        tag: Distinguishes this benchmark's topics on a shared broker.
    """

    kafka: str
    folder: Path
    broker_pid: int | None
    tag: str = field(default_factory=lambda: f"bench-{secrets.token_hex(4)}")
    root: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    inputs: dict[str, tuple[Input, Reference]] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, bytes]:
        """HMAC keys by purpose."""
        return {
            "root": self.root,
            "application": derive_key(self.root, "application"),
            "applicant": derive_key(self.root, "applicant"),
        }

    def fill(self, name: str, n_events: int, n_partitions: int, *, events_per_s: float = EVENTS_PER_S) -> Input:
        """Fill one input topic."""
        say(f"filling {name}: {n_events:,} events, {n_partitions} partitions")
        events = simulated(_SEED, n_events, time.time(), events_per_s=events_per_s)
        return fill(self.kafka, f"{self.tag}-in-{name}", n_partitions, events)

    def prepare(self, name: str, n_events: int, n_partitions: int) -> None:
        """Fill one input topic and count its reference."""
        source, keys = self.fill(name, n_events, n_partitions), self.keys
        reference = count_reference(self.kafka, source, keys["application"], keys["applicant"], KID)
        if sum(reference.cells.values()) != n_events:
            raise SystemFailedError(f"the input contains {sum(reference.cells.values())} events, not {n_events}")
        say(f"  {len(reference.cells):,} cells, digest {cells_digest(reference.cells)}")
        self.inputs[name] = source, reference

    def model_of(self, source: Input, run: str) -> ModelPolicy:
        """Return the job's policy for one run: its own model name and output topic."""
        [model] = load_policy(str(POLICY_PATH)).models
        return msgspec.structs.replace(model, name=run[:40], topic=source.topic, output_topic=f"{run}-out")

    def fairstream_task(self, source: Input, label: str, model: ModelPolicy | None = None, **options: Any) -> Task:
        """Create the topics of one run of FairStream and return its task.

        Args:
            source: Its input.
            label: Distinguishes runs.
            model: Its policy, by ``model_of`` with the same label; None for the plain job.
            options: See ``benchmarks.systems.fairstream``.
        """
        run = self.run_name("fairstream", label)
        policy = Policy(schema=1, models=(model or self.model_of(source, run),))
        specs = declared_topics(policy, run, existing={source.topic: source.n_partitions})
        create_topics(self.kafka, [spec for spec in specs if spec.role != "raw"])
        return self._task(source, run, policy, options)

    def peer_task(self, system: str, source: Input, label: str, outputs: tuple[str, ...] = ("",)) -> Task:
        """Create the output topics of one run of a peer and return its task."""
        run = self.run_name(system, label)
        for suffix in outputs:
            create_topic(self.kafka, f"{run}-out{suffix}", source.n_partitions)
        return self._task(source, run, None, {"state_dir": str(self.folder / f"{run}-state")})

    def run_name(self, system: str, label: str) -> str:
        """Return a name that no other run has."""
        return f"{self.tag}-{system}-{label}"

    def _task(self, source: Input, run: str, policy: Policy | None, options: dict[str, Any]) -> Task:
        return Task(
            kafka=self.kafka,
            run=run,
            topic=source.topic,
            output_topic=f"{run}-out",
            n_partitions=source.n_partitions,
            n_events=source.n_events,
            kid=KID,
            keys={name: key.hex() for name, key in self.keys.items()},
            marks_path=str(self.folder / f"{run}.marks"),
            policy=msgspec.to_builtins(policy),
            options=options,
        )


@contextmanager
def open_bench(kafka: str | None, folder: Path | None = None) -> Iterator[Bench]:
    """Start a broker or use the given one, and remove what the benchmark created at the end."""
    with tempfile.TemporaryDirectory(prefix="fairstream-bench-", dir=folder) as temporary:
        path = Path(temporary)
        if kafka:
            bench = Bench(kafka, path, None)
            try:
                yield bench
            finally:
                delete_topics(kafka, bench.tag)
        else:
            say("starting a local Kafka")
            with LocalKafka(path / "kafka", heap_mb=512, note=say) as broker:
                yield Bench(broker.bootstrap, path, broker.pid)


def say(text: str) -> None:
    """Print progress on stderr, so that stdout contains the result only."""
    print(text, file=sys.stderr, flush=True)
