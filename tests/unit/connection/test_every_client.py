"""Every Kafka client of the product is made from the one connection, so none can leave TLS or SASL out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.paths import ROOT

CLIENTS = {
    "KafkaAdminClient": "kafka_python_options",
    "KafkaConsumer": "kafka_python_options",
    "KafkaProducer": "kafka_python_options",
    "AIOKafkaAdminClient": "aiokafka_options",
    "AIOKafkaClient": "aiokafka_options",
    "AIOKafkaConsumer": "aiokafka_options",
    "AIOKafkaProducer": "aiokafka_options",
}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for package in ("stream_app", "producers", "fairstream"):
        for path in sorted(ROOT.joinpath(package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield path.relative_to(ROOT).as_posix(), node


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_clients_take_their_options_from_the_connection() -> None:
    n_clients = 0
    for path, node in nodes():
        if isinstance(node, ast.Call) and name_of(node.func) in CLIENTS:
            expanded = [word.value for word in node.keywords if word.arg is None]
            translators = {name_of(value.func) for value in expanded if isinstance(value, ast.Call)}
            assert translators == {CLIENTS[name_of(node.func)]}, f"{path}:{node.lineno}"
            n_clients += 1
    assert n_clients > 8


def test_the_address_alone_is_only_shown() -> None:
    users = {
        path
        for path, node in nodes()
        if isinstance(node, ast.Attribute) and node.attr == "kafka" and name_of(node.value) == "settings"
    }
    assert users == {"stream_app/cli/worker.py"}, "pass settings.connection"
