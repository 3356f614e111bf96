"""Alternatives as flat rows, one for each alternative and pair, for a spreadsheet. Only disclosed values go in."""

from __future__ import annotations

from stream_app.pipeline.disclosure.rows import Row
from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult


def rows_of(result: SearchResult) -> list[Row]:
    """Return the rows of a result, the logged decisions first."""
    return [
        _row(alternative, pair) for alternative in (result.logged, *result.alternatives) for pair in alternative.pairs
    ]


def _row(alternative: AlternativeValues, pair: PairValues) -> Row:
    outcomes, ratio, gap = alternative.outcomes, pair.ratio_bounds, pair.gap_bounds
    return {
        "score": alternative.score,
        "rule": alternative.rule,
        "attribute": pair.attribute,
        "group": pair.group,
        "reference": pair.reference,
        "is_found": pair.is_found,
        "log_e": pair.log_e,
        "log_e_disparity": pair.log_e_disparity,
        "log_e_approvals": alternative.log_e_approvals,
        "log_e_outcomes": alternative.log_e_outcomes,
        "n": pair.n,
        "favorable": pair.favorable,
        "rate": pair.rate,
        "n_reference": pair.n_reference,
        "favorable_reference": pair.favorable_reference,
        "rate_reference": pair.rate_reference,
        "disparate_impact_ratio": pair.disparate_impact_ratio,
        "ratio_lower": None if ratio is None else ratio.lower,
        "ratio_upper": None if ratio is None else ratio.upper,
        "gap": pair.gap,
        "gap_lower": None if gap is None else gap.lower,
        "gap_upper": None if gap is None else gap.upper,
        "total_n": alternative.n,
        "total_favorable": alternative.favorable,
        "total_rate": alternative.rate,
        "good_outcomes_lower": None if outcomes is None else outcomes.lower,
        "good_outcomes_upper": None if outcomes is None else outcomes.upper,
        "good_outcomes_interval_lower": None if outcomes is None else outcomes.interval.lower,
        "good_outcomes_interval_upper": None if outcomes is None else outcomes.interval.upper,
        "outcomes_not_known": None if outcomes is None else outcomes.n_not_known,
        "withheld": pair.withheld or alternative.withheld,
    }
