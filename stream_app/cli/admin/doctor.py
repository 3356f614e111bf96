"""``fairstream doctor``: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

from pathlib import Path

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.settings import Json, Kafka, StateDir, read_settings
from stream_app.cli.output import facts, notes, print_json
from stream_app.edges.host.machine import Component, can_run, look_around


def doctor(kafka: Kafka = None, state_dir: StateDir = None, as_json: Json = False) -> None:
    """Check what this machine has, what is missing, and how to get it.

    Ends with 0 if a broker answers or can be started here, else with 2.

    Example: fairstream doctor --json
    """
    settings = read_settings(kafka=kafka, state_dir=state_dir)
    components = look_around(settings.connection, Path(settings.state_dir))
    for component in components:
        if as_json:
            print_json(component)
        else:
            _show(component)
    if not can_run(components):
        notes.print("No broker answers, and none can be started here.")
        raise typer.Exit(Exit.USAGE)


def _show(component: Component) -> None:
    facts.print("[green]ok     [/]" if component.is_there else "[yellow]missing[/]", end="")
    facts.print(f" {component.part:<13}{component.found}", markup=False)
    if not component.is_there:
        facts.print(f"{'':<21}needed for {component.needed_for}: {component.how_to_get}", markup=False)
