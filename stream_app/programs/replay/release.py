"""What a replay may show: small groups hidden, and nothing that isolates a few people beside former replays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from stream_app.edges.releases.release_file import ReleaseFile
from stream_app.pipeline.replay.ranges.range_run import RangeRun
from stream_app.pipeline.replay.scenarios.released_sums import released_sums, sums_of_groups
from stream_app.pipeline.replay.scenarios.results import ScenarioResults, disclose_scenarios
from stream_app.pipeline.replay.scenarios.scenario import Scenario
from stream_app.pipeline.replay.search.results import SearchResult
from stream_app.pipeline.replay.tables.group_table import GroupTable
from stream_app.policy import ModelPolicy
from stream_app.programs.replay.count import CountFacts
from stream_app.settings import Settings


def release_scenarios(
    settings: Settings,
    run: RangeRun,
    scenarios: Sequence[Scenario],
    topic: str,
    *,
    is_exact: bool,
) -> list[ScenarioResults]:
    """Return what may be shown of each scenario, and note it in the ledger of releases of the state folder.

    Args:
        settings: Where the state folder is.
        run: The replay.
        scenarios: What was judged, the original first.
        topic: The topic that was read.
        is_exact: Whether groups of any size are shown; that is not a release, and is audited by the caller.

    Raises:
        ReleaseRefusedError: beside what former replays showed, fewer than k people would be isolated.
        ConfigError: the ledger is unsafe, or was changed by something else.
        WriteError: it cannot be written.
    """
    results = disclose_scenarios(run.reports, scenarios, is_exact=is_exact)
    if not is_exact:
        original = scenarios[0].model
        sums = list(released_sums(original, scenarios, results))
        ReleaseFile(Path(settings.state_dir)).release(original.name, topic, sums, original.privacy.k)
    return results


def release_tables(settings: Settings, model: ModelPolicy, made_from: CountFacts, tables: Iterable[GroupTable]) -> None:
    """Note the tables of a count, which are shown next, in the ledger of releases of the state folder.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    sums = [
        each
        for table in tables
        for each in sums_of_groups(
            table.attribute, [(row.group, row.n) for row in table.groups], made_from.from_s, made_from.to_s
        )
    ]
    ReleaseFile(Path(settings.state_dir)).release(model.name, made_from.topic, sums, model.privacy.k)


def release_search(settings: Settings, model: ModelPolicy, result: SearchResult) -> None:
    """Note the groups of a search, which is shown next, in the ledger of releases of the state folder.

    Cuts that are shown together isolate nobody, as ``shown_cuts`` sees to; those of two searches are not compared.

    Raises:
        ReleaseRefusedError, ConfigError, WriteError: as ``release_scenarios``; then nothing may be shown.
    """
    sums = [
        each
        for pair in result.logged.pairs
        for each in sums_of_groups(
            pair.attribute,
            [(pair.group, pair.n), (pair.reference, pair.n_reference)],
            result.from_s,
            result.to_s,
        )
    ]
    ReleaseFile(Path(settings.state_dir)).release(model.name, result.topic, sums, model.privacy.k)
