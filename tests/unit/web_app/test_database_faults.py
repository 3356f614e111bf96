"""What pages and the log say of a database that is away, full or read-only: by the errors of real databases."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError

from stream_app.edges.host.ports import free_port
from stream_app.web_app.host.database_faults import AWAY, FULL, READ_ONLY, fault_of
from stream_app.web_app.projection import freshness as states
from stream_app.web_app.projection.freshness import freshness, note_fault
from stream_app.web_app.projection.models import AlertRow, Reading
from stream_app.web_app.projection.store import TOPICS
from tests.support.web.pages import browser

FILL = "INSERT INTO t VALUES (zeroblob(100000))"


def error_of(statement: str, path: Path, *, is_read_only: bool = False) -> DatabaseError:
    """Return the error of a statement on a small database of SQLite, as Django raises it."""
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE IF NOT EXISTS t (x)")
    with closing(sqlite3.connect(f"file:{path}{'?mode=ro' * is_read_only}", uri=True)) as base:
        base.execute("PRAGMA max_page_count = 3")
        try:
            base.execute(statement)
        except sqlite3.Error as error:
            wrapped = OperationalError(*error.args)
            wrapped.__cause__ = error
            return wrapped
    pytest.fail("the statement did not fail")


def test_a_full_disk_and_a_read_only_file_are_told_apart(tmp_path: Path) -> None:
    assert fault_of(error_of(FILL, tmp_path / "a")) == FULL
    assert fault_of(error_of("INSERT INTO t VALUES (1)", tmp_path / "b", is_read_only=True)) == READ_ONLY
    assert fault_of(error_of("SELECT nothing", tmp_path / "c")) == AWAY


def test_a_server_that_is_gone_is_away() -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(f"postgresql://fairstream@127.0.0.1:{free_port()}/postgres", connect_timeout=5)
    assert fault_of(caught.value) == AWAY


def test_a_page_says_what_is_wrong_and_by_which_number_the_log_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = error_of(FILL, tmp_path / "a")

    def fail(*_: Any, **__: Any) -> Any:
        raise full

    client = browser("viewer")
    monkeypatch.setattr(AlertRow.every_alert, "filter", fail)
    with caplog.at_level(logging.INFO):
        answer = client.get("/alerts/0123456789ab")
    assert answer.status_code == 503
    number = answer["X-Request-Id"]
    assert FULL in answer.content.decode()
    assert f"<code>{number}</code>" in answer.content.decode()
    [line] = [record for record in caplog.records if record.name.startswith("stream_app")]
    assert line.getMessage() == f"page failed request_id={number} fault={FULL}"
    assert line.exc_info is None


def test_what_cannot_be_stored_is_said_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "_unstored", {})
    for topic in TOPICS:
        Reading.objects.create(topic=topic, current_at_s=1.0)
    note_fault(TOPICS[0], FULL)
    assert (freshness().is_current, freshness().fault) == (False, FULL)
    assert FULL in browser("viewer").get("/").content.decode()
    note_fault(TOPICS[0], "")
    assert freshness().fault == ""
