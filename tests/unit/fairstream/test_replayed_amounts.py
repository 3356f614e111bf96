"""DataFrames of a replay of amounts: means of every scenario, its alerts, and no approval rates."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fairstream.frames.amount_columns import AMOUNT_COLUMNS
from fairstream.replays import REPLAY_ALERT_COLUMNS, SCENARIO_COLUMN, alerts_frame, results_frame
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.scenarios.scenario import Scenario, original_scenario, scenario_under
from stream_app.pipeline.replay.scenarios.settings import ScenarioSettings, parse_settings, scenario_of
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import parse_policy
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.scenarios import release_scenarios
from stream_app.settings import load_settings
from tests.support import judged_world
from tests.support.amount_runs import MODEL, POLICY, TEXT, raw_partitions, run
from tests.support.memory_logs import START_S

WIDE = scenario_of(POLICY, MODEL, ScenarioSettings(parse_settings(["threshold.difference=60"])), "wide")
SCENARIOS = [original_scenario(MODEL), WIDE]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> list[ScenarioResults]:
    world = judged_world.World(
        dict(enumerate(raw_partitions(1446, 40))), PolicyBook([RegisteredPolicy(MODEL, MODEL.hash(), 0)])
    )
    return release(tmp_path_factory.mktemp("ledger"), world, SCENARIOS)


def release(folder: Path, world: judged_world.World, scenarios: list[Scenario]) -> list[ScenarioResults]:
    time_range = TimeRange(START_S, START_S + 4 * 3600)
    former = FormerReleases(load_settings({}, state_dir=str(folder)), MODEL, MODEL.topic)
    return release_scenarios(former, run(world, *scenarios[1:], time_range=time_range), scenarios, is_exact=False)


def test_the_columns_are_those_of_amount_results_after_the_scenario(released: list[ScenarioResults]) -> None:
    frame = results_frame(released, SCENARIOS)
    assert list(frame.columns) == [column.name for column in (SCENARIO_COLUMN, *AMOUNT_COLUMNS)]
    assert dict(frame.dtypes.astype(str)) == dict(results_frame([], SCENARIOS).dtypes.astype(str))
    assert not {"rate", "gap", "disparate_impact_ratio", "favorable"} & {*frame.columns}
    assert len(frame) == sum(len(result.groups) for one in released for result in one.results)


def test_rows_are_what_each_scenario_shows(released: list[ScenarioResults]) -> None:
    frame = results_frame(released, SCENARIOS)
    for judged in released:
        own = frame[frame["scenario"] == judged.name].reset_index(drop=True)
        groups = [group for result in judged.results for group in result.groups]
        for (_, row), group in zip(own.iterrows(), groups, strict=True):
            assert row["group"] == group.group
            if not isinstance(group.amounts, DisclosedAmounts):
                assert pd.isna(row["mean_amount"])
                continue
            assert row["mean_amount"] == group.amounts.mean.value
            difference = group.amounts.difference
            assert pd.isna(row["difference"]) if difference is None else row["difference"] == difference.value
            assert row["is_over"] == group.amounts.is_over
    totals = frame[(frame["window"] == "total") & (frame["group"] == "f")].groupby("scenario")["mean_amount"].last()
    assert totals["original"] == totals["wide"]  # another limit changes verdicts alone
    n_over = frame.groupby("scenario")["is_over"].sum()
    assert (n_over["original"] > 0, n_over["wide"]) == (True, 0)


def test_alerts_have_the_scenario_and_means(released: list[ScenarioResults]) -> None:
    frame = alerts_frame(released)
    assert list(frame.columns) == [column.name for column in REPLAY_ALERT_COLUMNS]
    assert set(frame["scenario"]) == {"original"}  # a difference of 60 is never exceeded
    row = frame[frame["group"] == "f"].iloc[0]
    assert (row["test"], row["limit_of_difference"]) == ("mean_low", 5)
    assert row["difference"] == pytest.approx(row["mean_amount"] - row["mean_amount_reference"])


def test_a_limit_of_the_ratio_is_in_rows_and_alerts(tmp_path: Path) -> None:
    world = judged_world.World(
        dict(enumerate(raw_partitions(1446, 40))), PolicyBook([RegisteredPolicy(MODEL, MODEL.hash(), 0)])
    )
    settings = parse_settings(["threshold.difference=60", "threshold.mean_ratio=0.9"])
    scenarios = [SCENARIOS[0], scenario_of(POLICY, MODEL, ScenarioSettings(settings), "ratio")]
    released = release(tmp_path, world, scenarios)
    frame, alerts = results_frame(released, scenarios), alerts_frame(released)
    rows = frame[frame["scenario"] == "ratio"]
    over = rows[rows["is_ratio_over"]]
    assert len(over) > 0
    assert not over["ratio"].between(0.9, 1 / 0.9).any()
    assert not frame[frame["scenario"] == "original"]["is_ratio_over"].any()
    row = alerts[(alerts["scenario"] == "ratio") & (alerts["group"] == "f")].iloc[0]
    assert (row["test"], row["least_mean_ratio"]) == ("mean_ratio_low", 0.9)
    assert row["mean_ratio"] == pytest.approx(row["mean_amount"] / row["mean_amount_reference"])
    assert row["mean_ratio_lower"] < row["mean_ratio"] < row["mean_ratio_upper"]
    assert alerts[alerts["scenario"] == "original"]["mean_ratio"].isna().all()


def test_a_policy_with_other_amounts_is_no_scenario() -> None:
    assert scenario_under(parse_policy(TEXT.replace("difference = 5", "difference = 9")), MODEL, "x").name == "x"
    with pytest.raises(ValueError, match="cannot change path, minimum, maximum or bins"):
        scenario_under(parse_policy(TEXT.replace("maximum = 100", "maximum = 200")), MODEL, "x")
