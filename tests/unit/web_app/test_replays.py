"""Replays that people start: who may start what, how many, and what became of each, also when its process is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from stream_app.edges.audit.reading import read_entries
from stream_app.policy import read_policy_text
from stream_app.programs.audit.places import log_folder
from stream_app.settings import Settings
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.cases.models import Case, CaseEvent, Status
from stream_app.web_app.pages.replays.shown import row_of
from stream_app.web_app.pages.replays.starting import draft_start
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.policies.drafts import propose
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.replays import requests
from stream_app.web_app.replays.models import Kind, Replay, ReplayStatus
from stream_app.web_app.replays.periods import Period, ReplayError, read_period
from stream_app.web_app.replays.requests import Requester, cancel, repeat, start
from stream_app.web_app.replays.runner import STALE_S, ReplayRunner
from tests.support.web.pages import add_user, browser
from tests.support.web.programs import Program, error_of, make_token
from tests.support.web.stored_alerts import BREACH, store_alerts
from tests.support.web.window_results import MODEL, POLICY

TEXT = read_policy_text("loanapp")
LATER = TEXT.replace("out_of_orderness_s = 5", "out_of_orderness_s = 9")
PERIOD = Period(1000, 2000)
TIMES = {"from": "1970-01-01T00:16:40", "to": "1970-01-01T00:33:20"}
NO_BROKER = "127.0.0.1:1"


def ada() -> Requester:
    return Requester(User.objects.filter(username="ada").first() or add_user("ada", Role.ANALYST))


def draft_of(text: str = TEXT) -> PolicyDraft:
    author = User.objects.filter(username="grace").first() or add_user("grace", Role.ANALYST)
    return propose(author, text, "Late uploads.")


def entries(log: Settings) -> list[dict[str, Any]]:
    """Return the facts of the entries about replays."""
    return [entry.data for _, entry in read_entries(log_folder(log)) if entry.type == "replay-event"]


def run_until(runner: ReplayRunner, is_so: Callable[[Replay], bool], replay: Replay) -> Replay:
    """Let a runner work until something is true of a replay."""
    deadline = time.monotonic() + 120
    while not is_so(replay):
        assert time.monotonic() < deadline, replay.status
        runner.step()
        time.sleep(0.1)
        replay.refresh_from_db()
    return replay


def test_a_replay_whose_broker_does_not_answer_fails_and_says_why(log: Settings, tmp_path: Path) -> None:
    runner = ReplayRunner(msgspec.structs.replace(log, kafka=NO_BROKER, policy="loanapp"), POLICY)
    replay = start(ada(), MODEL, PERIOD, draft=draft_of(LATER))
    run_until(runner, lambda row: row.ended_s is not None, replay)
    assert replay.status == ReplayStatus.FAILED
    assert "No Kafka broker answers" in replay.fault
    assert [*(tmp_path / "web-replays").iterdir()] == []
    client = browser(Role.VIEWER)
    assert "No Kafka broker answers" in client.get(f"/replays/{replay.pk}").content.decode()
    facts = entries(log)
    assert [(entry["action"], entry.get("result")) for entry in facts] == [("started", None), ("ended", "failed")]
    assert facts[0]["draft"] == replay.draft_id


def test_a_canceled_replay_ends_its_process(log: Settings) -> None:
    runner = ReplayRunner(msgspec.structs.replace(log, kafka=NO_BROKER, policy="loanapp"), POLICY)
    replay = start(ada(), MODEL, PERIOD)
    run_until(runner, lambda row: row.status == ReplayStatus.RUNNING, replay)
    (running,) = runner._running
    cancel(ada(), replay.pk)
    deadline = time.monotonic() + 60
    while runner._running and time.monotonic() < deadline:
        runner.step()
        time.sleep(0.1)
    assert running.process.exit_code() is not None
    replay.refresh_from_db()
    assert (replay.status, replay.answer) == (ReplayStatus.CANCELED, None)
    with pytest.raises(ReplayError, match="canceled already"):
        cancel(ada(), replay.pk)
    assert [entry["action"] for entry in entries(log)] == ["started", "canceled"]


def test_what_ran_when_the_server_died_is_interrupted_and_can_be_started_again(log: Settings) -> None:
    replay = start(ada(), MODEL, PERIOD)
    seen_s = int(time.time()) - STALE_S - 1
    Replay.objects.update(status=ReplayStatus.RUNNING, runner="gone", seen_s=seen_s)
    runner = ReplayRunner(log, POLICY)
    runner.step()
    replay.refresh_from_db()
    assert (replay.status, replay.fault) == (ReplayStatus.INTERRUPTED, "The web application ended while it ran.")
    client = browser(Role.ANALYST)
    assert "Start it again" in client.get(f"/replays/{replay.pk}").content.decode()
    answer = client.post(f"/replays/{replay.pk}/repeat")
    again = Replay.objects.exclude(pk=replay.pk).get()
    assert answer["Location"] == f"/replays/{again.pk}"
    assert (again.status, again.from_s, again.to_s) == (ReplayStatus.QUEUED, *PERIOD)
    with pytest.raises(ReplayError, match="has not ended"):
        repeat(ada(), again, MODEL)


def test_what_runs_is_ended_with_the_server_and_its_row_says_so(log: Settings) -> None:
    runner = ReplayRunner(msgspec.structs.replace(log, kafka=NO_BROKER, policy="loanapp"), POLICY)
    replay = start(ada(), MODEL, PERIOD)
    run_until(runner, lambda row: row.status == ReplayStatus.RUNNING, replay)
    (running,) = runner._running
    runner.end_all()
    replay.refresh_from_db()
    assert (running.process.exit_code(), replay.status) == (-9, ReplayStatus.INTERRUPTED)


def test_a_bounded_number_waits_and_runs(log: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(requests.MOST_OF_ONE):
        start(ada(), MODEL, PERIOD)
    with pytest.raises(ReplayError, match="of your replays"):
        start(ada(), MODEL, PERIOD)
    others = [Requester(add_user(f"user-{number}", Role.ANALYST)) for number in range(3)]
    for number in range(requests.MOST_UNFINISHED - requests.MOST_OF_ONE):
        start(others[number % 3], MODEL, PERIOD)
    with pytest.raises(ReplayError, match="wait or run already"):
        start(Requester(program="abcdefgh"), MODEL, PERIOD)
    Replay.objects.update(status=ReplayStatus.DONE, answer={"is_equal": True, "lines": []})
    monkeypatch.setattr(requests, "MOST_PER_HOUR", requests.MOST_OF_ONE)
    with pytest.raises(ReplayError, match="within an hour"):
        start(ada(), MODEL, PERIOD)
    n_started = [entry["action"] for entry in entries(log)].count("started")
    assert n_started == Replay.objects.count() == requests.MOST_UNFINISHED


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            TEXT.replace("out_of_orderness_s = 5 }", "out_of_orderness_s = 5 }\nprivacy = { k = 5 }"),
            "what the policy hides",
        ),
        (TEXT.replace(f'name = "{MODEL.name}"', 'name = "another"', 1), "does not judge"),
    ],
)
def test_a_draft_that_shows_more_or_judges_something_else_is_not_compared(text: str, fault: str) -> None:
    draft = draft_of(text)
    with pytest.raises(ReplayError, match=fault):
        start(ada(), MODEL, PERIOD, draft=draft)
    assert draft_start(draft)["models"] == []
    answer = browser(Role.ANALYST).post(f"/policies/drafts/{draft.pk}/compare", {**TIMES, "model": MODEL.name})
    assert (answer.status_code, fault in answer.content.decode()) == (409, True)
    assert not Replay.objects.exists()


def test_a_model_whose_alerts_are_sealed_is_not_replayed() -> None:
    sealed = msgspec.structs.replace(MODEL, sealing=object())
    with pytest.raises(ReplayError, match="sealed to auditors"):
        start(ada(), sealed, PERIOD)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("", ""),
        ("2026-01-02T00:00", "2026-01-01T00:00"),
        ("2026-01-01T00:00", "2026-01-01T00:00"),
        ("2020-01-01T00:00", "2026-01-01T00:00"),
        ("9999-12-31T23:59", "9999-12-31T23:59:59"),
        ("0001-01-01T00:00", "2026-01-01T00:00"),
        ("2026-01-01T00:00 --unsafe-exact", "2026-01-02T00:00"),
        ("<script>", "\0"),
    ],
)
def test_a_period_is_one_of_the_past_and_a_year_at_most(begin: str, end: str) -> None:
    with pytest.raises(ReplayError):
        read_period(begin, end)
    client = browser(Role.ANALYST)
    store_alerts(BREACH)
    path = f"/cases/{Case.objects.get().pk}/replay"
    answer = client.post(path, {"from": begin, "to": end})
    assert (answer.status_code, b"<script>" in answer.content) == (409, False)


def test_a_replay_of_a_case_is_in_its_page_its_timeline_and_the_log(log: Settings) -> None:
    store_alerts(BREACH)
    case = Case.objects.get()
    client = browser(Role.ANALYST)
    page = client.get(f"/cases/{case.pk}").content.decode()
    assert 'name="from" type="datetime-local" step="1" value="1970-01-01T00:00:00"' in page  # before the onset
    assert client.post(f"/cases/{case.pk}/replay", TIMES).status_code == 302
    replay = Replay.objects.get()
    assert (replay.kind, replay.case_id) == (Kind.VERIFY, case.pk)
    Replay.objects.update(status=ReplayStatus.RUNNING, runner="here", seen_s=int(time.time()))
    replay.refresh_from_db()
    answer = {"is_equal": True, "n_records": 9, "n_equal": 3, "lines": ["VERIFIED: 3 <b>published</b> results"]}
    ReplayRunner(log, POLICY)._end(replay, ReplayStatus.DONE, answer=answer)
    page = client.get(f"/cases/{case.pk}").content.decode()
    assert f"Replay {replay.pk} started: 1970-01-01 00:16:40 UTC to 1970-01-01 00:33:20 UTC" in page
    assert f"Replay {replay.pk} ended: verified" in page
    assert "audit entry follows" not in page
    exported = browser(Role.AUDITOR).post(f"/cases/{case.pk}/export").content.decode()
    assert "VERIFIED: 3 &lt;b&gt;published&lt;/b&gt; results" in exported
    assert [event.kind for event in CaseEvent.objects.order_by("id")] == ["opened", "replay", "replayed", "exported"]
    assert [entry["case"] for entry in entries(log)] == [case.pk, case.pk]


def test_a_closed_case_gets_no_replay() -> None:
    store_alerts(BREACH)
    Case.objects.update(status=Status.CLOSED)
    client, number = browser(Role.ANALYST), Case.objects.get().pk
    assert "/replay" not in client.get(f"/cases/{number}").content.decode().partition("<main")[2]
    assert client.post(f"/cases/{number}/replay", TIMES).status_code == 409


def side(n: int, ratio: float | None) -> dict[str, Any]:
    return {"n": n, "first_s": 60 if n else None, "last_s": 120 if n else None, "ratio": ratio}


COMPARED = {
    "n_records": 1000,
    "n_counted": 900,
    "policy_hashes": ["a" * 16, "b" * 16],
    "digests": ["c" * 64, "d" * 64],
    "rows": [
        {"attribute": "race", "in_use": side(2, 0.5), "draft": side(0, 0.5)},
        {"attribute": "<script>", "in_use": None, "draft": side(1, None)},
    ],
    "n_changed": 3,
    "n_withheld": 2,
    "k": 10,
    "changes": [
        {"attribute": "race", "group": "black", "test": "ratio", "kind": "lost", "original_s": 60, "scenario_s": None}
    ],
}


def test_a_comparison_is_a_table_by_attribute() -> None:
    replay = start(ada(), MODEL, PERIOD, draft=draft_of())
    Replay.objects.update(status=ReplayStatus.DONE, answer=COMPARED)
    replay.refresh_from_db()
    shown = row_of(replay)
    assert shown.result == "3 alerts differ"
    assert shown.table[0][:5] == ("race", "2", "0", "1970-01-01 00:01:00 UTC / 1970-01-01 00:02:00 UTC", "–")
    assert (shown.table[0].value_in_use, shown.table[0].differs) == ("0.500", True)
    assert "2 groups of windows and totals withheld, as fewer than 10 people would follow" in shown.facts[2]
    assert (shown.table[1].n_in_use, shown.table[1].value_draft) == ("–", "–")
    client = browser(Role.VIEWER)
    for path in (f"/replays/{replay.pk}", "/replays", f"/policies/drafts/{replay.draft_id}"):
        text = client.get(path).content.decode()
        assert "3 alerts differ" in text
        assert "<script>" not in text.partition("<body")[2]
    assert "lost: race, black (ratio), 1970-01-01 00:01:00 UTC" in client.get(f"/replays/{replay.pk}").content.decode()


def test_replays_of_models_of_another_policy_are_not_found() -> None:
    replay = start(ada(), MODEL, PERIOD)
    watch(msgspec.structs.replace(POLICY, models=(msgspec.structs.replace(MODEL, name="another"),)))
    client = browser(Role.ANALYST)
    assert client.get(f"/replays/{replay.pk}").status_code == 404
    assert client.post(f"/replays/{replay.pk}/cancel").status_code == 404
    assert b"Nobody has started one yet." in client.get("/replays").content
    assert Program(make_token("analyst")).get(f"/api/replays/{replay.pk}").status_code == 404


def test_programs_start_list_and_cancel_replays(log: Settings) -> None:
    program = Program(make_token("analyst"))
    body = {"model": MODEL.name, "since": "1970-01-01T00:16:40Z", "until": "1970-01-01T00:33:20Z"}

    def post(path: str, content: Any) -> Any:
        return program.ask("POST", path, data=msgspec.json.encode(content), content_type="application/json")

    made = post("/api/replays/start", body | {"draft": draft_of().pk}).json()
    assert (made["status"], made["kind"], made["from_s"], made["to_s"]) == ("queued", "compare", *PERIOD)
    assert program.get("/api/replays?status=queued").json()["items"] == [made]
    assert program.get(f"/api/replays/{made['id']}").json() == made
    assert post(f"/api/replays/{made['id']}/cancel", {}).json()["status"] == "canceled"
    assert error_of(post(f"/api/replays/{made['id']}/cancel", {}))["code"] == "not_possible"
    assert post("/api/replays/start", body | {"draft": 99}).status_code == 404
    assert post("/api/replays/start", body | {"until": body["since"]}).status_code == 409
    assert post("/api/replays/start", body | {"model": "another"}).status_code == 422
    assert "by_token" in entries(log)[0]
    Replay.objects.update(status=ReplayStatus.DONE, answer=COMPARED)
    assert program.get(f"/api/replays/{made['id']}").json()["answer"]["rows"][0]["in_use"]["n"] == 2
    assert program.get(f"/api/replays/{made['id']}").json()["answer"]["n_withheld"] == 2
    viewer = Program(make_token("viewer"))
    assert viewer.get("/api/replays").status_code == 200
    assert viewer.ask("POST", "/api/replays/start", data=b"{}", content_type="application/json").status_code == 403
