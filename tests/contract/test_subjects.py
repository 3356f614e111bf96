"""What every subject of the judge promises, once for decisions, outcomes and published counts."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import ClosedPeriod
from stream_app.errors import StateError
from stream_app.pipeline.judge.subjects.subject import DISPOSITIONS, SUPPRESSED
from tests.support.contracts.subject_cases import (
    OFFSETS,
    PANE_S,
    SUBJECTS,
    SubjectCase,
    SubjectRun,
    changes_of,
    feed,
    judge,
    records_of,
    windows_of,
)

all_subjects = pytest.mark.parametrize("case", SUBJECTS, ids=[case.name for case in SUBJECTS])
few_examples = settings(max_examples=25)
cuts = st.sets(st.integers(0, 7), max_size=5)


def run(case: SubjectCase, restarts: frozenset[int] = frozenset()) -> SubjectRun:
    """Judge all windows of the shared log, with a restart before those given."""
    subject_run = SubjectRun(case)
    for number, panes in enumerate(windows_of(case.panes())):
        if number in restarts:
            subject_run.restart()
        subject_run.close(panes)
    return subject_run


def some_window(case: SubjectCase) -> tuple[Cells, int]:
    """Return the cells of a window of the log, and its start."""
    pane = case.panes()[3]
    return pane.cells, pane.start_s


@all_subjects
def test_the_log_of_the_suite_is_judged_and_raises_alarms(case: SubjectCase) -> None:
    subject_run = run(case)
    assert len(subject_run.verdicts) >= 6
    assert any(records_of(verdicts) for verdicts in subject_run.verdicts)
    assert bool(subject_run.alerts) == case.has_state


@all_subjects
def test_a_subject_counts_by_the_layout_of_its_ingest(case: SubjectCase) -> None:
    subject = case.new({})
    assert (subject.name, subject.layout_hash) == (case.partials_name, case.layout_hash())
    assert subject.is_public == case.is_public


@all_subjects
@few_examples
@given(restarts=cuts)
def test_a_restored_subject_says_the_same(case: SubjectCase, restarts: set[int]) -> None:
    restored, steady = run(case, frozenset(restarts)), run(case)
    assert restored.alerts == steady.alerts
    assert restored.verdicts == steady.verdicts
    assert restored.stored == steady.stored


@all_subjects
def test_changes_are_returned_once_and_only_by_a_subject_with_state(case: SubjectCase) -> None:
    subject = case.new({})
    for pane in case.panes():
        feed(subject, pane)
    assert bool(changes_of(subject)) == case.has_state
    assert changes_of(subject) == []


@all_subjects
def test_looking_at_a_window_again_changes_nothing(case: SubjectCase) -> None:
    subject_run = run(case)
    cells, start_s = some_window(case)
    first = judge(subject_run.subject, cells, start_s, is_close=False)
    assert judge(subject_run.subject, cells, start_s, is_close=False) == first
    assert changes_of(subject_run.subject) == []
    assert bool(records_of(first)) != case.is_public  # counts are published once


@all_subjects
@given(seed=st.integers(0, 2**32))
@few_examples
def test_the_order_of_cells_does_not_matter(case: SubjectCase, seed: int) -> None:
    cells, start_s = some_window(case)
    shuffled = dict(random.Random(seed).sample(list(cells.items()), len(cells)))
    one, other = case.new({}), case.new({})
    assert feed(one, ClosedPeriod(start_s, start_s + 10, cells)) == feed(
        other, ClosedPeriod(start_s, start_s + 10, shuffled)
    )
    assert judge(one, cells, start_s, is_close=True) == judge(other, shuffled, start_s, is_close=True)
    assert changes_of(one) == changes_of(other)


@all_subjects
def test_an_empty_period_raises_no_alarm_and_an_empty_window_shows_nothing(case: SubjectCase) -> None:
    subject = case.new({})
    start_s = some_window(case)[1]
    assert feed(subject, ClosedPeriod(start_s, start_s + 10, {})) == []
    verdicts = judge(subject, {}, some_window(case)[1], is_close=True)
    assert verdicts.disposition == SUPPRESSED
    assert verdicts.aggregates == []
    assert all(result.n == 0 for result in records_of(verdicts))


@all_subjects
def test_cells_are_left_as_they_are(case: SubjectCase) -> None:
    subject = case.new({})
    for pane in case.panes():
        before = {code: list(vector) for code, vector in pane.cells.items()}
        feed(subject, pane)
        judge(subject, pane.cells, pane.start_s, is_close=True)
        assert pane.cells == before


@all_subjects
def test_every_disposition_is_a_known_one(case: SubjectCase) -> None:
    assert {verdicts.disposition for verdicts in run(case).verdicts} <= set(DISPOSITIONS)


@all_subjects
def test_every_record_names_the_subject_and_only_published_counts_go_without_offsets(case: SubjectCase) -> None:
    subject_run = run(case)
    records = [record for verdicts in subject_run.verdicts for record in records_of(verdicts)]
    assert {record.model for record in [*records, *subject_run.alerts]} == {case.partials_name}
    for record in map(msgspec.to_builtins, [*records, *subject_run.alerts]):
        assert record.get("offsets") == (None if case.is_public else OFFSETS)


@all_subjects
def test_every_alert_ends_with_the_pane_that_raised_it(case: SubjectCase) -> None:
    subject = case.new({})
    for pane in case.panes():
        for alert in feed(subject, pane):
            assert (alert.pane_s, alert.at_s) == (pane.start_s, pane.start_s + PANE_S)
            assert alert.onset_s <= alert.pane_s
            assert alert.log10_e >= alert.log10_threshold


@all_subjects
def test_damaged_state_is_rejected_with_an_action_for_the_operator(case: SubjectCase) -> None:
    stored = run(case).stored
    assert bool(stored) == case.has_state
    for entry, pieces in stored.items():
        with pytest.raises(StateError) as error:
            case.new(stored | {entry: [pieces[0][:-1]]})
        assert "app" in error.value.action
