"""The folder of a bundle: page, values, records and manifest, and the entry of the audit log about it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from stream_app.edges.audit.reading import read_line
from stream_app.edges.files.writing import new_folder, write_new_file
from stream_app.pipeline.disclosure.rows import csv_of
from stream_app.pipeline.reports.bundle import Bundle, BundleManifest
from stream_app.pipeline.reports.flat import value_rows
from stream_app.programs.audit.events import append_event
from stream_app.programs.audit.places import log_folder, signing_key_path
from stream_app.programs.audit.prove import newest_checkpoint, prove_entry
from stream_app.render.bundle.page import write_page
from stream_app.settings import Settings

PAGE, VALUES, RECORDS, MANIFEST, PROOF = "report.html", "values.csv", "report.json", "manifest.json", "audit-proof.json"
SCHEMA = 1


def save_bundle(settings: Settings, bundle: Bundle, folder: Path) -> BundleManifest:
    """Write the folder of a bundle; it is removed when something fails.

    Args:
        settings: Where the state folder is.
        bundle: The bundle.
        folder: The folder, which must not exist.

    Raises:
        ConfigError: the folder exists.
        WriteError: it cannot be written.
        FairStreamError: the audit log accepts no entry.
    """
    with new_folder(folder):
        return _write(settings, bundle, folder)


def _write(settings: Settings, bundle: Bundle, folder: Path) -> BundleManifest:
    contents = {
        PAGE: write_page(bundle),
        VALUES: csv_of(value_rows(bundle.evidence)),
        RECORDS: msgspec.json.format(msgspec.json.encode(bundle)).decode() + "\n",
    }
    for name, content in contents.items():
        write_new_file(folder / name, content)
    manifest = BundleManifest(
        schema=SCHEMA,
        head=bundle.head,
        commands={one.kind: one.command for one in bundle.evidence},
        files={name: sha256(content.encode()).hexdigest() for name, content in sorted(contents.items())},
        audit=_checkpoint(settings),
    )
    encoded = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    facts = {
        "pack": bundle.head.pack,
        "pack_version": bundle.head.pack_version,
        "model": bundle.head.model,
        "policy_hash": bundle.head.policy_hash,
        "sha256_manifest": sha256(encoded).hexdigest(),
    }
    seq = append_event(settings, "report-made", facts)
    if seq is not None:
        proof = msgspec.to_builtins(prove_entry(settings, seq)) | {
            "entry": read_line(log_folder(settings), seq).decode()
        }
        write_new_file(folder / PROOF, msgspec.json.format(msgspec.json.encode(proof)) + b"\n")
    write_new_file(folder / MANIFEST, encoded)
    return manifest


def _checkpoint(settings: Settings) -> str | None:
    """Return the newest checkpoint of the audit log, as its signed note."""
    if not signing_key_path(settings).exists():
        return None
    signed = newest_checkpoint(settings)
    return None if signed is None else signed.note.encode().decode()
