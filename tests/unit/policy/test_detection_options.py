"""Options of detection: comparison periods, waits and design effects."""

from __future__ import annotations

import msgspec
import pytest

from stream_app.cli.policy.text import describe_model
from stream_app.errors import PolicyError
from stream_app.policy import (
    ModelPolicy,
    Policy,
    load_policy,
    parse_policy,
)
from stream_app.policy.check import check_policy
from tests.support.policies.plain import PLAIN


def test_a_design_effect_beside_a_cluster_is_for_tests_of_scores_and_outcomes_alone() -> None:
    model = load_policy("credit").models[0]
    changed = msgspec.structs.replace(
        model, cluster="officer", detection=msgspec.structs.replace(model.detection, design_effect=2.0)
    )
    check_policy(Policy(schema=1, models=(changed,)))
    decided = msgspec.structs.replace(changed, score=None, outcome=None)
    with pytest.raises(PolicyError, match=r"leave detection\.design_effect out"):
        check_policy(Policy(schema=1, models=(decided,)))
    assert "tests of scores and outcomes use the design effect 2" in describe_model(changed, 1)
    assert "in 64 buckets\n" in describe_model(decided, 1)


def detecting(
    detection: str, windows: str = '[{ name = "1m", size_s = 60 }, { name = "1h", size_s = 3600 }]'
) -> ModelPolicy:
    kept = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("windows"))
    return parse_policy(kept.replace("keep =", f"windows = {windows}\ndetection = {{ {detection} }}\nkeep =")).models[0]


def test_a_comparison_period_is_the_smallest_window_unless_stated() -> None:
    assert detecting("").period_s == 60
    assert detecting("period_s = 10").period_s == 10
    assert detecting("period_s = 86400").period_s == 86_400
    with pytest.raises(PolicyError, match=r"models\[0\]\.detection\.period_s: 65 is not a multiple of pane_s = 10"):
        detecting("period_s = 65")


def test_tests_wait_for_two_of_the_longest_window_at_least_hours_and_at_most_days() -> None:
    def waits_s(size_s: int) -> float:
        return detecting("", f'[{{ name = "w", size_s = {size_s} }}]').wait_s

    assert [waits_s(size_s) for size_s in (60, 3600, 7200, 30 * 86_400)] == [7200, 7200, 14_400, 172_800]
    assert detecting("wait_s = 2.5").wait_s == 2.5


def test_a_stated_period_and_wait_are_in_the_hash_and_their_absence_is_not() -> None:
    plain = parse_policy(PLAIN)
    stated = [
        parse_policy(PLAIN.replace("keep =", f"detection = {{ {text} }}\nkeep ="))
        for text in ("period_s = 60", "wait_s = 9")
    ]
    assert parse_policy(PLAIN.replace("keep =", "detection = {}\nkeep =")).hash() == plain.hash()
    assert len({plain.hash(), *(policy.hash() for policy in stated)}) == 3
