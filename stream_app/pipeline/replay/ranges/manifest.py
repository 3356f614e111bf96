"""The manifest of a run: everything that is needed to make it again and get the same digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from stream_app.pipeline.disclosure.alerts import DisclosedAlert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.replay.ranges.similar_cases import Similarity

SCHEMA = 2


class ScenarioSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario of a run.

    Attributes:
        name: ``original``, or the settings of the scenario.
        policy_hash: Hash of the policy that it represents.
        k: Groups of fewer are hidden in the files.
        n_results: Results in its file.
        n_alerts: Alerts in its file.
        digest: SHA-256 of its results and alerts, as they are in the files.
        settings: What differs from the policy.
        n_withheld: Groups of single attributes that are withheld, window by window, because fewer than k people would
            follow beside former releases.
    """

    name: str
    policy_hash: str
    k: int
    n_results: int
    n_alerts: int
    digest: str
    settings: dict[str, str] = {}
    n_withheld: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A run. Its file is written last: a folder without it is not a run.

    Attributes:
        schema: Version of this format.
        run: Id of the run, also the name of its folder.
        made_at: When it was made, ISO 8601.
        code_version: Version of FairStream.
        model: Name of the model.
        topic: Topic that was read.
        source: ``raw`` records or ``published`` events.
        from_s: Start of the range of event time; None for the beginning of the log.
        to_s: Its end; None for the end of the log.
        begins: First offset that was read of each partition; for published events their own offsets.
        ends: Offset below which each partition was read.
        n_records: Records that were read.
        n_counted: Events that were counted, warm-up before the range included.
        scenarios: What was judged.
        consistency: Whether similar cases were decided alike; None where it was not requested.
        files: SHA-256 by name of every file of the folder.
    """

    schema: int
    run: str
    made_at: str
    code_version: str
    model: str
    topic: str
    source: str
    from_s: float | None
    to_s: float | None
    begins: dict[int, int]
    ends: dict[int, int]
    n_records: int
    n_counted: int
    scenarios: tuple[ScenarioSummary, ...]
    consistency: Similarity | None = None
    files: dict[str, str] = {}


def digest_of(records: Iterable[DisclosedResult | DisclosedAlert]) -> str:
    """Return the SHA-256 of disclosed records, one after the other.

    Exact results are not digested: with everything else known, a hidden count of fewer than k could be guessed.
    """
    digest = hashlib.sha256()
    for record in records:
        digest.update(msgspec.json.encode(record) + b"\n")
    return digest.hexdigest()
