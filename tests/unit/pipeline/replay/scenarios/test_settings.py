from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stream_app.errors import ConfigError, PolicyError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.scenarios.scenario import original_scenario
from stream_app.pipeline.replay.scenarios.settings import (
    ScenarioSettings,
    parse_group_map,
    parse_references,
    parse_settings,
    scenario_of,
)
from stream_app.pipeline.replay.sources import RawCounter
from stream_app.policy import Attribute, load_policy
from tests.support.lanes.ingest_lane import KEYS, NOW_S, encode, loan

POLICY = load_policy("loans")
MODEL = POLICY.models[0]


def test_settings_change_the_policy_and_its_hash() -> None:
    settings = ScenarioSettings(
        parse_settings(["threshold.dir=0.85", "threshold.gap=0.15", "window=6h", "k=20", "min_n=50"])
    )
    scenario = scenario_of(POLICY, MODEL, settings)
    rules = scenario.model.rules
    assert (rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n) == (0.85, 0.15, 50)
    assert [(window.name, window.size_s) for window in scenario.model.windows] == [("6h", 21_600)]
    assert scenario.model.privacy.k == 20
    assert scenario.policy_hash != MODEL.hash()


def test_a_scenario_can_have_another_comparison_period() -> None:
    scenario = scenario_of(POLICY, MODEL, ScenarioSettings(parse_settings(["period=10m"])))
    assert (MODEL.period_s, scenario.model.period_s) != (600, 600)
    assert scenario.model.period_s == 600
    for period in ("7s", "0s", "often"):
        with pytest.raises((ConfigError, PolicyError)):
            scenario_of(POLICY, MODEL, ScenarioSettings({"period": period}))


def test_scenarios_with_the_same_counts_share_one_counting() -> None:
    original = original_scenario(MODEL)
    same = ScenarioSettings(parse_settings(["threshold.dir=0.9", "window=1d"]), references={"gender": "female"})
    other = ScenarioSettings(groups={"race": {"black": "minority", "asian": "minority"}})
    assert scenario_of(POLICY, MODEL, same).counting_key == original.counting_key
    assert scenario_of(POLICY, MODEL, other).counting_key != original.counting_key


def test_a_group_map_joins_groups_and_adds_new_ones() -> None:
    groups = parse_group_map('[race]\n"Black" = "minority"\n"asian" = "minority"\n"roma" = "minority"\n')
    scenario = scenario_of(POLICY, MODEL, ScenarioSettings(groups=groups))
    assert scenario.model.attributes[1].groups == ("minority", "hispanic", "white")
    assert scenario.model.attributes[1].reference == "white"
    assert layout_of(scenario.model).size < layout_of(MODEL).size


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ScenarioSettings({"k": "7"}), "smaller groups"),
        (ScenarioSettings({"k": "1"}), "invalid policy"),
        (ScenarioSettings({"threshold.dir": "1.5"}), "invalid policy"),
        (ScenarioSettings({"threshold.dir": "high"}), "is not a number"),
        (ScenarioSettings({"window": "15s"}), "size_s"),
        (ScenarioSettings(references={"gender": "robot"}), "reference"),
        (ScenarioSettings(references={"height": "tall"}), "No attribute"),
        (ScenarioSettings(groups={"height": {"a": "b"}}), "No attribute"),
    ],
)
def test_a_scenario_that_makes_an_invalid_policy_is_rejected(settings: ScenarioSettings, words: str) -> None:
    with pytest.raises((ConfigError, PolicyError), match=words):
        scenario_of(POLICY, MODEL, settings)


@pytest.mark.parametrize("text", ["threshold.dir", "treshold.dir=1", "=3", ""])
def test_a_setting_of_another_form_is_rejected(text: str) -> None:
    with pytest.raises(ConfigError, match="Unknown setting"):
        parse_settings([text])


def test_a_reference_without_group_and_a_map_without_tables_are_rejected() -> None:
    with pytest.raises(ConfigError, match="names no group"):
        parse_references(["gender"])
    for text in ("race = 3", "[race]\nx = 1", "no toml"):
        with pytest.raises(ConfigError, match="must be TOML tables"):
            parse_group_map(text)


def test_a_group_map_keeps_the_aliases_of_groups_that_it_joins() -> None:
    gender, *others = MODEL.attributes
    aliases = {"female": ("F", "kadın"), "male": ("M",)}
    model = msgspec.structs.replace(MODEL, attributes=(msgspec.structs.replace(gender, aliases=aliases), *others))
    policy = msgspec.structs.replace(POLICY, models=(model,))
    groups = parse_group_map('[gender]\n"female" = "women"\n"f" = "unsure"\n')
    changed = scenario_of(policy, model, ScenarioSettings(groups=groups)).model.attributes[0]
    assert changed.groups[:2] == ("women", "male")
    assert changed.aliases == {"women": ("kadın",), "male": ("M",)}


def test_bands_can_be_joined() -> None:
    gender, _, age_band = MODEL.attributes
    born = Attribute(name="years", path="born", derive="age", edges=(25, 40), reference="25 to under 40")
    model = msgspec.structs.replace(MODEL, attributes=(gender, born, age_band))
    groups = parse_group_map('[years]\n"under 25" = "under 40"\n"25 to under 40" = "under 40"\n')
    settings = ScenarioSettings(groups=groups)
    scenario = scenario_of(msgspec.structs.replace(POLICY, models=(model,)), model, settings)
    changed = scenario.model.attributes[1]
    assert (changed.groups, changed.reference, changed.edges) == (("under 40", "40 and over"), "under 40", (25, 40))
    records: list[bytes | None] = [
        encode(loan(application_id=f"A-{number}", race=..., born=born))
        for number, born in enumerate(("2010-01-01", "1990-01-01", "1950-01-01", None))
    ]
    n = len(records)
    batch = Batch("t", 0, 0, n, np.arange(n), records, np.full(n, NOW_S * 1000))
    counter = RawCounter(scenario.model, KEYS, scenario.groups)
    ((_, cells),) = counter.count(batch)
    labels = {layout_of(scenario.model).labels_of(code)[1]: vector[0] for code, vector in cells.items()}
    assert labels == {"under 40": 2, "40 and over": 1, "unknown": 1}
