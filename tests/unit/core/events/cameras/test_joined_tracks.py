"""Tracks that are one object: the cells of their window count objects, whatever renames say."""

from __future__ import annotations

import numpy as np
import pytest

from stream_app.core.events.cameras.joined_tracks import JoinedTracks

N_CHAIN = 10_000


def counted(tracks: JoinedTracks, track: int, cell: int = 7, window: int = 0) -> int:
    return int(tracks.see(window, track, cell))


@pytest.mark.parametrize("order", ["forward", "backward", "hub", "cycle"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_ten_thousand_tracks_of_one_object_are_one(order: str, when: str) -> None:
    edges = {
        "forward": [(number, number + 1) for number in range(N_CHAIN - 1)],
        "backward": [(number + 1, number) for number in reversed(range(N_CHAIN - 1))],
        "hub": [(number, 0) for number in range(1, N_CHAIN)],
        "cycle": [(number, (number + 1) % N_CHAIN) for number in range(N_CHAIN)],
    }[order]
    tracks, n = JoinedTracks(), 0
    if when == "before":
        n += sum(counted(tracks, track) for track in range(N_CHAIN))
    for first, second in edges:
        taken_back = tracks.join(0, first, second)
        assert taken_back is not None
        n -= len(taken_back)
    n += sum(counted(tracks, track) for track in range(N_CHAIN))
    assert n == 1
    assert tracks.join(0, 3, 9_000) == []


def test_renames_are_about_their_window_and_a_track_is_never_renamed_to_itself() -> None:
    tracks = JoinedTracks()
    assert tracks.join(0, 5, 5) == []
    assert tracks.join(0, 1, 2) == []
    assert [counted(tracks, 1, window=1), counted(tracks, 2, window=1)] == [1, 1]
    assert [counted(tracks, 1), counted(tracks, 2)] == [1, 0]
    tracks.forget_before(1)
    assert len(tracks) == 1
    assert tracks.join(1, 1, 2) == [7]


def test_what_is_known_of_a_window_is_bounded() -> None:
    tracks = JoinedTracks(most=4)
    assert [tracks.join(0, 2 * number, 2 * number + 1) for number in range(3)] == [[], [], None]
    assert tracks.join(0, 0, 3) == []  # both are known already
    assert [counted(tracks, 100 + number) for number in range(6)] == [1] * 6
    assert tracks.join(1, 104, 105) == []  # the last two were not known, so nothing is taken back
    assert len(tracks.take_news()[0]) == 4


def test_what_is_put_back_is_what_was_new() -> None:
    tracks, again = JoinedTracks(), JoinedTracks()
    for track, cell in [(1, 7), (2, 7), (2, 8), (3, 9)]:
        assert tracks.see(0, track, cell)
    assert tracks.join(0, 1, 2) == [7]
    assert not tracks.see(0, 1, 8)
    new_cells, new_joins = tracks.take_news()
    assert tracks.take_news() == ([], [])
    again.put_back_joins(0, np.array([pair for _, *pair in new_joins], np.uint64).ravel())
    again.put_back_cells(0, np.array([pair for _, *pair in new_cells], np.uint64).ravel())
    for one in (tracks, again):
        assert not one.see(0, 1, 8)
        assert one.join(0, 1, 2) == []
        assert one.see(0, 3, 7)
        assert one.join(0, 2, 3) == [7]
