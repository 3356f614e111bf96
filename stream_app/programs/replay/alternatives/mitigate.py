"""``mitigate``: remedies and what they cost, from one pass over the log; nothing is applied."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from stream_app.core.mitigation.thresholds import Goal
from stream_app.errors import ConfigError, ReplayError
from stream_app.pipeline.replay.mitigation.cases import CaseColumns, Cases
from stream_app.pipeline.replay.mitigation.further import Further, Wanted, compute_further
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
from stream_app.programs.replay.release.cases import ReleasedCases
from stream_app.programs.replay.release.former import FormerReleases
from stream_app.programs.replay.release.tables import release_groups
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
        score: Where scores come from; None where neither cuts nor a trade-off are requested.
        wanted: What is computed beside weights and cuts.
        time_range: What is read.
        choice: The topic that is read.
        k: Groups with fewer cases are left out.
    """

    model: ModelPolicy
    attribute: Attribute
    goal: Goal | None
    score: ScoreSource | None
    wanted: Wanted
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
        ConfigError: the range is empty, or what is wanted needs features or outcomes that there are not.
        BrokerUnavailableError: no broker answers, or it went away.
        ReleaseRefusedError: nothing can be shown beside what was shown before.
        ReplayError: no group has enough cases in the range.
    """
    request.time_range.reject_empty()
    model, wanted = request.model, request.wanted
    outcomes = OutcomeLabels(model) if model.outcome is not None and request.choice.kind == "raw" else None
    _reject_impossible(model, wanted, has_outcomes=outcomes is not None)
    cases = Cases(
        model,
        model.attributes.index(request.attribute),
        request.score,
        request.time_range,
        outcomes,
        has_features=wanted.has_features,
    )
    with open_sources(settings, model, request.choice, on_progress, cases.observe) as sources:
        if outcomes is not None:
            read_outcomes(settings, model, outcomes, on_progress)
        cases.collect(sources)
        topic = sources.log.topic
    label: LabelKind = "decision" if outcomes is None else "outcome"
    columns, is_selective = cases.columns(), model.outcome is not None and model.outcome.is_selective
    former = read_former(settings, model, topic, request.time_range)
    release = ReleasedCases(
        former,
        request.attribute.name,
        "" if request.score is None else request.score.name,
        request.time_range.aligned(model.period_s),
    )
    mitigation = compute(
        columns,
        request.attribute.groups,
        label,
        request.goal,
        shown=_release(former, request, columns, label),
        has_outcomes=outcomes is not None,
        is_selective=is_selective,
        release=release,
    )
    if not mitigation.weights:
        raise ReplayError(
            f"{topic} has no group of {request.attribute.name} with enough cases in that time range",
            action=f"Give a longer time range: a group needs {max(request.k, 1)} cases",
        )
    further = Further(None, None, None, 0)
    if wanted != Wanted():
        further = compute_further(
            columns,
            request.attribute.groups,
            tuple(dict.fromkeys(weight.group for weight in mitigation.weights)),
            [feature.name for feature in model.features],
            label,
            wanted,
            is_selective=is_selective,
            release=release,
        )
    result = MitigationResult(
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
        repairs=further.repairs,
        fitted=further.fitted,
        trade_off=further.trade_off,
        n_incomplete=further.n_incomplete,
        left_out_of_these=further.left_out,
        notes=shipped_notes(),
    )
    return with_notes_of_its_methods(result)


def _reject_impossible(model: ModelPolicy, wanted: Wanted, *, has_outcomes: bool) -> None:
    if wanted.has_features and not model.features:
        raise ConfigError(
            f"The policy of {model.name} declares no features", action="Declare them, or leave out --repair and --fit"
        )
    if wanted.against is not None and not has_outcomes:
        raise ConfigError(
            "A trade-off needs outcomes: the model has none, or the source has pseudonyms (--published)",
            action="Leave out --trade-off",
        )


def _release(former: FormerReleases, request: MitigationRequest, cases: CaseColumns, label: LabelKind) -> set[str]:
    """Return the groups that may be shown, and note them in the ledger of releases."""
    numbers = cases.groups[labeled(cases, label)]
    people = {name: int(np.count_nonzero(numbers == place)) for place, name in enumerate(labels_of(request.attribute))}
    part = "outcome known" if label == "outcome" else ""
    return release_groups(
        former, request.attribute.name, people, part, request.time_range.aligned(request.model.period_s)
    )


def with_notes_of_its_methods(result: MitigationResult) -> MitigationResult:
    """Return a result with the notes about its remedies alone."""
    notes = tuple(note for note in result.notes.notes if note.method in result.methods)
    return msgspec.structs.replace(result, notes=msgspec.structs.replace(result.notes, notes=notes))


def shipped_notes() -> NotePack:
    """Return the shipped notes about all remedies.

    Raises:
        ConfigError: the file was changed and cannot be read.
    """
    try:
        return msgspec.convert(tomllib.loads(NOTES.read_text("utf-8")), NotePack)
    except (OSError, ValueError, msgspec.ValidationError):
        raise ConfigError(f"Cannot read the notes {NOTES}", action="Install FairStream again") from None
