"""The report of a run: one HTML file without anything from elsewhere. Only disclosed values go in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape

from stream_app.core.fairness.pairs import State
from stream_app.pipeline.disclosed import DisclosedGroup, DisclosedResult
from stream_app.pipeline.disclosed_alert import DisclosedAlert
from stream_app.pipeline.replay.charts import Limit, Line, Point, line_chart, moment, split_bars, state_strips
from stream_app.pipeline.replay.deltas import RunComparison, Said, compare_runs
from stream_app.pipeline.replay.manifest import Manifest
from stream_app.pipeline.results import CROSS, TOTAL_WINDOW, Bounds
from stream_app.policy import ModelPolicy

_MAX_STRIPS, _MAX_SUBGROUPS, _MAX_ALERTS, _MAX_DELTAS = 24, 15, 60, 60
_N_ALERTS_SHOWN = 10  # the others are folded away
_MIN_POINTS = 3

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff;max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #d0d7de;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;font-size:.87rem}td,th{padding:.25rem .5rem;border-bottom:1px solid #eaeef2;
text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1rem 0}
figcaption{font-weight:600;margin-bottom:.2rem}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif}
svg .note{fill:#57606a;font-size:11px}.grid{stroke:#eaeef2}.axis{stroke:#57606a}
.limit{stroke:#cf222e;stroke-dasharray:5 4}.legend span{margin-right:1rem;font-size:.85rem}
.verdict{border-left:6px solid;padding:.6rem 1rem;background:#f6f8fa}.breach{border-color:#cf222e}
.ok{border-color:#2da44e}
.watch{border-color:#e3b341}.insufficient{border-color:#d0d7de}details{margin:.5rem 0;padding:.4rem .8rem;
border:1px solid #d0d7de;border-radius:6px}summary{cursor:pointer;font-weight:600}code{font-size:.85em;
overflow-wrap:anywhere}.faint{color:#57606a}@media print{details{border:0}}
"""


def write_report(manifest: Manifest, said: Sequence[Said], model: ModelPolicy) -> str:
    """Return the report of a run as HTML.

    Args:
        manifest: What the run was made from.
        said: What each variant says, disclosed; the original first.
        model: Policy of the original.
    """
    original = said[0]
    windows = [own for own in original.results if own.window != TOTAL_WINDOW]
    compared = [compare_runs(original, own) for own in said[1:]]
    sections = (
        ("Verdict", _verdict(original)),
        ("Alerts, explained", _alerts(original, windows)),
        ("States over time", _timeline(said)),
        ("Rates and ratios", _rates(windows, model)),
        ("Evidence", _evidence(windows)),
        ("Cause", _causes(original)),
        ("Worst subgroups", _subgroups(original)),
        ("Individual consistency", _consistency(manifest)),
        ("What if", "".join(map(_what_if, compared))),
        ("Offsets and hashes", _provenance(manifest)),
    )
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections if content)
    title = f"FairStream replay {escape(manifest.run)}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f'<p class="faint">Model {escape(manifest.model)}, made {escape(manifest.made_at)}. {_k_note(manifest)}</p>'
        f"{body}</body></html>\n"
    )


def _k_note(manifest: Manifest) -> str:
    k = manifest.variants[0].k
    if not k:
        return "<strong>Exact: groups of any size are shown. Not for publication.</strong>"
    return f"Groups of fewer than {k} decisions are hidden, and whatever would give them away."


def _verdict(said: Said) -> str:
    totals = [own for own in said.results if own.window == TOTAL_WINDOW and CROSS not in own.attribute]
    breaches = [own for own in said.alerts if own.change == "breach"]
    worst = max((own.state for own in totals), key=list(State).index, default=State.INSUFFICIENT)
    level = State.BREACH if breaches else worst
    head = (
        f"{len(breaches)} breach{'es' if len(breaches) > 1 else ''} found by the sequential tests."
        if breaches
        else "No breach was found by the sequential tests."
    )
    rows = [
        (own.attribute, own.reference, _text(own.n), str(own.state), f"{moment(own.start_s)} to {moment(own.end_s)}")
        for own in totals
    ]
    table = _table(("attribute", "reference", "n:decisions", "state at the end", "event time"), rows)
    return f'<div class="verdict {level}"><strong>{head}</strong></div>{table}'


