"""The published alerts that a verification reproduced, as a person looks for the one about which there was a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from stream_app.pipeline.records.alerts import Alert, AnyAlert
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordPosition


class ReproducedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A published alert that follows from the source records.

    Attributes:
        id: Its id.
        change: ``breach`` or ``recovery``.
        attribute: Its attribute, or attributes joined by ``+``.
        group: The group.
        reference: The group with which it is compared.
        test: The test that raised it.
        at_s: End of the comparison period, event time.
    """

    id: str
    change: str
    attribute: str
    group: str
    reference: str
    test: str
    at_s: int


def reproduced_alerts(
    published: Iterable[tuple[PublishedRecord, AnyAlert]], unmatched: Collection[RecordPosition]
) -> tuple[ReproducedAlert, ...]:
    """Return the alerts that were matched: those of single attributes before those of intersections, by time.

    Args:
        published: The alerts that were compared.
        unmatched: Positions of the published records that were not recomputed.
    """
    known = set(unmatched)
    alerts = [alert for record, alert in published if isinstance(alert, Alert) and record.position not in known]
    alerts.sort(key=lambda alert: (alert.attribute.count(CROSS), alert.at_s, alert.attribute, alert.group, alert.test))
    return tuple(
        ReproducedAlert(
            id=alert.id,
            change=alert.change,
            attribute=alert.attribute,
            group=alert.group,
            reference=alert.reference,
            test=alert.test.value,
            at_s=alert.at_s,
        )
        for alert in alerts
    )
