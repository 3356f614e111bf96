"""The routes of the FairLens specification: exactly its fields, its numbers, its texts, its audit entries."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from stream_app.core.groups.counts import GroupCount
from stream_app.programs.audit.events import append_event
from stream_app.programs.audit.places import create_log, log_folder
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.api.running import start_api
from stream_app.web_app.api.scenarios import compare_rates, describe
from stream_app.web_app.projection.store import Store
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.window_results import FAIR, POLICY, UNFAIR, race_result, run_of

FIELDS = ["female_rate", "male_rate", "dir", "dir_alert", "gap", "gap_alert"]
PATH = "/api/monitor_fairness"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Settings:
    """Run the API on a state folder of its own."""
    made = Settings(state_dir=str(tmp_path))
    start_api(made)
    return made


def ask(query: str = "", role: str = "viewer") -> dict[str, Any]:
    answer = Program(make_token(role)).get(PATH + query)
    assert answer.status_code == 200, answer.content
    decoded: dict[str, Any] = answer.json()
    return decoded


def test_the_answer_has_the_fields_and_numbers_of_the_specification(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "stream_app"):
        found = ask("?n_samples=1000&drift_level=0.5")
    assert list(found) == ["fair_scenario", "drifted_scenario", "audit_tail"]
    assert list(found["fair_scenario"]) == FIELDS
    assert list(found["drifted_scenario"]) == [*FIELDS, "explanation", "encrypted_alert"]
    assert list(found["fair_scenario"].values()) == [0.7, 0.7, 1.0, False, 0.0, False]
    assert list(found["drifted_scenario"].values())[:6] == [0.5, 0.7, pytest.approx(0.714286), True, 0.2, False]
    assert found["drifted_scenario"]["explanation"].startswith("DIR = 0.71 (<0.8)")
    assert "statistical, not causal" in found["drifted_scenario"]["explanation"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "fairness alert source=simulated dir=0.71"
    ]


def test_the_defaults_are_a_thousand_samples_and_a_level_of_one_half() -> None:
    assert ask()["drifted_scenario"]["dir"] == ask("?n_samples=1000&drift_level=0.5")["drifted_scenario"]["dir"]


def test_without_drift_there_is_no_alert_and_a_stable_line(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with caplog.at_level(logging.INFO, "stream_app"):
        drifted = ask("?drift_level=0")["drifted_scenario"]
    assert (drifted["dir_alert"], drifted["gap_alert"], drifted["encrypted_alert"]) == (False, False, None)
    assert "considered fair" in drifted["explanation"]
    assert "fairness stable source=simulated dir=1.00" in caplog.messages
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize(("level", "gap_alert"), [(0.5, False), (0.51, True), (1, True)])
def test_a_gap_of_exactly_one_fifth_is_no_alert(level: float, gap_alert: bool) -> None:  # noqa: FBT001  # a case
    assert ask(f"?n_samples=2000&drift_level={level}")["drifted_scenario"]["gap_alert"] is gap_alert


@pytest.mark.parametrize("n", [0, 1])
def test_a_reference_rate_of_zero_gives_no_ratio_but_a_reason_and_an_alert(n: int) -> None:
    drifted = ask(f"?n_samples={n}")["drifted_scenario"]
    assert (drifted["male_rate"], drifted["dir"], drifted["reason"]) == (0.0, None, "male_rate_zero")
    assert drifted["dir_alert"] is True
    assert "DIR not computable: the reference rate is zero." in drifted["explanation"]
    assert "No decisions about men" in drifted["explanation"]


def test_the_largest_request_is_answered() -> None:
    assert ask("?n_samples=100000&drift_level=1")["drifted_scenario"]["female_rate"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    "query",
    ["?n_samples=-1", "?n_samples=100001", "?n_samples=1.5", "?n_samples=", "?drift_level=1.01", "?drift_level=-0.1",
     "?drift_level=nan", "?drift_level=inf", "?source=other", "?source=live&model=other", "?samples=1"],
)  # fmt: skip
def test_an_impossible_request_is_rejected(query: str) -> None:
    answer = Program(make_token("viewer")).get(PATH + query)
    assert (answer.status_code, error_of(answer)["code"]) == (422, "invalid")


def test_an_alert_is_encrypted_and_goes_into_the_audit_log(settings: Settings, tmp_path: Path) -> None:
    create_log(settings, "a/test")
    drifted = ask("?drift_level=0.7", role="auditor")
    text = Fernet((tmp_path / "secret.key").read_bytes().strip()).decrypt(
        drifted["drifted_scenario"]["encrypted_alert"]
    )
    assert text.decode() == drifted["drifted_scenario"]["explanation"]
    newest = drifted["audit_tail"][0]
    assert newest["type"] == "fairness-alert"
    assert newest["data"]["encrypted_alert"] == drifted["drifted_scenario"]["encrypted_alert"]
    assert newest["data"]["drift_level"] == "0.7"
    assert ask("?drift_level=0", role="auditor")["audit_tail"] == drifted["audit_tail"]


def test_only_an_auditor_gets_entries_and_the_last_ten_newest_first(settings: Settings) -> None:
    create_log(settings, "a/test")
    for number in range(12):
        append_event(settings, "replay-run", {"number": number})
    assert ask("?drift_level=0")["audit_tail"] is None
    items = Program(make_token("auditor")).get("/api/audit_history").json()["items"]
    assert [item["data"].get("number") for item in items] == list(range(11, 1, -1))
    assert Program(make_token("administrator")).get("/api/audit_history").status_code == 403


def test_a_missing_audit_log_is_empty_and_a_damaged_one_is_said(settings: Settings) -> None:
    auditor = Program(make_token("auditor"))
    assert auditor.get("/api/audit_history").json() == {"items": []}
    create_log(settings, "a/test")
    append_event(settings, "replay-run", {})
    (segment,) = log_folder(settings).glob("date=*/seg-*.jsonl")
    segment.write_bytes(segment.read_bytes() + b"[" * 1000 + b"\n")
    answer = auditor.get("/api/audit_history")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "unavailable")


def test_an_alert_that_cannot_be_logged_is_not_answered(settings: Settings, tmp_path: Path) -> None:
    create_log(settings, "a/test")
    (tmp_path / "keys" / "audit-signing-key").chmod(0o644)
    answer = Program(make_token("viewer")).get(PATH)
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.content.decode()


def test_requests_are_limited_like_those_that_write(tmp_path: Path) -> None:
    start_api(Settings(state_dir=str(tmp_path), api_writes_per_min=2))
    program = Program(make_token("viewer"))
    assert [program.get(f"{PATH}?n_samples=2").status_code for _ in range(3)] == [200, 200, 429]


def by_sex(end_s: int, female: tuple[int, int], male: tuple[int, int]) -> Any:
    """Return a result about women and men."""
    import msgspec  # noqa: PLC0415  # of one helper

    base = race_result(end_s, FAIR | {"black": female, "white": male})
    names = {"black": "female", "white": "male"}
    groups = tuple(
        msgspec.structs.replace(group, group=names[group.group], labels=(names[group.group],))
        for group in base.groups
        if group.group in names
    )
    return msgspec.structs.replace(base, attribute="sex", reference="male", groups=groups)


def test_live_answers_from_the_stream() -> None:
    assert Program(make_token("viewer")).get(f"{PATH}?source=live").status_code == 404
    results = [by_sex(100, (400, 290), (400, 300)), by_sex(200, (400, 100), (400, 300)), race_result(300, UNFAIR)]
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of(results))
    found = ask("?source=live")
    assert list(found["fair_scenario"].values())[:3] == [0.725, 0.75, pytest.approx(0.966667)]
    assert list(found["drifted_scenario"].values())[:4] == [0.25, 0.75, pytest.approx(1 / 3), True]
    assert found["drifted_scenario"]["explanation"].startswith("DIR = 0.33 (<0.8)")
    assert found["drifted_scenario"]["encrypted_alert"]


def test_live_without_a_window_without_an_alert_says_so() -> None:
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of([by_sex(100, (400, 100), (400, 0))]))
    found = ask("?source=live")
    assert found["fair_scenario"] is None
    assert (found["drifted_scenario"]["dir"], found["drifted_scenario"]["reason"]) == (None, "male_rate_zero")


def test_live_shows_no_rate_of_a_small_group() -> None:
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of([by_sex(100, (3, 2), (400, 300))]))
    drifted = ask("?source=live")["drifted_scenario"]
    assert (drifted["female_rate"], drifted["dir"], drifted["reason"]) == (None, None, "suppressed")
    assert (drifted["dir_alert"], drifted["encrypted_alert"]) == (None, None)


def test_texts_are_those_of_the_specification() -> None:
    assert describe(compare_rates(GroupCount(100, 45), GroupCount(100, 70))).startswith("DIR = 0.64 (<0.8)")
    assert describe(compare_rates(GroupCount(10, 5), GroupCount(10, 0))).startswith("DIR not computable")
    assert "system is considered fair" in describe(compare_rates(GroupCount(10, 8), GroupCount(10, 10)))
