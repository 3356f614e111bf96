"""Renders a page: its content, and how current it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader

from stream_app.printed_text import escape_controls
from stream_app.web_app.pages.assets import version_of
from stream_app.web_app.projection.freshness import freshness


def show(request: HttpRequest, template: str, content: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a page for a user who is logged in."""
    fresh = freshness()
    context = {
        **content,
        "fresh": fresh,
        "since": None if fresh.since_s is None else utc_text(fresh.since_s),
        "now": utc_text(time.time()),
    }
    return render_visibly(request, template, context, status=status)


def render_visibly(
    request: HttpRequest, template: str, content: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a template; a sign of others that is not seen, or reverses the direction of writing, becomes an escape."""
    lines = loader.render_to_string(template, dict(content), request).split("\n")
    return HttpResponse("\n".join(map(escape_controls, lines)), status=status)


def versions(_request: HttpRequest) -> dict[str, str]:
    """Give every template the versions of style and scripts."""
    names = {"css_version": "app.css", "js_version": "app.js", "demo_js_version": "demo.js"}
    return {variable: version_of(name) for variable, name in names.items()}


def utc_text(time_s: float) -> str:
    """Return a time as text with its zone.

    >>> utc_text(0)
    '1970-01-01 00:00:00 UTC'
    """
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
