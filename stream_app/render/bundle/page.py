"""The page of a bundle: what was found on the first page, then sections with tables and checks, sources, provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from stream_app.pipeline.reports.bundle import Bundle, BundleHead, BundleSection
from stream_app.pipeline.reports.checks import CheckResult, CheckState
from stream_app.pipeline.reports.evidence import EvidenceKind, Gathered, records_of
from stream_app.render.bundle.tables import write_tables
from stream_app.render.escaping import escape
from stream_app.render.html_table import number_text, write_table
from stream_app.render.paper.commands import write_command
from stream_app.render.paper.page import write_document

_WORST_FIRST: tuple[CheckState, ...] = ("attention", "unknown", "ok")


def write_page(bundle: Bundle) -> str:
    """Return a bundle as HTML."""
    head = bundle.head
    gathered = {one.kind: one for one in bundle.evidence}
    numbers = {one.kind: number for number, one in enumerate(bundle.evidence, start=1)}
    body = (
        f"{_result(bundle)}{_cover(bundle, gathered)}{_summary(bundle)}{_scope(bundle)}"
        + "".join(_section(part, gathered, numbers) for part in bundle.sections)
        + _sources(bundle)
        + _provenance(bundle)
    )
    from_, to = _time(head.from_s, "the beginning of the log"), _time(head.to_s, "the end of the log")
    margin = (
        f"Model {head.model}",
        f"decisions from {from_} to {to}",
        f"policy {head.policy_hash}",
        f"pack {head.pack}, version {head.pack_version}",
        f"made {_made_at(head)}",
    )
    return write_document(bundle.pack.title, body, margin)


def _result(bundle: Bundle) -> str:
    """Return the answer of the bundle in one box: how many checks need a person, and which."""
    checks = [check for part in bundle.sections for check in part.checks]
    if not checks:
        return ""
    n = Counter(check.state for check in checks)
    of_all = f"of {len(checks)} check{'s' * (len(checks) > 1)}"
    parts = [
        text
        for text, is_so in (
            (f"{n['attention']} {'need' if n['attention'] > 1 else 'needs'} attention", n["attention"]),
            (f"{n['unknown']} {'have' if n['unknown'] > 1 else 'has'} no answer", n["unknown"]),
            (f"{n['ok']} {'are' if n['ok'] > 1 else 'is'} ok", n["ok"]),
        )
        if is_so
    ]
    worst = next(state for state in _WORST_FIRST if n[state])
    headline = f"Result {of_all}: {', '.join(parts)}."
    return (
        f'<div class="verdict {worst}"><p><strong>{escape(headline)}</strong></p>'
        "<p>This report states numbers and rules. It is no legal advice, and it does not say whether a rule is met. "
        "The table of checks says what was found and what to do.</p></div>"
    )


def _cover(bundle: Bundle, gathered: Gathered) -> str:
    head, pack = bundle.head, bundle.pack
    counted = [
        ("decisions counted", number_text(facts["n_in_range"], f"fewer than {facts['k']}"))
        for facts in records_of(gathered, "counts")[:1]
    ]
    rows = [
        ("model", head.model),
        ("decisions from", _time(head.from_s, "the beginning of the log")),
        ("to (excluded)", _time(head.to_s, "the end of the log") + _not_ended(head)),
        *counted,
        ("policy hash", head.policy_hash),
        ("made at", _made_at(head)),
        ("applies in", pack.jurisdiction),
        ("pack", f"{pack.name}, version {pack.version}, last reviewed {head.last_reviewed}"),
        ("owner of the text", pack.owner),
    ]
    return write_table(("", ""), rows)


def _scope(bundle: Bundle) -> str:
    return f'<section><h2>What this report is</h2><div class="scope">{_paragraphs(bundle.pack.scope)}</div></section>'


def _not_ended(head: BundleHead) -> str:
    """Return that the time range had not ended when the bundle was made: then its numbers change later."""
    is_open = head.to_s is None or head.to_s > datetime.fromisoformat(head.made_at).timestamp()
    return "; it had not ended when this report was made, so later commands print more" if is_open else ""


def _summary(bundle: Bundle) -> str:
    found = [(part.section.title, check) for part in bundle.sections for check in part.checks]
    if not found:
        return ""
    found.sort(key=lambda item: _WORST_FIRST.index(item[1].state))
    rows = [(check.state, title, check.text, check.action) for title, check in found]
    head = ("w:state", "part", "what was found", "what to do")
    return f"<section><h2>Checks at a glance</h2>{write_table(head, rows)}</section>"


def _section(part: BundleSection, gathered: Gathered, numbers: Mapping[EvidenceKind, int]) -> str:
    section = part.section
    cites = f'<p class="cites">{escape("; ".join(section.cites))}</p>' if section.cites else ""
    commands = "".join(map(write_command, part.commands))
    return (
        f"<section><h2>{escape(section.title)}</h2>{cites}{_paragraphs(section.text)}"
        + "".join(map(_check, part.checks))
        + "".join(write_tables(kind, gathered, numbers) for kind in section.shows)
        + (f'<p class="lead">To go further:</p>{commands}' if commands else "")
        + "</section>"
    )


def _check(check: CheckResult) -> str:
    action = f" {escape(check.action)}" if check.action else ""
    return f'<div class="check {check.state}"><b>{check.state}</b> {escape(check.text)}{action}</div>'


def _sources(bundle: Bundle) -> str:
    items = "".join(
        f'<li>{escape(source.title)}. {escape(source.citation)}.<br><a href="{escape(source.url)}">{escape(source.url)}'
        "</a></li>"
        for source in bundle.pack.sources
    )
    return f"<section><h2>Sources</h2><ul>{items}</ul></section>"


def _provenance(bundle: Bundle) -> str:
    head = bundle.head
    commands = "".join(
        f'<p class="lead" id="command-{number}">Command {number}, {escape(one.kind)}: '
        f"{'prints the same later' if one.is_reproduced else 'prints what is so when it runs'}</p>"
        f"{write_command(one.command)}"
        for number, one in enumerate(bundle.evidence, start=1)
    )
    return (
        f'<section><h2>Provenance</h2><p class="lead">Made by FairStream {escape(head.code_version)} under the policy '
        f"with the hash <code>{escape(head.policy_hash)}</code>. The digests of all files are in "
        "manifest.json. With the settings of this deployment, these commands print every number of this "
        "report, as JSON:</p>"
        f'{commands}<p class="lead">This report again, into another folder:</p>{write_command(head.command)}</section>'
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_with_code(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())


def _with_code(text: str) -> str:
    """Return a text as HTML; what is between two backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{escape(part)}</code>" if number % 2 else escape(part) for number, part in enumerate(parts))


def _made_at(head: BundleHead) -> str:
    return f"{datetime.fromisoformat(head.made_at):%Y-%m-%d %H:%M:%S} UTC"


def _time(time_s: float | None, missing: str) -> str:
    return missing if time_s is None else f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
