"""Errors of the API: JSON that says what is wrong and repeats nothing of the request."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import DatabaseError

from stream_app.web_app.api.models import Token
from stream_app.web_app.host.database_faults import AWAY
from stream_app.web_app.projection.models import WindowRow
from tests.support.web.programs import Program, error_of, make_token

SECRET = "hunter2"  # noqa: S105  # of nothing


@pytest.mark.parametrize(
    "path",
    [
        f"/api/{SECRET}",
        f"/api/results/{SECRET}",
        f"/api/results?model={SECRET}",
        f"/api/results?{SECRET}=1",
        f"/api/results?model=loanapp&model={SECRET}",
        f"/api/results?attribute=race%22)+or+vector(1)+%23{SECRET}",
        f"/api/results?window={SECRET}' OR 1=1 --",
        f"/api/results?state={SECRET}",
        f"/api/results?since={SECRET}",
        f"/api/results?limit={SECRET}",
        "/api/results?limit=0",
        "/api/results?limit=1001",
        "/api/results?limit=" + "9" * 5000,
        f"/api/results?cursor={SECRET}",
        "/api/results?cursor=%00",
        "/api/results?cursor=OTk5OTk5OTk5OTk5OTk5LmFhYQ",
        "/api/results?model=%00",
        "/api/results?model=%ff",
        "/api/results?since=2026-01-01T00:00:00",
        "/api/results?since=1e400",
        "/api/results?since=99999999999999999999",
        f"/api/explanation?model={SECRET}&attribute=race",
        f"/api/explanation?model=loanapp&attribute={SECRET}",
        "/api/explanation?model=loanapp",
        f"/api/alerts/{SECRET}",
        "/api/alerts/..%2f..%2fetc%2fpasswd",
        "/api/alerts/%2e%2e",
        f"/api/alerts?change={SECRET}",
        f"/api/policies?x={SECRET}",
        f"/api/health?x={SECRET}",
    ],
)
def test_an_error_names_what_is_wrong_and_repeats_nothing(path: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Program(make_token("viewer")).get(path, {"X-Request-Id": f"a{SECRET}"})
    assert answer.status_code in (404, 422)
    error_of(answer)
    assert SECRET not in answer.content.decode()
    assert SECRET not in json.dumps(dict(answer.headers))
    ours = [record for record in caplog.records if record.name.startswith("stream_app")]
    assert SECRET not in "".join(record.getMessage() for record in ours)


def test_another_host_and_a_large_body_get_json_too() -> None:
    program = Program(make_token("viewer"))
    answer = program.get("/api/policies", {"host": "elsewhere.example"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "bad_request")
    assert b"elsewhere" not in answer.content


def test_prometheus_may_use_any_name_of_the_process() -> None:
    scraped = Program(make_token("viewer", ["metrics"])).get("/api/metrics", {"host": "10.0.0.7:8600"})
    assert (scraped.status_code, b"# TYPE fairstream_model_extraction_level gauge" in scraped.content) == (200, True)
    assert Program().get("/api/metrics", {"host": "10.0.0.7:8600"}).status_code == 401


def test_a_failure_is_answered_by_its_id_which_the_log_has(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(WindowRow.objects, "filter", fail)
    with caplog.at_level(logging.ERROR):
        answer = Program(make_token("viewer")).get("/api/results")
    assert answer.status_code == 500
    error = error_of(answer)
    assert (error["code"], SECRET in answer.content.decode()) == ("internal", False)
    assert any(f"request_id={error['request_id']}" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("where", ["token", "route"])
def test_a_database_that_does_not_answer_is_said(
    where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = make_token("viewer")

    def fail(*_: Any, **__: Any) -> Any:
        raise DatabaseError

    objects, name = (Token.objects, "raw") if where == "token" else (WindowRow.objects, "filter")
    monkeypatch.setattr(objects, name, fail)
    answer = Program(text).get("/api/results")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "unavailable")
    [line] = [record.getMessage() for record in caplog.records if record.name.startswith("stream_app")]
    assert line == f"API request failed request_id={answer['X-Request-Id']} status=503 fault={AWAY}"


def test_no_answer_is_kept_or_opened_to_other_origins() -> None:
    for answer in (Program().get("/api/health"), Program(make_token("viewer")).get("/api/policies")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
