"""``fairstream anomaly fit``: fit the reference that anomaly tags compare events with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from stream_app import __version__
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, SourceFlags, read_settings
from stream_app.cli.output import facts, print_command, print_json
from stream_app.edges.anomalies.fitting import fit_forest, import_scikit_learn
from stream_app.edges.anomalies.reference_file import Reference, write_reference
from stream_app.edges.files.json_lines import read_json_lines
from stream_app.edges.files.writing import reject_existing
from stream_app.edges.kafka.readers.newest_records import read_newest
from stream_app.edges.registry.topic_schemas import RegisteredSchemas
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.tags.anomalies import DIGITS
from stream_app.pipeline.ingest.tags.sample import choose_features, sample_numbers
from stream_app.policy import Anomalies, ModelPolicy, load_policy
from stream_app.settings import Settings

_TAGGED = 0.01  # of the sample, by the proposed threshold


class FitFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted.

    Attributes:
        model: Name of the model.
        features: What the forest sees.
        n_events: Events that it was fitted to.
        n_trees: Its trees.
        seed: Seed of its cuts.
        reference: The file that was written.
        digest: SHA-256 of the file.
        threshold: Proposed: about one in a hundred events of the sample has at least this score.
    """

    model: str
    features: tuple[str, ...]
    n_events: int
    n_trees: int
    seed: int
    reference: str
    digest: str
    threshold: float


@dataclass(frozen=True)
class ForestFlags:
    """What the forest sees, and how it is made."""

    features: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Comma-separated features. Default: those of the policy's anomalies, or all.",
            show_default=False,
        ),
    ] = None
    trees: Annotated[int, typer.Option(min=10, max=500, help="Number of trees; the cost grows with it.")] = 50
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the random cuts.")] = 1

    @property
    def names(self) -> list[str]:
        """The features that were named."""
        return [name.strip() for name in (self.features or "").split(",") if name.strip()]


@with_flags
def fit(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; it must not exist.")],
    *,
    sample: Annotated[
        str,
        typer.Option(metavar="FILE|topic", help="A file of JSON lines, or 'topic' for the newest records in Kafka."),
    ] = "topic",
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Model of the policy. Default: its only one.", show_default=False),
    ] = None,
    records: Annotated[int, typer.Option(min=100, max=200_000, help="Maximum number of records.")] = 20_000,
    forest: ForestFlags,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """Fit the reference that anomaly tags compare events with.

    Prints the section of the policy that uses the file. The file has numbers from between those of the sample: keep it
    as private as the records. Choose a sample without known attacks; what is in it is ordinary from then on.

    Needs the extra ml.

    Example: fairstream anomaly fit loans.anomalies --sample export.jsonl
    """
    reject_existing(out)
    import_scikit_learn()  # before a long read
    settings = read_settings(policy=flags.policy, kafka=flags.kafka)
    chosen = _model_of(settings, model)
    names = choose_features(chosen, forest.names)
    numbers = sample_numbers(*_records_of(chosen, sample, settings, records, names))
    fitted = fit_forest(numbers, n_trees=forest.trees, seed=forest.seed)
    reference = Reference(fitted.forest, chosen.name, names, len(numbers), forest.seed, fitted.library, __version__)
    digest = write_reference(out, reference)
    fitted_facts = FitFacts(
        model=chosen.name,
        features=names,
        n_events=len(numbers),
        n_trees=forest.trees,
        seed=forest.seed,
        reference=str(out),
        digest=digest,
        threshold=propose_threshold(fitted.forest.score(numbers)),
    )
    if as_json:
        print_json(fitted_facts)
    else:
        facts.print(
            f"Fitted {forest.trees} trees to {len(numbers)} events of {chosen.name}. Add to the policy:", markup=False
        )
        facts.print()
        for line in _section(fitted_facts):
            print_command(line)


def propose_threshold(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the score that one in a hundred events of the sample has at least, rounded.

    >>> propose_threshold(np.linspace(0.3, 0.7, 1001))
    0.696
    """
    return round(float(np.quantile(scores, 1 - _TAGGED)), DIGITS)


def _model_of(settings: Settings, name: str | None) -> ModelPolicy:
    policy = load_policy(settings.policy)
    if name is not None:
        return policy.model(name)
    if len(policy.models) > 1:
        names = ", ".join(model.name for model in policy.models)
        raise ConfigError("The policy has several models", action=f"Give --model: {names}")
    return policy.models[0]


def _records_of(
    model: ModelPolicy, sample: str, settings: Settings, n: int, names: tuple[str, ...]
) -> tuple[ModelPolicy, tuple[str, ...], list[Batch]]:
    if sample != "topic":
        plain = msgspec.structs.replace(model, format="json")
        return plain, names, [read_json_lines(Path(sample), n, now_s=time.time())]
    schemas = RegisteredSchemas(settings.registry).of(model)
    batches = read_newest(settings.connection, model.topic, n)
    return model, names, batches if schemas is None else list(map(schemas.add_to, batches))


def _section(fitted: FitFacts) -> list[str]:
    lines = [
        "[models.anomalies]",
        f"features = {msgspec.json.encode(fitted.features).decode().replace(',', ', ')}",
        f"reference = {msgspec.json.encode(str(Path(fitted.reference).absolute())).decode()}",
        f'digest = "{fitted.digest}"',
    ]
    default = next(field.default for field in msgspec.structs.fields(Anomalies) if field.name == "threshold")
    return lines + ([] if fitted.threshold == default else [f"threshold = {fitted.threshold:g}"])