def _consistency(manifest: Manifest) -> str:
    own = manifest.consistency
    if own is None:
        return ""
    rows = [
        ("consistency", _text(own.value) if own.reason is None else f"none: {own.reason.replace('_', ' ')}"),
        ("records compared", _text(own.n)),
        ("records with all features, from which those were chosen by their offsets", _text(own.n_complete)),
        ("neighbours of each", _text(own.n_neighbours)),
        ("features", ", ".join(own.features)),
    ]
    note = "1: each was decided like the most similar other records. Protected attributes and identifiers do not enter."
    return f'<p class="faint">{note}</p>{_table(("", ""), rows)}'


def _alerts(said: Said, windows: Sequence[DisclosedResult]) -> str:
    parts = [_alert(own, windows, is_open=not number) for number, own in enumerate(said.alerts[:_MAX_ALERTS])]
    if len(said.alerts) > _MAX_ALERTS:
        parts.append(f"<p>And {len(said.alerts) - _MAX_ALERTS} more in the alerts file.</p>")
    shown, folded = "".join(parts[:_N_ALERTS_SHOWN]), "".join(parts[_N_ALERTS_SHOWN:])
    n_folded = len(said.alerts) - _N_ALERTS_SHOWN
    return shown + (f"<details><summary>{n_folded} further alerts</summary>{folded}</details>" if folded else "")


def _alert(alert: DisclosedAlert, windows: Sequence[DisclosedResult], *, is_open: bool) -> str:
    change = alert.change.replace("_", " ")
    title = f"{moment(alert.at_s)}  {change}: {alert.attribute} {alert.group} against {alert.reference}, {alert.test}"
    facts = [
        ("told", moment(alert.at_s)),
        ("likely began", moment(alert.onset_s)),
        ("evidence", f"10^{alert.log10_e:.2f}, needed 10^{alert.log10_threshold:.2f}"),
        ("decisions, group and reference", f"{_text(alert.n)}, {_text(alert.n_reference)}"),
        ("rate, ratio, gap", ", ".join(map(_text, (alert.rate, alert.disparate_impact_ratio, alert.gap)))),
        ("id", alert.id),
    ]
    rows = [
        (own.window, moment(own.end_s), *map(_text, (group.n, group.rate, group.disparate_impact_ratio, group.gap)))
        for own in windows
        if own.attribute == alert.attribute and own.start_s < alert.at_s and own.end_s > alert.onset_s
        for group in own.groups
        if group.group == alert.group and group.hidden is None
    ][:12]
    cause = ""
    if alert.cause is not None:
        bars = [(part.segment, part.mix, part.rate) for part in alert.cause.segments]
        cause = split_bars(f"What the gap is made of: {alert.cause.driver}", bars)
    return (
        f"<details{' open' if is_open else ''}><summary>{escape(title)}</summary>"
        f"<p>{escape(alert.sentence or 'Fewer than k decisions: numbers are hidden.')}</p>"
        f"{_table(('', ''), facts)}{cause}"
        f"{_table(('window', 'ends', 'n:n', 'n:rate', 'n:ratio', 'n:gap'), rows) if rows else ''}</details>"
    )


