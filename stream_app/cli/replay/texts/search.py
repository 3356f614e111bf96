"""The result of ``fairstream replay search`` as tables for people."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from stream_app.cli.layout.listing import Column, Listing, Section
from stream_app.cli.output import facts, print_command, print_listing
from stream_app.pipeline.replay.search.results import AlternativeValues, PairValues, SearchResult
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

_MAX_FOUND = 12  # of a pair; all of them are in the files
_MAX_OTHERS = 5
_COLUMNS = (
    Column("rule", is_text=True, is_head=True),
    *(Column(name, is_number=True) for name in ("ratio", "95% CI", "approved", "good outcomes", "e-value")),
)


def print_result(result: SearchResult) -> None:
    """Print the found alternatives of each pair beside the logged decisions; where there is none, the nearest ones."""
    sections = [_section(result, number) for number in range(len(result.logged.pairs))]
    n = number_text(result.logged.n, ",")
    title = f"{len(result.alternatives):,} alternatives to {n} decisions of {result.model}"
    print_listing(Listing(title, _COLUMNS, sections))
    for sentence in claim_sentences(result):
        facts.print(sentence, markup=False)
    if found := result.found:
        alternative = found[0][0]
        flag = "--scored-by" if alternative.score in result.models else "--score"
        facts.print("Replay an alternative on its own, with windows, alerts and a report:", markup=False)
        command = ["fairstream", "replay", "run", flag, alternative.score, "--alternative", alternative.rule]
        print_command(shlex.join(command))


def _section(result: SearchResult, number: int) -> Section:
    ranked = sorted(result.alternatives, key=lambda each: -_log_e(each.pairs[number]))
    found = [each for each in ranked if each.pairs[number].is_found]
    if found:
        note = f"{len(found):,} found" + (f", the first {_MAX_FOUND} here" if len(found) > _MAX_FOUND else "")
        shown: Sequence[AlternativeValues] = found[:_MAX_FOUND]
    else:
        shown = [each for each in ranked if each.pairs[number].log_e is not None][:_MAX_OTHERS]
        note = "None found" + ("; shown are those with the most evidence" if shown else "")
    rows = [_row(each, each.pairs[number], result) for each in (result.logged, *shown)]
    pair = result.logged.pairs[number]
    return Section(rows, pair_name(pair), [note] if pair.withheld is None else ["Withheld: too few people"])


def _row(alternative: AlternativeValues, pair: PairValues, result: SearchResult) -> tuple[str, ...]:
    return (
        rule_text(alternative, result),
        ratio_text(pair),
        interval_text(pair),
        number_text(alternative.rate),
        outcomes_text(alternative.outcomes),
        evidence_text(pair.log_e),
    )


def _log_e(pair: PairValues) -> float:
    return float("-inf") if pair.log_e is None else pair.log_e
