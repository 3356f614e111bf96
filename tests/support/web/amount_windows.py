"""Results and alerts about amounts for tests of what shows them: those of a stream whose rates drift apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import islice

import msgspec

from fairstream.testing import InMemoryPipeline
from producers.simulated.amounts.rates import simulate_rates
from producers.simulated.drift import parse_drift
from producers.timeline import Timeline
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.results import GroupResult
from stream_app.policy import load_policy
from stream_app.topics import FAIRNESS_ALERTS

RATES = load_policy("rates")
MODEL = RATES.models[0]
_START_MS = 1_767_225_600_000


@cache
def drifted() -> InMemoryPipeline:
    """Return the pipeline after three minutes: after one, women begin to pay more."""
    pipeline = InMemoryPipeline(RATES)
    pipeline.send(islice(simulate_rates(1, Timeline(_START_MS, 0.01), parse_drift("0@0,1@60s")), 18_000))
    pipeline.close_windows()
    return pipeline


def amount_results() -> list[AmountResult]:
    """Return the results of that stream, in the order of writing."""
    return drifted().amount_results()


def gender_result(end_s: int = -1) -> AmountResult:
    """Return the result about gender of a window of a minute; without an end the newest one."""
    results = [each for each in amount_results() if (each.attribute, each.window) == ("gender", "1m")]
    return next(each for each in reversed(results) if end_s in (-1, each.end_s))


def change_group(result: AmountResult, name: str, change: Callable[[GroupResult], GroupResult]) -> AmountResult:
    """Return a result with one group changed."""
    groups = tuple(change(group) if group.group == name else group for group in result.groups)
    return msgspec.structs.replace(result, groups=groups, n=sum(group.n for group in groups))


def alert_records() -> list[bytes]:
    """Return the records of the alerts of that stream."""
    return [record.value for record in drifted().log.read(FAIRNESS_ALERTS) if record.value]
