"""The tables of cases, as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Names the tables."""

    name = "stream_app.web_app.cases"
    label = "cases"
