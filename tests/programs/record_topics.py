"""Records the topics of a former version, from which ``tests/broker/test_upgrade.py`` upgrades.

``git archive TAG | tar -x -C FOLDER``, then ``python -m tests.programs.record_topics FOLDER
tests/data/topics_VERSION.xz``. A broker is started, and the worker, the producers and the commands of that version run
from the folder: loans with a breach, credits with outcomes, a worker that was stopped and started again, and at the end
records that it has not read. Windows, periods and outcomes are open then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from stream_app.edges.files.key_file import key_file_path
from stream_app.edges.host.processes import BoundProcess
from stream_app.edges.kafka.local.broker import LocalKafka
from stream_app.policy import parse_policy
from stream_app.topics import FAIRNESS_PARTIALS, changelog_topic, declared_topics, outcome_join_topic
from tests.programs.chaos.logs import lane_positions, read_json, read_topic, wait_until_decided
from tests.support.servers.stored_topics import StoredTopics, take_topics, write_stored

APP_ID = "years"
_MODELS = ("loans", "credit")
_WINDOWS = 'windows = [{ name = "1m", size_s = 60 }, { name = "10m", size_s = 600 }]\n'
_SPAN_S = 1500  # of event time
_WAIT_S = 120.0


class FormerVersion:
    """An installation of the former version.

    Args:
        source: Its source code.
        folder: Where its files are.
        kafka: Address of the broker.
    """

    def __init__(self, source: Path, folder: Path, kafka: str) -> None:
        self._source, self._folder, self._kafka = source, folder, kafka
        shipped = [(source / f"stream_app/policies/{model}.toml").read_text("utf-8") for model in _MODELS]
        models = [
            text[text.index("[[models]]") :].replace("\n[models.", f"\n{_WINDOWS}[models.", 1) for text in shipped
        ]
        models = [model if "[models." in model else model + _WINDOWS for model in models]
        self.policy = "schema = 1\n" + "".join(models)
        (folder / "policy.toml").write_text(self.policy, "utf-8")
        self._environ = {
            **os.environ,
            "PYTHONPATH": str(source),
            "FAIRSTREAM_KAFKA": kafka,
            "FAIRSTREAM_POLICY": str(folder / "policy.toml"),
            "FAIRSTREAM_STATE": str(folder),
            "FAIRSTREAM_APP_ID": APP_ID,
            "FAIRSTREAM_METRICS_PORT": "0",
            "FAIRSTREAM_FLUSH_S": "3",
        }

    def command(self, *arguments: str) -> str:
        """Run a command to its end and return what it prints."""
        command = [sys.executable, "-m", "stream_app", *arguments]
        done = subprocess.run(
            command, env=self._environ, cwd=self._source, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def produce(self, part: int, n_events: int) -> None:
        """Send a part of both streams, one of three; the third is sent too late to be read."""
        start = datetime.now(UTC) - timedelta(seconds=_SPAN_S * (3 - part) / 3)
        settings = ("--count", str(n_events), "--rate", "0", "--event-rate", str(3 * n_events / _SPAN_S))
        times = ("--start", start.isoformat(), "--seed", str(part), "--duplicate", "0.03")
        self.command("produce", "loans", "--drift", "0.9", *settings, *times)
        self.command("produce", "credit", "--outcome-delay", "120", *settings, *times)

    def work_until(self, is_done: Callable[[], bool]) -> None:
        """Run a worker until something is true."""
        # The interpreter looks for the package in the working directory first.
        command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self._source), sys.executable, "-m", "stream_app"]
        with BoundProcess([*command, "worker"], self._folder / "worker.log", env=self._environ) as worker:
            deadline_s = time.monotonic() + _WAIT_S
            while not is_done():
                if time.monotonic() > deadline_s:
                    raise SystemExit((self._folder / "worker.log").read_text("utf-8")[-3000:])
                time.sleep(0.5)
            worker.stop()


def main() -> None:
    """Record, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="Folder with the source code of the former version.")
    parser.add_argument("path", type=Path, help="File to write.")
    parser.add_argument("--events", type=int, default=310, help="Events of each part and stream.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, LocalKafka(Path(name) / "kafka", start_timeout_s=300.0) as kafka:
        former = FormerVersion(arguments.source.resolve(), Path(name), kafka.bootstrap)
        former.command("keys", "init")
        former.command("topics", "create", "--partitions", "2")
        for part in (0, 1):
            former.produce(part, arguments.events)
            former.work_until(partial(_is_judged, kafka.bootstrap))
        former.produce(2, arguments.events)
        specs = declared_topics(parse_policy(former.policy), APP_ID)
        wait_until_decided(kafka.bootstrap, [spec.name for spec in specs])
        stored = StoredTopics(
            former.command("--version").split()[-1],
            APP_ID,
            former.policy,
            key_file_path(Path(name)).read_bytes(),
            take_topics(kafka.bootstrap, {spec.name: spec.config["cleanup.policy"] for spec in specs}),
        )
        n_breaches = sum(alert["change"] == "breach" for alert in read_json(kafka.bootstrap, "fairness-alerts"))
    if not n_breaches:
        raise SystemExit("No breach was recorded; send more events")
    write_stored(arguments.path, stored)
    n_records = sum(map(len, (records for topic in stored.topics for records in topic.records)))
    size = arguments.path.stat().st_size
    sys.stdout.write(f"{stored.version}: {n_records} records, {n_breaches} breaches, {size} bytes\n")


def _is_judged(kafka: str) -> bool:
    """Return whether everything that was sent is counted and judged; what is counted is stored with its partials."""
    return all(_is_read(kafka, topic, changelog) for topic, changelog in _lanes())


def _is_read(kafka: str, topic: str, changelog: str) -> bool:
    ends = {message.partition(): message.offset() + 1 for message in read_topic(kafka, topic)}
    positions = lane_positions(kafka, changelog)
    return bool(ends) and all(positions.get(partition, 0) >= end for partition, end in ends.items())


def _lanes() -> Iterator[tuple[str, str]]:
    """Yield what lanes read and where they store how far they are, in the order in which records pass them."""
    for model in _MODELS:
        yield f"{model.removesuffix('s')}-decisions-raw", changelog_topic(APP_ID, "ingest", model)
    yield "credit-outcomes-raw", changelog_topic(APP_ID, "outcome ingest", "credit")
    yield outcome_join_topic(APP_ID, "credit"), changelog_topic(APP_ID, "outcomes", "credit")
    yield FAIRNESS_PARTIALS, changelog_topic(APP_ID, "judge")


if __name__ == "__main__":
    main()