def _timeline(said: Sequence[Said]) -> str:
    parts = []
    for own in said:
        window = _most_told(own.results)
        strips: dict[str, list[tuple[int, int, str]]] = {}
        for result in _newest(own.results, window):
            for group in result.groups:
                if group.hidden is None and group.state is not None:
                    name = f"{result.attribute}: {group.group}"
                    strips.setdefault(name, []).append((result.start_s, result.end_s, str(group.state)))
        ranked = sorted(
            strips.items(), key=lambda item: (-_n_of(item[1], "breach"), -_n_of(item[1], "watch"), CROSS in item[0])
        )
        title = f"{own.name}: windows of {window}; white where a group is hidden or has no decisions"
        parts.append(state_strips(title, ranked[:_MAX_STRIPS]))
    return "".join(parts)


def _rates(windows: Sequence[DisclosedResult], model: ModelPolicy) -> str:
    window, parts = _charted(windows), []
    limit = Limit("limit of the ratio", model.rules.min_disparate_impact_ratio)
    for attribute in model.attributes:
        told = [own for own in _newest(windows, window) if own.attribute == attribute.name]
        rates = _lines(attribute.groups, told, lambda group: group.rate, lambda group: group.rate_bounds)
        ratios = _lines(
            attribute.groups, told, lambda group: group.disparate_impact_ratio, lambda group: group.ratio_bounds
        )
        parts.append(line_chart(f"{attribute.name}: approval rate by window of {window}, with 95 % intervals", rates))
        against = f"{attribute.name}: disparate impact ratio against {attribute.reference}, with 95 % intervals"
        parts.append(line_chart(against, ratios, [limit]))
    return "".join(parts)


def _evidence(windows: Sequence[DisclosedResult]) -> str:
    window = _most_told(windows)
    points: dict[str, list[Point]] = {}
    thresholds: list[float] = []
    for result in _newest(windows, window):
        for group in result.groups:
            for test in group.evidence:
                if test.log10_e is not None and group.hidden is None and test.state is not State.BREACH:
                    name = f"{result.attribute} {group.group} {test.test}"
                    points.setdefault(name, []).append(Point(result.end_s, test.log10_e))
                    thresholds.append(test.log10_threshold)
    strongest = sorted(points.items(), key=lambda item: -max(point.value for point in item[1]))[:6]
    limits = [Limit("alarm", min(thresholds))] if thresholds else []
    title = "Evidence against fairness, log10; the six strongest. A line ends where its alarm is told"
    return line_chart(title, [Line(name, own) for name, own in strongest], limits)


def _causes(said: Said) -> str:
    parts = []
    for result in said.results:
        if result.window == TOTAL_WINDOW:
            for group in result.groups:
                if group.cause is not None and group.hidden is None:
                    bars = [(part.segment, part.mix, part.rate) for part in group.cause.segments]
                    title = f"{result.attribute} {group.group} against {result.reference}: {group.cause.driver}"
                    parts.append(split_bars(title, bars) + f"<p>{escape(group.sentence or '')}</p>")
    return "".join(parts[:6])


def _subgroups(said: Said) -> str:
    widest: dict[str, DisclosedResult] = {}  # totals, and of intersections, which have none, the widest newest window
    for result in sorted(said.results, key=lambda own: (own.size_s, own.end_s)):
        widest[result.attribute] = result
    found = [
        (group.disparate_impact_ratio, result, group)
        for result in widest.values()
        for group in result.groups
        if group.disparate_impact_ratio is not None and group.state is not None
    ]
    found.sort(key=lambda own: own[0])
    rows = [
        (
            result.attribute,
            group.group,
            *map(_text, (group.n, group.rate, ratio)),
            _bounds(group.ratio_bounds),
            str(group.state),
        )
        for ratio, result, group in found[:_MAX_SUBGROUPS]
    ]
    return _table(("attribute", "group", "n:n", "n:rate", "n:ratio", "95 %", "state"), rows) if rows else ""


