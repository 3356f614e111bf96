"""Settings: what is wrong is named by what a person has to change: a flag, a variable, a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stream_app.errors import ConfigError
from stream_app.settings import load_settings


def error_of(environ: dict[str, str], **flags: Any) -> str:
    with pytest.raises(ConfigError) as error:
        load_settings(environ, **flags)
    return str(error.value)


def test_a_flag_goes_before_a_variable_and_a_variable_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('flush_s = 2.0\nmetrics_port = 1\npolicy = "camera"\n')
    environ = {"FAIRSTREAM_SETTINGS": str(path), "FAIRSTREAM_METRICS_PORT": "2", "FAIRSTREAM_POLICY": "credit"}
    settings = load_settings(environ, policy="loanapp", kafka=None)
    assert (settings.flush_s, settings.metrics_port, settings.policy) == (2.0, 2, "loanapp")


@pytest.mark.parametrize(
    ("environ", "flags", "message"),
    [
        (
            {"FAIRSTREAM_KAFKA": "localhost"},
            {},
            "Invalid FAIRSTREAM_KAFKA: expected host:port, or several, comma-separated, got 'localhost'",
        ),
        (
            {},
            {"kafka": "localhost"},
            "Invalid --kafka: expected host:port, or several, comma-separated, got 'localhost'",
        ),
        ({"FAIRSTREAM_FLUSH_S": "0"}, {}, "Invalid FAIRSTREAM_FLUSH_S: expected a number of seconds above 0, got '0'"),
        ({"FAIRSTREAM_MAX_SERIES": "many"}, {}, "Invalid FAIRSTREAM_MAX_SERIES: expected a whole number, at least 1"),
        ({}, {"metrics_port": 70_000}, "Invalid --metrics-port: expected a port from 0 to 65535, got 70000"),
        ({"FAIRSTREAM_APP_ID": "a b"}, {}, "Invalid FAIRSTREAM_APP_ID: expected at most 60 letters, digits, dots"),
    ],
)
def test_an_invalid_value_names_its_variable_or_its_flag(
    environ: dict[str, str], flags: dict[str, Any], message: str
) -> None:
    assert error_of(environ, **flags).startswith(message)


def test_an_unknown_variable_is_an_error_with_the_nearest_known_one() -> None:
    text = error_of({"FAIRSTREAM_KAFFKA": "x:1"})
    assert text.startswith(
        "Unknown setting FAIRSTREAM_KAFFKA (did you mean FAIRSTREAM_KAFKA?). Known: FAIRSTREAM_API_READS_PER_MIN"
    )


def test_mistakes_of_the_file_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    environ = {"FAIRSTREAM_SETTINGS": str(path)}
    assert error_of(environ) == f"Cannot read the settings file {path}: No such file or directory. Check its name"
    path.write_text("flush_s =")
    assert error_of(environ).startswith(f"The settings file {path} is not valid TOML: Invalid value")
    path.write_text("flash_s = 1")
    assert error_of(environ).startswith(f"Unknown setting flash_s in {path} (did you mean flush_s?)")
    path.write_text("flush_s = 0")
    assert error_of(environ) == f"Invalid flush_s in {path}: expected a number of seconds above 0, got 0"
    path.write_text('metrics_host = ["a"]')
    assert error_of(environ).startswith(f"Invalid metrics_host in {path}: expected text, got")
