"""What a lane of ingest stores of its open panes, however large they are."""

from __future__ import annotations

from stream_app.core.windows.partials import PanePartial
from stream_app.pipeline.panes.pane_log import PaneLog
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane, encode


def test_a_large_pane_takes_several_entries_and_all_are_removed_when_it_closes() -> None:
    log = PaneLog(max_cells=2)
    state = dict(log.changes([PanePartial(10, {1: [1], 2: [1]})], None))
    assert len(state) == 1
    state.update(log.changes([PanePartial(10, {1: [2], 2: [1], 3: [1], 4: [1], 5: [1]})], 10))
    assert len(state) == 3
    restored = PaneLog(max_cells=2)
    pieces = list(restored.restore({key: value for key, value in state.items() if value is not None}))
    assert {code: vector for piece in pieces for code, vector in piece.cells.items()} == {
        1: [2],
        2: [1],
        3: [1],
        4: [1],
        5: [1],
    }
    assert restored.changes([PanePartial(10, {1: [3]})], 20) == [(key, None) for key in state]
    assert restored.changes([], 20) == []


WIDE = parse_policy(
    """
schema = 1
[[models]]
name = "wide"
topic = "raw"
event_id = { path = "id", link_domain = "d" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s" }
attributes = [
    { name = "a", path = "a", groups = [GROUPS], reference = "0" },
    { name = "b", path = "b", groups = [GROUPS], reference = "0" },
]
features = [FEATURES]
detection = { max_depth = 1 }
""".replace("GROUPS", ", ".join(f'"{n}"' for n in range(60))).replace(
        "FEATURES", ", ".join(f'{{ name = "x{n}", path = "x{n}", minimum = 0, maximum = 1000000 }}' for n in range(16))
    )
).models[0]


def test_thousands_of_wide_cells_in_one_pane_survive_a_restart_in_records_that_the_broker_takes() -> None:
    features = {f"x{number}": 999_999 for number in range(16)}
    records = [
        encode({"id": f"{a}-{b}", "t": NOW_S, "ok": True, "a": str(a), "b": str(b)} | features)
        for a in range(60)
        for b in range(60)
    ]
    lane = IngestLane(WIDE)
    lane.feed(records[:3_000])
    lane.flush()
    lane.restart()
    lane.feed(records[2_000:])
    lane.flush()
    assert len(lane.counted[NOW_S]) == lane.n_counted == 3_600
    assert sum(key.startswith(b"pane|") for key in lane.state) == 2
    sizes = [len(value or b"") for topic in lane.written.values() for _, value in topic]
    assert max(*sizes, *map(len, lane.state.values())) < 1_000_000
