"""Source logs for ingest: late, duplicate, out-of-order, broken and unknown records, and a count of them by hand.

``recount`` shares no code with ingest: it reads JSON with the standard library, one record after the other.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.core.windows.cells import Cells, add_cells
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.layout import layout_of
from stream_app.pipeline.replay.sources import SourceCounter
from stream_app.policy import parse_policy
from tests.support.lanes.ingest_lane import NOW_S, IngestLane

MODEL = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "result", favorable = "yes", unfavorable = ["no", "later"] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, max_future_s = 10, max_age_s = 600 }
attributes = [{ name = "sex", path = "p.sex", groups = ["f", "m"], reference = "m" }]
segment = { name = "site", path = "site", values = ["1", "2"] }
features = [{ name = "x", path = "p.x", minimum = -5, maximum = 5, scale = 10, is_required = false }]
keep = ["note"]
deduplication_window = 7
""").models[0]
BLOCK = 4  # offsets: half the deduplication window, rounded up
BORDER_S = NOW_S + 4  # event time at which a new key begins
KEYS = (RootKey("earliera", 0, b"e" * 32), RootKey("laterkea", BORDER_S, b"l" * 32))

Log = list[bytes | None]
Choose = Callable[[Sequence[Any]], Any]


def broker_s(offset: int) -> float:
    """Return when the broker took a record: eight come in a second."""
    return NOW_S + offset / 8


def a_record(choose: Choose, offset: int) -> bytes | None:
    """Make one record of a log; about one in six is broken."""
    if not choose(range(12)):
        broken: bytes | None = choose((None, b"", b"{", b"[]", b'{"id":"1"}', b"\xff", b'{"id":"1","id":"1"}'))
        return broken
    person: dict[str, Any] = {"sex": choose(("f", "m", "F ", "x", None))}
    x = choose((..., None, -5, -0.0, 0.04, 0.05, 0.15, 0.25, 4.95, 5))
    record = {
        "id": choose("abcdefgh"),
        "t": NOW_S + offset // 8 + choose(range(-20, 9)) + choose((0, 0.5)),
        "result": choose(("yes", "no", "later")),
        "site": choose((1, "1", "2", 3, None, 2.0, 1.5)),
        "p": person | ({} if x is ... else {"x": x}),
    }
    spoiled: dict[str, Any] = {"t": NOW_S + offset // 8 + 11, "result": "maybe", "id": " ", "site": [1], "new": 1}
    if not choose(range(12)):
        name = choose(sorted(spoiled))
        record[name] = spoiled[name]
    if choose((True, False)):
        record["note"] = choose(('say ": hello', "[", None))
    return json.dumps(record, indent=choose((None, 1))).encode()


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Draw a log of up to 60 records."""
    n = draw(st.integers(1, 60))
    return [a_record(lambda options: draw(st.sampled_from(options)), offset) for offset in range(n)]


def seeded_log(seed: int, n: int) -> Log:
    """Make a long log; the same seed gives the same one."""
    rng = random.Random(seed)
    return [a_record(rng.choice, offset) for offset in range(n)]


@dataclass
class Recount:
    """What a person would count."""

    cells: dict[tuple[int, str, str, str], list[int]] = field(default_factory=dict)
    n: Counter[str] = field(default_factory=Counter)


def recount(log: Log) -> Recount:
    """Count a log record by record."""
    counted = Recount()
    remembered: dict[
        str, tuple[int, bool]
    ] = {}  # block, and whether it is favorable; an id is known on both sides of a key epoch's boundary
    newest = -float("inf")
    for offset, raw in enumerate(log):
        if raw is None:
            counted.n["tombstone"] += 1
            continue
        record = valid(raw, broker_s(offset))
        if record is None:
            counted.n["rejected"] += 1
        elif offset // BLOCK - remembered.get(record["id"], (-99, False))[0] <= 2:
            is_same = (record["result"] == "yes") == remembered[record["id"]][1]
            counted.n["duplicate" if is_same else "rejected"] += 1
        else:
            remembered[record["id"]] = offset // BLOCK, record["result"] == "yes"
            second = int(record["t"])
            newest = max(newest, min(second, int(broker_s(offset))))  # a clock that is ahead closes nothing
            if second // 10 < (newest - 5) // 10:
                counted.n["late"] += 1
            else:
                counted.n["counted"] += 1
                add(counted.cells, second // 10 * 10, record)
    return counted


def valid(raw: bytes, taken_s: float) -> dict[str, Any] | None:
    try:
        pairs = json.loads(raw.decode(), object_pairs_hook=list)
        record = dict(pairs) | {"p": dict(dict(pairs)["p"])}
    except (ValueError, KeyError, TypeError):
        return None
    fields = {"id", "t", "result", "site", "p"}
    is_good = fields <= set(record) <= fields | {"note"} and record["id"].strip() and record["t"] <= taken_s + 10
    return record if is_good and record["result"] != "maybe" and not isinstance(record["site"], list) else None


def add(cells: dict[tuple[int, str, str, str], list[int]], pane_s: int, record: dict[str, Any]) -> None:
    sex = {"f": "f", "F ": "f", "m": "m", None: "unknown"}.get(record["p"]["sex"], "__other__")
    site = {"1": "1", "2": "2", "2.0": "2", "None": "unknown"}.get(str(record["site"]), "__other__")
    outcome = "favorable" if record["result"] == "yes" else "unfavorable"
    vector = cells.setdefault((pane_s, sex, site, outcome), [0, 0, 0, 0])
    vector[0] += 1
    if (x := record["p"].get("x")) is not None:
        vector[1:] = [vector[1] + 1, vector[2] + round(x * 10), vector[3] + round(x * 10) ** 2]


def cells_of(lane: IngestLane) -> dict[tuple[int, str, str, str], list[int]]:
    """Bring the partial counts of a lane into the shape of ``Recount.cells``."""
    layout = layout_of(lane.model)
    return {
        (start_s, *layout.labels_of(code)): vector  # type: ignore[misc]  # three labels
        for start_s, cells in lane.counted.items()
        for code, vector in cells.items()
    }


def count_batches(counter: SourceCounter, batches: Iterable[Batch]) -> dict[int, Cells]:
    """Return the cells of each pane that a replay counts."""
    panes: dict[int, Cells] = {}
    for batch in batches:
        for start_s, cells in counter.count(batch):
            add_cells(panes.setdefault(start_s, {}), cells)
    return panes
