"""The scoring model: what it accepts, what it answers, and that copying it is noticed while honest use is not."""

from __future__ import annotations

import json
import logging
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from stream_app.programs.audit.places import create_log
from stream_app.settings import Settings
from stream_app.web_app.api.metrics import SUSPECTED
from stream_app.web_app.api.resources.audit_history import newest_entries
from stream_app.web_app.api.running import start_api
from stream_app.web_app.api.scoring.extraction import MIN_QUERIES, Signal, pattern_of
from stream_app.web_app.api.scoring.model import Application, probability
from stream_app.web_app.api.scoring.observed import ObservedQueries, Suspicion
from tests.support.web.applicants import ATTACKS, HONEST, applicants
from tests.support.web.programs import Program, error_of, make_token

QUERY = {"credit_score": 640, "income": 40_000, "loan_amount": 15_000.5, "product": "auto"}
MOST = 10_000


def ask(program: Program, body: bytes | dict[str, Any], content_type: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return program.ask("POST", "/api/score", data=data, content_type=content_type)


def analyst() -> Program:
    return Program(make_token("analyst"))


def test_an_application_gets_a_rounded_probability_and_a_decision() -> None:
    answer = ask(analyst(), QUERY)
    chance = probability(Application(640, 40_000, 15_000.5, "auto"))
    assert answer.json() == {"score": round(chance, 2), "approved": True, "model_version": "demo-1"}
    assert ask(analyst(), QUERY | {"credit_score": 300}).json()["approved"] is False
    assert ask(analyst(), QUERY, "application/json; charset=utf-8").status_code == 200


@pytest.mark.parametrize("role", ["viewer", "auditor", "administrator"])
def test_only_an_analyst_asks_the_model(role: str) -> None:
    assert ask(Program(make_token(role)), QUERY).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"credit_score": 299}, "credit_score"),
        ({"credit_score": 851}, "credit_score"),
        ({"credit_score": 640.5}, "credit_score"),
        ({"credit_score": True}, "credit_score"),
        ({"credit_score": "640"}, "credit_score"),
        ({"credit_score": None}, "credit_score"),
        ({"income": -1}, "income"),
        ({"income": 1e8}, "income"),
        ({"income": "1000"}, "income"),
        ({"income": [1]}, "income"),
        ({"product": "yacht"}, "product"),
        ({"product": "auto\r\nforged"}, "product"),
    ],
)
def test_an_impossible_application_is_rejected_by_the_name_of_its_field(change: dict[str, Any], field: str) -> None:
    answer = ask(analyst(), QUERY | change)
    assert answer.status_code == 422
    assert error_of(answer)["parameters"] == [field]


def test_an_unknown_or_missing_field_is_rejected_and_not_repeated() -> None:
    answer = ask(analyst(), QUERY | {"hunter2": "female"})
    assert (answer.status_code, error_of(answer).get("parameters")) == (422, None)
    assert b"hunter2" not in answer.content
    assert error_of(ask(analyst(), {}))["parameters"] == sorted(QUERY)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 60_000, b'{"a":' * 9_000, b"{}{}", b"{'a': 1}",
        b'{"credit_score":640,"income":NaN,"loan_amount":1,"product":"auto"}',
        b'{"credit_score":640,"income":Infinity,"loan_amount":1,"product":"auto"}',
        b'{"credit_score":640,"income":1e400,"loan_amount":1,"product":"auto"}',
        b'{"credit_score":640,"credit_score":641,"income":1,"loan_amount":1,"product":"auto"}',
        b'{"credit_score":' + b"9" * 5_000 + b',"income":1,"loan_amount":1,"product":"auto"}',
        b'{"credit_score":640,"income":1,"loan_amount":1,"product":"\\ud800"}',
        b'{"query":{"credit_score":640,"income":1,"loan_amount":1,"product":"auto"}}',
    ],
)  # fmt: skip
def test_what_is_no_such_json_is_rejected(body: bytes) -> None:
    answer = ask(analyst(), body)
    assert answer.status_code in (400, 415, 422)
    error_of(answer)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_accepted(content_type: str) -> None:
    answer = ask(analyst(), QUERY, content_type)
    assert (answer.status_code, error_of(answer)["code"]) == (415, "unsupported_media_type")


