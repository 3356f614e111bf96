"""Reads the records of an outcome-join topic: decisions in the cells of the present policy, whichever counted them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from stream_app.core.join.join_records import (
    JoinDecisions,
    JoinOutcomes,
    decode_rows,
    is_consistent,
    is_of_another_version,
    latest_s,
)
from stream_app.errors import StateError
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.outcomes.join_log import TakenOver
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.policy_change import counting_policy, mapping_between, score_factor
from stream_app.pipeline.rejected import RecordFault, WriterClock
from stream_app.policy import ModelPolicy

_MAX_SCORE = 2**20  # in fixed point, so that sums of squares are exact in 64 bits


class RejectedError(Exception):
    """No worker writes such a record.

    Attributes:
        fault: What is wrong with it.
    """

    def __init__(self, fault: RecordFault) -> None:
        super().__init__(fault)
        self.fault = fault


class _CountedCells(NamedTuple):
    """Cells in which decisions come.

    Attributes:
        n_cells: How many there are.
        has_scores: Whether each decision has a score.
        taken_over: How they are taken over; None where they are the same.
    """

    n_cells: int
    has_scores: bool
    taken_over: TakenOver | None


class JoinReader:
    """Reads the records of one model.

    Args:
        model: Its present policy.
        book: The policies that were ever registered.
    """

    def __init__(self, model: ModelPolicy, book: PolicyBook) -> None:
        self._model, self._book = model, book
        own = _CountedCells(layout_of(model).size, model.score is not None, None)
        self._counted = {model.layout_hash(): own}  # by the hash of the cells

    def read(self, value: bytes, written_s: float = 0.0) -> JoinDecisions | JoinOutcomes:
        """Decode a record.

        Args:
            value: The record.
            written_s: When it was written, seconds since the Unix epoch; 0 where that is not known.

        Raises:
            RejectedError: no worker writes such a record.
            StateError: another version wrote it, or it has no place under the policy.
            UnknownPolicyError: it names a policy that is not in the book.
        """
        try:
            rows = decode_rows(value)
        except msgspec.MsgspecError:
            if not is_of_another_version(value):
                raise RejectedError(RecordFault.UNREADABLE) from None
            raise StateError(
                f"A record about outcomes of model {self._model.name!r} was written by a newer version",
                action="Run all workers with one version",
            ) from None
        if not is_consistent(rows):
            raise RejectedError(RecordFault.COLUMNS)
        if 0 < written_s < latest_s(rows) - WriterClock.MAX_AHEAD_S:
            raise RejectedError(RecordFault.TIME)  # it would end the waiting of every decision
        return rows if isinstance(rows, JoinOutcomes) else self._as_counted_here(rows)

    def _as_counted_here(self, rows: JoinDecisions) -> JoinDecisions:
        if rows.layout_hash not in self._counted:
            self._counted[rows.layout_hash] = self._counted_cells(rows)
        counted = self._counted[rows.layout_hash]
        cells = np.frombuffer(rows.cells, np.uint32)
        if len(cells) and (int(cells.max()) >= counted.n_cells or bool(rows.scores) != counted.has_scores):
            raise RejectedError(RecordFault.COLUMNS)
        scores = np.frombuffer(rows.scores, np.int32)
        if len(scores) and not -_MAX_SCORE <= int(scores.min()) <= int(scores.max()) <= _MAX_SCORE:
            raise RejectedError(RecordFault.COLUMNS)
        if (over := counted.taken_over) is None:
            return rows
        if over.mapping is not None:
            cells = over.mapping.map_codes(cells).astype(np.uint32)
        mapped = b"" if over.score_factor is None else over.map_scores(scores).tobytes()
        return msgspec.structs.replace(rows, cells=cells.tobytes(), scores=mapped)

    def _counted_cells(self, rows: JoinDecisions) -> _CountedCells:
        former = counting_policy(self._book, self._model.name, rows.policy_hash, rows.layout_hash).model
        if former.layout_hash() != rows.layout_hash:
            raise RejectedError(RecordFault.COLUMNS)
        return _CountedCells(layout_of(former).size, former.score is not None, taken_over(former, self._model))


def taken_over(former: ModelPolicy, present: ModelPolicy) -> TakenOver | None:
    """Return how waiting decisions that one policy has counted are taken over by another; None where nothing changes.

    Raises:
        StateError: they have no place under it.
    """
    mapping, factor = mapping_between(former, present, is_summed=True), score_factor(former, present)
    is_same = mapping is None and (former.score is None or factor == 1)
    return None if is_same else TakenOver(former.score is not None, mapping, factor)
