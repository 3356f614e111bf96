"""What the benchmark says of its measurements: ratios within a round, and none beside a wrong result."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from benchmarks.compare.catalog import BY_DEFAULT, WITH_PEERS, system_of
from benchmarks.compare.report import Measurement, paired_ratios, print_table, summary_of


def measured(name: str, number: int, cpu_s: float, *faults: str) -> Measurement:
    return Measurement(
        name=name,
        system=system_of(name),
        round=number,
        n_events=1000,
        cpu_s=cpu_s,
        wall_s=2.0,
        peak_rss_mb=50.0,
        faults=faults,
    )


def test_a_ratio_pairs_the_runs_of_one_round() -> None:
    runs = [measured("fairstream", 1, 1.0), measured("faust", 1, 60.0)]
    runs += [measured("fairstream", 2, 2.0), measured("faust", 2, 100.0)]

    assert paired_ratios(runs, "faust") == pytest.approx([50.0, 60.0])


def test_one_wrong_run_of_either_system_leaves_no_ratio_and_no_figure() -> None:
    for wrong in ("fairstream", "faust"):
        runs = [
            measured("fairstream", 1, 1.0),
            measured("faust", 1, 60.0),
            measured(wrong, 2, 1.0, "wrong counts"),
            measured("aiokafka", 1, 2.0),
        ]

        summary = summary_of(runs, {})

        assert paired_ratios(runs, "faust") == []
        assert wrong not in summary["events_per_cpu_s"]
        assert "faust" not in summary["ratios"]
        assert summary["events_per_cpu_s"]["aiokafka"] == pytest.approx(500.0)


def test_the_table_names_a_wrong_result_and_a_system_that_could_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    text = StringIO()
    monkeypatch.setattr("benchmarks.compare.report.Console", lambda **_: Console(file=text, width=200))

    print_table([measured("fairstream", 1, 1.0, "wrong counts: 9")], {"kafka-streams": "no javac on PATH"})

    assert "WRONG RESULT" in text.getvalue()
    assert "wrong counts: 9" in text.getvalue()
    assert "kafka-streams was not run: no javac on PATH" in text.getvalue()


def test_every_named_system_is_in_the_catalog() -> None:
    assert {system_of(name).name for name in (*BY_DEFAULT, *WITH_PEERS)} == set(WITH_PEERS)
