"""Templates and assets, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Names the folder of the templates."""

    name = "stream_app.web_app.pages"
    label = "pages"
