"""The flags and the text of ``fairstream replay search``, and of the replay of a single alternative."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from stream_app.cli.replay.alternatives.search import AlternativeFlags
from stream_app.cli.replay.alternatives.single import AlternativeRun
from stream_app.cli.replay.texts.search import print_result
from stream_app.errors import ConfigError
from stream_app.policy import Feature
from tests.support.search.records import MODEL
from tests.unit.render.alternatives.test_pages import RESULT, alternative, pair


def model_file(path: Path) -> Path:
    skops.io.dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), path)
    return path


def test_cuts_vary_by_the_segment_of_the_policy_and_by_nothing_else() -> None:
    assert [AlternativeFlags("0.5", by=by).is_by_segment(MODEL) for by in (None, "segment", "site")] == [
        False,
        True,
        True,
    ]
    with pytest.raises(ConfigError, match="treat people differently because of it"):
        AlternativeFlags("0.5", by="sex").is_by_segment(MODEL)
    with pytest.raises(ConfigError, match="has no such segment"):
        AlternativeFlags("0.5", by="town").is_by_segment(MODEL)
    with pytest.raises(ConfigError, match="has no such segment"):
        AlternativeFlags("0.5", by="segment").is_by_segment(msgspec.structs.replace(MODEL, segment=None))


def test_scores_are_the_logged_one_and_every_model(tmp_path: Path) -> None:
    files = [model_file(tmp_path / name) for name in ("a.skops", "b.skops")]
    flags = AlternativeFlags("0.5", models=files)
    assert [source.name for source in flags.sources(MODEL)] == ["credit.score", "a.skops", "b.skops"]
    assert [source.name for source in AlternativeFlags("0.5", "years").sources(MODEL)] == ["years"]
    without = msgspec.structs.replace(MODEL, score=None, features=(Feature(name="x", path="x", minimum=0, maximum=1),))
    assert [source.name for source in flags.sources(without)] == ["a.skops", "b.skops"]
    (tmp_path / "other").mkdir()
    same = model_file(tmp_path / "other" / "a.skops")
    with pytest.raises(ConfigError, match="Two models have one name"):
        AlternativeFlags("0.5", models=[files[0], same]).sources(MODEL)


def test_a_single_alternative_is_decided_by_one_score(tmp_path: Path) -> None:
    decided = AlternativeRun("north=0.5,South=0.6").rule_of(MODEL)
    assert decided is not None
    assert decided.name == "credit.score from north=0.5,south=0.6"
    assert decided.described == {"score": "credit.score", "alternative": "north=0.5,south=0.6"}
    by_model = AlternativeRun("0.5", scored_by=model_file(tmp_path / "a.skops")).rule_of(MODEL)
    assert by_model is not None
    assert by_model.described == {"score": "a.skops", "alternative": "0.5"}
    assert AlternativeRun().rule_of(MODEL) is None
    with pytest.raises(ConfigError, match="without --alternative"):
        AlternativeRun(score="years").rule_of(MODEL)
    with pytest.raises(ConfigError, match="Give one of them"):
        AlternativeRun("0.5", "years", tmp_path / "a.skops").rule_of(MODEL)


def test_the_text_shows_the_found_ones_beside_the_logged_decisions(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_result(RESULT)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines[4:7]] == [
        ["sex:", "f", "vs.", "m"],
        ["as", "decided", "0.750", "0.700", "to", "0.800", "0.600", "0.800"],
        ["0.4", "0.850", "0.700", "to", "0.800", "0.600", "0.800", "to", "0.900", "4.9e+08"],
    ]
    assert "  1 found" in lines
    assert lines[-1] == "  fairstream replay run --score score --alternative 0.4"


def test_the_text_says_that_none_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    print_result(msgspec.structs.replace(RESULT, alternatives=(alternative("0.5", pair(0.7)),), has_clusters=True))
    text = capsys.readouterr().out
    assert "None found" in text
    assert "detection.design_effect" in text
    assert "replay run" not in text
