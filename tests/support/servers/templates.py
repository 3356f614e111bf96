"""Messages of Alertmanager, rendered from the shipped templates by its own tool."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stream_app.edges.servers.shipped import alertmanager_dir
from tests.support.servers.alerting import need_tool

_NEVER = "0001-01-01T00:00:00Z"
_STARTED = "2026-11-29T14:08:12Z"


def as_alert(
    labels: Mapping[str, str], annotations: Mapping[str, str], *, starts_at: str = _STARTED, ends_at: str = ""
) -> dict[str, Any]:
    """Return an alert as Alertmanager passes it to a template; it fires unless it has an end."""
    return {
        "status": "resolved" if ends_at else "firing",
        "labels": dict(labels),
        "annotations": dict(annotations),
        "startsAt": starts_at,
        "endsAt": ends_at or _NEVER,
    }


def render_alerts(folder: Path, name: str, *alerts: Mapping[str, Any]) -> str:
    """Put a notification through the template ``fairstream.NAME``.

    Args:
        folder: For the file with the notification.
        name: Of the template.
        alerts: As ``as_alert`` makes them.
    """
    is_firing = any(one["status"] == "firing" for one in alerts)
    data = {"receiver": "r", "status": "firing" if is_firing else "resolved", "alerts": alerts}
    (folder / "data.json").write_text(json.dumps(data | {"externalURL": "http://127.0.0.1:9093"}), "utf-8")
    command = [
        *(need_tool("amtool"), "template", "render", f"--template.type={'html' if name == 'html' else 'text'}"),
        f"--template.glob={alertmanager_dir() / 'templates' / '*.tmpl'}",
        f"--template.data={folder / 'data.json'}",
        f'--template.text={{{{ template "fairstream.{name}" . }}}}',
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
