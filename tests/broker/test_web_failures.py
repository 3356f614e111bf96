"""What people see while the database is gone or its disk is full, and that nothing is lost or doubled by it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
from kafka import KafkaProducer

from stream_app.edges.kafka.admin import create_topics
from stream_app.pipeline.records.results import encode_result
from stream_app.policy import read_policy_text
from stream_app.topics import FAIRNESS_RESULTS, declared_topics
from stream_app.web_app.host.database_faults import AWAY, FULL
from tests.support.paths import ROOT
from tests.support.servers.postgresql import run_postgresql
from tests.support.web.application import Application, wait_until
from tests.support.web.pages import PASSWORD
from tests.support.web.window_results import FAIR, MODEL, POLICY, race_result

N_WINDOWS = 120


class Answer(NamedTuple):
    status: int
    body: dict[str, object]


class Stage:
    """An application with the results of a model of its own.

    Args:
        kafka: The broker.
        folder: State folder.
        model: Name of the model.
        environ: Further settings.
    """

    def __init__(self, kafka: str, folder: Path, model: str, **environ: str) -> None:
        policy = folder / "policy.toml"
        policy.write_text(read_policy_text("loanapp").replace(f'"{MODEL.name}"', f'"{model}"', 1), "utf-8")
        create_topics(kafka, [spec for spec in declared_topics(POLICY, "unused") if spec.name.startswith("fairness-")])
        self.application = Application(folder, {"FAIRSTREAM_KAFKA": kafka, "FAIRSTREAM_POLICY": str(policy), **environ})
        self._kafka, self._model, self._n, self._token = kafka, model, 0, ""

    def publish(self) -> None:
        """Write the results of further windows."""
        producer, result = KafkaProducer(bootstrap_servers=self._kafka), race_result(100, FAIR)
        for _ in range(N_WINDOWS):
            self._n += 1
            times = {"start_s": 100 * self._n - 100, "end_s": 100 * self._n}
            value = encode_result(msgspec.structs.replace(result, model=self._model, **times))
            producer.send(FAIRNESS_RESULTS, value, key=self._model.encode())
        producer.flush()
        producer.close()

    def make_token(self) -> None:
        """Create the token with which the API is asked."""
        made = self.application.command("tokens", "create", "a test", "--role", "viewer")
        assert made.returncode == 0, made.stderr
        self._token = made.stdout.strip()

    def ask(self) -> Answer:
        """Ask the API for all results of the model."""
        address = f"{self.application.address}/api/results?model={self._model}&limit=1000"
        request = Request(address, headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310  # ours
        try:
            with urlopen(request, timeout=120) as answer:  # noqa: S310  # ours
                return Answer(answer.status, json.load(answer))
        except HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))

    def is_complete(self) -> bool:
        """Return whether every published result is there, once."""
        answer = self.ask()
        items = answer.body.get("items")
        return isinstance(items, list) and [item["end_s"] for item in items] == [
            100 * number for number in range(self._n, 0, -1)
        ]

    def overview(self) -> str:
        """Return the overview."""
        return self.application.page(self.application.address)

    def is_current(self) -> bool:
        """Return whether every topic was read to its end."""
        return "Current as of" in self.overview()

    def assert_log_is_quiet(self) -> None:
        """Check that each line is one object, without a trace or anything of a record."""
        lines = [line for line in self.application.log.splitlines() if line.startswith("{")]
        assert lines
        assert all("exception" not in json.loads(line) for line in lines), lines
        assert "Traceback" not in self.application.log
        assert '"groups"' not in self.application.log


def is_stale_and_full(page: str) -> bool:
    return "Stale since" in page and FULL in page


@pytest.mark.timeout(900)
def test_a_database_that_is_gone_is_said_and_nothing_is_lost(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    with run_postgresql() as server:
        stage = Stage(kafka, tmp_path, fresh_name("model"), FAIRSTREAM_DATABASE_URL=server.address)
        stage.publish()
        application = stage.application
        with application.run() as process:
            application.become_administrator()
            stage.make_token()
            wait_until("everything is stored", stage.is_complete, application.log_tail)
            server.stop()
            stage.publish()
            page, answer = stage.overview(), stage.ask()
            assert f"{AWAY}. What was stored is safe" in page
            assert (answer.status, answer.body["error"]["code"]) == (503, "unavailable")  # type: ignore[index]  # JSON
            for number in (page.partition("<code>")[2][:16], answer.body["error"]["request_id"]):  # type: ignore[index]
                assert f"request_id={number}" in application.log
            assert application.page(f"{application.address}/livez") == "ok\n"
            assert AWAY in application.page(f"{application.address}/readyz")
            server.start()
            wait_until("the rest is stored", stage.is_complete, application.log_tail)
            wait_until("it is current", stage.is_current, application.log_tail)
            stage.assert_log_is_quiet()
            process.kill()
        with application.run():
            assert stage.is_complete()
            assert "Log out" in stage.overview(), "the session has outlived both"


@pytest.mark.timeout(900)
def test_a_full_disk_is_said_and_nothing_is_lost(kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]) -> None:
    stage = Stage(kafka, tmp_path, fresh_name("model"))
    stage.publish()
    application = stage.application
    with application.run() as process:
        application.become_administrator()
        stage.make_token()
        wait_until("everything is stored", stage.is_complete, application.log_tail)
        for _ in range(3):  # a long history of other tests
            with suppress(AssertionError):
                wait_until("all topics were read to their ends", stage.is_current, application.log_tail)
                break
        assert stage.is_current()
        most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (65_536, most))  # no file grows: the disk is full
        stage.publish()
        wait_until("it is stale, and why", lambda: is_stale_and_full(stage.overview()), application.log_tail)
        assert stage.ask().status == 200, "what is stored can be read"
        other = Application(tmp_path, application.environ, application.address)
        assert FULL in other.send(f"{application.address}/login", username="ada", password=PASSWORD)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        wait_until("the rest is stored", stage.is_complete, application.log_tail)
        wait_until("it is current", stage.is_current, application.log_tail)
        stage.assert_log_is_quiet()
        assert process.stop() == 0


def test_a_state_folder_that_cannot_be_written_is_said_in_one_line() -> None:
    command = [sys.executable, "-m", "stream_app", "web", "--policy", "demo", "--state-dir", "/sys/kernel"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT)
    assert done.returncode == 74
    assert done.stderr == (
        "fairstream: Cannot write /sys/kernel/web.sqlite3: Permission denied. Choose a folder that you may write to\n"
    )
