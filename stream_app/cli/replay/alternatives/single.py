"""The decisions of a single alternative instead of the logged ones: ``fairstream replay run --alternative``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from stream_app.edges.scoring.model_file import open_model
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.scenarios.released_tables import range_ends
from stream_app.pipeline.replay.search.decided_cuts import DecidedCounts, DecidedCut
from stream_app.pipeline.replay.search.deciding import DecidingRule
from stream_app.pipeline.replay.search.released_cuts import EVERY_SEGMENT, segments_of
from stream_app.pipeline.replay.search.rules import AlternativeRule, parse_rule, score_field
from stream_app.pipeline.replay.search.scores import LoggedScore, ScoreSource
from stream_app.pipeline.replay.sources import Observe
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

ScorePath = Annotated[
    str | None,
    typer.Option(
        "--score",
        metavar="PATH",
        help="Number to decide by: the score or a feature of the policy.",
        show_default="the score of the policy",
    ),
]


class DecidedBy(NamedTuple):
    """A rule with the source of its scores.

    Attributes:
        rule: The rule.
        source: Where scores come from.
        segments: All segments of the policy.
        counts: Whom the rule made favorable, where segments have cuts of their own.
    """

    rule: AlternativeRule
    source: ScoreSource
    segments: tuple[str, ...]
    counts: DecidedCounts | None

    @property
    def name(self) -> str:
        """What people call the scenario."""
        return f"{self.source.name} from {self.rule.text}"

    @property
    def described(self) -> dict[str, str]:
        """What differs from the policy, for the manifest."""
        return {"score": self.source.name, "alternative": self.rule.text}

    def cut_of(self, time_range: TimeRange) -> DecidedCut:
        """Return the cuts, to be compared with other cuts of the same decisions."""
        cuts = self.rule.by_segment if self.rule.cut is None else {EVERY_SEGMENT: self.rule.cut}
        ends = range_ends(time_range.from_s, time_range.to_s)
        return DecidedCut(self.source.name, cuts, *ends, self.segments, self.counts)

    def observing(self, model: ModelPolicy, observe: Observe | None) -> Observe:
        """Return what decides events before they are counted, and before they are observed."""
        return DecidingRule(model, self.rule, self.source, observe, self.counts).observe


@dataclass(frozen=True)
class AlternativeRun:
    """The rule of the decisions that are judged."""

    alternative: Annotated[
        str | None,
        typer.Option(
            "--alternative",
            metavar="RULE",
            help="Decide by a score: a cut, such as 0.55, or cuts by segment: north=0.5,south=0.6.",
            show_default="the logged decisions",
        ),
    ] = None
    score: ScorePath = None
    scored_by: Annotated[
        Path | None,
        typer.Option(
            "--scored-by",
            metavar="FILE",
            help="Model that scores the features, .onnx or .skops; instead of --score.",
            show_default=False,
        ),
    ] = None

    def rule_of(self, model: ModelPolicy) -> DecidedBy | None:
        """Return the rule; None for the logged decisions.

        Raises:
            ConfigError: The rule is invalid, or the policy declares no such number.
        """
        if self.alternative is None:
            if self.score is not None or self.scored_by is not None:
                raise ConfigError(
                    "A score is given without --alternative", action="Give --alternative RULE, or leave the score out"
                )
            return None
        if model.kind == "amounts":
            raise ConfigError(
                f"--alternative: the decision of {model.name} is an amount, and a cut decides yes or no",
                action="Leave --alternative out, or compare other limits: fairstream replay compare",
            )
        if self.score is not None and self.scored_by is not None:
            raise ConfigError("--score and --scored-by are given", action="Give one of them")
        rule = parse_rule(self.alternative, model)
        counts = DecidedCounts(model) if rule.by_segment else None
        if self.scored_by is not None:
            return DecidedBy(rule, open_model(self.scored_by, model), segments_of(model), counts)
        return DecidedBy(rule, LoggedScore(score_field(model, self.score).path), segments_of(model), counts)
