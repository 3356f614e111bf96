"""Periods, design effects, spellings of groups and onsets of ``fairstream detect``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.detect_calls import EXAMPLE, STREAMS, call, facts_of, long_csv, write_csv


def test_a_design_effect_of_two_undoes_that_every_decision_stands_twice(tmp_path: Path) -> None:
    panes = STREAMS["deterministic_100"]["panes"]
    twice = write_csv(tmp_path / "twice.csv", [[2 * count for count in pane] for pane in panes])
    once = facts_of(call(EXAMPLE, "--json"))
    shrunk = facts_of(call(twice, "--design-effect", "2", "--json"))
    assert shrunk["pane"] == once["pane"]
    assert shrunk["pair"][0]["overall"]["ratio_interval"] == pytest.approx(once["pair"][0]["overall"]["ratio_interval"])


def test_the_period_decides_what_is_compared(tmp_path: Path) -> None:
    rows = [[3, 4, 225, 300], [15, 60, 1, 4]] * 20  # a ratio of 1 in every row, of 0.38 over all
    path = write_csv(tmp_path / "r.csv", rows)
    flags = ("--rule", "dir:0.8", "--direction", "low", "--threshold", "1e8")
    assert call(path, *flags).exit_code == 0
    whole = call(path, *flags, "--period", "40", "--json")
    assert whole.exit_code == 1
    assert [alarm["pane"] for alarm in facts_of(whole)["alarm"]] == [0]


def test_a_period_of_several_rows_is_called_by_its_first_one_and_the_last_may_be_short(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "counts.csv", [[1, 2, 3, 4]] * 7)
    facts = facts_of(call(path, "--period", "3", "--json"))
    assert [pane["label"] for pane in facts["pane"]] == ["0", "3", "6"]
    assert (facts["pair"][0]["overall"]["n_a"], facts["pair"][0]["overall"]["n_b"]) == (14, 28)
    assert call(path, "--period", "0").exit_code == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [(("Female", "Male"), ("Female", "male")), (("Caf\u00e9", "Male"), ("Cafe\u0301", " MALE"))],
    ids=["case", "composed and decomposed"],
)
def test_another_spelling_of_a_group_is_the_same_group(
    before: tuple[str, str], after: tuple[str, str], tmp_path: Path
) -> None:
    fair = {before[0]: (200, 140), before[1]: (400, 280)}
    unfair = {after[0]: (200, 90), after[1]: (400, 280)}
    outcome = call(long_csv(tmp_path / "months.csv", (12, fair), (12, unfair)), "--reference", "MALE", "--json")
    facts = facts_of(outcome)
    assert outcome.exit_code == 1
    assert [(pair["group"], pair["reference"]) for pair in facts["pair"]] == [before]
    assert {(alarm["label"], alarm["onset_label"]) for alarm in facts["alarm"]} >= {("2025-04", "2025-01")}
    assert facts["pair"][0]["overall"]["n_a"] == 24 * 200


def test_an_onset_is_never_before_the_first_pane_with_both_groups(tmp_path: Path) -> None:
    path = long_csv(
        tmp_path / "months.csv", (12, {"Male": (400, 280)}), (12, {"Female": (200, 90), "Male": (400, 280)})
    )
    outcome = call(path, "--reference", "Male", "--json")
    facts = facts_of(outcome)
    assert facts["alarm"]
    for alarm in facts["alarm"]:
        assert (alarm["onset_label"], alarm["onset_earliest_label"]) == ("2025-01", "2025-01")
    [pair] = facts["pair"]
    assert (pair["n_compared"], pair["overall"]["n_a"], pair["overall"]["n_b"]) == (12, 12 * 200, 12 * 400)
    assert "12 of 24" in call(path, "--reference", "Male").stdout


def test_an_onset_comes_with_an_interval_that_contains_it() -> None:
    [alarm] = facts_of(call(EXAMPLE, "--rule", "dir:0.9", "--direction", "low", "--threshold", "1e8", "--json"))[
        "alarm"
    ]
    assert alarm["onset_earliest_pane"] <= alarm["onset_pane"] == 30 <= alarm["onset_latest_pane"] < alarm["pane"]
    assert alarm["onset_latest_label"] == str(alarm["onset_latest_pane"])
