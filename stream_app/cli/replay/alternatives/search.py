"""``fairstream replay search``: alternatives to the logged decisions, counted in one pass over the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.exits import Exit
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ReplayRange, ReplaySource, UnsafeExact
from stream_app.cli.flags.settings import CommonFlags, Json
from stream_app.cli.output import facts, print_json
from stream_app.cli.replay.alternatives.single import ScorePath
from stream_app.cli.replay.progress import progress_bar
from stream_app.cli.replay.selection import select_model, select_source, select_time_range
from stream_app.cli.replay.texts.search import print_result
from stream_app.edges.scoring.model_file import open_model
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.search.request import Claims, list_pairs
from stream_app.pipeline.replay.search.rules import parse_cuts, score_field
from stream_app.pipeline.replay.search.scores import LoggedScore, ScoreSource
from stream_app.policy import ModelPolicy, load_policy
from stream_app.programs.audit.events import append_event
from stream_app.programs.replay.alternatives.search import SearchRequest, search
from stream_app.programs.replay.alternatives.search_files import check_folder, save_result


@dataclass(frozen=True)
class AlternativeFlags:
    """The alternatives."""

    cuts: Annotated[
        str,
        typer.Option(
            "--cuts", metavar="FIRST:LAST:STEP", help="Cuts from which decisions are favorable, or a list: 0.5,0.55."
        ),
    ]
    score: ScorePath = None
    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--models",
            metavar="FILE",
            help="Model that scores the features of the policy, .onnx or .skops; repeatable.",
            show_default=False,
        ),
    ] = None
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="segment", help="Vary the cuts by segment of the policy, too.", show_default=False
        ),
    ] = None

    def sources(self, model: ModelPolicy) -> list[ScoreSource]:
        """Return where scores come from: the log, unless only models are named, and then each model.

        Raises:
            ConfigError: The policy declares no such number, a model cannot be opened, or two have one name.
            DependencyMissingError: What runs a model is not installed.
        """
        models = [open_model(path, model) for path in self.models or []]
        if len({source.name for source in models}) < len(models):
            raise ConfigError("Two models have one name", action="Rename one of the files")
        if models and self.score is None and model.score is None:
            return [*models]
        return [LoggedScore(score_field(model, self.score).path), *models]

    def is_by_segment(self, model: ModelPolicy) -> bool:
        """Return whether segments have cuts of their own.

        Raises:
            ConfigError: They would vary by something else: a protected attribute, or nothing that is declared.
        """
        if self.by is None:
            return False
        if model.segment is not None and self.by in ("segment", model.segment.name):
            return True
        if any(self.by in (attribute.name, attribute.path) for attribute in model.attributes):
            raise ConfigError(
                f"--by {self.by}: cuts by a protected attribute treat people differently because of it",
                action="Give --by segment, or leave it out",
            )
        raise ConfigError(f"--by {self.by}: the policy of {model.name} has no such segment", action="Leave it out")


@dataclass(frozen=True)
class ClaimFlags:
    """What has to be shown about an alternative."""

    attribute: Annotated[
        str | None,
        typer.Option("--attribute", metavar="NAME", help="Only pairs of this attribute.", show_default=False),
    ] = None
    group: Annotated[
        str | None, typer.Option("--group", metavar="GROUP", help="Only this group.", show_default=False)
    ] = None
    margin: Annotated[
        float,
        typer.Option("--margin", min=1e-6, max=0.5, help="Approval rate and good outcomes may fall by less than this."),
    ] = 0.01
    false_discovery_rate: Annotated[
        float,
        typer.Option(
            "--false-discovery-rate", min=1e-6, max=0.5, help="Permitted share of false ones among those found."
        ),
    ] = 0.05


@with_flags
def search_alternatives(
    *,
    alternatives: AlternativeFlags,
    claims: ClaimFlags,
    selection: ReplayRange,
    source: ReplaySource,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="New folder for a report, a picture and all values as JSON and CSV.",
            show_default=False,
        ),
    ] = None,
    unsafe_exact: UnsafeExact = False,
    flags: CommonFlags,
    as_json: Json = False,
) -> None:
    """Search for decision rules with less disparity and no worse outcomes.

    Every cut of a score is an alternative to the logged decisions. All of them are counted in one pass over the log.
    An alternative is found if there is enough evidence that its ratio is closer to 1 and that approval rate and share
    of good outcomes fall by less than --margin. Nothing is applied.

    Ends with 0 if an alternative is found, with 1 if none is.

    Example: fairstream replay search --cuts 0.40:0.70:0.01 --by segment --from 30d
    """
    settings = flags.settings()
    model = select_model(load_policy(settings.policy), selection.model)
    now_s = time.time()
    request = SearchRequest(
        model=model,
        scores=alternatives.sources(model),
        cuts=parse_cuts(alternatives.cuts),
        by_segment=alternatives.is_by_segment(model),
        pairs=list_pairs(model, claims.attribute, claims.group),
        claims=Claims(claims.margin, claims.false_discovery_rate),
        time_range=select_time_range(selection.from_, selection.to, now_s),
        choice=select_source(model, source),
        k=0 if unsafe_exact else model.privacy.k,
    )
    if out is not None:
        check_folder(out)
    with progress_bar("searching", as_json=as_json) as note:
        result = search(settings, request, note)
    append_event(settings, "replay-run", {"run": "search", "model": model.name, "is_exact": unsafe_exact})
    if out is not None:
        save_result(out, result, model.rules.min_disparate_impact_ratio, now_s)
    if as_json:
        print_json(result)
    else:
        print_result(result)
        if out is not None:
            facts.print(f"{out}/report.html", markup=False)
    if not result.found:
        raise typer.Exit(Exit.FAILED)
