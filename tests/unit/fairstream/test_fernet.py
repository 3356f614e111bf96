"""The functions of the FairLens specification: their names and behavior, without its holes."""

from __future__ import annotations

import stat
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairstream.fernet import (
    AlertDecryptionError,
    UnkeyedHashWarning,
    anonymize_data,
    decrypt_alert,
    encrypt_alert,
    init_key,
)
from stream_app.errors import KeyFileError

KEY = b"A" * 43 + b"="
OTHER = b"B" * 42 + b"A="


def test_a_key_is_created_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = init_key(path)
    assert init_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyFileError, match="can be read by others"):
        init_key(path)
    path.chmod(0o600)
    path.write_text("short")
    with pytest.raises(KeyFileError, match="does not contain"):
        init_key(path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="is a link"):
        init_key(path)
    assert not (tmp_path / "elsewhere").exists()


@given(st.text(max_size=200))
def test_a_text_comes_back_with_its_key_alone(text: str) -> None:
    token = encrypt_alert(text, KEY)
    assert decrypt_alert(token, KEY) == text
    for wrong, key in ((token, OTHER), (token[:-2], KEY), (token[:20] + "A" + token[21:], KEY), ("", KEY), ("é", KEY)):
        if (wrong, key) != (token, KEY):
            with pytest.raises(AlertDecryptionError, match="cannot be decrypted"):
                decrypt_alert(wrong, key)


def test_identifiers_are_replaced_in_a_copy() -> None:
    table = pd.DataFrame({"application_id": [1, 2, 1], "gender": ["f", "m", "f"]})
    copy = anonymize_data(table, KEY)
    assert table["application_id"].tolist() == [1, 2, 1]
    assert copy["application_id"][0] == copy["application_id"][2] != copy["application_id"][1]
    assert copy["application_id"].str.fullmatch("[0-9a-f]{32}").all()
    assert copy["gender"].tolist() == ["f", "m", "f"]
    assert anonymize_data(table, OTHER)["application_id"][0] != copy["application_id"][0]
    assert anonymize_data(pd.DataFrame({"a": ["x", None]}), KEY, columns=["a"])["a"].isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="needs the key"):
        anonymize_data(table)


def test_the_unkeyed_hash_is_inverted_by_trying_and_warns_and_the_keyed_one_is_not() -> None:
    table = pd.DataFrame({"application_id": [45_891]})
    with pytest.warns(UnkeyedHashWarning, match="Anybody can find"):
        [unkeyed] = anonymize_data(table, method="sha256")["application_id"]
    [keyed] = anonymize_data(table, KEY)["application_id"]
    guesses = pd.DataFrame({"application_id": range(100_000)})
    with pytest.warns(UnkeyedHashWarning):
        tried = anonymize_data(guesses, method="sha256")["application_id"].tolist()
    assert tried.index(unkeyed) == 45_891
    assert keyed not in tried
    assert keyed not in set(anonymize_data(guesses, OTHER)["application_id"])
