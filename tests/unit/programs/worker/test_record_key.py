"""The keys of the seals as an operator gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Outputs
from stream_app.programs.worker.record_key import seals_of
from stream_app.settings import Settings, load_settings
from stream_app.topics import FAIRNESS_PARTIALS

KEYS = {"old": "o" * 32, "new": "n" * 64, "short": "s" * 31}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name, text in KEYS.items():
        (tmp_path / name).write_text(f"{text}\n")
    return {name: str(tmp_path / name) for name in KEYS}


def test_the_other_key_is_accepted_and_not_used(files: dict[str, str]) -> None:
    before = seals_of(Settings(record_key_file=files["old"]))
    changing = seals_of(Settings(record_key_file=files["new"], other_record_key_file=files["old"]))
    after = seals_of(Settings(record_key_file=files["new"]))
    assert before is not None
    assert changing is not None
    assert after is not None
    (old,) = before.seal(Outputs(FAIRNESS_PARTIALS, 0, [b"k"], [b"v"])).values
    (new,) = changing.seal(Outputs(FAIRNESS_PARTIALS, 0, [b"k"], [b"v"])).values
    assert changing.open(FAIRNESS_PARTIALS, 0, b"k", old or b"") == (b"v", True)
    assert after.open(FAIRNESS_PARTIALS, 0, b"k", new or b"") == (b"v", True)
    assert not after.open(FAIRNESS_PARTIALS, 0, b"k", old or b"")[1]
    assert seals_of(Settings()) is None


@pytest.mark.parametrize(
    ("own", "other", "says"),
    [
        (None, "old", "without record_key_file"),
        ("old", "old", "the same key"),
        ("short", None, "record_key_file .* fewer than 32"),
        ("old", "short", "other_record_key_file .* fewer than 32"),
        ("old", "none", "Cannot read other_record_key_file"),
    ],
)
def test_what_is_no_pair_of_keys_is_an_error(
    files: dict[str, str], own: str | None, other: str | None, says: str
) -> None:
    paths = {**files, "none": "/nowhere"}
    settings = load_settings({}, record_key_file=paths.get(own or ""), other_record_key_file=paths.get(other or ""))
    with pytest.raises(ConfigError, match=says) as raised:
        seals_of(settings)
    assert not any(text in str(raised.value) for text in KEYS.values())
