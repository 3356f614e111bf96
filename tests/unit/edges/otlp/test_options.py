"""What the OTEL_ variables say, and what they cannot say."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.edges.otlp.options import OtlpOptions, read_otlp_options
from stream_app.errors import ConfigError

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_SERVICE_NAME": "fairness", "OTEL_METRIC_EXPORT_INTERVAL": "1000"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318"},
        ENDPOINT | {"OTEL_SDK_DISABLED": "TRUE"},
        ENDPOINT | {"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"},
    ],
)
def test_nothing_is_pushed_unless_a_collector_is_named(environ: dict[str, str]) -> None:
    assert read_otlp_options(environ) is None


@pytest.mark.parametrize(
    ("environ", "pushed"),
    [
        (ENDPOINT, (True, True)),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "false"}, (True, True)),
        (ENDPOINT | {"OTEL_LOGS_EXPORTER": "none"}, (True, False)),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "https://c/v1/logs"}, (False, True)),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, (True, False)),
    ],
)
def test_each_signal_has_an_endpoint_or_the_common_one(environ: dict[str, str], pushed: tuple[bool, bool]) -> None:
    options = read_otlp_options(environ)
    assert options is not None
    assert (options.pushes_metrics, options.pushes_alerts) == pushed


def test_intervals_are_milliseconds_and_limits_are_numbers() -> None:
    given = {
        "OTEL_METRIC_EXPORT_INTERVAL": "15000",
        "OTEL_BLRP_SCHEDULE_DELAY": "250",
        "OTEL_BLRP_MAX_QUEUE_SIZE": "10",
        "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "5",
    }
    expected = OtlpOptions(metrics_every_s=15.0, alerts_every_s=0.25, max_queued=10, max_batch=5)
    assert read_otlp_options(ENDPOINT | given) == expected
    assert read_otlp_options(ENDPOINT) == OtlpOptions()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
        ({"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL"),
        ({"OTEL_METRICS_EXPORTER": "prometheus"}, "OTEL_METRICS_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://u:secret@:99999"}, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/ca.pem"}, "OTEL_EXPORTER_OTLP_CERTIFICATE"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "60s"}, "OTEL_METRIC_EXPORT_INTERVAL"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "0"}, "OTEL_METRIC_EXPORT_INTERVAL"),
        ({"OTEL_BLRP_MAX_QUEUE_SIZE": "-1"}, "OTEL_BLRP_MAX_QUEUE_SIZE"),
    ],
)
def test_a_value_that_cannot_be_followed_is_an_error_that_names_the_variable(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        read_otlp_options(ENDPOINT | given)
    assert "secret" not in str(caught.value)


def test_what_belongs_to_a_signal_that_is_not_pushed_does_not_matter(tmp_path: Path) -> None:
    given = {"OTEL_LOGS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc"}
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    assert read_otlp_options(ENDPOINT | given | {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(authority)}) is not None
