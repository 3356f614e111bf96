"""``fairstream results``: the results that the judge published, as tables or as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ShownFlags
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import facts, note_skipped, notes, print_json
from stream_app.cli.show.outcome_table import outcome_table
from stream_app.cli.show.result_table import result_table, window_key
from stream_app.edges.kafka.readers.live_results import open_all_results
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.shown import disclose_any, newest_revisions, smallest_groups
from stream_app.pipeline.names import model_of
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import load_policy

AnyResult = Result | OutcomeResult
AnyDisclosed = DisclosedResult | DisclosedOutcomeResult


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which results are shown; None is all. Outcomes belong to their model."""

    model: str | None
    attribute: str | None
    window: str | None

    def includes(self, result: AnyResult) -> bool:
        """Return whether a result is selected."""
        selected = (self.model, self.attribute, self.window)
        actual = (model_of(result.model), result.attribute, result.window)
        return all(want in (None, have) for want, have in zip(selected, actual, strict=True))


@with_flags
def show_results(
    *,
    shown: ShownFlags,
    window: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show only this window: 1m, 1h, total.", show_default=False)
    ] = None,
    last: Annotated[int, typer.Option(min=0, help="Number of newest windows of each size; 0: all.")] = 1,
    every: Annotated[bool, typer.Option("--all", help="Show every record, revised ones too.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Continue with new results until Ctrl-C.")] = False,
    flags: SourceFlags,
    as_json: Json = False,
) -> None:
    """Show rates, ratios and gaps of windows, and outcomes.

    Windows are closed windows and the running totals. Groups of fewer than k decisions (policy: privacy.k) are
    suppressed, and so are the groups that would reveal them. Bounds of a window are 95% confidence intervals for a
    single look; those of the running totals are valid under continuous monitoring.

    Example: fairstream results --model loans --window 1m --last 5
    """
    settings = flags.settings()
    k_of = smallest_groups(load_policy(settings.policy))
    selection = Selection(model=shown.model, attribute=shown.attribute, window=window)

    def disclose(result: AnyResult) -> AnyDisclosed:
        return disclose_any(result, 0 if shown.unsafe_exact else k_of(result.model))

    with open_all_results(settings.connection) as reader:
        selected = filter(selection.includes, reader.read_to_end())
        print_results(map(disclose, selected if every else newest_revisions(selected, last)), as_json=as_json)
        note_skipped(reader.unreadable, reader.n_unreadable)
        if follow:
            for result in map(disclose, filter(selection.includes, reader.follow())):
                print_results([result], as_json=as_json)


def print_results(results: Iterable[AnyDisclosed], *, as_json: bool) -> None:
    """Print results as JSON lines, or as one table for each window."""
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
    for of_window in windows.values():
        facts.print(result_table(of_window, digits=6, width=facts.width))
    for of_outcomes in outcomes.values():
        facts.print(outcome_table(of_outcomes))
    if not windows and not outcomes:
        notes.print("No results. The result of a window appears when the window closes.")
