"""``fairstream audit init``, ``append``, ``record`` and ``anchor``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
import typer

from stream_app.cli.audit.text import describe_counts
from stream_app.cli.exits import Exit, stop_on_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, CommonFlags, Json, Kafka, StateDir, read_settings
from stream_app.cli.output import notes, print_json
from stream_app.core.audit.entries import EntryError, NewEntry
from stream_app.edges.audit.batch import Receipt
from stream_app.edges.audit.log import AuditLog
from stream_app.edges.audit.witness_client import WitnessConflictError
from stream_app.edges.host.account import exporter
from stream_app.errors import BrokerUnavailableError, ConfigError
from stream_app.policy import Policy, load_policy
from stream_app.programs.audit.anchor import anchor as anchor_log
from stream_app.programs.audit.decisions import record_decisions
from stream_app.programs.audit.events import EVENT_KINDS, append_former_file
from stream_app.programs.audit.places import copy_to_folder, create_log, default_origin, open_log, signing_key_path
from stream_app.programs.audit.record import RECORDED, record_topics
from stream_app.settings import Settings

_READ_BYTES = 1_048_576
_MAX_LINE = 131_072


class _Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    data: dict[str, Any] = {}
    actor: str | None = None


def init(
    state_dir: StateDir = None,
    app_id: AppId = None,
    origin: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the log, one in the world; default: fairstream/APP_ID/audit."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create the signing key of the audit log.

    Prints the verifier key. Give it to auditors and to the witness: with the key
    from the folder of the log itself, nobody can detect that both were replaced.

    Example: fairstream audit init --origin bank.example/loans/audit
    """
    settings = read_settings(state_dir=state_dir, app_id=app_id)
    key = create_log(settings, origin or default_origin(settings))
    has_former = append_former_file(settings)
    if as_json:
        print_json({"origin": key.name, "verifier_key": str(key)})
    else:
        typer.echo(str(key))
    notes.print(f"Created {signing_key_path(settings)}. Back it up: no other key continues this log.", markup=False)
    if has_former:
        notes.print("The first entry has the hash of audit.jsonl, the log of exports until now. Keep that file.")


def append(
    state_dir: StateDir = None,
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="What happened; without it, JSON lines from stdin.")
    ] = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Who did it; default: USER@HOST.")] = None,
    data: Annotated[str, typer.Option(metavar="JSON", help="Facts: text, integers, booleans, null.")] = "{}",
    as_json: Json = False,
) -> None:
    """Append entries to the audit log.

    Prints number and hash of each entry when it is on the disk, and signs a
    checkpoint at the end. Lines from standard input are objects with type, data
    and, optionally, actor. Nothing about people may be in an entry.

    Example: fairstream audit append --type model-released --data '{"version":"7"}'
    """
    settings = read_settings(state_dir=state_dir)
    log = open_log(settings)
    by = exporter()
    default = actor or f"{by.user}@{by.host}"
    batches = _from_stdin(default) if kind is None else [[NewEntry(type=kind, actor=default, data=_object(data))]]
    for batch in batches:
        _reject_recorded(batch)
        _print_receipts(log.append(batch), as_json=as_json)
    if (signed := log.checkpoint()) is not None:
        copy_to_folder(settings, signed)


@with_flags
def record(
    *,
    flags: CommonFlags,
    app_id: AppId = None,
    every_s: Annotated[
        float | None, typer.Option("--every", min=1.0, metavar="SECONDS", help="Repeat and anchor until Ctrl-C.")
    ] = None,
    to_kafka: Annotated[bool, typer.Option("--topic", help="Anchor in the topic audit-checkpoints too.")] = False,
    without_proofs: Annotated[
        bool, typer.Option("--no-proofs", help="Faster; single records cannot be proven later.")
    ] = False,
    with_decisions: Annotated[
        bool, typer.Option("--decisions", help="Also store single decisions as Parquet, for audit decisions --store.")
    ] = False,
) -> None:
    """Append what has happened in the topics since the last time.

    A commitment to the records of each minute of the raw topics, the published
    events, the journal and the alerts; and an entry for each alert, each
    registered policy and each export. Needs the rights of an auditor, and may run
    on another machine than the workers.

    Example: fairstream audit record --policy my-policy.toml --every 60
    """
    settings = read_settings(kafka=flags.kafka, policy=flags.policy, state_dir=flags.state_dir, app_id=app_id)
    policy, log = load_policy(settings.policy), open_log(settings)
    with stop_on_signals() as stop:
        while True:
            try:
                counts = record_topics(settings, policy, log, has_proofs=not without_proofs)
                notes.print(f"New entries: {describe_counts(counts)}", markup=False)
                if with_decisions:
                    _record_decisions(settings, policy)
                _anchor_quietly(settings, log, to_kafka=to_kafka)
            except BrokerUnavailableError as error:
                if every_s is None:
                    raise
                notes.print(f"Trying again: {error}", markup=False)
            if every_s is None or stop.wait(every_s):
                return


