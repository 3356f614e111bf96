"""Verdicts through the whole pipeline: a fair stream is left alone, a drift is found once, and its end is too.

The short form of ``python -m tests.programs.detection``: producers, broker, workers, and alerts read as committed.
"""

from __future__ import annotations

import pytest

from tests.programs.detection import claims
from tests.programs.detection.stage import Stage, Told
from tests.programs.detection.streams import SHORT, Sending

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def told(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Send everything in all ways, and return what was told."""
    return Stage(kafka, tmp_path_factory.mktemp("verdicts"), SHORT).run()


def test_a_fair_stream_raises_no_alarm(told: Told) -> None:
    check(claims.fair_stream_is_quiet(told))


def test_nobody_is_found_who_was_not_treated_worse(told: Told) -> None:
    check(claims.every_alert_is_true(told))


def test_every_broken_rule_has_one_breach_and_one_all_clear(told: Told) -> None:
    check(claims.each_is_found_and_cleared_once(told))


def test_the_alert_about_women_says_what_was_found(told: Told) -> None:
    check(claims.women_are_found_in_time(told))


def test_the_onset_is_right(told: Told) -> None:
    check(claims.onset_is_right(told))


def test_the_cause_is_the_rate_and_not_the_mix(told: Told) -> None:
    check(claims.cause_is_rate(told))


def test_the_all_clear_dates_the_recovery(told: Told) -> None:
    check(claims.end_is_found(told))


def test_the_worker_was_killed_between_breach_and_all_clear(told: Told) -> None:
    check(claims.kills_fell_between(told))


@pytest.mark.parametrize("sending", [sending for sending in Sending if sending is not Sending.ONCE])
def test_the_same_decisions_sent_in_another_way_give_the_same_alerts(told: Told, sending: Sending) -> None:
    check(claims.sending_changes_nothing(told, sending))


def check(claim: claims.Claim) -> None:
    assert claim.is_kept, f"{claim.text}: {claim.found}"
