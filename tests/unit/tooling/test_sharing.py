"""The modules of a run are shared so that waiting and calculating overlap, and the long ones do not begin last."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.sharing import LONG, WITH_SERVERS, Sharing
from tests.support.tiers import TIERS

PURE = [f"tests/unit/test_{number}.py" for number in range(6)]
SERVERS = [f"tests/broker/test_{number}.py" for number in range(3)]


@dataclass(eq=False)
class Process:
    """What the scheduler sees of a process."""

    number: int
    modules: list[int] = field(default_factory=list)
    shutting_down: bool = False

    @property
    def gateway(self) -> Any:
        return SimpleNamespace(id=f"gw{self.number}")

    def send_runtest_some(self, indices: list[int]) -> None:
        self.modules += indices

    def shutdown(self) -> None:
        self.shutting_down = True


def share(modules: list[str], n_processes: int) -> list[list[str]]:
    """Let processes of equal speed take modules of one test, in turn; return the modules of each, in order."""
    options: Any = SimpleNamespace(
        getvalue={"tx": ["popen"] * n_processes}.get, option=SimpleNamespace(loadscopereorder=False)
    )
    sharing: Any = Sharing(options)
    processes = [Process(number) for number in range(n_processes)]
    tests = [f"{module}::test" for module in modules]
    for process in processes:
        sharing.add_node(process)
        sharing.add_node_collection(process, tests)
    sharing.schedule()
    n_done = [0] * n_processes
    while not sharing.tests_finished:
        for process in processes:
            if n_done[process.number] < len(process.modules):
                sharing.mark_test_complete(process, process.modules[n_done[process.number]])
                n_done[process.number] += 1
    shares = [[modules[index] for index in process.modules] for process in processes]
    assert sorted(chain(*shares)) == sorted(modules)
    return shares


def test_two_processes_begin_without_servers_and_then_help_the_others() -> None:
    *calculating, third, fourth = share([*PURE, *(f"tests/e2e/test_{number}.py" for number in range(24))], 4)
    for modules in calculating:
        assert {module.startswith(WITH_SERVERS) for module in modules} == {False, True}
    for modules in (third, fourth):
        assert {module.startswith(WITH_SERVERS) for module in modules} == {True}


@pytest.mark.parametrize("n_processes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("n_pure", "n_servers"), [(6, 0), (0, 3), (6, 1), (1, 3), (6, 3)])
def test_all_modules_are_run_and_what_needs_no_server_comes_first_in_each_process(
    n_processes: int, n_pure: int, n_servers: int
) -> None:
    for modules in share(PURE[:n_pure] + SERVERS[:n_servers], n_processes):
        kinds = [module.startswith(WITH_SERVERS) for module in modules]
        assert kinds == sorted(kinds)


def test_long_modules_begin_first() -> None:
    (order,) = share([*SERVERS, *reversed(LONG)], 1)
    assert order == [*LONG, *SERVERS]


def test_every_module_and_tier_that_is_named_exists() -> None:
    assert [module for module in LONG if not ROOT.joinpath(module).is_file()] == []
    assert [tier for tier in WITH_SERVERS if tier.split("/")[1] not in TIERS] == []
