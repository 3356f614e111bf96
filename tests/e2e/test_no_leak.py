"""Identifiers that carry a random marker are looked for everywhere that FairStream writes to or answers from.

The canary is in identifiers, in labels, in fields that must be dropped, in keys that nobody declared, and in records
that cannot be decoded. It may be found in the raw topics, which belong to the customer, and nowhere else.
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.canary.commands import published_counts, run_commands
from tests.support.canary.records import N_GOOD, bad_records
from tests.support.canary.stage import Stage, run_stage
from tests.support.canary.web_search import search_web


@pytest.mark.timeout(900)
def test_a_canary_in_identifiers_and_bad_records_is_found_in_the_raw_topics_only(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str], app_id: str
) -> None:
    canary = f"CANARY{uuid.uuid4().hex}"
    with run_stage(kafka, tmp_path, fresh_name, app_id) as stage:
        bad = bad_records(canary)
        stage.send(canary, bad)
        assert canary not in stage.wait_until_counted(len(bad))
        crash(stage, canary)
        for words, printed in run_commands(stage).items():
            assert canary.encode() not in printed, f"the canary leaked into the output of {words}"
        look_into_topics(stage, canary)
        look_into_web(stage, canary)
        shown = published_counts(stage)
        assert {record["noise"] for record in shown} == {"discrete Laplace"}
        assert {record["scale"] for record in shown} == {"4"}
        assert any(record["cells"] for record in shown), "about eighty in each cell, and a noise of four"
        look_into_files(stage, canary)


def crash(stage: Stage, canary: str) -> None:
    """End the worker so that the crash message of Python's fault handler goes to the log."""
    stage.worker.signal(signal.SIGABRT)
    stage.worker.wait(120)
    log = stage.log.read_text("utf-8", "replace")
    assert "Fatal Python error" in log
    assert canary not in log


def look_into_topics(stage: Stage, canary: str) -> None:
    """Find the canary in every raw topic, and in no other."""
    marker = canary.encode()
    seen_in_raw, written = 0, 0
    for topic, record in stage.all_records():
        parts = [record.key or b"", record.value or b"", *(v or b"" for _, v in record.headers)]
        is_in_it = any(marker in part for part in parts) or any(canary in name for name, _ in record.headers)
        if topic.endswith("-raw"):
            seen_in_raw += is_in_it
        else:
            written += 1
            assert not is_in_it, f"the canary leaked into {topic}"
    assert seen_in_raw >= 3 * N_GOOD, "the test must be able to see the canary"
    assert written > 3 * N_GOOD, "the worker must have written something"
    assert stage.topics_of_broker() <= {*stage.topics}, "every topic of the deployment was read"


def look_into_web(stage: Stage, canary: str) -> None:
    """Look at every page and answer, and at every value of the database of the web application."""
    found = search_web(stage)
    leaks = [where for where, text in found.texts.items() if canary in text]
    leaks += [column for column, value in found.values if canary.encode() in value]
    assert leaks == []
    opened = {where for where, text in found.texts.items() if stage.loans in text}
    assert {f"viewer /api/results?model={stage.loans}&attribute=gender", "auditor /"} <= opened, "there was something"
    stored = {column for column, _ in found.values}
    assert {"projection_windowrow.body", "projection_verdict.body", "django_session.session_data"} <= stored


def look_into_files(stage: Stage, canary: str) -> None:
    """Look into every file of the state folder, which has also the temporary ones."""
    names = {path.name for path in stage.folder.rglob("*")}
    assert {"manifest.json", "report.html", "records.jsonl", "web.sqlite3", "web.log"} <= names
    assert any(name.startswith("seg-") for name in names), "the audit log exists"
    for path in stage.folder.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), f"the canary leaked into {path.name}"
