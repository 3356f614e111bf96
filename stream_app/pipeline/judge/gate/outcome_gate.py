"""Decides what readers may see of the outcomes of each window, running total and revision of a model.

The people with an outcome pass the release gate as decisions do, and so does each way in which rates divide them: there
is a gate for each. Of a group that is divided, readers see all parts or none. Beside decisions, whose number is known,
people without an outcome follow: no window begins or ends, and no running totals end, where these are fewer than k
(``barriers``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.core.windows.tally_changes import StateKey
from stream_app.errors import StateError
from stream_app.pipeline.disclosure.results import released_form, shown_groups
from stream_app.pipeline.judge.gate.barriers import barrier_of
from stream_app.pipeline.judge.gate.outcome_parts import (
    EVERYBODY,
    counts_of,
    parts_of,
    people_left,
    result_of,
    tables_of_part,
)
from stream_app.pipeline.judge.gate.release_gate import ReleaseGate
from stream_app.pipeline.judge.gate.tables import Shown
from stream_app.pipeline.judge.gate.withheld import CountedPart
from stream_app.pipeline.judge.state import NEW_APP_ID, RELEASE, RELEASE_BY, RELEASED_OUTCOMES, StoredEntries
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.records.outcome_results import FormerOutcomes, OutcomeResult, WithheldOutcomes
from stream_app.pipeline.records.results import TOTAL_WINDOW, FormerRelease, Result, Withheld
from stream_app.policy import ModelPolicy, Privacy

Rejudge = Callable[[Cells], list[OutcomeResult]]
_Released = Mapping[str, Result]  # what each gate has decided on one attribute


class OutcomeGate:
    """The release gate of the outcomes of one model.

    Args:
        model: Its policy, with an outcome.
        layout: Layout of the cells of its outcomes.
        stored: Its entries in the changelog topic.

    Raises:
        StateError: an entry cannot be read.
    """

    def __init__(self, model: ModelPolicy, layout: CellLayout, stored: StoredEntries) -> None:
        self._model, self._layout, self._k = model, layout, model.privacy.k
        self._gates = {
            part: ReleaseGate(
                model,
                layout,
                stored,
                CountedPart(RELEASE_BY + part if part else RELEASE, partial(tables_of_part, part, model, layout)),
            )
            for part in parts_of(model)
        }
        try:
            data = b"".join(stored.get(RELEASED_OUTCOMES, []))
            self._former = msgspec.msgpack.decode(data, type=dict[str, FormerOutcomes]) if data else {}
        except msgspec.MsgspecError:
            raise StateError("What was released cannot be read", action=NEW_APP_ID) from None
        self._is_changed = False
        self._barrier: tuple[int, dict[str, Shown]] | None = None  # at the end of the newest windows

    def release(
        self, results: list[OutcomeResult], cells: Cells, context: WindowContext, rejudge: Rejudge
    ) -> list[OutcomeResult]:
        """Return results with what is withheld of each.

        Args:
            results: The verdicts on one window or on the running totals.
            cells: Its counts.
            context: What is known of it beside these.
            rejudge: Returns the verdicts on the same window with other counts.
        """
        if self._k <= 1:
            return results
        readings = [(cells, results)]

        def judge_again(part: str, other: Cells) -> list[Result]:
            if not any(other == known for known, _ in readings):
                readings.append((other, rejudge(other)))
            again = next(own for known, own in readings if other == known)
            return [result_of(part, result) for result in again]

        barrier = self._barrier_at(context, cells)
        counted = {part: [result_of(part, result) for result in results] for part in self._gates}
        about = {part: (cells, context, partial(judge_again, part), barrier.get(part, {})) for part in self._gates}
        of_complete = set[str]()
        if context.span.window == TOTAL_WINDOW and any(gate.has_left_out for gate in self._gates.values()):
            for part, gate in self._gates.items():  # all parts are shown of the same people
                of_complete |= {result.attribute for result in results} - gate.fully_shown(counted[part], *about[part])
        released = {part: gate.release(counted[part], *about[part], of_complete) for part, gate in self._gates.items()}
        if context.is_close:
            is_complete = all(gate.is_complete for gate in self._gates.values())
            for gate in self._gates.values():
                gate.count_closed(is_complete=is_complete)
        return [
            self._withhold(result, {part: released[part][number] for part in released}, readings, context)
            for number, result in enumerate(results)
        ]

    def continue_releases(self) -> None:
        """Take over what was remembered under a former policy: the changelog topic gets all of it again."""
        self._is_changed = True
        for gate in self._gates.values():
            gate.continue_releases()

    def state(self) -> list[tuple[StateKey, bytes]]:
        """Return what a restart needs."""
        own = [(RELEASED_OUTCOMES, msgspec.msgpack.encode(self._former))] if self._former else []
        return own + [entry for gate in self._gates.values() for entry in gate.state()]

    def take_changes(self) -> list[tuple[StateKey, bytes | None]]:
        """Return what of that changed since the last call; None for an entry that is gone."""
        is_changed, self._is_changed = self._is_changed and bool(self._former), False
        own = [(RELEASED_OUTCOMES, msgspec.msgpack.encode(self._former))] if is_changed else []
        return own + [entry for gate in self._gates.values() for entry in gate.take_changes()]

    def _barrier_at(self, context: WindowContext, cells: Cells) -> dict[str, Shown]:
        """Return the groups, by part, of which too few people have no outcome at the end of a window or total."""
        is_total = context.span.window == TOTAL_WINDOW
        if not (context.is_close or (is_total and context.is_between_windows)):
            return {}
        if not is_total and self._barrier is not None and self._barrier[0] == context.span.end_s:
            return self._barrier[1]
        left = people_left(self._model, self._layout, cells if is_total else context.counted())
        barrier = {part: barrier_of(tables, self._k) for part, tables in left.items()}
        if not is_total:
            self._barrier = (context.span.end_s, barrier)
        return barrier

    def _withhold(
        self,
        result: OutcomeResult,
        released: _Released,
        readings: list[tuple[Cells, list[OutcomeResult]]],
        context: WindowContext,
    ) -> OutcomeResult:
        everybody = released[EVERYBODY]
        decided = everybody.withheld if isinstance(everybody.withheld, Withheld) else Withheld()
        shown: OutcomeResult | FormerOutcomes | None = None if decided.is_held else result
        if decided.former is not None:
            shown = self._former_of(result.attribute, decided.former, readings)
        if shown is not None and result.window == TOTAL_WINDOW and context.is_published:
            self._remember(result.attribute, shown)
        withheld = WithheldOutcomes(
            groups=decided.groups,
            is_held=decided.is_held,
            former=shown if isinstance(shown, FormerOutcomes) else None,
            **self._withheld_parts(shown, released),
        )
        return msgspec.structs.replace(
            result,
            withheld=msgspec.UNSET if withheld == WithheldOutcomes() else withheld,
            k=msgspec.UNSET if self._k == Privacy().k else self._k,
        )

    def _former_of(
        self, attribute: str, former: FormerRelease, readings: list[tuple[Cells, list[OutcomeResult]]]
    ) -> FormerOutcomes | None:
        """Return the outcomes that belong to a former release of the people who have one; None if they are gone."""
        for _, results in readings:
            result = next(own for own in results if own.attribute == attribute)
            if result_of(EVERYBODY, result).groups == former.groups:
                return FormerOutcomes(start_s=former.start_s, end_s=former.end_s, groups=result.groups)
        kept = self._former.get(attribute)
        is_same = kept is not None and _people(kept) == [(g.group, g.n, g.favorable) for g in former.groups]
        return kept if is_same else None

    def _remember(self, attribute: str, shown: OutcomeResult | FormerOutcomes) -> None:
        former = FormerOutcomes(start_s=shown.start_s, end_s=shown.end_s, groups=shown.groups)
        if self._former.get(attribute) != former:
            self._former[attribute], self._is_changed = former, True

    def _withheld_parts(
        self, shown: OutcomeResult | FormerOutcomes | None, released: _Released
    ) -> dict[str, tuple[str, ...]]:
        """Return, by part, the groups of which it must not be shown: all parts of a group are shown, or none."""
        if shown is None:
            return {}
        listed = shown_groups(released[EVERYBODY], self._k).shown
        withheld = {}
        for part in list(released)[1:]:
            form, names = released_form(released[part], self._k), shown_groups(released[part], self._k).shown
            counts = {group.labels: (group.n, group.favorable) for group in form.groups if group.group in names}
            withheld[f"by_{part}"] = tuple(
                group.group
                for group in shown.groups
                if group.group in listed
                if any(n and counts.get(labels) != (n, own) for labels, (n, own) in counts_of(part, group).items())
            )
        return withheld


def _people(former: FormerOutcomes) -> list[tuple[str, int, int]]:
    return [(group.group, group.n, group.tp) for group in former.groups]
