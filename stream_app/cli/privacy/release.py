"""``fairstream privacy release`` and ``budget``: counts of tracks of one day, and what they have cost."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json, PolicyName, StateDir, read_settings
from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, notes, print_json, print_listing
from stream_app.core.noise.budget import Charge
from stream_app.core.noise.pooling import PooledCell, Rung
from stream_app.core.noise.release import Release, ReleaseQuestion, digest_of, noise_key, release_day
from stream_app.core.noise.track_counts import DAY_S, count_tracks
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.edges.files.key_file import key_file_path, load_keys
from stream_app.edges.releases.budget_file import BudgetFile
from stream_app.edges.releases.track_file import read_tracks
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy, load_policy
from stream_app.programs.audit.events import append_event

_QUARTER_S, _HOUR_S = 900, 3600
_LEAST_K = 5
_FRACTION = re.compile(r"[1-9]\d{0,8}(?:/[1-9]\d{0,8})?|0?\.\d{1,8}|\d{1,8}\.\d{1,8}")


class ReleaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Summary of a release.

    Attributes:
        day: Day of event time (UTC).
        noise: ``none`` for exact counts, ``discrete Laplace`` for counts with noise.
        epsilon: Privacy loss for one track; None for exact counts.
        scale: Scale of the noise of each cell: its standard deviation is about 1.4 times as much. None without noise.
        k: Fewest tracks that are shown; of counts with noise, after the noise.
        most_cells: Cells of the day in which one track counts.
        n_hidden: Cells of a quarter of an hour that stay hidden.
        n_bounded: Cells of tracks that were left out by the bound; None with noise, as it is an exact number.
        budget_left: What is left of the budget of the day; None without noise.
    """

    day: str
    noise: str
    epsilon: str | None
    scale: str | None
    k: int
    most_cells: int
    n_hidden: int
    n_bounded: int | None
    budget_left: str | None


@dataclass(frozen=True)
class ReleaseFlags:
    """What is released about a day."""

    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="Day of event time to release (UTC).")]
    epsilon: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Add noise: privacy loss, such as 1/2.", show_default=False),
    ] = None
    budget: Annotated[str, typer.Option(metavar="NUMBER", help="Most epsilon that a day may cost.")] = "1"
    k: Annotated[int, typer.Option("--k", min=_LEAST_K, max=1_000_000, help="Fewest tracks that are shown.")] = 10
    most_cells: Annotated[
        int, typer.Option("--most-cells", min=1, max=1000, help="Cells of the day in which a track counts.")
    ] = 4
    pooled: Annotated[
        str, typer.Option(metavar="ATTRIBUTE", help="Attribute that the last step of the ladder adds up.")
    ] = "zone"

    def question(self, model: ModelPolicy) -> ReleaseQuestion:
        """Return the question about a model.

        Raises:
            ConfigError: a flag is invalid.
        """
        groups = tuple(attribute.groups for attribute in model.attributes)
        epsilon = None if self.epsilon is None else _fraction(self.epsilon, "--epsilon")
        ladder = _ladder(model, self.pooled)
        return ReleaseQuestion(model.name, _start_of(self.day), groups, ladder, self.k, self.most_cells, epsilon)


@with_flags
def release(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="Records of tracks as JSON lines.")],
    asked: ReleaseFlags,
    records: Annotated[int, typer.Option(min=1, max=10_000_000, help="Maximum number of lines to read.")] = 1_000_000,
    policy: PolicyName = None,
    state_dir: StateDir = None,
    as_json: Json = False,
) -> None:
    """Release the counts of a day, exactly or with noise.

    Counts distinct tracks by quarter of an hour and by the attributes of the policy. What has fewer than k is added up
    to the hour, to the day, and over the zones; the rest stays hidden. With --epsilon every count gets exact discrete
    Laplace noise, the day pays from its budget, and asking again gives the same numbers. Exact counts of a day are
    released once and beside no others.

    Example: fairstream privacy release tracks.jsonl --day 2026-03-01 --policy camera --epsilon 1/2
    """
    settings = read_settings(policy=policy, state_dir=state_dir)
    model = _counted_model(settings.policy)
    question, limit = asked.question(model), _fraction(asked.budget, "--budget")
    key = _release_key(Path(settings.state_dir), question.start_s)
    sample = read_tracks(source, model, question.start_s, records)
    if not sample.visits and question.epsilon is None:  # with noise, an error would say exactly that nobody was there
        raise ConfigError(
            f"{str(source)!r} has no track of {asked.day}: {sample.n_other_days:,} records of other days, "
            f"{sample.n_invalid:,} without a track, a time or a label of the policy",
            action="Check the file, --day and --policy; nothing was released",
        )
    counts = count_tracks(sample.visits, window_s=_QUARTER_S, most_cells=question.most_cells)
    charge = Charge(model.name, asked.day, digest_of(question, counts.n_by_cell, key), question.epsilon)
    ledger = BudgetFile(Path(settings.state_dir))
    if (published := _published(model, asked.day)) is not None:
        ledger.pay(published, limit)
    left = ledger.pay(charge, limit)
    released = release_day(question, counts.n_by_cell, key)
    has_noise = question.epsilon is not None
    facts_of_release = {"day": asked.day, "noise": "discrete Laplace" if has_noise else "none", "k": question.k}
    facts_of_release |= {"epsilon": str(question.epsilon)} if has_noise else {}
    append_event(settings, "counts-released", {"model": model.name, **facts_of_release, "release": charge.release})
    summary = ReleaseFacts(
        day=asked.day,
        noise="discrete Laplace" if has_noise else "none",
        epsilon=str(question.epsilon) if has_noise else None,
        scale=str(question.scale) if has_noise else None,
        k=question.k,
        most_cells=question.most_cells,
        n_hidden=released.n_hidden,
        n_bounded=None if has_noise else counts.n_bounded,
        budget_left=str(left) if has_noise else None,
    )
    _print(model, released, summary, as_json=as_json)
    if sample.n_invalid or sample.n_other_days:
        notes.print(
            f"Left out: {sample.n_other_days:,} records of other days, {sample.n_invalid:,} without a track, "
            "a time or a label of the policy. These numbers are exact: do not publish them.",
            markup=False,
        )


