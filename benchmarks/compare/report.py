"""The measurements as a table and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any, Self

from rich.console import Console
from rich.table import Table

from benchmarks.compare.catalog import System
from benchmarks.stage.environment import environment

_BASE = "fairstream"
_ONE_DECIMAL_FROM = 10_000


@dataclass(frozen=True)
class Measurement:
    """One system in one round.

    Attributes:
        name: The system, with ``-cold`` for the first pass of a Java one.
        system: What it is.
        round: Number of the round, from 1.
        n_events: Events it got.
        cpu_s: CPU time of its process, from the first event to the durable end.
        wall_s: Wall-clock time.
        peak_rss_mb: Highest resident memory, MiB.
        broker_cpu_s: CPU time of the broker in that time.
        faults: What was wrong; a run with faults is excluded from all figures.
    """

    name: str
    system: System
    round: int
    n_events: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_rss_mb: float = 0.0
    broker_cpu_s: float | None = None
    faults: tuple[str, ...] = ()

    @classmethod
    def failed(cls, system: System, name: str, number: int, reason: str) -> Self:
        """Return the measurement of a run that did not end."""
        return cls(name, system, number, faults=(reason,))

    @property
    def events_per_cpu_s(self) -> float:
        """Events per second of CPU time."""
        return self.n_events / self.cpu_s

    def is_of(self, system: System, number: int) -> bool:
        """Return whether this is the run of a system in a round."""
        return self.system is system and self.round == number

    def line(self) -> str:
        """Return the measurement as one line."""
        if self.faults:
            return f"{self.name}: WRONG: {'; '.join(self.faults)}"
        return (
            f"{self.name}: {self.events_per_cpu_s:,.0f} events per CPU-second, "
            f"{self.n_events / self.wall_s:,.0f} per second, {self.peak_rss_mb:.0f} MiB, counts and outputs right"
        )


def paired_ratios(measured: list[Measurement], name: str) -> list[float]:
    """Return FairStream's events per CPU-second over those of another system, round by round, in ascending order.

    Empty if any run of either was wrong: then no ratio is shown.
    """
    base = {m.round: m for m in measured if m.name == _BASE}
    others = {m.round: m for m in measured if m.name == name}
    if any(m.faults for m in (*base.values(), *others.values())):
        return []
    return sorted(base[n].events_per_cpu_s / others[n].events_per_cpu_s for n in base.keys() & others.keys())


def summary_of(measured: list[Measurement], missing: dict[str, str]) -> dict[str, Any]:
    """Return all figures: medians by system, ratios, every run, and the environment."""
    right = {name: [m for m in measured if m.name == name] for name in _names(measured)}
    right = {name: runs for name, runs in right.items() if not any(m.faults for m in runs)}
    return {
        "events_per_cpu_s": {name: median(m.events_per_cpu_s for m in runs) for name, runs in right.items()},
        "peak_rss_mb": {name: max(m.peak_rss_mb for m in runs) for name, runs in right.items()},
        "wall_events_per_s": {name: median(m.n_events / m.wall_s for m in runs) for name, runs in right.items()},
        "broker_cpu_us_per_event": {
            name: median(m.broker_cpu_s / m.n_events * 1e6 for m in runs if m.broker_cpu_s is not None)
            for name, runs in right.items()
            if runs[0].broker_cpu_s is not None
        },
        "ratios": {
            name: ratios for name in _names(measured) if name != _BASE and (ratios := paired_ratios(measured, name))
        },
        "goals": {
            m.name: m.system.goal for m in measured if m.system.goal is not None and not m.name.endswith("-cold")
        },
        "runs": [
            {"system": m.name, "round": m.round, "n_events": m.n_events, "cpu_s": m.cpu_s, "wall_s": m.wall_s}
            | ({"faults": m.faults} if m.faults else {})
            for m in measured
        ],
        "not_available": missing,
        "environment": environment(),
    }


def print_table(measured: list[Measurement], missing: dict[str, str]) -> None:
    """Print the table of systems, their ratios, and what is missing."""
    console = Console(width=None if Console().is_terminal else 160)
    table = Table(title="Events per second of CPU time; the full job, counts and outputs checked after every run")
    for heading in ("system", "events", "events/CPU-s, all runs", "median", "wall ev/s", "RSS MiB", "broker µs/ev"):
        table.add_column(heading, justify="left" if heading == "system" else "right")
    table.add_column("FairStream is … times (min-median-max)")
    table.add_column("goal", justify="right")
    for name in _names(measured):
        table.add_row(*_row(measured, name))
    console.print(table)
    for measurement in measured:
        if measurement.faults:
            console.print(f"round {measurement.round} {measurement.line()}", style="red", markup=False)
    for name, reason in missing.items():
        console.print(f"{name} was not run: {reason}", markup=False)
    for system in dict.fromkeys(m.system for m in measured):
        console.print(f"{system.name}: {system.title}. Lacks {system.lacks}.", markup=False, highlight=False)


def _names(measured: list[Measurement]) -> list[str]:
    return list(dict.fromkeys(m.name for m in measured))


def _row(measured: list[Measurement], name: str) -> list[str]:
    runs = [m for m in measured if m.name == name]
    if any(m.faults for m in runs):
        return [name, "", "WRONG RESULT", "", "", "", "", "no ratio", ""]
    rates = [m.events_per_cpu_s for m in runs]
    walls = [m.n_events / m.wall_s for m in runs]
    brokers = [m.broker_cpu_s / m.n_events * 1e6 for m in runs if m.broker_cpu_s is not None]
    ratios = [] if name == _BASE else paired_ratios(measured, name)
    goal = runs[0].system.goal if not name.endswith("-cold") else None
    return [
        name,
        f"{runs[0].n_events:,}",
        " ".join(_thousands(rate) for rate in rates),
        _thousands(median(rates)),
        _thousands(median(walls)),
        f"{max(m.peak_rss_mb for m in runs):.0f}",
        f"{median(brokers):.1f}" if brokers else "",
        f"{ratios[0]:.2f} - {median(ratios):.2f} - {ratios[-1]:.2f}" if ratios else "",
        f">= {goal:g}" if goal is not None else "",
    ]


def _thousands(rate: float) -> str:
    return f"{rate / 1000:.{1 if rate >= _ONE_DECIMAL_FROM else 2}f}k"
