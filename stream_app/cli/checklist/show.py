"""``fairstream checklist pre-deployment``, ``ongoing`` and ``all``."""

from __future__ import annotations

import time
from collections import Counter
from textwrap import wrap

import typer
from rich.text import Text

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import AppId, CommonFlags, Json, OnlyModel, read_settings
from stream_app.cli.output import facts, print_json, print_lines, width_of
from stream_app.cli.own_commands import OwnCommands
from stream_app.edges.kafka.admin import find_broker_fault
from stream_app.pipeline.reports.evidence import EvidenceKind
from stream_app.policy import load_policy
from stream_app.printed_text import in_one_line
from stream_app.programs.checklist.confirmations import read_log_facts
from stream_app.programs.checklist.items import ItemReport, Phase
from stream_app.programs.checklist.judge import Facts, judge_items
from stream_app.settings import Settings

_LOCAL: dict[EvidenceKind, list[str]] = {"audit": ["audit", "verify"], "keys": ["keys", "list"]}
_OF_BROKER: dict[EvidenceKind, list[str]] = {
    "retention": ["privacy", "retention"],
    "alerts": ["alerts", "list", "--last", "0"],
}
_INDENT = 10  # columns of the state
_STYLES = {"ok": "green", "attention": "bold red", "unknown": "yellow"}


@with_flags
def pre_deployment(*, flags: CommonFlags, model: OnlyModel = None, app_id: AppId = None, as_json: Json = False) -> None:
    """Check what must be in place before a model is deployed.

    Each item is ok, needs attention, or is unknown. Items that only a person can judge are as the person confirmed
    them: fairstream checklist confirm. Ends with 1 unless all are ok.

    Example: fairstream checklist pre-deployment --policy loans
    """
    _show("pre-deployment", _settings(flags, app_id), model, as_json=as_json)


@with_flags
def ongoing(*, flags: CommonFlags, model: OnlyModel = None, app_id: AppId = None, as_json: Json = False) -> None:
    """Check what must stay in place while a model is in use.

    As pre-deployment, with what can change: open breaches, shifts of scores, patterns of queries.

    Example: fairstream checklist ongoing --policy loans
    """
    _show("ongoing", _settings(flags, app_id), model, as_json=as_json)


@with_flags
def every_item(*, flags: CommonFlags, model: OnlyModel = None, app_id: AppId = None, as_json: Json = False) -> None:
    """Check the items of both lists.

    Example: fairstream checklist all
    """
    _show(None, _settings(flags, app_id), model, as_json=as_json)


def _settings(flags: CommonFlags, app_id: str | None) -> Settings:
    return read_settings(kafka=flags.kafka, policy=flags.policy, state_dir=flags.state_dir, app_id=app_id)


def _show(phase: Phase | None, settings: Settings, model: str | None, *, as_json: bool) -> None:
    policy, own = load_policy(settings.policy).only(model), OwnCommands(settings)
    narrowed = [] if model is None else ["--model", model]
    gathered = {kind: own.gather(kind, words) for kind, words in _LOCAL.items()}
    fault = find_broker_fault(settings.connection)  # once, not by each command that needs one
    for kind, words in _OF_BROKER.items():
        gathered[kind] = (
            own.gather(kind, words + narrowed) if fault is None else own.without(kind, words + narrowed, fault)
        )
    known = Facts(settings, policy, read_log_facts(settings), gathered, time.time())
    reports = judge_items(phase, known)
    for report in reports:
        if as_json:
            print_json(report)
        else:
            _print(report)
    states = Counter[str](report.state for report in reports)
    if not as_json:
        facts.print(", ".join(f"{states[state]} {state}" for state in _STYLES if states[state]))
    if states.keys() != {"ok"}:
        raise typer.Exit(Exit.FAILED)


def _print(report: ItemReport) -> None:
    facts.print(Text.assemble((f"{report.state:<{_INDENT}}", _STYLES[report.state]), (report.title, "bold")))
    width, indent = width_of(facts), " " * _INDENT
    for text in filter(None, (report.text, report.advice)):
        lines = wrap(in_one_line(text), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        print_lines(lines)
