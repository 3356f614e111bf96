"""``fairstream incident open``: an entry of the audit log, a case, and the runbook to follow."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.flags.settings import Json, PolicyName, StateDir, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.cli.replay.export_records import check_reason
from stream_app.cli.replay.selection import select_model
from stream_app.errors import ConfigError
from stream_app.policy import load_policy
from stream_app.programs.incidents import KINDS, append_incident
from stream_app.web_app.incidents import has_database, open_case


def open_incident(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Kind of the incident; see above.", show_default=False)],
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="What was seen; name no person.", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Model; required if the policy has several.", show_default=False),
    ] = None,
    no_case: Annotated[bool, typer.Option("--no-case", help="Open no case of the web application.")] = False,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Record an incident and open its case.

    Kinds: data-breach, adversarial-attack, fairness-violation, model-extraction. An entry is appended to the audit log,
    and where the web application has a database a case is opened, with a deadline in a week: both, or neither. The
    runbook of the kind has the commands to follow.

    Example: fairstream incident open model-extraction --reason "token t4 asks for a grid"
    """
    found = KINDS.get(kind)
    if found is None:
        raise ConfigError(f"No kind of incident {kind!r}", action=f"Kinds: {', '.join(KINDS)}")
    settings = read_settings(policy=policy, state_dir=state_dir)
    name = select_model(load_policy(settings.policy), model, kinds=("decisions", "amounts")).name
    seen = check_reason(reason)
    case: int | None = None
    seq: int | None = None

    if not no_case and has_database(settings):

        def append(number: int) -> int | None:
            nonlocal seq
            seq = append_incident(settings, found, name, seen, number)
            return seq

        case = open_case(settings, found.name, name, seen, append)
    else:
        seq = append_incident(settings, found, name, seen, None)
    if as_json:
        fact = {"kind": found.name, "model": name, "case": case, "audit_seq": seq, "runbook": found.runbook}
        print_json(fact)
        return
    opened = "" if case is None else f", case {case} of the web application"
    facts.print(f"{found.title}, model {name}: entry {seq} of the audit log{opened}")
    facts.print(f"At once: {found.at_once}")
    facts.print(
        f"Runbook: {found.runbook} (docs/runbooks/{found.runbook}.md, or under Runbooks in the web application)"
    )
    if case is None and not no_case:
        notes.print("The web application has no database here, so no case was opened")
