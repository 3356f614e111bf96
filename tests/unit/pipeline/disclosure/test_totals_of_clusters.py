"""Running totals of decisions in clusters: confidence sequences as wide as those of fewer independent decisions."""

from __future__ import annotations

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.totals import with_sequences
from stream_app.pipeline.records.results import SCHEMA, TOTAL_WINDOW, Bounds

ANY = Bounds(0.0, 1.0)


def total(scale: int, design_effect: float | None) -> DisclosedResult:
    women, men = (
        DisclosedGroup(group=group, n=scale * n, favorable=scale * k, rate_bounds=ANY, ratio_bounds=ANY, gap_bounds=ANY)
        for group, n, k in (("f", 100, 45), ("m", 300, 210))
    )
    return DisclosedResult(
        schema=SCHEMA, model="m", attribute="sex", window=TOTAL_WINDOW, size_s=60, start_s=0, end_s=60, revision=0,
        reference="m", n=None, state=State.OK, k=10, offsets={}, policy_hash="", code_version="",
        groups=(msgspec.structs.replace(women, design_effect=design_effect), men),
    )  # fmt: skip


def bounds(result: DisclosedResult) -> list[Bounds | None]:
    women = result.groups[0]
    return [women.rate_bounds, women.ratio_bounds, women.gap_bounds]


def test_a_design_effect_divides_the_counts_of_a_total() -> None:
    assert bounds(with_sequences(total(4, 4.0))) == bounds(with_sequences(total(1, None)))
    assert bounds(with_sequences(total(4, 4.0))) != bounds(with_sequences(total(4, None)))


def test_a_design_effect_below_1_does_not_narrow_it() -> None:
    assert bounds(with_sequences(total(4, 0.5))) == bounds(with_sequences(total(4, None)))
