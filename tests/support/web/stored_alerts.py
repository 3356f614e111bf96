"""Alerts with a cause, stored as the projection stores them, and the cases that they open."""

from __future__ import annotations

from typing import Any

import msgspec

from stream_app.core.cause.cause import explain_pair
from stream_app.pipeline.records.alerts import Alert, SealedAlert, encode_record
from stream_app.topics import FAIRNESS_ALERTS
from tests.support.sample_alert import ALERT
from tests.support.web.window_results import MODEL, POLICY, run_of

CAUSE = explain_pair(
    {"clean": (600, 200), "not clean": (400, 184)}, {"clean": (700, 560), "not clean": (300, 140)}, shortfall=176
)
BREACH = msgspec.structs.replace(
    ALERT,
    model=MODEL.name,
    attribute="race",
    group="black",
    reference="white",
    cause=CAUSE,
    sentence="black approved 55% as often as white.",
    onset_earliest_s=0,
    onset_latest_s=30,
    policy_hash=MODEL.hash(),
)
SEALED = SealedAlert(
    id="0123456789ab",
    model=MODEL.name,
    change="breach",
    at_s=60,
    policy_hash="h",
    code_version="v",
    digest="0" * 32,
    shares={"auditor-1": b"x"},
    nonce=b"n",
    body=b"secret",
)


def breach(**changes: Any) -> Alert:
    """Return a breach; another pane makes it another alert."""
    return msgspec.structs.replace(BREACH, **changes)


def store_alerts(*alerts: Alert | SealedAlert) -> None:
    """Store alerts at the end of their topic."""
    from stream_app.web_app.projection.store import Store, stored_positions  # noqa: PLC0415  # needs Django's settings

    before = stored_positions(FAIRNESS_ALERTS).get(0)
    start = 0 if before is None else before.next_offset
    Store(POLICY).apply(FAIRNESS_ALERTS, before, run_of([encode_record(alert) for alert in alerts], start))
