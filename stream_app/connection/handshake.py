"""Finds out why a Kafka cannot be reached, one step after the other: network, TLS, Kafka's protocol, SASL.

Client libraries report most of these faults as a lost connection, or as nothing at all until a timeout. So the steps
are made here with a socket of our own, in the way that a client makes them.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from kafka.net.sasl import get_sasl_mechanism

from stream_app.connection.for_kafka_python import security_options
from stream_app.connection.kafka_connection import AnyKafka, KafkaConnection, as_connection, split_address
from stream_app.connection.tls import has_expired, make_context
from stream_app.errors import ConnectionRejectedError, FairStreamError

_TIMEOUT_S = 5.0
_CORRELATION_BYTES, _MAX_ANSWER = 4, 1_000_000
_API_VERSIONS, _SASL_HANDSHAKE, _SASL_AUTHENTICATE, _METADATA = 18, 17, 36, 3
_NO_ERROR, _UNSUPPORTED_MECHANISM, _ILLEGAL_STATE = 0, 33, 34
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 9, 10, 62, 64
_UNTRUSTED = {2, 18, 19, 20, 21}
_CLIENT_CERTIFICATE = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_UNKNOWN",
    "HANDSHAKE_FAILURE",
)


class _FaultError(Exception):
    """What is wrong, and what to do."""

    def __init__(self, problem: str, action: str) -> None:
        super().__init__(problem)
        self.problem, self.action = problem, action


class _ClosedError(Exception):
    """The broker has closed the connection, or answers in another protocol."""


def find_fault(kafka: AnyKafka) -> FairStreamError | None:
    """Try each bootstrap server once; return why the last one failed, or None if one accepts this client.

    None is also returned if nothing answers at any of them: there is nothing to explain then.
    """
    connection = as_connection(kafka)
    found: FairStreamError | None = None
    for address in connection.addresses:
        try:
            _try_address(connection, address)
        except _FaultError as raised:
            fault = _expired() if has_expired(connection.security.ssl_certificate_file) else raised
            found = ConnectionRejectedError(f"Kafka at {address} is not usable: {fault.problem}", action=fault.action)
        except FairStreamError as error:  # a file, or the token endpoint
            found = error
        except struct.error:
            problem = f"Kafka at {address} is not usable: its answer is not one of Kafka"
            found = ConnectionRejectedError(problem, action="Check host and port")
        except OSError:
            continue
        else:
            return None
    return found


def _try_address(connection: KafkaConnection, address: str) -> None:
    """Connect, prove who we are, and ask for metadata.

    Raises:
        _FaultError: the broker answers, and does not accept this client.
        OSError: nothing answers.
    """
    security = connection.security
    with _connected(connection, address) as sock:
        try:
            _ask(sock, _API_VERSIONS, b"")
        except _ClosedError:
            raise _explain_silence(connection, address) from None
        try:
            if security.is_authenticated:
                _authenticate(connection, sock)
            else:
                _ask(sock, _METADATA, struct.pack(">i", 0), version=1)
        except _ClosedError:
            if security.is_authenticated:
                raise _FaultError("it ends the connection during the log-in", "See the log of the broker") from None
            raise _FaultError(
                "it ends a connection without SASL", "Set sasl_mechanism, or use the port of another listener"
            ) from None


@contextmanager
def _connected(connection: KafkaConnection, address: str) -> Iterator[socket.socket]:
    host, port = split_address(address)
    with socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain:
        if not connection.security.is_encrypted:
            yield plain
            return
        try:
            wrapped = make_context(connection.security).wrap_socket(plain, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            raise _explain_certificate(error, host) from None
        except (ssl.SSLError, ConnectionError) as error:
            if _speaks_plaintext(address):
                raise _FaultError(
                    "it does not use TLS at this port", "Use the port of a TLS listener, or another security_protocol"
                ) from None
            raise _explain_alert(error) from None
        with wrapped:
            yield wrapped


def _explain_certificate(error: ssl.SSLCertVerificationError, host: str) -> _FaultError:
    code = error.verify_code
    if code == _EXPIRED:
        return _FaultError("its certificate has expired", "Renew the broker's certificate; check this machine's clock")
    if code == _NOT_YET_VALID:
        return _FaultError("its certificate is not valid yet", "Check the clocks of broker and this machine")
    if code in (_OTHER_HOST, _OTHER_ADDRESS):
        return _FaultError(
            f"its certificate is not for the name {host}",
            "Use a name that the certificate has, or renew it with this one",
        )
    if code in _UNTRUSTED:
        return _FaultError(
            f"its certificate is of an authority that is not trusted ({error.verify_message})",
            "Set ssl_ca_file to the authority of the broker",
        )
    return _FaultError(
        f"its certificate is not accepted ({error.verify_message})", "Check the certificate of the broker"
    )


def _explain_alert(error: Exception) -> _FaultError:
    reason = getattr(error, "reason", None) or type(error).__name__
    if "CERTIFICATE_EXPIRED" in reason:
        return _expired()
    if any(part in reason for part in _CLIENT_CERTIFICATE):
        return _FaultError(
            f"it does not accept the certificate of this client ({reason})",
            "Set ssl_certificate_file and ssl_key_file to a certificate of an authority that the broker trusts",
        )
    return _FaultError(f"the TLS handshake fails ({reason})", "Compare TLS versions and ciphers on both sides")


def _expired() -> _FaultError:
    return _FaultError("the certificate of this client has expired", "Renew ssl_certificate_file")


def _explain_silence(connection: KafkaConnection, address: str) -> _FaultError:
    """Return why a broker does not answer the first request of Kafka's protocol."""
    if not connection.security.is_encrypted and _speaks_tls(address):
        return _FaultError("it uses TLS at this port", "Set security_protocol to SSL or SASL_SSL, and ssl_ca_file")
    return _FaultError("what listens there is not a Kafka broker", "Check host and port")


