"""Decides which running totals readers may see.

They are compared with the windows since the last totals that were shown, and only at moments at which no window is
open: otherwise the totals minus the closed windows would be part of one. In between, and where few people would follow,
those totals are shown that readers can compute from the windows that were shown (``early_totals``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.judge.gate.alert_counts import AlertCounts
from stream_app.pipeline.judge.gate.early_totals import EarlyTotals
from stream_app.pipeline.judge.gate.inner_windows import TOTAL, InnerWindows
from stream_app.pipeline.judge.gate.tables import Labels, shown_of, tables_of
from stream_app.pipeline.judge.gate.withheld import Rejudge, withheld_beyond, without_groups, without_late
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.results import Result, Withheld

Stopped = Mapping[str, set[Labels]]  # groups by attribute


class _Compared(NamedTuple):
    """Running totals of one attribute that can be shown, what they show, and whether it is all that they could."""

    result: Result
    shown: set[Labels]
    is_all: bool


class _Totals(NamedTuple):
    """Running totals beside all that was shown.

    Attributes:
        left: All of them.
        withheld: What is withheld of those that can be shown, by attribute.
        partly: Those that can be shown, by attribute.
    """

    left: list[Result]
    withheld: dict[str, Withheld]
    partly: dict[str, _Compared]


class RunningTotals:
    """The running totals of one model.

    Args:
        k: Fewest people about which anything may follow.
        windows: Its windows.
        alerts: What alerts have counted.
        early: The totals that readers can compute.
    """

    def __init__(self, k: int, windows: InnerWindows, alerts: AlertCounts, early: EarlyTotals) -> None:
        self._k, self._windows, self._alerts, self._early = k, windows, alerts, early

    def release(
        self,
        results: list[Result],
        cells: Cells,
        context: WindowContext,
        rejudge: Rejudge,
        barrier: Stopped,
        of_complete: Collection[str],
    ) -> dict[str, Withheld]:
        """Return what is withheld of running totals, by attribute: of new ones, or of those that were shown last.

        Args:
            results: The verdicts on them.
            cells: Their counts.
            context: What is known of them beside these.
            rejudge: Returns the verdicts on other counts.
            barrier: Groups that must not be counted up to their end, by attribute; see ``barriers``.
            of_complete: Attributes whose totals are rather those of the windows that hide no group.
        """
        totals = _Totals(results, {}, {})
        if context.is_between_windows:
            totals = self._compare(results, cells, context, rejudge, barrier)
        withheld, left, partly = dict(totals.withheld), list(totals.left), dict(totals.partly)
        for name, (result, shown, is_all) in totals.partly.items():
            if is_all and name not in of_complete:
                self._early.note_compared(result, shown)
                left = [each for each in left if each.attribute != name]
                del partly[name]
        beside = {name: own.shown for name, own in partly.items() if name not in of_complete}
        early: dict[str, Withheld | None] = {}
        if context.is_published:
            early = self._early.release(left, cells, context, rejudge, beside, of_complete)
        for result in left:
            name = result.attribute
            if name in partly and name not in early:
                self._early.note_compared(partly[name].result, partly[name].shown)
                continue
            withheld.pop(name, None)
            if (instead := early[name] if name in early else self._early.former_of(result)) is not None:
                withheld[name] = instead
        return withheld

    def fully_shown(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Rejudge, barrier: Stopped
    ) -> set[str]:
        """Return the attributes of which all totals can be shown, all groups; arguments as those of ``release``."""
        names = self._early.fully_shown(results, cells, context, rejudge)
        if context.is_between_windows:
            partly = self._compare(results, cells, context, rejudge, barrier).partly
            names |= {name for name, own in partly.items() if own.is_all}
        return names

    def _compare(
        self, results: list[Result], cells: Cells, context: WindowContext, rejudge: Rejudge, barrier: Stopped
    ) -> _Totals:
        """Compare running totals with all that was shown."""
        late = self._windows.late_inside(TOTAL, {})
        is_held, former = self._windows.has_small(late, results), results
        if is_held:
            cells, results = without_late(cells, late, rejudge)
        tables = tables_of(results)
        alone = shown_of(tables, self._k)
        known = self._alerts.known_in_open()
        open_ = without_groups(tables, alone, barrier, self._k)
        shown = self._windows.beside(TOTAL, tables, open_, {} if is_held else late, context.uncounted, known)
        withheld = withheld_beyond(results, alone, shown, is_held=is_held)
        partly = {
            result.attribute: _Compared(result, shown[name], alone[name] <= shown[name])
            for result in results
            # Groups that the policy no longer has are not shown again.
            if self._early.shown_last(name := result.attribute) & tables[name].keys() <= shown[name]
        }
        return _Totals(former, {name: own for name, own in withheld.items() if name in partly}, partly)
