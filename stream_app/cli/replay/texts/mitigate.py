"""The result of ``fairstream mitigate`` as tables for people."""

from __future__ import annotations

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.pipeline.replay.mitigation.results import GroupThreshold, MitigationResult, Thresholds

_LABELS = {"outcome": ("bad outcome", "good outcome"), "decision": ("unfavorable", "favorable")}
_REASONS = {
    "no_outcomes": "outcomes were not looked at: the model has none, or the source has pseudonyms (--published)",
    "selective_outcomes": "outcomes are known for approved applicants only, so the accuracy of other cuts is not known",
    "unknown_outcomes": "some outcomes are not known yet",
    "no_scores": "some decisions have no score",
    "one_kind_of_outcome": "a group has only good or only bad outcomes",
}


def print_mitigation(result: MitigationResult) -> None:
    """Print weights, cuts and notes."""
    columns = (Column("group", is_text=True, is_head=True), *(Column(n, is_number=True) for n in _LABELS[result.label]))
    groups = dict.fromkeys(weight.group for weight in result.weights)
    rows = [
        (group, *(_number(weight.weight) for weight in result.weights if weight.group == group)) for group in groups
    ]
    title = f"Weights for training: {result.attribute}, {result.n:,} cases of {result.model}"
    left_out = (
        [f"Left out, as fewer than {result.k} people would follow: {', '.join(result.left_out)}"]
        if result.left_out
        else []
    )
    print_listing(Listing(title, columns, [Section(rows, notes=left_out)]))
    if result.thresholds is not None:
        _print_thresholds(result.thresholds)
    elif result.missing is not None:
        facts.print(f"No cuts by group: {_REASONS[result.missing]}.", markup=False)
    facts.print("Nothing was applied. What to know first, not legal advice:", markup=False)
    for note in result.notes.notes:
        facts.print(f"- {note.jurisdiction}, {note.method}: {note.text} ({'; '.join(note.sources)})", markup=False)
    facts.print(f"Written {result.notes.written} by the developers; no lawyer has reviewed these notes.", markup=False)


def _print_thresholds(thresholds: Thresholds) -> None:
    columns = (Column("group", is_text=True, is_head=True), Column("favorable", is_text=True))
    rows = [(group.group, _rule(group)) for group in thresholds.groups]
    notes = [
        f"Accuracy {thresholds.accuracy:.4f}; of the logged decisions {thresholds.logged_accuracy:.4f}.",
        "These cuts decide about a person by the group.",
    ]
    title = f"Cuts by group: {thresholds.goal}, rate {thresholds.rate:.3f} in every group"
    print_listing(Listing(title, columns, [Section(rows, notes=notes)]))


def _rule(group: GroupThreshold) -> str:
    first = "nobody" if group.cut is None else f"above {group.cut:.6g}"
    second = "everybody" if group.other_cut is None else f"above {group.other_cut:.6g}"
    if not group.share:
        return second
    return f"{first} for {group.share:.4g} of the people by lot, {second} for the rest" if group.share < 1 else first


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"
