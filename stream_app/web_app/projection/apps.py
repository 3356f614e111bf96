"""The tables of the projection, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectionConfig(AppConfig):
    """Names the tables."""

    name = "stream_app.web_app.projection"
    label = "projection"
