"""Gives out the style sheet and the scripts: small files of this package, read once."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import PUBLIC, page

_SCRIPT = "text/javascript; charset=utf-8"
_TYPES = {"app.css": "text/css; charset=utf-8", "app.js": _SCRIPT, "demo.js": _SCRIPT}
_CACHE = "public, max-age=31536000, immutable"  # the address changes with the content


@cache
def read_asset(name: str) -> bytes:
    """Return the content of a file."""
    return files("stream_app.web_app.pages").joinpath("static", name).read_bytes()


@cache
def version_of(name: str) -> str:
    """Return what the address of a file carries, so that a browser asks again when it has changed."""
    return hashlib.sha256(read_asset(name)).hexdigest()[:12]


@page(PUBLIC)
def asset(_request: HttpRequest, version: str, name: str) -> HttpResponse:
    """Answer with a file."""
    if name not in _TYPES or version != version_of(name):
        raise Http404
    return HttpResponse(read_asset(name), content_type=_TYPES[name], headers={"Cache-Control": _CACHE})
