"""A limit of the ratio of mean amounts: what a policy may say, tests in both directions, windows, and their words."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from fairstream.testing import InMemoryPipeline
from stream_app.edges.metrics.alert_levels import limits_of, pair_kinds_of
from stream_app.errors import PolicyError
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.amounts.values import DisclosedAlertAmounts
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.disclosure.verdict import describe_breach
from stream_app.pipeline.disclosure.wording import exceeded_limits
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of, n_tests_of
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.amounts.values import AlertAmounts, AmountValues, Measured
from stream_app.pipeline.records.evidence import LimitKind, PairTest
from stream_app.policy import Policy, load_policy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from tests.support.amount_runs import TEXT
from tests.support.memory_logs import START_S

WIDE = "max_mean_difference = 60"  # which no difference of these streams exceeds
RATIO_TESTS = {PairTest.MEAN_RATIO_LOW, PairTest.MEAN_RATIO_HIGH}


def policy(
    ratio: float | None = 0.8, *, low: float = 0, high: float = 100, favorable: str = "low", difference: str = WIDE
) -> Policy:
    limit = difference if ratio is None else f"{difference}, min_mean_ratio = {ratio}"
    text = TEXT.replace("per_million = 100000", "per_million = 10").replace("max_mean_difference = 5", limit)
    text = text.replace('favorable = "low"', f'favorable = "{favorable}"')
    return parse_policy(text.replace("minimum = 0, maximum = 100", f"minimum = {low}, maximum = {high}"))


def records(of_women: float, of_men: float, n: int = 1200, *, spread: float = 8) -> Iterator[dict[str, Any]]:
    """Yield decisions with these means, a second apart."""
    rng = random.Random(4)
    for number, sex in zip(range(n), itertools.cycle("fm")):  # one of them has no end
        price = (of_women if sex == "f" else of_men) + rng.uniform(-spread, spread)
        facts = {"sex": sex, "age": rng.choice(("young", "old")), "site": "a", "offer": {"price": round(price, 2)}}
        yield {"id": f"r{number}", "t": START_S + 12 * number, **facts}


def send(own: Policy, stream: Iterator[dict[str, Any]]) -> InMemoryPipeline:
    pipeline = InMemoryPipeline(own)
    for part in itertools.batched(stream, 200) if hasattr(itertools, "batched") else _parts(stream):
        pipeline.send_records(part, time_s=part[-1]["t"])
    pipeline.close_windows()
    return pipeline


def _parts(stream: Iterator[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    while part := list(itertools.islice(stream, 200)):
        yield part


def alerts_of(pipeline: InMemoryPipeline) -> list[Alert]:
    return [decode_alert(record.value or b"") for record in pipeline.log.read(FAIRNESS_ALERTS)]


def raised(pipeline: InMemoryPipeline) -> set[PairTest]:
    return {alert.test for alert in alerts_of(pipeline) if (alert.attribute, alert.change) == ("sex", "breach")}


def newest(pipeline: InMemoryPipeline, window: str = "6h") -> AmountResult:
    results = [each for each in pipeline.amount_results() if (each.attribute, each.window) == ("sex", window)]
    return results[-1]


@pytest.mark.parametrize(
    ("ratio", "low", "high", "words"),
    [
        (0.8, -1, 100, "rules.min_mean_ratio: needs a minimum of 0 or more"),
        (0.8, 80, 100, "rules.min_mean_ratio: must be above minimum / maximum"),
        (0.2, 50, 100, "rules.min_mean_ratio: must be above minimum / maximum"),
        (0, 0, 100, "min_mean_ratio"),
        (1.25, 0, 100, "min_mean_ratio"),
    ],
)
def test_a_limit_without_sense_is_rejected_with_the_reason(ratio: float, low: float, high: float, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        policy(ratio, low=low, high=high, difference="max_mean_difference = 5")


def test_a_model_of_approvals_has_no_ratio_of_means() -> None:
    decision = 'path = "offer.price", kind = "amount", minimum = 0, maximum = 100, favorable = "low"'
    text = TEXT.replace(decision, 'path = "ok", favorable = ["y"], unfavorable = ["n"]')
    text = text.replace("max_mean_difference = 5", "min_mean_ratio = 0.8")
    with pytest.raises(PolicyError, match="min_mean_ratio: needs a decision with kind = 'amount'"):
        parse_policy(text)


def test_both_rules_share_the_budget() -> None:
    [without], [with_ratio] = policy(None).models, policy(0.8).models
    before, after = n_tests_of(without), n_tests_of(with_ratio)
    assert {family: 2 * n for family, n in before.items()} == after
    for family in (BudgetFamily.ATTRIBUTES, BudgetFamily.INTERSECTIONS):  # half the budget of each test: twice c
        grown = log_thresholds_of(with_ratio)[family] - log_thresholds_of(without)[family]
        assert grown == pytest.approx(0.6931, abs=1e-3)
    assert (pair_kinds_of(without), pair_kinds_of(with_ratio)) == (
        (LimitKind.MEAN,),
        (LimitKind.MEAN, LimitKind.MEAN_RATIO),
    )
    assert limits_of(with_ratio) == {LimitKind.MEAN: 60, LimitKind.MEAN_RATIO: 0.8}
    [rates] = load_policy("rates").models
    assert limits_of(rates) == {LimitKind.MEAN: 0.25}


@pytest.mark.parametrize("favorable", ["low", "high"])
@pytest.mark.parametrize(("women", "men"), [(20, 30), (30, 20)])
@pytest.mark.parametrize("low", [0, 10])
def test_each_side_that_is_worse_off_has_its_test(favorable: str, women: float, men: float, low: float) -> None:
    pipeline = send(policy(0.8, low=low, favorable=favorable), records(women, men))
    is_group_worse = (women > men) == (favorable == "low")
    assert raised(pipeline) == {PairTest.MEAN_RATIO_LOW if is_group_worse else PairTest.MEAN_RATIO_HIGH}
    group = newest(pipeline).groups[0]
    assert isinstance(group.amounts, AmountValues)
    assert (group.amounts.is_over, group.amounts.is_ratio_over) == (False, True)
    assert group.amounts.ratio is not None
    assert group.amounts.ratio.value == pytest.approx(women / men, abs=0.03)
    assert exceeded_limits(disclose_result(newest(pipeline), 10).groups[0], None) == ("ratio",)
    assert newest(pipeline).min_mean_ratio == 0.8


@pytest.mark.parametrize("favorable", ["low", "high"])
@pytest.mark.parametrize(("women", "men"), [(20, 24), (24, 20), (22, 22)])
def test_a_ratio_within_the_limit_raises_nothing(favorable: str, women: float, men: float) -> None:
    pipeline = send(policy(0.8, favorable=favorable), records(women, men))
    assert raised(pipeline) == set()
    amounts = newest(pipeline).groups[0].amounts
    assert isinstance(amounts, AmountValues)
    assert amounts.is_ratio_over is False


def test_a_ratio_of_low_amounts_breaks_where_the_difference_of_high_ones_may() -> None:
    """At 20 and 30 the difference is 10 and the ratio 0.67; at 66 and 80 the difference is 14 and the ratio 0.83."""
    own = policy(0.8, difference="max_mean_difference = 12")
    assert raised(send(own, records(30, 20, spread=2))) == {PairTest.MEAN_RATIO_LOW}
    assert raised(send(own, records(80, 66, spread=2))) == {PairTest.MEAN_LOW}


def test_an_alert_says_how_many_times_as_high_a_mean_is() -> None:
    pipeline = send(policy(0.8), records(30, 20))
    alert = next(alert for alert in alerts_of(pipeline) if alert.attribute == "sex")
    assert isinstance(alert.amounts, AlertAmounts)
    assert alert.amounts.least_ratio == 0.8
    shown = disclose_alert(alert, 10)
    times = alert.amounts.ratio
    assert isinstance(times, Measured)
    assert times.value == pytest.approx(1.5, abs=0.1)
    words = f"f worse off: mean price of f is {times.value:.3g} times that of m; limit 1.25 times"
    assert describe_breach(shown, 0.8) == words
    of_reference = msgspec.structs.replace(shown, test=PairTest.MEAN_RATIO_HIGH)
    assert describe_breach(of_reference, 0.8).startswith("m worse off: mean price of f is ")
    rounded = disclose_alert(msgspec.structs.replace(alert, is_rounded=True), 10)
    assert isinstance(rounded.amounts, DisclosedAlertAmounts)
    assert rounded.amounts.ratio == Measured(1.5)
    assert "means whose ratio is about 1.5" in (rounded.sentence or "")
    assert describe_breach(rounded, 0.8).endswith(" is 1.5 times that of m; limit 1.25 times (rounded)")
    assert "; ratio 1." in (alert.sentence or "")
    assert "limit 0.8 to 1.25" in (alert.sentence or "")
    hidden = disclose_alert(msgspec.structs.replace(alert, n=9), 10)
    assert "times" not in describe_breach(hidden, 0.8)
    assert hidden.amounts is msgspec.UNSET


def test_a_policy_without_the_limit_has_the_records_of_before() -> None:
    pipeline = send(policy(None, difference="max_mean_difference = 5"), records(30, 20))
    assert raised(pipeline) == {PairTest.MEAN_LOW}
    values = [
        record.value or b"" for topic in (FAIRNESS_RESULTS, FAIRNESS_ALERTS) for record in pipeline.log.read(topic)
    ]
    assert not [value for value in values if b"is_ratio_over" in value or b"least_ratio" in value]
    assert not [value for value in values if b"min_mean_ratio" in value or b"mean_ratio_" in value]


def test_the_onset_is_where_the_ratio_began_to_be_broken() -> None:
    changed = itertools.chain(records(20, 20), shifted(records(30, 20), 1200))
    alert = next(alert for alert in alerts_of(send(policy(0.8), changed)) if alert.attribute == "sex")
    assert alert.test is PairTest.MEAN_RATIO_LOW
    assert abs(alert.onset_s - (START_S + 12 * 1200)) <= 1200
    assert alert.onset_earliest_s is not None
    assert alert.onset_latest_s is not None
    assert alert.onset_earliest_s <= alert.onset_s <= alert.onset_latest_s


def shifted(stream: Iterator[dict[str, Any]], n: int) -> Iterator[dict[str, Any]]:
    for number, record in enumerate(stream):
        yield record | {"id": f"s{number}", "t": record["t"] + 12 * n}


def test_a_restart_changes_nothing() -> None:
    stream = list(records(30, 20))
    through = send(policy(0.8), iter(stream))
    stopped = InMemoryPipeline(policy(0.8))
    for part in _parts(iter(stream)):
        stopped.send_records(part, time_s=part[-1]["t"])
        stopped.restart()
    stopped.close_windows()
    for topic in (FAIRNESS_RESULTS, FAIRNESS_ALERTS):
        assert [record.value for record in through.log.read(topic)] == [
            record.value for record in stopped.log.read(topic)
        ]
