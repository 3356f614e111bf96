"""Records of an inference service, whose payload is a list of instances, of which there must be one.

The instance takes the place of the list, so paths lead into it. All other values stay the same, byte for byte.

Source: KServe, V1 protocol (``instances``, ``predictions``) and Open Inference Protocol, V2 (``inputs``, ``outputs``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stream_app.core.events.classify import reason_of
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import strict_fault
from stream_app.policy.fields import Instance

_Object = dict[str, msgspec.Raw]
_DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)
_encode = msgspec.json.Encoder().encode


class _Tensor(msgspec.Struct):
    """A tensor; its data type and parameters are not read."""

    name: str
    shape: list[int]
    data: list[msgspec.Raw]


class _InstanceError(ValueError):
    """A list that is not one of a single instance.

    Attributes:
        reason: Why the record is rejected.
    """

    def __init__(self, reason: Reason) -> None:
        self.reason = reason


_decode_object = msgspec.json.Decoder(_Object).decode
_decode_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_tensors = msgspec.json.Decoder(list[_Tensor]).decode


def with_instance(text: bytes, instance: Instance) -> bytes | Reason:
    r"""Return the text of a record with its instance instead of the list, or why it has no single one.

    A text in which the list cannot be reached is returned as it is: the decoder names the fault.

    >>> with_instance(b'{"id":"7","predictions":[{"ok":true}]}', Instance(path="predictions"))
    b'{"id":"7","predictions":{"ok":true}}'
    >>> tensor = b'{"outputs":[{"name":"ok","shape":[1],"datatype":"BOOL","data":[true]}]}'
    >>> with_instance(tensor, Instance(path="outputs", layout="tensors"))
    b'{"outputs":{"ok":true}}'
    >>> with_instance(b'{"predictions":[1,2]}', Instance(path="predictions")).name
    'CARDINALITY'
    """
    fault = strict_fault(text)
    if fault is not None:  # a key that occurs twice would vanish here
        return fault if fault is Reason.DUP_KEY else text
    try:
        return _changed(text, instance.path.split("."), _LAYOUTS[instance.layout])
    except _InstanceError as error:
        return error.reason
    except _DECODE_ERRORS:
        return text


def _changed(text: bytes, path: list[str], change: Callable[[bytes], bytes]) -> bytes:
    members = _decode_object(text)
    key, *rest = path
    if key in members:
        inside = bytes(members[key])
        members[key] = msgspec.Raw(_changed(inside, rest, change) if rest else change(inside))
    return _encode(members)


def _from_rows(text: bytes) -> bytes:
    return bytes(_only(_decoded(_decode_list, text)))


def _from_tensors(text: bytes) -> bytes:
    tensors = _decoded(_decode_tensors, text)
    values: Mapping[str, msgspec.Raw] = {tensor.name: _value_of(tensor) for tensor in tensors}
    if len(values) < len(tensors):
        raise _InstanceError(Reason.DUP_KEY)
    return _encode(values)


def _value_of(tensor: _Tensor) -> msgspec.Raw:
    if any(size != 1 for size in tensor.shape):
        raise _InstanceError(Reason.CARDINALITY)
    return _only(tensor.data)


def _only(entries: list[msgspec.Raw]) -> msgspec.Raw:
    if len(entries) != 1:
        raise _InstanceError(Reason.CARDINALITY)
    return entries[0]


def _decoded(decode: Callable[[bytes], Any], text: bytes) -> Any:
    try:
        return decode(text)
    except _DECODE_ERRORS as error:
        raise _InstanceError(reason_of(text, error)) from None


_LAYOUTS: dict[str, Callable[[bytes], bytes]] = {"rows": _from_rows, "tensors": _from_tensors}
