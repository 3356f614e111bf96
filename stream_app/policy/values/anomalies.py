"""Tags for events whose numbers are unlike those of a reference."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Final

import msgspec

from stream_app.policy.types import Digest, FilePath, Name, PolicyPart

ANOMALY_FIELD: Final = "anomaly_score"  # of published events; records do not have it


class Anomalies(PolicyPart, frozen=True, kw_only=True):
    """Tags for events whose numbers are unlike those of a reference. A tag changes no count, verdict or alert.

    Attributes:
        features: Names of declared ``features``, and ``score``: what an isolation forest sees of an event.
        reference: The file that ``fairstream anomaly fit`` wrote; a relative path begins in the state folder.
        digest: SHA-256 of that file, as ``fairstream anomaly fit`` prints it; a file with another one is not opened.
        threshold: An event with at least this anomaly score is tagged. Scores are from 0 to 1: events like those of the
            reference have 0.5 and less, one that a few cuts isolate has nearly 1. Published events contain
            it as ``anomaly_score``, rounded to three digits.
    """

    features: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=16)]
    reference: FilePath
    digest: Digest
    threshold: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.7


def anomaly_fault(anomalies: Anomalies, numbers: Collection[str], paths: Collection[str]) -> tuple[str, str]:
    """Return the field that is wrong and what is wrong with it; empty texts where nothing is.

    Args:
        anomalies: What a model declares.
        numbers: The names of its features, and ``score`` where there is one.
        paths: All declared paths.
    """
    unknown = [name for name in anomalies.features if name not in numbers]
    if unknown:
        return ".features", f"{unknown[0]!r} is not a feature of the model; declared: {', '.join(numbers) or 'none'}"
    if len({*anomalies.features}) < len(anomalies.features):
        return ".features", "names a feature twice"
    taken = [path for path in paths if path == ANOMALY_FIELD or path.startswith(f"{ANOMALY_FIELD}.")]
    return ("", f"publishes the score as {ANOMALY_FIELD!r}, but {taken[0]!r} is declared") if taken else ("", "")
