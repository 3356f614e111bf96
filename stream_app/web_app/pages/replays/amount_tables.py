"""What a comparison has found where decisions are amounts, in words: both policies side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.amounts.words import ratio_limits, shown_amount
from stream_app.pipeline.disclosure.wording import state_words
from stream_app.pipeline.records.amounts.values import Measured
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.parts.amounts import least_limit, measured_text, ratio_text
from stream_app.web_app.pages.verdict_rows import StateText, css_of

_NONE = "–"
_HIDDEN = {
    "small_cell": "suppressed",
    "complementary": "suppressed",
    "withheld": "withheld",
    "not_shown_yet": "not shown yet",
}


class AmountSide(NamedTuple):
    """A group under one policy; a dash where nothing is shown."""

    policy: str
    n: str
    mean: str
    difference: str
    ratio: str
    state: StateText


class AmountGroupRow(NamedTuple):
    """A group under both policies."""

    group: str
    sides: tuple[AmountSide, AmountSide]


class AmountTable(NamedTuple):
    """An attribute under both policies.

    Attributes:
        attribute: The attribute.
        title: It, and what its groups are compared with.
        when: The time that the values are about.
        rows: Its groups.
    """

    attribute: str
    title: str
    when: str
    rows: list[AmountGroupRow]


class WindowRow(NamedTuple):
    """A group in a window in which the verdicts differ."""

    window: str
    attribute: str
    group: str
    in_use: StateText
    draft: StateText


class ComparedAmounts(NamedTuple):
    """Amounts under both policies.

    Attributes:
        tables: A table by attribute.
        windows: The first windows in which verdicts differ.
        has_ratio: Whether one of both policies limits the ratio of means.
        limits: Limits of both policies.
        notes: How many windows differ, and what is left out.
    """

    tables: list[AmountTable]
    windows: list[WindowRow]
    has_ratio: bool
    limits: str
    notes: list[str]


def compared_amounts_of(amounts: dict[str, Any] | None) -> ComparedAmounts | None:
    """Return what is shown of the amounts of a comparison; None where decisions are not amounts."""
    if amounts is None:
        return None
    digits = least_limit(amounts["limits"])
    tables = [_table(attribute, digits) for attribute in amounts["attributes"]]
    windows = [_window_row(window) for window in amounts["windows"]]
    has_ratio = any(least is not None for least in _least_ratios(amounts))
    return ComparedAmounts(tables, windows, has_ratio, _limits(amounts), _notes(amounts, len(windows)))


def widest_text(side: dict[str, Any] | None, limits: Sequence[float | None]) -> str:
    """Return the widest difference of means of an attribute under one policy."""
    if side is None or side.get("difference") is None:
        return _NONE
    return shown_amount(side["difference"], least_limit(limits), is_signed=True)


def _table(attribute: dict[str, Any], digits: float) -> AmountTable:
    references = list(dict.fromkeys(reference or _NONE for reference in attribute["references"]))
    start, end = (utc_text(attribute[name]) for name in ("start_s", "end_s"))
    what = "totals" if attribute["window"] == TOTAL_WINDOW else f"window of {attribute['window']}"
    return AmountTable(
        attribute=attribute["attribute"],
        title=f"{attribute['attribute']}, compared with {' / '.join(references)}",
        when=f"{what}, {start} to {end}",
        rows=[
            AmountGroupRow(
                group["group"],
                (_side("in use", group["in_use"], digits), _side("draft", group["draft"], digits)),
            )
            for group in attribute["groups"]
        ],
    )


def _side(policy: str, side: dict[str, Any] | None, digits: float) -> AmountSide:
    if side is None:
        return AmountSide(policy, _NONE, _NONE, _NONE, _NONE, StateText("not judged", ""))
    if side["hidden"]:
        return AmountSide(policy, _NONE, _NONE, _NONE, _NONE, StateText(_HIDDEN[side["hidden"]], ""))
    return AmountSide(
        policy=policy,
        n=_NONE if side["n"] is None else f"{side['n']:,}",
        mean=_text(side["mean"], digits),
        difference=_text(side["difference"], digits, is_signed=True),
        ratio=ratio_text(_measured(side["ratio"])) or _NONE,
        state=_state_text(side),
    )


def _text(value: dict[str, Any] | None, digits: float, *, is_signed: bool = False) -> str:
    return measured_text(_measured(value), digits, is_signed=is_signed) or _NONE


def _measured(value: dict[str, Any] | None) -> Measured | None:
    return None if value is None else Measured(value["value"], value["lower"], value["upper"])


def _state_text(verdict: dict[str, Any]) -> StateText:
    if verdict["state"] is None:
        return StateText("", "")
    state, exceeded = State(verdict["state"]), tuple(verdict["exceeded"])
    return StateText(state_words(state, exceeded), css_of(state, is_beyond=bool(exceeded)))


def _window_row(window: dict[str, Any]) -> WindowRow:
    return WindowRow(
        window=f"{window['window']} to {utc_text(window['end_s'])}",
        attribute=window["attribute"],
        group=window["group"],
        in_use=_state_text(window["in_use"]),
        draft=_state_text(window["draft"]),
    )


def _limits(amounts: dict[str, Any]) -> str:
    in_use, draft = (_NONE if limit is None else f"±{limit:g}" for limit in amounts["limits"])
    difference = f"Difference: mean {amounts['name']} of a group less that of the reference."
    text = f"{difference} Limit {in_use} in use, {draft} with the draft."
    ratios = ["none" if least is None else ratio_limits(least) for least in _least_ratios(amounts)]
    if ratios == ["none", "none"]:
        return text
    return f"{text} Ratio: mean / mean of the reference. Limit {ratios[0]} in use, {ratios[1]} with the draft."


def _least_ratios(amounts: dict[str, Any]) -> list[float | None]:
    """Return the limits of the ratio of both policies."""
    return amounts.get("least_ratios") or [None, None]


def _notes(amounts: dict[str, Any], n_shown: int) -> list[str]:
    n_differing, n_compared = amounts["n_differing"], amounts["n_compared"]
    notes = []
    if n_differing > n_shown:
        notes.append(f"The first {n_shown} of {n_differing:,} verdicts that differ.")
    notes.append(f"{n_compared:,} windows that both policies have were compared.")
    if n_single := amounts["n_single"]:
        notes.append(f"{n_single:,} windows that only one policy has were not.")
    if n_left_out := amounts["n_left_out"]:
        notes.append(f"{n_left_out:,} more intersections are beyond a limit or differ.")
    return notes
