"""Turns what a Kafka client raises into an error that says what is wrong and what to do."""

from __future__ import annotations

from stream_app.connection.handshake import find_fault
from stream_app.connection.kafka_connection import AnyKafka, as_connection
from stream_app.errors import FairStreamError, access_denied, broker_lost, is_denial, no_broker_answers


def unavailable(kafka: AnyKafka, cause: BaseException, *, rights: str) -> FairStreamError:
    """Return the error for a Kafka that cannot be used; it is asked again for the reason, which may take seconds.

    Args:
        kafka: The connection.
        cause: What the client has raised.
        rights: What was requested, such as ``DESCRIBE on topic fairness-results``: the reason if it was denied.
    """
    if is_denial(cause):
        return access_denied(rights)
    if isinstance(cause, FairStreamError):
        return cause
    return find_fault(kafka) or no_broker_answers(as_connection(kafka).servers, cause)


def lost(activity: str, cause: BaseException, *, rights: str) -> FairStreamError:
    """Return the error for a broker that was lost during an activity, or has denied it."""
    return access_denied(rights) if is_denial(cause) else broker_lost(activity, cause)
