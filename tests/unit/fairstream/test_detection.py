"""`fairstream.detect` on a DataFrame: the facts of `fairstream detect` for the same file, and every kind of cell."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fairstream as fs
from fairstream.testing import simulate_counts
from tests.support.paths import ROOT

COUNTS = ROOT / "docs" / "examples" / "counts.csv"
FLAGS = ("--rule", "dir:0.9", "--rule", "gap:0.1", "--threshold", "1e7")
OPTIONS: dict[str, Any] = {"rules": ["dir:0.9", "gap:0.1"], "threshold": 1e7}


@cache
def facts_of_command(*arguments: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "stream_app", "detect", str(COUNTS), "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_type(*types: str) -> list[dict[str, Any]]:
    return [fact for fact in facts_of_command(*FLAGS) if fact["type"] in types]


@pytest.fixture(scope="module")
def counts() -> pd.DataFrame:
    return pd.read_csv(COUNTS)


def value_of(cell: Any) -> Any:
    return None if pd.isna(cell) else cell


def test_alarms_are_those_of_the_command(counts: pd.DataFrame) -> None:
    detection = fs.detect(counts, **OPTIONS)
    names = ["type", "group", "reference", "rule", "direction", "pane", "label", "onset_pane", "onset_label"]
    facts = of_type("alarm", "recovery")
    assert len(facts) > 0
    assert detection.alarms[names].astype(object).to_dict("records") == [{n: fact[n] for n in names} for fact in facts]
    assert detection.alarms["log10_evidence"].tolist() == [fact["log10_evidence"] for fact in facts]
    assert detection.alarms["start"].isna().all()
    assert detection.has_alarm


def test_pairs_have_the_estimates_and_sequences_of_the_command(counts: pd.DataFrame) -> None:
    pairs = fs.detect(counts, **OPTIONS).pairs
    [fact] = of_type("pair")
    names = {"overall": "all panes", "since_alarm": "since alarm"}
    estimates = [(over, fact[name]) for name, over in names.items() if fact[name] is not None]
    assert pairs["over"].tolist() == [over for over, _ in estimates]
    for (_, row), (_, estimate) in zip(pairs.iterrows(), estimates, strict=True):
        for name in ("k_a", "n_a", "k_b", "n_b", "rate_a", "rate_b", "gap", "reason"):
            assert value_of(row[name]) == estimate[name]
        assert value_of(row["disparate_impact_ratio"]) == estimate["ratio"]
        for name, source in (
            ("rate_a", "rate_a_interval"),
            ("rate_b", "rate_b_interval"),
            ("disparate_impact_ratio", "ratio_interval"),
            ("disparate_impact_ratio_sequence", "ratio_sequence"),
            ("gap", "gap_interval"),
            ("gap_sequence", "gap_sequence"),
        ):
            assert [value_of(row[f"{name}_lower"]), value_of(row[f"{name}_upper"])] == estimate[source]
    assert set(pairs["state"]) == {fact["state"]}


def test_detectors_end_in_the_states_of_the_command(counts: pd.DataFrame) -> None:
    detection = fs.detect(counts, **OPTIONS)
    [setup], [pair] = of_type("setup"), of_type("pair")
    names = ["rule", "direction", "state"]
    ends = detection.detectors[names].astype(object).to_dict("records")
    assert ends == [{name: rule[name] for name in names} for rule in pair["rules"]]
    thresholds = np.log10([detector["threshold"] for detector in setup["detectors"]])
    assert detection.detectors["log10_threshold"].to_numpy() == pytest.approx(thresholds)
    assert detection.n_panes == setup["n_panes"] == len(counts)
    assert detection.false_alarms_per_million == setup["false_alarms_per_million"]


def test_options_are_those_of_the_command(counts: pd.DataFrame) -> None:
    arguments = ("--rule", "dir:0.95", "--direction", "low", "--false-alarms-per-million", "50", "--reset-after-alarm")
    facts = [fact for fact in facts_of_command(*arguments, "--design-effect", "1.5") if fact["type"] == "alarm"]
    assert len(facts) > 0
    detection = fs.detect(
        counts, ["dir:0.95"], direction="low", false_alarms_per_million=50, reset_after_alarm=True, design_effect=1.5
    )
    assert detection.alarms["pane"].tolist() == [fact["pane"] for fact in facts]
    assert detection.alarms["log10_evidence"].tolist() == [fact["log10_evidence"] for fact in facts]


def test_the_chart_is_that_of_the_command(counts: pd.DataFrame, tmp_path: Path) -> None:
    assert facts_of_command(*FLAGS, "--plot", str(tmp_path / "counts.svg"))
    assert fs.detect(counts, **OPTIONS).to_svg() == tmp_path.joinpath("counts.svg").read_text("utf-8")


def test_times_become_the_start_and_the_onset_of_an_alarm() -> None:
    rows = list(simulate_counts(60, seed=2, change_at=30))
    alarm = fs.detect(pd.DataFrame(rows)).alarms.iloc[0]
    assert alarm["start"] == rows[int(alarm["pane"])]["start"]
    assert alarm["onset"] == rows[int(alarm["onset_pane"])]["start"]
    assert abs(alarm["onset"] - rows[30]["start"]) <= timedelta(minutes=6)


@pytest.mark.parametrize(
    "with_start",
    [
        lambda frame: frame.set_index("start"),
        lambda frame: frame.assign(start=frame["start"].dt.tz_localize(None)),
        lambda frame: frame.assign(start=frame["start"].map(lambda moment: moment.isoformat())),
        lambda frame: frame.assign(start=frame["start"].map(lambda moment: moment.timestamp())),
        lambda frame: frame.astype({"k_a": "Int64", "n_a": "float64"}),
        lambda frame: frame.rename(columns={"k_a": "approved"}),
        lambda frame: frame.sample(frac=1, random_state=1).sort_values("start"),
    ],
    ids=["index", "naive", "text", "seconds", "nullable", "renamed", "odd index"],
)
def test_every_usual_form_of_a_table_gives_the_same_alarms(
    with_start: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    frame = pd.DataFrame(simulate_counts(60, seed=2, change_at=30))
    changed = with_start(frame)
    columns = {"k_a": "approved"} if "approved" in changed else None
    pd.testing.assert_frame_equal(fs.detect(changed, columns=columns).alarms, fs.detect(frame).alarms)


def long_table(n_periods: int = 40) -> pd.DataFrame:
    wide = pd.DataFrame(simulate_counts(n_periods, seed=3, change_at=20))
    groups = [("women", "k_a", "n_a"), ("men", "k_b", "n_b")]
    parts = [
        pd.DataFrame({"period": [f"P{n:03}" for n in range(n_periods)], "group": g, "k": wide[k], "n": wide[n]})
        for g, k, n in groups
    ]
    return pd.concat(parts).sort_values(["period", "group"], kind="stable")


def test_a_long_table_is_compared_with_its_reference() -> None:
    detection = fs.detect(long_table().astype({"group": "category"}), reference="men")
    assert detection.pairs[["group", "reference"]].to_numpy().tolist()[0] == ["women", "men"]
    wide = fs.detect(pd.DataFrame(simulate_counts(40, seed=3, change_at=20)).drop(columns="start"))
    assert detection.alarms["log10_evidence"].tolist() == wide.alarms["log10_evidence"].tolist()
    assert detection.alarms["label"].tolist()[0].startswith("P0")


def test_periods_of_pandas_are_labels() -> None:
    quarters = pd.period_range("2020Q1", periods=40, freq="Q")
    table = long_table().assign(period=np.repeat(np.array(quarters, dtype=object), 2))
    assert fs.detect(table, reference="men").alarms["label"].iloc[0].startswith("20")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k_a": [1.5, 2]}, "row 0: column k_a"),
        ({"k_a": [1, None]}, "row 1: column k_a"),
        ({"k_a": [1, 99]}, "row 1: column k_a"),
        ({"start": [datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]}, "row 1: column start"),
        ({"start": [datetime(2026, 1, 2, tzinfo=UTC), pd.NaT]}, "row 1: column start"),
        ({"n_b": [True, True]}, "row 0: column n_b"),
    ],
)
def test_a_cell_that_does_not_fit_is_named_by_row_and_column(change: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame({"k_a": [1, 1], "n_a": [2, 2], "k_b": [1, 1], "n_b": [2, 2]} | change)
    with pytest.raises(fs.ConfigError, match=message):
        fs.detect(frame)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": "dir:0.8"}, "rules: expected a list"),
        ({"rules": []}, "rules: expected a list"),
        ({"rules": ["dir:2"]}, "Invalid rule 'dir:2'"),
        ({"direction": "down"}, "direction"),
        ({"threshold": 1}, "threshold"),
        ({"threshold": 1e8, "false_alarms_per_million": 1}, "mutually exclusive"),
        ({"false_alarms_per_million": 0}, "false_alarms_per_million"),
        ({"design_effect": 0.5}, "design_effect"),
        ({"columns": {"approved": "k_a"}}, "unknown name 'approved'"),
        ({"columns": {"k_a": "approved"}}, "no column 'approved'"),
        ({"reference": "men"}, "no column 'group'"),
        ({"reference": 1}, "reference"),
    ],
)
def test_an_invalid_argument_is_one_clear_error(options: dict[str, Any], message: str) -> None:
    frame = pd.DataFrame({"k_a": [1], "n_a": [2], "k_b": [1], "n_b": [2]})
    with pytest.raises(fs.ConfigError, match=message):
        fs.detect(frame, **options)


def test_no_message_names_an_option_of_the_command_line() -> None:
    for table, reference in ((long_table(), "nobody"), (long_table().query("group == 'men'"), "men")):
        with pytest.raises(fs.ConfigError) as error:
            fs.detect(table, reference=reference)
        assert "--" not in str(error.value)


def test_what_is_not_a_dataframe_is_an_error() -> None:
    with pytest.raises(fs.ConfigError, match="expected a DataFrame, got list"):
        fs.detect([])  # type: ignore[arg-type]
    with pytest.raises(fs.ConfigError, match="no row of counts"):
        fs.detect(pd.DataFrame({"k_a": [], "n_a": [], "k_b": [], "n_b": []}))
    twice = pd.DataFrame([[1, 2, 1, 2, 2]], columns=["k_a", "n_a", "k_b", "n_b", "n_b"])
    with pytest.raises(fs.ConfigError, match="two columns have the name 'n_b'"):
        fs.detect(twice)


def test_a_fair_table_has_no_alarm_and_all_columns() -> None:
    detection = fs.detect(pd.DataFrame(simulate_counts(30, seed=1)))
    assert not detection.has_alarm
    assert len(detection.alarms) == 0
    assert detection.alarms.dtypes["start"] == "datetime64[s, UTC]"
    assert detection.pairs["over"].tolist() == ["all panes"]
    assert repr(detection) == "Detection(30 panes, 4 detectors, 0 alarms)"
    assert detection._repr_svg_() == detection.to_svg()
