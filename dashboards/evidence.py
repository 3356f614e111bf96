"""Panels that compare evidence with its threshold; several dashboards have one.

Tests on one panel must have the same threshold: each family of tests has its own part of the false-alarm budget.
"""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders.timeseries import Panel

from dashboards.links import Link
from dashboards.panels import About, Query, dashed, lines, lines_by_group
from dashboards.promql import CROSSED, owned, series

Matchers = tuple[str, ...]

_HOW_TO_READ = (
    "log10 e-value that the group is worse off (the largest of its tests); valid under continuous monitoring. Above "
    "the dashed threshold the group is in breach. From then on the line is the evidence of its alarm, until the "
    "recovery. The explanation dashboard shows each test."
)
_HOW_TO_READ_RECOVERY = (
    "log10 e-value that a group in breach is within the limit again (the largest of its tests); above the dashed "
    "threshold the breach ends. No line: the group is not in breach."
)
_HOW_TO_READ_DRIFT = (
    "log10 e-value that the distribution of a group's scores differs from its own baseline. Above the dashed threshold "
    "the group is in breach, and stays so with the evidence of its alarm until the policy gives the score another "
    "version. Reference groups are tested too. A line begins when the baseline of a group is complete."
)


@dataclass(frozen=True)
class Family:
    """Tests that share one threshold.

    Attributes:
        tests: Prefixes of their names, as alternatives of a regular expression.
        kinds: The kinds of limits that they are about, as alternatives.
    """

    tests: str
    kinds: str


DECISIONS = Family("ratio|gap", "disparate_impact_ratio|gap")
ERRORS = Family("tpr|fpr", "equal_opportunity|false_positive_rate")
OUTCOMES = Family("outcome", "favorable_outcome")
SCORES = Family("score", "score")
AMOUNTS = Family("mean|mean_ratio", "mean_difference|mean_ratio")
ANY_DECISIONS = Family(  # a model decides either by rates or by amounts
    f"{DECISIONS.tests}|{AMOUNTS.tests}", f"{DECISIONS.kinds}|{AMOUNTS.kinds}"
)


def evidence(
    title: str, family: Family, of_groups: Matchers, leads_to: tuple[Link, ...], *, of_limits: Matchers | None = None
) -> Panel:
    """Show how close each group is to a breach and, during a breach, the evidence of its alarm.

    Args:
        title: Title of the panel.
        family: The tests.
        of_groups: Matchers of the evidence.
        leads_to: Targets of a click on a value.
        of_limits: Matchers of the thresholds, which have no group.
    """
    alarm = f'test=~"({family.tests})_low"'
    found = owned("breach_evidence_log10", "attribute, group", *of_groups, f'kind=~"{family.kinds}"')
    running = owned("evidence_log10", "attribute, group", *of_groups, alarm)
    about = About(
        title, _HOW_TO_READ, alert="FairnessBreach", leads_to=leads_to, missing="no test has begun yet", decimals=1
    )
    return _with_threshold(about, f"({found} or on (attribute, group) {running})", of_limits or of_groups, alarm)


def recovery(
    title: str, family: Family, of_groups: Matchers, leads_to: tuple[Link, ...], *, of_limits: Matchers | None = None
) -> Panel:
    """Show how close each group in breach is to its recovery; nothing while none is in breach."""
    test = f'test=~"({family.tests})_low_recovery"'
    about = About(title, _HOW_TO_READ_RECOVERY, leads_to=leads_to, missing="not in breach", decimals=1)
    running = owned("evidence_log10", "attribute, group", *of_groups, test)
    return _with_threshold(about, running, of_limits or of_groups, test)


def drift_evidence(title: str, of_groups: Matchers, of_limits: Matchers, leads_to: tuple[Link, ...]) -> Panel:
    """Show how close the scores of each group are to a drift from their baseline; a drift has no recovery."""
    drift = 'test="score_drift"'
    about = About(
        title,
        _HOW_TO_READ_DRIFT,
        alert="FairnessBreach",
        leads_to=leads_to,
        missing="no scores, or no baseline yet",
        decimals=1,
    )
    return _with_threshold(about, owned("evidence_log10", "attribute, group", *of_groups, drift), of_limits, drift)


def _with_threshold(about: About, values: str, of_limits: Matchers, test: str) -> Panel:
    threshold = Query(f"max({series('evidence_threshold_log10', *of_limits, test)})", "threshold")
    if CROSSED in of_limits:  # which groups those are changes, so that they have no colors of their own
        return dashed(lines(about, [Query(values, "{{group}}"), threshold]), "threshold")
    return dashed(lines_by_group(about, values, [threshold]), "threshold")
