"""Numbers and sentences about alternatives, for people."""

from __future__ import annotations

import math

from stream_app.pipeline.replay.search.results import AlternativeValues, GoodOutcomes, PairValues, SearchResult

WITHHELD = "withheld"
_LARGEST_LOG = 300 * math.log(10)


def evidence_text(log_e: float | None) -> str:
    """Return an e-value, of which 1 says nothing and 20,000 much.

    >>> evidence_text(2.0), evidence_text(20.0), evidence_text(-3.0), evidence_text(9000.0), evidence_text(None)
    ('7.4', '4.9e+08', '<1', '>1e+300', '')
    """
    if log_e is None:
        return ""
    if log_e < 0:
        return "<1"
    return ">1e+300" if log_e > _LARGEST_LOG else f"{math.exp(log_e):.2g}"


def number_text(value: float | None, form: str = ".3f") -> str:
    """Return a value, or that it is withheld.

    >>> number_text(0.12345), number_text(None)
    ('0.123', 'withheld')
    """
    return WITHHELD if value is None else format(value, form)


def ratio_text(pair: PairValues) -> str:
    """Return the ratio of a pair, that it is withheld, or that it cannot be formed."""
    if pair.withheld is None and pair.disparate_impact_ratio is None:
        return "undefined"
    return number_text(pair.disparate_impact_ratio)


def interval_text(pair: PairValues) -> str:
    """Return the interval of the ratio of a pair; empty where it is withheld."""
    if pair.ratio_bounds is None:
        return ""
    upper = pair.ratio_bounds.upper
    return f"{pair.ratio_bounds.lower:.3f} to {'∞' if upper is None else f'{upper:.3f}'}"


def outcomes_text(outcomes: GoodOutcomes | None) -> str:
    """Return the share of good outcomes: one number where every outcome is known, else its bounds.

    >>> from stream_app.pipeline.records.results import Bounds
    >>> outcomes_text(GoodOutcomes(lower=0.8, upper=0.9, interval=Bounds(0.7, 0.95), n_not_known=4))
    '0.800 to 0.900'
    """
    if outcomes is None:
        return ""
    if outcomes.n_not_known:
        return f"{outcomes.lower:.3f} to {outcomes.upper:.3f}"
    return f"{outcomes.lower:.3f}"


def pair_name(pair: PairValues) -> str:
    """Return the name of a pair."""
    return f"{pair.attribute}: {pair.group} vs. {pair.reference}"


def rule_text(alternative: AlternativeValues, result: SearchResult) -> str:
    """Return the rule of an alternative, with what it decides by where there are several scores."""
    scores = {each.score for each in result.alternatives}
    return f"{alternative.score} {alternative.rule}" if alternative.score and len(scores) > 1 else alternative.rule


def claim_sentences(result: SearchResult) -> list[str]:
    """Return what is claimed about the alternatives that are found, and with which certainty."""
    margin = f"{result.margin:.3g}"
    kept = f"approval rate falls by less than {margin}"
    if result.n_outcomes is not None:
        kept += f", share of good outcomes among the approved falls by less than {margin}"
    share = f"{result.false_discovery_rate:.3g}"
    sentences = [
        f"Claim: the ratio is closer to 1 than with the logged decisions; {kept}.",
        f"Of those found, an expected share of at most {share} is false (e-BH over {result.n_claims:,} claims).",
        "What is not found is not refuted.",
    ]
    if result.n_outcomes is None:
        sentences.append("Outcomes were not looked at.")
    elif result.is_selective:
        sentences.append(
            "Outcomes are known for approved applicants only: the share of good ones is between two bounds, and "
            "unknown ones count as bad in the claim."
        )
    if result.has_clusters:
        sentences.append(
            "Decisions depend on one another by the cluster of the policy, which the evidence does not allow for: "
            "set detection.design_effect."
        )
    if not result.is_complete:
        sentences.append("There are too many combinations of cuts: each segment was varied alone, the rest as decided.")
    return sentences
