"""Prints the figures as the Markdown tables of ``docs/explanation/amounts.md``."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.amounts.coverage import CoverageResult
from benchmarks.amounts.delays import DelayResult
from benchmarks.amounts.false_alarms import NullResult
from benchmarks.detect.methods.detector import quantile

COVERAGE_HEADER = (
    "amounts",
    "decisions: group, reference",
    "covered",
    "width",
    "Welch covered",
    "Welch width",
)
FALSE_ALARM_HEADER = ("stream", "alarms", "near: c/10", "permitted alarms", "Welch windows")
DELAY_HEADER = ("change", "bound", "oracle", "test", "/ oracle", "/ bound", "alarms before")


def print_coverage(results: Sequence[CoverageResult]) -> None:
    """Print how often the intervals of single windows contain the truth, and how wide they are."""
    _print(COVERAGE_HEADER, [coverage_row(result) for result in results])


def print_false_alarms(results: Sequence[NullResult]) -> None:
    """Print the tests with an alarm where the rule is kept, and the alarms of compared windows."""
    _print(FALSE_ALARM_HEADER, [false_alarm_row(result) for result in results])


def print_delays(results: Sequence[DelayResult]) -> None:
    """Print delays of the test beside those of the oracle and the bound."""
    _print(DELAY_HEADER, [delay_row(result) for result in results])


def coverage_row(result: CoverageResult) -> list[str]:
    """Return the cells of one shape and size."""
    return [
        result.shape,
        f"{result.n_a:,}, {result.n_b:,}",
        f"{result.covered:.3f}",
        f"{result.width:.3f}",
        f"{result.covered_by_welch:.3f}",
        f"{result.width_of_welch:.3f}",
    ]


def false_alarm_row(result: NullResult) -> list[str]:
    """Return the cells of one null stream."""
    return [
        result.stream,
        f"{result.n_with_any} of {result.n_tests}",
        f"{result.n_near} of {result.n_tests}",
        f"{100 * result.permitted:.1f} %",
        f"{result.windows_per_million:,.0f}",
    ]


def delay_row(result: DelayResult) -> list[str]:
    """Return the cells of one change."""
    median, late = (quantile(result.test, share) for share in (0.5, 0.95))
    oracle, oracle_late = (quantile(result.oracle, share) for share in (0.5, 0.95))
    return [
        result.change,
        f"{result.bound:,.0f}",
        f"{oracle:,.0f} / {oracle_late:,.0f}",
        f"{median:,.0f} / {late:,.0f}",
        f"{median / oracle:.2f}",
        f"{median / result.bound:.2f}",
        f"{result.n_before} of {result.test.size}",
    ]


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for cells in (header, ["-" * width for width in widths], *rows):
        print(f"| {' | '.join(f'{cell:{width}}' for cell, width in zip(cells, widths, strict=True))} |")
    print()
