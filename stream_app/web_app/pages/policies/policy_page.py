"""The policy of one model as the web application applies it: every field, and the same as a file."""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse

from stream_app.policy import ModelPolicy
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.watched import hash_of, watched_model
from stream_app.web_app.policies.differences import fields_of


@page(EVERY_ROLE)
def show_policy(request: HttpRequest, name: str) -> HttpResponse:
    """Show every field, defaults included."""
    model = _find(name)
    content = {"model": name, "hash": hash_of(model), "fields": sorted(fields_of(model).items())}
    return render_visibly(request, "policy.html", content)


@page(EVERY_ROLE)
def download_policy(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001  # as every view
    """Answer with the policy of a model as JSON, as it is registered for its verdicts."""
    model = _find(name)
    answer = HttpResponse(msgspec.json.format(msgspec.json.encode(model)), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="policy-{hash_of(model)}.json"'
    return answer


def _find(name: str) -> ModelPolicy:
    model = watched_model(name)
    if model is None:
        raise Http404
    return model
