"""An installation for a benchmark: policy, topics, key, and ``fairstream worker`` as operators start it."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stage.bench import Bench
from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.host.ports import free_port
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.policy import Policy, load_policy
from stream_app.topics import declared_topics

_READY_TIMEOUT_S = 90.0
_POLL_S = 0.1


@dataclass(frozen=True)
class Site:
    """One installation.

    Attributes:
        kafka: Address of the broker.
        folder: State folder, with policy, key and log.
        app_id: Consumer group, used by nobody else.
        port: Port of the worker's metrics.
    """

    kafka: str
    folder: Path
    app_id: str
    port: int

    @property
    def policy(self) -> Policy:
        """The policy of the installation."""
        return load_policy(str(self.folder / "policy.toml"))

    @property
    def metrics_address(self) -> str:
        """Where the worker's metrics are, ``host:port``."""
        return f"127.0.0.1:{self.port}"

    @contextmanager
    def worker(self) -> Iterator[BoundProcess]:
        """Run a worker until the block ends; the block begins when it is ready.

        Raises:
            TimeoutError: it does not become ready; with the end of its log.
        """
        environ = {
            "FAIRSTREAM_KAFKA": self.kafka,
            "FAIRSTREAM_POLICY": str(self.folder / "policy.toml"),
            "FAIRSTREAM_STATE": str(self.folder),
            "FAIRSTREAM_APP_ID": self.app_id,
            "FAIRSTREAM_METRICS_PORT": str(self.port),
        }
        log_path = self.folder / "worker.log"
        command = [sys.executable, "-m", "stream_app", "worker"]
        with BoundProcess(command, log_path, env=os.environ | environ) as process:
            deadline = time.monotonic() + _READY_TIMEOUT_S
            while not self._is_ready():
                if process.exit_code() is not None or time.monotonic() > deadline:
                    raise TimeoutError("The worker is not ready\n" + log_path.read_text("utf-8")[-2000:])
                time.sleep(_POLL_S)
            yield process

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.metrics_address}/readyz", timeout=1):
                return True
        except OSError:  # not listening yet, or 503 with its reasons
            return False


def open_site(bench: Bench, name: str, policy: str, *, n_partitions: int) -> Site:
    """Create folder, policy, key and topics.

    Args:
        bench: The stage.
        name: Distinguishes the installations of one stage.
        policy: The policy as TOML; its models and topics must have names that nobody else uses.
        n_partitions: Of each raw topic.
    """
    site = Site(bench.kafka, bench.folder / name, f"{bench.tag}-{name}", free_port())
    site.folder.mkdir()
    (site.folder / "policy.toml").write_text(policy, "utf-8")
    create_key_file(key_file_path(site.folder))
    create_topics(bench.kafka, declared_topics(site.policy, site.app_id, partitions=n_partitions))
    return site
