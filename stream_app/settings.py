"""How this process runs: read once by the command line, passed on as values.

Order: the defaults below, then a TOML file (``FAIRSTREAM_SETTINGS``), then ``FAIRSTREAM_*`` variables, then flags.
What is watched is not here but in the policy (``stream_app.policy``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from stream_app.errors import ConfigError

PREFIX = "FAIRSTREAM_"
_SHORT = {"KAFKA": "kafka", "POLICY": "policy", "STATE": "state_dir"}
_NOT_SETTINGS = {"SETTINGS", "TEST_BROKER"}

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one process.

    Attributes:
        kafka: Bootstrap servers, ``host:port[,host:port]``.
        policy: Name of a shipped policy or path of a TOML file.
        state_dir: Folder for keys and local files; created with mode 0700.
        app_id: Consumer group, and prefix of the transactional ids and state topics.
        flush_s: Time between two transactions of a lane.
        session_timeout_s: A worker silent for longer loses its partitions.
        metrics_host: Address of ``/metrics``, ``/livez`` and ``/readyz``.
        metrics_port: Port of the same; 0 takes a free one.
        max_series: Most fairness series that one process may export.
        log_level: Level of the process log on stderr.
    """

    kafka: Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+:\d+(,[^\s/]+:\d+)*$")] = "127.0.0.1:9092"
    policy: str = "loans"
    state_dir: str = ".fairstream"
    app_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{1,60}$")] = "fairstream"
    flush_s: Seconds = 1.0
    session_timeout_s: Seconds = 10.0
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9464
    max_series: Annotated[int, msgspec.Meta(ge=1)] = 5000
    log_level: str = "info"


def load_settings(environ: Mapping[str, str], **flags: Any) -> Settings:
    """Join defaults, file, environment and flags into settings.

    Args:
        environ: The process environment; only ``FAIRSTREAM_*`` is read.
        flags: Values given on the command line; ``None`` means not given.

    Raises:
        ConfigError: with the field and what was expected.

    >>> load_settings({"FAIRSTREAM_KAFKA": "broker:9092"}, policy="loanapp").kafka
    'broker:9092'
    """
    values: dict[str, Any] = {}
    if path := environ.get(PREFIX + "SETTINGS"):
        values |= _read_file(Path(path))
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    for variable, text in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in _NOT_SETTINGS:
            continue
        field = _SHORT.get(name, name.lower())
        if field not in fields:
            raise ConfigError(f"{variable} is no setting", action="Known: " + ", ".join(sorted(fields)))
        values[field] = text
    values |= {name: value for name, value in flags.items() if value is not None}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"Settings: {error}") from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read the settings file {path}: {type(error).__name__}") from None
