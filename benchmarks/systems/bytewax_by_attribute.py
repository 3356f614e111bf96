"""Bytewax with one windowed count per attribute: the usual program for rates by group."""

from __future__ import annotations

from typing import Any

from benchmarks.systems.bytewax_flow import run_flow
from benchmarks.systems.kernel import Decision, cell_of
from benchmarks.systems.task import Cell


def gender(event: Decision) -> str:
    """Return the key of the count by gender."""
    return f"{event.approved:d}|{event.gender}"


def race(event: Decision) -> str:
    """Return the key of the count by race."""
    return f"{event.approved:d}|{event.race}"


def age(event: Decision) -> str:
    """Return the key of the count by age band."""
    return f"{event.approved:d}|{event.age_band}"


def cell_at(pane: int, name: str, key: str) -> Cell:
    """Return the cell of a pane number, the name of a count and a key."""
    approved, label = key.split("|")
    labels: dict[str, Any] = {"gender": "", "race": "", "age": "", name: label}
    return cell_of(pane, approved == "1", labels["gender"], labels["race"], labels["age"])


if __name__ == "__main__":
    run_flow({"gender": gender, "race": race, "age": age}, cell_at)