def _speaks_plaintext(address: str) -> bool:
    try:
        with socket.create_connection(split_address(address), timeout=_TIMEOUT_S) as sock:
            _ask(sock, _API_VERSIONS, b"")
            return True
    except (_ClosedError, OSError):
        return False


def _speaks_tls(address: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nothing is sent over this connection
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(split_address(address), timeout=_TIMEOUT_S) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except OSError as error:
        return isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or "")


def _authenticate(connection: KafkaConnection, sock: socket.socket) -> None:
    security = connection.security
    mechanism = security.sasl_mechanism or ""
    answer = _ask(sock, _SASL_HANDSHAKE, _text(mechanism), version=1)
    (code,) = struct.unpack_from(">h", answer)
    if code == _UNSUPPORTED_MECHANISM:
        enabled = ", ".join(_texts(answer[2:])) or "none"
        raise _FaultError(f"it does not accept {mechanism}, only: {enabled}", "Set sasl_mechanism to one of them")
    if code == _ILLEGAL_STATE:
        raise _FaultError("it does not use SASL at this port", "Use the port of a SASL listener, or no sasl_mechanism")
    if code != _NO_ERROR:
        raise _FaultError(f"the log-in fails with Kafka's error {code}", "See the log of the broker")
    exchange = get_sasl_mechanism(mechanism)(host="", **security_options(security))
    while not exchange.is_done():
        token = exchange.auth_bytes()
        answer = _ask(sock, _SASL_AUTHENTICATE, struct.pack(">i", len(token)) + token)
        (code,) = struct.unpack_from(">h", answer)
        if code != _NO_ERROR:
            raise _rejected(connection)
        _receive(connection, exchange, answer)


def _receive(connection: KafkaConnection, exchange: object, answer: bytes) -> None:
    (length,) = struct.unpack_from(">h", answer, 2)
    start = 4 + max(0, length)
    (size,) = struct.unpack_from(">i", answer, start)
    try:
        exchange.receive(answer[start + 4 : start + 4 + max(0, size)])  # type: ignore[attr-defined]  # not typed
    except Exception:  # noqa: BLE001  # each mechanism raises its own: the broker did not prove that it knows the password
        raise _rejected(connection) from None


def _rejected(connection: KafkaConnection) -> _FaultError:
    if connection.security.sasl_mechanism == "OAUTHBEARER":
        return _FaultError("it does not accept the access token", "Check issuer, audience and scope; see its log")
    return _FaultError(
        f"it rejects user {connection.security.sasl_username} or the password",
        "Check sasl_username, and the content of sasl_password_file",
    )


def _ask(sock: socket.socket, api: int, body: bytes, version: int = 0) -> bytes:
    """Send a request; return the body of the answer.

    Raises:
        _ClosedError: there is no answer in Kafka's protocol.
        _FaultError: TLS 1.3 reports only now that the certificate of the client is not accepted.
    """
    payload = struct.pack(">hhi", api, version, api) + _text("fairstream-doctor") + body
    try:
        sock.sendall(struct.pack(">i", len(payload)) + payload)
        (size,) = struct.unpack(">i", _read(sock, 4))
        if not _CORRELATION_BYTES <= size <= _MAX_ANSWER:
            raise _ClosedError
        answer = _read(sock, size)
    except ssl.SSLError as error:
        raise _explain_alert(error) from None
    except ConnectionError:
        raise _ClosedError from None
    if struct.unpack_from(">i", answer) != (api,):
        raise _ClosedError
    return answer[4:]


def _read(sock: socket.socket, n_bytes: int) -> bytes:
    data = b""
    while len(data) < n_bytes:
        received = sock.recv(n_bytes - len(data))
        if not received:
            raise _ClosedError
        data += received
    return data


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()


def _texts(data: bytes) -> Iterator[str]:
    (n,) = struct.unpack_from(">i", data)
    position = 4
    for _ in range(n):
        (length,) = struct.unpack_from(">h", data, position)
        yield data[position + 2 : position + 2 + length].decode("utf-8", "replace")
        position += 2 + length
