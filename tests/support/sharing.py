"""Shares the modules of a run among its processes, so that some wait for servers while others calculate.

A test without a server keeps a processor busy; one of a server waits most of its time, so both kinds run side by side.
The first processes begin with the modules that need no server, and help the others when none is left; the others begin
with those that need one, the longest first, so that all processes end at about the same time.
"""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WITH_SERVERS = ("tests/internals/", "tests/broker/", "tests/e2e/")
_N_CALCULATING = 2  # processes; more would take the processors from the servers
# Modules that take half a minute or more on a machine with two cores, longest first: one that begins late keeps the
# processes waiting that have nothing more to do.
LONG = (
    "tests/broker/test_replay_run.py",
    "tests/broker/test_policy_changes.py",
    "tests/broker/secured/test_rejected_workers.py",
    "tests/e2e/test_alerting_worker.py",
    "tests/broker/test_web.py",
    "tests/broker/test_replay_check.py",
    "tests/e2e/test_demo.py",
    "tests/e2e/test_web_check.py",
    "tests/broker/test_short_chaos.py",
    "tests/e2e/test_alerting.py",
    "tests/e2e/test_alert_files.py",
    "tests/broker/test_web_failures.py",
    "tests/broker/test_log_changes.py",
    "tests/e2e/test_wheel.py",
    "tests/broker/test_upgrade.py",
    "tests/broker/test_replay_verify.py",
    "tests/broker/test_sealed_records.py",
    "tests/e2e/test_bench_detect.py",
    "tests/e2e/test_verdicts.py",
    "tests/e2e/test_boards_on_a_worker.py",
    "tests/broker/secured/test_pods.py",
    "tests/broker/test_replay_records.py",
    "tests/broker/test_key_rotation.py",
    "tests/e2e/test_no_leak.py",
    "tests/broker/test_replay_outcomes.py",
    "tests/broker/test_cloud_events.py",
    "tests/broker/test_formats.py",
    "tests/broker/test_outcome_alarms.py",
    "tests/broker/test_lanes_worker.py",
    "tests/broker/secured/test_workers.py",
    "tests/broker/test_hostile_batches.py",
    "tests/e2e/test_outcomes.py",
    "tests/e2e/test_page_check.py",
    "tests/e2e/test_right.py",
    "tests/broker/test_benchmarks.py",
)


class Sharing(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives each process one module after the other.

    A client of a broker leaves threads running that draw random numbers, which hypothesis takes for a flaw of the test
    that runs at that moment: a process that had a module with a server gets others only if it is the last.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        module = self._next_for(node)
        if module is None:
            node.shutdown()
            return
        self.workqueue.move_to_end(module, last=False)
        super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str | None:
        waiting = sorted(self.workqueue, key=lambda module: LONG.index(module) if module in LONG else len(LONG))
        with_servers = [module for module in waiting if module.startswith(WITH_SERVERS)]
        without = [module for module in waiting if not module.startswith(WITH_SERVERS)]
        if self._has_served(node):
            return next(iter(with_servers if with_servers or self._is_another_free(node) else without), None)
        is_calculating = int(node.gateway.id.removeprefix("gw")) < _N_CALCULATING
        return next(iter((without or with_servers) if is_calculating else (with_servers or without)), None)

    def _has_served(self, node: WorkerController) -> bool:
        return any(module.startswith(WITH_SERVERS) for module in self.assigned_work[node])

    def _is_another_free(self, node: WorkerController) -> bool:
        return any(
            not other.shutting_down and not self._has_served(other) for other in self.assigned_work if other is not node
        )
