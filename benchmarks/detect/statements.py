"""How often the sentence of a verdict names a cause by chance: statements on pairs about which they are false.

Each case draws pairs of groups from a truth in which a statement is not true, and counts how often it is made. 5 % is
allowed. The last cases draw from truths in which statements are true, and count how often they are made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.detect.judgment import HARDLY, Verdict, most_by_chance
from stream_app.core.cause.certainty import Certainty, driver_certainty, is_leader_clear, is_simpson
from stream_app.core.cause.decomposition import Counts, Driver, decompose
from stream_app.core.cause.features import FeatureMoments, Moments, rank_features

BY_CHANCE = 0.05
SIZES = (30, 300, 1_000, 5_000, 50_000)  # decisions about each group
FEATURE_SIZES = (30, 100, 300, 1_000)
MAINLY_MIX, MAINLY_RATE, EXPLAINED_BY_MIX = "mainly mix", "mainly rate", "explained by mix"
SIMPSON, LEADER = "Simpson's paradox", "a segment contributes most"
_MIX = (Driver.MIX, Driver.MIX_NOT_RATE)


class Population(NamedTuple):
    """A group of which decisions are drawn: its shares of the segments, and its rates in them."""

    shares: Sequence[float]
    rates: Sequence[float]

    def draw(self, n: int, random: np.random.Generator) -> Counts:
        """Draw n decisions, by segment."""
        sizes = random.multinomial(n, self.shares)
        favorable = random.binomial(sizes, self.rates)
        return {f"s{place}": (int(n), int(k)) for place, (n, k) in enumerate(zip(sizes, favorable, strict=True))}


class Falsehood(NamedTuple):
    """A truth in which statements are false.

    Attributes:
        name: What is true instead.
        group: The group.
        reference: Its reference.
        statements: What must not be said; of several, all together may come up in 5 % of the pairs.
    """

    name: str
    group: Population
    reference: Population
    statements: tuple[str, ...]


_SAME_RATES = (0.9, 0.7, 0.5, 0.4, 0.3)
_ALIKE = Population((0.3, 0.7), (0.8, 0.3))
_HALF = Population((0.5, 0.5), (0.8, 0.4))
FALSEHOODS = (
    Falsehood("all mix", _ALIKE, Population((0.6, 0.4), (0.8, 0.3)), (SIMPSON,)),
    Falsehood("all mix", _ALIKE, Population((0.6, 0.4), (0.8, 0.3)), (MAINLY_RATE,)),
    Falsehood(
        "all mix, 5 segments",
        Population((0.1, 0.1, 0.2, 0.3, 0.3), _SAME_RATES),
        Population((0.3, 0.3, 0.2, 0.1, 0.1), _SAME_RATES),
        (SIMPSON,),
    ),
    Falsehood("half mix, half rate", Population((0.3, 0.7), (0.72, 0.32)), _HALF, (MAINLY_MIX, MAINLY_RATE)),
    Falsehood("mix is four fifths", Population((0.3, 0.7), (0.78, 0.38)), _HALF, (EXPLAINED_BY_MIX,)),
    Falsehood("no gap", _ALIKE, _ALIKE, (MAINLY_MIX, MAINLY_RATE)),
    Falsehood("no gap", _ALIKE, _ALIKE, (SIMPSON, LEADER)),
    *(
        Falsehood(
            f"{n} segments contribute alike",
            Population([1 / n] * n, [0.5] * n),
            Population([1 / n] * n, [0.7] * n),
            (LEADER,),
        )
        for n in (2, 3, 5)
    ),
)


def statements_about(group: Population, reference: Population, n: int, n_pairs: int) -> Counter[str]:
    """Count the statements about so many drawn pairs, n decisions about each group."""
    random, statements = np.random.default_rng(n), Counter[str]()
    for _ in range(n_pairs):
        statements.update(_said(group.draw(n, random), reference.draw(n, random)))
    return statements


def _said(group: Counts, reference: Counts) -> Iterator[str]:
    split = decompose(group, reference)
    if split is None or split.leader is None:
        return
    if is_simpson(split):
        yield SIMPSON
    certainty = driver_certainty(split)
    if certainty in (Certainty.EXPLAINS, Certainty.MAIN):
        is_mix = split.driver in _MIX
        yield MAINLY_MIX if is_mix else MAINLY_RATE
        if certainty is Certainty.EXPLAINS:
            yield EXPLAINED_BY_MIX if is_mix else "explained by rate"
        if is_leader_clear(split):
            yield LEADER


def draw_features(random: np.random.Generator, n: int, n_features: int, shift: float) -> list[FeatureMoments]:
    """Draw features of two groups; the first one differs by ``shift`` standard deviations."""
    values = np.round(1000 * random.normal(0, 1, (2, n_features, n))).astype(np.int64)
    values[0, 0] += round(1000 * shift)
    return [
        FeatureMoments(f"f{place}", 1000, _moments(values[0, place]), _moments(values[1, place]))
        for place in range(n_features)
    ]


def pairs_with_a_feature(n: int, n_features: int, n_pairs: int) -> int:
    """Return in how many pairs any of some features that are alike is said to differ."""
    random = np.random.default_rng(n)
    return sum(
        any(feature.is_clear for feature in rank_features(draw_features(random, n, n_features, 0.0)))
        for _ in range(n_pairs)
    )


def judge_statements(n_pairs: int) -> list[Verdict]:
    """Judge every statement at every size: none is made by chance in more than 5 % of the pairs."""
    most = most_by_chance(n_pairs, BY_CHANCE, HARDLY)
    verdicts = [
        _verdict(
            f"not said where {case.name}: {' or '.join(case.statements)}",
            [_count(case, n, n_pairs) for n in SIZES],
            n_pairs,
            most,
        )
        for case in FALSEHOODS
    ]
    for n_features in (1, 3, 8):
        counts = [pairs_with_a_feature(n, n_features, n_pairs) for n in FEATURE_SIZES]
        verdicts.append(_verdict(f"not said where {n_features} features are alike: differs", counts, n_pairs, most))
    return verdicts


def _count(case: Falsehood, n: int, n_pairs: int) -> int:
    statements = statements_about(case.group, case.reference, n, n_pairs)
    return sum(statements[statement] for statement in case.statements)


def _verdict(claim: str, counts: Iterable[int], n_pairs: int, most: int) -> Verdict:
    worst = max(counts)
    measured = f"at most {worst} of {n_pairs} pairs ({worst / n_pairs:.1%})"
    return Verdict(f"{claim} in <= {BY_CHANCE:.0%}", measured, worst <= most)


def _moments(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Moments:
    return Moments(len(values), int(values.sum()), int((values**2).sum()))
