"""One event on its way to a raw topic: what every generator yields and the publisher sends."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """One record for a raw topic.

    Attributes:
        key: Identifier of the case in UTF-8; decides the partition.
        value: The record as compact JSON in UTF-8.
        time_ms: Event time, milliseconds since the epoch.
        is_outcome: Whether it goes to the topic of the outcomes instead of that of the decisions.
    """

    key: bytes
    value: bytes
    time_ms: int
    is_outcome: bool = False
