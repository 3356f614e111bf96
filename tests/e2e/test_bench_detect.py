"""`python -m benchmarks detect --quick`: the detectors reach their acceptance numbers, and a dummy does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run it once; every seed is fixed, so the same code gives the same figures."""
    figures = tmp_path_factory.mktemp("detect") / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "detect", "--quick", "--json", str(figures)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False), figures


Answer = tuple[subprocess.CompletedProcess[str], Path]


def test_the_detectors_reach_every_acceptance_number(answer: Answer) -> None:
    ended, figures = answer
    missed = [verdict for verdict in json.loads(figures.read_text())["acceptance"] if not verdict["is_reached"]]

    assert ended.returncode == 0, ended.stderr
    assert not missed
    assert "NOT REACHED" in ended.stdout  # by the dummy that always fires
    assert "null stream 1/" in ended.stderr


def test_each_figure_has_its_seed_and_only_the_window_rules_raise_false_alarms(
    answer: Answer,
) -> None:
    streams = json.loads(answer[1].read_text())["false_alarms"]
    on_the_limit = {stream["stream"]: stream["alarms"] for stream in streams if stream["is_judged_boundary"]}

    assert len({stream["seed"] for stream in streams}) == len(streams)
    assert all(alarms["n_runs"] >= 3 for stream in streams for alarms in stream["alarms"].values())
    for alarms in on_the_limit.values():
        assert alarms["DIR < .8"]["per_million"] > 500
        assert alarms["e-detector DIR .8"]["per_million"] < 1


def test_the_dummy_that_always_fires_is_caught_by_its_false_alarms_only(answer: Answer) -> None:
    claims = {
        verdict["claim"]: verdict["is_reached"]
        for verdict in json.loads(answer[1].read_text())["acceptance_of_the_dummy"]
    }

    assert not claims["no alarm before a change"]
    assert claims["no change is missed"]
