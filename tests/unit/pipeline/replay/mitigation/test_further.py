"""Repaired features, a fitted model and the trade-off: what they are computed from, what is hidden, what is written."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.cli.replay.texts.mitigate import print_mitigation
from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN
from stream_app.core.arrays import Floats
from stream_app.core.mitigation.logistic import LinearModel
from stream_app.core.mitigation.thresholds import Goal
from stream_app.errors import ConfigError, ReplayError
from stream_app.pipeline.replay.mitigation.cases import CaseColumns, Cases
from stream_app.pipeline.replay.mitigation.further import Further, Wanted, compute_further
from stream_app.pipeline.replay.mitigation.results import MitigationResult, RuleValue
from stream_app.policy import OTHER, UNKNOWN, Feature
from stream_app.programs.replay.alternatives.mitigate import shipped_notes, with_notes_of_its_methods
from stream_app.programs.replay.alternatives.mitigation_files import Export, check_files, save_mitigation
from tests.support.search.records import MODEL, all_outcomes, sources_of
from tests.support.search.runs import ALL
from tests.unit.pipeline.replay.mitigation.test_mitigate import of as weights_and_cuts

GROUPS = ("f", "m", "x")
FEATURES = ("income", "debt")
ALL_OF_IT = Wanted(repair_level=1.0, is_fitted=True, against="accuracy")


def columns(n: int = 2000, *, is_selective: bool = False, p: tuple[float, ...] = (0.4, 0.58, 0.02)) -> CaseColumns:
    rng = np.random.default_rng(4)
    groups = rng.choice(3, n, p=p)
    income = np.round(rng.lognormal(10 + 0.3 * (groups == 1), 0.4), 0)
    debt = np.round(rng.random(n), 3)
    chance = 1 / (1 + np.exp(-2 * np.log(income / 22_000) + 2 * debt - 1))
    scores = np.round(np.clip(chance - 0.15 * (groups == 0), 0, 1), 4)
    favorable = (scores > 0.5).astype(np.int64)
    outcomes = np.where(rng.random(n) < chance, GOOD, BAD)
    if is_selective:
        outcomes[favorable == 0] = NOT_KNOWN
    return CaseColumns(groups, scores, favorable, outcomes, np.column_stack([income, debt]))


class FirstRelease:
    """Nothing was shown before; groups of which a part is hidden are not shown again.

    Args:
        k: Fewest people about whom anything is shown.
        hidden: Groups to hide, by part.
    """

    def __init__(self, k: int, hidden: Mapping[str, str] | None = None) -> None:
        self.k, self._hidden = k, dict(hidden or {})
        self.shown: dict[str, dict[str, int]] = {}

    def groups(self, part: str, people: Mapping[str, int]) -> set[str]:
        self.shown[part] = dict(people)
        return {*people} - {self._hidden.get(part, "")}

    def cuts(self, part: str, group: str, reached: Mapping[float, int]) -> set[float]:
        self.shown[f"{part}: {group}"] = {f"{cut:g}": n for cut, n in reached.items()}
        return {*reached}


def of(
    cases: CaseColumns, wanted: Wanted = ALL_OF_IT, k: int = 30, release: FirstRelease | None = None, **changes: Any
) -> Further:
    options: dict[str, Any] = {"release": release or FirstRelease(k), "is_selective": False} | changes
    return compute_further(cases, GROUPS, ("f", "m"), FEATURES, "outcome", wanted, **options)


def rules_of(further: Further, kind: str) -> list[RuleValue]:
    assert further.trade_off is not None
    return [value for value in further.trade_off.rules if value.rule == kind]


def result(cases: CaseColumns, wanted: Wanted = ALL_OF_IT, *, is_selective: bool = False) -> MitigationResult:
    found = weights_and_cuts(cases, Goal.PARITY, is_selective=is_selective)
    further = of(cases, wanted, is_selective=is_selective)
    made = MitigationResult(
        model="m", policy_hash="h", topic="t", attribute="sex", label="outcome", n=found.n, left_out=found.left_out,
        k=30, weights=found.weights, thresholds=found.thresholds, missing=found.missing, repairs=further.repairs,
        fitted=further.fitted, trade_off=further.trade_off, n_incomplete=further.n_incomplete, notes=shipped_notes(),
    )  # fmt: skip
    return with_notes_of_its_methods(made)


def test_features_are_those_of_the_events_in_the_order_of_the_policy() -> None:
    path = "credit.score"
    model = msgspec.structs.replace(MODEL, features=(Feature(name="s", path=path, minimum=0, maximum=1),))
    collected = Cases(model, 0, None, ALL, all_outcomes(), has_features=True)
    collected.collect(sources_of("raw", collected.observe))
    cases = collected.columns()
    assert cases.features is not None
    assert cases.features.shape == (len(cases.groups), 1)
    assert len(set(cases.features[:, 0].tolist())) > 10
    nothing = Cases(model, 0, None, ALL, None, has_features=True).columns().features
    assert nothing is not None
    assert nothing.shape == (0, 1)


def test_repaired_features_are_means_of_at_least_k_people() -> None:
    cases = columns()
    repairs = of(cases, Wanted(repair_level=1.0)).repairs
    assert repairs is not None
    [income, debt] = repairs.features
    assert (income.feature, debt.feature) == FEATURES
    assert income.before > 0.2
    assert income.after < 0.1
    for group, number in (("f", 0), ("m", 1)):
        own = [value for value in income.values if value.group == group]
        assert len(own) == min(20, np.count_nonzero(cases.groups == number) // 30)
        assert all(one.value <= two.value and one.repaired <= two.repaired for one, two in pairwise(own))
    assert len(of(cases, Wanted(repair_level=1.0), k=700).repairs.features[0].values) == 2  # type: ignore[union-attr]


def test_cases_without_a_feature_are_left_out_and_counted() -> None:
    cases = columns()
    assert cases.features is not None
    partly = cases.features.copy()
    partly[cases.groups == 2, 0] = np.nan  # of a group that is left out anyway
    partly[np.flatnonzero(cases.groups == 0)[:7], 1] = np.nan
    incomplete = cases._replace(features=partly)
    assert of(incomplete, k=7).n_incomplete == 7
    assert of(incomplete, k=30).n_incomplete == 30  # 7 people would follow: 23 more of their group are left out
    with pytest.raises(ReplayError, match="No group has enough cases"):
        of(cases._replace(features=np.full_like(partly, np.nan)))


def test_what_is_counted_for_a_fit_and_a_trade_off_is_compared_with_former_releases() -> None:
    cases, release = columns(), FirstRelease(30)
    further = of(cases, release=release)
    assert further.fitted is not None
    assert further.trade_off is not None
    n = np.bincount(cases.groups, minlength=3).tolist()
    assert (
        release.shown["complete cases"]
        == release.shown[""]
        == dict(zip((*GROUPS, UNKNOWN, OTHER), (*n, 0, 0), strict=True))
    )
    first, fitted_to, others = (
        release.shown[f"complete cases, every second case of f, m from case {end}"]
        for end in ("0", "0, outcome known", "1")
    )
    assert sum(fitted_to.values()) == further.fitted.n
    assert sum(others.values()) == further.trade_off.n
    assert {name: first[name] + others[name] for name in ("f", "m")} == {"f": n[0], "m": n[1]}
    cuts = release.shown["complete cases, every second case of f, m from case 1: f"]
    assert {f"{rule.setting:g}" for rule in rules_of(further, "cut")} <= cuts.keys()


@pytest.mark.parametrize("part", ["", "complete cases", "complete cases, every second case of f, m from case 1"])
def test_a_group_that_may_not_be_shown_is_left_out_of_a_fit(part: str) -> None:
    release = FirstRelease(30, {part: "m"})
    further = of(columns(), release=release)
    assert further.left_out == ("m",)
    assert further.fitted is not None
    assert further.fitted.n == len(columns().groups[columns().groups == 0][::2])


def test_where_no_group_may_be_shown_nothing_is_fitted() -> None:
    release = FirstRelease(30, {"": "m", "complete cases": "f"})
    assert of(columns(), release=release) == Further(None, None, None, 0, ("f", "m"))


def test_every_second_case_is_fitted_and_the_others_are_judged() -> None:
    cases = columns(p=(0.4, 0.6, 0.0))
    further = of(cases)
    assert further.fitted is not None
    assert further.trade_off is not None
    assert (further.fitted.n, further.trade_off.n) == (1000, 1000)
    others = cases.part(slice(1, None, 2))
    assert others.features is not None
    scores = LinearModel(np.array(further.fitted.coefficients), further.fitted.intercept).score(others.features)
    [weighted] = rules_of(further, "weighted")
    approved = scores >= np.sort(scores)[::-1][others.favorable.sum() - 1]
    rates = [approved[others.groups == group].mean() for group in (0, 1)]
    assert weighted.ratio == pytest.approx(min(rates) / max(rates))
    assert weighted.accuracy.lower == pytest.approx(np.mean(approved == (others.outcomes == GOOD)))
    [logged] = rules_of(further, "logged")
    assert logged.approved == pytest.approx(others.favorable.mean())
    assert [value.setting for value in rules_of(further, "repaired")] == [0.25, 0.5, 0.75, 1.0]


def test_too_few_cases_are_said_before_anything_is_fitted() -> None:
    with pytest.raises(ReplayError, match="too few cases to fit a model"):
        of(columns(), k=450)
    with pytest.raises(ReplayError, match="too few cases to fit a model"):
        of(columns()._replace(outcomes=np.full(2000, GOOD)))


def test_neighboring_cuts_of_a_trade_off_differ_by_nobody_or_by_k_people() -> None:
    cases = columns()
    cuts = [value.setting for value in rules_of(of(cases, Wanted(against="repayment")), "cut")]
    assert len(cuts) > 10
    for number in (0, 1):
        own = cases.scores[cases.groups == number]
        between = np.histogram(own, [-np.inf, *map(float, cuts), np.inf])[0]  # type: ignore[arg-type]
        assert all(n == 0 or n >= 30 for n in between.tolist())


def test_a_cut_has_the_values_that_its_replay_has() -> None:
    cases = columns(p=(0.4, 0.6, 0.0))
    further = of(cases, Wanted(against="accuracy"))
    for value in rules_of(further, "cut"):
        approved = cases.scores >= (value.setting or 0)
        assert value.approved == pytest.approx(approved.mean())
        assert value.repayment.lower == pytest.approx(np.mean(cases.outcomes[approved] == GOOD))
        assert value.repayment.lower == value.repayment.upper


def test_cuts_by_group_reach_the_ratio_that_they_are_for() -> None:
    by_group = rules_of(of(columns(), Wanted(against="accuracy")), "group_cuts")
    assert len(by_group) > 2
    assert all(value.ratio >= (value.setting or 0) - 1e-9 for value in by_group)
    assert [value.accuracy.lower for value in by_group] == sorted(
        (value.accuracy.lower for value in by_group), reverse=True
    )


def test_outcomes_of_the_approved_give_bounds_and_no_cuts_by_group() -> None:
    further = of(columns(is_selective=True), is_selective=True)
    assert further.trade_off is not None
    assert further.trade_off.missing == "selective_outcomes"
    assert not rules_of(further, "group_cuts")
    [logged] = rules_of(further, "logged")
    assert logged.repayment.lower == logged.repayment.upper
    assert logged.accuracy.lower < logged.accuracy.upper
    wide = [value for value in rules_of(further, "cut") if value.approved > logged.approved + 0.05]
    assert wide
    assert all(value.repayment.lower < logged.repayment.lower < value.repayment.upper for value in wide)


def test_decisions_without_a_score_have_no_cuts() -> None:
    cases = columns()
    further = of(cases._replace(scores=np.full(2000, np.nan)))
    assert further.trade_off is not None
    assert further.trade_off.missing == "no_scores"
    assert {value.rule for value in further.trade_off.rules} == {"logged", "fitted", "weighted", "repaired"}


def numbers_in(rows: list[dict[str, str]], name: str) -> Floats:
    return np.array([float(row[name]) for row in rows])


def test_the_files_have_every_value_and_the_models(tmp_path: Path) -> None:
    made = result(columns())
    save_mitigation(tmp_path / "out", made, 0.8, Export.ONNX)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    tables = {"weights.csv", "thresholds.csv", "repairs.csv", "trade-off.csv"}
    assert names == {"mitigation.json", "trade-off.svg", "model.onnx", "thresholds.onnx", *tables}
    assert made.trade_off is not None
    rows = list(csv.DictReader((tmp_path / "out" / "trade-off.csv").read_text("utf-8").splitlines()))
    assert numbers_in(rows, "ratio").tolist() == [value.ratio for value in made.trade_off.rules]
    assert numbers_in(rows, "repayment_upper").tolist() == [value.repayment.upper for value in made.trade_off.rules]
    saved = json.loads((tmp_path / "out" / "mitigation.json").read_bytes())
    assert saved == json.loads(msgspec.json.encode(made))
    model = (tmp_path / "out" / "model.onnx").read_bytes()
    assert b"trained with weights is to be tested" in model
    assert b"disparate treatment" in (tmp_path / "out" / "thresholds.onnx").read_bytes()
    save_mitigation(tmp_path / "skops", made, 0.8, Export.SKOPS)
    assert {path.name for path in (tmp_path / "skops").iterdir()} - names == {"model.skops"}


def test_what_cannot_be_exported_is_rejected_before_the_log_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="without --out"):
        check_files(None, Export.ONNX, has_cuts=True, is_fitted=True)
    with pytest.raises(ConfigError, match="nothing to export"):
        check_files(tmp_path / "out", Export.ONNX, has_cuts=False, is_fitted=False)
    with pytest.raises(ConfigError, match="fitted models alone"):
        check_files(tmp_path / "out", Export.SKOPS, has_cuts=True, is_fitted=False)
    with pytest.raises(ConfigError, match="exists already"):
        check_files(tmp_path, None, has_cuts=False, is_fitted=False)
    check_files(None, None, has_cuts=False, is_fitted=False)
    check_files(tmp_path / "out", Export.SKOPS, has_cuts=False, is_fitted=True)


def test_the_text_shows_the_best_rules_and_each_note_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    made = result(columns(), Wanted(is_fitted=True, against="accuracy"))
    print_mitigation(made)
    text = " ".join(capsys.readouterr().out.split())
    assert {note.method for note in made.notes.notes} == {"weights", "thresholds", "repair"}
    assert all(text.count(" ".join(note.text.split())) == 1 for note in made.notes.notes)
    assert made.trade_off is not None
    assert text.count("cuts by group, ratio at least") == sum(
        value.is_best and value.rule == "group_cuts" for value in made.trade_off.rules
    )
    print_mitigation(result(columns(is_selective=True), is_selective=True))
    text = " ".join(capsys.readouterr().out.split())
    assert "Without cuts by group: outcomes are known for approved applicants only" in text
    assert text.count("for all") <= 10
