"""The results about amounts, for people: one listing for each window, with disclosure control applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from rich.text import Text

from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.cli.output import note_skipped, notes, print_json, print_listing
from stream_app.cli.show.other_models import OtherModels
from stream_app.cli.show.result_table import STYLES, section_title, title_of, window_key
from stream_app.connection.kafka_connection import AnyKafka
from stream_app.core.groups.comparison import State
from stream_app.edges.kafka.readers.live_results import open_amounts
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts
from stream_app.pipeline.disclosure.amounts.words import ratio_limits, shown_amount
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult, disclose_result
from stream_app.pipeline.disclosure.rules import NOT_SHOWN_YET, SMALL_CELL, WITHHELD
from stream_app.pipeline.disclosure.shown import newest_revisions
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS, exceeded_limits, state_words
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.results import CROSS
from stream_app.pipeline.selection import Selection

_COLUMNS = (
    Column("group", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("n", "mean", "difference", "95%", "median", "90% below")),
    Column("state", is_text=True, is_head=True),
)
_REASONS = {"below_min_n": "too few decisions", "not_declared": "not in policy"}
_HIDDEN = {SMALL_CELL: "fewer than k", WITHHELD: "withheld (former releases)", NOT_SHOWN_YET: NOT_SHOWN_YET_WORDS}
_LISTED = (State.WARNING, State.BREACH)  # of intersections, since there are many
_DIFFERENCE = (
    "Difference: mean of a group less that of the reference; {} for people. Intervals: for a single look. Limit: {}."
)
_SIDES = {"low": "above 0 is worse", "high": "below 0 is worse"}  # by which amounts are good
_OF_INTERSECTIONS = "Of intersections, the groups in warning or breach; all groups of one: --attribute {}"


def show_amounts(
    kafka: AnyKafka,
    selection: Selection,
    k_of: Callable[[AmountResult], int],
    *,
    last: int,
    is_every: bool,
    is_followed: bool,
    as_json: bool,
) -> None:
    """Print the results about amounts of the selected models.

    Args:
        kafka: The connection.
        selection: Models, attribute and window.
        k_of: Returns the fewest decisions about which anything may be shown.
        last: Number of newest windows of each size; 0 for all.
        is_every: Whether every record is printed, revised ones too.
        is_followed: Whether new ones are printed as they come, without end.
        as_json: Print JSON lines.
    """
    others = OtherModels(selection)

    def show(results: Iterable[AmountResult]) -> None:
        print_amounts(results, k_of, as_json=as_json, is_complete=selection.attribute is not None)

    with open_amounts(kafka) as reader:
        selected = list(filter(selection.has_result, others.note(reader.read_to_end())))
        show(selected if is_every else newest_revisions(selected, last))
        note_skipped(reader.unreadable, reader.n_unreadable)
        others.print_note()
        if is_followed:
            for result in filter(selection.has_result, reader.follow()):
                show([result])


def print_amounts(
    results: Iterable[AmountResult], k_of: Callable[[AmountResult], int], *, as_json: bool, is_complete: bool = False
) -> None:
    """Print results as JSON lines, or as one listing for each window."""
    heads: dict[str, AmountResult] = {}
    windows: dict[tuple[str, bool, int, str, int], list[DisclosedResult]] = {}
    for result in results:
        disclosed = disclose_result(result, k_of(result))
        if as_json:
            print_json(disclosed)
        heads[result.model] = result
        windows.setdefault(window_key(disclosed), []).append(disclosed)
    if as_json:
        return
    for key in sorted(windows):
        print_listing(amount_table(windows[key], heads[key[0]], is_complete=is_complete))
    if not windows:
        notes.print("No results. The result of a window appears when the window closes.")


def amount_table(results: list[DisclosedResult], head: AmountResult, *, is_complete: bool = False) -> Listing:
    """List the results of one window.

    Args:
        results: At least one, all of one model and window.
        head: A result of the model: which amounts are good, and how far means may differ.
        is_complete: Whether all groups of intersections are listed.
    """
    limit = head.max_mean_difference
    sections = [_section(result, limit, is_complete=is_complete) for result in results]
    crosses = [result.attribute for result in results if CROSS in result.attribute]
    captions = [_DIFFERENCE.format(_SIDES[head.favorable], shown_amount(limit, limit))]
    if isinstance(head.min_mean_ratio, float):
        captions.append(f"Ratio of the means: limit {ratio_limits(head.min_mean_ratio)}.")
    captions += [_OF_INTERSECTIONS.format(crosses[0])] if crosses and not is_complete else []
    return Listing(title_of(results[0]), _COLUMNS, [section for section in sections if section.rows], captions)


def _section(result: DisclosedResult, limit: float, *, is_complete: bool) -> Section:
    is_crossed = CROSS in result.attribute
    groups = [each for each in result.groups if not is_crossed or is_complete or each.state in _LISTED]
    sentences = [group.sentence for group in groups if group.sentence]
    return Section([list(_cells(group, limit)) for group in groups], section_title(result), sentences)


def _cells(group: DisclosedGroup, limit: float) -> Iterator[Cell]:
    yield group.group
    if group.hidden is not None or not isinstance(group.amounts, DisclosedAmounts):
        why = _HIDDEN.get(group.hidden or "", "hidden beside a small group")
        yield from ("", "", "", "", "", "", Text(why, style="dim"))
        return
    amounts = group.amounts
    yield f"{group.n:,}"
    yield _number(amounts.mean, limit)
    yield _number(amounts.difference, limit, is_signed=True)
    yield _interval(amounts.difference, limit)
    for quantile in amounts.quantiles:
        yield _number(quantile.value, limit)
    if group.state is None:
        yield Text(_REASONS.get(group.reason or "", group.reason or ""), style="dim")
    else:
        yield Text(state_words(group.state, exceeded_limits(group, None)), style=STYLES[group.state])


def _number(value: Measured | None, limit: float, *, is_signed: bool = False) -> str:
    return "" if value is None or value.value is None else shown_amount(value.value, limit, is_signed=is_signed)


def _interval(value: Measured | None, limit: float) -> str:
    if value is None or value.lower is None or value.upper is None:
        return ""
    return f"{shown_amount(value.lower, limit)} to {shown_amount(value.upper, limit)}"
