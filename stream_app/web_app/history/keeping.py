"""For how long results are kept: all of them, then the worst of each hour, then the worst of each day.

Of published counts the busiest window takes the place of the worst result; counts of records are added up by day.

The age of a result is its distance from the newest one of its model, attribute and window, in event time. So it does
not matter when a topic is read: what is left of it is the same.
"""

from __future__ import annotations

from typing import NamedTuple

from stream_app.errors import ConfigError
from stream_app.settings import Settings

HOUR_S, DAY_S = 3600, 86_400


class Keeping(NamedTuple):
    """The rule.

    Attributes:
        every_days: Days for which every result is kept.
        hourly_days: Days for which the worst of each hour is kept.
        daily_days: Days for which the worst of each day is kept; older results are deleted.
    """

    every_days: int = 7
    hourly_days: int = 35
    daily_days: int = 1100

    def hours_until(self, newest_s: int) -> int:
        """Return the end of the last hour of which one result is kept."""
        return (newest_s - self.every_days * DAY_S) // HOUR_S * HOUR_S

    def days_until(self, newest_s: int) -> int:
        """Return the end of the last day of which one result is kept.

        >>> Keeping(7, 35, 1100).days_until(100 * DAY_S + 5) // DAY_S
        65
        """
        return (newest_s - self.hourly_days * DAY_S) // DAY_S * DAY_S

    def nothing_until(self, newest_s: int) -> int:
        """Return the end of the last day of which nothing is kept."""
        return (newest_s - self.daily_days * DAY_S) // DAY_S * DAY_S


SHIPPED = Keeping()


def keeping_of(settings: Settings) -> Keeping:
    """Return the rule that the settings name.

    Raises:
        ConfigError: hours would be kept for longer than days, or all results for longer than hours.
    """
    rule = Keeping(settings.web_every_days, settings.web_hourly_days, settings.web_daily_days)
    if not rule.every_days <= rule.hourly_days <= rule.daily_days:
        raise ConfigError(
            "FAIRSTREAM_WEB_EVERY_DAYS, FAIRSTREAM_WEB_HOURLY_DAYS and FAIRSTREAM_WEB_DAILY_DAYS must not decrease",
            action="Expected for example 7, 35 and 1100",
        )
    return rule
