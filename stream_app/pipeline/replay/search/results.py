"""The result of a search, as people may see it: values of few people are None, with the reason."""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_app.pipeline.records.results import Bounds

SCHEMA = 1
Withheld = Literal["small_cell", "complementary", "neighbors", "withheld", "not_shown_yet"]


class GoodOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """The share of good outcomes among favorable decisions.

    Attributes:
        lower: If every outcome that is not known were bad.
        upper: If every one were good; equal to ``lower`` only where all are known.
        interval: From the lower end of the 95 % interval of ``lower`` to the upper end of that of ``upper``.
        n_not_known: Favorable decisions whose outcome is not known.
    """

    lower: float
    upper: float
    interval: Bounds
    n_not_known: int


class PairValues(msgspec.Struct, frozen=True, kw_only=True):
    """A group and its reference under one rule.

    Attributes:
        attribute: Name of the attribute.
        group: The group.
        reference: Its reference.
        n: Decisions about the group.
        favorable: Favorable ones.
        n_reference: Decisions about the reference.
        favorable_reference: Favorable ones.
        rate: Share of the favorable ones, of the group.
        rate_reference: That of the reference.
        disparate_impact_ratio: Ratio of both.
        gap: Difference of both.
        ratio_bounds: 95 % interval of the ratio.
        gap_bounds: 95 % interval of the gap.
        log_e_disparity: Natural log of the e-value of less disparity than with the logged decisions.
        log_e: That of all claims together.
        is_found: Whether e-BH reports it.
        withheld: Why values are None: ``small_cell`` and ``complementary`` as in results; ``neighbors`` where another
            alternative decides differently about fewer than k people of a group; ``withheld`` where fewer than k
            people would follow beside what was shown before.
    """

    attribute: str
    group: str
    reference: str
    n: int | None = None
    favorable: int | None = None
    n_reference: int | None = None
    favorable_reference: int | None = None
    rate: float | None = None
    rate_reference: float | None = None
    disparate_impact_ratio: float | None = None
    gap: float | None = None
    ratio_bounds: Bounds | None = None
    gap_bounds: Bounds | None = None
    log_e_disparity: float | None = None
    log_e: float | None = None
    is_found: bool | None = None
    withheld: Withheld | None = None


class AlternativeValues(msgspec.Struct, frozen=True, kw_only=True):
    """One alternative, or the logged decisions.

    Attributes:
        score: What it decides by: the place of the score, or the name of a model; empty for the logged decisions.
        rule: Its cuts, as ``fairstream replay run --alternative`` takes them.
        n: Decisions.
        favorable: Favorable ones; None where withheld.
        rate: Their share.
        outcomes: Good outcomes among them; None without outcomes, without favorable decisions, or where withheld.
        log_e_approvals: Natural log of the e-value of kept approvals.
        log_e_outcomes: That of kept outcomes.
        pairs: Groups and their references.
        withheld: Why values are None.
    """

    score: str
    rule: str
    n: int | None
    favorable: int | None = None
    rate: float | None = None
    outcomes: GoodOutcomes | None = None
    log_e_approvals: float | None = None
    log_e_outcomes: float | None = None
    pairs: tuple[PairValues, ...]
    withheld: Withheld | None = None


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a search.

    Attributes:
        schema: Version of this format.
        model: Name of the model.
        policy_hash: Hash of its policy.
        topic: Topic that was read.
        source: ``raw`` or ``published``.
        from_s: Start of the range of event time; None for the beginning of the log.
        to_s: Its end; None for the end of the log.
        begins: First offset that was read of each partition.
        ends: Offset below which each was read.
        n_records: Records that were read.
        n_outcomes: Outcomes that were read; None where none were looked for.
        is_selective: Whether outcomes are known for favorable decisions only.
        k: Fewest people about whom anything is shown; 0 for exact values.
        margin: What approvals and good outcomes may lose.
        false_discovery_rate: Expected share of false claims among the found ones, at most.
        design_effect: Counts were divided by it for the evidence.
        models: Names of the models among the scores.
        has_clusters: Whether decisions depend on one another by a cluster, which the evidence does not allow for.
        is_complete: Whether every combination of cuts by segment was tried.
        n_claims: Alternatives times pairs: e-BH is over all of them.
        logged: The logged decisions.
        alternatives: The alternatives, in the order of trying.
    """

    schema: int = SCHEMA
    model: str
    policy_hash: str
    topic: str
    source: str
    from_s: float | None
    to_s: float | None
    begins: dict[int, int]
    ends: dict[int, int]
    n_records: int
    n_outcomes: int | None
    is_selective: bool
    k: int
    margin: float
    false_discovery_rate: float
    design_effect: float
    models: tuple[str, ...] = ()
    has_clusters: bool = False
    is_complete: bool
    n_claims: int
    logged: AlternativeValues
    alternatives: tuple[AlternativeValues, ...]

    @property
    def found(self) -> list[tuple[AlternativeValues, PairValues]]:
        """Every alternative that is reported, with the pair, the strongest evidence first."""
        found = [(each, pair) for each in self.alternatives for pair in each.pairs if pair.is_found]
        return sorted(found, key=lambda row: -(row[1].log_e or 0.0))
