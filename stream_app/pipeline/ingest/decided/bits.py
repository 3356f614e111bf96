"""The decision of an event in a few bits, by which a duplicate with another decision is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Bools
from stream_app.core.events.schema import Schema
from stream_app.core.windows.deduplication import AMOUNT_BITS, Tags, amount_hashes
from stream_app.policy import Decision


class DecisionBits:
    """Reads the decisions of events.

    Args:
        decision: What the policy says of them; None for events without a decision.
        schema: The decoder of the events.
        scale: In which steps amounts are counted; None for decisions that are none.

    Attributes:
        n_bits: Bits of each decision.
    """

    def __init__(self, decision: Decision | None, schema: Schema, scale: AmountScale | None = None) -> None:
        self._get = None if decision is None else schema.getter(decision.path)
        self._favorable = frozenset(() if decision is None else decision.favorable_values)
        self._is_boolean = (
            decision is not None and decision.favorable_values == (True,) and decision.unfavorable == (False,)
        )
        self._scale = scale
        self.n_bits = 1 if self._scale is None else AMOUNT_BITS

    def read(self, events: list[Any]) -> Bools | Tags:
        """Return whether each decision is favorable, or a hash of each amount, shape (n,)."""
        if self._get is None:
            return np.zeros(len(events), np.bool_)
        decisions = map(self._get, events)
        if self._scale is not None:
            return amount_hashes(self._scale.to_fixed_many(np.array(list(decisions), np.float64)))
        if not self._is_boolean:
            decisions = map(self._favorable.__contains__, decisions)
        return np.fromiter(decisions, np.bool_, len(events))
