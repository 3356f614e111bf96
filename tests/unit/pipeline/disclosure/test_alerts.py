"""An alert whose exact numbers could be subtracted from windows is shown with rounded ones."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.verdict import describe_breach
from stream_app.pipeline.records.alerts import Alert, decode_alert, encode_alert
from stream_app.pipeline.records.amounts.values import AlertAmounts, Measured
from stream_app.pipeline.records.evidence import PairTest
from tests.support.sample_alert import ALERT


def rounded(n: int = 448, favorable: int = 172, n_reference: int = 1033, favorable_reference: int = 723) -> Alert:
    return msgspec.structs.replace(
        ALERT,
        n=n,
        favorable=favorable,
        n_reference=n_reference,
        favorable_reference=favorable_reference,
        rate=favorable / n,
        disparate_impact_ratio=favorable / n / (favorable_reference / n_reference),
        gap=favorable / n - favorable_reference / n_reference,
        sentence=f"n = {n} and {n_reference}",
        is_rounded=True,
    )


def test_counts_are_rounded_down_and_rates_leave_open_which_of_k_people_they_are_made_of() -> None:
    shown = disclose_alert(rounded(), 10)
    assert (shown.n, shown.n_reference, shown.is_rounded, shown.is_hidden) == (200, 1000, True, False)
    assert (shown.rate, shown.disparate_impact_ratio, shown.gap) == (0.4, 0.57, -0.3)
    assert "448" not in str(shown)
    assert "1033" not in str(shown)
    assert "rates of about 40% and 70%, rate difference -30 percentage points, n at least 200 and 1,000" in (
        shown.sentence or ""
    )


@pytest.mark.parametrize("favorable", range(170, 190))
def test_alerts_that_differ_in_a_few_people_look_the_same(favorable: int) -> None:
    assert disclose_alert(rounded(n=450, favorable=favorable), 10) == disclose_alert(rounded(), 10)


def test_a_difference_that_is_less_than_a_step_is_hidden() -> None:
    shown = disclose_alert(rounded(n=60, favorable=23), 10)
    assert (shown.n, shown.gap, shown.is_hidden, shown.is_rounded) == (50, -0.2, False, True)
    hidden = disclose_alert(rounded(n=40, favorable=16), 10)
    assert (hidden.n, hidden.gap, hidden.sentence, hidden.is_hidden) == (None, None, None, True)


def test_auditors_see_exact_numbers() -> None:
    shown = disclose_alert(rounded(), 0)
    assert (shown.n, shown.is_rounded, shown.sentence) == (448, False, "n = 448 and 1033")


def test_the_verdict_says_that_numbers_are_rounded() -> None:
    assert describe_breach(disclose_alert(rounded(), 10), 0.8) == (
        "female approved 57% as often as male; limit 80% (rounded)"
    )


def test_of_means_the_difference_is_shown_with_one_digit() -> None:
    amounts = AlertAmounts(
        name="rate", mean=9.0213, mean_reference=8.5542, difference=Measured(0.4671, 0.41, 0.52), limit=0.25
    )
    alert = msgspec.structs.replace(rounded(), test=PairTest.MEAN_LOW, amounts=amounts, rate=None, gap=None)
    shown = disclose_alert(alert, 10).amounts
    assert shown is not msgspec.UNSET
    assert (shown.mean, shown.mean_reference, shown.difference) == (None, None, Measured(0.5))


def test_a_record_without_the_field_is_as_before() -> None:
    assert b"is_rounded" not in encode_alert(ALERT)
    assert decode_alert(encode_alert(ALERT)) == ALERT
    assert decode_alert(encode_alert(rounded())) == rounded()
