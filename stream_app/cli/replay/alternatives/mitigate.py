"""``fairstream mitigate``: weights, cuts by group, repaired features and what they cost; nothing is applied."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
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
from stream_app.pipeline.replay.mitigation.further import Wanted
from stream_app.pipeline.replay.search.rules import score_field
from stream_app.pipeline.replay.search.scores import LoggedScore, ScoreSource
from stream_app.policy import Attribute, ModelPolicy, load_policy
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.alternatives.mitigate import MitigationRequest
from stream_app.programs.replay.alternatives.mitigate import mitigate as compute
from stream_app.programs.replay.alternatives.mitigation_files import Export, check_files, save_mitigation


class TradeOffMeasure(enum.StrEnum):
    """What less disparity costs."""

    ACCURACY = "accuracy"
    REPAYMENT = "repayment"


@dataclass(frozen=True)
class RemedyFlags:
    """The remedies beside weights."""

    goal: Annotated[
        Goal | None,
        typer.Option("--goal", help="Also choose a cut for each group: one rate for all.", show_default=False),
    ] = None
    score: ScorePath = None
    repair: Annotated[
        float | None,
        typer.Option(
            "--repair",
            metavar="LEVEL",
            min=0,
            max=1,
            help="Also repair the features: 1 for the same distribution in every group, 0 for no change.",
            show_default=False,
        ),
    ] = None
    fit: Annotated[
        bool, typer.Option("--fit", help="Also fit a logistic regression to the features, with the weights.")
    ] = False
    trade_off: Annotated[
        TradeOffMeasure | None,
        typer.Option("--trade-off", help="Also show what less disparity costs in this measure.", show_default=False),
    ] = None

    def score_of(self, model: ModelPolicy) -> ScoreSource | None:
        """Return where scores come from; None where none are needed.

        Raises:
            ConfigError: The policy declares no such number.
        """
        if self.goal is None and self.trade_off is None:
            return None
        return LoggedScore(score_field(model, self.score).path)

    @property
    def wanted(self) -> Wanted:
        """What is computed beside weights and cuts."""
        return Wanted(self.repair, self.fit, None if self.trade_off is None else self.trade_off.value)


@with_flags
def mitigate(
    *,
    attribute: Annotated[
        str | None,
        typer.Option("--attribute", metavar="NAME", help="Attribute; required if the model has several."),
    ] = None,
    remedies: RemedyFlags,
    selection: ReplayRange,
    source: ReplaySource,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="New folder for the values as JSON and CSV, and the picture.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Export | None,
        typer.Option(
            "--export", help="Also write fitted model and cuts by group into --out, in this format.", show_default=False
        ),
    ] = None,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Compute remedies for a disparity, and what they cost, from the log.

    Weights are for a training set: with them, group and outcome are independent. With --goal, a cut of the score for
    each group is chosen, so that all groups have the same rate at the greatest accuracy; that needs every outcome.
    Nothing is applied. Read the notes about your jurisdiction first.

    Example: fairstream mitigate --attribute gender --trade-off accuracy --from 90d --out weights
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    request = MitigationRequest(
        model=model,
        attribute=select_attribute(model, attribute),
        goal=remedies.goal,
        score=remedies.score_of(model),
        wanted=remedies.wanted,
        time_range=select_time_range(selection.from_, selection.to, time.time()),
        choice=select_source(model, source),
        k=model.privacy.k,
    )
    check_files(out, export, has_cuts=remedies.goal is not None, is_fitted=remedies.fit)
    with progress_bar("reading", as_json=as_json) as note:
        result = compute(settings, request, note)
    append_event(settings, "replay-run", {"run": "mitigate", "model": model.name, "is_exact": False})
    if out is not None:
        save_mitigation(out, result, model.rules.min_disparate_impact_ratio, export)
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
