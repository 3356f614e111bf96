"""A notification as Alertmanager posts it (webhook, version 4), and the block of text that a person reads.

The texts come from the annotations of the rules: what happened, the evidence, the estimated onset, the cause and the
command to run next. People who can post write them: only the first line of a block is at the margin, no text begins
a line there, and a block has an end, so that one does not keep others from being printed.
"""

from __future__ import annotations

import re
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
_MOST_OF_A_TEXT = 2_000
_MOST_LINES_OF_A_TEXT = 20
_MOST_ALERTS = 100
_MOST_OF_A_BLOCK = 30_000  # characters, after which no further alert begins
# A terminal would go on with such a word at the margin, where its bracket could seem to begin a block.
_LONG_WORD = re.compile(r"\S{8}\S*\[\S*")
_MOST_OF_A_WORD = 40


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
    n_described, size = 0, 0
    for alert in notification.alerts[:_MOST_ALERTS]:
        if size > _MOST_OF_A_BLOCK:
            break
        described = [*_describe_alert(alert)]
        n_described, size = n_described + 1, size + sum(map(len, described))
        lines += described
    if n_more := len(notification.alerts) - n_described + max(notification.truncated_alerts, 0):
        lines.append(f"  and {n_more} more")
    return "\n".join(lines) + "\n"


def _short(text: str) -> str:
    """Cut a name that is longer than names are."""
    return text if len(text) <= _MOST_OF_A_NAME else text[:_MOST_OF_A_NAME] + "..."


def _shown(line: str) -> str:
    """Return a line of a text as it is printed."""
    shown = in_one_line(line)
    return _LONG_WORD.sub(lambda word: " ".join(re.findall(f".{{1,{_MOST_OF_A_WORD}}}", word[0])), shown)


def _lines_of(text: str) -> list[str]:
    """Return the lines of a text as they are printed; one that is longer than texts are is cut."""
    lines = text[:_MOST_OF_A_TEXT].split("\n", _MOST_LINES_OF_A_TEXT)
    is_cut = len(text) > _MOST_OF_A_TEXT or len(lines) > _MOST_LINES_OF_A_TEXT
    shown = [_shown(line).strip() for line in lines[:_MOST_LINES_OF_A_TEXT]]
    return [*shown[:-1], shown[-1] + "..."] if is_cut else shown


def _first_line_of(text: str) -> str:
    """Return a text that belongs into one line, cut if it is longer than texts are."""
    return _shown(text if len(text) <= _MOST_OF_A_TEXT else text[:_MOST_OF_A_TEXT] + "...")


def _describe_alert(alert: NotifiedAlert) -> Iterator[str]:
    notes, labels = alert.annotations, alert.labels
    headline = _first_line_of(notes.get("summary") or labels.get("alertname", "(unnamed alert)"))
    severity = f" [{_shown(_short(labels['severity']))}]" if labels.get("severity") else ""
    if alert.status != FIRING:
        if ended := notes.get("ended", "").strip():
            model, attribute, about = (_short(labels.get(name, "")) for name in ("model", "attribute", "about"))
            yield f"  {_shown(f'{model}: {attribute} ({about})')} is back within its limits{severity}"
            yield f"{_INDENT}Ended: {_first_line_of(ended)}"
            yield f"{_INDENT}It was: {headline}"
        else:
            yield f"  Resolved: {headline}{severity}"
        return
    yield f"  {headline}{severity}"
    for name, heading in _PARTS:
        if text := notes.get(name, "").strip():
            first, *others = _lines_of(text)
            yield f"{_INDENT}{heading}{first}"
            yield from (f"{_INDENT}{'':<{len(heading)}}{line}" for line in others)