def budget(state_dir: StateDir = None, as_json: Json = False) -> None:
    """List what releases have cost.

    Each line is one release that was paid for; the same release costs once.

    Example: fairstream privacy budget
    """
    settings = read_settings(state_dir=state_dir)
    for charge in BudgetFile(Path(settings.state_dir)).charges():
        if as_json:
            epsilon = None if charge.epsilon is None else str(charge.epsilon)
            print_json({"dataset": charge.dataset, "day": charge.day, "epsilon": epsilon})
        else:
            cost = "exact counts" if charge.epsilon is None else f"epsilon {charge.epsilon}"
            facts.print(f"{charge.day}  {charge.dataset}  {cost}", markup=False)


def _published(model: ModelPolicy, day: str) -> Charge | None:
    """Return what workers that follow the policy publish about a day, where that has noise."""
    noise = None if model.publication is None else model.publication.noise
    if noise is None:
        return None
    return Charge(model.name, day, f"published|{model.hash()}", Fraction(noise.epsilon))


def _counted_model(source: str) -> ModelPolicy:
    models = [model for model in load_policy(source).models if model.kind == "counts"]
    if len(models) != 1:
        raise ConfigError(
            f"Expected a policy with one model of kind counts, and {source!r} has {len(models)}",
            action="Give one, such as: --policy camera",
        )
    return models[0]


def _ladder(model: ModelPolicy, pooled: str) -> tuple[Rung, ...]:
    names = [attribute.name for attribute in model.attributes]
    if pooled not in names:
        raise ConfigError(f"--pooled: no attribute {pooled!r}", action=f"Attributes: {', '.join(names)}")
    last = Rung(DAY_S, frozenset((names.index(pooled),)))
    return (Rung(_QUARTER_S), Rung(_HOUR_S), Rung(DAY_S), last)


def _start_of(day: str) -> int:
    try:
        return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise ConfigError("--day: expected a date such as 2026-03-01") from None


def _fraction(text: str, flag: str) -> Fraction:
    if not _FRACTION.fullmatch(text) or not Fraction(text):
        raise ConfigError(f"{flag}: expected a number greater than 0, such as 1/2 or 0.5")
    return Fraction(text)


def _release_key(state_dir: Path, day_s: int) -> bytes:
    """Return the secret of the noise and of the digests of a day, from the pseudonym key of its beginning."""
    keys: list[RootKey] = sorted(load_keys(key_file_path(state_dir)), key=lambda key: key.valid_from_s)
    key = next((key for key in reversed(keys) if key.valid_from_s <= day_s), keys[0])
    return noise_key(key.secret)


def _print(model: ModelPolicy, released: Release, summary: ReleaseFacts, *, as_json: bool) -> None:
    names = [attribute.name for attribute in model.attributes]
    if as_json:
        for cell in released.cells:
            labels = dict(zip(names, cell.labels, strict=True))
            print_json({"start_s": cell.start_s, "window_s": cell.window_s, "labels": labels, "n": cell.n})
        print_json(summary)
        return
    columns = (Column("start", is_head=True), Column("window"), *map(Column, names), Column("tracks", is_number=True))
    title = f"{model.name}, {summary.day}: " + (
        "exact counts, no noise" if summary.epsilon is None else f"counts with noise, epsilon {summary.epsilon}"
    )
    if released.cells:
        print_listing(Listing(title, columns, [Section([_row(cell) for cell in released.cells])]))
    else:
        facts.print(title, markup=False)
    facts.print(f"{summary.n_hidden:,} cells have fewer than {summary.k} tracks together and are hidden.", markup=False)
    if summary.budget_left is not None:
        facts.print(
            f"Scale of the noise: {summary.scale}. Left of the budget of this day: {summary.budget_left}; it is never "
            "renewed, each later day has its own.",
            markup=False,
        )


def _row(cell: PooledCell) -> tuple[str, ...]:
    start = datetime.fromtimestamp(cell.start_s, UTC).strftime("%H:%M")
    window = {_QUARTER_S: "15 min", _HOUR_S: "rest of hour", DAY_S: "rest of day"}[cell.window_s]
    return start, window, *cell.labels, f"{cell.n:,}"
