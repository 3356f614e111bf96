"""The report of a search: one HTML file without external files. Only disclosed values are written."""

from __future__ import annotations

from datetime import UTC, datetime

from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult
from stream_app.render.alternatives.chart import draw_each_pair
from stream_app.render.alternatives.wording import (
    claim_sentences,
    evidence_text,
    interval_text,
    number_text,
    outcomes_text,
    pair_name,
    ratio_text,
    rule_text,
)
from stream_app.render.escaping import escape
from stream_app.render.html_table import moment_text, write_table
from stream_app.render.paper.page import write_document

_HEAD = (
    "rule",
    "n:ratio",
    "w:95% interval",
    "n:gap",
    "n:approval rate",
    "w:good outcomes",
    "n:e-value",
    "found",
)


def write_page(result: SearchResult, min_ratio: float, made_at_s: float) -> str:
    """Return the report of a search as HTML.

    Args:
        result: The result of the search.
        min_ratio: The limit of the policy for the ratio.
        made_at_s: When it is written, seconds since the epoch.
    """
    made_at = datetime.fromtimestamp(made_at_s, UTC).isoformat(timespec="seconds")
    claims = "".join(f"<p>{escape(sentence)}</p>" for sentence in claim_sentences(result))
    n_pairs = len(result.logged.pairs)
    sections = (
        ("Found", _write_found(result)),
        ("What is claimed", claims),
        ("Picture", "".join(f"<figure>{picture}</figure>" for picture in draw_each_pair(result, min_ratio))),
        ("All alternatives", "".join(_write_pair(result, number) for number in range(n_pairs))),
        ("Provenance", _write_provenance(result)),
    )
    body = "".join(f"<section><h2>{name}</h2>{content}</section>" for name, content in sections)
    from_ = moment_text(result.from_s, "the beginning of the log")
    to = moment_text(result.to_s, "the end of the log")
    rows = [
        ("model", result.model),
        ("decisions from", from_),
        ("to (excluded)", to),
        ("decisions", number_text(result.logged.n, ",")),
        ("policy hash", result.policy_hash),
        ("made at", made_at),
    ]
    margin = f"Model {result.model}", f"decisions from {from_} to {to}", f"policy {result.policy_hash}"
    cover = f'{write_table(("", ""), rows)}<p class="faint">{_k_note(result.k)}</p>'
    return write_document(f"Alternatives to the decisions of {result.model}", cover + body, margin)


def _write_found(result: SearchResult) -> str:
    found = result.found
    if not found:
        return "<p>No alternative has enough evidence for all claims.</p>"
    rows = [(pair_name(pair), *_cells(alternative, pair, result)[:-1]) for alternative, pair in found]
    return write_table(("pair", *_HEAD[:-1]), rows)


def _write_pair(result: SearchResult, number: int) -> str:
    rows = [
        _cells(alternative, alternative.pairs[number], result) for alternative in (result.logged, *result.alternatives)
    ]
    return f"<h3>{escape(pair_name(result.logged.pairs[number]))}</h3>{write_table(_HEAD, rows)}"


def _cells(alternative: AlternativeValues, pair: PairValues, result: SearchResult) -> tuple[str, ...]:
    return (
        rule_text(alternative, result),
        ratio_text(pair),
        interval_text(pair),
        number_text(pair.gap, "+.3f"),
        number_text(alternative.rate),
        outcomes_text(alternative.outcomes),
        evidence_text(pair.log_e),
        "yes" if pair.is_found else "",
    )


def _write_provenance(result: SearchResult) -> str:
    rows = [
        ("topic", f"{result.topic} ({result.source})"),
        ("policy", result.policy_hash),
        ("records", f"{result.n_records:,}"),
        ("outcomes", "not looked at" if result.n_outcomes is None else f"{result.n_outcomes:,}"),
        ("decisions", number_text(result.logged.n, ",")),
        ("offsets", ", ".join(f"[{p}] {begin} to {result.ends[p]}" for p, begin in sorted(result.begins.items()))),
    ]
    return write_table(("", ""), rows)


def _k_note(k: int) -> str:
    if not k:
        return "<strong>Exact values: groups of any size are shown. Not for publication.</strong>"
    return (
        f"Groups of fewer than {k} decisions are withheld, and alternatives that decide differently from a "
        f"neighbor about fewer than {k} people of a group."
    )
