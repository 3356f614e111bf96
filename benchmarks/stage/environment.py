"""The machine and the packages with which figures were measured."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil


def environment() -> dict[str, Any]:
    """Return versions, cores and memory; nothing that identifies this machine."""
    packages = ("faust-streaming", "aiokafka", "confluent-kafka", "msgspec", "numpy")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "system": platform.system(),
        **{name: version(name) for name in packages},
    }
