"""What a request chooses to see: one of a few values, a text to search for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.http import Http404, HttpRequest

_MAX_SEARCHED = 100
ALL = {"": "all"}


class FilterField(NamedTuple):
    """One field of the form ``filter_form.html``.

    Attributes:
        name: Its name in the address.
        label: Its label.
        value: What is chosen; empty for all.
        options: Words by value; None for a text to search for.
    """

    name: str
    label: str
    value: str
    options: Mapping[str, str] | None = None


def choose(request: HttpRequest, name: str, label: str, options: Mapping[str, str], default: str = "") -> FilterField:
    """Return the choice that a request makes among some, and the field that makes it.

    Raises:
        Http404: there is no such choice.
    """
    return FilterField(name, label, choice_of(request, name, options, default), options)


def search(request: HttpRequest, label: str) -> FilterField:
    """Return the text that a request searches for, and its field."""
    return FilterField("search", label, searched_text(request))


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
