"""DataFrames have the columns and dtypes that are declared and documented, with rows and without."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

import fairstream as fs
from fairstream.frames.amount_columns import AMOUNT_COLUMNS, amount_records
from fairstream.frames.build import build_frame
from fairstream.frames.columns import CATEGORY, Column, count, number, ordered, text, time
from fairstream.frames.reference import FRAMES, as_markdown
from fairstream.live import Extract, moment_s
from fairstream.testing import InMemoryPipeline, credit_events
from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.alerts import DisclosedAlert, disclose_alert
from stream_app.pipeline.disclosure.shown import disclose_any, disclose_window, newest_revisions, smallest_groups
from stream_app.pipeline.records.alerts import decode_alert
from stream_app.pipeline.records.amounts.values import AmountValues
from stream_app.pipeline.selection import select
from tests.support.paths import ROOT
from tests.support.web.amount_windows import amount_results, change_group, drifted, gender_result

DOC = ROOT.joinpath("docs", "api.md").read_text("utf-8")


def dtypes_of(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.fixture(scope="module")
def credit() -> InMemoryPipeline:
    pipeline = InMemoryPipeline("credit")
    pipeline.send(credit_events(6000, seed=4, label_drift="0@0,0.9@30s", score_drift="0@0,0.9@30s", longest_delay_s=20))
    pipeline.close_windows()
    return pipeline


def amounts_frame() -> pd.DataFrame:
    results = amount_results()
    return build_frame(AMOUNT_COLUMNS, amount_records(disclose_window(result, 10) for result in results))


def frames_of(pipeline: InMemoryPipeline) -> dict[str, pd.DataFrame]:
    detection = fs.detect(pd.DataFrame(fs.testing.simulate_counts(40, change_at=10)))
    return {
        "fairstream.results": pipeline.results(),
        "fairstream.alerts": pipeline.alerts(),
        "fairstream.outcome_results": pipeline.outcome_results(),
        "fairstream.amount_results": amounts_frame(),
        "Detection.alarms": detection.alarms,
        "Detection.pairs": detection.pairs,
        "Detection.detectors": detection.detectors,
    }


def test_rows_do_not_change_the_declared_dtypes(credit: InMemoryPipeline) -> None:
    frames = frames_of(credit)
    assert frames.keys() == FRAMES.keys()
    for name, columns in FRAMES.items():
        assert len(frames[name]) > 0, name
        assert dtypes_of(frames[name]) == {column.name: column.dtype for column in columns}
        assert dtypes_of(build_frame(columns, [])) == dtypes_of(frames[name])


@pytest.mark.parametrize("name", FRAMES)
def test_names_are_unique_and_no_attribute_of_a_dataframe_hides_one(name: str) -> None:
    names = [column.name for column in FRAMES[name]]
    assert len(set(names)) == len(names)
    assert not [column for column in names if hasattr(pd.DataFrame(), column)]


@pytest.mark.parametrize("name", FRAMES)
def test_the_documentation_has_the_table_of_each_frame(name: str) -> None:
    [table] = re.findall(rf"^### `{re.escape(name)}`$.*?\n(\| column .*?)\n\n", DOC + "\n\n", re.MULTILINE | re.DOTALL)
    assert table == as_markdown(FRAMES[name]), "regenerate it: python -m fairstream.frames.reference"


def test_results_are_the_disclosed_records(credit: InMemoryPipeline) -> None:
    k_of = smallest_groups(credit.policy)
    disclosed = [disclose_any(result, k_of(result.model)) for result in newest_revisions(credit.exact_results())]
    facts = [msgspec.to_builtins(result) for result in disclosed]
    decisions = [(fact, group) for fact in facts if "is_selective" not in fact for group in fact["groups"]]
    outcomes = [(fact, group) for fact in facts if "is_selective" in fact for group in fact["groups"]]
    check_rows(credit.results(), decisions, ("n", "favorable", "rate", "gap", "disparate_impact_ratio", "shortfall"))
    check_rows(credit.outcome_results(), outcomes, ("n", "calibration_error", "without_outcome_ratio"))


def check_rows(frame: pd.DataFrame, facts: Sequence[tuple[Any, Any]], names: Sequence[str]) -> None:
    assert len(frame) == len(facts) > 0
    for (_, row), (result, group) in zip(frame.iterrows(), facts, strict=True):
        assert (row["model"], row["attribute"], row["window"]) == (
            result["model"],
            result["attribute"],
            result["window"],
        )
        assert (row["start"].timestamp(), row["end"].timestamp()) == (result["start_s"], result["end_s"])
        for name in (*names, "group", "state", "hidden"):
            value = None if pd.isna(row[name]) else row[name]
            assert value == group[name], name
        assert (None if pd.isna(row["total_n"]) else row["total_n"]) == result["n"]


def test_amounts_are_the_disclosed_records() -> None:
    frame = amounts_frame()
    small = change_group(gender_result(), "female", lambda group: msgspec.structs.replace(group, n=3))
    disclosed = [disclose_window(result, 10) for result in amount_results()]
    check_rows(
        frame,
        [(fact, group) for fact in map(msgspec.to_builtins, disclosed) for group in fact["groups"]],
        ("n", "reason", "sentence", "share"),
    )
    row = frame[(frame["window"] == "1m") & (frame["group"] == "female")].iloc[-1]
    values = gender_result().groups[0].amounts
    assert isinstance(values, AmountValues)
    assert values.difference is not None
    names = ("difference", "difference_lower", "difference_upper", "mean_amount", "median_amount", "quantile_90")
    quantiles = [quantile.value.value for quantile in values.quantiles]
    difference = msgspec.structs.astuple(values.difference)
    assert [row[name] for name in names] == [*difference, values.mean.value, *quantiles]
    assert (row["verdict"], row["breached_tests"], row["is_over"]) == ("breach: difference", "mean_low", True)
    assert row["within"] + row["mix"] == pytest.approx(row["difference"])
    hidden = build_frame(AMOUNT_COLUMNS, amount_records([disclose_window(small, 10)])).iloc[0]
    assert hidden["hidden"] == "small_cell"
    assert hidden[[*names, "n", "within", "state", "sentence", "ratio", "quantile_90_difference"]].isna().all()


def test_alerts_about_amounts_have_means_and_no_rates() -> None:
    frame = drifted().alerts()
    row = frame[frame["group"] == "female"].iloc[0]
    assert row["difference"] == pytest.approx(row["mean_amount"] - row["mean_amount_reference"])
    assert row["difference_lower"] < row["difference"] < row["difference_upper"]
    assert row["limit_of_difference"] == 0.25
    assert row[["rate", "gap", "disparate_impact_ratio"]].isna().all()


@pytest.mark.parametrize(
    ("read", "model", "other"), [(fs.results, "rates", "amount_results"), (fs.amount_results, "loans", "results")]
)
def test_a_model_of_another_kind_is_an_error_that_names_the_right_function(
    read: Callable[..., pd.DataFrame], model: str, other: str
) -> None:
    with pytest.raises(fs.ConfigError) as caught:
        read(model, model=model, kafka="127.0.0.1:1")
    assert caught.value.action == f"Call fairstream.{other}"


def test_alerts_are_the_disclosed_records(credit: InMemoryPipeline) -> None:
    k_of = smallest_groups(credit.policy)
    exact = [decode_alert(record.value) for record in credit.log.read("fairness-alerts") if record.value]
    disclosed: dict[str, DisclosedAlert] = {alert.id: disclose_alert(alert, k_of(alert.model)) for alert in exact}
    frame = credit.alerts()
    assert len(frame) == len(disclosed) > 0
    for _, row in frame.iterrows():
        alert = disclosed[row["id"]]
        assert (row["test"], row["change"], row["group"]) == (alert.test, alert.change, alert.group)
        assert (row["time"].timestamp(), row["onset"].timestamp()) == (alert.at_s, alert.onset_s)
        assert row["log10_evidence"] == alert.log10_e
        assert (None if pd.isna(row["n"]) else row["n"]) == alert.n


def test_states_are_ordered_from_good_to_bad(credit: InMemoryPipeline) -> None:
    states = credit.results()["state"]
    assert states.cat.categories.tolist() == [state.value for state in State]
    assert (states[states >= "warning"].isin(["warning", "breach"])).all()


def test_a_model_without_an_entry_gets_the_strictest_k() -> None:
    k_of = smallest_groups(fs.load_policy("credit"))
    assert k_of("credit/outcomes") == k_of("credit") <= k_of("unknown")


def test_a_value_is_found_by_its_path_and_a_wrong_path_is_an_error() -> None:
    record = {"group": {"bounds": [1.0, None], "cause": None}, "time_s": 60}
    columns = (
        number("lower", "group.bounds.0", "."),
        number("mix", "group.cause.mix", "."),
        count("n", "group.cause.n", "."),
        text("name", "group.cause.name", "."),
        time("start", "time_s", "."),
        ordered("state", "group.cause.state", State, "."),
    )
    row = build_frame(columns, [record]).iloc[0]
    assert row["lower"] == 1
    assert row["start"] == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    assert row[["mix", "n", "name", "state"]].isna().all()
    with pytest.raises(KeyError):
        build_frame((Column("x", CATEGORY, ".", "group.nothing"),), [record])


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (None, -math.inf),
        (datetime(1970, 1, 1, 0, 1, tzinfo=UTC), 60),
        (pd.Timestamp("1970-01-01T01:01:00+01:00"), 60),
        ("1970-01-01T00:01:00Z", 60),
        ("60", 60),
        (60, 60),
        (60.5, 60.5),
    ],
)
def test_a_moment_has_many_forms(moment: object, expected: float) -> None:
    assert moment_s("start", moment, -math.inf) == expected


@pytest.mark.parametrize(
    "moment",
    [datetime(1970, 1, 1), pd.Timestamp("1970-01-01"), "yesterday", math.nan, True, [], Path()],  # noqa: DTZ001
)
def test_what_is_not_a_moment_is_an_error(moment: object) -> None:
    with pytest.raises(fs.ConfigError):
        moment_s("start", moment, -math.inf)


def test_a_selection_takes_whole_windows_and_the_outcomes_of_a_model(credit: InMemoryPipeline) -> None:
    results = [result for result in credit.exact_results() if result.window == "1m" and result.attribute == "gender"]
    first = results[0]
    everything = select(credit.policy)
    assert all(Extract(selection=everything).has_result(result) for result in results)
    assert {result.model for result in results} == {"credit", "credit/outcomes"}
    for other in (
        Extract(selection=select(fs.load_policy("loans"))),
        Extract(selection=select(credit.policy, attribute="race")),
        Extract(selection=select(credit.policy, window="5m")),
        Extract(selection=everything, start_s=first.start_s + 1),
        Extract(selection=everything, end_s=first.end_s - 1),
    ):
        assert not other.has_result(first)
