"""Hours of areas, and rates, on a real broker: from the producer to results, what is made of them, and a replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import fairstream as fs
from producers.simulated.hours.allocations import AREAS
from stream_app.edges.kafka.readers.live_results import open_hours
from stream_app.pipeline.records.hours.allocation_results import AllocationResult
from tests.support.servers.replay_stage import n_journaled
from tests.support.servers.sites import Site, open_site

START = "2026-11-30T12:00:00Z"
N_RECORDS = 1300  # ten each second of event time: two minutes, and the beginning of a third
pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def site(kafka: str, tmp_path: Path, app_id: str) -> Site:
    return open_site(kafka, tmp_path, app_id, "allocations", n_partitions=2)


def closed_minutes(site: Site) -> list[AllocationResult]:
    with open_hours(site.kafka) as reader:
        results = [result for result in reader.read_to_end() if result.model == f"{site.app_id}-allocations"]
    return [result for result in results if result.window == "1m"]


def test_a_skewed_stream_is_judged_shared_again_and_verified(site: Site, app_id: str) -> None:
    model = f"{app_id}-allocations"
    flags = ("--model", model, "--start", START, "--count", str(N_RECORDS), "--rate", "0", "--event-rate", "10")
    produced = site.command("produce", "allocations", "--drift", "0@0,1@60s", *flags)
    assert produced.returncode == 0, produced.stderr
    with site.worker():
        site.wait_until("two minutes have closed", lambda: len(closed_minutes(site)) >= 2)
        site.wait_until("all is in the journal", lambda: n_journaled(site, model) == N_RECORDS)
    fair, skewed, *_ = sorted(closed_minutes(site), key=lambda result: result.end_s)
    assert (fair.is_over, skewed.is_over, fair.n, fair.n_unlisted) == (False, True, 600, 0)
    assert len(fair.areas) == len(AREAS)

    shown = site.command("results", "--window", "1m", "--last", "0", "--json")
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [line["is_over"] for line in lines][:2] == [False, True]

    shared = json.loads(site.command("allocate", "--live", "--window", "1m", "--total", "600", "--json").stdout)
    answer = next(rule for rule in shared["rules"] if rule["rule"] == shared["allocation"])
    assert sum(answer["hours"].values()) == pytest.approx(600)
    assert {area["area"] for area in shared["areas"]} == {place.name for place in AREAS}

    verified = site.command("replay", "verify", "--model", model, "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    verification = json.loads(verified.stdout)
    assert verification["is_equal"]
    assert verification["n_records"] == N_RECORDS
    other = site.command("replay", "run", "--model", model)
    assert other.returncode == 2
    assert "has no decisions to replay" in other.stderr


def test_rates_are_judged_shown_and_verified(kafka: str, tmp_path: Path, app_id: str) -> None:
    site = open_site(kafka, tmp_path, app_id, "rates", n_partitions=2)
    model = f"{app_id}-rates"
    flags = ("--model", model, "--start", START, "--count", "13000", "--rate", "0", "--event-rate", "100")
    produced = site.command("produce", "rates", "--drift", "1", *flags)
    assert produced.returncode == 0, produced.stderr

    def alerts() -> str:
        return " ".join(site.command("alerts", "list", "--model", model).stdout.split())

    def shown() -> list[dict[str, Any]]:
        answer = site.command(
            "results", "--model", model, "--window", "1m", "--last", "0", "--attribute", "gender", "--json"
        )
        return [json.loads(line) for line in answer.stdout.splitlines()]

    with site.worker():
        site.wait_until("two minutes have closed", lambda: len(shown()) >= 2)
        site.wait_until("an alert", lambda: "Mean rate of female is" in alerts())
    [female, male] = shown()[1]["groups"]
    assert (female["n"] + male["n"], female["rate"], female["state"]) == (6000, None, "breach")
    assert 0.4 < female["amounts"]["difference"]["value"] < 1.2
    frame = fs.amount_results(site.policy, kafka=kafka, model=model, window="1m", attribute="gender")
    rows = frame[frame["group"] == "female"]["difference"].tolist()
    assert rows[1] == female["amounts"]["difference"]["value"]
    assert "Mean rate of female is" in alerts()
    verified = site.command("replay", "verify", "--model", model, "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["is_equal"]

    ran = site.command("replay", "run", "--model", model, "--run", "again", "--published")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = (site.folder / "replays" / "again" / "results-0.jsonl").read_text("utf-8").splitlines()
    replayed, live = (
        {
            window["end_s"]: group["amounts"] | {"n": group["n"]}
            for window in windows
            for group in window["groups"]
            if (window["attribute"], window["window"], group["group"]) == ("gender", "1m", "female") and group["n"]
        }
        for windows in (map(json.loads, lines), shown())
    )
    both = replayed.keys() & live.keys()
    assert len(both) >= 2
    assert {end_s: replayed[end_s] for end_s in both} == {end_s: live[end_s] for end_s in both}
    changed = ("--set", "threshold.difference=20", "--with", "live", "--published", "--json")
    compared = site.command("replay", "compare", "--model", model, *changed)
    assert compared.returncode == 2, compared.stderr  # other alerts
    [scenario] = json.loads(compared.stdout)["scenarios"]
    assert {change["kind"] for change in scenario["alerts"]} == {"lost"}
    counted = site.command("replay", "count", "--model", model, "--by", "gender", "--published", "--json")
    assert counted.returncode == 0, counted.stderr
    [_, table] = map(json.loads, counted.stdout.splitlines())
    assert 0.4 < table["groups"][0]["amounts"]["difference"]["value"] < 1.2


def test_there_is_nothing_to_share_before_a_window_has_closed(kafka: str, tmp_path: Path, app_id: str) -> None:
    site = open_site(kafka, tmp_path, app_id, "allocations", n_partitions=1)
    answer = site.command("allocate", "--live", "--total", "600")
    assert answer.returncode == 2
    assert "no result about hours is published" in answer.stderr
