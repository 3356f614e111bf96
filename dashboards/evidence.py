"""The panels that set evidence beside its threshold; several dashboards have one.

Tests that share a panel must share a threshold: each family of tests has its own part of the false alarms.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.timeseries import Panel

from dashboards.links import Link
from dashboards.panels import HALF, About, Query, dashed, lines
from dashboards.promql import owned

Matchers = tuple[str, ...]

_HOW_TO_READ = (
    "log10 of the largest e-value of the tests that ask whether the group is worse off: 2 means 100 to 1, and one may "
    "look as often as one likes. Above its dashed threshold the group is in breach. From then on the line is that of "
    "the recovery: above its own threshold the breach ends. The explanation has each test."
)
_HOW_TO_READ_DRIFT = (
    "log10 of the e-value of the test whether scores of a group lie otherwise than in its own past. Above its dashed "
    "threshold the group is in breach, and stays so, with the evidence of its alarm, until the policy gives the score "
    "another version. Reference groups are watched too. A line begins when the past of a group is gathered."
)


def evidence(title: str, about: str, of_groups: Matchers, of_attributes: Matchers, leads_to: tuple[Link, ...]) -> Panel:
    """Show how near each group is to a breach, or, in a breach, to its end.

    Args:
        title: Title of the panel.
        about: What the tests are about, as alternatives of a regular expression, such as ``ratio|gap``; of one family.
        of_groups: Matchers of the evidence.
        of_attributes: Matchers of the thresholds, which have no group.
        leads_to: Where a click on a value leads.
    """
    alarm, clear = f'test=~"({about})_low"', f'test=~"({about})_low_recovery"'
    queries = [
        Query(owned("evidence_log10", "attribute, group", *of_groups, alarm), "{{attribute}} {{group}}"),
        Query(owned("evidence_log10", "attribute, group", *of_groups, clear), "recovery {{attribute}} {{group}}"),
        Query(owned("evidence_threshold_log10", "attribute", *of_attributes, alarm), "threshold {{attribute}}"),
        Query(
            owned("evidence_threshold_log10", "attribute", *of_attributes, clear), "recovery threshold {{attribute}}"
        ),
    ]
    panel = lines(About(title, _HOW_TO_READ, alert="FairnessBreach", leads_to=leads_to), queries, width=HALF)
    return dashed(panel, "(recovery )?threshold .*")


def drift_evidence(title: str, of_groups: Matchers, of_attributes: Matchers, leads_to: tuple[Link, ...]) -> Panel:
    """Show how near the scores of each group are to having left their own past; there is no recovery of that."""
    drift = 'test="score_drift"'
    queries = [
        Query(owned("evidence_log10", "attribute, group", *of_groups, drift), "{{attribute}} {{group}}"),
        Query(owned("evidence_threshold_log10", "attribute", *of_attributes, drift), "threshold {{attribute}}"),
    ]
    about = About(title, _HOW_TO_READ_DRIFT, alert="FairnessBreach", leads_to=leads_to)
    return dashed(lines(about, queries, width=HALF), "threshold .*")
