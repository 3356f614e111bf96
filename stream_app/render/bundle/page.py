"""The page of a bundle: cover, sections with their tables and checks, sources and provenance."""

from __future__ import annotations

from datetime import UTC, datetime

from stream_app.pipeline.reports.bundle import Bundle, BundleHead, BundleSection
from stream_app.pipeline.reports.checks import CheckResult
from stream_app.pipeline.reports.evidence import Gathered
from stream_app.render.bundle.tables import write_tables
from stream_app.render.escaping import escape
from stream_app.render.html_table import write_table

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;background:#fff;max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #d0d7de;
padding-bottom:.2rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}
table{border-collapse:collapse;width:100%;font-size:.87rem}td,th{padding:.25rem .5rem;border-bottom:1px solid #d8dee4;
text-align:left;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.w{
white-space:nowrap}td:last-child,code{overflow-wrap:anywhere}code{font-size:.85em}
.cites{color:#57606a;margin:.2rem 0 .6rem}
.note,.command,.faint{color:#57606a;font-size:.87rem}.none{border-left:4px solid #d0d7de;padding:.2rem .8rem}
.check{border-left:6px solid;padding:.35rem .8rem;margin:.4rem 0;background:#f6f8fa}.ok{border-color:#0072B2}
.attention{border-color:#D55E00}.unknown{border-color:#8c959f}.check b{display:inline-block;min-width:5.5rem}
.scope{background:#f6f8fa;padding:.1rem 1rem;margin-top:1rem;border:1px solid #d0d7de;border-radius:6px}
@page{size:A4;margin:18mm 16mm}
@media print{body{font-size:10pt;max-width:none;margin:0;padding:0}h2,h3{break-after:avoid}tr,.check,.scope{
break-inside:avoid}thead{display:table-header-group}.check,.scope{-webkit-print-color-adjust:exact;
print-color-adjust:exact}}
"""


def write_page(bundle: Bundle) -> str:
    """Return a bundle as HTML."""
    pack = bundle.pack
    gathered = {one.kind: one for one in bundle.evidence}
    title = escape(pack.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: {escape(bundle.head.model)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{title}</h1>{_cover(bundle)}{_summary(bundle)}"
        + "".join(_section(part, gathered) for part in bundle.sections)
        + _sources(bundle)
        + _provenance(bundle)
        + "</main></body></html>\n"
    )


def _cover(bundle: Bundle) -> str:
    head, pack = bundle.head, bundle.pack
    rows = [
        ("model", head.model),
        ("decisions from", _time(head.from_s, "the beginning of the log")),
        ("to (excluded)", _time(head.to_s, "the end of the log") + _not_ended(head)),
        ("made at", f"{datetime.fromisoformat(head.made_at):%Y-%m-%d %H:%M:%S} UTC"),
        ("applies in", pack.jurisdiction),
        ("pack", f"{pack.name}, version {pack.version}, last reviewed {head.last_reviewed}"),
        ("owner of the text", pack.owner),
    ]
    return f'{write_table(("", ""), rows)}<div class="scope">{_paragraphs(pack.scope)}</div>'


def _not_ended(head: BundleHead) -> str:
    """Return that the time range had not ended when the bundle was made: then its numbers change later."""
    is_open = head.to_s is None or head.to_s > datetime.fromisoformat(head.made_at).timestamp()
    return "; it had not ended when this report was made, so later commands print more" if is_open else ""


def _summary(bundle: Bundle) -> str:
    parts = [part for part in bundle.sections if part.checks]
    if not parts:
        return ""
    rows = [(part.section.title, check.state, check.text) for part in parts for check in part.checks]
    return f"<section><h2>Checks at a glance</h2>{write_table(('part', 'w:state', 'what was found'), rows)}</section>"


def _section(part: BundleSection, gathered: Gathered) -> str:
    section = part.section
    cites = f'<p class="cites">{escape("; ".join(section.cites))}</p>' if section.cites else ""
    commands = "".join(f"<li><code>{escape(command)}</code></li>" for command in section.commands)
    return (
        f"<section><h2>{escape(section.title)}</h2>{cites}{_paragraphs(section.text)}"
        + "".join(map(_check, part.checks))
        + "".join(write_tables(kind, gathered) for kind in section.shows)
        + (f"<p>To go further:</p><ul>{commands}</ul>" if commands else "")
        + "</section>"
    )


def _check(check: CheckResult) -> str:
    return f'<div class="check {check.state}"><b>{check.state}</b> {escape(check.text)}</div>'


def _sources(bundle: Bundle) -> str:
    rows = [(source.title, source.citation, source.url) for source in bundle.pack.sources]
    return f"<section><h2>Sources</h2>{write_table(('text', 'citation', 'address'), rows)}</section>"


def _provenance(bundle: Bundle) -> str:
    head = bundle.head
    rows = [(one.kind, "the same" if one.is_reproduced else "the present", one.command) for one in bundle.evidence]
    return (
        f"<section><h2>Provenance</h2><p>Made by FairStream {escape(head.code_version)} under the policy with the hash "
        f"<code>{escape(head.policy_hash)}</code>. The digests of all files are in manifest.json. With the settings of "
        "this deployment, these commands print every number of this report:</p>"
        f"{write_table(('w:evidence', 'w:prints', 'command'), rows)}"
        f"<p>This report again: <code>{escape(head.command)}</code></p></section>"
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip())


def _time(time_s: float | None, missing: str) -> str:
    return missing if time_s is None else f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
