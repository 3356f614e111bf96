"""``fairstream mitigate``: weights for training and cuts by group, from the log; nothing is applied."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange, ReplaySource
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import print_json
from stream_app.cli.replay.alternatives.single import ScorePath
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model, select_source, select_time_range
from stream_app.cli.replay.texts.mitigate import print_mitigation
from stream_app.core.mitigation.thresholds import Goal
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.search.rules import score_field
from stream_app.pipeline.replay.search.scores import LoggedScore
from stream_app.policy import Attribute, ModelPolicy, load_policy
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.alternatives.mitigate import MitigationRequest, check_folder, save_mitigation
from stream_app.programs.replay.alternatives.mitigate import mitigate as compute


@with_flags
def mitigate(
    *,
    attribute: Annotated[
        str | None,
        typer.Option("--attribute", metavar="NAME", help="Attribute; required if the model has several."),
    ] = None,
    goal: Annotated[
        Goal | None,
        typer.Option("--goal", help="Also choose a cut for each group, so that this rate is equal."),
    ] = None,
    score: ScorePath = None,
    selection: ReplayRange,
    source: ReplaySource,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="New folder for the values as JSON and CSV."),
    ] = None,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Compute weights for training, and cuts by group, from the log.

    Weights are for a training set: with them, group and outcome are independent. With --goal, a cut of the score for
    each group is chosen, so that all groups have the same rate at the greatest accuracy; that needs every outcome.
    Nothing is applied. Read the notes about your jurisdiction first.

    Example: fairstream mitigate --attribute gender --from 90d --out weights
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    request = MitigationRequest(
        model=model,
        attribute=select_attribute(model, attribute),
        goal=goal,
        score=None if goal is None else LoggedScore(score_field(model, score).path),
        time_range=select_time_range(selection.from_, selection.to, time.time()),
        choice=select_source(model, source),
        k=model.privacy.k,
    )
    if out is not None:
        check_folder(out)
    with progress_bar("reading", as_json=as_json) as note:
        result = compute(settings, request, note)
    append_event(settings, "replay-run", {"run": "mitigate", "model": model.name, "is_exact": False})
    if out is not None:
        save_mitigation(out, result)
    if as_json:
        print_json(result)
    else:
        print_mitigation(result)


def select_attribute(model: ModelPolicy, name: str | None) -> Attribute:
    """Return the attribute of a name; without a name the only one.

    Raises:
        ConfigError: There are several, or none of that name.
    """
    attributes = [attribute for attribute in model.attributes if name in (None, attribute.name)]
    if len(attributes) != 1:
        known = ", ".join(attribute.name for attribute in model.attributes) or "none"
        raise ConfigError(f"{len(attributes)} attributes are selected", action=f"Choose with --attribute: {known}")
    return attributes[0]
