"""Makes the disclosed result of a search from its counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np

from stream_app.core.alternatives.assessment import ClaimEvidence, OutcomeShares, outcome_shares, report, weigh
from stream_app.core.alternatives.rules import AS_DECIDED
from stream_app.core.alternatives.tables import NOT_KNOWN, ScoreTable
from stream_app.core.alternatives.withholding import shown_cuts, shown_rules
from stream_app.core.arrays import Bools, Ints
from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.intervals.intervals import Interval, PairIntervals, intervals_of_pairs
from stream_app.core.privacy.disclosure import disclose
from stream_app.pipeline.disclosure.rules import hidden_reason
from stream_app.pipeline.records.results import Bounds
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.released_cuts import SearchRelease
from stream_app.pipeline.replay.search.request import Claims, RuleList, SearchedPair
from stream_app.pipeline.replay.search.results import AlternativeValues, GoodOutcomes, PairValues, Withheld

_NEIGHBORS: Withheld = "neighbors"


class Comparison(NamedTuple):
    """What the counts say.

    Attributes:
        logged: The logged decisions.
        alternatives: The alternatives, by source and rule.
        n_claims: Alternatives times pairs.
    """

    logged: AlternativeValues
    alternatives: tuple[AlternativeValues, ...]
    n_claims: int


@dataclass(frozen=True)
class _Counted:
    """One source of scores: its tables by attribute, and the counts of every rule, the logged decisions last."""

    tables: Sequence[ScoreTable]
    joint: Sequence[Ints]
    evidence: ClaimEvidence


def compare_alternatives(
    tables: Sequence[Sequence[ScoreTable]],
    names: Sequence[str],
    rules: RuleList,
    pairs: Sequence[SearchedPair],
    claims: Claims,
    *,
    release: SearchRelease,
    has_outcomes: bool,
    design_effect: float,
) -> Comparison:
    """Compare every alternative with the logged decisions.

    Args:
        tables: Counts by source of scores and attribute.
        names: What people call each source.
        rules: The rules.
        pairs: Groups and their references.
        claims: What is tested.
        release: What may be shown.
        has_outcomes: Whether outcomes were read.
        design_effect: Counts are divided by it for the evidence.
    """
    everywhere = np.full((1, rules.places.shape[1]), AS_DECIDED, np.int64)
    places = np.concatenate([rules.places, everywhere])
    counted = []
    for by_attribute in tables:
        joint = {pair.place: by_attribute[pair.place].joint(places) for pair in pairs}
        weighed = [
            weigh(
                joint[pair.place][:-1],
                [pair.numbers],
                claims.margin,
                has_outcomes=has_outcomes and number == 0,  # about everybody: the same for every pair
                design_effect=design_effect,
            )
            for number, pair in enumerate(pairs)
        ]
        evidence = weighed[0]._replace(disparity=np.concatenate([each.disparity for each in weighed], axis=1))
        counted.append(_Counted(by_attribute, [joint[pair.place] for pair in pairs], evidence))
    found = report([source.evidence.of_all() for source in counted], claims.false_discovery_rate)
    alternatives: list[AlternativeValues] = []
    for number, (name, source, is_found) in enumerate(zip(names, counted, found, strict=True)):
        writer = _Writer(source, pairs, rules.places, _of_source(release, number), has_outcomes=has_outcomes)
        texts = [rule.text for rule in rules.rules]
        alternatives += [writer.alternative(name, text, row, is_found[row]) for row, text in enumerate(texts)]
    first = _of_source(release, 0)
    logged = _Writer(counted[0], pairs, rules.places, first, has_outcomes=has_outcomes).logged()
    return Comparison(logged, tuple(alternatives), sum(table.size for table in found))


class _SourceRelease(NamedTuple):
    """What may be shown of one source of scores; see ``SearchRelease``."""

    k: int
    withheld: Mapping[int, frozenset[str]]
    groups: Mapping[tuple[int, int], Bools]
    everybody: Bools | None


def _of_source(release: SearchRelease, number: int) -> _SourceRelease:
    groups = {key[1:]: cuts for key, cuts in release.groups.items() if key[0] == number}
    return _SourceRelease(release.k, release.withheld, groups, release.everybody.get(number))


class _Writer:
    """Writes the rows of one source of scores, without what must not be seen."""

    def __init__(
        self,
        counted: _Counted,
        pairs: Sequence[SearchedPair],
        places: Ints,
        release: _SourceRelease,
        *,
        has_outcomes: bool,
    ) -> None:
        self._counted, self._pairs = counted, pairs
        self._has_outcomes, k = has_outcomes, release.k
        releases = {
            pair.place: _release(pair, counted.tables[pair.place], k, release.withheld.get(pair.place, frozenset()))
            for pair in pairs
        }
        self._withheld = [
            releases[pair.place][pair.group] or releases[pair.place][str(pair.attribute.reference)] for pair in pairs
        ]
        self._is_shown = [_shown_for(pair, counted.tables[pair.place], places, k, release.groups) for pair in pairs]
        everyone = counted.tables[pairs[0].place].counts.sum(axis=(2, 3, 4))
        self._total_shown = _shown(everyone, places, k, release.everybody)
        self._n = int(everyone.sum())
        self._is_small = 0 < self._n < k
        favorable = counted.joint[0][:, :, :, 1].sum(axis=(1, 2))  # by rule and outcome
        self._favorable, self._shares = favorable, outcome_shares(favorable)
        self._intervals = [self._intervals_of(number) for number in range(len(pairs))]

    def logged(self) -> AlternativeValues:
        """Return the logged decisions."""
        pairs = tuple(self._pair(number, -1) for number in range(len(self._pairs)))
        if self._is_small:
            return AlternativeValues(score="", rule="as decided", n=None, pairs=pairs, withheld="small_cell")
        return self._values("", "as decided", -1, pairs)

    def alternative(self, name: str, text: str, row: int, is_found: Bools) -> AlternativeValues:
        """Return one alternative."""
        pairs = tuple(
            self._pair(number, row)
            if self._is_shown[number][row]
            else self._without(number, self._withheld[number] or _NEIGHBORS)
            for number in range(len(self._pairs))
        )
        if self._is_small or not self._total_shown[row]:
            withheld: Withheld = "small_cell" if self._is_small else _NEIGHBORS
            return AlternativeValues(score=name, rule=text, n=None, pairs=pairs, withheld=withheld)
        evidence = self._counted.evidence
        outcomes = None if evidence.outcomes is None else float(evidence.outcomes[row])
        claims = float(evidence.approvals[row]), outcomes
        return self._values(name, text, row, _with_evidence(pairs, evidence, row, is_found), claims)

    def _values(
        self,
        name: str,
        text: str,
        row: int,
        pairs: tuple[PairValues, ...],
        claims: tuple[float | None, float | None] = (None, None),
    ) -> AlternativeValues:
        favorable = int(self._favorable[row].sum())
        return AlternativeValues(
            score=name,
            rule=text,
            n=self._n,
            favorable=favorable,
            rate=approval_rate(GroupCount(self._n, favorable)),
            outcomes=self._outcomes(row) if self._has_outcomes and favorable else None,
            log_e_approvals=claims[0],
            log_e_outcomes=claims[1],
            pairs=pairs,
        )

    def _outcomes(self, row: int) -> GoodOutcomes:
        shares: OutcomeShares = OutcomeShares(*(column[row] for column in self._shares))
        return GoodOutcomes(
            lower=float(shares.lower),
            upper=float(shares.upper),
            interval=Bounds(float(shares.lower_end), float(shares.upper_end)),
            n_not_known=int(self._favorable[row, NOT_KNOWN]),
        )

    def _pair(self, number: int, row: int) -> PairValues:
        if (withheld := self._withheld[number]) is not None:
            return self._without(number, withheld)
        group, reference = self._count(number, row)
        intervals = self._intervals[number][row]
        pair = self._pairs[number]
        return PairValues(
            attribute=pair.attribute.name,
            group=pair.group,
            reference=str(pair.attribute.reference),
            n=group.n,
            favorable=group.favorable,
            n_reference=reference.n,
            favorable_reference=reference.favorable,
            rate=approval_rate(group),
            rate_reference=approval_rate(reference),
            disparate_impact_ratio=disparate_impact_ratio(group, reference),
            gap=statistical_parity_difference(group, reference),
            ratio_bounds=_bounds(intervals.ratio),
            gap_bounds=_bounds(intervals.gap),
        )

    def _without(self, number: int, withheld: Withheld) -> PairValues:
        pair = self._pairs[number]
        return PairValues(
            attribute=pair.attribute.name,
            group=pair.group,
            reference=str(pair.attribute.reference),
            withheld=withheld,
        )

    def _count(self, number: int, row: int) -> tuple[GroupCount, GroupCount]:
        group, reference = (
            GroupCount(int(counts.sum()), int(counts[:, 1].sum()))
            for counts in (self._counted.joint[number][row, label] for label in self._pairs[number].numbers)
        )
        return group, reference

    def _intervals_of(self, number: int) -> list[PairIntervals]:
        rows = range(len(self._counted.joint[number]))
        return intervals_of_pairs([self._count(number, row) for row in rows])


def _with_evidence(
    pairs: tuple[PairValues, ...], evidence: ClaimEvidence, row: int, is_found: Bools
) -> tuple[PairValues, ...]:
    of_all = evidence.of_all()[row]
    return tuple(
        pair
        if pair.withheld is not None
        else msgspec.structs.replace(
            pair,
            log_e_disparity=float(evidence.disparity[row, number]),
            log_e=float(of_all[number]),
            is_found=bool(is_found[number]),
        )
        for number, pair in enumerate(pairs)
    )


def _release(pair: SearchedPair, table: ScoreTable, k: int, withheld: frozenset[str]) -> Mapping[str, Withheld | None]:
    people = dict(zip(labels_of(pair.attribute), table.counts.sum(axis=(0, 1, 3, 4)).tolist(), strict=True))
    release = disclose(people, k, withheld)
    return {label: hidden_reason(label, release, withheld) if k else None for label in people}


def _shown_for(
    pair: SearchedPair, table: ScoreTable, places: Ints, k: int, permitted: Mapping[tuple[int, int], Bools]
) -> Bools:
    """Return which rules may be shown for a pair: those that may for both groups."""
    people = table.counts.sum(axis=(3, 4))
    group, reference = (
        _shown(people[:, :, number], places, k, permitted.get((pair.place, number))) for number in pair.numbers
    )
    both: Bools = group & reference
    return both


def _shown(people: Ints, places: Ints, k: int, permitted: Bools | None) -> Bools:
    """Return which rules may be shown for some people, by segment and place of the score."""
    cuts = np.array([shown_cuts(of_segment[:-1], k) for of_segment in people])
    if permitted is not None:
        cuts &= permitted
    return shown_rules(places, cuts)


def _bounds(interval: Interval) -> Bounds:
    return Bounds(interval.lower, interval.upper)
