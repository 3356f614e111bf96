"""The scorers of a worker: the reference of each model that declares one, read once."""

from __future__ import annotations

from pathlib import Path

from stream_app.edges.anomalies.reference_file import read_reference
from stream_app.pipeline.ingest.tags.anomalies import AnomalyScorer
from stream_app.policy import ModelPolicy, Policy


class Scorers:
    """Reads references and keeps them.

    Args:
        state_dir: The state folder, in which relative paths begin.
    """

    def __init__(self, state_dir: str) -> None:
        self._folder = Path(state_dir)
        self._by_digest: dict[tuple[str, str], AnomalyScorer] = {}

    def check(self, policy: Policy) -> None:
        """Read the reference of every model, so that a missing one is found before anything runs.

        Raises:
            ConfigError: one is missing, unsafe, or another one than the policy names.
            DependencyMissingError: what reads it is not installed.
        """
        for model in policy.models:
            self.of(model)

    def of(self, model: ModelPolicy) -> AnomalyScorer | None:
        """Return what scores the events of a model; None where it declares no anomalies.

        Raises:
            ConfigError, DependencyMissingError: as ``check``.
        """
        if (anomalies := model.anomalies) is None:
            return None
        key = (model.name, anomalies.digest)
        if key not in self._by_digest:
            self._by_digest[key] = read_reference(self._folder / anomalies.reference, model.name, anomalies).forest
        return self._by_digest[key]
