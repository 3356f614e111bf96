"""``fairstream demo``: start everything on this machine, with a stream that becomes unfair."""

from __future__ import annotations

import shlex
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
from stream_app.cli.flags.settings import START_TIMEOUT_S, Json, StartTimeout, complete_policy, read_settings
from stream_app.cli.output import facts, notes, print_command, print_lines
from stream_app.edges.files.writing import make_folder, write_errors
from stream_app.edges.host.own_command import own_command
from stream_app.programs.demo.environment import DemoPlan, open_environment

_ALERT_TIMEOUT_S = 90.0  # after the drift began
_NEXT_STEPS = (  # the broker of the demo has ended: what needs one comes after it
    ("What is monitored, and by which rules:", "policy check loans"),
    ("A broker that stays, in a terminal of its own:", "local kafka"),
    ("Then, in a second terminal:", "keys init", "topics create --policy loans", "worker --policy loans"),
    (
        "And in a third one:",
        "produce loans --drift 0@0,0.8@60s --rate 500 --count 60000",
        "results --policy loans",
        "alerts list --policy loans",
    ),
    ("Your own decisions, from a CSV file:", "produce csv --help"),
)


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
    start_timeout: StartTimeout = START_TIMEOUT_S
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

    Shows rates and verdicts live until Ctrl-C, with the extra web also on a page whose sliders change the stream. It is
    fair at first, then women are approved less often. Nothing is left behind.

    Example: fairstream demo --exit-on-alert
    """
    planned = DemoPlan(
        policy=place.policy,
        fair_s=scenario.fair_s,
        drift=scenario.drift,
        rate=scenario.rate,
        seed=scenario.seed,
        start_timeout_s=place.start_timeout,
    )
    kafka = read_settings(kafka=place.kafka).connection if place.kafka else None
    notes.print("FairStream demo: synthetic loan decisions, not for production. Press Ctrl-C to stop.")
    with (
        stop_on_signals() as stop,
        _folder(place.state_dir) as folder,
        open_environment(planned, Path(folder), kafka=kafka, note=notes.print) as environment,
    ):
        notes.print(f"Fair for {planned.fair_s} s, then drift level {planned.drift:g}: women are approved less often")
        for part, address in environment.addresses().items():
            notes.print(f"  {part:<14}{address}", markup=False)
        source = shlex.join(["--kafka", environment.kafka.servers, "--policy", environment.policy])
        notes.print("In another terminal:")
        print_command(f"{own_command()} results {source} --follow", notes)
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
    program = own_command()
    print_lines(["", "Try next:"])
    for purpose, *commands in _NEXT_STEPS:
        facts.print(purpose)
        for command in commands:
            print_command(f"{program} {command}")


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
