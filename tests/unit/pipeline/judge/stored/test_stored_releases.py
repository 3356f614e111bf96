"""What the release gate remembers survives restarts and changes of the policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from stream_app.core.releases.crossed import InnerTables
from stream_app.core.windows.cells import CellLayout, CellMapping
from stream_app.pipeline.judge.state import RELEASE
from stream_app.pipeline.judge.step import JudgeStep
from stream_app.pipeline.judge.stored.moved_releases import moved_release
from stream_app.pipeline.judge.stored.stored_releases import (
    GateMemory,
    Labels,
    StoredParts,
    StoredRelease,
)
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.records.results import FormerRelease
from stream_app.pipeline.topology import Topology
from tests.support.judged_world import Deployment, policy
from tests.support.memory_logs import partitions

OLD = CellLayout((("sex", ("f", "m", "x", "unknown", "__other__")), ("age", ("old",)), ("decision", ("y", "n"))))
FORMER = FormerRelease(start_s=0, end_s=60, groups=())


def layout(sex: Sequence[str]) -> CellLayout:
    return CellLayout((("sex", (*sex, "unknown", "__other__")), ("decision", ("y", "n"))))


def moved(release: StoredRelease, sex: Sequence[str]) -> StoredRelease:
    return moved_release(release, CellMapping(OLD, layout(sex)))


def parts(name: str = "sex", people: Mapping[tuple[str, ...], int] | None = None) -> StoredParts:
    people = {("f",): 3, ("x",): 4, ("__other__",): 2} if people is None else people
    return StoredParts(name, [(0, sorted(people.items()))], [(0, 60, [("m",)])], is_full=False)


def test_what_waits_is_moved_to_the_cells_of_the_new_policy() -> None:
    release = moved(StoredRelease(cells={OLD.code_of((0, 0, 1)): [2], OLD.code_of((2, 0, 0)): [5]}), ("m", "f"))
    new = layout(("m", "f"))
    assert release.cells == {new.code_of((1, 1)): [2], new.code_of((3, 0)): [5]}


def test_groups_in_another_order_stay_what_they_were() -> None:
    release = StoredRelease(hidden={"sex": [("f",), ("x",)]}, parts=[parts()])
    assert moved(release, ("m", "x", "f")) == release


def test_groups_that_are_joined_are_hidden_together_around_them() -> None:
    release = moved(StoredRelease(hidden={"sex": [("f",), ("x",)]}, parts=[parts()]), ("f", "m"))
    assert release.hidden == {"sex": [("__other__",), ("f",)]}
    [joined] = release.parts
    assert (joined.sums, joined.releases, joined.is_full) == ([(0, [(("__other__",), 6), (("f",), 3)])], [], True)


def test_tables_of_an_attribute_that_is_gone_are_forgotten() -> None:
    crossed = parts("sex+age", {("f", "old"): 3})
    assert moved(StoredRelease(hidden={"sex+age": [("f", "old")]}, parts=[crossed]), ("f", "m")) == StoredRelease()


def test_what_totals_showed_last_keeps_the_groups_of_that_time() -> None:
    release = StoredRelease(hidden={"sex": [("x",)]}, former={"sex": FORMER})
    assert moved(release, ("f", "m")) == release


def test_an_entry_without_content_is_not_remembered_before_a_restart_either() -> None:
    memory = GateMemory({})
    memory.of(("1h", 0)).hidden = {"sex": {("f",)}}
    memory.of(("1h", 3600)).hidden = {"sex": set()}
    stored = {entry: [data] for entry, data in memory.take_changes() if data is not None}
    assert list(memory) == list(GateMemory(stored)) == [("1h", 0)]
    memory.of(("1h", 0)).hidden = {}
    assert memory.take_changes() == [((RELEASE, "1h", 0), None)]


def test_what_windows_leave_open_survives_a_restart() -> None:
    places = {"sex": (0,), "age": (1,), "sex+age": (0, 1)}
    people: dict[Labels, int] = {("f", "old"): 4, ("f", "young"): 20, ("m", "old"): 30, ("m", "young"): 40}
    inner, shown = InnerTables(), frozenset({("sex", ("f",)), ("sex", ("m",))})
    inner.add(shown, people, places, 10)
    memory = GateMemory({})
    memory.of(("1h", 0)).inner.add(frozenset(), people, places, 10, inner)
    stored = {entry: [data] for entry, data in memory.take_changes() if data is not None}
    read = GateMemory(stored).find(("1h", 0)).inner
    assert read.leaves == memory.find(("1h", 0)).inner.leaves
    assert read.releases == memory.find(("1h", 0)).inner.releases == [frozenset()]
    assert {key for leaf in read.leaves for key in leaf.around} == {0}


def test_what_version_0_4_noted_of_smaller_windows_is_read() -> None:
    """Its entry, as it is in the changelog topic."""
    noted = [{}, {}, [], {}, [[[["sex", ["f"]]], [[["f", "old"], 4], [["m", "old"], 30]]]]]
    memory = GateMemory({(RELEASE, "1h", 0): [msgspec.msgpack.encode(noted)]})
    [(leaf, people)] = memory.find(("1h", 0)).inner.leaves.items()
    assert not leaf.around
    assert list(leaf.shown) == [("sex", ("f",))]
    assert people == {("f", "old"): 4, ("m", "old"): 30}


def test_a_judge_that_follows_another_policy_stores_all_that_it_moved() -> None:
    policies = [policy(groups=("f", "m", "y")), policy(groups=("x", "f", "m"))]
    deployment = Deployment(partitions(5, 200), policies[:1], seed=5)
    deployment.run({})
    [old, new] = [RegisteredPolicy(each.models[0], each.models[0].hash(), n) for n, each in enumerate(policies, 1)]
    step = JudgeStep(policies[1], 0, Topology({"raw": 2, "out": 2}), PolicyBook([old, new]))
    step.restore(deployment.judge_state, 0)
    written = {key for key, _ in step.flush(0.0, is_caught_up=True).changes}
    remembered = {key for key in deployment.judge_state if key.startswith(b"m|release|")}
    assert remembered
    assert remembered <= written
