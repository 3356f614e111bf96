"""From panes of scores to alarms, through the judge as it runs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from stream_app.errors import StateError
from stream_app.pipeline.records.evidence import PairTest
from stream_app.policy import parse_policy
from tests.support.lanes.outcome_court import POLICY, Court

# Scores in four bins; half of them are from the cut on.
STEADY, LOWER = (10, 15, 15, 10), (30, 12, 5, 3)


def scored(women: Sequence[tuple[int, ...]], men: Sequence[tuple[int, ...]]) -> Court:
    court = Court(parse_policy(POLICY))
    for number, (f, m) in enumerate(zip(women, men, strict=True)):
        court.decided(number, {"f": f, "m": m})
    return court


def test_scores_that_stay_what_they_are_raise_nothing() -> None:
    rng = np.random.default_rng(5)
    p = np.array(STEADY) / 50
    draws = [[tuple(rng.multinomial(50, p).tolist()) for _ in range(2000)] for _ in range(2)]
    assert scored(*draws).alerts == []


def test_one_rare_score_in_a_reference_is_not_taken_for_its_usual_share() -> None:
    """A bin with a share of 1 in 100,000 has a case among 1,000 in 1 % of references; 0.1 % may be misjudged."""
    reference, later = (240, 260, 499, 1), (24_000, 26_000, 49_999, 1)
    assert scored([reference, *[later] * 30], [reference, *[later] * 30]).alerts == []


def test_scores_of_one_group_that_sink_are_detected_between_groups_and_against_their_own_past() -> None:
    sinking = [STEADY] * 30 + [LOWER] * 60
    court = scored(sinking, [STEADY] * 90)
    drift = [alert for alert in court.alerts if alert.test is PairTest.SCORE_DRIFT]
    between = [alert for alert in court.alerts if alert.test in (PairTest.SCORE_LOW, PairTest.SCORE_HIGH)]
    assert [(alert.group, alert.reference, alert.onset_s) for alert in drift] == [("f", "its own past", 300)]
    assert drift[0].sentence.startswith("Scores of f have drifted: more in [0,0.3) than in its own past, ")
    assert (drift[0].n_reference, drift[0].favorable_reference, drift[0].cause) == (1000, 200, None)
    assert [(alert.test, alert.group) for alert in between] == [(PairTest.SCORE_LOW, "f")]
    assert between[0].sentence.startswith("Scores from 0.5 on: f ")


def test_a_window_says_how_stable_scores_are_and_what_they_are_compared_with() -> None:
    court = scored([STEADY] * 30 + [LOWER] * 60, [STEADY] * 90)
    windows = {result.end_s: result for result in court.results if result.window == "1m" and result.attribute == "sex"}
    early, late = windows[60].groups[0], windows[900].groups[0]
    assert early.scores is not None
    assert late.scores is not None
    assert (early.scores.index, early.scores.reference_n, early.scores.reference_end_s) == (None, 300, None)
    assert (late.scores.reference_n, late.scores.reference_start_s, late.scores.reference_end_s) == (1000, 0, 200)
    assert late.scores.index is not None
    assert late.scores.index > 0.25
    men = windows[900].groups[1]
    assert men.scores is not None
    assert men.scores.index == pytest.approx(0, abs=0.001)
    assert [test.test for test in men.evidence] == [PairTest.SCORE_DRIFT]
    assert (late.evidence[-1].log10_e or 0) >= late.evidence[-1].log10_threshold
    assert (late.evidence[-1].state, men.evidence[-1].state, men.state) == ("breach", "ok", None)


def test_a_drift_of_the_reference_group_is_detected_too() -> None:
    court = scored([STEADY] * 90, [STEADY] * 30 + [LOWER] * 60)
    assert ("m", "its own past") in [(alert.group, alert.reference) for alert in court.alerts]
    assert court.results[-1].groups[1].state == "breach"


def test_a_drift_lasts_until_the_policy_gathers_a_new_reference() -> None:
    court = scored([STEADY] * 30 + [LOWER] * 60 + [STEADY] * 60, [STEADY] * 150)
    assert [alert.change for alert in court.alerts if alert.test is PairTest.SCORE_DRIFT] == ["breach"]
    assert court.results[-1].groups[0].evidence[-1].state == "breach"
    version_2 = parse_policy(POLICY.replace("cut = 0.5", 'cut = 0.5, version = "2"'))
    renewed = Court(version_2, state=dict(court.state), former=(court.policy,))
    renewed.decided(150, {"f": STEADY, "m": STEADY})
    women = renewed.results[-1].groups[0]
    assert women.evidence[-1].state == "insufficient"
    assert women.scores is not None
    assert women.scores.reference_n == 50


def test_scores_are_restored_between_all_panes() -> None:
    whole = scored([STEADY] * 30 + [LOWER] * 30, [STEADY] * 60)
    parted = Court(parse_policy(POLICY))
    for number, women in enumerate([STEADY] * 30 + [LOWER] * 30):
        parted.decided(number, {"f": women, "m": STEADY})
        parted.restart()
    assert msgspec.json.encode(parted.alerts) == msgspec.json.encode(whole.alerts)
    assert msgspec.json.encode(parted.results) == msgspec.json.encode(whole.results)


def test_a_state_of_scores_that_cannot_be_read_is_rejected() -> None:
    court = scored([STEADY] * 3, [STEADY] * 3)
    for damaged in (b"\xc1", msgspec.msgpack.encode((b"\xc1", b"")), court.state[b"m|scores|0"][:-5]):
        with pytest.raises(StateError):
            Court(court.policy, state=court.state | {b"m|scores|0": damaged})
