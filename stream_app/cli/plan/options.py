"""The flags of ``fairstream plan``, and the request that they make."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.flags.settings import complete_policy
from stream_app.core.detection.thresholds import MILLION
from stream_app.errors import ConfigError
from stream_app.offline.plan import DEFAULT_FALSE_ALARMS, parse_rule
from stream_app.offline.planning.forecast import HOUR_S
from stream_app.offline.planning.request import PlanRequest
from stream_app.pipeline.judge.budget import BudgetFamily, log_thresholds_of
from stream_app.policy import ModelPolicy, load_policy

_FLAGS = {
    "reference_rate": "--reference-rate",
    "ratios": "--ratio",
    "share": "--share",
    "share_reference": "--reference-share",
    "per_day": "--per-day",
    "period_s": "--period",
    "false_alarms_per_million": "--budget",
    "n_runs": "--runs",
}
_DEFAULT_RULE = "dir:0.8"
_DEFAULT_TESTS = 2  # one group, both directions
_DEFAULT_RATIOS = (0.7, 0.6, 0.5)


@dataclass(frozen=True)
class StreamFlags:
    """The decisions, and the violations that are asked about."""

    reference_rate: Annotated[
        float, typer.Option(metavar="RATE", help="Approval rate of the reference group, 0 to 1.", show_default=False)
    ]
    share: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of all decisions about the group.", show_default=False)
    ]
    per_day: Annotated[
        float, typer.Option(metavar="NUMBER", help="Decisions of the model in a day.", show_default=False)
    ]
    reference_share: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Share about the reference group. Default: all the others.", show_default=False
        ),
    ] = None
    ratio: Annotated[
        list[float] | None,
        typer.Option(
            metavar="RATIO",
            help="Size of a violation: rate of the group / rate of the reference; repeatable. Default: 0.7, 0.6, 0.5.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class JudgingFlags:
    """How the decisions are judged."""

    rule: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Tested rule. Default: that of the policy, or dir:0.8.", show_default=False),
    ] = None
    budget: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="False alarms per million decisions. Default: that of the policy, or 0.1.",
            show_default=False,
        ),
    ] = None
    tests: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="Tests that share the budget. Default: as in the policy, or 2.",
            show_default=False,
        ),
    ] = None
    period: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS",
            help="Comparison period. Default: that of the policy, or 3600.",
            show_default=False,
        ),
    ] = None
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="POLICY",
            help="Take rule, budget, tests and period from this policy.",
            show_default=False,
            autocompletion=complete_policy,
        ),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model of the policy. Default: its only one.", show_default=False),
    ] = None

    def planned_model(self) -> ModelPolicy | None:
        """Return the model whose policy is planned with; None without a policy.

        Raises:
            ConfigError: The policy is invalid, or it is not clear which model is meant.
        """
        if self.policy is None:
            if self.model is not None:
                raise ConfigError("--model names a model of a policy", action="Give --policy too")
            return None
        policy = load_policy(self.policy)
        named = [model for model in policy.models if self.model in (None, model.name)]
        if named and all(model.kind == "amounts" for model in named):
            raise ConfigError(
                f"Model {named[0].name} decides amounts; a plan is about approval rates",
                action="Name a model of approvals with --model",
            )
        judged = [model for model in policy.models if model.kind == "decisions"]
        if self.model is None and len(judged) != 1:
            names = ", ".join(model.name for model in judged) or "none"
            raise ConfigError(f"Models of the policy with tests: {names}", action="Name one with --model")
        chosen = judged[0] if self.model is None else policy.model(self.model)
        if chosen.kind != "decisions" or BudgetFamily.ATTRIBUTES not in log_thresholds_of(chosen):
            raise ConfigError(f"Model {chosen.name} has no tests of groups", action="Name another model with --model")
        return chosen


def request_of(stream: StreamFlags, judging: JudgingFlags, *, n_runs: int, seed: int) -> PlanRequest:
    """Return a valid request.

    Raises:
        ConfigError: A flag or the policy is invalid.
    """
    model = judging.planned_model()
    rule, budget, weight, period_s = _DEFAULT_RULE, DEFAULT_FALSE_ALARMS, 1 / _DEFAULT_TESTS, HOUR_S
    if model is not None:
        rule, budget = f"dir:{model.rules.min_disparate_impact_ratio}", model.detection.false_alarms_per_million
        weight = math.exp(-log_thresholds_of(model)[BudgetFamily.ATTRIBUTES]) * MILLION / budget
        period_s = model.period_s
    request = PlanRequest(
        rule=parse_rule(rule if judging.rule is None else judging.rule),
        reference_rate=stream.reference_rate,
        ratios=tuple(stream.ratio or _DEFAULT_RATIOS),
        share=stream.share,
        share_reference=1 - stream.share if stream.reference_share is None else stream.reference_share,
        per_day=stream.per_day,
        period_s=period_s if judging.period is None else judging.period,
        false_alarms_per_million=budget if judging.budget is None else judging.budget,
        weight=weight if judging.tests is None else 1 / judging.tests,
        n_runs=n_runs,
        seed=seed,
    )
    request.validate(lambda name: _FLAGS.get(name, name))
    return request
