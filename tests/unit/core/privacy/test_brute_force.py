"""What somebody finds who guesses every identifier: nothing behind a keyed pseudonym, all behind an unkeyed hash."""

from __future__ import annotations

import hashlib
import random
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator

import pandas as pd
import pytest

from fairstream.fernet import UnkeyedHashWarning, anonymize_data
from stream_app.core.privacy.pseudonym import TAG_BYTES, RootKey
from stream_app.pipeline.ingest.admission import pseudonymizer_of
from stream_app.policy import Identifier
from tests.support.lanes.ingest_lane import KEYS, LOANS, IngestLane, encode, loan

N_GUESSES = 1_000_000
IDS = sorted(random.Random(15).sample(range(N_GUESSES), 40))


def guesses() -> list[bytes]:
    """Return every application number that there can be, the true ones among them."""
    return [b"A-%06d" % number for number in range(N_GUESSES)]


def published_tags() -> dict[str, set[bytes]]:
    """Return what a reader of the published topic sees: the bytes of the tags by field."""
    lane = IngestLane()
    lane.feed(encode(loan(application_id=f"A-{number:06d}", applicant_id=f"A-{number:06d}")) for number in IDS)
    events = lane.events
    assert len(events) == len(IDS)
    return {name: {tag_of(event[name]) for event in events} for name in ("application_id", "applicant_id")}


def tag_of(pseudonym: str) -> bytes:
    return urlsafe_b64decode(pseudonym.split(".")[2] + "==")


def framed(value: bytes) -> bytes:
    return (4).to_bytes(4, "big") + b"text" + len(value).to_bytes(4, "big") + value


# What can be computed with what is public: the format, the name of the key, the domain, the name of the topic.
UNKEYED: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda value: hashlib.sha256(value).digest(),
    "sha256 of the frame": lambda value: hashlib.sha256(framed(value)).digest(),
}
GUESSED_KEYS = {"zeros": bytes(32), "the name of the key": KEYS[0].kid.encode() * 4}


def hits(tags: set[bytes]) -> Iterator[str]:
    tried = guesses()
    for name, digest in UNKEYED.items():
        yield from (name for value in tried if digest(value)[:TAG_BYTES] in tags)
    for name, secret in GUESSED_KEYS.items():
        for identifier in (LOANS.event_id, Identifier(path="x", link_domain="applicant")):
            hashing = pseudonymizer_of(identifier, (RootKey("abcdefgh", 0, secret),))
            yield from (name for digest in hashing.digests(tried, 0) if digest[:TAG_BYTES] in tags)


def test_no_identifier_is_found_behind_a_keyed_pseudonym_in_a_million_guesses() -> None:
    tags = published_tags()
    assert list(hits(set.union(*tags.values()))) == []
    assert tags["application_id"].isdisjoint(tags["applicant_id"])  # nor are two domains joined
    true_key = pseudonymizer_of(LOANS.event_id, KEYS)
    tried = guesses()
    digests = true_key.digests(tried, 0)
    found = [
        value for value, digest in zip(tried, digests, strict=True) if digest[:TAG_BYTES] in tags["application_id"]
    ]
    assert [int(value[2:]) for value in found] == IDS  # the same guesses find all with the key: the attack works


def test_every_identifier_is_found_behind_an_unkeyed_hash() -> None:
    table = pd.DataFrame({"application_id": [f"A-{number:06d}" for number in IDS]})
    with pytest.warns(UnkeyedHashWarning):
        hashes = set(anonymize_data(table, method="sha256")["application_id"])
    found = [value for value in guesses() if hashlib.sha256(value).hexdigest() in hashes]
    assert [int(value[2:]) for value in found] == IDS
