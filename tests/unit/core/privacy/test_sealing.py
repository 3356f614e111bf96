"""Sealing: opened by the auditors it is meant for and by nobody else, and only where it belongs.

HPKE is checked against an implementation of our own of RFC 9180, which the published vectors of the RFC check.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.privacy.sealing import PAD_BYTES, AuditorKey, Sealed, SealError, _info, kid_of, seal, unseal
from stream_app.policy.values.auditor_keys import auditor_key_fault, key_bytes, key_text

KEYS = [AuditorKey(bytes([number]) * 32) for number in range(1, 4)]
TEXTS = st.binary(max_size=200).map(lambda text: text + b"}")


def extract(salt: bytes, keyed: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), keyed, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


def key_and_nonce(shared: bytes, info: bytes, aead: int, length: int) -> tuple[bytes, bytes]:
    """RFC 9180, section 5.1, KeySchedule in base mode, for DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256."""
    suite = b"HPKE" + (0x20).to_bytes(2, "big") + (1).to_bytes(2, "big") + aead.to_bytes(2, "big")
    version = b"HPKE-v1"
    context = b"\0" + extract(b"", version + suite + b"psk_id_hash")
    context += extract(b"", version + suite + b"info_hash" + info)
    secret = extract(shared, version + suite + b"secret")
    key = expand(secret, length.to_bytes(2, "big") + version + suite + b"key" + context, length)
    return key, expand(secret, (12).to_bytes(2, "big") + version + suite + b"base_nonce" + context, 12)


def shared_secret(private: X25519PrivateKey, enc: bytes) -> bytes:
    """RFC 9180, section 4.1, Decap of DHKEM(X25519, HKDF-SHA256)."""
    suite, version = b"KEM" + (0x20).to_bytes(2, "big"), b"HPKE-v1"
    dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
    prk = extract(b"", version + suite + b"eae_prk" + dh)
    context = enc + private.public_key().public_bytes_raw()
    return expand(prk, (32).to_bytes(2, "big") + version + suite + b"shared_secret" + context, 32)


def test_the_second_implementation_agrees_with_the_published_vector() -> None:
    """RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0."""
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    private = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    shared = shared_secret(X25519PrivateKey.from_private_bytes(private), enc)
    assert shared.hex() == "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"
    key, nonce = key_and_nonce(shared, info, 1, 16)
    assert (key.hex(), nonce.hex()) == ("4531685d41d65f03dc48f6b8302c05b0", "56d890e5accaaf011cff4b7d")
    sealed = "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    opened = AESGCM(key).decrypt(nonce, bytes.fromhex(sealed), bytes.fromhex("436f756e742d30"))
    assert opened == b"Beauty is truth, truth beauty"


def test_a_share_is_opened_by_the_second_implementation() -> None:
    sealed = seal(b"text", b"context", [KEYS[0].public], os.urandom)
    share = sealed.shares[KEYS[0].kid]
    key, nonce = key_and_nonce(shared_secret(KEYS[0].private, share[:32]), _info(b"context"), 2, 32)
    dek = AESGCM(key).decrypt(nonce, share[32:], b"")
    assert AESGCM(dek).decrypt(sealed.nonce, sealed.body, b"context").rstrip(b"\0") == b"text"


@given(TEXTS, st.binary(max_size=40), st.sets(st.integers(0, 2), min_size=1))
def test_each_auditor_opens_it_and_nobody_else(text: bytes, context: bytes, chosen: set[int]) -> None:
    sealed = seal(text, context, [KEYS[number].public for number in chosen], os.urandom)
    assert set(sealed.shares) == {KEYS[number].kid for number in chosen}
    for number, key in enumerate(KEYS):
        if number in chosen:
            assert unseal(sealed, context, key) == text
        else:
            with pytest.raises(SealError):
                unseal(sealed, context, key)


@given(TEXTS, st.binary(max_size=40), st.binary(max_size=40), st.data())
def test_what_was_moved_or_changed_is_not_opened(
    text: bytes, context: bytes, other: bytes, data: st.DataObject
) -> None:
    key = KEYS[0]
    sealed = seal(text, context, [key.public], os.urandom)
    another = seal(text, other, [key.public], os.urandom)
    if other != context:
        with pytest.raises(SealError):
            unseal(sealed, other, key)
    for mixed in (replace(sealed, shares=another.shares), replace(sealed, body=another.body, nonce=another.nonce)):
        with pytest.raises(SealError):
            unseal(mixed, context, key)
    part = data.draw(st.sampled_from(["share", "nonce", "body"]))
    value = bytearray(sealed.shares[key.kid] if part == "share" else getattr(sealed, part))
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    value[bit // 8] ^= 1 << bit % 8
    changes = {"shares": {key.kid: bytes(value)}} if part == "share" else {part: bytes(value)}
    with pytest.raises(SealError, match=r"^It cannot be opened with this key$"):
        unseal(replace(sealed, **changes), context, key)


@given(st.integers(0, 32), st.integers(0, 32), st.integers(0, 32))
def test_pieces_of_any_length_are_refused_alike(n_share: int, n_nonce: int, n_body: int) -> None:
    with pytest.raises(SealError):
        unseal(Sealed({KEYS[0].kid: bytes(n_share)}, bytes(n_nonce), bytes(n_body)), b"", KEYS[0])


def test_the_length_of_a_text_does_not_show() -> None:
    lengths = {len(seal(b"x" * n, b"", [KEYS[0].public], os.urandom).body) for n in (1, 700, PAD_BYTES)}
    assert len(lengths) == 1


def test_sealing_twice_gives_nothing_in_common() -> None:
    one, two = (seal(b"text", b"", [KEYS[0].public], os.urandom) for _ in range(2))
    assert one.body != two.body
    assert one.shares != two.shares


def test_a_private_key_is_never_shown() -> None:
    assert KEYS[0].kid in repr(KEYS[0])
    assert bytes([1] * 32).hex() not in repr(KEYS[0])
    assert KEYS[0].kid == kid_of(KEYS[0].public)


# Points of small order on the curve and its twist, https://cr.yp.to/ecdh.html#validate.
SMALL = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
]


@pytest.mark.parametrize("public", SMALL)
def test_a_key_to_which_anybody_could_read_is_none(public: bytes) -> None:
    assert auditor_key_fault(key_text(public)) is not None


def test_a_key_has_one_spelling() -> None:
    public = KEYS[0].public
    assert auditor_key_fault(public) is None
    assert key_text(key_bytes(public)) == public
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [public[:-1] + letter for letter in last if letter != public[-1]]
    assert [key for key in others if key_bytes(key) == key_bytes(public)]
    assert all(auditor_key_fault(key) for key in others if key_bytes(key) == key_bytes(public))
