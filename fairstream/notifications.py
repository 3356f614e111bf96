"""Notifications as Alertmanager posts them (webhook, version 4): read the body, write it as text.

For programs that receive FairStream's alerts, such as ``examples/notification_sink``.
"""

from __future__ import annotations

from stream_app.edges.notify.notification import (
    Notification,
    NotifiedAlert,
    describe_notification,
    read_notification,
    title_of,
)

__all__ = ["Notification", "NotifiedAlert", "describe_notification", "read_notification", "title_of"]
