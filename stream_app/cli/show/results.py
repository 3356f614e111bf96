"""``fairstream results``: what the judge found, as a table or as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from stream_app.cli import app
from stream_app.cli.output import Json, Kafka, PolicyName, facts, notes, print_json, read_settings
from stream_app.cli.show.outcome_table import outcome_table
from stream_app.cli.show.result_table import result_table, window_key

if TYPE_CHECKING:
    from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
    from stream_app.pipeline.disclosure.results import DisclosedResult
    from stream_app.pipeline.records.outcome_results import OutcomeResult
    from stream_app.pipeline.records.results import Result

    AnyResult = Result | OutcomeResult
    Disclosed = DisclosedResult | DisclosedOutcomeResult


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which results are wanted; None is all. Outcomes belong to their model."""

    model: str | None
    attribute: str | None
    window: str | None

    def holds(self, result: AnyResult) -> bool:
        """Tell whether a result is wanted."""
        from stream_app.pipeline.names import model_of  # noqa: PLC0415

        wanted = (self.model, self.attribute, self.window)
        found = (model_of(result.model), result.attribute, result.window)
        return all(want in (None, have) for want, have in zip(wanted, found, strict=True))


@app.command("results")
def show_results(  # noqa: PLR0913, PLR0917 - one for each flag
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Annotated[str | None, typer.Option(help="Only this model.", show_default=False)] = None,
    attribute: Annotated[str | None, typer.Option(help="Only this attribute.", show_default=False)] = None,
    window: Annotated[str | None, typer.Option(help="Only this window: 1m, 1h, total.", show_default=False)] = None,
    last: Annotated[int, typer.Option(min=0, help="Newest windows of each size; 0 for every one.")] = 1,
    every: Annotated[bool, typer.Option("--all", help="Every record, corrected ones too.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with new results until Ctrl-C.")] = False,
    unsafe_exact: Annotated[
        bool, typer.Option("--unsafe-exact", help="Show groups of any size; for auditors, not for publication.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show rates, ratios and gaps of closed windows and of the running totals, and what came of the decisions.

    Groups of fewer than k decisions (policy: privacy.k) are hidden, and what would give them away. Bounds of a window
    hold at one look, those of the running totals at every look.

    Example: fairstream results --model loans --window 1m --last 5
    """
    from stream_app.edges.kafka.readers.live_results import open_all_results  # noqa: PLC0415
    from stream_app.pipeline.disclosure.outcomes import disclose_outcomes  # noqa: PLC0415
    from stream_app.pipeline.disclosure.results import disclose_result  # noqa: PLC0415
    from stream_app.pipeline.disclosure.totals import with_sequences  # noqa: PLC0415
    from stream_app.pipeline.names import model_of  # noqa: PLC0415
    from stream_app.pipeline.records.results import TOTAL_WINDOW, Result  # noqa: PLC0415
    from stream_app.policy import Privacy, load_policy  # noqa: PLC0415

    settings = read_settings(kafka=kafka, policy=policy)
    k_by_model = {own.name: own.privacy.k for own in load_policy(settings.policy).models}
    default_k = max([*k_by_model.values(), Privacy().k])  # of a model that this policy does not name
    selection = Selection(model=model, attribute=attribute, window=window)

    def disclose(results: Iterable[AnyResult]) -> Iterator[Disclosed]:
        for result in results:
            k = 0 if unsafe_exact else k_by_model.get(model_of(result.model), default_k)
            if not isinstance(result, Result):
                yield disclose_outcomes(result, k)
            elif result.window == TOTAL_WINDOW:
                yield with_sequences(disclose_result(result, k))
            else:
                yield disclose_result(result, k)

    with open_all_results(settings.kafka) as reader:
        found = filter(selection.holds, reader.read_to_end())
        print_results(disclose(found if every else newest_of(found, last)), as_json=as_json)
        if reader.n_unreadable:
            notes.print(f"{reader.n_unreadable} records are of another version and were left out")
        if follow:
            for result in disclose(filter(selection.holds, reader.follow())):
                print_results([result], as_json=as_json)


def newest_of(results: Iterable[AnyResult], last: int) -> list[AnyResult]:
    """Keep the last record of each key, then the newest windows.

    Args:
        results: In the order of the log.
        last: Windows to keep of each model, attribute and size; 0 keeps all.
    """
    by_key = {result.key: result for result in results}
    by_series: dict[tuple[str, str, str], list[AnyResult]] = {}
    for result in by_key.values():
        by_series.setdefault((result.model, result.attribute, result.window), []).append(result)
    return [
        result for series in by_series.values() for result in sorted(series, key=lambda own: own.end_s)[-last or None :]
    ]


def print_results(results: Iterable[Disclosed], *, as_json: bool) -> None:
    """Print results as tables, those of one window together, or as JSON lines."""
    from stream_app.pipeline.disclosure.results import DisclosedResult  # noqa: PLC0415

    if as_json:
        for result in results:
            print_json(result)
        return
    windows: dict[tuple[str, str, int, int], list[DisclosedResult]] = {}
    outcomes: dict[tuple[str, str, int, int], list[DisclosedOutcomeResult]] = {}
    for result in results:
        if isinstance(result, DisclosedResult):
            windows.setdefault(window_key(result), []).append(result)
        else:
            outcomes.setdefault(window_key(result), []).append(result)
    for shown in windows.values():
        facts.print(result_table(shown, digits=6, width=facts.width))
    for came in outcomes.values():
        facts.print(outcome_table(came))
    if not windows and not outcomes:
        notes.print("No results yet. A window shows up when it has closed.")
