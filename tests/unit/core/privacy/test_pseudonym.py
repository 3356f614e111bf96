"""Pseudonyms as an attacker, an auditor and the standards see them."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable

import numpy as np
import pytest

from stream_app.core.privacy.pseudonym import (
    PATTERN,
    Pseudonymizer,
    RootKey,
    derive_key,
    keyed_hash,
    keyed_hash_of_kind,
)
from tests.support.paths import ROOT

KEY = RootKey("abcdefgh", 0, bytes(range(32)))
NEXT = RootKey("zyxwvuts", 1_000_000, bytes(range(32, 64)))
IDS = [b"%d" % number for number in range(400_000, 500_000)]

RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to "
            b"be hashed before being used by the HMAC algorithm."
        ),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.mark.parametrize(("key", "message", "digest"), RFC_4231)
def test_the_keyed_hash_gives_the_vectors_of_rfc_4231(key: bytes, message: bytes, digest: str) -> None:
    assert keyed_hash(key)(message).hex().startswith(digest)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 255, 256, 257, 100_000])
def test_values_of_one_kind_are_hashed_like_single_values(length: int) -> None:
    value = b"v" * length
    framed = (4).to_bytes(4, "big") + b"text" + length.to_bytes(4, "big") + value
    assert keyed_hash_of_kind(KEY.secret, "text")([value]) == [hmac.digest(KEY.secret, framed, "sha256")]


def test_a_derived_key_is_hkdf_of_rfc_5869() -> None:
    info = b"fairstream/pseud/v1|applicant"
    extracted = hmac.digest(bytes(32), KEY.secret, "sha256")  # no salt: a block of zeros
    assert derive_key(KEY.secret, "applicant") == hmac.digest(extracted, info + b"\x01", "sha256")


def test_a_pseudonym_can_be_recomputed_from_its_definition() -> None:
    extracted = hmac.digest(bytes(32), KEY.secret, "sha256")
    key = hmac.digest(extracted, b"fairstream/pseud/v1|applicant" + b"\x01", "sha256")
    tag = hmac.digest(key, b"\0\0\0\4text\0\0\0\x06458921", "sha256")[:16]
    expected = "hm1.abcdefgh." + urlsafe_b64encode(tag).decode().rstrip("=")
    assert Pseudonymizer([KEY], "applicant", "text").pseudonym(b"458921", 0) == expected


def test_every_pseudonym_has_the_one_format_and_no_two_are_equal() -> None:
    names = _pseudonyms("applicant")
    assert all(PATTERN.fullmatch(name) for name in names)
    assert len(set(names)) == len(IDS)


def test_100_000_identifiers_in_two_link_domains_share_no_pseudonym() -> None:
    assert not set(_pseudonyms("applicant")) & set(_pseudonyms("camera-person"))


def test_the_same_domain_gives_the_same_pseudonyms_in_another_process() -> None:
    program = (
        "from stream_app.core.privacy.pseudonym import Pseudonymizer, RootKey\n"
        "naming = Pseudonymizer([RootKey('abcdefgh', 0, bytes(range(32)))], 'applicant', 'text')\n"
        "ids = [b'%d' % number for number in range(400_000, 401_000)]\n"
        "print('\\n'.join(naming.pseudonyms(naming.digests(ids, 0), 0)))"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    other = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert other.stdout.split() == _pseudonyms("applicant")[:1000]


def test_equal_values_of_different_kinds_have_different_pseudonyms() -> None:
    kinds = ("text", "integer", "text-or-integer", "email")
    names = {Pseudonymizer([KEY], "d", kind).pseudonym(b"123", 0) for kind in kinds}
    assert len(names) == len(kinds)


def test_the_border_between_kind_and_value_cannot_be_moved() -> None:
    assert keyed_hash_of_kind(KEY.secret, "a")([b"bc"]) != keyed_hash_of_kind(KEY.secret, "ab")([b"c"])


def test_without_the_key_guessing_every_identifier_finds_nothing() -> None:
    victim = b"458921"
    tag = Pseudonymizer([KEY], "applicant", "text").digests([victim], 0)[0]
    framed = keyed_hash_of_kind(b"", "text")
    wrong = keyed_hash_of_kind(derive_key(bytes(32), "applicant"), "text")
    for guess in (_sha256, lambda value: framed([value])[0], lambda value: wrong([value])[0]):
        assert _guessed(tag, guess) is None


def test_the_same_guessing_inverts_a_hash_without_a_key() -> None:
    assert _guessed(_sha256(b"458921"), _sha256) == b"458921"


def test_the_key_changes_with_the_event_time_from_the_first_second_of_its_epoch() -> None:
    naming = Pseudonymizer([NEXT, KEY], "applicant", "text")  # the order in the file does not matter
    before, at = naming.pseudonym(b"1", 999_999.999999), naming.pseudonym(b"1", 1_000_000)
    assert before.startswith("hm1.abcdefgh.")
    assert at.startswith("hm1.zyxwvuts.")
    assert before[-22:] != at[-22:]
    assert [naming.epoch_at(time_s) for time_s in (999_999.999999, 1_000_000, 1e12)] == [0, 1, 1]


def test_a_column_is_hashed_like_its_values_one_by_one_under_the_key_of_each_time() -> None:
    naming = Pseudonymizer([KEY, NEXT], "applicant", "text")
    for times_s in ([5, 7], [999_999, 1_000_000], [1_000_000, 3], [2_000_000, 2_000_001]):
        hashes = naming.hashes_at([b"1", b"2"], np.array(times_s))
        assert hashes.epochs.tolist() == [naming.epoch_at(time_s) for time_s in times_s]
        expected = [naming.pseudonym(value, time_s) for value, time_s in zip((b"1", b"2"), times_s, strict=True)]
        assert naming.pseudonyms_of(hashes) == expected
        assert naming.pseudonyms_of(hashes.part(np.array([False, True]))) == expected[1:]


def test_an_empty_column_has_no_hashes_and_no_pseudonyms() -> None:
    naming = Pseudonymizer([KEY], "applicant", "text")
    assert naming.pseudonyms_of(naming.hashes_at([], np.array([], np.int64))) == []


def test_times_before_the_first_key_belong_to_it() -> None:
    assert Pseudonymizer([NEXT], "d", "text").pseudonym(b"1", -5).startswith("hm1.zyxwvuts.")


def test_there_are_no_pseudonyms_without_a_key() -> None:
    with pytest.raises(ValueError, match="No pseudonym key"):
        Pseudonymizer([], "d", "text")


def test_a_key_shows_its_name_and_fingerprint_but_never_its_secret() -> None:
    assert "secret=***" in repr(KEY)
    assert KEY.secret.hex() not in repr(KEY)
    assert KEY.fingerprint() == hashlib.sha256(KEY.secret).hexdigest()[:16]


def _pseudonyms(domain: str) -> list[str]:
    naming = Pseudonymizer([KEY], domain, "text")
    return naming.pseudonyms(naming.digests(IDS, 0), 0)


def _sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def _guessed(tag: bytes, guess: Callable[[bytes], bytes]) -> bytes | None:
    """Try all 100,000 identifiers and return the one whose hash begins like the tag."""
    return next((value for value in IDS if guess(value)[:16] == tag[:16]), None)


def test_a_million_guesses_find_the_id_behind_an_unkeyed_hash_and_none_behind_a_pseudonym() -> None:
    """The attack of somebody who knows the format of the ids and all of this code, and not the key."""
    guesses = [b"%d" % number for number in range(1_000_000)]
    wanted = hashlib.sha256(b"458921").digest()
    assert next(guess for guess in guesses if hashlib.sha256(guess).digest() == wanted) == b"458921"
    tag = Pseudonymizer([KEY], "applicant", "text").digests([b"458921"], 0)[0][:16]
    attacker = Pseudonymizer([RootKey(KEY.kid, 0, bytes(32))], "applicant", "text")
    assert not any(digest[:16] == tag for digest in attacker.digests(guesses, 0))
    assert tag not in {hashlib.sha256(guess).digest()[:16] for guess in guesses}
