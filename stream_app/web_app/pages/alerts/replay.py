"""The command that recomputes an alert from the source topic."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

from stream_app.pipeline.names import model_of
from stream_app.web_app.host.audit_trail import state_settings

_BEFORE_ONSET_S = 600
_BEFORE_SEALED_S = 3600  # the onset is sealed too


def replay_command(model: str, onset_s: int | None, at_s: int) -> str:
    """Return a command that can be pasted.

    Args:
        model: Name in the alert.
        onset_s: Estimated onset; None where it is not known.
        at_s: When the alert was raised.
    """
    start_s, end_s = replay_period(onset_s, at_s)
    parts = ["fairstream", "replay", "verify", "--published", "--model", model_of(model)]
    parts += ["--policy", state_settings().policy]
    parts += ["--from", _iso(start_s), "--to", _iso(end_s)]
    return shlex.join(parts)


def replay_period(onset_s: int | None, at_s: int) -> tuple[int, int]:
    """Return the period that contains an alert with its onset; the end is excluded.

    >>> replay_period(1000, 1200), replay_period(None, 1200)
    ((400, 1201), (0, 1201))
    """
    return max(0, at_s - _BEFORE_SEALED_S if onset_s is None else onset_s - _BEFORE_ONSET_S), at_s + 1


def _iso(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
