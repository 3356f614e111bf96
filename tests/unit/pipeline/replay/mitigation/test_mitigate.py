"""Weights and cuts of replayed decisions: what they are computed from, what is left out, and why there may be none."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from stream_app.cli.replay.alternatives.mitigate import select_attribute
from stream_app.cli.replay.texts.mitigate import print_mitigation
from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN
from stream_app.core.mitigation.thresholds import Goal, choose_cuts
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.mitigation.cases import CaseColumns, Cases
from stream_app.pipeline.replay.mitigation.results import MitigationResult, NotePack
from stream_app.pipeline.replay.mitigation.summary import Mitigation, mitigate
from stream_app.pipeline.replay.search.scores import LoggedScore
from stream_app.policy import load_policy
from stream_app.programs.replay.alternatives.mitigate import shipped_notes, with_notes_of_its_methods
from stream_app.programs.replay.alternatives.mitigation_files import save_mitigation
from tests.support.search.records import MODEL, all_outcomes, sources_of
from tests.support.search.runs import ALL, search

GROUPS = ("f", "m", "x")


def columns(n: int = 600, *, known: bool = True) -> CaseColumns:
    rng = np.random.default_rng(4)
    groups = rng.choice([0, 1, 2], n, p=[0.4, 0.58, 0.02])
    scores = rng.random(n)
    outcomes = np.where(rng.random(n) < scores, GOOD, BAD) if known else np.full(n, NOT_KNOWN)
    return CaseColumns(groups, scores, (scores > 0.5).astype(np.int64), outcomes)


def of(cases: CaseColumns, goal: Goal | None = None, **changes: Any) -> Mitigation:
    options: dict[str, Any] = {"shown": ("f", "m"), "has_outcomes": True, "is_selective": False} | changes
    return mitigate(cases, GROUPS, options.pop("label", "outcome"), goal, **options)


def test_weights_are_about_the_outcomes_that_are_known() -> None:
    cases = columns()
    partly = cases._replace(outcomes=np.where(np.arange(600) % 2, cases.outcomes, NOT_KNOWN))
    mitigation = of(partly)
    counts = Counter(zip(partly.groups.tolist(), partly.outcomes.tolist(), strict=True))
    n = sum(counts[group, label] for group in (0, 1) for label in (GOOD, BAD))
    assert (mitigation.n, mitigation.left_out) == (n, ("x",))
    n_good = counts[0, GOOD] + counts[1, GOOD]
    n_women = counts[0, GOOD] + counts[0, BAD]
    [weight] = [row.weight for row in mitigation.weights if (row.group, row.is_favorable) == ("f", True)]
    assert weight == pytest.approx(n_women * n_good / (n * counts[0, GOOD]))
    assert (mitigation.thresholds, mitigation.missing) == (None, None)


def test_cuts_are_chosen_for_the_groups_that_are_large_enough() -> None:
    cases = columns()
    thresholds = of(cases, Goal.PARITY).thresholds
    assert thresholds is not None
    good = (cases.outcomes == GOOD).astype(np.int64)
    expected = choose_cuts([(cases.scores[cases.groups == g], good[cases.groups == g]) for g in (0, 1)], Goal.PARITY)
    assert expected is not None
    assert (thresholds.rate, thresholds.accuracy) == (expected.rate, expected.accuracy)
    assert [(group.group, group.share) for group in thresholds.groups] == [
        ("f", expected.groups[0].share),
        ("m", expected.groups[1].share),
    ]
    is_large = cases.groups < 2
    assert thresholds.logged_accuracy == np.mean(cases.favorable[is_large] == good[is_large])


@pytest.mark.parametrize(
    ("cases", "changes", "reason"),
    [
        (columns(), {"has_outcomes": False, "label": "decision"}, "no_outcomes"),
        (columns(), {"is_selective": True}, "selective_outcomes"),
        (
            columns()._replace(outcomes=np.where(np.arange(600) == np.argmin(columns().groups), 0, 1)),
            {},
            "unknown_outcomes",
        ),
        (columns()._replace(scores=np.full(600, np.nan)), {}, "no_scores"),
        (columns()._replace(outcomes=np.full(600, GOOD)), {}, "one_kind_of_outcome"),
    ],
)
def test_without_every_outcome_there_are_weights_and_no_cuts(
    cases: CaseColumns, changes: dict[str, Any], reason: str
) -> None:
    mitigation = of(cases, Goal.OPPORTUNITY, **changes)
    assert (mitigation.thresholds, mitigation.missing) == (None, reason)
    assert mitigation.weights


def test_the_cases_are_those_that_a_search_counts() -> None:
    collected = Cases(MODEL, 0, LoggedScore("credit.score"), ALL, all_outcomes())
    collected.collect(sources_of("raw", collected.observe))
    cases = collected.columns()
    logged = search(by_segment=False)[0].logged
    assert (len(cases.groups), int(cases.favorable.sum())) == (logged.n, logged.favorable)
    [sex, *_] = logged.pairs
    assert np.count_nonzero(cases.groups == 0) == sex.n
    assert set(cases.outcomes.tolist()) == {NOT_KNOWN, GOOD, BAD}
    assert not np.isnan(cases.scores).any()
    nothing = Cases(MODEL, 0, None, ALL, None).columns()
    assert of(nothing, shown=()).weights == ()


def result(goal: Goal | None = Goal.PARITY, **changes: Any) -> MitigationResult:
    mitigation = of(columns(), goal, **changes)
    made = MitigationResult(
        model="m", policy_hash="h", topic="t", attribute="sex", label="outcome", n=mitigation.n,
        left_out=mitigation.left_out, k=30, weights=mitigation.weights, thresholds=mitigation.thresholds,
        missing=mitigation.missing, notes=shipped_notes(),
    )  # fmt: skip
    return with_notes_of_its_methods(made)


def test_the_files_have_the_weights_and_the_cuts(tmp_path: Path) -> None:
    save_mitigation(tmp_path / "out", result(), 0.8)
    assert json.loads((tmp_path / "out" / "mitigation.json").read_bytes())["thresholds"]["goal"] == "parity"
    weights = (tmp_path / "out" / "weights.csv").read_text("utf-8").splitlines()
    assert weights[0] == "attribute,group,is_favorable,weight"
    assert len(weights) == 5
    assert len((tmp_path / "out" / "thresholds.csv").read_text("utf-8").splitlines()) == 3
    with pytest.raises(ConfigError, match="exists already"):
        save_mitigation(tmp_path / "out", result(), 0.8)
    save_mitigation(tmp_path / "weights", result(None), 0.8)
    assert {path.name for path in (tmp_path / "weights").iterdir()} == {"mitigation.json", "weights.csv"}


def test_the_text_has_every_note_with_its_date(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_mitigation(result())
    text = " ".join(capsys.readouterr().out.split())
    assert "Nothing is applied." in text
    assert "Left out, as fewer than 30 people would follow: x" in text
    notes = result().notes
    assert {note.method for note in notes.notes} == {"weights", "thresholds"}
    places = [text.index(" ".join(note.text.split())) for note in notes.notes]
    cuts = text.index("Cuts by group")
    assert [place > cuts for place in places] == [note.method == "thresholds" for note in notes.notes]
    assert f"Notes written {notes.written} by the developers; no lawyer has reviewed these notes." in text
    print_mitigation(result(is_selective=True))
    assert "known for approved applicants only" in " ".join(capsys.readouterr().out.split())


def test_the_notes_are_dated_have_sources_and_judge_nothing() -> None:
    notes: NotePack = shipped_notes()
    assert {note.method for note in notes.notes} == {"weights", "thresholds", "repair"}
    assert all(note.sources and note.jurisdiction for note in notes.notes)
    assert all("illegal" not in note.text.lower() for note in notes.notes)
    assert len(notes.written) == len("2026-11-30")
    assert {note.method for note in result(None).notes.notes} == {"weights"}


def test_an_attribute_must_be_named_where_there_are_several() -> None:
    credit = load_policy("credit").models[0]
    assert select_attribute(credit, "race").name == "race"
    for name in (None, "age"):
        with pytest.raises(ConfigError, match="attributes are selected"):
            select_attribute(credit, name)
    single = msgspec.structs.replace(credit, attributes=credit.attributes[:1])
    assert select_attribute(single, None).name == "gender"
