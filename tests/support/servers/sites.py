"""A separate installation on the shared broker: policy with unused names, topics, key, workers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stream_app.edges.files.key_file import create_key_file, key_file_path
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.admin import create_topics
from stream_app.policy import SHIPPED, Policy, load_policy
from stream_app.topics import TopicSpec, declared_topics
from tests.programs.chaos.logs import wait_until_decided
from tests.support.paths import ROOT

_STOP_S = 120.0
_NAMES = re.compile(r'^(name|topic|output_topic) = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Site:
    """One installation.

    Attributes:
        kafka: Address of the broker.
        folder: Its state folder, with the key file.
        app_id: Consumer group, which nobody else has.
        policy_file: Its policy; models and raw topics carry ``app_id`` in their names.
    """

    kafka: str
    folder: Path
    app_id: str
    policy_file: Path

    @property
    def policy(self) -> Policy:
        return load_policy(str(self.policy_file))

    @property
    def models(self) -> list[dict[str, Any]]:
        """The models as TOML has them, for counters that know nothing of the product."""
        return list(tomllib.loads(self.policy_file.read_text("utf-8"))["models"])

    def topics(self) -> tuple[TopicSpec, ...]:
        """Return the topics of the policy, also those that other sites share."""
        return declared_topics(self.policy, self.app_id)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "FAIRSTREAM_KAFKA": self.kafka,
            "FAIRSTREAM_POLICY": str(self.policy_file),
            "FAIRSTREAM_STATE": str(self.folder),
            "FAIRSTREAM_APP_ID": self.app_id,
            "FAIRSTREAM_SESSION_TIMEOUT_S": "6",
            "FAIRSTREAM_METRICS_PORT": "0",
        }

    def command(self, *arguments: str, timeout_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a ``fairstream`` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "stream_app", *arguments],
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=ROOT,
        )

    @contextmanager
    def worker(self, **environ: str) -> Iterator[SiteWorker]:
        """Run ``fairstream worker`` in a separate process until the block ends."""
        with SiteWorker(self, {**os.environ, **self.environ, **environ}) as process:
            yield process

    @property
    def log_path(self) -> Path:
        return self.folder / "worker.log"

    def wait_until(self, what: str, is_so: Callable[[], bool], *, timeout_s: float = 240.0) -> None:
        """Poll until something is true.

        Raises:
            AssertionError: it did not become true in time; with the end of the workers' log.
        """
        deadline = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > deadline:
                tail = self.log_path.read_text("utf-8")[-3000:] if self.log_path.exists() else "no worker ran"
                raise AssertionError(f"Not in {timeout_s:g} s: {what}\n{tail}")
            time.sleep(0.5)


class SiteWorker(BoundProcess):
    """A worker of a site. Once it has stopped by itself, everything that it committed can be read.

    Args:
        site: The site.
        environ: Its environment.
    """

    def __init__(self, site: Site, environ: Mapping[str, str]) -> None:
        super().__init__([sys.executable, "-m", "stream_app", "worker"], site.log_path, env=environ)
        self._site = site

    def stop(self, grace_s: float = _STOP_S) -> int:
        """End it with SIGTERM and return its exit code; a busy machine gives it more time than people would."""
        has_run = self.exit_code() is None
        code = super().stop(grace_s)
        if has_run and code == 0:
            wait_until_decided(self._site.kafka, [topic.name for topic in self._site.topics()])
        return code


def open_site(kafka: str, folder: Path, app_id: str, *policies: str, n_partitions: int = 4) -> Site:
    """Make key, policy and topics.

    Args:
        policies: Names of shipped policies, or TOML; their models go into one policy.
    """
    texts = [(SHIPPED / f"{p}.toml").read_text("utf-8") if p.isidentifier() else p for p in policies]
    models = "".join(text[text.index("[[models]]") :] for text in texts)
    policy_file = folder / "policy.toml"
    policy_file.write_text("schema = 1\n" + _NAMES.sub(rf'\1 = "{app_id}-\2"', models), "utf-8")
    site = Site(kafka, folder, app_id, policy_file)
    create_key_file(key_file_path(folder))
    create_topics(kafka, declared_topics(site.policy, app_id, partitions=n_partitions))
    return site
