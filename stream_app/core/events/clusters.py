"""The buckets of clusters: what of a cluster leaves the first hop, 6 bits.

Decisions of one cluster depend on one another. Tests need to know only which decisions may do so, so clusters are put
into 64 buckets by an unkeyed hash, which is the same in every version, deployment and replay. Two clusters in one
bucket are taken as one, which is cautious. The number of a bucket does not say which of the clusters in it was meant.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.policy.labels import N_BUCKETS, UNKNOWN, canonical_label, label_text

_MAX_CACHED = 65_536  # spellings: hostile input must not grow memory
_MAX_CACHED_LENGTH = 64


def bucket_of(cluster: str) -> int:
    """Return the bucket of a cluster in its canonical spelling, 0 to 63: the low 6 bits of its BLAKE2b hash.

    >>> bucket_of("officer-7"), bucket_of("officer-8")
    (4, 8)
    """
    return hashlib.blake2b(cluster.encode("utf-8", "surrogatepass"), digest_size=1).digest()[0] % N_BUCKETS


class ClusterCounts(msgspec.Struct, frozen=True, kw_only=True):
    """In how many clusters some decisions are.

    Attributes:
        n: Clusters, by their canonical spelling.
        n_without: Decisions without one, which are taken as one cluster.
        n_largest: Decisions in the largest bucket of the others.
    """

    n: int
    n_without: int
    n_largest: int


class ClusterBuckets(dict[str, int]):
    """Buckets of clusters by their spelling; each new spelling is hashed once.

    Spellings are compared like labels, and a number is its digits. Null, an absent field, an empty text and a missing
    value have no cluster: their number is 64.

    Args:
        missing: Spellings of a missing value.

    >>> buckets = ClusterBuckets(["n/a"])
    >>> buckets.column(["Officer-7 ", "officer-7", 8, 8.0, "8", None, "", "N/A"]).tolist()
    [4, 4, 5, 5, 5, 64, 64, 64]
    """

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__()
        self._missing = frozenset({"", canonical_label(UNKNOWN), *map(canonical_label, missing)})

    def column(self, values: Iterable[Any]) -> NDArray[np.int64]:
        """Return the bucket of each value, int64."""
        texts = [value if type(value) is str else _text_of(value) for value in values]  # 1 and true are equal keys
        return np.fromiter(map(self.__getitem__, texts), np.int64, len(texts))

    def summary(self, n_by_bucket: Mapping[int, int]) -> ClusterCounts:
        """Return how many clusters were seen, of those whose spelling is remembered, beside counts by bucket."""
        n = len({canonical_label(text) for text in self} - self._missing)
        largest = max((n for bucket, n in n_by_bucket.items() if bucket != N_BUCKETS), default=0)
        return ClusterCounts(n=n, n_without=n_by_bucket.get(N_BUCKETS, 0), n_largest=largest)

    def __missing__(self, text: str) -> int:
        canonical = canonical_label(text)
        bucket = N_BUCKETS if canonical in self._missing else bucket_of(canonical)
        if len(text) <= _MAX_CACHED_LENGTH:
            if len(self) >= _MAX_CACHED:
                self.clear()
            self[text] = bucket
        return bucket


def _text_of(value: Any) -> str:
    return "" if value is None or value is UNSET else label_text(value)
