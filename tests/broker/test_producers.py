"""The producers against a real Kafka: order, exact counts, clean ends, and brokers that go away."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from producers.event import Event
from producers.publish import Destination, publish
from producers.recorded.loanapp import stream_loanapp
from producers.simulated.drift import DriftSchedule
from producers.simulated.loans import simulate_loans
from producers.timeline import Timeline
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.errors import BrokerUnavailableError, ConfigError, DependencyMissingError, TopicError
from stream_app.policy import SHIPPED
from tests.support.servers.brokers import START_S
from tests.support.tiers import skip_or_fail

LINE = Timeline(1_795_449_600_000, 0.01)
WAIT_S = 240.0


def make_topic(kafka: str, topic: str, *, n_partitions: int = 1, config: dict[str, str] | None = None) -> str:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        admin.create_topics([NewTopic(topic, n_partitions, 1, topic_configs=config or {})])
    finally:
        admin.close()
    return topic


def read_partitions(kafka: str, topic: str) -> list[list[tuple[bytes, bytes]]]:
    """Return key and value of each record, by partition, in the order of the log."""
    consumer = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        ends = consumer.end_offsets(places)
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        found: list[list[tuple[bytes, bytes]]] = [[] for _ in places]
        deadline = time.monotonic() + WAIT_S
        while any(consumer.position(place) < ends[place] for place in places):
            assert time.monotonic() < deadline, "the topic could not be read to its end"
            for place, records in consumer.poll(timeout_ms=500).items():
                found[place.partition] += [(record.key, record.value) for record in records]
        return found
    finally:
        consumer.close()


def as_records(events: list[Event]) -> list[tuple[bytes, bytes]]:
    return [(event.key, event.value) for event in events]


def loans(n: int) -> list[Event]:
    return list(islice(simulate_loans(11, LINE, DriftSchedule()), n))


def test_every_event_arrives_once_and_in_order_within_its_partition(
    kafka: str, fresh_name: Callable[[str], str]
) -> None:
    topic = make_topic(kafka, fresh_name("loans"), n_partitions=3)
    events = loans(20_000)
    n_told: list[int] = []
    delivery = publish(events, Destination(kafka, topic), on_sent=n_told.append)
    place_in_stream = {record: place for place, record in enumerate(as_records(events))}
    partitions = read_partitions(kafka, topic)
    for records in partitions:
        places = [place_in_stream[record] for record in records]
        assert places == sorted(set(places))
        assert len(records) > 5000, "the keys do not spread"
    assert sum(map(len, partitions)) == len(events) == delivery.n_sent == sum(n_told)
    assert (delivery.n_failed, delivery.is_interrupted) == (0, False)
    assert (delivery.first_time_ms, delivery.last_time_ms) == (events[0].time_ms, events[-1].time_ms)


def test_one_partition_can_take_all_of_a_file_in_its_order(kafka: str, fresh_name: Callable[[str], str]) -> None:
    topic = make_topic(kafka, fresh_name("loanapp"), n_partitions=3)
    publish(stream_loanapp(LINE), Destination(kafka, topic, partition=1))
    assert read_partitions(kafka, topic) == [[], as_records(list(stream_loanapp(LINE))), []]


def test_an_empty_stream_is_sent_in_no_time(kafka: str, fresh_name: Callable[[str], str]) -> None:
    delivery = publish([], Destination(kafka, make_topic(kafka, fresh_name("none"))))
    assert (delivery.n_sent, delivery.first_time_ms) == (0, None)


def test_a_rate_is_kept(kafka: str, fresh_name: Callable[[str], str]) -> None:
    destination = Destination(kafka, make_topic(kafka, fresh_name("paced")))
    delivery = publish(loans(600), destination, rate=300.0)
    assert delivery.n_sent == 600
    assert delivery.seconds > 1.9  # 2 s on the schedule; a busy machine may add to it


def test_an_event_larger_than_a_record_may_be_is_counted_and_the_rest_arrives(
    kafka: str, fresh_name: Callable[[str], str]
) -> None:
    topic = make_topic(kafka, fresh_name("large"))
    events, huge = loans(400), Event(b"huge", b"x" * 1_100_000, LINE.start_ms)
    delivery = publish([*events[:200], huge, *events[200:]], Destination(kafka, topic))
    assert (delivery.n_sent, delivery.failures) == (400, {"MessageSizeTooLargeError": 1})
    assert read_partitions(kafka, topic) == [as_records(events)]


def test_what_the_broker_refuses_is_counted_exactly(kafka: str, fresh_name: Callable[[str], str]) -> None:
    topic = make_topic(kafka, fresh_name("small"), config={"max.message.bytes": "20000"})
    events, noise = loans(2000), os.urandom(60_000).hex().encode()  # 60,000 bytes even when compressed
    delivery = publish([*events[:1000], Event(b"large", noise, 0), *events[1000:]], Destination(kafka, topic))
    (arrived,) = read_partitions(kafka, topic)
    assert delivery.n_failed >= 1  # with it fails what shares its batch
    assert delivery.n_sent == len(arrived) == 2001 - delivery.n_failed
    assert arrived == [record for record in as_records(events) if record in set(arrived)]


def test_a_missing_topic_and_a_missing_partition_are_told_before_anything_is_sent(
    kafka: str, fresh_name: Callable[[str], str]
) -> None:
    with pytest.raises(TopicError, match="fairstream topics create"):
        publish(loans(1), Destination(kafka, fresh_name("missing")))
    topic = make_topic(kafka, fresh_name("two"), n_partitions=2)
    with pytest.raises(ConfigError, match=r"no partition 2\. It has 0 to 1"):
        publish(loans(1), Destination(kafka, topic, partition=2))


@pytest.fixture
def start_command(kafka: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a starter of ``fairstream produce loans`` on a topic; what still runs at the end is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(topic: str, *arguments: str) -> subprocess.Popen[str]:
        policy = tmp_path / "policy.toml"
        policy.write_text((SHIPPED / "loans.toml").read_text("utf-8").replace("loan-decisions-raw", topic))
        command = [sys.executable, "-m", "stream_app", "produce", "loans", "--policy", str(policy), "--json"]
        started.append(
            subprocess.Popen(
                [*command, "--kafka", kafka, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        )
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_file_with_an_open_quote_and_newest_first_arrives_in_order_and_is_accounted_for(
    kafka: str, fresh_name: Callable[[str], str], tmp_path: Path
) -> None:
    topic = make_topic(kafka, fresh_name("csv"))
    (tmp_path / "policy.toml").write_text(
        (SHIPPED / "demo.toml").read_text("utf-8").replace("loan-decisions-raw", topic), "utf-8"
    )
    names = "application_id,applicant_id,ts,gender,race,age_band,region,product,credit_score,approved"
    start_s = int(time.time()) - 600
    rows = [
        f"A{n},P{n},{datetime.fromtimestamp(start_s - n, UTC).isoformat()},female,white,30-44,north,home,700,yes"
        for n in range(300)
    ]
    rows[100] = rows[100].replace("home", '"home')
    (tmp_path / "rows.csv").write_text("\n".join([names, *rows]) + "\n\n", "utf-8")
    command = [sys.executable, "-m", "stream_app", "produce", "csv", str(tmp_path / "rows.csv"), "--json"]
    flags = ["--policy", str(tmp_path / "policy.toml"), "--kafka", kafka]
    rejected = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert (rejected.returncode, rejected.stdout) == (2, "")
    assert "Nothing was sent. Give --sort" in rejected.stderr
    assert read_partitions(kafka, topic) == [[]]
    done = subprocess.run([*command, *flags, "--sort"], capture_output=True, text=True, timeout=WAIT_S, check=False)
    summary = json.loads(done.stdout)
    assert (done.returncode, summary["sent"], summary["rejected"]) == (1, 299, 1), done.stderr
    assert "line 102: a quote is opened and not closed" in done.stderr
    file = summary["file"]
    assert (file["lines"], file["before_rows"], file["blank"], file["rows"]) == (302, 1, 1, 300)
    (records,) = read_partitions(kafka, topic)
    assert [key for key, _ in records] == [f"A{n}".encode() for n in reversed(range(300)) if n != 100]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("rate", ["200", "0"])
def test_a_signal_ends_cleanly_and_the_summary_counts_exactly_what_arrived(
    kafka: str,
    fresh_name: Callable[[str], str],
    start_command: Callable[..., subprocess.Popen[str]],
    number: signal.Signals,
    rate: str,
) -> None:
    topic = make_topic(kafka, fresh_name("endless"))
    process = start_command(topic, "--rate", rate, "--start", "2026-11-23T16:00:00Z")
    wait_for_records(kafka, topic, 50, process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=WAIT_S)
    summary = json.loads(stdout)
    assert (process.returncode, stderr) == (130, "")
    assert summary["is_interrupted"]
    assert summary["sent"] == sum(map(len, read_partitions(kafka, topic))) >= 50


def wait_for_records(kafka: str, topic: str, n: int, process: subprocess.Popen[str]) -> None:
    consumer = KafkaConsumer(bootstrap_servers=kafka)
    try:
        place = TopicPartition(topic, 0)
        deadline = time.monotonic() + WAIT_S
        while consumer.end_offsets([place])[place] < n:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "the records did not come"
            time.sleep(0.05)
    finally:
        consumer.close()


def test_the_command_sums_up_late_and_repeated_events(
    kafka: str, fresh_name: Callable[[str], str], start_command: Callable[..., subprocess.Popen[str]]
) -> None:
    topic = make_topic(kafka, fresh_name("disorder"))
    flags = ["--count", "3000", "--rate", "0", "--late", "0.1", "--duplicate", "0.05", "--seed", "3"]
    process = start_command(topic, *flags)
    stdout, stderr = process.communicate(timeout=WAIT_S)
    summary = json.loads(stdout)
    (records,) = read_partitions(kafka, topic)
    copies = Counter(Counter(records).values())
    assert (process.returncode, stderr) == (0, "")
    assert copies == {1: 3000 - summary["duplicates"], 2: summary["duplicates"]}
    assert summary["sent"] == len(records) == 3000 + summary["duplicates"]
    assert summary["late"] > 0


# kafka-python leaves the sockets of failed connections to the garbage collector.
leaves_sockets = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[LocalKafka]:
    """Return a broker that a test may kill."""
    broker = LocalKafka(tmp_path / "kafka", heap_mb=256, start_timeout_s=START_S)
    try:
        broker.start()
    except DependencyMissingError as missing:
        skip_or_fail(f"No Kafka to kill: {missing}")
    try:
        yield broker
    finally:
        broker.stop()
        gc.collect()  # here, and not in some later test that does not expect it


@leaves_sockets
def test_a_broker_that_is_killed_and_restarted_costs_no_event_and_repeats_none(own_broker: LocalKafka) -> None:
    topic = make_topic(own_broker.bootstrap, "restarted")
    events = loans(15_000)
    half_way = threading.Event()

    def sending() -> Iterator[Event]:
        for place, event in enumerate(events):
            if place == len(events) // 2:
                half_way.set()
            yield event

    def restart() -> None:
        assert half_way.wait(WAIT_S)
        own_broker.kill()
        own_broker.start()

    restarter = threading.Thread(target=restart)
    restarter.start()
    delivery = publish(sending(), Destination(own_broker.bootstrap, topic, give_up_s=WAIT_S), rate=3000.0)
    restarter.join()
    assert (delivery.n_sent, delivery.n_failed) == (15_000, 0)
    assert read_partitions(own_broker.bootstrap, topic) == [as_records(events)]


@leaves_sockets
def test_a_broker_that_stays_away_ends_the_sending_with_one_clear_error(own_broker: LocalKafka) -> None:
    topic = make_topic(own_broker.bootstrap, "lost")

    def killing_events() -> Iterator[Event]:
        for place, event in enumerate(simulate_loans(1, LINE, DriftSchedule())):
            if place == 3000:
                own_broker.kill()
            yield event

    with pytest.raises(BrokerUnavailableError, match="Lost the broker"):
        publish(killing_events(), Destination(own_broker.bootstrap, topic, give_up_s=3.0), rate=2000.0)
    with pytest.raises(BrokerUnavailableError, match="No Kafka broker answers"):
        publish(loans(1), Destination(own_broker.bootstrap, topic))
