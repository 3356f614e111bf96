"""The log levels of the Kafka clients, set once; imports nothing, since every command starts with it."""

from __future__ import annotations

import logging

_CLIENTS = ("kafka", "aiokafka")


def quiet_client_logs() -> None:
    """Silence the Kafka clients in a process without a log: their complaints become one error line of ours.

    This is the one place that sets the level of a client library. At debug level their logs would show keys and values.
    """
    for name in _CLIENTS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
