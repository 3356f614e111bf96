"""``fairstream doctor``: what this machine has, what it lacks, and how to get it."""

from __future__ import annotations

from pathlib import Path

import typer

from stream_app.cli import app
from stream_app.cli.exits import Exit
from stream_app.cli.output import Json, Kafka, StateDir, facts, notes, print_json, read_settings


@app.command()
def doctor(kafka: Kafka = None, state_dir: StateDir = None, as_json: Json = False) -> None:
    """Look at this machine; exit code 0 when a broker answers or can be started here, else 2.

    Example: fairstream doctor --json
    """
    from stream_app.edges.host.machine import can_run, look_around  # noqa: PLC0415 - only this command needs it

    settings = read_settings(kafka=kafka, state_dir=state_dir)
    findings = look_around(settings.kafka, Path(settings.state_dir))
    for finding in findings:
        if as_json:
            print_json(finding)
            continue
        mark = "[green]yes[/]" if finding.is_there else "[yellow]no [/]"
        facts.print(f"{mark} {finding.part:<13}", end="")
        facts.print(finding.found, markup=False)
        if not finding.is_there:
            facts.print(f"{'':<18}for {finding.needed_for}: {finding.how_to_get}", markup=False)
    if not can_run(findings):
        notes.print("No broker answers, and none can be started here.")
        raise typer.Exit(Exit.USAGE)
