"""What may be shown of rejected and late records: counts of at least k, and none that gives away a smaller one.

A day is shown by its total, its reasons and its hours. So the reasons are suppressed beside their total, and the hours
of each shown reason beside that of the day: of a reason that is hidden no hour is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from stream_app.core.privacy.disclosure import disclose
from stream_app.policy import ModelPolicy
from stream_app.web_app.projection.models import LATE, RecordCount

DAY_S = 86_400

WHOLE_DAY = -1  # in place of an hour: the part of a day whose hours were added up

_Hours = dict[int, dict[str, int]]  # by start of the hour: what -> n


class HourCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of one hour.

    Attributes:
        start_s: Its start, seconds since the epoch.
        reasons: Rejected records by reason, where that may be shown.
        late: Late events; None where there are fewer than k, or none.
    """

    start_s: int
    reasons: dict[str, int]
    late: int | None


class DayCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be shown of one day (UTC) of a model; a number that is left out is below k, or would reveal such a one.

    Attributes:
        start_s: Its start, seconds since the epoch.
        rejected: Rejected records; None where there are fewer than k, or none.
        reasons: Rejected records by reason, where that may be shown, most first.
        late: Late events; None where there are fewer than k, or none.
        hours: Its hours of which something may be shown, the newest first.
    """

    start_s: int
    rejected: int | None
    reasons: dict[str, int]
    late: int | None
    hours: tuple[HourCounts, ...]


def days_of(model: ModelPolicy, first_s: int, end_s: int) -> list[DayCounts]:
    """Return what may be shown of the days that begin in a range, the newest first.

    A day of which nothing may be shown is left out, as one without records: they look the same.

    Args:
        model: The policy of the model.
        first_s: Start of the first day.
        end_s: Start of the day after the last one.
    """
    return counts_of([model], first_s, end_s)[model.name]


def counts_of(models: Iterable[ModelPolicy], first_s: int, end_s: int) -> dict[str, list[DayCounts]]:
    """Return the days of several models, by name."""
    k_of = {model.name: model.privacy.k for model in models}
    days: dict[str, dict[int, _Hours]] = {name: {} for name in k_of}
    rows = RecordCount.objects.filter(model__in=k_of, hour_s__gte=first_s, hour_s__lt=end_s)
    for name, hour_s, what, n, is_day in rows.values_list("model", "hour_s", "what", "n", "is_day"):
        hours = days[name].setdefault(hour_s // DAY_S * DAY_S, {})
        hours.setdefault(WHOLE_DAY if is_day else hour_s, {})[what] = n
    return {
        name: [
            day
            for start_s, hours in sorted(of_model.items(), reverse=True)
            if (day := day_counts(start_s, hours, k_of[name])).rejected is not None or day.late is not None
        ]
        for name, of_model in days.items()
    }


def day_counts(start_s: int, hours: Mapping[int, Mapping[str, int]], k: int) -> DayCounts:
    """Return what may be shown of one day.

    Args:
        start_s: Its start.
        hours: Counts by start of the hour; under ``WHOLE_DAY`` those of hours that are not known any more.
        k: Fewest records of a shown count.

    >>> hours = {0: {"schema": 30, "late": 12}, 3600: {"schema": 4, "missing": 3}}
    >>> day = day_counts(0, hours, 10)
    >>> day.rejected, day.reasons, day.late, day.hours[0].reasons
    (37, {}, 12, {})
    """
    totals: dict[str, int] = {}
    for counts in hours.values():
        for what, n in counts.items():
            totals[what] = totals.get(what, 0) + n
    late = totals.pop(LATE, 0)
    reasons = disclose(totals, k)
    n_rejected = sum(totals.values())
    shown = {what: _shown_hours(what, hours, k) for what in [*reasons.shown, *([LATE] if late >= k else [])]}
    listed = [
        HourCounts(
            start_s=hour_s,
            reasons=_most_first({what: shown[what][hour_s] for what in reasons.shown if hour_s in shown[what]}),
            late=shown.get(LATE, {}).get(hour_s),
        )
        for hour_s in sorted(hours.keys() - {WHOLE_DAY}, reverse=True)
    ]
    return DayCounts(
        start_s=start_s,
        rejected=n_rejected if n_rejected and reasons.is_total_shown else None,
        reasons=_most_first({what: totals[what] for what in reasons.shown}),
        late=late if late and late >= k else None,
        hours=tuple(hour for hour in listed if hour.reasons or hour.late is not None),
    )


def _shown_hours(what: str, hours: Mapping[int, Mapping[str, int]], k: int) -> dict[int, int]:
    """Return the hours of one reason that may be shown beside its total of the day, which is at least k."""
    counts = {hour_s: counts[what] for hour_s, counts in hours.items() if what in counts}
    return {hour_s: counts[hour_s] for hour_s in disclose(counts, k).shown}


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
