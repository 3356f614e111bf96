"""``fairstream demo``: start everything on this machine, with a stream that becomes unfair."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.demo.run import DemoRun
from stream_app.cli.exits import stop_on_signals
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, complete_policy, read_settings
from stream_app.cli.output import facts, notes
from stream_app.edges.files.writing import make_folder, write_errors
from stream_app.programs.demo.environment import DemoPlan, open_environment

_ALERT_TIMEOUT_S = 90.0  # after the drift began


@dataclass(frozen=True)
class PlaceFlags:
    """Where the demo runs."""

    kafka: Annotated[
        str | None,
        typer.Option(
            "--kafka",
            envvar="FAIRSTREAM_KAFKA",
            show_envvar=False,
            metavar="HOST:PORT",
            help="Broker to use (FAIRSTREAM_KAFKA). Default: start one.",
            show_default=False,
        ),
    ] = None
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            metavar="POLICY",
            help="Policy that fits the simulated loans.",
            autocompletion=complete_policy,
        ),
    ] = "demo"
    state_dir: Annotated[
        str | None,
        typer.Option(
            "--state-dir",
            metavar="DIR",
            help="Keep keys, logs and the data of the broker here. Default: keep nothing.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class ScenarioFlags:
    """What the simulated stream does."""

    fair_s: Annotated[int, typer.Option("--fair-s", min=10, help="Seconds before the drift begins.")] = 30
    drift: Annotated[float, typer.Option("--drift", min=0.0, max=1.0, help="Level of the drift, 0-1.")] = 0.8
    rate: Annotated[float, typer.Option("--rate", min=1.0, help="Loan decisions per second.")] = 500.0
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the simulation.")] = 42


@with_flags
def demo(
    place: PlaceFlags,
    scenario: ScenarioFlags,
    duration_s: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            help="Stop after this many seconds. With --exit-on-alert: 90 s after the drift.",
            show_default=False,
        ),
    ] = None,
    exit_on_alert: Annotated[
        bool, typer.Option("--exit-on-alert", help="End with 0 at the first correct alert, with 1 if there is none.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run Kafka, a worker and a simulated stream on this machine.

    Shows rates and verdicts live until Ctrl-C. The stream is fair at first, then women are approved less often.
    Nothing is left behind.

    Example: fairstream demo --exit-on-alert
    """
    planned = DemoPlan(
        policy=place.policy, fair_s=scenario.fair_s, drift=scenario.drift, rate=scenario.rate, seed=scenario.seed
    )
    kafka = read_settings(kafka=place.kafka).connection if place.kafka else None
    notes.print("FairStream demo: synthetic loan decisions, not for production. Press Ctrl-C to stop.")
    with (
        stop_on_signals() as stop,
        _folder(place.state_dir) as folder,
        open_environment(planned, Path(folder), kafka=kafka, note=notes.print) as environment,
    ):
        notes.print(f"Fair for {planned.fair_s} s, then drift level {planned.drift:g}: women are approved less often")
        follow = f"fairstream results --kafka {environment.kafka} --policy {environment.policy} --follow"
        notes.print(f"In another terminal: {follow}", markup=False, soft_wrap=True)
        for part, address in environment.addresses().items():
            notes.print(f"  {part:<14}{address}", markup=False, soft_wrap=True)
        run = DemoRun(environment, has_drift=planned.drift > 0, is_json=as_json)
        if duration_s is None and exit_on_alert:
            duration_s = planned.fair_s + _ALERT_TIMEOUT_S
        deadline_s = None if duration_s is None else time.time() + duration_s
        exit_code = run.follow(stop, deadline_s, exit_on_alert=exit_on_alert)
        if not as_json:
            _print_next_steps()
        notes.print("Stopping")
    raise typer.Exit(exit_code)


def _print_next_steps() -> None:
    facts.print("\nTry next:")
    facts.print("  fairstream local kafka                   # start a broker, then: fairstream topics create")
    facts.print("  fairstream policy check loans            # what is monitored, by which rules")
    facts.print("  fairstream alerts list                   # alerts of that broker: onset, evidence, cause")
    facts.print("  fairstream produce csv FILE --policy P   # your own decisions, see its --help")


@contextmanager
def _folder(state_dir: str | None) -> Iterator[str]:
    """Yield a folder for this run: one inside ``state_dir`` that is kept, else a temporary one."""
    if state_dir is None:
        with write_errors("a temporary folder"):
            temporary = tempfile.TemporaryDirectory(prefix="fairstream-demo-")
        with temporary as folder:
            yield folder
        return
    make_folder(Path(state_dir))
    with write_errors(state_dir):
        folder = tempfile.mkdtemp(prefix="demo-", dir=state_dir)
    yield folder
    notes.print(f"Kept: {folder}", markup=False)