def test_writes_are_limited_to_a_hundred_in_a_minute() -> None:
    program = analyst()
    codes = [ask(program, QUERY).status_code for _ in range(100)]
    assert codes == [200] * 100
    start_api(Settings(api_writes_per_min=1))
    assert [ask(program, QUERY).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("n", [50, MIN_QUERIES, 1000, 9000])
@pytest.mark.parametrize("seed", range(3))
def test_honest_use_raises_no_alarm(name: str, n: int, seed: int) -> None:
    assert pattern_of(dict.fromkeys(islice(HONEST[name](seed), n))).signals(MOST) == set()


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("seed", range(3))
def test_an_attack_is_noticed_soon(name: str, seed: int) -> None:
    alarms: list[Suspicion] = []
    observed = ObservedQueries(MOST, alarms.append)
    for query in islice(ATTACKS[name](seed), 600):
        observed.note("a", query)
    assert alarms
    assert alarms[0].n <= 500
    assert {alarm.token for alarm in alarms} == {"a"}
    assert len({alarm.signal for alarm in alarms}) == len(alarms)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_between_honest_queries_and_duplicates_is_noticed(name: str) -> None:
    honest, attack = applicants(7), list(islice(ATTACKS[name](7), 1152))
    alarms: list[Suspicion] = []
    observed = ObservedQueries(MOST, alarms.append)
    for number, query in enumerate(attack):
        observed.note("a", query)
        observed.note("a", attack[0])
        if number % 5 < 4:  # 44 in 100 of the different queries are honest
            observed.note("a", next(honest))
    assert alarms


def test_volume_counts_different_queries_of_one_token() -> None:
    alarms: list[Suspicion] = []
    observed = ObservedQueries(300, alarms.append)
    different = list(dict.fromkeys(islice(applicants(1), 500)))
    for number, query in enumerate(different[:290]):
        for token in ("a", f"b{number % 10}"):
            observed.note(token, query)
            observed.note(token, query)
    assert not alarms
    for query in different[290:400]:
        observed.note("a", query)
    assert [(alarm.token, alarm.signal) for alarm in alarms] == [("a", Signal.VOLUME)]


def test_a_suspicion_ends_a_day_after_its_queries_and_memory_is_bounded() -> None:
    now = [0.0]
    alarms: list[Suspicion] = []
    observed = ObservedQueries(MOST, alarms.append, now=lambda: now[0])
    for query in islice(ATTACKS["uniform"](1), 300):
        observed.note("a", query)
    assert observed.suspected() == {"a": {Signal.UNUSUAL}}
    now[0] = 24 * 3600 + 1
    assert observed.suspected() == {}
    for number in range(60):
        observed.note(str(number), Application(640, 1, 1, "auto"))
    assert len(observed.suspected()) == 50


def test_a_suspicion_is_in_the_logs_and_in_the_metrics(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(state_dir=str(tmp_path), api_writes_per_min=100_000)
    start_api(settings)
    create_log(settings, "a/test")
    program = analyst()
    with caplog.at_level(logging.WARNING, "stream_app"):
        for query in islice(ATTACKS["uniform"](1), 250):
            assert ask(program, query._asdict()).status_code == 200
    (message,) = [message for message in caplog.messages if "extraction" in message]
    assert "signal=unusual" in message
    (entry,) = newest_entries(settings)[:1]
    assert (entry.type, entry.data["signal"]) == ("model-extraction-suspected", "unusual")
    assert entry.data["unusual_percent"] > 90
    text = Program(make_token("viewer", ["metrics"])).get("/api/metrics").content.decode()
    assert f'{SUSPECTED}{{signal="unusual",token="{entry.data["token"]}"}} 1.0' in text
    assert f'{SUSPECTED}{{signal="grid",token="{entry.data["token"]}"}} 0.0' in text


def test_a_score_is_given_though_the_suspicion_cannot_be_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(state_dir=str(tmp_path), api_writes_per_min=100_000, api_scores_per_day=1)
    start_api(settings)
    create_log(settings, "a/test")
    (tmp_path / "keys" / "audit-signing-key").chmod(0o644)
    assert ask(analyst(), QUERY).status_code == 200
    assert any("not in the audit log" in message for message in caplog.messages)
