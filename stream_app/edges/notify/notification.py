"""A notification as Alertmanager posts it (webhook, version 4), and the block of text that a person reads.

The texts come from the annotations of the rules: what happened, the evidence, the estimated onset, the cause and the
command to run next. People who can post write them: only the first line of a block is at the margin, and no text begins
a line there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from stream_app.printed_text import in_one_line

WATCHDOG = "Watchdog"
FIRING = "firing"

# Annotations in the order in which they are printed, with their headings.
_PARTS = (
    ("description", ""),
    ("evidence", "Confidence: "),
    ("since", "Since: "),
    ("cause", "Cause: "),
    ("groups", "Also affected: "),
    ("replay", "Verify: "),
    ("silence", "Silence: "),
    ("policy", "Policy: "),
    ("case_url", "Case: "),
    ("dashboard_url", "Dashboard: "),
    ("runbook_url", "Runbook: "),
)
_INDENT = "    "
_MOST_OF_A_NAME = 100  # characters


class NotifiedAlert(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One alert of a notification.

    Attributes:
        status: ``firing`` or ``resolved``.
        labels: What identifies it.
        annotations: Its texts.
        starts_at: When Prometheus first saw it (clock, not event time).
        ends_at: When it ended; far in the past while it fires.
        fingerprint: Identifier of its set of labels.
    """

    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: str = ""
    ends_at: str = ""
    fingerprint: str = ""


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One message about a group of alerts. Fields of later versions of Alertmanager are ignored or optional.

    Attributes:
        status: ``firing`` while any of its alerts fires.
        receiver: Branch of the routing tree that sent it.
        alerts: At least one.
        group_labels: Labels of ``group_by``, which the alerts have in common.
        truncated_alerts: Number of further alerts that were left out.
        notification_reason: Why it is sent now; since Alertmanager 0.33.
    """

    status: str
    receiver: str
    alerts: tuple[NotifiedAlert, ...]
    group_labels: dict[str, str] = {}
    truncated_alerts: int = 0
    notification_reason: str | None = msgspec.field(default=None, name="notification_reason")

    @property
    def is_watchdog(self) -> bool:
        """Whether it only proves that notifications arrive."""
        return bool(self.alerts) and all(alert.labels.get("alertname") == WATCHDOG for alert in self.alerts)


_decode = msgspec.json.Decoder(Notification).decode


def read_notification(body: bytes) -> Notification:
    """Read the body of a webhook.

    Raises:
        ValueError: it is not a notification. The text names the field, never a value.

    >>> read_notification(b'{"status":"firing","receiver":"page","alerts":[{"status":"firing","labels":{}}]}').receiver
    'page'
    >>> read_notification(b'{"status":"firing","receiver":"page","alerts":{}}')
    Traceback (most recent call last):
    ...
    ValueError: Expected `array`, got `object` - at `$.alerts`
    """
    try:
        return _decode(body)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None
    except msgspec.DecodeError:
        raise ValueError("The body is not valid JSON") from None


def title_of(notification: Notification) -> str:
    """Return the headline: status, number of firing alerts, and the labels that the alerts have in common.

    >>> title_of(Notification(status="resolved", receiver="page", alerts=(), group_labels={"alertname": "WorkerDown"}))
    '[RESOLVED] WorkerDown'
    """
    n_firing = sum(alert.status == FIRING for alert in notification.alerts)
    status = f"{notification.status.upper()}:{n_firing}" if notification.status == FIRING else "RESOLVED"
    common = notification.group_labels
    subject = "/".join(common[name] for name in ("model", "attribute") if common.get(name))
    parts = (f"[{status}]", _short(common.get("alertname", "")), _short(subject))
    return in_one_line(" ".join(part for part in parts if part))


def describe_notification(notification: Notification, received_s: float) -> str:
    """Return a notification as one block of lines.

    Args:
        notification: The notification.
        received_s: When it was received, seconds since the epoch.
    """
    moment = datetime.fromtimestamp(received_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    reason = f" ({_short(notification.notification_reason)})" if notification.notification_reason else ""
    lines = [in_one_line(f"{title_of(notification)}  -> {_short(notification.receiver)}, {moment}{reason}")]
    for alert in notification.alerts:
        lines += _describe_alert(alert)
    if notification.truncated_alerts:
        lines.append(f"  and {notification.truncated_alerts} more")
    return "\n".join(lines) + "\n"


def _short(text: str) -> str:
    """Cut a name that is longer than names are."""
    return text if len(text) <= _MOST_OF_A_NAME else text[:_MOST_OF_A_NAME] + "..."


def _describe_alert(alert: NotifiedAlert) -> Iterator[str]:
    notes, labels = alert.annotations, alert.labels
    headline = in_one_line(notes.get("summary") or labels.get("alertname", "(unnamed alert)"))
    severity = f" [{in_one_line(labels['severity'])}]" if labels.get("severity") else ""
    if alert.status != FIRING:
        if ended := notes.get("ended", "").strip():
            subject = f"{labels.get('model', '')}: {labels.get('attribute', '')} ({labels.get('about', '')})"
            yield f"  {in_one_line(subject)} is back within its limits{severity}"
            yield f"{_INDENT}Ended: {in_one_line(ended)}"
            yield f"{_INDENT}It was: {headline}"
        else:
            yield f"  Resolved: {headline}{severity}"
        return
    yield f"  {headline}{severity}"
    for name, heading in _PARTS:
        if text := notes.get(name, "").strip():
            first, *others = [in_one_line(line) for line in text.split("\n")]
            yield f"{_INDENT}{heading}{first.strip()}"
            yield from (f"{_INDENT}{'':<{len(heading)}}{line.strip()}" for line in others)
