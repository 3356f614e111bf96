"""The table of replays, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ReplaysConfig(AppConfig):
    """Names the table."""

    name = "stream_app.web_app.replays"
    label = "replays"
