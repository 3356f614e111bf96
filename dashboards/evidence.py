"""Panels that compare evidence with its threshold; several dashboards have one.

Tests on one panel must have the same threshold: each family of tests has its own part of the false-alarm budget.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel

from dashboards.links import Link
from dashboards.panels import HALF, About, Query, dashed, lines
from dashboards.promql import owned

Matchers = tuple[str, ...]

_HOW_TO_READ = (
    "log10 e-value that the group is worse off (the largest of its tests); valid under continuous monitoring. Above "
    "the dashed threshold the group is in breach. From then on the line is the evidence of the recovery: above its own "
    "threshold the breach ends. The explanation dashboard shows each test."
)
_HOW_TO_READ_DRIFT = (
    "log10 e-value that the distribution of a group's scores differs from its own baseline. Above the dashed threshold "
    "the group is in breach, and stays so with the evidence of its alarm until the policy gives the score another "
    "version. Reference groups are tested too. A line begins when the baseline of a group is complete."
)


def evidence(title: str, about: str, of_groups: Matchers, of_attributes: Matchers, leads_to: tuple[Link, ...]) -> Panel:
    """Show how close each group is to a breach or, during a breach, to its end.

    Args:
        title: Title of the panel.
        about: Prefixes of the tests, all of one family, as alternatives of a regular expression: ``ratio|gap``.
        of_groups: Matchers of the evidence.
        of_attributes: Matchers of the thresholds, which have no group.
        leads_to: Targets of a click on a value.
    """
    alarm, recovery = f'test=~"({about})_low"', f'test=~"({about})_low_recovery"'
    queries = [
        Query(owned("evidence_log10", "attribute, group", *of_groups, alarm), "{{attribute}} {{group}}"),
        Query(owned("evidence_log10", "attribute, group", *of_groups, recovery), "recovery {{attribute}} {{group}}"),
        Query(owned("evidence_threshold_log10", "attribute", *of_attributes, alarm), "threshold {{attribute}}"),
        Query(
            owned("evidence_threshold_log10", "attribute", *of_attributes, recovery), "recovery threshold {{attribute}}"
        ),
    ]
    panel = lines(About(title, _HOW_TO_READ, alert="FairnessBreach", leads_to=leads_to), queries, width=HALF)
    return dashed(panel, "(recovery )?threshold .*")


def drift_evidence(title: str, of_groups: Matchers, of_attributes: Matchers, leads_to: tuple[Link, ...]) -> Panel:
    """Show how close the scores of each group are to a drift from their baseline; a drift has no recovery."""
    drift = 'test="score_drift"'
    queries = [
        Query(owned("evidence_log10", "attribute, group", *of_groups, drift), "{{attribute}} {{group}}"),
        Query(owned("evidence_threshold_log10", "attribute", *of_attributes, drift), "threshold {{attribute}}"),
    ]
    about = About(title, _HOW_TO_READ_DRIFT, alert="FairnessBreach", leads_to=leads_to)
    return dashed(lines(about, queries, width=HALF), "threshold .*")
