"""What a request chooses to see: one of a few values, a text to search for."""

from __future__ import annotations

from collections.abc import Collection

from django.http import Http404, HttpRequest

_MAX_SEARCHED = 100


def choice_of(request: HttpRequest, name: str, choices: Collection[str], default: str = "") -> str:
    """Return the choice that a request makes; the default without one.

    Raises:
        Http404: there is no such choice.
    """
    choice = request.GET.get(name, "") or default
    if choice and choice not in choices:
        raise Http404
    return choice


def searched_text(request: HttpRequest, name: str = "search") -> str:
    """Return the text that a request searches for, cut to 100 characters; empty without one."""
    return request.GET.get(name, "").replace("\0", "")[:_MAX_SEARCHED]
