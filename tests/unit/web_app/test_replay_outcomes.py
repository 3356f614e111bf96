"""What the command of a replay has written, as the web application stores it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_app.edges.files.run_folder import new_run
from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import disclose_result
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.results import TOTAL_WINDOW
from stream_app.pipeline.replay.ranges.manifest import SCHEMA, Manifest, ScenarioSummary
from stream_app.pipeline.replay.verify.difference import Difference
from stream_app.pipeline.replay.verify.verification import Verification
from stream_app.topics import FAIRNESS_RESULTS
from stream_app.web_app.replays.outcomes import (
    FailedError,
    answer_in,
    progress_in,
    read_comparison,
    read_verification,
)
from tests.support.web.stored_alerts import breach
from tests.support.web.window_results import MODEL, UNFAIR, Counts, race_result

RUN = "web-1-abc"


def lines(values: list[Any]) -> bytes:
    return b"".join(msgspec.json.encode(value) + b"\n" for value in values)


def save_run(state_dir: Path, sides: list[tuple[Counts, list[Alert]]], *, k: int = 10, policy: str = "") -> None:
    """Write the folder of a comparison."""
    with new_run(state_dir, RUN) as folder:
        for number, (counts, alerts) in enumerate(sides):
            total = race_result(100, counts, window=TOTAL_WINDOW)
            folder.write(f"results-{number}.jsonl", lines([disclose_result(total, k)]))
            folder.write(f"alerts-{number}.jsonl", lines([disclose_alert(alert, k) for alert in alerts]))
        scenarios = tuple(
            ScenarioSummary(
                name=name, policy_hash=policy or MODEL.hash(), k=k, n_results=1, n_alerts=len(alerts), digest="d" * 64
            )
            for name, (_, alerts) in zip(("original", "draft"), sides, strict=True)
        )
        folder.finish(
            Manifest(
                schema=SCHEMA,
                run=RUN,
                made_at="2026-01-01T00:00:00Z",
                code_version="v",
                model=MODEL.name,
                topic="t",
                source="published",
                from_s=0,
                to_s=100,
                begins={},
                ends={},
                n_records=9,
                n_counted=8,
                scenarios=scenarios,
            )
        )


def test_a_comparison_counts_breaches_by_attribute_with_their_times_and_the_lowest_ratio(tmp_path: Path) -> None:
    first, second = breach(at_s=60), breach(at_s=120, group="hispan")
    both = breach(at_s=180, attribute="race+sex", group="black & female")
    small = UNFAIR | {"hispan": (3, 2)}
    save_run(tmp_path, [(UNFAIR, [first, second, breach(at_s=240, change="recovery"), both]), (small, [])])
    answer = read_comparison(tmp_path, RUN, MODEL, MODEL)
    race, crossed = answer["rows"]
    assert race["in_use"] == {"n": 2, "first_s": 60, "last_s": 120, "ratio": pytest.approx(1 / 3)}
    assert race["draft"] == {"n": 0, "first_s": None, "last_s": None, "ratio": None}  # suppressed
    assert (crossed["attribute"], crossed["in_use"]["n"], crossed["draft"]["n"]) == ("intersections", 1, 0)
    assert answer["n_changed"] == len(answer["changes"]) == 3  # breaches alone


@pytest.mark.parametrize("changed", [{"policy": "0" * 16}, {"k": 5}])
def test_what_was_judged_under_another_policy_than_the_pages_show_is_not_stored(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    save_run(tmp_path, [(UNFAIR, []), (UNFAIR, [])], **changed)
    with pytest.raises(FailedError, match="restart"):
        read_comparison(tmp_path, RUN, MODEL, MODEL)
    with pytest.raises(FailedError):
        read_comparison(tmp_path, "web-2-abc", MODEL, MODEL)


@pytest.mark.parametrize("is_equal", [True, False])
def test_a_verification_is_stored_in_the_words_of_the_command(*, is_equal: bool) -> None:
    difference = Difference(
        topic=FAIRNESS_RESULTS,
        key="k",
        field="n",
        live=190,
        replayed=189,
        window="1m",
        start_s=60,
        end_s=120,
        attribute="race",
        group="black",
    )
    found = Verification(
        model=MODEL.name,
        is_equal=is_equal,
        n_records=9,
        n_equal=3,
        n_missing=0,
        n_unexpected=0,
        difference=None if is_equal else difference,
        divergence=None,
        policy_hash="p",
    )
    answer = read_verification(msgspec.json.encode(found), MODEL)
    assert (answer["is_equal"], answer["n_records"]) == (is_equal, 9)
    assert answer["lines"][0].startswith("VERIFIED: 3" if is_equal else "MISMATCH: ")
    assert is_equal or "190 published, 189 recomputed, 1 fewer" in " ".join(answer["lines"])


def test_progress_and_answer_are_found_among_other_lines(tmp_path: Path) -> None:
    log = tmp_path / "replay.log"
    noise = b"\xff\xfe{not json\nWARNING {}\n" * 500
    log.write_bytes(noise + b'{"progress": "comparing", "n_done": 5, "n_total": 10, "left_s": 1.0}\n')
    assert progress_in(log) == (5, 10)
    with pytest.raises(FailedError, match=r"^$"):
        answer_in(log)
    log.write_bytes(log.read_bytes() + b'{"run": "r", "scenarios": []}\n')
    assert msgspec.json.decode(answer_in(log))["run"] == "r"
    log.write_bytes(b"fairstream: No Kafka broker answers at 127.0.0.1:1. Check --kafka\n")
    assert progress_in(log) is None
    with pytest.raises(FailedError, match=r"No Kafka broker answers at 127\.0\.0\.1:1\. Check --kafka"):
        answer_in(log)
    log.write_bytes(b"Traceback (most recent call last):\n  secret\n")
    with pytest.raises(FailedError, match=r"^$"):  # nothing of which is shown
        answer_in(log)
