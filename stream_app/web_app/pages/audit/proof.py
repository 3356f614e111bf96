"""The proof of one entry, as a file."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from stream_app.web_app.accounts.access import page
from stream_app.web_app.host.audit_trail import has_log
from stream_app.web_app.pages.audit.inclusion import prove
from stream_app.web_app.pages.audit.search import AUDITORS
from stream_app.web_app.pages.page import render_visibly

_MAX_SEQ = 2**53


@page(AUDITORS)
def download_proof(request: HttpRequest, seq: int) -> HttpResponse:
    """Answer with entry and proof, JSON; 404 where the log has no such entry, or no checkpoint covers it."""
    if not has_log() or seq > _MAX_SEQ:
        raise Http404
    proof = prove(seq)
    if proof.fault:
        return render_visibly(request, "error.html", {"title": "No proof", "text": proof.fault}, status=404)
    answer = HttpResponse(proof.text, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="proof-{seq}.json"'
    return answer
