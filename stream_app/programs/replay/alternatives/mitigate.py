"""``mitigate``: weights for training and cuts by group, from one pass over the log; nothing is applied."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from stream_app.core.mitigation.thresholds import Goal
from stream_app.edges.files.writing import make_folder, reject_existing, write_new_file
from stream_app.errors import ConfigError, ReplayError
from stream_app.pipeline.disclosure.rows import csv_of
from stream_app.pipeline.replay.mitigation.cases import CaseColumns, Cases
from stream_app.pipeline.replay.mitigation.results import LabelKind, MitigationResult, NotePack
from stream_app.pipeline.replay.mitigation.summary import labeled
from stream_app.pipeline.replay.mitigation.summary import mitigate as compute
from stream_app.pipeline.replay.model_sources import OnProgress
from stream_app.pipeline.replay.search.columns import labels_of
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.scores import ScoreSource
from stream_app.pipeline.replay.source_log import SourceChoice
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import Attribute, ModelPolicy
from stream_app.programs.replay.alternatives.search import read_outcomes
from stream_app.programs.replay.live import read_former
from stream_app.programs.replay.release import FormerReleases, release_groups
from stream_app.programs.replay.sources import open_sources
from stream_app.settings import Settings

NOTES = Path(__file__).parents[3] / "packs" / "notes" / "mitigation.toml"


@dataclass(frozen=True)
class MitigationRequest:
    """What is computed.

    Attributes:
        model: The policy of the model.
        attribute: The attribute.
        goal: The rate that all groups shall have; None for weights alone.
        score: Where scores come from; None where no goal is given.
        time_range: What is read.
        choice: The topic that is read.
        k: Groups with fewer cases are left out.
    """

    model: ModelPolicy
    attribute: Attribute
    goal: Goal | None
    score: ScoreSource | None
    time_range: TimeRange
    choice: SourceChoice
    k: int


def mitigate(settings: Settings, request: MitigationRequest, on_progress: OnProgress) -> MitigationResult:
    """Read the log and compute weights and cuts.

    The label is the outcome where outcomes can be read: the model has some and the source is raw. Else it is the
    logged decision.

    Args:
        settings: Where Kafka and the keys are.
        request: What is computed.
        on_progress: Called after each run of records.

    Raises:
        ConfigError: the range is empty.
        BrokerUnavailableError: no broker answers, or it went away.
        ReleaseRefusedError: nothing can be shown beside what was shown before.
        ReplayError: no group has enough cases in the range.
    """
    request.time_range.reject_empty()
    model = request.model
    outcomes = OutcomeLabels(model) if model.outcome is not None and request.choice.kind == "raw" else None
    cases = Cases(model, model.attributes.index(request.attribute), request.score, request.time_range, outcomes)
    with open_sources(settings, model, request.choice, on_progress, cases.observe) as sources:
        if outcomes is not None:
            read_outcomes(settings, model, outcomes, on_progress)
        cases.collect(sources)
        topic = sources.log.topic
    label: LabelKind = "decision" if outcomes is None else "outcome"
    columns = cases.columns()
    mitigation = compute(
        columns,
        request.attribute.groups,
        label,
        request.goal,
        shown=_release(read_former(settings, model, topic, request.time_range), request, columns, label),
        has_outcomes=outcomes is not None,
        is_selective=model.outcome is not None and model.outcome.is_selective,
    )
    if not mitigation.weights:
        raise ReplayError(
            f"{topic} has no group of {request.attribute.name} with enough cases in that time range",
            action=f"Give a longer time range: a group needs {max(request.k, 1)} cases",
        )
    return MitigationResult(
        model=model.name,
        policy_hash=model.hash(),
        topic=topic,
        attribute=request.attribute.name,
        label=label,
        n=mitigation.n,
        left_out=mitigation.left_out,
        k=request.k,
        weights=mitigation.weights,
        thresholds=mitigation.thresholds,
        missing=mitigation.missing,
        notes=shipped_notes(thresholds=mitigation.thresholds is not None),
    )


def _release(former: FormerReleases, request: MitigationRequest, cases: CaseColumns, label: LabelKind) -> set[str]:
    """Return the groups that may be shown, and note them in the ledger of releases."""
    numbers = cases.groups[labeled(cases, label)]
    people = {name: int(np.count_nonzero(numbers == place)) for place, name in enumerate(labels_of(request.attribute))}
    part = "outcome known" if label == "outcome" else ""
    return release_groups(
        former, request.attribute.name, people, part, request.time_range.aligned(request.model.period_s)
    )


def check_folder(folder: Path) -> None:
    """Reject a folder that exists, before the log is read.

    Raises:
        ConfigError: it exists.
        WriteError: it cannot exist.
    """
    reject_existing(folder)


def save_mitigation(folder: Path, result: MitigationResult) -> None:
    """Write the files of a mitigation into a new folder.

    Raises:
        ConfigError: the folder exists.
        WriteError: it cannot be written.
    """
    reject_existing(folder)
    make_folder(folder)
    weights = [{"attribute": result.attribute, **msgspec.to_builtins(row)} for row in result.weights]
    write_new_file(folder / "mitigation.json", msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    write_new_file(folder / "weights.csv", csv_of(weights))
    if result.thresholds is not None:
        cuts = [{"attribute": result.attribute, **msgspec.to_builtins(row)} for row in result.thresholds.groups]
        write_new_file(folder / "thresholds.csv", csv_of(cuts))


def shipped_notes(*, thresholds: bool) -> NotePack:
    """Return the shipped notes about what was computed.

    Raises:
        ConfigError: the file was changed and cannot be read.
    """
    try:
        pack = msgspec.convert(tomllib.loads(NOTES.read_text("utf-8")), NotePack)
    except (OSError, ValueError, msgspec.ValidationError):
        raise ConfigError(f"Cannot read the notes {NOTES}", action="Install FairStream again") from None
    notes = tuple(note for note in pack.notes if thresholds or note.method == "weights")
    return msgspec.structs.replace(pack, notes=notes)
