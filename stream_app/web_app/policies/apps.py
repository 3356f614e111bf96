"""The table of drafts, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Names the table."""

    name = "stream_app.web_app.policies"
    label = "policies"
