"""``replay bisect`` over loans that a real worker counted: the onset, the version of the model, and the segment."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.programs.chaos.logs import read_json
from tests.support.servers.sites import Site, open_site

pytestmark = pytest.mark.timeout(900)

N_EVENTS, PER_S = 24_000, 100
START_S = int(time.time() // 60) * 60 - 3600
RELEASE_S, DRIFT_S = 40, 120  # a harmless release long before the one that is unfair


def send_loans(site: Site, *arguments: str) -> None:
    """Send loans and let a worker publish all of them."""
    with site.worker() as worker:
        done = site.command(
            "produce", "loans", "--count", str(N_EVENTS), "--rate", "0", "--event-rate", str(PER_S), "--seed", "7",
            "--start", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START_S)), *arguments,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        topic = site.models[0]["output_topic"]
        site.wait_until("all is published", lambda: sum(1 for _ in read_json(site.kafka, topic)) == N_EVENTS)
        assert worker.stop() == 0


def bisect(site: Site, *arguments: str) -> str:
    done = site.command("replay", "bisect", "--group", "female", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answer_of(site: Site, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(bisect(site, "--json", *arguments))
    return answer


def test_it_names_the_pane_the_version_and_the_segment_of_a_drift(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), "loans", n_partitions=2)
    send_loans(site, "--drift", f"0@0,0@{RELEASE_S}s,0.8@{DRIFT_S}s")

    answer = answer_of(site)
    onset, versions = answer["onset"], answer["versions"]
    assert onset["pane_s"] == START_S + DRIFT_S
    assert onset["earliest_s"] <= onset["pane_s"] <= onset["latest_s"]
    assert versions["began_with"] == "3"
    by_name = {version["version"]: version for version in versions["versions"]}
    assert {name: version["first_pane_s"] - START_S for name, version in by_name.items()} == {
        "1": 0,
        "2": RELEASE_S,
        "3": DRIFT_S,
    }
    # Half of all decisions are about women; the drift takes 0.32 from their rate, here within five standard errors.
    n = {name: [version[side]["n"] for side in ("before", "after")] for name, version in by_name.items()}
    in_stage = {"1": RELEASE_S, "2": DRIFT_S - RELEASE_S, "3": N_EVENTS // PER_S - DRIFT_S}
    assert n == {
        "1": [in_stage["1"] * PER_S // 2, None],
        "2": [in_stage["2"] * PER_S // 2, None],
        "3": [None, in_stage["3"] * PER_S // 2],
    }
    assert abs(by_name["3"]["after"]["gap"] + 0.32) < 5 * math.sqrt((0.7 * 0.3 + 0.38 * 0.62) / 6000)
    change = onset["after"]["gap"] - onset["before"]["gap"]
    assert versions["mix"] == pytest.approx(change)
    assert versions["rate"] == 0.0
    assert sum(version["mix"] + version["rate"] for version in versions["versions"]) == pytest.approx(change)
    # Home loans are many, personal ones are hit hardest: by share x drift both make 0.35 of the change.
    assert onset["segments"][0]["segment"] in {"home", "personal"}

    published = answer_of(site, "--published")
    assert published["onset"] == onset
    assert published["versions"] == versions

    text = bisect(site)
    first = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(START_S + DRIFT_S))
    assert f"female vs. male: changed at {first}" in text
    assert f"model version: 3, first seen {first}" in text
    assert f"segment: {onset['segments'][0]['segment']}" in text


def test_a_drift_under_one_version_is_not_attributed_to_it(
    kafka: str, tmp_path: Path, fresh_name: Callable[[str], str]
) -> None:
    site = open_site(kafka, tmp_path, fresh_name("s"), "loans", n_partitions=2)
    send_loans(site, "--drift", f"0@0,0.8@{DRIFT_S}s", "--model-version", "7")
    answer = answer_of(site, "--metric", "gap")
    assert answer["onset"]["pane_s"] == START_S + DRIFT_S
    assert answer["versions"]["began_with"] is None
    assert [version["version"] for version in answer["versions"]["versions"]] == ["7"]
    assert "model version: 7 before and after" in bisect(site, "--published")
