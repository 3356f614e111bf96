"""The page of the demo: the ratio large and in words, and sliders that change the producer's file, for few."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from producers.simulated.control import ControlFile, StreamSetting
from stream_app.programs.demo.web_pages import DemoSetup
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.demo import running
from stream_app.web_app.demo.running import GROUP
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import TOPICS, Store
from tests.support.web.pages import browser
from tests.support.web.programs import Program
from tests.support.web.window_results import FAIR, POLICY, UNFAIR, race_result, run_of

STORE = Store(POLICY)
VALID = {"drift_level": "0.35", "n_samples": "2000"}
PASSWORD = "made-for-this-demo"  # noqa: S105  # of one test


@pytest.fixture(autouse=True)
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Run each test in a demo; return the file that the producer follows."""
    control = tmp_path / "stream.json"
    monkeypatch.setattr(running, "_running", [])
    with override_settings(ROOT_URLCONF="stream_app.web_app.demo.urls"):
        setup = DemoSetup(PASSWORD, str(control), int(time.time()) + 3600, StreamSetting(0.8, 50.0))
        running.begin(setup)
        for topic in TOPICS:
            Reading.objects.create(topic=topic, current_at_s=time.time())
        yield control


def login(**options: Any) -> Any:
    client = browser(is_logged_in=False, **options)
    assert client.post("/login", {"username": "demo", "password": PASSWORD}).status_code == 302
    return client


def store(*results: Any, partition: int = 0) -> None:
    STORE.apply(FAIRNESS_RESULTS, None, run_of([*results], partition=partition, at_s=int(time.time())))


def text_of(path: str = "/demo") -> str:
    answer = login().get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_prometheus_gets_a_token_for_metrics_only_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "metrics-token"
    running.begin(DemoSetup(PASSWORD, "x", 0, StreamSetting(0.8, 50.0), str(path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    program = Program(path.read_text("utf-8"))
    codes = [program.get(f"/api/{name}").status_code for name in ("metrics", "results", "alerts", "policies")]
    assert codes == [200, 403, 403, 403]


def test_the_demo_logs_in_with_its_own_password_and_lands_on_its_page() -> None:
    client = browser(is_logged_in=False)
    assert client.get("/demo")["Location"] == "/login?next=/demo"
    answer = client.post("/login", {"username": "demo", "password": PASSWORD, "next": "/demo"})
    assert (answer.status_code, answer["Location"]) == (302, "/demo")
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)
    assert {*user.groups.values_list("name", flat=True)} == {Role.VIEWER, GROUP}


def test_before_the_first_window_the_page_says_when_it_comes() -> None:
    text = text_of()
    assert "No window of 100s has closed yet" in text
    assert "None yet." in text


def test_the_badge_has_number_word_and_color() -> None:
    store(race_result(100), race_result(200))
    text = text_of()
    assert '<div class="badge ok">' in text
    assert '<span class="word">no alarm</span>' in text
    assert "Black applicants are approved 100% as often as white ones; the limit is 80%. No alarm, which is not" in text
    store(race_result(300, UNFAIR), race_result(400, UNFAIR), partition=1)
    text = text_of()
    assert '<div class="badge breach">' in text
    assert "<strong>0.33</strong>" in text
    assert '<figure tabindex="0">' in text
    assert "1970-01-01 00:06:40 UTC" in text


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (FAIR | {"black": (3, 2)}, "suppressed"),
        (FAIR | {"white": (400, 0)}, "not computable"),
        (FAIR | {"white": (3, 3)}, "suppressed"),
    ],
)
def test_a_ratio_that_cannot_be_shown_is_said_so(counts: dict[str, tuple[int, int]], expected: str) -> None:
    store(race_result(100, counts))
    assert f"<strong>{expected}</strong>" in text_of()


def test_names_from_the_topic_are_escaped() -> None:
    result = race_result(100, UNFAIR)
    groups = tuple(
        msgspec.structs.replace(group, group="<img src=x>", labels=("<img src=x>",), sentence="<b>{{ 7 }}</b>")
        if group.group == "black"
        else group
        for group in result.groups
    )
    store(msgspec.structs.replace(result, groups=groups))
    text = text_of()
    assert "<img" not in text
    assert "<b>" not in text


def test_a_slider_changes_the_file_of_the_producer(demo: Path) -> None:
    answer = login().post("/demo/stream", VALID)
    assert (answer.status_code, answer["Location"]) == (302, "/demo")
    assert ControlFile(demo).setting() == StreamSetting(0.35, 20.0)
    assert demo.stat().st_mode & 0o077 == 0
    text = text_of()
    assert "sends 2000 decisions per window at drift level 0.35" in text
    assert "0.56 for women, 0.70 for men: ratio 0.80" in text
    assert browser(Role.ANALYST).post("/demo/stream", VALID | {"drift_level": "0"}).status_code == 302
    assert ControlFile(demo).setting() == StreamSetting(0.0, 20.0)


def test_before_a_person_changes_it_the_stream_is_that_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "5000 decisions per window at drift level 0:" in text_of()
    [setup] = running._running
    monkeypatch.setattr(running, "_running", [msgspec.structs.replace(setup, drift_at_s=0)])
    assert "5000 decisions per window at drift level 0.8:" in text_of()


@pytest.mark.parametrize(
    "form",
    [
        {},
        VALID | {"drift_level": "1.01"},
        VALID | {"drift_level": "-0.01"},
        VALID | {"drift_level": "nan"},
        VALID | {"drift_level": "inf"},
        VALID | {"drift_level": "1e400"},
        VALID | {"drift_level": "<script>alert(1)</script>"},
        VALID | {"n_samples": "0"},
        VALID | {"n_samples": "20001"},
        VALID | {"n_samples": "9" * 5000},
        VALID | {"n_samples": "\0"},
    ],
)
def test_what_is_out_of_range_is_rejected_and_not_repeated(form: dict[str, str], demo: Path) -> None:
    answer = login().post("/demo/stream", form)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Choose a drift level from 0 to 1" in text
    assert "alert(1)" not in text
    assert not demo.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_others_see_the_page_without_sliders(role: Role, demo: Path) -> None:
    client = browser(role)
    text = client.get("/demo").content.decode()
    assert "Only analysts change the stream." in text
    assert 'type="range"' not in text
    assert client.post("/demo/stream", VALID).status_code == 403
    assert not demo.exists()


def test_a_form_from_elsewhere_changes_nothing(demo: Path) -> None:
    client = browser(Role.ANALYST, enforce_csrf_checks=True)
    assert client.post("/demo/stream", VALID).status_code == 403
    assert not demo.exists()


def test_the_page_has_nothing_inline_and_every_page_links_to_it() -> None:
    store(race_result(100))
    for path in ("/demo", "/"):
        answer = login().get(path)
        text = answer.content.decode()
        assert '<a href="/demo">Demo</a>' in text
        assert " style=" not in text
        assert "<script>" not in text
        assert "unsafe" not in answer["Content-Security-Policy"]
    running._running.clear()
    with override_settings(ROOT_URLCONF="stream_app.web_app.routes"):
        client = browser(Role.VIEWER)
        assert "Demo" not in client.get("/").content.decode()
        assert client.get("/demo").status_code == 404
