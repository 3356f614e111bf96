"""The history, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """Names the tables."""

    name = "stream_app.web_app.history"
    label = "history"
