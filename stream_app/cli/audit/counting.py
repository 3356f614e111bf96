"""``fairstream audit count``: how many entries of each type the audit log has."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from stream_app.cli.audit.reading import moment_of
from stream_app.cli.flags.settings import Json, StateDir, read_settings
from stream_app.cli.output import facts, print_json
from stream_app.edges.audit.reading import read_entries
from stream_app.programs.audit.places import log_folder


class EntryCount(msgspec.Struct, kw_only=True):
    """The entries of one type.

    Attributes:
        type: What happened.
        n: How many entries.
        first: When the first of them was written.
        last: When the last of them was written.
    """

    type: str
    n: int
    first: str
    last: str


def count_entries(
    state_dir: StateDir = None,
    from_time: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Written at or after this time: ISO 8601 with offset.")
    ] = None,
    to_time: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Written before this time.")] = None,
    as_json: Json = False,
) -> None:
    """Count the entries of the audit log by type.

    The entries are read and not verified; see audit verify.

    Example: fairstream audit count --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z
    """
    start, end = moment_of(from_time, "--from", ""), moment_of(to_time, "--to", "9999-12-31")
    counts: dict[str, EntryCount] = {}
    entries = read_entries(log_folder(read_settings(state_dir=state_dir)), from_date=start[:10], to_date=end[:10])
    for _, entry in entries:
        if start <= entry.ts < end:
            count = counts.setdefault(entry.type, EntryCount(type=entry.type, n=0, first=entry.ts, last=entry.ts))
            count.n, count.last = count.n + 1, entry.ts
    for name in sorted(counts):
        count = counts[name]
        if as_json:
            print_json(count)
        else:
            facts.print(f"{count.n:>9,}  {name:<24}  last {count.last}", markup=False)
