"""Verifies the complete audit log, at the press of a button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from stream_app.errors import FairStreamError
from stream_app.programs.audit.places import anchor_file, checkpoint_file, cosigned_file, log_folder, verifier_key
from stream_app.programs.audit.verify import Report, Verdict, read_known, verify_log
from stream_app.web_app.accounts.access import page
from stream_app.web_app.host.audit_trail import state_settings
from stream_app.web_app.pages.audit.search import AUDITORS, audit_page

_CSS = {Verdict.RIGHT: "ok", Verdict.UNSIGNED: "beyond", Verdict.CUT: "breach", Verdict.TAMPERED: "breach"}
_WORDS = {
    Verdict.RIGHT: "right",
    Verdict.UNSIGNED: "right, the newest entries are under no checkpoint yet",
    Verdict.CUT: "shorter than a checkpoint",
    Verdict.TAMPERED: "not what was written",
}


@page(AUDITORS, ("POST",))
def verify_audit(request: HttpRequest) -> HttpResponse:
    """Verify every entry against every checkpoint that this machine has, and say what came of it."""
    try:
        report = _verify()
    except FairStreamError as error:
        return audit_page(request, {"verdict": {"css": "breach", "words": "cannot be verified", "text": error.message}})
    text = f"{report.n_entries:,} entries and {report.n_checkpoints:,} checkpoints were verified."
    if report.first_bad is not None:
        text += f" The first wrong entry is {report.first_bad} ({report.place}): {report.reason}."
    elif report.reason:
        text += f" {report.reason}."
    verdict = {"css": _CSS[report.verdict], "words": _WORDS[report.verdict], "text": text}
    return audit_page(request, {"verdict": verdict})


def _verify() -> Report:
    settings = state_settings()
    key = verifier_key(settings, None)
    files = [(checkpoint_file(settings), "checkpoints.jsonl"), (cosigned_file(settings), "cosigned.jsonl")]
    anchored = anchor_file(settings, key.name)
    if anchored is not None:
        files.append((anchored, "the second folder"))
    return verify_log(log_folder(settings), read_known(files, key))
