"""``fairstream audit query``, ``tail``, ``prove`` and ``verifier``."""

from __future__ import annotations

import sys
import zlib
from collections import deque
from collections.abc import Iterable
from datetime import UTC
from importlib.resources import files
from itertools import islice
from typing import Annotated

import msgspec
import typer

from stream_app.cli.audit.text import describe_entry
from stream_app.cli.flags.settings import Json, Kafka, StateDir, read_settings
from stream_app.cli.output import facts, print_json
from stream_app.core.audit.compact import compact_proof
from stream_app.core.audit.entries import Entry
from stream_app.edges.audit.reading import read_entries, read_line
from stream_app.errors import ConfigError
from stream_app.policy.values.times import TimeFault, read_time
from stream_app.programs.audit.places import log_folder
from stream_app.programs.audit.prove import prove_entry
from stream_app.programs.audit.prove_record import prove_record


def query(
    state_dir: StateDir = None,
    kind: Annotated[str | None, typer.Option("--type", metavar="TYPE", help="Entries of this type only.")] = None,
    actor: Annotated[str | None, typer.Option(metavar="NAME", help="Entries of this actor only.")] = None,
    from_time: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Written at or after this time: ISO 8601 with offset.")
    ] = None,
    to_time: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Written before this time.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most this many entries.")] = None,
    as_json: Json = False,
) -> None:
    """List entries of the audit log, oldest first.

    The entries are read and not verified; see audit verify.

    Example: fairstream audit query --type export-begun --from 2026-11-01T00:00:00Z
    """
    start, end = moment_of(from_time, "--from", ""), moment_of(to_time, "--to", "9999-12-31")
    entries = read_entries(log_folder(read_settings(state_dir=state_dir)), from_date=start[:10], to_date=end[:10])
    matching = (
        entry
        for _, entry in entries
        if (kind is None or entry.type == kind) and (actor is None or entry.actor == actor) and start <= entry.ts < end
    )
    _print_entries(islice(matching, limit), as_json=as_json)


def tail(
    state_dir: StateDir = None,
    n: Annotated[int, typer.Option("--lines", "-n", min=1, max=100_000, metavar="N", help="How many entries.")] = 10,
    as_json: Json = False,
) -> None:
    """List the newest entries of the audit log.

    Example: fairstream audit tail -n 20
    """
    entries = read_entries(log_folder(read_settings(state_dir=state_dir)))
    _print_entries(deque((entry for _, entry in entries), maxlen=n), as_json=as_json)


def prove(
    seq: Annotated[
        int | None, typer.Argument(metavar="SEQ", min=0, help="Number of an entry.", show_default=False)
    ] = None,
    kafka: Kafka = None,
    state_dir: StateDir = None,
    with_entry: Annotated[bool, typer.Option("--with-entry", help="Add the line of the entry itself.")] = False,
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Topic of a record.")] = None,
    partition: Annotated[int, typer.Option("--partition", min=0, metavar="N", help="Its partition.")] = 0,
    offset: Annotated[int | None, typer.Option("--offset", min=0, metavar="N", help="Its offset.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="In few bytes, for a file.")] = False,
) -> None:
    """Print the proof that the log contains an entry, as JSON.

    The audit path of RFC 6962 and the checkpoint that it leads to. With --topic and
    --offset, the proof that a record was read: the path of the record, and the
    entry about its minute. fairstream audit verifier prints a program that verifies
    either without FairStream.

    With --compact the proof of a record has 1.2 to 1.5 kB. It leaves out what the
    verifier can compute, also from the record, which it then needs.

    Example: fairstream audit prove --topic loan-decisions-raw --offset 17 > proof.json
    """
    settings = read_settings(kafka=kafka, state_dir=state_dir)
    if (seq is None) == (topic is None) or (topic is None) != (offset is None):
        raise ConfigError("Give the number of an entry, or --topic and --offset", action="See: fairstream audit query")
    if topic is not None and offset is not None:
        proof = prove_record(settings, topic, partition, offset)
    else:
        assert seq is not None  # one of the two is given
        proof = msgspec.to_builtins(prove_entry(settings, seq))
        if with_entry:
            proof["entry"] = read_line(log_folder(settings), seq).decode()
    if compact:
        if sys.stdout.isatty():
            raise ConfigError("--compact is for a file", action="Redirect it: audit prove ... --compact > proof.bin")
        short = compact_proof(proof) if "record" in proof else None
        sys.stdout.buffer.write(short or zlib.compress(msgspec.json.encode(proof), 9))
    else:
        print_json(proof)


def verifier() -> None:
    """Print a program that verifies proofs without FairStream.

    It needs Python and nothing else, and is short enough to be read.

    Example: fairstream audit verifier > verify_proof.py
    """
    typer.echo(files("stream_app.programs.audit").joinpath("verify_proof.py").read_text("utf-8"), nl=False)


def _print_entries(entries: Iterable[Entry], *, as_json: bool) -> None:
    for entry in entries:
        if as_json:
            print_json(entry)
        else:
            facts.print(describe_entry(entry), markup=False)


def moment_of(text: str | None, flag: str, default: str) -> str:
    """Return a time as entries have it, so that texts compare as times."""
    if text is None:
        return default
    moment = read_time(text)
    if isinstance(moment, TimeFault):
        fault = "has no UTC offset" if moment is TimeFault.NO_OFFSET else "is not an ISO 8601 time"
        raise ConfigError(f"{flag} {fault}", action="Example: 2026-11-01T00:00:00Z")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
