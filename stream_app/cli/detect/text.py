"""What ``fairstream detect`` prints for people: alarms, the size of each difference, states, and one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from stream_app.cli.output import facts
from stream_app.core.cause.sentence import describe_over_time
from stream_app.offline.detection import DetectionRun
from stream_app.offline.estimates import Ends, Estimate
from stream_app.offline.facts import ChangeFacts, FinalState, PairFacts

_STYLES = {"ok": "green", "insufficient": "yellow", "warning": "yellow", "breach": "bold white on red"}
_THOUSAND = 1_000
_DISADVANTAGED = {"low": "group", "high": "reference"}


def print_run(run: DetectionRun) -> None:
    """Print tables of alarms and pairs, then the sentence."""
    changes = [run.change(change) for change in run.changes]
    pairs = list(run.pairs())
    if changes:
        facts.print(_change_table(changes))
    facts.print(_pair_table(run, pairs))
    facts.print(_rule_table(run, pairs))
    facts.print(sentence(run, changes, pairs), markup=False)
    for pair in pairs:
        if cause := describe_over_time(pair.over_time):
            facts.print(f"{pair.group} vs. {pair.reference}: over all rows, the gap is {cause}.", markup=False)


def sentence(run: DetectionRun, changes: Sequence[ChangeFacts], pairs: Sequence[PairFacts]) -> str:
    """Return one sentence: the result, and what it does not mean."""
    promise = f"at most {_count(run.plan.false_alarms_per_million)} expected false alarms per million decisions"
    alarms = [change for change in changes if change.type == "alarm"]
    if not alarms:
        n = run.table.n_decisions(slice(None))
        return (
            f"No alarm in {run.table.n_panes:,} panes and {n:,} decisions ({promise});"
            " no alarm is not evidence of fairness; the intervals show which differences remain plausible."
        )
    first = alarms[0]
    n_more, n_open = len(alarms) - 1, sum(rule.state == "breach" for pair in pairs for rule in pair.rules)
    others = f"; {n_more} more {'alarm' if n_more == 1 else 'alarms'}" if n_more else ""
    end = f"; at the end {n_open} of {len(run.plan.detectors)} rules in breach" if n_open else _ended(changes)
    return (
        f"{first.group} vs. {first.reference}: {first.rule} is violated, to the disadvantage of the"
        f" {_DISADVANTAGED[first.direction]}; alarm in pane {first.label}, estimated onset in pane {first.onset_label}"
        f" (99% CI {first.onset_earliest_label} to {first.onset_latest_label})"
        f"{others}{end} ({promise}); an alarm does not say why."
    )


def _ended(changes: Sequence[ChangeFacts]) -> str:
    return "; recovered at the end" if any(change.type == "recovery" for change in changes) else ""


def _change_table(changes: Sequence[ChangeFacts]) -> Table:
    table = _new_table("Alarms")
    table.add_column("", no_wrap=True)
    table.add_column("group", overflow="fold")
    table.add_column("rule", no_wrap=True)
    table.add_column("disadvantaged", overflow="fold")
    for name in ("in pane", "estimated onset, 99% CI", "evidence"):
        table.add_column(name, justify="right", overflow="fold")
    for change in changes:
        table.add_row(
            change.type,
            *map(escape, (change.group, change.rule)),
            _DISADVANTAGED[change.direction],
            escape(change.label),
            escape(f"{change.onset_label}\n≥ {change.onset_earliest_label}\n≤ {change.onset_latest_label}"),
            f"1e{change.log10_evidence:.2f}",
        )
    return table


def _pair_table(run: DetectionRun, pairs: Sequence[PairFacts]) -> Table:
    table = _new_table("Size of the difference")
    table.add_column("over", overflow="fold")
    table.add_column("value of", overflow="fold")
    for name in ("n", "value", "95% CI", "95% CS"):
        table.add_column(name, justify="right", no_wrap=True)
    for pair in pairs:
        n_panes = run.table.n_panes
        compared = "all panes" if pair.n_compared == n_panes else f"{pair.n_compared:,} of {n_panes:,} panes, with both"
        for over, size in ((compared, pair.overall), ("after the alarm", pair.since_alarm)):
            if size is not None:
                for number, cells in enumerate(_size_rows(pair, size)):
                    table.add_row(over if number == 0 else "", *cells)
                table.add_section()
    table.caption = "CI: confidence interval (single look)\nCS: confidence sequence (valid under continuous monitoring)"
    table.caption_justify = "left"
    return table


def _size_rows(pair: PairFacts, size: Estimate) -> Iterator[tuple[str, ...]]:
    group, reference = escape(pair.group), escape(pair.reference)
    yield f"rate of {group}", f"{size.n_a:,}", _number(size.rate_a, ".3f"), _ends(size.rate_a_interval, ".3f"), ""
    yield f"rate of {reference}", f"{size.n_b:,}", _number(size.rate_b, ".3f"), _ends(size.rate_b_interval, ".3f"), ""
    yield "ratio", "", _number(size.ratio, ".3f"), _ends(size.ratio_interval, ".3f"), _ends(size.ratio_sequence, ".3f")
    yield "gap", "", _number(size.gap, "+.3f"), _ends(size.gap_interval, "+.3f"), _ends(size.gap_sequence, "+.3f")


def _rule_table(run: DetectionRun, pairs: Sequence[PairFacts]) -> Table:
    table = _new_table("Rules at the end")
    for name in ("group", "rule", "disadvantaged"):
        table.add_column(name, overflow="fold")
    for name in ("evidence", "maximum", "threshold"):
        table.add_column(name, justify="right")
    table.add_column("state")
    for pair in pairs:
        for number, rule in enumerate(pair.rules):
            table.add_row(escape(pair.group) if number == 0 else "", *_rule_cells(run, rule))
    return table


def _rule_cells(run: DetectionRun, rule: FinalState) -> tuple[str, ...]:
    return (
        rule.rule,
        _DISADVANTAGED[rule.direction],
        _log10(rule.log_sr),
        _log10(rule.highest_log_sr),
        _log10(run.plan.log_thresholds[rule.detector]),
        f"[{_STYLES[rule.state]}] {rule.state} [/]",
    )


def _new_table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")


def _count(value: float) -> str:
    """Write a number in plain digits, with three significant ones below 1,000.

    >>> _count(2000.0), _count(0.1)
    ('2,000', '0.1')
    """
    return f"{value:,.0f}" if value >= _THOUSAND else f"{value:.3g}"


def _number(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _ends(ends: Ends, form: str) -> str:
    lower, upper = ends
    return f"{lower:{form}} or more" if upper is None else f"{lower:{form}} to {upper:{form}}"


def _log10(log_value: float | None) -> str:
    return "" if log_value is None else f"1e{log_value / math.log(10):.2f}"
