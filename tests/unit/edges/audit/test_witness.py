"""A log and its witness over HTTP: what is cosigned, and what a log that was cut or rewritten meets."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from pathlib import Path

import pytest

from stream_app.core.audit.checkpoints import Checkpoint, SignedCheckpoint, sign_checkpoint
from stream_app.core.audit.merkle import leaf_hash, nodes_in_memory
from stream_app.core.audit.notes import COSIGNATURE, ED25519, SigningKey
from stream_app.core.audit.proofs import consistency_proof, root_at
from stream_app.core.audit.witnessing import encode_request
from stream_app.edges.audit.witness_client import WitnessClient, WitnessConflictError, WitnessError
from stream_app.edges.audit.witness_server import Witness, WitnessServer
from stream_app.edges.audit.witness_store import WitnessStore
from stream_app.edges.files.locks import Turn, file_lock
from stream_app.errors import ConfigError, StateError

ORIGIN = "fairstream/test/audit"
LOG = SigningKey(ORIGIN, ED25519, b"l" * 32)
KEY = SigningKey("witness.example/w", COSIGNATURE, b"w" * 32)
_, NODE_AT = nodes_in_memory(leaf_hash(b"%d" % number) for number in range(300))
_, FORGED = nodes_in_memory(leaf_hash(b"x%d" % number) for number in range(300))


def checkpoint(size: int, *, forged: bool = False) -> SignedCheckpoint:
    return sign_checkpoint(Checkpoint(ORIGIN, size, root_at(size, FORGED if forged else NODE_AT)), LOG)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    store = WitnessStore(tmp_path / "witness", KEY.verifier_key())
    server = WitnessServer(Witness(KEY, {ORIGIN: LOG.verifier_key()}, store, now=lambda: 1_800_000_000.0))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: WitnessServer) -> WitnessClient:
    return WitnessClient(server.base_url, KEY.verifier_key())


def cosign(client: WitnessClient, size: int, old: int = 0, *, forged: bool = False) -> None:
    def prove(first: int) -> Sequence[bytes]:
        return consistency_proof(first, size, FORGED if forged else NODE_AT)

    note = client.cosign(checkpoint(size, forged=forged), old, prove)
    signature = note.signature_of(KEY.verifier_key())
    assert signature is not None
    assert signature.cosigned_at_s == 1_800_000_000


def test_a_log_that_grows_is_cosigned_also_if_it_forgot_how_far(client: WitnessClient) -> None:
    cosign(client, 7)
    cosign(client, 20, old=7)
    cosign(client, 20, old=20)
    cosign(client, 256)  # it has forgotten; the witness says 20
    cosign(client, 300, old=299)  # more than the witness knows


def test_a_log_that_was_cut_or_rewritten_is_not_cosigned(client: WitnessClient) -> None:
    cosign(client, 20)
    with pytest.raises(WitnessConflictError, match="has cosigned 20 entries, and the log has 7"):
        cosign(client, 7)
    with pytest.raises(WitnessConflictError, match="another log of 20 entries"):
        cosign(client, 20, old=20, forged=True)
    with pytest.raises(WitnessConflictError, match="does not continue"):
        cosign(client, 21, old=20, forged=True)


def test_the_witness_remembers_after_a_restart(client: WitnessClient, tmp_path: Path) -> None:
    cosign(client, 20)
    again = Witness(KEY, {ORIGIN: LOG.verifier_key()}, WitnessStore(tmp_path / "witness", KEY.verifier_key()))
    ruling, answer = again.add_checkpoint(encode_request(0, (), checkpoint(7).note.encode()))
    assert (ruling.status, answer) == (HTTPStatus.CONFLICT, b"20\n")


def test_while_one_process_compares_and_stores_no_other_one_does(tmp_path: Path) -> None:
    store = WitnessStore(tmp_path / "witness", KEY.verifier_key())
    lock = tmp_path / "witness" / "lock"
    with store.exclusive(), pytest.raises(ConfigError, match="Busy"), file_lock(lock, Turn("Busy")):
        pass
    with file_lock(lock, Turn("Busy")):
        pass


def test_a_memory_that_was_changed_stops_it(client: WitnessClient, tmp_path: Path) -> None:
    cosign(client, 20)
    (path,) = (tmp_path / "witness").glob("*.checkpoint")
    path.write_bytes(checkpoint(7).note.encode())  # signed by the log, not by the witness
    with pytest.raises(WitnessError, match="HTTP 500"):
        cosign(client, 21, old=20)
    with pytest.raises(StateError, match="damaged"):
        WitnessStore(tmp_path / "witness", KEY.verifier_key()).last(ORIGIN)


def test_the_answer_to_a_conflict_has_the_type_and_body_of_the_standard(
    client: WitnessClient, server: WitnessServer
) -> None:
    cosign(client, 20)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/add-checkpoint", encode_request(3, (), checkpoint(20).note.encode()))
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"], answer.read()) == (409, "text/x.tlog.size", b"20\n")
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/add-checkpoint", b"garbage", 400),
        ("POST", "/add-checkpoint", b"x" * 200_000, 413),
        ("POST", "/other", b"", 404),
        ("GET", "/add-checkpoint", None, 404),
        ("GET", "/livez", None, 200),
        ("PUT", "/add-checkpoint", b"", 405),
    ],
)
def test_other_requests_are_denied(
    server: WitnessServer, method: str, path: str, body: bytes | None, status: int
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, path, body)
    assert connection.getresponse().status == status
    connection.close()


def test_a_cosignature_of_another_key_is_an_error(server: WitnessServer) -> None:
    other = SigningKey("witness.example/w", COSIGNATURE, b"o" * 32)
    with pytest.raises(WitnessError, match="not a cosignature"):
        cosign(WitnessClient(server.base_url, other.verifier_key()), 7)


def test_a_log_that_the_witness_does_not_know_gets_what_to_do(client: WitnessClient) -> None:
    signed = sign_checkpoint(Checkpoint("other", 1, bytes(32)), SigningKey("other", ED25519, bytes(32)))
    with pytest.raises(WitnessError, match=r"HTTP 404\. Give it the verifier key"):
        client.cosign(signed, 0, lambda _: ())
    signed = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), SigningKey(ORIGIN, ED25519, bytes(32)))
    with pytest.raises(WitnessError, match=r"HTTP 403\. Give it the verifier key"):
        client.cosign(signed, 0, lambda _: ())


def test_a_witness_that_does_not_answer_is_an_error() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(WitnessError, match="does not answer"):
        cosign(WitnessClient(f"http://127.0.0.1:{port}", KEY.verifier_key()), 7)
    with pytest.raises(ConfigError, match="begins with"):
        WitnessClient("ftp://witness", KEY.verifier_key())
