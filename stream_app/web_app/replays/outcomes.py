"""What the command of a replay has written: how far it is, and at the end its answer or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from stream_app.errors import FairStreamError
from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.replay.scenarios.comparison import compare_runs
from stream_app.pipeline.replay.scenarios.results import ScenarioResults
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.run_files import load
from stream_app.programs.replay.words import ReadTopic, describe
from stream_app.web_app.replays.amount_outcomes import compared_amounts, widest_differences

_TAIL = 8192  # bytes, of which the last line says how far the replay is
_FAULT = "fairstream: "  # how a command begins what it says about its failure
_MOST_CHANGES = 20
INTERSECTIONS = "intersections"

Json = dict[str, Any]


class FailedError(Exception):
    """There is no answer; the message says why."""


def progress_in(log: Path) -> tuple[int, int] | None:
    """Return how many records were read, and how many will be; None where the log does not say."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines = file.read().splitlines()
    for line in reversed(lines):
        found = _object_in(line)
        if "progress" in found:
            return int(found["n_done"]), int(found["n_total"])
    return None


def answer_in(log: Path) -> bytes:
    """Return the line of a log that is the answer.

    Raises:
        FailedError: there is none, and why.
    """
    fault = ""
    for line in log.read_bytes().splitlines():
        found = _object_in(line)
        if found and "progress" not in found:
            return line
        text = line.decode("utf-8", "replace")
        if text.startswith(_FAULT):
            fault = text.removeprefix(_FAULT)
    raise FailedError(fault)


def read_verification(line: bytes, model: ModelPolicy) -> Json:
    """Return what a verification has found, with the words of the command.

    Raises:
        FailedError: this version cannot read it.
    """
    try:
        found = msgspec.json.decode(line, type=Verification)
    except msgspec.MsgspecError:
        raise FailedError("") from None
    kind = SourceChoice("raw" if model.output_topic is None else "published")
    lines = describe(found, ReadTopic(kind.topic_of(model), kind.kind, model))
    return {"is_equal": found.is_equal, "n_records": found.n_records, "n_equal": found.n_equal, "lines": [*lines]}


def read_comparison(state_dir: Path, run: str, model: ModelPolicy, drafted: ModelPolicy) -> Json:
    """Return what a comparison has found: for each attribute the alerts and the ratio in use and under the draft.

    Of decisions that are amounts it is the widest difference of means, and ``amounts`` has those of each group.

    Args:
        state_dir: Folder of the installation.
        run: Name of the run.
        model: The policy in use.
        drafted: The draft.

    Raises:
        FailedError: its files cannot be read, or the command followed another policy than the pages do.
    """
    try:
        saved = load(state_dir, run)
    except FairStreamError as error:
        raise FailedError(error.message) from None
    original, draft = saved.scenarios
    summaries = saved.manifest.scenarios
    if summaries[0].policy_hash != model.hash() or min(part.k for part in summaries) < model.privacy.k:
        raise FailedError("The policy file has changed since the web application started: restart it")
    changes = compare_runs(original, draft).alerts
    more = {"amounts": compared_amounts(original, draft, model, drafted)} if model.kind == "amounts" else {}
    return {
        "n_records": saved.manifest.n_records,
        "n_counted": saved.manifest.n_counted,
        "policy_hashes": [part.policy_hash for part in summaries],
        "digests": [part.digest for part in summaries],
        "rows": [*_rows(original, draft, model)],
        "n_changed": len(changes),
        "n_withheld": sum(part.n_withheld for part in summaries),
        "k": max(part.k for part in summaries),
        "changes": [msgspec.to_builtins(change) for change in changes[:_MOST_CHANGES]],
        **more,
    }


def _rows(original: ScenarioResults, draft: ScenarioResults, model: ModelPolicy) -> Iterator[Json]:
    name, values_of = ("difference", widest_differences) if model.kind == "amounts" else ("ratio", _ratios)
    sides = [(values_of(side), _alerts_by_attribute(side.alerts)) for side in (original, draft)]
    for attribute in dict.fromkeys(found for part in (0, 1) for side in sides for found in side[part]):
        facts = [
            _side(alerts.get(attribute, [])) | {name: values.get(attribute)} if is_judged else None
            for values, alerts in sides
            for is_judged in [attribute in values or attribute == INTERSECTIONS]
        ]
        yield {"attribute": attribute, "in_use": facts[0], "draft": facts[1]}


def _side(alerts: Sequence[DisclosedAlert]) -> Json:
    times = sorted(alert.at_s for alert in alerts)
    return {
        "n": len(times),
        "first_s": times[0] if times else None,
        "last_s": times[-1] if times else None,
    }


def _ratios(results: ScenarioResults) -> dict[str, float | None]:
    """Return the lowest shown ratio of each attribute over the period."""
    found: dict[str, float | None] = {}
    for total in results.newest_totals():
        ratios = [group.disparate_impact_ratio for group in total.groups]
        found[total.attribute] = min((ratio for ratio in ratios if ratio is not None), default=None)
    return found


def _alerts_by_attribute(alerts: Iterable[DisclosedAlert]) -> dict[str, list[DisclosedAlert]]:
    """Return the breaches of each attribute; those of all intersections together."""
    found: dict[str, list[DisclosedAlert]] = {}
    for alert in alerts:
        if alert.change == "breach":
            name = INTERSECTIONS if CROSS in alert.attribute else alert.attribute
            found.setdefault(name, []).append(alert)
    return found


def _object_in(line: bytes) -> Json:
    """Return the JSON object of a line; empty where it is none."""
    try:
        return msgspec.json.decode(line, type=dict[str, Any]) if line.startswith(b"{") else {}
    except msgspec.MsgspecError:
        return {}
