"""The number of fairness series is bounded by the instruments that make them."""

from __future__ import annotations

import pytest
from prometheus_client import Metric

from stream_app.core.cause.cause import N_FEATURES, N_SEGMENTS
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.edges.metrics.fairness_values import UNDECLARED, CauseValues, GroupScope, GroupValues
from stream_app.edges.metrics.series_limit import count_series
from stream_app.pipeline.disclosure.causes import DisclosedCause, DisclosedDifference, DisclosedPart
from stream_app.pipeline.disclosure.results import DisclosedGroup
from stream_app.pipeline.records.results import Bounds, ScoreStability, WorstCase
from stream_app.policy import load_policy, shipped_names

WINDOW = ("loans", "gender", "5m")
BOUNDS = Bounds(lower=0.1, upper=0.9)


def full_group(name: str) -> DisclosedGroup:
    """Return a group of which everything is known."""
    return DisclosedGroup(
        group=name,
        n=100,
        rate=0.5,
        rate_bounds=BOUNDS,
        disparate_impact_ratio=0.8,
        ratio_bounds=BOUNDS,
        gap=-0.1,
        gap_bounds=BOUNDS,
        shortfall=3,
        worst_case=WorstCase(n=9, rate=BOUNDS, ratio=BOUNDS, gap=BOUNDS),
        share=0.1,
        scores=ScoreStability(index=0.1, reference_n=100, reference_start_s=0, reference_end_s=60),
        cause=DisclosedCause(
            driver=Driver.MIX,
            driver_certainty=Certainty.MAIN,
            mix=0.1,
            rate=-0.2,
            segments=tuple(DisclosedPart(segment=f"s{n}", mix=0.1, rate=0.1) for n in range(N_SEGMENTS + 1)),
            simpson=False,
            features=tuple(DisclosedDifference(feature=f"f{n}", standardized=0.3) for n in range(N_FEATURES)),
            over_time=None,
        ),
    )


def n_samples(families: list[Metric]) -> int:
    return sum(len(family.samples) for family in families)


@pytest.mark.parametrize(
    ("name", "scope"),
    [("female", GroupScope.DECLARED), *((name, GroupScope.UNDECLARED) for name in UNDECLARED)],
)
def test_a_group_with_all_values_makes_as_many_series_as_its_scope_allows(name: str, scope: GroupScope) -> None:
    values = GroupValues()
    values.show(WINDOW, [full_group(name)])
    assert n_samples(list(values.families())) == GroupValues.n_series(scope)


def test_of_an_intersection_no_rate_is_exported() -> None:
    values = GroupValues()
    values.show(WINDOW, [full_group("female+black")], is_crossed=True)
    assert n_samples(list(values.families())) == GroupValues.n_series(GroupScope.CROSSED)
    shown = {family.name for family in values.families() if family.samples}
    assert not shown & {"fairstream_approval_ratio", "fairstream_shortfall_ratio"}


def test_a_full_cause_makes_as_many_series_as_are_allowed() -> None:
    values = CauseValues()
    values.show(WINDOW, [full_group("female")])
    assert n_samples(list(values.families())) == CauseValues.n_series()


@pytest.mark.parametrize("name", shipped_names())
def test_more_windows_make_more_series(name: str) -> None:
    policy = load_policy(name)
    if policy.models[0].kind == "counts":
        assert count_series(policy) == 2 * len(policy.models)
    else:
        assert count_series(policy) > len(policy.models[0].windows) * len(policy.models[0].attributes)
