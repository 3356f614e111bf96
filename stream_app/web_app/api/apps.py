"""The tokens of the API, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Names the table of tokens."""

    name = "stream_app.web_app.api"
    label = "api"
