"""Replays in words; only those of models of the policy are shown, any other is not found by any user."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import Http404

from stream_app.pipeline.disclosure.wording import withheld_words
from stream_app.web_app.cases.models import Case
from stream_app.web_app.pages.cases.visible import name_of
from stream_app.web_app.pages.page import utc_text
from stream_app.web_app.pages.replays.amount_tables import ComparedAmounts, compared_amounts_of, widest_text
from stream_app.web_app.pages.watched import only_visible, watched_model
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.replays.models import UNFINISHED, Kind, Replay, ReplayStatus
from stream_app.web_app.replays.trail import result_words

_CSS = {
    ReplayStatus.QUEUED: "insufficient",
    ReplayStatus.RUNNING: "warning",
    ReplayStatus.DONE: "ok",
    ReplayStatus.FAILED: "breach",
    ReplayStatus.CANCELED: "insufficient",
    ReplayStatus.INTERRUPTED: "breach",
}
_NONE = "–"
_MOST_OF_ONE = 20


class ReplayRow(NamedTuple):
    """A replay in words.

    Attributes:
        number: Its number.
        what: What it computes.
        model: Name of the model.
        period: The period, event time.
        status: How far it is.
        css: The class that colors it.
        progress: How many records were read.
        percent: The same in percent; None where it is not known.
        who: Who started it.
        requested: When.
        ended: When it ended; empty before.
        result: What was found, in a few words; empty without.
        fault: Why it failed.
        lines: What a verification says.
        table: What a comparison says, by attribute.
        value: What the values of the table are.
        amounts: What it says of each group where decisions are amounts; None where they are not.
        changes: The alerts that differ.
        n_more: How many more do.
        facts: Numbers of records, digests.
        is_unfinished: Whether it waits or runs.
        draft: The draft that is compared.
        case: The case that it belongs to.
    """

    number: int
    what: str
    model: str
    period: str
    status: str
    css: str
    progress: str
    percent: int | None
    who: str
    requested: str
    ended: str
    result: str
    fault: str
    lines: list[str]
    table: list[AttributeRow]
    value: str
    amounts: ComparedAmounts | None
    changes: list[str]
    n_more: int
    facts: list[str]
    is_unfinished: bool
    draft: PolicyDraft | None
    case: Case | None


class AttributeRow(NamedTuple):
    """One attribute under the policy in use and under the draft; its value is a ratio or a difference of means."""

    attribute: str
    n_in_use: str
    n_draft: str
    times_in_use: str
    times_draft: str
    value_in_use: str
    value_draft: str
    differs: bool


def visible_replays() -> QuerySet[Replay]:
    """Return the replays of models of the policy, the newest first."""
    return only_visible(Replay.objects.select_related("user", "draft", "case")).order_by("-id")


def visible_replay(replay_id: int) -> Replay:
    """Return a replay.

    Raises:
        Http404: there is none with this number, or it is about a model of another policy.
    """
    replay = visible_replays().filter(pk=replay_id).first()
    if replay is None or watched_model(replay.model) is None:
        raise Http404
    return replay


def rows_of(replays: Iterable[Replay]) -> list[ReplayRow]:
    """Return replays in words."""
    return [row_of(replay) for replay in replays if watched_model(replay.model) is not None]


def rows_about(**what: Case | PolicyDraft) -> list[ReplayRow]:
    """Return the newest replays of a case or of a draft in words."""
    return rows_of(visible_replays().filter(**what)[:_MOST_OF_ONE])


def row_of(replay: Replay) -> ReplayRow:
    """Return a replay in words."""
    answer: dict[str, Any] = replay.answer or {}
    amounts = answer.get("amounts")
    changes = [_change(change) for change in answer.get("changes", ())]
    return ReplayRow(
        number=replay.pk,
        what="Verification" if replay.kind == Kind.VERIFY else "Comparison",
        model=replay.model,
        period=f"{utc_text(replay.from_s)} to {utc_text(replay.to_s)}",
        status=replay.status,
        css="breach" if answer.get("is_equal") is False else _CSS[ReplayStatus(replay.status)],
        progress=f"{replay.n_done:,} of {replay.n_total:,} records" if replay.n_total else "",
        percent=min(100, 100 * replay.n_done // replay.n_total) if replay.n_total else None,
        who=name_of(replay.user) or f"program {replay.token}",
        requested=utc_text(replay.requested_s),
        ended="" if replay.ended_s is None else utc_text(replay.ended_s),
        result=result_words(replay) if answer else "",
        fault=replay.fault,
        lines=answer.get("lines", []),
        table=[_attribute_row(row, amounts) for row in answer.get("rows", ())],
        value="Lowest ratio" if amounts is None else "Widest difference",
        amounts=compared_amounts_of(amounts),
        changes=changes,
        n_more=answer.get("n_changed", 0) - len(changes),
        facts=_facts(answer),
        is_unfinished=replay.status in UNFINISHED,
        draft=replay.draft,
        case=replay.case,
    )


def _attribute_row(row: dict[str, Any], amounts: dict[str, Any] | None) -> AttributeRow:
    in_use, draft = row["in_use"], row["draft"]

    def value(side: dict[str, Any] | None) -> str:
        return _ratio(side) if amounts is None else widest_text(side, amounts["limits"])

    return AttributeRow(
        attribute=row["attribute"],
        n_in_use=_number(in_use),
        n_draft=_number(draft),
        times_in_use=_times(in_use),
        times_draft=_times(draft),
        value_in_use=value(in_use),
        value_draft=value(draft),
        differs=in_use != draft,
    )


def _number(side: dict[str, Any] | None) -> str:
    return _NONE if side is None else f"{side['n']:,}"


def _ratio(side: dict[str, Any] | None) -> str:
    return _NONE if side is None or side["ratio"] is None else f"{side['ratio']:.3f}"


def _times(side: dict[str, Any] | None) -> str:
    if side is None or side["first_s"] is None:
        return _NONE
    first, last = side["first_s"], side["last_s"]
    return utc_text(first) if first == last else f"{utc_text(first)} / {utc_text(last)}"


def _change(change: dict[str, Any]) -> str:
    times = [_NONE if time_s is None else utc_text(time_s) for time_s in (change["original_s"], change["scenario_s"])]
    test = change["test"].removesuffix("_low").removesuffix("_high").replace("_", " ")
    when = {"gained": times[1], "lost": times[0]}.get(change["kind"], f"from {times[0]} to {times[1]}")
    return f"{change['kind']}: {change['attribute']}, {change['group']} ({test}), {when}"


def _facts(answer: dict[str, Any]) -> list[str]:
    facts = [f"{answer['n_records']:,} records read"] if "n_records" in answer else []
    if "n_counted" in answer:
        facts.append(f"{answer['n_counted']:,} events counted")
    if n_withheld := answer.get("n_withheld", 0):
        facts.append(f"{n_withheld:,} groups of windows and totals {withheld_words(answer['k'])}")
    hashes = zip(("in use", "draft"), answer.get("policy_hashes", ()), answer.get("digests", ()), strict=False)
    return facts + [f"{name}: policy {policy}, results SHA-256 {digest[:16]}" for name, policy, digest in hashes]
