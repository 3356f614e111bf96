"""``STATE_DIR/epsilon-budget.jsonl``: one line for each release, on the disk before the release is shown.

A process that is killed before that has shown nothing, and one that is killed afterwards has paid. A line that was only
begun is therefore nobody's, and is removed by the next writer. Writers wait for each other.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import msgspec

from stream_app.core.noise.budget import Charge, objection, spent
from stream_app.edges.files.durability import sync_folder
from stream_app.edges.files.installation import BUDGET_FILE
from stream_app.edges.files.locks import Turn
from stream_app.edges.files.writing import make_folder
from stream_app.edges.releases.locked_file import LockedFile
from stream_app.errors import BudgetExhaustedError, ConfigError

_FractionText = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}(/[1-9][0-9]{0,18})?$")]
_TURN = Turn("Another process is paying for a release", wait_s=10.0)


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dataset: str
    day: str
    release: str
    epsilon: _FractionText | None


class BudgetFile(LockedFile):
    """The budget of a state folder.

    Args:
        state_dir: The folder; created with mode 0700 when missing.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir / BUDGET_FILE, _TURN)

    def charges(self) -> list[Charge]:
        """Return what was paid so far; nothing where there is no file.

        Raises:
            ConfigError: the file is unsafe, or was changed by something else.
        """
        if not os.path.lexists(self.path):
            return []
        with self.locked() as descriptor:
            return self._read(descriptor)

    def pay(self, charge: Charge, budget: Fraction) -> Fraction:
        """Pay for a release, unless it was paid for; return what is left of the budget of its day.

        Raises:
            BudgetExhaustedError: the budget does not suffice; nothing was paid.
            ConfigError: the file is unsafe, or was changed by something else.
            WriteError: it cannot be written.
        """
        make_folder(self.path.parent)
        with self.locked() as descriptor:
            charges = self._read(descriptor)
            reason = objection(charges, charge, budget)
            if reason is not None:
                raise BudgetExhaustedError(
                    reason, action="This never changes for that day; each later day has a budget of its own"
                )
            if not any(map(charge.is_same_as, charges)):
                self.append(descriptor, _line_of(charge))
                charges.append(charge)
        sync_folder(self.path.parent)
        return budget - spent(charges, charge.dataset, charge.day)

    def _read(self, descriptor: int) -> list[Charge]:
        try:
            lines = [msgspec.json.decode(line, type=_Line) for line in self.read_lines(descriptor)]
        except msgspec.MsgspecError:
            raise ConfigError(
                f"{self.path} was changed by something else than FairStream", action="Restore it from a backup"
            ) from None
        return [_charge_of(line) for line in lines]


def _line_of(charge: Charge) -> bytes:
    epsilon = None if charge.epsilon is None else str(charge.epsilon)
    return msgspec.json.encode(_Line(charge.dataset, charge.day, charge.release, epsilon)) + b"\n"


def _charge_of(line: _Line) -> Charge:
    return Charge(line.dataset, line.day, line.release, None if line.epsilon is None else Fraction(line.epsilon))
