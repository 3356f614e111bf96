"""Runs a real Apache Kafka on this machine without Docker: one KRaft node, ready in seconds.

``fairstream local kafka`` and ``fairstream demo`` start it, and the tests run against it. The node keeps its data in
its state directory, so that it can be killed and started again on the same data.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Self

from stream_app.edges.files.locks import Turn, take_lock
from stream_app.edges.files.writing import make_folder, write_file
from stream_app.edges.host.ports import HOST, free_port, is_free
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.local.jars import Note, default_cache_dir, fetch_jars
from stream_app.edges.kafka.local.java import Java, find_java
from stream_app.errors import BrokerUnavailableError

_READY = b"Kafka Server started"
_PORT_TAKEN = "Address already in use"
_START_TRIES = 3  # another program may take a free port between the choice and the start
_LOCK_WAIT_S = 5.0  # a broker whose parent was killed needs a moment to end
_STOP_GRACE_S = 30.0  # half a second on an idle machine; a kill would mean a recovery at the next start
_POLL_S = 0.05
_LOG_TAIL_LINES = 15
_WARNS_OF_NATIVE_CODE = 24  # first Java that warns of it; zstd and snappy load some

# One node, so one replica of everything. Few internal partitions start and recover quickly. The cleaner's default
# buffer (128 MiB) would use a third of the heap. Sessions down to one second are allowed for the crash tests.
_SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data_dir}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
num.network.threads=2
num.io.threads=4
background.threads=4
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""

_LOG4J_PROPERTIES = """\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %m (%c{1})%n
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
logger.config.name=org.apache.kafka.common.config.AbstractConfig
logger.config.level=WARN
logger.settings.name=kafka.server.KafkaConfig
logger.settings.level=WARN
"""


class LocalKafka:
    """One Kafka node in a process of its own that ends with this one.

    Args:
        state_dir: Folder for log, settings and data; created when missing. Starting again on it keeps the data.
        port: Port on 127.0.0.1; 0 chooses a free one, which stays the same when this object starts again.
        heap_mb: Maximum heap of the Java process, MiB, >= 128.
        start_timeout_s: Maximum time for a start.
        cache_dir: Where the jars are kept between runs.
        note: Called with one line before a step that takes long.

    Attributes:
        log_path: What the node prints.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        port: int = 0,
        heap_mb: int = 384,
        start_timeout_s: float = 60.0,
        cache_dir: Path | None = None,
        note: Note = lambda _: None,
    ) -> None:
        self.state_dir = state_dir.absolute()
        self.log_path = self.state_dir / "kafka.log"
        self._port = port
        self._has_fixed_port = port != 0
        self._heap_mb = heap_mb
        self._start_timeout_s = start_timeout_s
        self._cache_dir = cache_dir or default_cache_dir()
        self._note = note
        self._process: BoundProcess | None = None
        self._log_start = 0  # size of the log before the last start

    @property
    def bootstrap(self) -> str:
        """Address for clients, ``host:port``; the port is 0 before the first start on a free port."""
        return f"{HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id of the node; None if it was not started or was stopped."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start the node and wait until it serves clients.

        Raises:
            BrokerUnavailableError: it did not start, with the end of its log; it was not ready in time; or another node
                uses the folder.
            DependencyMissingError: no Java, no ``jgo``, or no network for the first download.
            WriteError: the state folder or the cache cannot be written.
        """
        if self.exit_code() is None and self._process:
            return self
        jars, java = fetch_jars(self._cache_dir, self._note), find_java()
        make_folder(self.state_dir)
        lock = self._lock_state_dir()
        try:
            for is_last_try in [False] * (_START_TRIES - 1) + [True]:
                if self._try_start(java, jars, lock, is_last_try=is_last_try):
                    break
        finally:
            os.close(lock)  # the node has its own copy, and with it the lock, as long as it runs
        self._has_fixed_port = True
        return self

    def stop(self) -> None:
        """End the node cleanly; harmless if it does not run."""
        if self._process:
            self._process.stop(_STOP_GRACE_S)
            self._process = None

    def kill(self) -> None:
        """End the node with SIGKILL, as a crash does; harmless if it does not run."""
        if self._process:
            self._process.kill()
            self._process = None

    def exit_code(self) -> int | None:
        """Return the exit code of a node that ended by itself; None while it runs or after a stop."""
        return self._process.exit_code() if self._process else None

    def log_tail(self) -> str:
        """Return the last lines that the node has printed since its last start."""
        return "\n".join(self._log_of_start().splitlines()[-_LOG_TAIL_LINES:])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _try_start(self, java: Java, jars: list[Path], lock: int, *, is_last_try: bool) -> bool:
        if not self._has_fixed_port:
            self._port = free_port()
        elif not is_free(self._port):
            raise BrokerUnavailableError(
                f"Port {self._port} is in use",
                action="Stop the program that uses it, or choose another with --port",
            )
        properties = self._write_settings()
        command = self._java_command(java, jars)
        self._format_once(command, properties)
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        self._process = BoundProcess([*command, "kafka.Kafka", str(properties)], self.log_path, inherit_fds=[lock])
        if self._wait_until_ready():
            return True
        has_time_passed = self.exit_code() is None
        self.kill()
        # Kafka ends with a hundred lines about its stop, so the reason may be far before the end.
        if _PORT_TAKEN in self._log_of_start() and not is_last_try:
            return False
        if has_time_passed:
            raise BrokerUnavailableError(
                f"The local Kafka is not ready after {self._start_timeout_s:g} s (is the machine busy?)",
                action=f"Give it more time with --start-timeout SECONDS; its log is {self.log_path}",
            )
        raise BrokerUnavailableError(
            f"The local Kafka did not start. The end of its log:\n{self.log_tail()}\n",
            action=f"The complete log is {self.log_path}; `fairstream doctor` checks this machine",
        )

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + self._start_timeout_s
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            seen = b""
            while self.exit_code() is None and time.monotonic() < deadline:
                seen += log.read()
                if _READY in seen:
                    return True
                time.sleep(_POLL_S)
        return False

    def _log_of_start(self) -> str:
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode("utf-8", "replace")

    def _lock_state_dir(self) -> int:
        """Take the lock that says "a node runs here"; the node inherits it and keeps it as long as it runs."""
        turn = Turn(
            f"Another Kafka runs on {self.state_dir}",
            wait_s=_LOCK_WAIT_S,
            action="Stop it, or choose another --state-dir",
            error=BrokerUnavailableError,
        )
        return take_lock(self.state_dir / "node.lock", turn)

    def _write_settings(self) -> Path:
        write_file(self.state_dir / "log4j2.properties", _LOG4J_PROPERTIES)
        return write_file(
            self.state_dir / "server.properties",
            _SERVER_PROPERTIES.format(
                host=HOST,
                port=self._port,
                controller_port=free_port(),
                data_dir=self.state_dir / "data",
            ),
        )

    def _java_command(self, java: Java, jars: list[Path]) -> list[str]:
        # The serial collector needs no second core and little memory; Kafka's heap is small, so its pauses are short.
        flags = [f"-Xmx{self._heap_mb}m", "-Xms96m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto"]
        flags += ["-XX:-UsePerfData", f"-Dlog4j2.configurationFile={self.state_dir / 'log4j2.properties'}"]
        if java.major >= _WARNS_OF_NATIVE_CODE:
            flags += ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
        return [str(java.path), *flags, "-cp", os.pathsep.join(map(str, jars))]

    def _format_once(self, command: list[str], properties: Path) -> None:
        if (self.state_dir / "data" / "meta.properties").exists():  # the last file that formatting writes
            return
        cluster_id = new_cluster_id()
        completed = subprocess.run(
            [*command, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)],
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise BrokerUnavailableError(
                f"Cannot prepare {self.state_dir} for Kafka:\n{completed.stdout}{completed.stderr}\n",
                action="Choose another --state-dir, or remove this one",
            )


def new_cluster_id() -> str:
    """Return a random cluster id of 22 characters that does not begin with a dash, which Kafka's tools take for a flag.

    Source: ``Uuid.randomUuid`` of Apache Kafka, which excludes the same ids.
    """
    ids = (urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode() for _ in itertools.repeat(None))
    return next(cluster_id for cluster_id in ids if not cluster_id.startswith("-"))
