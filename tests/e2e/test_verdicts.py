"""Verdicts through the whole pipeline: a fair stream is left alone, a drift is found once, and its end is too.

The short form of ``python -m tests.programs.detection``: producers, broker, workers, and alerts read as committed.
"""

from __future__ import annotations

import pytest

from tests.programs.detection import claims
from tests.programs.detection.stage import DetectionRun, Stage
from tests.programs.detection.streams import SHORT, Sending

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def run(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> DetectionRun:
    """Send everything in all ways, and return what came of it."""
    return Stage(kafka, tmp_path_factory.mktemp("verdicts"), SHORT).run()


def test_a_fair_stream_raises_no_alarm(run: DetectionRun) -> None:
    check(claims.fair_stream_is_quiet(run))


def test_no_alert_is_about_a_group_that_was_not_treated_worse(run: DetectionRun) -> None:
    check(claims.every_alert_is_true(run))


def test_every_broken_rule_has_one_breach_and_one_recovery(run: DetectionRun) -> None:
    check(claims.each_broken_rule_has_one_breach_and_one_recovery(run))


def test_the_alert_about_women_names_the_group_the_ratio_and_the_onset(run: DetectionRun) -> None:
    check(claims.the_breach_for_women_is_described(run))


def test_the_onset_is_accurate(run: DetectionRun) -> None:
    check(claims.onset_is_right(run))


def test_the_cause_is_the_rate_and_not_the_mix(run: DetectionRun) -> None:
    check(claims.cause_is_rate(run))


def test_the_recovery_dates_the_end_of_the_drift(run: DetectionRun) -> None:
    check(claims.the_recovery_is_dated(run))


def test_the_worker_was_killed_between_breach_and_recovery(run: DetectionRun) -> None:
    check(claims.kills_came_between(run))


@pytest.mark.parametrize("sending", [sending for sending in Sending if sending is not Sending.ONCE])
def test_the_same_decisions_sent_in_another_way_give_the_same_alerts(run: DetectionRun, sending: Sending) -> None:
    check(claims.sending_changes_nothing(run, sending))


def check(claim: claims.Claim) -> None:
    assert claim.is_kept, f"{claim.text}: {claim.observed}"
