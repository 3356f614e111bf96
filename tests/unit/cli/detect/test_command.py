"""``fairstream detect`` as a person calls it: known streams, directions and shared budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.detect_calls import EXAMPLE, STREAMS, call, facts_of, write_csv

WORDS = {"ratio": "dir", "gap": "gap"}


@pytest.mark.parametrize(
    ("name", "run"),
    [
        pytest.param(name, run, id=f"{name}-{run['kind']}-{run['limit']}-{run['threshold']:.0e}")
        for name, stream in STREAMS.items()
        for run in stream["runs"]
    ],
)
def test_known_streams_come_out_of_the_command(name: str, run: dict[str, Any], tmp_path: Path) -> None:
    outcome = call(
        write_csv(tmp_path / "counts.csv", STREAMS[name]["panes"]),
        *("--rule", f"{WORDS[run['kind']]}:{run['limit']}", "--direction", "low"),
        *("--threshold", str(run["threshold"]), "--reset-after-alarm", "--json"),
    )
    facts = facts_of(outcome)
    readings = [pane["readings"][0] for pane in facts["pane"]]
    assert [reading["log_sr"] for reading in readings] == pytest.approx(run["log_sr"], abs=1e-6)
    assert [reading["log_eproc"] for reading in readings] == pytest.approx(run["log_eproc"], abs=1e-6)
    alarms = facts.get("alarm", [])
    assert [alarm["pane"] for alarm in alarms] == [at for at, _, _ in run["alarms"]]
    if name != "edges":  # where a change stands out that is not the one of the rule
        assert [alarm["onset_pane"] for alarm in alarms] == [onset for _, _, onset in run["alarms"]]
    assert [alarm["log_evidence"] for alarm in alarms] == pytest.approx([log for _, log, _ in run["alarms"]], abs=1e-6)
    assert outcome.exit_code == (1 if run["alarms"] else 0)


@pytest.mark.parametrize(("threshold", "panes"), [("1e8", [52]), ("1e4", [36])])
def test_the_example_is_in_breach_from_its_first_alarm_on(threshold: str, panes: list[int]) -> None:
    outcome = call(EXAMPLE, "--rule", "dir:0.9", "--direction", "low", "--threshold", threshold, "--json")
    facts = facts_of(outcome)
    assert [alarm["pane"] for alarm in facts["alarm"]] == panes
    assert [alarm["onset_pane"] for alarm in facts["alarm"]] == [30]
    assert facts["pair"][0]["state"] == "breach"
    assert facts["pair"][0]["since_alarm"]["n_a"] == 10 * (59 - panes[0])
    assert outcome.exit_code == 1


def test_a_breach_that_was_cleared_still_ends_with_1(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", STREAMS["lifecycle"]["panes"])
    outcome = call(path, "--rule", "dir:0.8", "--direction", "low", "--threshold", "1e8", "--json")
    facts = facts_of(outcome)
    events = [(fact["type"], fact["pane"], fact["onset_pane"]) for fact in facts["alarm"] + facts["recovery"]]
    assert events == [("alarm", 8, 5), ("recovery", 30, 25)]
    assert facts["pair"][0]["state"] == "ok"
    assert outcome.exit_code == 1


def test_swapped_groups_are_found_by_the_other_direction(tmp_path: Path) -> None:
    swapped = [[k_b, n_b, k_a, n_a] for k_a, n_a, k_b, n_b in STREAMS["deterministic_100"]["panes"]]
    path = write_csv(tmp_path / "counts.csv", swapped)
    flags = ("--rule", "dir:0.9", "--threshold", "1e8", "--json")
    assert call(path, *flags, "--direction", "low").exit_code == 0
    [alarm] = facts_of(call(path, *flags))["alarm"]
    assert (alarm["direction"], alarm["pane"], alarm["onset_pane"]) == ("high", 52, 30)


def test_one_dial_is_shared_by_all_detectors_of_the_call() -> None:
    [setup] = facts_of(call(EXAMPLE, "--json"))["setup"]
    assert [(own["rule"], own["direction"]) for own in setup["detectors"]] == [
        *(("dir:0.8", "low"), ("dir:0.8", "high")),
        *(("gap:0.2", "low"), ("gap:0.2", "high")),
    ]
    assert [own["threshold"] for own in setup["detectors"]] == pytest.approx([4e7] * 4)
    assert setup["false_alarms_per_million"] == pytest.approx(0.1)
