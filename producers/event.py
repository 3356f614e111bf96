"""One event on its way to a raw topic: what every generator yields and the publisher sends."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """One record for a raw topic.

    Attributes:
        key: Identifier of the case in UTF-8; decides the partition.
        value: The record as compact JSON in UTF-8.
        time_ms: Event time, milliseconds since the epoch.
    """

    key: bytes
    value: bytes
    time_ms: int
