"""The web application on a real Kafka and a real database: kills, a topic that is read again, a broker that is away."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from kafka import KafkaProducer

from stream_app.edges.kafka.admin import create_topics
from stream_app.pipeline.records.alerts import encode_alert
from stream_app.pipeline.records.results import encode_result
from stream_app.policy import read_policy_text
from stream_app.topics import DEAD_LETTERS, FAIRNESS_ALERTS, FAIRNESS_RESULTS, declared_topics
from tests.support.sample_alert import ALERT
from tests.support.servers.postgresql import open_postgresql
from tests.support.web.application import Application, wait_until
from tests.support.web.set_aside import letter
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result

N_WINDOWS, N_ALERTS, N_LETTERS = 450, 50, 300
_ROWS = 'SELECT "end_s", "revision", "state" FROM projection_windowrow WHERE model = {} ORDER BY end_s'
_ALERTS = "SELECT count(*) FROM projection_alertrow WHERE model = {}"
_CASES = (
    "SELECT c.id, count(*) FROM cases_case c JOIN cases_casealert a ON a.case_id = c.id WHERE c.model = {} "
    "GROUP BY c.id"
)
_LETTERS = "SELECT coalesce(sum(n), 0) FROM projection_recordcount WHERE model = {}"
_POSITIONS = "SELECT count(*) FROM projection_topicpartition"
_DELETE_POSITIONS = "DELETE FROM projection_topicpartition"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Return the address of the database; None for SQLite in the state folder."""
    if request.param == "sqlite":
        yield None
    else:
        with open_postgresql() as address:
            yield address


def ask(folder: Path, url: str | None, text: str, *values: str) -> list[tuple[Any, ...]]:
    """Run a statement beside the application and return the rows."""
    statement = text.format(*["?" if url is None else "%s"] * len(values))
    with closing(sqlite3.connect(folder / "web.sqlite3", timeout=60) if url is None else psycopg.connect(url)) as base:
        cursor: Any = base.execute(statement, values)
        rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        base.commit()
        return rows


def publish(kafka: str, model: str) -> list[tuple[int, int, str]]:
    """Write results, some of them twice and some corrected, and alerts; return the rows that they make."""
    fair, unfair = race_result(100, FAIR), race_result(100, UNFAIR)
    rows = []
    producer = KafkaProducer(bootstrap_servers=kafka)
    for number in range(1, N_WINDOWS + 1):
        base = unfair if number % 7 == 0 else fair
        end_s = 100 * number
        result = msgspec.structs.replace(base, model=model, start_s=end_s - 100, end_s=end_s)
        revisions = [result, msgspec.structs.replace(result, revision=1)] if number % 5 == 0 else [result]
        for revision in [*revisions, *revisions[: number % 2]]:
            producer.send(FAIRNESS_RESULTS, encode_result(revision), key=model.encode())
        rows.append((end_s, revisions[-1].revision, str(result.state)))
    for number in range(N_ALERTS):
        alert = msgspec.structs.replace(ALERT, model=model, pane_s=100 * number)
        producer.send(FAIRNESS_ALERTS, encode_alert(alert), key=model.encode())
    for _ in range(N_LETTERS):
        producer.send(DEAD_LETTERS, letter(model=model))
    producer.flush()
    producer.close()
    return rows


@contextmanager
def arriving(kafka: str) -> Iterator[None]:
    """Write records all the time until the block ends, so that there is always one that is not read yet.

    They have no value: nothing of them is stored but the position.
    """
    ended = threading.Event()

    def write() -> None:
        producer = KafkaProducer(bootstrap_servers=kafka)
        while not ended.wait(0.005):
            producer.send(FAIRNESS_RESULTS, None, key=b"nobody")
        producer.close()

    thread = threading.Thread(target=write, name="arriving", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def current_at(application: Application) -> str:
    """Return the time up to which the overview is current; empty while it is stale."""
    found = re.search(r"Current as of ([^<]+ UTC)", application.page(application.address))
    return "" if found is None else found[1]


def test_kills_and_a_second_reading_lose_and_double_nothing(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str], database_url: str | None
) -> None:
    model = fresh_name("model")
    policy = tmp_path / "policy.toml"
    policy.write_text(read_policy_text("loanapp").replace(f'"{MODEL.name}"', f'"{model}"', 1), "utf-8")
    read = ("fairness-", DEAD_LETTERS)
    create_topics(kafka, [spec for spec in declared_topics(POLICY, "unused") if spec.name.startswith(read)])
    expected = publish(kafka, model)
    environ = {"FAIRSTREAM_KAFKA": kafka, "FAIRSTREAM_POLICY": str(policy)}
    if database_url is not None:
        environ["FAIRSTREAM_DATABASE_URL"] = database_url
    application = Application(tmp_path, environ)

    def rows() -> list[tuple[Any, ...]]:
        return ask(tmp_path, database_url, _ROWS, model)

    def n_alerts() -> int:
        return int(ask(tmp_path, database_url, _ALERTS, model)[0][0])

    def cases() -> list[tuple[Any, ...]]:
        return ask(tmp_path, database_url, _CASES, model)

    def has_more_than(n: int) -> bool:
        return len(rows()) > min(n, len(expected) - 1)

    def n_positions() -> int:
        return int(ask(tmp_path, database_url, _POSITIONS)[0][0])

    def n_letters() -> int:
        return int(ask(tmp_path, database_url, _LETTERS, model)[0][0])

    def is_complete() -> bool:
        # The case, too, is made by what is stored; the newest row may be there before its correction.
        in_cases = [n for _, n in cases()]
        return (rows(), n_alerts(), n_letters(), in_cases) == (expected, N_ALERTS, N_LETTERS, [N_ALERTS])

    for _ in range(2):  # killed in the middle of what it stores
        n_stored = len(rows()) if application.address else 0
        with application.run() as process:
            wait_until("more is stored", partial(has_more_than, n_stored), application.log_tail)
            process.kill()
    with application.run():
        application.become_administrator()
        wait_until("everything is stored", is_complete, application.log_tail)
        ask(tmp_path, database_url, _DELETE_POSITIONS)  # the running process notices, and reads the topics again
        wait_until("the topics are read again", lambda: n_positions() > 0, application.log_tail)
        wait_until("all of it is current", lambda: "Current as of" in application.page(application.address))
        assert (rows(), n_alerts()) == (expected, N_ALERTS)
        opened = cases()
        assert [n for _, n in opened] == [N_ALERTS]  # one case, with every alert once
        assert application.command("rebuild", "--yes").returncode == 0
        wait_until("everything is stored again", is_complete, application.log_tail)
        assert rows() == expected
        assert cases() == opened
        wait_until("all of it is current", lambda: "Current as of" in application.page(application.address))
        with arriving(kafka):
            started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + 1))
            wait_until("it is current while results arrive", lambda: current_at(application) > started)
    with application.run(FAIRSTREAM_KAFKA="127.0.0.1:1") as process:
        wait_until("it is stale", lambda: "Stale since" in application.page(application.address))
        address = f"{application.address}/models/{model}"
        wait_until("the reason is known", lambda: "No Kafka broker answers" in application.page(address))
        page = application.page(address)
        assert '<span class="stale">stale</span>' in page
        assert process.stop() == 0
