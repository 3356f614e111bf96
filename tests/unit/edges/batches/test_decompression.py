from __future__ import annotations

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.edges.batches.decompression import (
    MAX_EXPANDED_BYTES,
    BatchTooLargeError,
    UnreadableBatchError,
    decompress_into,
)
from tests.support.lanes.raw_batches import compress, xerial

CODECS = (1, 2, 3, 4)


def expand(codec: int, data: bytes, limit: int = 100_000) -> bytes:
    out = bytearray(limit)
    return bytes(out[: decompress_into(codec, memoryview(data), memoryview(out))])


@pytest.mark.parametrize("codec", CODECS)
@given(data=st.binary(max_size=2000))
def test_what_a_client_compresses_comes_back(codec: int, data: bytes) -> None:
    assert expand(codec, compress(data, codec)) == data


@given(data=st.binary(max_size=2000), block_bytes=st.integers(1, 700))
def test_the_framing_of_java_clients_comes_back(data: bytes, block_bytes: int) -> None:
    assert expand(2, xerial(data, block_bytes)) == data


def test_members_of_a_gzip_file_follow_each_other() -> None:
    assert expand(1, gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"


@pytest.mark.parametrize("codec", CODECS)
def test_exactly_the_limit_fits_and_one_byte_more_does_not(codec: int) -> None:
    data = bytes(range(256)) * 40
    assert expand(codec, compress(data, codec), len(data)) == data
    with pytest.raises(BatchTooLargeError):
        expand(codec, compress(data + b"!", codec), len(data))


def test_the_sum_of_the_blocks_of_a_java_client_is_limited() -> None:
    with pytest.raises(BatchTooLargeError):
        expand(2, xerial(bytes(200_000), 1000))


@pytest.mark.parametrize("codec", [1, 3, 4])
def test_a_small_batch_that_expands_to_hundreds_of_megabytes_stops_at_the_limit(codec: int) -> None:
    bomb = compress(bytes(300 * 2**20), codec)
    with pytest.raises(BatchTooLargeError):
        expand(codec, bomb, MAX_EXPANDED_BYTES)


@pytest.mark.parametrize("codec", [*CODECS, 0, 5, 7])
@given(data=st.binary(min_size=1, max_size=300))
def test_garbage_is_unreadable_or_too_large_and_nothing_else(codec: int, data: bytes) -> None:
    with suppress(UnreadableBatchError, BatchTooLargeError):
        expand(codec, data)


@pytest.mark.parametrize("codec", CODECS)
@given(position=st.integers(0, 10**6), change=st.integers(1, 255), cut=st.integers(0, 50))
def test_damaged_data_are_unreadable_or_give_other_bytes(codec: int, position: int, change: int, cut: int) -> None:
    data = bytearray(compress(b"".join(b"%d," % number for number in range(300)), codec))
    data[position % len(data)] ^= change
    with suppress(UnreadableBatchError, BatchTooLargeError):
        expand(codec, bytes(data[: len(data) - cut]))
