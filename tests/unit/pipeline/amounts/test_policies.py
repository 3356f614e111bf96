"""Policies of models whose decision is an amount, and what they cannot change to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_app.cli.policy.text import describe_model
from stream_app.errors import PolicyError, StateError
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.policy_change import mapping_between
from stream_app.policy import Policy, parse_policy
from tests.support.priced_records import (
    POLICY,
    policy,
)


def test_a_decision_that_is_an_amount_names_the_kind_of_the_model() -> None:
    [model] = policy().models
    assert (model.kind, model.is_tested, layout_of(model).dimensions[-1][0]) == ("amounts", True, "decision")
    assert len(layout_of(model).dimensions[-1][1]) == 32
    assert "offer.price: amount from 0 to 100, low is favorable, in 32 bins" in describe_model(model, 1)
    assert "difference of means above 5" in describe_model(model, 1)
    again = msgspec.convert(msgspec.to_builtins(policy()), Policy)  # as a registered policy is read
    assert (again, again.hash()) == (policy(), policy().hash())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("minimum = 0, ", "", "decision: kind 'amount' needs minimum and maximum"),
        ("minimum = 0, ", "minimum = 100, ", "decision: minimum must be below maximum"),
        ("minimum = 0, ", "minimum = nan, ", "decision: minimum must be below maximum, and both finite"),
        ("maximum = 100, ", "maximum = inf, ", "decision: minimum must be below maximum, and both finite"),
        ('favorable = "low"', "favorable = true", "decision.favorable: must be 'low' or 'high'"),
        ('favorable = "low"', 'favorable = "low", bins = 33', "decision.bins: expected"),
        ('favorable = "low"', 'favorable = "low", unfavorable = ["high"]', "decision.unfavorable: not allowed"),
        ("max_mean_difference = 5, ", "", "rules.max_mean_difference: required for a decision that is an amount"),
        ("max_mean_difference = 5", "max_mean_difference = 100", "must be less than maximum - minimum"),
        ("max_mean_difference = 5", "max_mean_difference = 0", "max_mean_difference: expected a number above 0"),
        ('kind = "amount", ', "", "decision: minimum and maximum need kind = 'amount'"),
        ("wait_s = 60", "plain_rules = true", "detection.plain_rules: not allowed for amounts"),
        ("wait_s = 60", "unknown_groups = 'worst_case'", "detection.unknown_groups: must be 'excluded' for amounts"),
        ("[[models]]", "[[models]]\nmodel_version = 'v'", "model_version: not allowed for kind 'amounts'"),
        ("[[models]]", "[[models]]\ncluster = 'v'", "cluster: not allowed for kind 'amounts'"),
        ("[[models]]", "[[models]]\nscore = { path = 's', minimum = 0, maximum = 1, edges = [0.5] }", "score: not al"),
        (
            "[[models]]",
            "[[models]]\nfeatures = [{ name = 'decision', path = 'x', minimum = 0, maximum = 1 }]",
            "'decision'",
        ),
        ("[[models]]", "[[models]]\nkind = 'counts'", "decision: not allowed for kind 'counts'"),
    ],
)
def test_a_policy_that_cannot_be_judged_is_rejected(old: str, new: str, words: str) -> None:
    text = POLICY.format(low=0, high=100, favorable="low", limit=5, more="")
    assert old in text
    with pytest.raises(PolicyError, match=words):
        parse_policy(text.replace(old, new, 1))


def test_a_kind_without_its_decision_is_rejected() -> None:
    label = 'decision = { path = "ok", favorable = true, unfavorable = [false] }'
    for decision, words in ((label, "needs a decision with kind = 'amount'"), ("", "needs a decision with kind")):
        lines = POLICY.format(low=0, high=100, favorable="low", limit=5, more='kind = "amounts"').splitlines()
        text = "\n".join(decision if line.startswith("decision") else line for line in lines)
        with pytest.raises(PolicyError, match=words):
            parse_policy(text)


@pytest.mark.parametrize("change", [{"high": 101}, {"low": -1}, {"more": "kind = 'amounts'", "high": 90}])
def test_other_bins_cannot_continue_what_is_counted(change: dict[str, Any]) -> None:
    [old], [new] = policy().models, policy(**change).models
    with pytest.raises(StateError, match="minimum, maximum or bins of the decision changed"):
        mapping_between(old, new)
    assert mapping_between(old, policy(favorable="high", limit=7).models[0]) is None