def _what_if(compared: RunComparison) -> str:
    rows = [
        (own.attribute, own.group, own.field, *map(_text, (own.original, own.what_if, own.delta)))
        for own in compared.deltas
        if own.original != own.what_if and CROSS not in own.attribute
    ][:_MAX_DELTAS]
    alerts = [
        (own.kind, own.attribute, own.group, own.test, *(_when(time_s) for time_s in (own.original_s, own.what_if_s)))
        for own in compared.alerts
    ]
    head = f"<h3>{escape(compared.original)} | {escape(compared.what_if)}</h3>"
    values = _table(("attribute", "group", "value", "n:original", "n:what-if", "n:delta"), rows)
    told = _table(("alert", "attribute", "group", "test", "original", "what-if"), alerts)
    same = "<p>The alerts are the same.</p>"
    return head + (values if rows else "<p>Every value is the same.</p>") + (told if alerts else same)


def _provenance(manifest: Manifest) -> str:
    offsets = [(str(p), f"{manifest.begins[p]}", f"{manifest.ends[p]}") for p in sorted(manifest.ends)]
    judged = [(own.name, own.policy_hash, own.digest) for own in manifest.variants]
    return (
        f"<p>{manifest.n_records:,} records of <code>{escape(manifest.topic)}</code> ({escape(manifest.source)}) "
        f"were read, {manifest.n_counted:,} events counted. FairStream {escape(manifest.code_version)}.</p>"
        + _table(("partition", "n:from offset", "n:below offset"), offsets)
        + _table(("variant", "policy hash", "digest of results and alerts (SHA-256)"), judged)
    )


def _lines(
    groups: Sequence[str],
    results: Iterable[DisclosedResult],
    value_of: Callable[[DisclosedGroup], float | None],
    bounds_of: Callable[[DisclosedGroup], Bounds | None],
) -> list[Line]:
    """Return a line for each declared group, in the order of the policy, so that its colour is the same everywhere."""
    lines: dict[str, list[Point]] = {name: [] for name in groups}
    for result in results:
        for group in result.groups:
            if group.group in lines and (value := value_of(group)) is not None:
                bounds = bounds_of(group)
                ends = (None, None) if bounds is None else (bounds.lower, bounds.upper)
                lines[group.group].append(Point(result.end_s, value, *ends))
    return [Line(name, points) for name, points in lines.items()]


def _newest(results: Iterable[DisclosedResult], window: str) -> list[DisclosedResult]:
    newest = {(own.attribute, own.end_s): own for own in results if own.window == window}
    return sorted(newest.values(), key=lambda own: own.end_s)


def _most_told(results: Iterable[DisclosedResult]) -> str:
    """Return the window with most results: the shortest."""
    told = Counter(own.window for own in results if own.window != TOTAL_WINDOW)
    return told.most_common(1)[0][0] if told else ""


def _charted(results: Sequence[DisclosedResult]) -> str:
    """Return the longest window that makes a line."""
    sizes = {own.window: own.size_s for own in results}
    counts = Counter((own.window, own.end_s) for own in results)
    n_by_window = Counter(window for window, _ in counts)
    long = [window for window, n in n_by_window.items() if n >= _MIN_POINTS]
    return max(long, key=sizes.__getitem__, default=_most_told(results))


def _n_of(stretches: Sequence[tuple[int, int, str]], state: str) -> int:
    return sum(own == state for _, _, own in stretches)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; a heading that begins with ``n:`` makes a column of numbers."""
    marks = [' class="n"' if name.startswith("n:") else "" for name in head]
    heads = "".join(f"<th{m}>{escape(name.removeprefix('n:'))}</th>" for name, m in zip(head, marks, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{m}>{escape(cell)}</td>" for cell, m in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: float | None) -> str:
    if value is None:
        return "hidden or none"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _bounds(bounds: Bounds | None) -> str:
    return "" if bounds is None else f"{bounds.lower:.3f} to {'∞' if bounds.upper is None else f'{bounds.upper:.3f}'}"


def _when(time_s: int | None) -> str:
    return "none" if time_s is None else moment(time_s)
