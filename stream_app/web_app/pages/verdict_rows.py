"""Verdicts in words and numbers: one row of a table for each attribute or group."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.pipeline.disclosure.ranking import rank_of, worst_first
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosure.wording import NOT_SHOWN_YET_WORDS, exceeded_limits, state_name, state_words
from stream_app.pipeline.records.results import Bounds
from stream_app.policy import Rules
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.parts.amounts import amounts_of, difference_text
from stream_app.web_app.pages.parts.budgets import budget_text
from stream_app.web_app.pages.watched import watched_model
from stream_app.web_app.projection.models import Verdict

_SILENT_WINDOWS, _SILENT_S = 3, 60
_CLASSES = {State.OK: "ok", State.INSUFFICIENT: "insufficient", State.WARNING: "warning", State.BREACH: "breach"}
_HIDDEN = {
    "small_cell": "suppressed: fewer than {k} decisions",
    "complementary": "suppressed: would reveal a smaller group",
    "withheld": "withheld: fewer than {k} people would follow beside former releases",
    "not_shown_yet": NOT_SHOWN_YET_WORDS,
}

_decoder = msgspec.json.Decoder(DisclosedResult)


class StateText(NamedTuple):
    """A state in words, and the class that colors it."""

    words: str
    css: str


class Standing(NamedTuple):
    """What is known of a group whatever was decided: its state, its decisions, and why there is no more."""

    state: StateText
    n: str
    note: str


class GroupRow(NamedTuple):
    """One group of a result about approvals."""

    group: str
    state: StateText
    n: str
    rate: str
    ratio: str
    gap: str
    note: str


class AttributeRow(NamedTuple):
    """The verdict on one attribute; of amounts ``ratio`` is the difference of means."""

    model: str
    attribute: str
    state: StateText
    ratio: str
    group: str
    n: str
    since: str
    window: str
    end: str
    silent: str
    budget: str


def decode_body(body: bytes | memoryview) -> DisclosedResult:
    """Return the result that a row stores."""
    return _decoder.decode(bytes(body))


def attribute_row(verdict: Verdict) -> AttributeRow:
    """Return the row of the overview: the state of an attribute, and its worst group."""
    result = decode_body(verdict.body)
    rules = rules_of(result.model)
    worst = next(iter(worst_first(group for group in result.groups if group.hidden is None)), None)
    exceeded = any(exceeded_limits(group, rules) for group in result.groups if group.state is not None)
    return AttributeRow(
        model=verdict.model,
        attribute=verdict.attribute,
        state=StateText(state_name(result.state, is_beyond=exceeded), css_of(result.state, is_beyond=exceeded)),
        ratio="" if worst is None else _worst_text(worst, rules),
        group="" if worst is None else worst.group,
        n="" if result.n is None else f"{result.n:,}",
        since=utc_text(verdict.since_s),
        window=verdict.window,
        end=utc_text(verdict.end_s),
        silent=_silence(verdict),
        budget=budget_text(watched_model(verdict.model)),
    )


def group_rows(result: DisclosedResult, *, most: int | None = None) -> list[GroupRow]:
    """Return a row for each group of a result, or the worst ones of an intersection."""
    rules = rules_of(result.model)
    return [_group_row(group, result, rules) for group in groups_of(result, most)]


def groups_of(result: DisclosedResult, most: int | None) -> list[DisclosedGroup]:
    """Return the groups of a result, or this many of those that are shown and compared, the worst first."""
    if most is None:
        return list(result.groups)
    compared = [group for group in result.groups if group.evidence and group.hidden is None]
    return sorted(sorted(compared, key=lambda group: group.group), key=rank_of, reverse=True)[:most]


def standing_of(group: DisclosedGroup, result: DisclosedResult, rules: Rules | None) -> Standing:
    """Return the state of a group in words and color, its decisions, and why values are missing."""
    if group.hidden is not None:
        return Standing(StateText("", ""), "", _HIDDEN[group.hidden].format(k=result.k))
    exceeded = exceeded_limits(group, rules) if group.state is not None else ()
    state = StateText("", "")
    if group.state is not None:
        state = StateText(state_words(group.state, exceeded), css_of(group.state, is_beyond=bool(exceeded)))
    is_reference = group.group == result.reference
    note = "reference group" if is_reference else str(group.reason or "").replace("_", " ")
    return Standing(state, "" if group.n is None else f"{group.n:,}", note)


def css_of(state: State, *, is_beyond: bool) -> str:
    """Return the class that colors a state."""
    return "beyond" if is_beyond and state in (State.OK, State.INSUFFICIENT) else _CLASSES[state]


def interval_text(value: float | None, bounds: Bounds | None, *, is_percent: bool = False) -> str:
    """Return a value with its 95 % interval; empty without a value.

    >>> interval_text(0.7142, Bounds(0.61, 0.82))
    '0.714 (0.610 to 0.820)'
    >>> interval_text(0.5, Bounds(0.4, None), is_percent=True)
    '50.0% (40.0% or more)'
    """

    def number(part: float) -> str:
        return f"{part:.1%}" if is_percent else f"{part:.3f}"

    if value is None:
        return ""
    if bounds is None:
        return number(value)
    ends = (
        f"{number(bounds.lower)} or more"
        if bounds.upper is None
        else f"{number(bounds.lower)} to {number(bounds.upper)}"
    )
    return f"{number(value)} ({ends})"


def _worst_text(group: DisclosedGroup, rules: Rules | None) -> str:
    amounts = amounts_of(group)
    if amounts is not None:
        return difference_text(amounts, rules)
    return interval_text(group.disparate_impact_ratio, group.ratio_bounds)


def _group_row(group: DisclosedGroup, result: DisclosedResult, rules: Rules | None) -> GroupRow:
    standing = standing_of(group, result, rules)
    return GroupRow(
        group=group.group,
        state=standing.state,
        n=standing.n,
        rate=interval_text(group.rate, group.rate_bounds, is_percent=True),
        ratio=interval_text(group.disparate_impact_ratio, group.ratio_bounds),
        gap="" if group.gap is None else f"{100 * group.gap:+.1f} points",
        note=standing.note,
    )


def _silence(verdict: Verdict) -> str:
    """Return the time of the newest result, where it is older than a few windows."""
    silent_s = time.time() - verdict.received_s
    is_silent = silent_s > max(_SILENT_WINDOWS * verdict.size_s, _SILENT_S)
    return f"no newer result since {utc_text(verdict.received_s)}" if is_silent else ""


def rules_of(model: str) -> Rules | None:
    """Return the limits of a model of the policy."""
    policy = watched_model(model)
    return None if policy is None else policy.rules
