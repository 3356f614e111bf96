"""Uninstalling names what is denied, and an operator deletes the rest."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from kafka import OffsetAndMetadata, TopicPartition
from kafka.errors import NoError

from stream_app.connection.kafka_connection import KafkaConnection
from stream_app.edges.kafka.admin import connected
from stream_app.edges.kafka.deployment import open_deployment
from stream_app.edges.kafka.rights import ask_coordinator
from stream_app.programs.uninstall.inventory import Extent, take_inventory
from stream_app.programs.uninstall.removal import remove
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_RESULTS
from tests.support.servers.secured.stage import APP_ID, Stage, until

pytestmark = pytest.mark.timeout(900)


def test_an_uninstallation_names_what_is_denied_and_an_operator_deletes_the_rest(stage: Stage) -> None:
    settings = msgspec.convert({"app_id": APP_ID, "state_dir": str(stage.site.folder)}, Settings)
    worker = msgspec.structs.replace(settings, kafka=stage.users["worker"].servers, **security(stage.users["worker"]))
    raw = stage.site.policy.models[0].topic
    with connected(stage.kafka.operator) as admin:  # a group, also where no worker has run before
        hint = {TopicPartition(raw, 0): OffsetAndMetadata(0, "", -1)}
        until(lambda: set(ask_coordinator(lambda: admin.alter_group_offsets(APP_ID, hint)).values()) == {NoError})
    with open_deployment(worker.connection) as deployment:
        inventory = take_inventory(deployment, worker, stage.site.policy, Extent())
        [unknown] = inventory.unknown
        assert unknown.startswith("Access rights are not listed: Kafka denies DESCRIBE on the cluster")
        faults = {removal.item.name: str(removal.fault) for removal in remove(deployment, inventory, APP_ID)}
    assert f"DELETE on group {APP_ID}" in faults[APP_ID]
    assert f"DELETE on topic {FAIRNESS_RESULTS}" in faults[FAIRNESS_RESULTS]
    assert raw not in faults

    operator = msgspec.structs.replace(settings, kafka=stage.kafka.operator)
    with open_deployment(operator.connection) as deployment:
        inventory = take_inventory(deployment, operator, stage.site.policy, Extent(audit=True))
        assert inventory.unknown == ()
        names = {item.name for item in inventory.items if item.kind == "access right"}
        assert "ALLOW User:fairstream-web READ on topic fairness-results" in names
        assert f"ALLOW User:fairstream-worker WRITE on transactional id {APP_ID}-{raw}-*" in names
        assert not [name for name in names if name.endswith(f"topic {raw}") or "fairness-a*" in name]
        assert [str(removal.fault) for removal in remove(deployment, inventory, APP_ID) if removal.fault] == []
        until(lambda: {name for name in deployment.topics() if not name.startswith("__")} == {raw})
        left = take_inventory(deployment, operator, stage.site.policy, Extent(audit=True))
    assert [item.name for item in left.items if item.delete is not None] == []


def security(connection: KafkaConnection) -> dict[str, Any]:
    return msgspec.structs.asdict(connection.security)
