"""What the log may show of a library's message: its template, and values that cannot come from a record.

A message without values may have been put together before it was logged, so its text is shown only if it is known.
"""

from __future__ import annotations

import logging
import re

# Templates of aiokafka whose values are addresses, node ids, group and topic names, offsets and errors, by logger.
# A template belongs here only if none of its values can come from a record. An exception is written as its class.
SAFE_TEMPLATES = {
    "aiokafka": frozenset(
        {
            'Unable connect to "%s:%s": %s',
            'Unable to request metadata from "%s:%s": %s',
            "Unable to request metadata from node with id %s: %r",
            "Unable to update metadata from %s",
            "Unable connect to node with id %s: %s",
        }
    ),
    "aiokafka.cluster": frozenset(
        {
            "Topic %s is not available during auto-create initialization",
            "Topic %s not found in cluster metadata",
            "Topic %s is not authorized for this client",
            "'%s' is not a valid topic name",
            "Error fetching metadata for topic %s: %s",
        }
    ),
    "aiokafka.consumer.fetcher": frozenset(
        {
            "Failed fetch messages from %s: %s",
            "Failed fetch offsets from %s: %s",
            "Not authorized to read from topic %s.",
            "Unexpected error while fetching data: %s",
            "Attempt to fetch offsets for partition %s failed due to: %s",
        }
    ),
    "aiokafka.consumer.group_coordinator": frozenset(
        {
            "Error sending %s to node %s [%s] -- marking coordinator dead",
            "Marking the coordinator dead (node %s)for group %s.",
            "Group Coordinator Request failed: %s",
            "Heartbeat send request failed: %s. Will retry.",
            "Heartbeat failed for group %s: coordinator (node %s) is either not started or not valid",
            "Heartbeat failed for group %s because it is rebalancing",
            "Heartbeat failed for group %s: generation id is not  current.",
            "Heartbeat failed: %r",
            "LeaveGroup request failed: %s",
            "OffsetCommit failed before join, ignoring: %s",
            "OffsetCommit failed for group %s - %s",
            "OffsetCommit failed for group %s due to group error (%s), will rejoin",
            "OffsetCommit failed for group %s on partition %s with offset %s: %s",
            "OffsetCommit failed for unauthorized topics %s",
            "OffsetFetchRequest -- unknown topic %s",
            "Unexpected error from SyncGroup: %s",
            "Attempt to join group failed due to fatal error: %s",
            "Unexpected error in join group '%s' response: %s",
        }
    ),
    "aiokafka.producer.sender": frozenset(
        {
            "FindCoordinator Request failed: %s",
            "Cannot send %r to %s: %r",
            "Could not send %r: %r",
            "Unexpected error during InitProducerIdRequest: %s",
            "Could not add partition %s due to unexpected error: %s",
            "Could not end transaction due to unexpected error: %s",
            "Got error produce response: %s",
            "Got error produce response on topic-partition %s, retrying. Error: %s",
        }
    ),
}
# Messages without values, of libraries that put other messages together before they log them.
SAFE_TEXTS = frozenset(
    {
        # aiokafka
        "Heartbeat failed: local member_id was not recognized; resetting and re-joining group",
        "Heartbeat session expired - marking coordinator dead",
        "No broker metadata found in MetadataResponse -- ignoring.",
        "Sending username and password in the clear",
        "Unexpected error in coordinator routine",
        "Unexpected error in fetcher routine",
        "Unexpected error in sender routine",
        "Unexpected exception in AIOKafkaConnection",
        # Faust and mode
        "Fetcher is ignoring cancel or slow :(",
        "Thread keepalive is not responding...",
        "We experienced a crash! Reraising original exception...",
        # asyncio
        "Future exception was never retrieved",
        "Task exception was never retrieved",
        "Task was destroyed but it is pending!",
        "Unclosed AIOKafkaConsumer",
        "Unclosed AIOKafkaProducer",
        "Unclosed AIOKafkaConnection",
    }
)
WITHHELD = "A message whose text may contain data"
_SERVICE = re.compile(r"^\[\^-*\w+\]: ")  # what mode puts before the messages of a service
_PLACE = re.compile(r"%[-#0 +]*[0-9.*]*[diouxXeEfFgGcrsa]")
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,255}")  # a host, group or topic; everything else is blotted out
_HIDDEN = "?"


def library_message(record: logging.LogRecord) -> str:
    """Return a library's message without the values that a record could have put into it."""
    template = template_of(record)
    args = record.args if isinstance(record.args, tuple) else ()
    if not record.args:
        return template if template in SAFE_TEXTS else WITHHELD
    is_complete = record.msg == template and template in SAFE_TEMPLATES.get(record.name, ())
    values = iter(map(_metadata if is_complete else _error_class, args))
    if len(_PLACE.findall(template)) != len(args):
        return template
    return _PLACE.sub(lambda _: next(values), template)


def template_of(record: logging.LogRecord) -> str:
    """Return the first line of the template, without the name of a service.

    Below the first line, asyncio writes a complete exception.
    """
    return _SERVICE.sub("", str(record.msg).partition("\n")[0])


def _error_class(value: object) -> str:
    """Return the class of an error; a question mark for everything else."""
    if isinstance(value, BaseException):
        return type(value).__name__
    return value.__name__ if isinstance(value, type) and issubclass(value, BaseException) else _HIDDEN


def _metadata(value: object) -> str:
    """Return a value of a safe template: a number, a name or the class of an error; else a question mark."""
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple | set):
        return f"[{', '.join(map(_metadata, value))}]"
    return value if isinstance(value, str) and _NAME.fullmatch(value) else _HIDDEN


def error_classes(record: logging.LogRecord) -> list[str]:
    """Return the classes of the exceptions among the values of a library's message."""
    args = record.args if isinstance(record.args, tuple) else ()
    return [type(value).__name__ for value in args if isinstance(value, BaseException)]
