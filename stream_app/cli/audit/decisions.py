"""``fairstream audit decisions``: single decisions for an auditor, with a reason, in the audit log."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Annotated, Any

import msgspec
import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, notes, print_json, print_lines, width_of
from stream_app.cli.replay.export_records import check_reason
from stream_app.cli.replay.selection import select_model, select_time_range
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosure.rows import inert
from stream_app.pipeline.replay.decisions.decision import FIELDS, GROUPS, Decision
from stream_app.pipeline.replay.decisions.where import parse_filter
from stream_app.policy import load_policy
from stream_app.programs.audit.decisions import DecisionQuery
from stream_app.programs.audit.events import append_required

_ID_END = 8  # characters of a pseudonym that a table shows
_LINES_AT_ONCE = 100
_HEAD = f"{'time':<20}  {'version':<8} {'decision':<9} {'prob.':<6} {'request':<9}  features"


@dataclass(frozen=True)
class DecisionFlags:
    """Which decisions, from where, and why."""

    where: Annotated[
        str | None,
        typer.Option("--where", metavar="FILTER", help="Only what passes this filter; see above.", show_default=False),
    ] = None
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="Reason, for the audit log; name no person.", show_default=False),
    ] = None
    store: Annotated[bool, typer.Option("--store", help="From the state folder, not from the topic.")] = False
    limit: Annotated[int, typer.Option("--limit", min=0, metavar="N", help="At most this many; 0: all.")] = 1000


@with_flags
def decisions(
    *,
    selection: ReplayRange,
    query: DecisionFlags,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """List single decisions to an auditor who gives a reason; filtered.

    Identifiers are pseudonyms. Denied unless privacy.exportable_records of the policy permits it; an entry is appended
    to the audit log first. From the published topic by partition and offset; with --store from the Parquet files that
    audit record --decisions writes, by day.

    A filter compares fields (= != < <= > >=, in, not in) and joins them by and, or, not and parentheses. Fields:
    request_id, time, version, prediction, probability, latency_ms, anomaly_score, explanation, features.NAME and
    input.PATH. Texts are in single quotes; a field that is missing is null.

    Example: fairstream audit decisions --from 1d --where "probability < 0.5" --reason x
    """
    if as_csv and as_json:
        raise ConfigError("--csv and --json are two formats", action="Give one of them")
    passes = None if query.where is None else parse_filter(query.where, FIELDS, GROUPS)
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    time_range = select_time_range(selection.from_, selection.to, time.time())
    found = DecisionQuery(settings, model, time_range)
    reason = check_reason(query.reason)
    facts_of_query = {
        "model": model.name,
        "from": selection.from_ or "",
        "to": selection.to or "",
        "source": "store" if query.store else "topic",
        "sha256_where": sha256((query.where or "").encode()).hexdigest(),
        "reason": reason,
    }
    append_required(settings, "decisions-read", [facts_of_query])
    with closing(found.from_store() if query.store else found.from_topic()) as every:
        selected = (one for one in every if passes is None or passes(msgspec.structs.asdict(one)))
        limited = _Limited(selected, query.limit)
        if as_json:
            for decision in limited:
                print_json(decision)
        elif as_csv:
            _print_csv(limited, found.reader.feature_names)
        else:
            _print_table(limited)
    if limited.is_cut:
        notes.print(f"There are more than {query.limit:,}; see --limit")
    if found.reader.n_unreadable:
        notes.print(f"{found.reader.n_unreadable:,} records are no events of this model")


class _Limited:
    """The first of some decisions; ``is_cut`` says afterwards whether there were more."""

    def __init__(self, every: Iterator[Decision], limit: int) -> None:
        self.is_cut = False
        self._every, self._limit = every, limit

    def __iter__(self) -> Iterator[Decision]:
        if self._limit == 0:
            yield from self._every
            return
        yield from islice(self._every, self._limit)
        self.is_cut = next(self._every, None) is not None


def _print_csv(every: Iterable[Decision], names: tuple[str, ...]) -> None:
    own = [name for name in Decision.__struct_fields__ if name not in GROUPS]
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    writer.writerow([*own, *(f"features.{name}" for name in names)])
    for decision in every:
        cells = [*(getattr(decision, name) for name in own), *(decision.features.get(name) for name in names)]
        writer.writerow([inert(_cell(cell)) for cell in cells])


def _print_table(every: Iterable[Decision]) -> None:
    width, lines = width_of(facts), [_HEAD]
    for decision in every:
        lines.append(_line(decision, width))
        if len(lines) >= _LINES_AT_ONCE:
            print_lines(lines)
            lines.clear()
    if lines:
        print_lines(lines)


def _line(decision: Decision, width: int) -> str:
    """Return a decision as a line that is not longer than the terminal is wide."""
    probability = "-" if decision.probability is None else f"{decision.probability:.4g}"
    named = " ".join(f"{name}={_cell(value)}" for name, value in decision.features.items() if value is not None)
    parts = (
        f"{decision.time[:19]}Z",
        f" {_short(decision.version, 8):<8}",
        f"{_short(decision.prediction, 9):<9}",
        f"{probability[:6]:<6}",
        f"…{decision.request_id[-_ID_END:]:<{_ID_END}}",
        f" {named}",
    )
    line = " ".join(parts)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _short(value: Any, width: int) -> str:
    text = "-" if value is None else str(_cell(value))
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _cell(value: Any) -> Any:
    """Return texts and numbers unchanged, and anything else as JSON."""
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return value
    return msgspec.json.encode(value).decode()
