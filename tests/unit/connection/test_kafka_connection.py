"""The connection: what contradicts itself is named, what is insecure is refused, and no secret is in it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.connection.kafka_connection import KafkaConnection, KafkaSecurity, as_connection
from stream_app.errors import ConfigError
from stream_app.settings import Settings, connection_environ, load_settings

SCRAM: dict[str, Any] = {"sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "u", "sasl_password_file": "p"}
OAUTH: dict[str, Any] = {
    "sasl_mechanism": "OAUTHBEARER",
    "oauth_token_url": "https://idp.example/token",
    "oauth_client_id": "c",
    "oauth_client_secret_file": "s",
}


def error_of(servers: str, **fields: Any) -> str:
    with pytest.raises(ConfigError) as error:
        as_connection(KafkaConnection(servers, KafkaSecurity(**fields)))
    return str(error.value)


@pytest.mark.parametrize("fields", [SCRAM, OAUTH, {"ssl_ca_file": "ca"}, {"security_protocol": "SSL"}])
def test_tls_is_what_follows_from_sasl_or_a_tls_file(fields: dict[str, Any]) -> None:
    assert as_connection(KafkaConnection("broker:9093", KafkaSecurity(**fields))).security.is_encrypted


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"security_protocol": "SASL_SSL"}, "security_protocol SASL_SSL needs a sasl_mechanism"),
        (SCRAM | {"security_protocol": "SSL"}, "sasl_mechanism SCRAM-SHA-512 needs security_protocol SASL_SSL"),
        ({"security_protocol": "PLAINTEXT", "ssl_ca_file": "x"}, "ssl_ca_file has no effect"),
        ({"ssl_key_file": "x"}, "ssl_key_file needs an ssl_certificate_file"),
        (SCRAM | {"sasl_username": None}, "sasl_mechanism SCRAM-SHA-512 needs sasl_username"),
        (SCRAM | {"sasl_password_file": None}, "sasl_mechanism SCRAM-SHA-512 needs sasl_password_file"),
        (OAUTH | {"oauth_client_id": None}, "sasl_mechanism OAUTHBEARER needs oauth_client_id"),
        (OAUTH | {"sasl_username": "u"}, "sasl_username has no effect with sasl_mechanism OAUTHBEARER"),
        (SCRAM | {"oauth_scope": "s"}, "oauth_scope has no effect with sasl_mechanism SCRAM-SHA-512"),
        ({"sasl_password_file": "p", "security_protocol": "SSL"}, "sasl_password_file has no effect without SASL"),
    ],
)
def test_fields_that_make_no_connection_are_named(fields: dict[str, Any], message: str) -> None:
    assert message in error_of("broker:9093", **fields)


@pytest.mark.parametrize(
    ("servers", "fields", "message"),
    [
        ("broker:9092", {}, "the connection to broker:9092 is not encrypted"),
        ("127.0.0.1:9092,10.0.0.7:9092", {}, "the connection to 10.0.0.7:9092 is not encrypted"),
        ("localhost.example:9092", {}, "is not encrypted"),
        ("b:1", SCRAM | {"security_protocol": "SASL_PLAINTEXT"}, "is not encrypted"),
        ("127.0.0.1:1", SCRAM | {"ssl_check_hostname": False}, "the name of the broker is not verified"),
        ("b:1", OAUTH | {"oauth_token_url": "http://idp/t"}, "the client secret is sent to idp unencrypted"),
    ],
)
def test_what_others_could_read_is_refused_unless_it_is_accepted(
    servers: str, fields: dict[str, Any], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = error_of(servers, **fields)
    assert message in text
    assert "--insecure" in text
    accepted = KafkaConnection(servers, KafkaSecurity(**fields, insecure=True))
    as_connection(accepted)
    assert message in " ".join(accepted.weaknesses())
    as_connection(accepted)
    assert len([line for line in caplog.messages if message in line]) == 1  # once in a process


@pytest.mark.parametrize("servers", ["127.0.0.1:9092", "localhost:1", "[::1]:9092", "127.8.9.1:5"])
def test_this_machine_may_be_reached_without_tls(servers: str) -> None:
    assert as_connection(servers).security.protocol == "PLAINTEXT"


def test_an_address_alone_is_no_way_around_the_refusal() -> None:
    with pytest.raises(ConfigError, match="not encrypted"):
        as_connection("broker.example:9092")


def test_settings_come_from_file_environment_and_flags(tmp_path: Any) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('kafka = "broker:9093"\nsasl_mechanism = "PLAIN"\nsasl_username = "file"\nssl_ca_file = "ca.pem"\n')
    environ = {"FAIRSTREAM_SETTINGS": str(path), "FAIRSTREAM_SASL_USERNAME": "variable"}
    flags = {"sasl_password_file": "secret.txt"}
    connection = load_settings(environ, **flags).connection.checked()
    security = connection.security
    assert (security.sasl_mechanism, security.sasl_username) == ("PLAIN", "variable")
    assert (security.sasl_password_file, security.ssl_ca_file) == ("secret.txt", "ca.pem")
    assert connection.servers == "broker:9093"


def test_a_secret_itself_is_no_setting_and_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as error:
        load_settings({"FAIRSTREAM_SASL_PASSWORD": "hunter2"})
    assert "did you mean FAIRSTREAM_SASL_PASSWORD_FILE?" in str(error.value)
    assert "hunter2" not in str(error.value)


@given(
    st.sampled_from([{}, SCRAM, OAUTH, {"ssl_ca_file": "x"}, {"insecure": True}, {"ssl_check_hostname": False}]),
    st.sampled_from([{}, {"FAIRSTREAM_SASL_MECHANISM": "PLAIN", "FAIRSTREAM_INSECURE": "true", "HOME": "h"}]),
)
def test_an_environment_makes_the_same_connection(fields: dict[str, Any], around: dict[str, str]) -> None:
    connection = KafkaConnection("127.0.0.1:1", KafkaSecurity(**fields))
    environ = connection_environ(around, connection)
    assert load_settings({name: text for name, text in environ.items() if name != "HOME"}).connection == connection


def test_settings_without_security_are_as_before() -> None:
    assert Settings().connection == KafkaConnection("127.0.0.1:9092")
