"""What is said about the metrics is what the code exports."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from stream_app.edges.metrics.catalog import MetricFact, as_markdown, list_metrics
from stream_app.edges.metrics.process_metrics import Metrics
from stream_app.policy import load_policy, shipped_names
from tests.support.paths import ROOT

DOC = ROOT.joinpath("docs", "reference", "metrics.md").read_text("utf-8")
FACTS = list_metrics(load_policy("loans"))
UNITS = (
    *("_seconds", "_ratio", "_messages", "_log10", "_info", "_total", "_level", "_index", "_rank"),
    *("_decisions", "_groups", "_assigned", "_insecure", "_rejected", "_per_capita", "_over", "_amount"),
)


def test_the_table_of_all_metrics_is_that_of_the_code() -> None:
    assert f"<!-- metrics: begin -->\n{as_markdown(FACTS)}<!-- metrics: end -->" in DOC, (
        "fairstream metrics list --markdown"
    )


def test_every_metric_that_the_text_names_is_exported() -> None:
    named = {name.rstrip("_") for name in re.findall(r"`(fairstream_\w+)", DOC)}
    known = {fact.name for fact in FACTS}
    assert {name for name in named if not any(one == name or one.startswith(f"{name}_") for one in known)} == set()


@pytest.mark.parametrize("policy", shipped_names())
def test_names_and_labels_do_not_depend_on_the_policy(policy: str) -> None:
    assert list_metrics(load_policy(policy)) == FACTS


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_name_says_its_unit_and_a_help_text_is_a_sentence(fact: MetricFact) -> None:
    assert fact.name.startswith("fairstream_")
    assert fact.name.endswith(tuple(f"{unit}{bound}" for unit in UNITS for bound in ("", "_lower", "_upper")))
    assert (fact.kind == "counter") == fact.name.endswith("_total")
    assert re.fullmatch(r"[A-Z].{8,}\.", fact.meaning)


def test_the_catalog_names_what_a_scrape_shows() -> None:
    registry = CollectorRegistry()
    Metrics(registry, load_policy("loans"), max_series=5000)
    by_name = {name: fact for fact in FACTS for name in fact.series_names}
    scraped = [
        sample
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    ]
    assert scraped
    for sample in scraped:
        assert set(sample.labels) - {"le"} == set(by_name[sample.name].labels)
