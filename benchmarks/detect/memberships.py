"""Groups that are known by probabilities only: false alarms on the limit, and delays compared with known groups.

Half of the decisions of each pane are in each of two areas. In one of them the chance to belong to group a is p, in the
other 1 - p; the rest belong to b. A violation is *by area* (everybody in the area of a is approved less: given the
area, decisions do not depend on the group) or *by group* (members of a are approved less in both areas).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from benchmarks.detect.delays import Delay
from benchmarks.detect.methods.detector import FOUR_FIFTHS, first_after, run_detector
from benchmarks.detect.size import Size
from benchmarks.detect.streams import PANE_N, Floats, Ints, Stream, steady
from stream_app.core.detection.bank import DetectorBank
from stream_app.core.detection.membership_bank import MembershipBank
from stream_app.policy import PROBABILITY_SCALE

_FAIR, _HARMED = 0.7, 0.35
_IN_AREA = PANE_N // 2
PROBABILITIES = (0.95, 0.8, 0.65)
LAST_PANES = 400  # of a violation


@dataclass(frozen=True)
class Membership:
    """Chances and rates in the two areas.

    Attributes:
        name: What they are; the seed is derived from it.
        p: Chance to belong to a in the first area; 1 - p in the second.
        rates: Approval of a and of b in the first area, then in the second, shape (2, 2).
    """

    name: str
    p: float
    rates: tuple[tuple[float, float], tuple[float, float]]

    @property
    def seed(self) -> int:
        """Seed of all its runs."""
        return Stream(self.name, steady(_FAIR, 1, 0.5)).seed

    def draw(self, rng: Generator, size: tuple[int, int]) -> tuple[Ints, Ints]:
        """Return the counts of known groups and the sums of probabilities, (panes, runs, 4) and (panes, runs, 8)."""
        chances = np.array([self.p, 1 - self.p])
        of_a = rng.binomial(_IN_AREA, chances, (*size, 2))
        rates = np.array(self.rates)
        k_a, k_b = rng.binomial(of_a, rates[:, 0]), rng.binomial(_IN_AREA - of_a, rates[:, 1])
        known = np.stack([k_a.sum(-1), of_a.sum(-1), k_b.sum(-1), PANE_N - of_a.sum(-1)], axis=-1)
        fixed = np.rint(np.stack([chances, 1 - chances]) * PROBABILITY_SCALE).astype(np.int64)  # by group and area
        favorable = k_a + k_b
        weighted = [(favorable @ fixed[group], np.full(size, _IN_AREA) * fixed[group].sum()) for group in (0, 1)]
        squares = [(part @ fixed[group] ** 2) for group in (0, 1) for part in (favorable, _IN_AREA - favorable)]
        return known, np.stack([*weighted[0], *weighted[1], *squares], axis=-1)

    def ratios(self) -> dict[str, float]:
        """Return the ratio of the groups, and what two estimators tend to."""
        chances, rates = np.array([self.p, 1 - self.p]), np.array(self.rates)
        by_area = chances * rates[:, 0] + (1 - chances) * rates[:, 1]
        true = (chances @ rates[:, 0]) / ((1 - chances) @ rates[:, 1])
        weighted = (chances @ by_area) / ((1 - chances) @ by_area)
        assigned = by_area[0] / by_area[1]
        return {
            "true_ratio": round(float(true), 9),
            "ratio": round(float(weighted), 9),
            "assigned_ratio": round(float(assigned), 9),
        }


@dataclass(frozen=True)
class MembershipResult:
    """What was measured of one violation, or on the limit.

    Attributes:
        name: The violation.
        seed: Seed of its stream.
        p: Chance to belong to a in the first area.
        n_runs: Runs.
        true_ratio: Ratio of the groups.
        ratio: What the weighting estimator tends to.
        assigned_ratio: What assigning each to the most probable group tends to.
        known: Delay where groups are known; None on the limit.
        estimated: Delay by probabilities; None on the limit.
        n_runs_with_any: Runs with an alarm before any violation.
        permitted: Share of runs that may have one.
    """

    name: str
    seed: int
    p: float
    n_runs: int
    true_ratio: float
    ratio: float
    assigned_ratio: float
    known: Delay | None
    estimated: Delay | None
    n_runs_with_any: int
    permitted: float


def by_area(name: str, p: float, ratio: float) -> Membership:
    """Return rates by area alone whose weighted rates, and true ones, have a ratio."""
    in_first = _FAIR * (ratio * p - (1 - p)) / (p - ratio * (1 - p))
    return Membership(f"{name}, p {p:g}", p, ((in_first, in_first), (_FAIR, _FAIR)))


ON_THE_LIMIT = [by_area("on the limit", p, FOUR_FIFTHS.limit) for p in PROBABILITIES]
VIOLATIONS = [
    *(by_area("by area", p, 0.6) for p in PROBABILITIES),
    *(Membership(f"by group, p {p:g}", p, ((_HARMED, _FAIR), (_HARMED, _FAIR))) for p in PROBABILITIES),
]


def measure_limit(membership: Membership, size: Size) -> MembershipResult:
    """Count runs with an alarm on the limit."""
    _, sums = membership.draw(np.random.default_rng(membership.seed), (size.n_null_panes, size.n_fault_runs))
    alarms = run_detector(FOUR_FIFTHS, sums, log_c=size.null_log_c, make_bank=MembershipBank).alarms
    return MembershipResult(
        name=membership.name,
        seed=membership.seed,
        p=membership.p,
        n_runs=size.n_fault_runs,
        **membership.ratios(),
        known=None,
        estimated=None,
        n_runs_with_any=int(alarms.any(axis=0).sum()),
        permitted=size.n_null_panes * PANE_N / math.exp(size.null_log_c),
    )


def measure_violation(membership: Membership, size: Size) -> MembershipResult:
    """Measure the delay after fair panes, with known groups and by probabilities."""
    rng = np.random.default_rng(membership.seed)
    fair = Membership(membership.name, membership.p, ((_FAIR, _FAIR), (_FAIR, _FAIR)))
    calm = fair.draw(rng, (size.n_calm_panes, size.n_fault_runs))
    broken = membership.draw(rng, (LAST_PANES, size.n_fault_runs))
    known, sums = (np.concatenate(parts) for parts in zip(calm, broken, strict=True))
    of_known, n_before_known = _delays(known, size, DetectorBank)
    of_sums, n_before = _delays(sums, size, MembershipBank)
    return MembershipResult(
        name=membership.name,
        seed=membership.seed,
        p=membership.p,
        n_runs=size.n_fault_runs,
        **membership.ratios(),
        known=Delay(of_known, n_before_known),
        estimated=Delay(of_sums, n_before),
        n_runs_with_any=n_before,
        permitted=size.n_calm_panes * PANE_N / math.exp(size.null_log_c),
    )


def _delays(counts: Ints, size: Size, make_bank: type[DetectorBank]) -> tuple[Floats, int]:
    def all_found(alarms: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> bool:
        return bool(alarms[size.n_calm_panes :].any(axis=0).all())

    alarms = run_detector(FOUR_FIFTHS, counts, enough=all_found, make_bank=make_bank).alarms
    return first_after(alarms, size.n_calm_panes), int(alarms[: size.n_calm_panes].any(axis=0).sum())
