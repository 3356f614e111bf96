"""The persons of a provider, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class OidcConfig(AppConfig):
    """Names the table."""

    name = "stream_app.web_app.oidc"
    label = "oidc"
