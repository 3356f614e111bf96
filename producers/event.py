"""The event that every generator yields and the publisher sends to a raw topic."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """One record for a raw topic.

    Attributes:
        key: Identifier of the case in UTF-8; determines the partition.
        value: The record as compact JSON in UTF-8.
        time_ms: Event time, milliseconds since the epoch.
        is_outcome: Whether it goes to the outcome topic instead of the decision topic.
    """

    key: bytes
    value: bytes
    time_ms: int
    is_outcome: bool = False
