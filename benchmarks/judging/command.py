"""``python -m benchmarks judge``: cost of a closed pane, a closed window and the release gate; 1 if one is too much."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import msgspec

from benchmarks.judging.gate_cost import GateCost, measure_gate
from benchmarks.judging.judge_cost import measure_judge
from benchmarks.judging.peers import measure_peers
from benchmarks.stage.environment import environment

GOAL_MS = 5.0  # one pane through all tests, on one core
GOAL_RATIO = 1.25  # the judge with its release gate to the judge without
_GATED = {"sparse": 0.1, "mixed": 0.2, "dense": 5.0}  # decisions of each cell in a pane; "mixed": some groups are small
_MEAN_N = (0.1, 1.0, 5.0)  # decisions of each of the 1,080 cells in a pane
_PEERS_AT = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--panes", type=int, default=120, help="panes that are measured, after a warm-up")
    parser.add_argument("--peer-panes", type=int, default=10, help="panes that pandas and Fairlearn get")
    parser.add_argument("--gate-panes", type=int, default=360, help="panes of the pair with and without the gate")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")


def main(arguments: argparse.Namespace) -> int:
    """Measure, print and write."""
    costs = [
        measure_judge(mean_n, is_stratified=is_stratified, n_panes=arguments.panes)
        for is_stratified in (False, True)
        for mean_n in _MEAN_N
    ]
    peers = measure_peers(_PEERS_AT, n_panes=arguments.peer_panes)
    gates = [measure_gate(name, mean_n, n_panes=arguments.gate_panes) for name, mean_n in _GATED.items()]
    print("CPU time of one thread, medians; 188 pairs, 752 tests, 108 cells x 10 segments")
    print("stratified  decisions/pane  pane ms  window ms  as JSON ms  state ms  state bytes")
    for cost in costs:
        stratified = "yes" if cost.is_stratified else "no"
        print(
            f"{stratified:>10}  {cost.decisions_per_pane:14,.0f}  {cost.feed_ms:7.2f}  {cost.window_ms:9.2f}  "
            f"{cost.encode_ms:10.2f}  {cost.state_ms:8.2f}  {cost.state_bytes:11,}"
        )
    fed_ms = next(cost.feed_ms for cost in costs if cost.decisions_per_pane == _PEERS_AT * 1080)
    print(f"\nthe 188 ratios alone, a pane of 1,080 decisions: ours {peers['ours']:.2f} ms")
    for name in ("pandas", "fairlearn"):
        print(
            f"{name}: {peers[name]:.1f} ms, {peers[name] / peers['ours']:.0f} times our ratios, "
            f"{peers[name] / fed_ms:.0f} times our pane with all tests"
        )
    print_gates(gates)
    max_ms = max(cost.feed_ms for cost in costs if not cost.is_stratified)
    missed = [gate for gate in gates if gate.ratio > GOAL_RATIO]
    is_met = max_ms < GOAL_MS and not missed
    print(f"\ngoals: a pane under {GOAL_MS:g} ms: {max_ms:.2f} ms, {'met' if max_ms < GOAL_MS else 'MISSED'}")
    gate_is = "MISSED by " + ", ".join(f"{gate.name}: {gate.ratio:.2f} times" for gate in missed) if missed else "met"
    print(f"with the gate at most {GOAL_RATIO:g} times the judge without: {gate_is}")
    if arguments.json:
        builtins = {"costs": msgspec.to_builtins(costs), "gates": msgspec.to_builtins(gates)}
        figures = {**builtins, "peers_ms": peers, "environment": environment()}
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return 0 if is_met else 1


def print_gates(gates: list[GateCost]) -> None:
    """Print what the release gate costs."""
    print("\nthe judge as a worker runs it, windows of 1m, 5m and 1h and totals:")
    print("mean CPU time of a pane, with the release gate and without in turn")
    print("groups  decisions/pane  without ms  with gate ms  ratio  results withheld")
    for gate in gates:
        print(
            f"{gate.name:>6}  {gate.decisions_per_pane:14,.0f}  {gate.without_ms:10.2f}  {gate.with_ms:12.2f}  "
            f"{gate.ratio:5.2f}  {gate.n_withheld:16,}"
        )
