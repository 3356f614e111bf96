"""A range of event time."""

from __future__ import annotations

from math import isinf

import msgspec

from stream_app.errors import ConfigError


class TimeRange(msgspec.Struct, frozen=True):
    """A range of event time.

    Attributes:
        from_s: Its start, in seconds since the epoch; minus infinity for the beginning of the log.
        to_s: Its end, not included; infinite for the end of the log.
    """

    from_s: float
    to_s: float

    def aligned(self, size_s: int) -> TimeRange:
        """Return the smallest range of complete panes or comparison periods that contains this one.

        Args:
            size_s: Width of a pane or period.

        >>> TimeRange(13, 27).aligned(10)
        TimeRange(from_s=10, to_s=30)
        """
        from_s = self.from_s if isinf(self.from_s) else self.from_s // size_s * size_s
        return TimeRange(from_s, self.to_s if isinf(self.to_s) else -(-self.to_s // size_s) * size_s)

    def contains(self, start_s: int, end_s: int) -> bool:
        """Return whether a window is completely inside the range.

        >>> TimeRange(10, 30).contains(20, 30), TimeRange(10, 30).contains(20, 31)
        (True, False)
        """
        return self.from_s <= start_s and end_s <= self.to_s

    def reject_empty(self) -> None:
        """Reject a range without any time in it.

        Raises:
            ConfigError: the end is not after the start.
        """
        if self.to_s <= self.from_s:
            raise ConfigError("The time range ends before it starts", action="Give --from before --to")
