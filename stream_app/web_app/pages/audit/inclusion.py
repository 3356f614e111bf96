"""Proofs that the audit log contains an entry."""

from __future__ import annotations

import json
from typing import NamedTuple

import msgspec

from stream_app.edges.audit.reading import read_line
from stream_app.errors import FairStreamError
from stream_app.programs.audit.places import log_folder, verifier_key
from stream_app.programs.audit.prove import prove_entry
from stream_app.web_app.host.audit_trail import has_log, state_settings


class EntryProof(NamedTuple):
    """The proof of one entry.

    Attributes:
        seq: Its number.
        text: Entry and proof, JSON; empty where it cannot be proven.
        fault: Why not.
    """

    seq: int
    text: str
    fault: str


def prove(seq: int) -> EntryProof:
    """Return the proof of an entry of the log, verified."""
    settings = state_settings()
    try:
        proof = msgspec.to_builtins(prove_entry(settings, seq))
        proof["entry"] = read_line(log_folder(settings), seq).decode()
    except FairStreamError as error:
        return EntryProof(seq, "", str(error))
    return EntryProof(seq, json.dumps(proof, indent=1), "")


def key_text() -> str:
    """Return the verifier key of the log; empty without one."""
    try:
        return str(verifier_key(state_settings(), None)) if has_log() else ""
    except FairStreamError:
        return ""
