"""Results about amounts: means, numbers and causes of a window, and what of them may be seen."""

from __future__ import annotations

import random

import msgspec
import numpy as np
import pytest

from fairstream.testing import InMemoryPipeline
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.records.amounts.amount_results import encode_amount_result
from stream_app.pipeline.records.outcome_results import (
    decode_amounts,
    decode_decision_result,
    decode_every_result,
    decode_judged_result,
)
from tests.support.priced_records import (
    amounts_of,
    in_window,
    policy,
    random_records,
    record,
    send,
)


@pytest.mark.parametrize(("low", "high"), [(0.0, 100.0), (-1e6, 3e6), (0.0, 1e-3)])
def test_means_and_numbers_equal_those_of_the_records(low: float, high: float) -> None:
    scale = (high - low) / 100
    records = random_records(400)
    for each in records:
        each["offer"]["price"] = low + each["offer"]["price"] * scale
    results = send(records, policy(low=low, high=high, limit=5 * scale)).amount_results()
    for attribute, place in (("sex", "sex"), ("age", "age")):
        for group in in_window(results, attribute).groups:
            label = {"unknown": None, "__other__": "x"}.get(group.group, group.group)
            own = [each["offer"]["price"] for each in records if each[place] == label]
            values = amounts_of(group)
            assert group.n == len(own)
            assert values.mean.value == pytest.approx(np.mean(own), abs=(high - low) / 2**19)
            median = next(each.value for each in values.quantiles if each.q == 0.5)
            assert median.value == pytest.approx(np.quantile(own, 0.5), abs=(high - low) / 32)
    crossed = in_window(results, "sex+age")
    young = next(group for group in crossed.groups if group.labels == ("f", "young"))
    own = [e["offer"]["price"] for e in records if (e["sex"], e["age"]) == ("f", "young")]
    assert (young.n, crossed.n) == (len(own), 400)
    assert amounts_of(young).mean.value == pytest.approx(np.mean(own), abs=(high - low) / 2**19)


def test_no_result_has_a_rate_and_each_is_known_by_its_kind() -> None:
    results = send(random_records(100)).amount_results()
    assert results
    for result in results:
        for group in result.groups:
            shown = (group.rate, group.gap, group.disparate_impact_ratio, group.shortfall, group.favorable)
            assert shown == (None, None, None, None, 0)
        data = encode_amount_result(result)
        assert decode_every_result(data) == decode_amounts(data) == result
        assert decode_judged_result(data) is decode_decision_result(data) is None
    assert InMemoryPipeline("loans").amount_results() == []


def test_a_window_says_who_pays_more_beyond_the_limit_and_why() -> None:
    rng = random.Random(3)
    records = [
        record(n, 40 + rng.random() * 20 + (12 if (sex := "fm"[n % 2]) == "f" and site == "b" else 0), sex, site=site)
        for n, site in enumerate(rng.choice("ab") for _ in range(600))
    ]
    [female, male] = in_window(send(records).amount_results()).groups
    values = amounts_of(female)
    assert values.difference is not None
    assert values.difference.lower is not None
    assert values.difference.lower > 3
    assert values.difference.value == pytest.approx(6, abs=2)
    assert values.is_over
    assert values.cause is not None
    assert values.cause.leading_segment == "b"
    assert female.sentence is not None
    assert female.sentence.startswith("Mean price of f is ")
    assert " higher than that of m (" in female.sentence
    assert "limit ±5" in female.sentence
    assert amounts_of(male).difference is None


def test_nothing_about_fewer_than_k_leaves() -> None:
    few = [record(n, 90, "f") for n in range(6)] + [record(10 + n, 10, "m") for n in range(40)]
    few += [record(60 + n, 20, None) for n in range(25)]
    result = in_window(send(few).amount_results())
    disclosed = disclose_result(result, 10)
    female, male = disclosed.groups  # unknown ones are hidden beside them, else the small group would follow
    assert (female.hidden, female.n, female.amounts) == ("small_cell", None, msgspec.UNSET)
    assert (disclosed.n, male.n) == (71, 40)
    assert isinstance(male.amounts, DisclosedAmounts)
    assert male.amounts.mean.value == pytest.approx(10, abs=1e-3)
    of_few = [record(n, 90, "f") for n in range(60)] + [record(100 + n, 10, "m") for n in range(6)]
    female, male = disclose_result(in_window(send(of_few).amount_results()), 10).groups
    assert (male.hidden, male.amounts) == ("small_cell", msgspec.UNSET)
    assert female.amounts is msgspec.UNSET or amounts_shown(female.amounts) == (None, None, None)


def amounts_shown(amounts: DisclosedAmounts | msgspec.UnsetType) -> tuple[object, ...]:
    assert isinstance(amounts, DisclosedAmounts)
    return (amounts.difference, amounts.ratio, amounts.quantiles[0].difference)


def test_small_segments_of_a_cause_are_added_up() -> None:
    records = [record(n, 30 + (20 if n % 2 else 0), "mf"[n % 2], site="a") for n in range(200)]
    records += [record(300 + n, 80, "f", site="b") for n in range(4)] + [record(400, 10, "m", site="b")]
    result = in_window(send(records).amount_results())
    exact = amounts_of(result.groups[0]).cause
    assert exact is not None
    assert {part.segment for part in exact.segments} >= {"a", "b"}
    disclosed = disclose_result(result, 10).groups[0].amounts
    assert isinstance(disclosed, DisclosedAmounts)
    assert disclosed.cause is not None
    assert {part.segment for part in disclosed.cause.segments} == {"a", "other segments"}
