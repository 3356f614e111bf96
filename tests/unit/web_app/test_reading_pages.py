"""Runbooks and privacy: what they show, what they never show, and what they say where there is nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from stream_app.core.inspection.retention import RetentionReport
from stream_app.core.noise.budget import Charge
from stream_app.edges.files.key_file import add_key, create_key_file, destroy_key, key_file_path, load_key_ring
from stream_app.edges.releases.budget_file import BudgetFile
from stream_app.edges.servers.shipped import runbooks
from stream_app.policy import Policy
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.pages.runbooks.blocks import read_blocks
from stream_app.web_app.pages.watched import watch
from stream_app.web_app.policies.retention import RetentionFindings, RetentionReader, findings, note
from stream_app.web_app.projection.store import Store
from tests.support.web.pages import browser
from tests.support.web.window_results import FAIR, MODEL, POLICY, race_result, run_of


def text_of(path: str, role: Role = Role.AUDITOR) -> str:
    answer = browser(role).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def asked() -> Iterator[None]:
    """Forget at the end what was found."""
    before = findings()
    yield
    note(before)


@pytest.mark.usefixtures("asked")
def test_topics_that_keep_records_too_long_or_not_long_enough_are_listed_with_what_to_do() -> None:
    assert "Kafka is being asked" in text_of("/privacy")
    hostile = "<script>alert(1)</script>"
    reports = [
        RetentionReport(topic=f"raw-{n}{hostile}", verdict="unlimited", kept_ms=-1, reason="Set retention.ms=1")
        for n in range(101)
    ]
    note(RetentionFindings(0.5, tuple(reports), 7, 1, ""))
    text = text_of("/privacy")
    assert "7 topics keep records neither longer than 365 days" in text
    assert "1 of the policy does not exist. Asked at 1970-01-01 00:00:00 UTC." in text
    assert '<span class="state breach">unlimited</span></td><td data-name="Keeps records">forever<' in text
    assert "1 more:" in text
    assert hostile not in text


@pytest.mark.usefixtures("asked")
def test_where_kafka_does_not_say_how_long_topics_keep_records_the_page_says_why() -> None:
    reader = RetentionReader(Settings(kafka="127.0.0.1:1"), POLICY)
    reader.start()
    deadline = time.monotonic() + 60
    while not findings().fault and time.monotonic() < deadline:
        time.sleep(0.05)
    reader.stop()
    text = text_of("/privacy")
    assert "It is not known how long topics keep records.</strong> No Kafka broker answers" in text


@pytest.mark.parametrize("name", sorted(runbooks()))
def test_every_word_of_a_runbook_is_shown(name: str) -> None:
    text = runbooks()[name]
    shown = text_of(f"/runbooks/{name}", Role.VIEWER)
    blocks = read_blocks(text)
    assert blocks[0].kind == "title"
    assert [block.text for block in blocks if block.kind == "heading"] == [
        "Meaning",
        "Impact",
        "Diagnosis",
        "Mitigation",
    ]
    words = "".join(part for block in blocks for _, part in block.parts)
    for word in ("```", "]("):
        assert word not in words
    n_words = len("".join(text.split()))
    assert len("".join(words.split())) > 0.85 * n_words  # the rest is signs of Markdown, and addresses of links
    assert "<h2>Mitigation</h2>" in shown


def test_runbooks_are_listed_with_what_they_are_about() -> None:
    text = text_of("/runbooks", Role.VIEWER)
    assert 'href="/runbooks/FairnessBreach"' in text
    assert "treated worse than the policy allows" in text


@pytest.mark.parametrize("name", ["nothing", "..%2fREADME", "%00", "FairnessBreach.md"])
def test_what_is_no_runbook_is_not_found(name: str) -> None:
    assert browser(Role.VIEWER).get(f"/runbooks/{name}").status_code == 404


def test_a_runbook_cannot_bring_markup() -> None:
    (block,) = read_blocks("a `<b>` [x](javascript:alert(1)) <script>")
    assert block.parts == [(False, "a "), (True, "<b>"), (False, " x) <script>")]


def test_keys_are_shown_by_epoch_and_never_themselves(log: Settings) -> None:
    path = key_file_path(Path(log.state_dir))
    first = create_key_file(path)
    second = add_key(path, 4_000_000_000)
    text = text_of("/privacy")
    for key, state in ((first, "active"), (second, "planned")):
        assert key.kid in text
        assert state in text
        assert key.fingerprint() in text
    for key in load_key_ring(path).keys:
        assert key.secret.hex() not in text
    destroy_key(path, first.kid, 4_000_000_100)
    assert "destroyed" in text_of("/privacy")
    path.chmod(0o644)
    assert "The keys cannot be read" in text_of("/privacy")


def test_epsilon_is_added_by_day_and_a_repeated_release_costs_once(log: Settings) -> None:
    budget = BudgetFile(Path(log.state_dir))
    for release, epsilon in (("a", Fraction(1, 2)), ("a", Fraction(1, 2)), ("b", Fraction(1, 4))):
        budget.pay(Charge("camera", "2026-03-01", release, epsilon), Fraction(5))
    text = text_of("/privacy", Role.ADMINISTRATOR)
    assert ">0.75</td>" in text
    assert "2026-03-01" in text


@pytest.mark.usefixtures("log")
def test_without_keys_releases_and_results_the_page_says_so() -> None:
    text = text_of("/privacy")
    assert "has no key file" in text
    assert "No release was paid for" in text
    assert "no results yet" in text


@pytest.mark.usefixtures("log")
def test_suppressed_groups_are_counted() -> None:
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of([race_result(100, FAIR | {"hispan": (3, 2)})]))
    text = text_of("/privacy")
    assert " groups in the newest windows" in text
    assert f'<td data-name="Smallest group shown" class="n">{MODEL.privacy.k}</td>' in text


def test_many_models_are_on_several_pages() -> None:
    models = tuple(msgspec.structs.replace(MODEL, name=f"model-{number:03}") for number in range(120))
    watch(Policy(schema=1, models=models))
    client = browser(Role.AUDITOR)
    for path, page in (("/privacy", "page"), ("/policies", "models")):
        text = client.get(f"{path}?{page}=3").content.decode()
        assert "Page 3 of 3" in text
        assert ("model-119" in text, "model-099" in text) == (True, False)
