"""Buckets of clusters: the same in every version, and of the canonical spelling alone."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from msgspec import UNSET

from stream_app.core.events.clusters import ClusterBuckets, bucket_of
from stream_app.policy import BUCKET_LABELS, N_BUCKETS


def test_the_buckets_never_change() -> None:
    assert [bucket_of(text) for text in ("officer-7", "officer-8", "8", "zoë", "batch 2026-11-29")] == [4, 8, 5, 36, 38]
    assert N_BUCKETS == 64
    assert (*map(str, range(64)), "unknown") == BUCKET_LABELS


def test_clusters_spread_over_all_buckets_evenly() -> None:
    counts = np.bincount([bucket_of(f"officer-{number}") for number in range(64_000)], minlength=64)
    assert ((counts - 1000) ** 2 / 1000).sum() < 112  # of a chi-squared with 63 degrees of freedom: one in 10,000


def test_spellings_of_one_cluster_are_one_whatever_came_before() -> None:
    spellings = ["Ofﬁcer 7", " officer  7 ", "OFFICER 7"]
    assert len(set(ClusterBuckets(()).column(spellings).tolist())) == 1
    values = [1, 1.0, "1", True, "true"]  # of these, 1 and True are equal in Python
    for order in itertools.permutations(values):
        by_text = dict(zip(map(repr, order), ClusterBuckets(()).column(order).tolist(), strict=True))
        assert by_text["1"] == by_text["1.0"] == by_text["'1'"] == bucket_of("1")
        assert by_text["True"] == by_text["'true'"] == bucket_of("true")


@pytest.mark.parametrize("value", [None, UNSET, "", "  ", "unknown", "N/A"])
def test_what_names_no_cluster_is_unknown(value: object) -> None:
    assert ClusterBuckets(("n/a",)).column([value]).tolist() == [BUCKET_LABELS.index("unknown")]


def test_many_spellings_do_not_grow_memory() -> None:
    buckets = ClusterBuckets(())
    texts = [f"{number}" for number in range(70_000)] + ["x" * 65]
    assert buckets.column(texts).tolist() == [bucket_of(text) for text in texts]
    assert len(buckets) <= 65_536
    assert "x" * 65 not in buckets
