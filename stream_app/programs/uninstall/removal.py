"""Deletes what an inventory lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stream_app.edges.kafka.deployment import Deployment, workers_run
from stream_app.errors import ConfigError, FairStreamError
from stream_app.programs.uninstall.inventory import Inventory, Item


class Removal(NamedTuple):
    """An item after the attempt to delete it.

    Attributes:
        item: The item.
        fault: Why it is still there; None if it was deleted.
    """

    item: Item
    fault: FairStreamError | None


def remove(deployment: Deployment, inventory: Inventory, app_id: str) -> Iterator[Removal]:
    """Delete each item that can be deleted; the others too where one cannot be.

    Raises:
        ConfigError: workers are running; nothing is deleted.
    """
    if inventory.is_running:
        raise workers_run(app_id)
    for item in inventory.items:
        if item.delete is None:
            continue
        try:
            item.delete(deployment)
        except FairStreamError as error:
            if item.kind == "consumer group" and isinstance(error, ConfigError):
                raise  # a worker was started since
            yield Removal(item, error)
        else:
            yield Removal(item, None)
