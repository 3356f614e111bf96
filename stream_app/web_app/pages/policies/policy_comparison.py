"""Compares two registered policies of a model: which fields differ, and what is counted or only judged differently."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from django.http import Http404, HttpRequest, HttpResponse

from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import render_visibly, utc_text
from stream_app.web_app.pages.watched import watched_model, watched_models, watched_names
from stream_app.web_app.policies.effects import effects_between, summary_of
from stream_app.web_app.policies.models import RegisteredPolicy
from stream_app.web_app.policies.registered import reading_fault

_MOST = 200
_UNREADABLE = "A later version of FairStream has registered one of them, with fields that this one does not know."


class Version(NamedTuple):
    """A policy of a model by its hash.

    Attributes:
        hash: Its hash.
        words: When it was registered, and whether the web application applies it.
    """

    hash: str
    words: str


@page(EVERY_ROLE)
def compare_policies(request: HttpRequest) -> HttpResponse:
    """Show what differs between two policies of a model; without a choice, the newest two."""
    names = [model.name for model in watched_models()]
    name = request.GET.get("model") or (watched_names() or names)[0]
    if name not in names:
        raise Http404
    versions = versions_of(name)
    known = [version.hash for version in versions]
    first = request.GET.get("first") or (known[1] if len(known) > 1 else known[0])
    second = request.GET.get("second") or known[0]
    if first not in known or second not in known:
        raise Http404
    content = {
        "names": names,
        "model": name,
        "versions": versions,
        "first": first,
        "second": second,
        "reading_fault": reading_fault(),
    }
    return render_visibly(request, "policy_comparison.html", content | _compared(name, first, second))


def versions_of(name: str) -> list[Version]:
    """Return the known policies of a model, the newest first; the one that the pages apply is always among them."""
    rows = RegisteredPolicy.objects.filter(model=name).order_by("-registered_s", "-id")[:_MOST]
    in_use = watched_model(name)
    hash_in_use = "" if in_use is None else in_use.hash()
    versions = [
        Version(row.hash, f"registered {utc_text(row.registered_s)}{', in use here' * (row.hash == hash_in_use)}")
        for row in rows
    ]
    if hash_in_use and hash_in_use not in {version.hash for version in versions}:
        versions.insert(0, Version(hash_in_use, "in use here, not registered"))
    return versions


def _compared(name: str, first: str, second: str) -> dict[str, Any]:
    if first == second:
        return {}
    try:
        before, after = _policy(name, first), _policy(name, second)
    except msgspec.ValidationError:
        return {"fault": _UNREADABLE}
    effects = effects_between(before, after)
    return {"effects": effects, "summary": summary_of(effects, before, after)}


def _policy(name: str, policy_hash: str) -> ModelPolicy:
    in_use = watched_model(name)
    if in_use is not None and in_use.hash() == policy_hash:
        return in_use
    return msgspec.convert(RegisteredPolicy.objects.get(model=name, hash=policy_hash).policy, ModelPolicy)
