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
    start_s = max(0, at_s - _BEFORE_SEALED_S if onset_s is None else onset_s - _BEFORE_ONSET_S)
    parts = ["fairstream", "replay", "verify", "--published", "--model", model_of(model)]
    parts += ["--policy", state_settings().policy]
    parts += ["--from", _iso(start_s), "--to", _iso(at_s + 1)]  # the end is excluded
    return shlex.join(parts)


def _iso(time_s: int) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
