"""The counts of one pair by pane and version of the model: what the search for the version of a change needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.events.schema import Schema
from stream_app.pipeline.replay.bisect.onset import Pane, Segments
from stream_app.pipeline.replay.sources import TakeEvents
from stream_app.policy import (
    OTHER,
    Attribute,
    Decision,
    canonical_label,
    label_by_spelling,
    label_text,
    version_label,
)

MAX_VERSIONS = 64
# Combinations of spellings that are remembered: hostile input must not grow memory.
_MAX_CACHED = 16_384
_MAX_CACHED_LENGTH = 64
_NEITHER = -1
_Row = tuple[Any, Any, Any]  # spelling of the group, decision, version


class VersionPanes:
    """Counts of a group and its reference by pane and version.

    A version is the label that a record gives (``version_label``). The first ``MAX_VERSIONS`` of the log, in the order
    of reading, are counted separately; later ones are counted as ``__other__``.

    Args:
        path: Path of the version in the record.
        decision: The decision.
        attribute: The attribute of the pair.
        group: The group.

    Attributes:
        is_cut: Whether there were more versions than are counted separately.
    """

    def __init__(self, path: str, decision: Decision, attribute: Attribute, group: str) -> None:
        self.is_cut = False
        self._paths = (attribute.path, decision.path, path)
        self._favorable = frozenset(decision.favorable_values)
        sides = {group: 0, attribute.reference: 1}
        spellings = label_by_spelling(attribute.groups, attribute.aliases)
        self._side_of = {spelling: sides[label] for spelling, label in spellings.items() if label in sides}
        self._numbers: dict[str, int] = {OTHER: 0}
        self._panes: dict[int, tuple[Segments, Segments]] = {}
        self._codes: dict[_Row, int] = {}

    def reader_of(self, pane_s: int) -> Callable[[Schema], TakeEvents]:
        """Return what takes counted events from any compiled decoder, in panes of ``pane_s`` seconds."""

        def observe(schema: Schema) -> TakeEvents:
            getters = [schema.getter(path) for path in self._paths]

            def take(_: int, events: list[Any], __: NDArray[np.int64], times_s: NDArray[np.int64]) -> None:
                rows = zip(*(map(get, events) for get in getters), strict=True)
                codes = np.fromiter(map(self._code_of, rows), np.int64, len(events))
                is_of_pair = codes != _NEITHER
                if is_of_pair.any():
                    self._add(times_s[is_of_pair] // pane_s, codes[is_of_pair], pane_s)

            return take

        return observe

    def in_order(self, from_s: float, to_s: float) -> list[Pane]:
        """Return the panes of a time range in order of time."""
        return [(start_s, *self._panes[start_s]) for start_s in sorted(self._panes) if from_s <= start_s < to_s]

    def _code_of(self, row: _Row) -> int:
        """Return number of the version x 4 + side x 2 + whether the decision is favorable, or ``_NEITHER``."""
        if (known := self._codes.get(row)) is not None:
            return known
        spelling, decision, version = row
        side = (
            None if spelling is None or spelling is UNSET else self._side_of.get(canonical_label(label_text(spelling)))
        )
        code = _NEITHER
        if side is not None:
            number = self._number_of(version_label(None if version is UNSET else version))
            code = number * 4 + side * 2 + (decision in self._favorable)
        if all(len(str(value)) <= _MAX_CACHED_LENGTH for value in row):
            if len(self._codes) >= _MAX_CACHED:
                self._codes.clear()
            self._codes[row] = code
        return code

    def _number_of(self, label: str) -> int:
        if label not in self._numbers:
            if len(self._numbers) > MAX_VERSIONS:
                self.is_cut = True
                return self._numbers[OTHER]
            self._numbers[label] = len(self._numbers)
        return self._numbers[label]

    def _add(self, panes: NDArray[np.int64], codes: NDArray[np.int64], pane_s: int) -> None:
        labels, first_pane = list(self._numbers), int(panes.min())
        size = 4 * len(labels)
        keys, counts = np.unique((panes - first_pane) * size + codes, return_counts=True)
        for key, n_more in zip(keys.tolist(), counts.tolist(), strict=True):
            pane, code = divmod(key, size)
            number, rest = divmod(code, 4)
            side, is_favorable = divmod(rest, 2)
            counts_of = self._panes.setdefault((first_pane + pane) * pane_s, ({}, {}))[side]
            n, favorable = counts_of.get(labels[number], (0, 0))
            counts_of[labels[number]] = n + n_more, favorable + n_more * is_favorable
