"""Answers as the document of the API shows them; a test compares them with their schemas."""

from __future__ import annotations

from typing import Any

import msgspec

from stream_app.core.groups.comparison import PlainRule, Reason, State
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts, DisclosedAmounts
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.records.amounts.values import Measured, QuantileValues
from stream_app.pipeline.records.evidence import PairTest
from stream_app.pipeline.records.results import SCHEMA, Bounds

_END_S = 1_767_225_900
_HASH = "0f1e2d3c4b5a6978"
_FRESH = {"is_current": True, "since": "2026-01-01 00:05:03 UTC", "fault": ""}
_SENTENCE = (
    "DIR 0.71 (limit 0.80), female vs. male: rate difference -20 percentage points (limit ±20), n = 500 and 500."
)
_AMOUNT_SENTENCE = (
    "Mean rate of female is 0.464 higher than that of male (9.002, 8.538; 95% CI of the difference 0.262 to 0.666, "
    "limit ±0.25); n = 500 and 500; statistical, not causal."
)
_MEDIAN = Measured(8.605, 8.45, 8.76)

RESULT: dict[str, Any] = msgspec.to_builtins(
    DisclosedResult(
        schema=SCHEMA,
        model="loans",
        attribute="gender",
        window="5m",
        size_s=300,
        start_s=_END_S - 300,
        end_s=_END_S,
        revision=0,
        reference="male",
        n=1000,
        state=State.BREACH,
        k=10,
        groups=(
            DisclosedGroup(
                group="female",
                labels=("female",),
                n=500,
                favorable=250,
                rate=0.5,
                disparate_impact_ratio=0.714286,
                gap=-0.2,
                rate_bounds=Bounds(0.4563, 0.5437),
                state=State.BREACH,
                rules=(PlainRule.DISPARATE_IMPACT_RATIO,),
                sentence=_SENTENCE,
            ),
            DisclosedGroup(group="male", labels=("male",), n=500, favorable=350, rate=0.7, reason=Reason.REFERENCE),
        ),
        offsets={"loan-decisions-raw": {0: 60_000}},
        policy_hash=_HASH,
        code_version="1.0.0",
    )
)

ALERT: dict[str, Any] = msgspec.to_builtins(
    DisclosedAlert(
        id="3f9c2a1b77d0",
        model="loans",
        attribute="gender",
        group="female",
        reference="male",
        test=PairTest.RATIO_LOW,
        change="breach",
        at_s=_END_S,
        onset_s=_END_S - 120,
        onset_earliest_s=_END_S - 160,
        onset_latest_s=_END_S - 90,
        log10_e=9.2,
        log10_threshold=8.1,
        start_s=_END_S - 120,
        end_s=_END_S,
        n=500,
        n_reference=500,
        rate=0.5,
        disparate_impact_ratio=0.714286,
        gap=-0.2,
        cause=None,
        sentence=_SENTENCE,
        is_hidden=False,
        offsets={"loan-decisions-raw": {0: 60_000}},
        policy_hash=_HASH,
        code_version="1.0.0",
    )
)


AMOUNT_RESULT: dict[str, Any] = RESULT | {
    "model": "rates",
    "groups": msgspec.to_builtins(
        [
            DisclosedGroup(
                group="female",
                labels=("female",),
                n=500,
                state=State.BREACH,
                amounts=DisclosedAmounts(
                    mean=Measured(9.002, 8.85, 9.154),
                    difference=Measured(0.464, 0.262, 0.666),
                    ratio=Measured(1.054, 1.03, 1.079),
                    quantiles=(QuantileValues(q=0.5, value=_MEDIAN, difference=Measured(0.406, 0.088, 0.724)),),
                    is_over=True,
                ),
                sentence=_AMOUNT_SENTENCE,
            ),
            DisclosedGroup(
                group="male",
                labels=("male",),
                n=500,
                reason=Reason.REFERENCE,
                amounts=DisclosedAmounts(
                    mean=Measured(8.538, 8.405, 8.671),
                    quantiles=(QuantileValues(q=0.5, value=Measured(8.199, 8.07, 8.33)),),
                ),
            ),
        ]
    ),
    "offsets": {"loan-rates-raw": {0: 60_000}},
}

AMOUNT_ALERT: dict[str, Any] = ALERT | {
    "id": "7d0e5c4b3f92",
    "model": "rates",
    "test": str(PairTest.MEAN_LOW),
    "rate": None,
    "disparate_impact_ratio": None,
    "gap": None,
    "sentence": _AMOUNT_SENTENCE,
    "offsets": {"loan-rates-raw": {0: 60_000}},
    "amounts": msgspec.to_builtins(
        DisclosedAlertAmounts(
            name="rate", mean=9.002, mean_reference=8.538, difference=Measured(0.464, 0.262, 0.666), limit=0.25
        )
    ),
}


def page_of(*items: dict[str, Any]) -> dict[str, Any]:
    """Return a page with some items."""
    return {"items": [*items], "next_cursor": None, "freshness": _FRESH}
