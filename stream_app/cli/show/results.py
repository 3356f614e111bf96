"""``fairstream results``: the results that the judge published, as tables or as JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.selection import ShownFlags
from stream_app.cli.flags.settings import Json, SourceFlags
from stream_app.cli.output import note_skipped, notes, print_json, print_listing
from stream_app.cli.show.amounts import show_amounts
from stream_app.cli.show.counts import show_counts
from stream_app.cli.show.hours import show_hours
from stream_app.cli.show.other_models import OtherModels
from stream_app.cli.show.outcome_table import outcome_table
from stream_app.cli.show.result_table import result_table, window_key
from stream_app.edges.kafka.readers.live_results import open_all_results
from stream_app.pipeline.disclosure.outcomes import DisclosedOutcomeResult
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.shown import disclose_any, newest_revisions, smallest_groups_of_records
from stream_app.pipeline.disclosure.wording import limits_by_model
from stream_app.pipeline.records.outcome_results import OutcomeResult
from stream_app.pipeline.records.results import Result
from stream_app.policy import Rules, load_policy
from stream_app.programs.audit.events import append_exact

AnyResult = Result | OutcomeResult
AnyDisclosed = DisclosedResult | DisclosedOutcomeResult


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

    Shows the closed windows and the running totals of the models of the policy. Groups of fewer than k decisions
    (policy: privacy.k) are suppressed, and so are the groups that would reveal them. Bounds of a window are 95%
    confidence intervals for a single look; those of the running totals are valid under continuous monitoring. Of a
    model of kind counts, shows what was published, and whether it has noise; of kind allocations, hours per capita;
    where the decision is an amount, means and quantiles.

    Example: fairstream results --model loans --window 1m --last 5
    """
    settings = flags.settings()
    policy = load_policy(settings.policy)
    if (counted := shown.select_counted(policy, window)) is not None:
        show_counts(settings.connection, counted, last=last, is_every=every, is_followed=follow, as_json=as_json)
        return
    if (hours := shown.select_hours(policy, window)) is not None:
        show_hours(settings.connection, hours, last=last, is_every=every, is_followed=follow, as_json=as_json)
        return
    selection, k_of = shown.select(policy, window), smallest_groups_of_records(policy)
    if shown.unsafe_exact:
        append_exact(settings, "results", shown.model)
    if (amounts := shown.select_amounts(policy, window)) is not None:
        k_of_amounts = (lambda _: 0) if shown.unsafe_exact else k_of
        show_amounts(
            settings.connection,
            amounts,
            k_of_amounts,
            last=last,
            is_every=every,
            is_followed=follow,
            as_json=as_json,
        )
        return
    limits_of = limits_by_model(policy)
    others = OtherModels(selection)

    def show(results: Iterable[AnyResult]) -> None:
        disclosed = [disclose_any(result, 0 if shown.unsafe_exact else k_of(result)) for result in results]
        print_results(disclosed, limits_of, as_json=as_json, is_complete=shown.attribute is not None)

    with open_all_results(settings.connection) as reader:
        selected = filter(selection.has_result, others.note(reader.read_to_end()))
        show(selected if every else newest_revisions(selected, last))
        note_skipped(reader.unreadable, reader.n_unreadable)
        others.print_note()
        for kind, what in (("allocations", "hours of areas"), ("amounts", "amounts")):
            if unshown := sorted(name for name in selection.models if policy.model(name).kind == kind):
                notes.print(f"Not shown: {what} of model {', '.join(unshown)}. Choose it with --model.")
        if follow:
            for result in filter(selection.has_result, reader.follow()):
                show([result])


def print_results(
    results: Iterable[AnyDisclosed],
    limits_of: Callable[[str], Rules | None] = lambda _: None,
    *,
    as_json: bool,
    is_complete: bool = False,
) -> None:
    """Print results as JSON lines, or as one listing for each window.

    Args:
        results: What is printed.
        limits_of: Returns the limits of a model, or None.
        as_json: Print JSON lines.
        is_complete: Whether all groups of intersections are listed.
    """
    if as_json:
        for result in results:
            print_json(result)
        return
    windows: dict[tuple[str, bool, int, str, int], list[AnyDisclosed]] = {}
    for result in results:
        windows.setdefault(window_key(result), []).append(result)
    for key in sorted(windows):
        decisions = [result for result in windows[key] if isinstance(result, DisclosedResult)]
        outcomes = [result for result in windows[key] if isinstance(result, DisclosedOutcomeResult)]
        rules = limits_of(key[0])
        if decisions:
            print_listing(result_table(decisions, rules, is_complete=is_complete))
        if outcomes:
            print_listing(outcome_table(outcomes, rules))
    if not windows:
        notes.print("No results. The result of a window appears when the window closes.")
