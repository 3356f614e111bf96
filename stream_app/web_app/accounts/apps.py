"""Users and links, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Names the table of links; users and groups are Django's own."""

    name = "stream_app.web_app.accounts"
    label = "accounts"
