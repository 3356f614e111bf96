"""What ``fairstream detect`` prints for people: alarms, the size of each difference, states, and one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from rich.text import Text

from stream_app.cli.layout.listing import Cell, Column, Listing, Section
from stream_app.cli.output import facts, print_listing
from stream_app.core.cause.sentence import describe_over_time
from stream_app.core.detection.rules import RuleKind
from stream_app.core.groups.comparison import State
from stream_app.offline.detection import DetectionRun
from stream_app.offline.estimates import Ends, Estimate
from stream_app.offline.facts import ChangeFacts, FinalState, PairFacts
from stream_app.offline.plan import Detector, Direction
from stream_app.pipeline.disclosure.wording import state_name

_STYLES = {"ok": "green", "insufficient": "yellow", "warning": "yellow", "breach": "bold white on red"}
_THOUSAND = 1_000
_DISADVANTAGED = {"low": "group", "high": "reference"}
_CHANGE_COLUMNS = (
    Column("change", is_head=True),
    Column("group", is_text=True, is_head=True),
    Column("rule", is_head=True),
    Column("disadvantaged"),
    Column("in pane", is_text=True),
    Column("estimated onset", is_text=True),
    Column("its 99% CI", is_text=True),
    Column("evidence", is_number=True),
)
_SIZE_COLUMNS = (
    Column("value", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("n", "estimate", "95% CI", "95% CS")),
)
_INTERVALS = (
    "CI: confidence interval (single look)",
    "CS: confidence sequence (valid under continuous monitoring)",
)
_RULE_COLUMNS = (
    Column("rule", is_head=True),
    Column("disadvantaged"),
    *(Column(name, is_number=True) for name in ("evidence", "maximum", "threshold")),
    Column("state", is_text=True, is_head=True),
)


def print_run(run: DetectionRun) -> None:
    """Print listings of alarms and pairs, then the sentence."""
    changes = [run.change(change) for change in run.changes]
    pairs = list(run.pairs())
    if changes:
        print_listing(_change_table(changes))
    print_listing(_pair_table(run, pairs))
    print_listing(_rule_table(run, pairs))
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


def _change_table(changes: Sequence[ChangeFacts]) -> Listing:
    rows = [
        (
            change.type,
            change.group,
            change.rule,
            _DISADVANTAGED[change.direction],
            change.label,
            change.onset_label,
            f"{change.onset_earliest_label} to {change.onset_latest_label}",
            f"1e{change.log10_evidence:.2f}",
        )
        for change in changes
    ]
    return Listing("Alarms", _CHANGE_COLUMNS, [Section(rows)])


def _pair_table(run: DetectionRun, pairs: Sequence[PairFacts]) -> Listing:
    sections = []
    for pair in pairs:
        n_panes = run.table.n_panes
        compared = "all panes" if pair.n_compared == n_panes else f"{pair.n_compared:,} of {n_panes:,} panes, with both"
        for over, size in ((compared, pair.overall), ("after the alarm", pair.since_alarm)):
            if size is not None:
                title = f"{pair.group} vs. {pair.reference}, {over}"
                sections.append(Section(list(_size_rows(pair, size)), title))
    return Listing("Size of the difference", _SIZE_COLUMNS, sections, _INTERVALS)


def _size_rows(pair: PairFacts, size: Estimate) -> Iterator[tuple[str, ...]]:
    group, reference = pair.group, pair.reference
    yield f"rate of {group}", f"{size.n_a:,}", _number(size.rate_a, ".3f"), _ends(size.rate_a_interval, ".3f"), ""
    yield f"rate of {reference}", f"{size.n_b:,}", _number(size.rate_b, ".3f"), _ends(size.rate_b_interval, ".3f"), ""
    yield "ratio", "", _number(size.ratio, ".3f"), _ends(size.ratio_interval, ".3f"), _ends(size.ratio_sequence, ".3f")
    yield "gap", "", _number(size.gap, "+.3f"), _ends(size.gap_interval, "+.3f"), _ends(size.gap_sequence, "+.3f")


def _rule_table(run: DetectionRun, pairs: Sequence[PairFacts]) -> Listing:
    sections = [
        Section([list(_rule_cells(run, pair, rule)) for rule in pair.rules], f"{pair.group} vs. {pair.reference}")
        for pair in pairs
    ]
    return Listing("Rules at the end", _RULE_COLUMNS, sections)


def _rule_cells(run: DetectionRun, pair: PairFacts, rule: FinalState) -> Iterator[Cell]:
    yield rule.rule
    yield _DISADVANTAGED[rule.direction]
    yield _log10(rule.log_sr)
    yield _log10(rule.highest_log_sr)
    yield _log10(run.plan.log_thresholds[rule.detector])
    is_beyond = _is_beyond(run.plan.detectors[rule.detector], pair.overall)
    is_noted = is_beyond and rule.state is State.OK
    yield Text(state_name(rule.state, is_beyond=is_beyond), style=_STYLES["warning" if is_noted else rule.state])


def _is_beyond(detector: Detector, size: Estimate) -> bool:
    """Return whether a rule is violated over all panes by the values alone."""
    if not size.n_a or not size.n_b:
        return False
    sides = [Fraction(size.k_a, size.n_a), Fraction(size.k_b, size.n_b)]
    exact, exact_reference = sides if detector.direction is Direction.LOW else reversed(sides)
    limit = Fraction(repr(detector.rule.limit))
    if detector.rule.kind is RuleKind.RATIO:
        return exact < limit * exact_reference
    return exact < exact_reference - limit


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
