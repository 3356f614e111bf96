"""The budget of epsilon on the disk: it is never overspent, whatever is killed, cut, or started twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest

from stream_app.core.noise.budget import Charge
from stream_app.edges.releases.budget_file import BudgetFile
from stream_app.errors import BudgetExhaustedError, ConfigError
from tests.support.paths import ROOT

HALF = Fraction(1, 2)

PAY_UNTIL_KILLED = """
import sys
from fractions import Fraction
from pathlib import Path
from stream_app.core.noise.budget import Charge
from stream_app.edges.releases.budget_file import BudgetFile
number = 0
while True:
    BudgetFile(Path(sys.argv[1])).pay(Charge("camera", "2026-03-01", f"{number:032x}", Fraction(1)), Fraction(10**9))
    print(number, flush=True)
    number += 1
"""


def charge(release: str, epsilon: Fraction | None = HALF, day: str = "2026-03-01") -> Charge:
    return Charge("camera", day, release, epsilon)


def pay_one(place: tuple[str, int]) -> bool:
    try:
        BudgetFile(Path(place[0])).pay(charge(str(place[1]), Fraction(1, 3)), Fraction(1))
    except BudgetExhaustedError:
        return False
    return True


def test_a_day_is_not_overspent_and_the_same_release_costs_once(tmp_path: Path) -> None:
    budget = BudgetFile(tmp_path)
    assert budget.pay(charge("a"), Fraction(1)) == HALF
    assert budget.pay(charge("a"), Fraction(1)) == HALF
    assert budget.pay(charge("b"), Fraction(1)) == 0
    with pytest.raises(BudgetExhaustedError, match=r"is 1, 1 of it is spent, .* each later day has a budget"):
        budget.pay(charge("c", Fraction(1, 10**6)), Fraction(1))
    assert budget.pay(charge("c", day="2026-03-02"), Fraction(1)) == HALF
    assert len(budget.charges()) == 3


def test_exact_counts_are_released_once_and_beside_no_others(tmp_path: Path) -> None:
    budget = BudgetFile(tmp_path)
    budget.pay(charge("exact", None), Fraction(1))
    budget.pay(charge("exact", None), Fraction(1))
    for other in (charge("exact with another k", None), charge("noisy")):
        with pytest.raises(BudgetExhaustedError, match=r"Exact counts|Other counts"):
            budget.pay(other, Fraction(1))
    budget.pay(charge("noisy", day="2026-03-02"), Fraction(1))
    with pytest.raises(BudgetExhaustedError, match="could be subtracted"):
        budget.pay(charge("exact", None, "2026-03-02"), Fraction(1))


def test_every_charge_that_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    for _ in range(3):
        words = [sys.executable, "-c", PAY_UNTIL_KILLED, str(tmp_path)]
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
        ) as run:
            assert run.stdout is not None
            acknowledged = [run.stdout.readline() for _ in range(20)]
            run.send_signal(signal.SIGKILL)
            acknowledged += run.stdout.readlines()
        paid = {paid.release for paid in BudgetFile(tmp_path).charges()}
        assert {f"{int(line):032x}" for line in acknowledged if line.endswith(b"\n")} <= paid


@pytest.mark.parametrize("n_cut", range(1, 12))
def test_a_line_that_was_only_begun_is_removed_and_nothing_else(tmp_path: Path, n_cut: int) -> None:
    budget = BudgetFile(tmp_path)
    budget.pay(charge("a"), Fraction(2))
    budget.pay(charge("b"), Fraction(2))
    os.truncate(budget.path, budget.path.stat().st_size - n_cut)
    assert budget.pay(charge("c"), Fraction(2)) == 1
    assert [paid.release for paid in budget.charges()] == ["a", "c"]


def test_writers_at_the_same_time_do_not_overspend(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as processes:
        paid = list(processes.map(pay_one, [(str(tmp_path), number) for number in range(12)]))
    assert sum(paid) == 3
    assert len(BudgetFile(tmp_path).charges()) == 3


@pytest.mark.parametrize(
    "line", [b"x\n", b'{"dataset":"camera"}\n', b'{"dataset":"c","day":"d","release":"r","epsilon":"-1"}\n']
)
def test_a_file_that_was_changed_is_an_error(tmp_path: Path, line: bytes) -> None:
    budget = BudgetFile(tmp_path)
    budget.pay(charge("a"), Fraction(1))
    budget.path.write_bytes(line + budget.path.read_bytes())
    with pytest.raises(ConfigError, match="changed by something else"):
        budget.pay(charge("b"), Fraction(1))


def test_a_link_and_a_file_that_others_read_are_rejected(tmp_path: Path) -> None:
    budget = BudgetFile(tmp_path)
    budget.pay(charge("a"), Fraction(1))
    budget.path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        budget.charges()
    linked = BudgetFile(tmp_path / "other")
    linked.path.parent.mkdir()
    linked.path.symlink_to(budget.path)
    with pytest.raises(ConfigError, match="is a link"):
        linked.pay(charge("b"), Fraction(1))
