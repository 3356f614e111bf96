"""The local Kafka: starts, serves, survives, refuses, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer

from stream_app.edges.host.ports import free_port
from stream_app.edges.kafka.local import broker as local
from stream_app.edges.kafka.local.broker import LocalKafka, new_cluster_id
from stream_app.edges.kafka.local.jars import default_cache_dir
from stream_app.errors import BrokerUnavailableError, DependencyMissingError, WriteError
from tests.programs.chaos.logs import read_topic
from tests.support.servers.brokers import START_S
from tests.support.tiers import skip_or_fail

HEAP_MB = 160


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """Return a node that each test leaves running."""
    node = LocalKafka(tmp_path_factory.mktemp("node"), heap_mb=HEAP_MB, start_timeout_s=START_S)
    try:
        with node:
            yield node
    except DependencyMissingError as missing:
        skip_or_fail(str(missing))


def test_records_survive_a_kill_and_a_start_on_the_same_folder(broker: LocalKafka) -> None:
    bootstrap = broker.bootstrap
    write(bootstrap, "kept", [b"before the kill"])
    broker.kill()
    broker.start()
    assert broker.bootstrap == bootstrap
    assert read(bootstrap, "kept") == [b"before the kill"]


def test_a_second_node_on_the_same_folder_is_refused(broker: LocalKafka) -> None:
    with pytest.raises(BrokerUnavailableError, match="Another Kafka runs on"):
        LocalKafka(broker.state_dir).start()
    assert is_listening(broker.bootstrap)


def test_a_port_in_use_is_rejected_before_java_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(BrokerUnavailableError, match=f"Port {taken} is in use"):
            LocalKafka(tmp_path / "node", port=taken).start()


def test_a_free_port_that_was_taken_meanwhile_is_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        chosen = iter([taken, free_port(), free_port(), taken])  # once that of the broker, once that of the controller
        monkeypatch.setattr(local, "free_port", lambda: next(chosen, None) or free_port())
        with LocalKafka(tmp_path / "node", heap_mb=HEAP_MB, start_timeout_s=START_S) as node:
            assert node.bootstrap != f"127.0.0.1:{taken}"
            assert next(chosen, None) is None
            assert is_listening(node.bootstrap)


def test_another_object_goes_on_with_the_data_and_a_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    with LocalKafka(tmp_path, heap_mb=HEAP_MB, start_timeout_s=START_S) as first:
        write(first.bootstrap, "kept", [b"one", b"two"])
    later = LocalKafka(tmp_path, heap_mb=HEAP_MB, start_timeout_s=START_S)
    with later:
        assert read(later.bootstrap, "kept") == [b"one", b"two"]
    (tmp_path / "data" / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=7\n")
    with pytest.raises(BrokerUnavailableError, match=r"(?s)did not start.*Stored node id 7.*The complete log is"):
        later.start()
    assert later.pid is None


def test_no_id_of_a_cluster_is_taken_for_a_flag() -> None:
    ids = [new_cluster_id() for _ in range(2000)]  # one in 64 would begin with a dash
    assert {len(own) for own in ids} == {22}
    assert not [own for own in ids if own.startswith("-")]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_the_node_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path, ending: signal.Signals) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from stream_app.edges.kafka.local.broker import LocalKafka\n"
        f"node = LocalKafka(pathlib.Path(sys.argv[1]), heap_mb={HEAP_MB}, start_timeout_s={START_S}).start()\n"
        "print(node.pid, node.bootstrap, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "node")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid, bootstrap = parent.stdout.readline().split()
    parent.stdout.close()
    assert is_listening(bootstrap)
    parent.send_signal(ending)
    parent.wait(60)
    wait_until(lambda: not is_alive(int(pid)), 120)


def test_a_start_that_takes_too_long_says_so_without_the_log_of_java(tmp_path: Path) -> None:
    node = LocalKafka(tmp_path / "node", heap_mb=HEAP_MB, start_timeout_s=0.01)
    with pytest.raises(BrokerUnavailableError) as caught:
        node.start()
    assert str(caught.value).startswith(
        "The local Kafka is not ready after 0.01 s (is the machine busy?). Give it more"
    )
    assert "--start-timeout SECONDS" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert node.pid is None


@pytest.mark.parametrize("place", ["file/below", "/proc/nowhere"])
def test_a_state_folder_that_cannot_be_written_is_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="Cannot write"):
        LocalKafka(tmp_path / place).start()


def test_topics_wait_for_a_broker_that_is_starting(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "stream_app", "topics", "create", "--kafka", f"127.0.0.1:{port}", "--wait", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stderr.readline() == f"Waiting for Kafka at 127.0.0.1:{port}, up to 600 s\n"
        with LocalKafka(tmp_path, port=port, heap_mb=HEAP_MB, start_timeout_s=START_S):
            created, notes = process.communicate(timeout=300)
    assert (process.returncode, notes) == (0, "")
    assert "created    loan-decisions-raw" in created


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_command_prints_the_address_and_stops_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "stream_app", "local", "kafka", "--port", "0", "--heap-mb", str(HEAP_MB)]
    with subprocess.Popen(
        [*command, "--state-dir", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        bootstrap = process.stdout.readline().strip()
        assert bootstrap, process.communicate(timeout=300)
        assert KafkaAdminClient(bootstrap_servers=bootstrap).list_topics() == []
        process.send_signal(number)
        _, notes = process.communicate(timeout=300)
    assert process.returncode == 0, notes
    assert "Traceback" not in notes
    assert not is_listening(bootstrap)


@pytest.mark.usefixtures("broker")  # its start has filled the cache
def test_a_start_with_a_filled_cache_needs_no_network() -> None:
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    program = (
        "import pathlib, sys\n"
        "from stream_app.edges.kafka.local.jars import fetch_jars\n"
        "print(len(fetch_jars(pathlib.Path(sys.argv[1]))), 'jgo' in sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(default_cache_dir())],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["46", "False"]


def write(bootstrap: str, topic: str, values: list[bytes]) -> None:
    """Create a topic and send values to it."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics({topic: {"num_partitions": 1}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    for value in values:
        producer.send(topic, value).get(60)
    producer.close()


def read(bootstrap: str, topic: str) -> list[bytes]:
    """Return all values of a topic."""
    return [message.value() for message in read_topic(bootstrap, topic)]


def is_listening(bootstrap: str) -> bool:
    """Tell whether something accepts connections at an address."""
    host, port = bootstrap.rsplit(":", 1)
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def wait_until(holds: Callable[[], bool], timeout_s: float) -> None:
    """Poll until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)
