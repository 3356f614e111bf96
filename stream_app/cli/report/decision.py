"""``fairstream report decision``: the reasons of one decision, for a person with the right and a reason."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

import typer

from stream_app.cli.admin.subject import canonical_of
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_json, print_listing
from stream_app.cli.replay.export_records import check_reason
from stream_app.cli.replay.selection import select_model, select_time_range
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.decisions.positions import FeaturePosition
from stream_app.policy import load_policy
from stream_app.programs.audit.decisions import DecisionQuery
from stream_app.programs.audit.events import append_required
from stream_app.programs.report.decision import DecisionReasons, explain_decision, pseudonyms_of

_MAX_LINE = 4_096
_COLUMNS = (
    Column("feature", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("value", "position", "mean of approved", "approved")),
    Column("adverse end", is_text=True),
)
_WITHHELD = {"few_approved": "withheld", "no_value": "none"}
_BOUNDS = {"at_most": "at most ", "at_least": "at least "}
_POSITIONS = (
    "Position: share of the approved decisions with a smaller value. The adverse end is where denied decisions have "
    "their mean. The first lines are the most adverse."
)
_NO_REASONS = (
    "A position is not a reason: it does not say how the model weighs the feature. The reasons in a notice are the "
    "factors that the decision was made by."
)


@dataclass(frozen=True)
class ReasonFlags:
    """Why, and from where."""

    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="Reason, for the audit log; name no person.", show_default=False),
    ] = None
    store: Annotated[bool, typer.Option("--store", help="From the state folder, not from the topic.")] = False


@with_flags
def explain(*, selection: ReplayRange, query: ReasonFlags, flags: CommonFlags, as_json: Json = False) -> None:
    """Show how one decision compares with those that were approved.

    The request id is read from standard input, or asked for without being shown; it is in no command line and no log.
    A pseudonym is taken as it is, without keys. Denied unless privacy.exportable_records of the policy permits it; an
    entry without the id is appended to the audit log first. Nothing is shown about fewer than k other decisions.

    Example: fairstream report decision --from 30d --reason "notice of denial" < id.txt
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    time_range = select_time_range(selection.from_, selection.to, time.time())
    found = DecisionQuery(settings, model, time_range)  # permitted by the policy
    reason = check_reason(query.reason)
    ids = pseudonyms_of(settings, model, _read_id(), canonical_of)
    facts_of_query = {
        "model": model.name,
        "from": selection.from_ or "",
        "to": selection.to or "",
        "source": "store" if query.store else "topic",
        "reason": reason,
    }
    append_required(settings, "decision-explained", [facts_of_query])
    with closing(found.from_store() if query.store else found.from_topic()) as every:
        reasons = explain_decision(every, model, ids)
    if as_json:
        print_json(reasons)
    else:
        _show(reasons)


def _read_id() -> str:
    """Return the request id of standard input, or of a prompt at a terminal.

    Raises:
        ConfigError: There is none, or more than one.
    """
    if sys.stdin.isatty():
        text = str(typer.prompt("Request id", hide_input=True, err=True))
    else:
        text = sys.stdin.buffer.read(_MAX_LINE + 1).decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or len(text) > _MAX_LINE:
        raise ConfigError("Standard input is not one request id", action="Give one id on one line")
    return lines[0].strip()


def _show(reasons: DecisionReasons) -> None:
    decided = "approved" if reasons.is_approved else "denied"
    version = "" if reasons.version is None else f", version {reasons.version}"
    n = "fewer than k" if reasons.n_decisions is None else f"{reasons.n_decisions:,}"
    facts.print(f"{reasons.model}{version}: {decided} at {reasons.time}, beside {n} other decisions")
    facts.print()
    rows = [_row(position) for position in reasons.positions]
    print_listing(
        Listing("Numbers of this decision among the approved", _COLUMNS, [Section(rows)], (_POSITIONS, _NO_REASONS))
    )


def _row(position: FeaturePosition) -> list[str]:
    value = "" if position.value is None else f"{position.value:,.6g}"
    if position.position is None:
        return [position.feature, value, _WITHHELD[position.withheld or "no_value"], "", "", ""]
    bound = _BOUNDS.get(position.bound or "", "")
    mean = "" if position.approved_mean is None else f"{position.approved_mean:,.6g}"
    n = "" if position.n_approved is None else f"{position.n_approved:,}"
    return [position.feature, value, f"{bound}{position.position:.2f}", mean, n, position.adverse or "not known"]
