"""The runbooks of alerts about the operation of FairStream and about verdicts, as in its documentation."""

from __future__ import annotations

from functools import cache

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.edges.servers.shipped import runbooks
from stream_app.web_app.accounts.access import page
from stream_app.web_app.accounts.roles import EVERY_ROLE
from stream_app.web_app.pages.page import render_visibly
from stream_app.web_app.pages.runbooks.blocks import Block, read_blocks


@page(EVERY_ROLE)
def list_runbooks(request: HttpRequest) -> HttpResponse:
    """List the runbooks with their first sentence."""
    listed = [(name, _summary(blocks)) for name, blocks in _runbooks().items()]
    return render_visibly(request, "runbooks.html", {"runbooks": listed})


@page(EVERY_ROLE)
def show_runbook(request: HttpRequest, name: str) -> HttpResponse:
    """Show one runbook."""
    blocks = _runbooks().get(name)
    if blocks is None:
        raise Http404
    return render_visibly(request, "runbook.html", {"name": name, "blocks": blocks})


@cache
def _runbooks() -> dict[str, list[Block]]:
    return {name: read_blocks(text) for name, text in runbooks().items()}


def _summary(blocks: list[Block]) -> str:
    first = next((block for block in blocks if block.kind == "text"), None)
    sentence = "" if first is None else "".join(text for _, text in first.parts)
    return sentence.partition(". ")[0].rstrip(".") + "."
