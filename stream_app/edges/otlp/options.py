"""What the standard ``OTEL_*`` variables of the process say about the push; the rest of them the SDK reads itself.

Nothing is pushed unless an endpoint is named, or an exporter explicitly: the SDK's own default is a collector on this
host, and most installations have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stream_app.errors import ConfigError

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_SIGNALS = ("METRICS", "LOGS")
_FILES = ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
_PROTOCOL = "http/protobuf"


@dataclass(frozen=True)
class OtlpOptions:
    """What is pushed, and how often.

    Attributes:
        pushes_metrics: Whether snapshots of the metrics are pushed.
        pushes_alerts: Whether alerts are pushed as log records.
        metrics_every_s: Time between two snapshots.
        alerts_every_s: Longest time for which an alert waits for others.
        max_queued: Alerts that may wait; further ones are dropped and counted.
        max_batch: Most alerts of one request.
    """

    pushes_metrics: bool = True
    pushes_alerts: bool = True
    metrics_every_s: float = 60.0
    alerts_every_s: float = 1.0
    max_queued: int = 2048
    max_batch: int = 512


def read_otlp_options(environ: Mapping[str, str]) -> OtlpOptions | None:
    """Return what is to be pushed; None for nothing.

    Raises:
        ConfigError: a variable has a value that cannot be followed; the message names the variable, and no value
            that could contain a password.

    >>> read_otlp_options({}) is None
    True
    >>> read_otlp_options({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_LOGS_EXPORTER": "none"})
    OtlpOptions(pushes_metrics=True, pushes_alerts=False, metrics_every_s=60.0, alerts_every_s=1.0, max_queued=2048, \
max_batch=512)
    """
    given = {name: text.strip() for name, text in environ.items() if name.startswith("OTEL_") and text.strip()}
    if given.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    metrics, alerts = (_is_pushed(given, signal) for signal in _SIGNALS)
    if not metrics and not alerts:
        return None
    for signal, is_pushed in zip(_SIGNALS, (metrics, alerts), strict=True):
        if is_pushed:
            _check_exporter(given, signal)
    return OtlpOptions(
        pushes_metrics=metrics,
        pushes_alerts=alerts,
        metrics_every_s=_positive(given, "OTEL_METRIC_EXPORT_INTERVAL", 60_000) / 1000,
        alerts_every_s=_positive(given, "OTEL_BLRP_SCHEDULE_DELAY", 1000) / 1000,
        max_queued=_positive(given, "OTEL_BLRP_MAX_QUEUE_SIZE", 2048),
        max_batch=_positive(given, "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 512),
    )


def _is_pushed(given: Mapping[str, str], signal: str) -> bool:
    exporter = given.get(f"OTEL_{signal}_EXPORTER")
    if exporter is None:
        return _ENDPOINT in given or f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT" in given
    if exporter not in ("otlp", "none"):
        raise ConfigError(f"OTEL_{signal}_EXPORTER is neither otlp nor none", action="FairStream has no other exporter")
    return exporter == "otlp"


def _check_exporter(given: Mapping[str, str], signal: str) -> None:
    def variable_of(name: str) -> str:
        own = f"OTEL_EXPORTER_OTLP_{signal}_{name}"
        return own if own in given else f"OTEL_EXPORTER_OTLP_{name}"

    protocol = variable_of("PROTOCOL")
    if given.get(protocol, _PROTOCOL) != _PROTOCOL:
        raise ConfigError(
            f"{protocol} must be {_PROTOCOL}, the only protocol of FairStream",
            action="Use the collector's HTTP receiver, usually on port 4318",
        )
    endpoint = variable_of("ENDPOINT")
    if endpoint in given and not _is_address(given[endpoint]):
        raise ConfigError(f"{endpoint} is not an address", action="Expected: http://HOST:4318 or https://HOST:4318")
    for name in map(variable_of, _FILES):
        if name in given and not Path(given[name]).is_file():
            raise ConfigError(f"{name} names no file: {given[name]}", action="Name a readable PEM file")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _positive(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise ConfigError(f"Invalid {name}: expected a whole number above 0, got {text!r}")
    return int(text)
