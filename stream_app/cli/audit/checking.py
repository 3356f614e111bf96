"""``fairstream audit verify``, ``consistency`` and ``verify-entry``."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli.audit.text import describe_records, describe_report
from stream_app.cli.exits import Exit
from stream_app.cli.flags.settings import Json, Kafka, StateDir, read_settings
from stream_app.cli.output import facts, print_json
from stream_app.core.audit.notes import VerifierKey
from stream_app.edges.audit.reading import find_leaf
from stream_app.edges.kafka.checkpoint_topic import read_anchored
from stream_app.errors import ConfigError
from stream_app.programs.audit.places import (
    anchor_file,
    checkpoint_file,
    cosigned_file,
    log_folder,
    verifier_key,
    witness_key,
)
from stream_app.programs.audit.prove import newest_checkpoint, prove_consistency, prove_entry
from stream_app.programs.audit.recheck import recheck_records
from stream_app.programs.audit.verify import (
    KnownCheckpoint,
    Verdict,
    known_of_topic,
    newest_cosigned,
    read_given,
    read_known,
    verify_log,
)
from stream_app.settings import Settings

Vkey = Annotated[
    str | None,
    typer.Option(
        "--vkey", metavar="KEY", help="Verifier key of the log, or its file.", show_default="that in its folder"
    ),
]
_EXITS = {
    Verdict.RIGHT: Exit.OK,
    Verdict.TAMPERED: Exit.FAILED,
    Verdict.CUT: Exit.CUT,
    Verdict.UNSIGNED: Exit.UNSIGNED,
}
_HASH_DIGITS = 64


def verify(
    kafka: Kafka = None,
    state_dir: StateDir = None,
    vkey: Vkey = None,
    given: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help="Checkpoint that was kept elsewhere; can be repeated."),
    ] = None,
    from_topic: Annotated[bool, typer.Option("--topic", help="Also those in the topic audit-checkpoints.")] = False,
    witness: Annotated[
        str | None,
        typer.Option("--witness-key", metavar="KEY", help="Require the cosignature of this witness."),
    ] = None,
    records: Annotated[
        bool, typer.Option("--records", help="Also read the topics again and compare them with the log.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Verify every entry and every checkpoint of the audit log.

    Ends with 0: right; 1: tampered; 3: shorter than a checkpoint; 4: right, but
    the newest entries are under no checkpoint yet. With --records, topics that
    were changed since audit record has read them end it with 1 too.

    Example: fairstream audit verify --vkey audit.vkey --from checkpoint.txt
    """
    settings = read_settings(kafka=kafka, state_dir=state_dir)
    key = verifier_key(settings, vkey)
    known = _known(settings, key, given or [], from_topic=from_topic)
    n_cosigned = None
    if witness is not None:
        n_cosigned = newest_cosigned(cosigned_file(settings), witness_key(witness, "--witness-key"))
    report = verify_log(log_folder(settings), known, n_cosigned)
    is_readable = report.verdict in (Verdict.RIGHT, Verdict.UNSIGNED)
    compared = recheck_records(settings, log_folder(settings)) if records and is_readable else None
    if as_json:
        print_json({"origin": key.name, **msgspec.to_builtins(report), "records": msgspec.to_builtins(compared)})
    else:
        facts.print(describe_report(key.name, report), markup=False)
        if compared is not None:
            facts.print(describe_records(compared), markup=False)
    if compared is not None and compared.differing:
        raise typer.Exit(Exit.FAILED)
    if report.verdict is not Verdict.RIGHT:
        raise typer.Exit(_EXITS[report.verdict])


def consistency(
    first: Annotated[Path, typer.Argument(metavar="OLDER", help="File with the older checkpoint.", show_default=False)],
    second: Annotated[
        Path, typer.Argument(metavar="NEWER", help="File with the newer checkpoint.", show_default=False)
    ],
    state_dir: StateDir = None,
    vkey: Vkey = None,
    as_json: Json = False,
) -> None:
    """Prove that a checkpoint continues an older one.

    Prints the consistency proof of RFC 6962. Ends with 1 if there is none, and
    with 3 if the log is shorter than the newer checkpoint.

    Example: fairstream audit consistency january.txt february.txt
    """
    settings = read_settings(state_dir=state_dir)
    key = verifier_key(settings, vkey)
    older, newer = read_given(first, key)[-1].checkpoint, read_given(second, key)[-1].checkpoint
    if older.size > newer.size:
        raise ConfigError(f"{first} is newer than {second}", action="Give the older checkpoint first")
    report = verify_log(log_folder(settings), [KnownCheckpoint(newer, str(second))])
    if report.verdict in (Verdict.CUT, Verdict.TAMPERED):
        facts.print(describe_report(key.name, report), markup=False)
        raise typer.Exit(_EXITS[report.verdict])
    proof = [base64.b64encode(node).decode() for node in prove_consistency(settings, older, newer)]
    if as_json:
        print_json({"first": older.size, "second": newer.size, "proof": proof})
    else:
        facts.print(f"CONSISTENT: {newer.size:,} entries continue {older.size:,}.", markup=False)
        for node in proof:
            typer.echo(node)


def verify_entry(
    leaf: Annotated[str, typer.Argument(metavar="HASH", help="Leaf hash, hexadecimal.", show_default=False)],
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Verify that the log has an entry with this hash.

    Ends with 1 if it does not, and with 4 if the entry is under no checkpoint
    yet. The hash is SHA-256 of a zero byte and the line, as append prints it.

    Example: fairstream audit verify-entry 6e340b9cffb37a98...
    """
    settings = read_settings(state_dir=state_dir)
    try:
        wanted = bytes.fromhex(leaf)
    except ValueError:
        wanted = b""
    if len(leaf) != _HASH_DIGITS or len(wanted) != _HASH_DIGITS // 2:
        raise ConfigError("A leaf hash has 64 hexadecimal digits", action="fairstream audit append prints it")
    seq = find_leaf(log_folder(settings), wanted)
    signed = newest_checkpoint(settings)
    is_signed = seq is not None and signed is not None and seq < signed.checkpoint.size
    if seq is not None and is_signed:
        prove_entry(settings, seq)
    if as_json:
        print_json({"seq": seq, "is_signed": is_signed})
    elif seq is None:
        facts.print("NOT IN THE LOG: no entry has this hash.")
    else:
        facts.print(f"Entry {seq} has this hash, and is under {'a' if is_signed else 'no'} checkpoint.", markup=False)
    if not is_signed:
        raise typer.Exit(Exit.FAILED if seq is None else Exit.UNSIGNED)


def _known(settings: Settings, key: VerifierKey, given: list[Path], *, from_topic: bool) -> list[KnownCheckpoint]:
    files = [(checkpoint_file(settings), "checkpoints.jsonl"), (cosigned_file(settings), "cosigned.jsonl")]
    anchored = anchor_file(settings, key.name)
    if anchored is not None:
        files.append((anchored, str(anchored.path)))
    known = read_known(files, key)
    for path in given:
        known += read_given(path, key)
    if from_topic:
        known += known_of_topic(read_anchored(settings.connection, key.name), key)
    return known
