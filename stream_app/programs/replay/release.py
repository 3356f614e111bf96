"""What a replay may show: small groups hidden, and nothing that isolates a few people beside former replays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_sums import released_sums
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.settings import Settings


def release_scenarios(
    settings: Settings,
    run: RangeRun,
    scenarios: Sequence[Scenario],
    topic: str,
    *,
    is_exact: bool,
    live: ScenarioResults | None = None,
) -> list[ScenarioResults]:
    """Return what may be shown of each scenario, and note it in the ledger of releases of the state folder.

    Args:
        settings: Where the state folder is.
        run: The replay.
        scenarios: What was judged, the original first.
        topic: The topic that was read.
        is_exact: Whether groups of any size are shown; that is not a release, and is audited by the caller.
        live: What the live judge published, if it is shown beside it.

    Raises:
        ReleaseRefusedError: beside what former replays or the live judge showed, fewer than k people would be isolated.
        ConfigError: the ledger is unsafe, or was changed by something else.
        WriteError: it cannot be written.
    """
    results = disclose_scenarios(run.reports, scenarios, is_exact=is_exact)
    if not is_exact:
        original = scenarios[0].model
        sums = list(released_sums(original, scenarios, results))
        beside = [] if live is None else list(released_sums(original, scenarios[:1], [live]))
        ReleaseFile(Path(settings.state_dir)).release(original.name, topic, sums, original.privacy.k, beside)
    return results