def _record_decisions(settings: Settings, policy: Policy) -> None:
    recorded = record_decisions(settings, policy)
    notes.print(f"New decisions: {recorded.n_decisions:,}")
    if recorded.n_unreadable:
        notes.print(f"{recorded.n_unreadable:,} records are no events of their model; they are not stored")
    if recorded.n_missed:
        notes.print(
            f"{recorded.n_missed:,} offsets are no longer retained: decisions may be missing. Record more often"
        )


def _anchor_quietly(settings: Settings, log: AuditLog, *, to_kafka: bool) -> None:
    """Anchor the log and say what failed.

    Raises:
        WitnessConflictError: the witness has another log; nothing more may be appended to this one.
    """
    done = anchor_log(settings, log, to_kafka=to_kafka)
    for failure in done.failures if done else ():
        if isinstance(failure, WitnessConflictError):
            raise failure
        notes.print(f"Not anchored: {failure}", markup=False)


def anchor(
    kafka: Kafka = None,
    state_dir: StateDir = None,
    to_kafka: Annotated[bool, typer.Option("--topic", help="Also write it to the topic audit-checkpoints.")] = False,
) -> None:
    """Sign a checkpoint and put it out of reach of the log's writer.

    Into the folder audit_anchor_dir, to the witness audit_witness_url, and with
    --topic to Kafka. Prints the checkpoint: a copy on paper proves as much. Ends
    with 1 if a place did not take it.

    Example: fairstream audit anchor --topic > checkpoint.txt
    """
    settings = read_settings(kafka=kafka, state_dir=state_dir)
    log: AuditLog = open_log(settings)
    done = anchor_log(settings, log, to_kafka=to_kafka)
    if done is None:
        raise ConfigError("The audit log is empty", action="Append an entry first")
    typer.echo(done.signed.note.encode().decode(), nl=False)
    for place in done.places:
        notes.print(f"Anchored in {place}", markup=False)
    for failure in done.failures:
        notes.print(f"Not anchored: {failure}", markup=False)
    if not done.places and not done.failures:
        notes.print("Not anchored: set audit_anchor_dir or audit_witness_url, or give --topic")
    if done.failures:
        raise typer.Exit(Exit.FAILED)


def _from_stdin(actor: str) -> Iterator[list[NewEntry]]:
    """Yield what has arrived as one batch, so that a fast sender waits for the disk once per batch."""
    rest = b""
    while chunk := os.read(sys.stdin.fileno(), _READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _MAX_LINE:
            raise EntryError("A line of standard input is too long")
        if batch := [_entry(line, actor) for line in lines if line.strip()]:
            yield batch
    if rest.strip():
        yield [_entry(rest, actor)]


def _reject_recorded(entries: Sequence[NewEntry]) -> None:
    """Raise an error for an entry that would pass for one about a topic, or about what a command did."""
    for entry in entries:
        if entry.type in EVENT_KINDS:
            raise EntryError(f"Entries of type {entry.type} come from commands alone", action="Choose another type")
        if entry.type in RECORDED:
            raise EntryError(f"Entries of type {entry.type} come from audit record alone", action="Choose another type")


def _entry(line: bytes, actor: str) -> NewEntry:
    try:
        given = msgspec.json.decode(line, type=_Given)
    except msgspec.MsgspecError:
        raise EntryError("A line of standard input is not an object with type, data and actor") from None
    return NewEntry(type=given.type, actor=given.actor or actor, data=given.data)


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise EntryError("--data is not a JSON object", action="""Example: --data '{"version":"7"}'""") from None


def _print_receipts(receipts: Sequence[Receipt | None], *, as_json: bool) -> None:
    for receipt in receipts:
        assert receipt is not None  # these entries are about no record
        if as_json:
            print_json({"seq": receipt.seq, "leaf": receipt.leaf.hex()})
        else:
            typer.echo(f"{receipt.seq}  {receipt.leaf.hex()}")
    sys.stdout.flush()
