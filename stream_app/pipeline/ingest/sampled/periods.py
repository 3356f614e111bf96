"""Whether the comparison period of a policy suits a sample of records, and which longer one would."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.layout import can_compare_any, pane_layout_of
from stream_app.policy import ModelPolicy

_PERIODS_S = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 86_400, 7 * 86_400, 28 * 86_400)
_ENOUGH = 0.9  # share of periods that can compare


class SampledPeriods(msgspec.Struct, frozen=True, kw_only=True):
    """How many comparison periods of a sample can compare a group with its reference.

    Attributes:
        period_s: Length of a period, as the policy has it.
        n_periods: Periods with a counted event.
        n_comparable: Those in which any declared group and its reference both have decisions.
        proposed_s: Shortest longer period of which at least nine in ten can; None where that of the policy suffices, or
            where none does.
    """

    period_s: int
    n_periods: int
    n_comparable: int
    proposed_s: int | None


def periods_in(model: ModelPolicy, panes: Mapping[int, Cells]) -> SampledPeriods:
    """Return how many periods of a sample can compare.

    Args:
        model: The policy.
        panes: Counted cells by start of the pane.
    """

    def comparable(period_s: int) -> list[bool]:
        periods: dict[int, Cells] = {}
        for start_s, cells in panes.items():
            add_cells(periods.setdefault(start_s // period_s, {}), cells)
        return [can_compare_any(model, layout, of_period) for of_period in periods.values()]

    layout, period_s = pane_layout_of(model), model.period_s
    now = comparable(period_s)
    longer = [length_s for length_s in _PERIODS_S if length_s > period_s and length_s % model.event_time.pane_s == 0]
    proposed = None
    if sum(now) < _ENOUGH * len(now):
        shares = ((length_s, comparable(length_s)) for length_s in longer)
        proposed = next((length_s for length_s, can in shares if sum(can) >= _ENOUGH * len(can)), None)
    return SampledPeriods(period_s=period_s, n_periods=len(now), n_comparable=sum(now), proposed_s=proposed)
