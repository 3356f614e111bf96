"""The template of the demo, as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Names the folder of the template."""

    name = "stream_app.web_app.demo"
    label = "demo"
