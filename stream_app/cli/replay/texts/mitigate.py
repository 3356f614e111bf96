"""The result of ``fairstream mitigate`` as tables for people."""

from __future__ import annotations

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.pipeline.replay.mitigation.results import (
    FittedModel,
    GroupThreshold,
    Method,
    MitigationResult,
    Repairs,
    Thresholds,
    TradeOff,
)
from stream_app.render.mitigation.wording import bounds_text, rule_text

_LABELS = {"outcome": ("bad outcome", "good outcome"), "decision": ("unfavorable", "favorable")}
_REASONS = {
    "no_outcomes": "outcomes were not looked at: the model has none, or the source has pseudonyms (--published)",
    "selective_outcomes": "outcomes are known for approved applicants only, so the accuracy of other cuts is not known",
    "unknown_outcomes": "some outcomes are not known yet",
    "no_scores": "some decisions have no score",
    "one_kind_of_outcome": "a group has only good or only bad outcomes",
}


_MAX_CUTS = 8  # of the trade-off; all of them are in the files


def print_mitigation(result: MitigationResult) -> None:
    """Print each remedy with the notes about it, and what less disparity costs."""
    facts.print("Nothing is applied. The notes are not legal advice: ask counsel.", markup=False)
    shown: list[Method] = []

    def print_notes(*methods: Method) -> None:
        notes = [note for note in result.notes.notes if note.method in methods and note.method not in shown]
        for note in notes:
            facts.print(f"- {note.jurisdiction}: {note.text} ({'; '.join(note.sources)})", markup=False)
        if notes:
            facts.print("")
        shown.extend(methods)

    _print_weights(result)
    print_notes("weights")
    if result.thresholds is not None:
        _print_thresholds(result.thresholds)
        print_notes("thresholds")
    elif result.missing is not None:
        facts.print(f"No cuts by group: {_REASONS[result.missing]}.", markup=False)
        facts.print("")
    if result.repairs is not None:
        _print_repairs(result.repairs)
        print_notes("repair")
    if result.fitted is not None:
        _print_fitted(result.fitted)
    if result.trade_off is not None:
        _print_trade_off(result.trade_off)
        print_notes("thresholds", "repair")
    _print_left_out(result)
    facts.print(
        f"Notes written {result.notes.written} by the developers; no lawyer has reviewed these notes.", markup=False
    )


def _print_left_out(result: MitigationResult) -> None:
    if result.n_incomplete:
        few = f"a feature is missing, or fewer than {result.k} of their group lack one"
        facts.print(f"{result.n_incomplete:,} cases were left out of these: {few}.", markup=False)
    if result.left_out_of_these:
        few = f"fewer than {result.k} people would follow beside former releases"
        groups = ", ".join(result.left_out_of_these)
        facts.print(f"Left out of repair, fit and trade-off, as {few}: {groups}.", markup=False)


def _print_weights(result: MitigationResult) -> None:
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


def _print_repairs(repairs: Repairs) -> None:
    columns = (Column("feature", is_text=True, is_head=True), *(Column(n, is_number=True) for n in ("before", "after")))
    rows = [(each.feature, f"{each.before:.3f}", f"{each.after:.3f}") for each in repairs.features]
    notes = [
        "Largest difference between the distributions of two groups: 0 if equal, 1 if they do not overlap.",
        "Repaired values depend on the group of the person. They are in repairs.csv (--out).",
    ]
    print_listing(Listing(f"Features repaired by {repairs.level:.0%}", columns, [Section(rows, notes=notes)]))


def _print_fitted(fitted: FittedModel) -> None:
    columns = (Column("feature", is_text=True, is_head=True), Column("coefficient", is_number=True))
    rows = [
        (name, f"{coefficient:.4g}") for name, coefficient in zip(fitted.features, fitted.coefficients, strict=True)
    ]
    title = f"Logistic regression fitted with the weights, to {fitted.n:,} cases: every second one"
    print_listing(Listing(title, columns, [Section([*rows, ("(intercept)", f"{fitted.intercept:.4g}")])]))


def _print_trade_off(trade_off: TradeOff) -> None:
    names = ("ratio", "approved", "accuracy", "repayment")
    columns = (Column("rule", is_text=True, is_head=True), *(Column(name, is_number=True) for name in names))
    best_cuts = [value for value in trade_off.rules if value.is_best and value.rule == "cut"]
    step = -(-len(best_cuts) // _MAX_CUTS)
    others = [value for value in trade_off.rules if value.rule != "cut" and (value.is_best or value.rule == "logged")]
    shown = [*others, *best_cuts[:: step or 1]]
    rows = [
        (
            rule_text(value),
            f"{value.ratio:.3f}",
            f"{value.approved:.3f}",
            bounds_text(value.accuracy),
            bounds_text(value.repayment),
        )
        for value in sorted(shown, key=lambda value: (value.rule != "logged", value.ratio))
    ]
    best = f"Of {len(trade_off.rules)} rules, those that no other beats in both ratio and {trade_off.against}"
    best += f"; of their {len(best_cuts)} cuts for all, {_MAX_CUTS} at most." if step > 1 else "."
    notes = [best, "Ratio: lowest rate of a group / highest. Repayment: good outcomes among the approved."]
    if trade_off.missing is not None:
        notes.append(f"Without cuts by group: {_REASONS[trade_off.missing]}.")
    title = f"What less disparity costs, in {trade_off.n:,} cases"
    print_listing(Listing(title, columns, [Section(rows, notes=notes)]))


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
