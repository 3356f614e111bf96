"""The tables of drafts and registered policies, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Names the tables."""

    name = "stream_app.web_app.policies"
    label = "policies"
