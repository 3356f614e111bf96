"""Reads records in Protobuf by the schema with which they were written; the official runtime does the reading.

Fields have the names of the schema. What the wire leaves out as a default is there: a boolean that is false is a value.
Only fields with presence (``optional``, messages, members of a ``oneof``) can be absent.

Source: Protocol Buffers documentation, encoding and JSON mapping; Confluent, Schema Registry wire format (message
indexes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stream_app.core.events.formats.json_text import json_text
from stream_app.core.events.formats.wire import FRAME_BYTES
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.extras import import_extra

_MAX_INDEXES = 64  # messages inside messages, in the schema
_LAST_BYTE = 0x80
_MAX_SHIFT = 35
_WELL_KNOWN = "google.protobuf."
_TEXTS = {_WELL_KNOWN + name for name in ("Timestamp", "Duration", "FieldMask")}  # texts in the JSON mapping
_SCALARS = ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
_WRAPPERS = {f"{_WELL_KNOWN}{name}Value" for name in _SCALARS}
_STRUCT, _LIST, _VALUE = (_WELL_KNOWN + name for name in ("Struct", "ListValue", "Value"))

_Convert = Callable[[Any], Any]


class _UnknownFieldError(ValueError):
    """A message has a field that its schema does not have."""


class ProtobufSchema:
    """One Protobuf schema; a ``WriterSchema``.

    Args:
        descriptors: Serialized ``FileDescriptorSet``: the file of the schema last, before it all that it imports.

    Raises:
        ValueError: it is no such set.
        DependencyMissingError: the runtime of Protobuf is not installed.
    """

    def __init__(self, descriptors: bytes) -> None:
        self._runtime = import_protobuf()
        pool = self._runtime.descriptor_pool.DescriptorPool()
        try:
            files = self._runtime.descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
            for file in files:
                pool.Add(file)
            self._file = pool.FindFileByName(files[-1].name)
        except Exception as error:  # noqa: BLE001  # each runtime has its own
            raise ValueError(f"no set of descriptors ({type(error).__name__})") from None
        self._readers: dict[bytes, tuple[Any, _Convert]] = {}
        self._converters: dict[str, _Convert] = {}

    def to_json(self, value: bytes) -> bytes | Reason:
        """Return a record, given with its frame, as JSON; or why it cannot be read."""
        try:
            start = _end_of_indexes(value)
            read, convert = self._reader_of(value[FRAME_BYTES:start])
            return json_text(convert(read(value[start:])))
        except Exception:  # noqa: BLE001  # the runtime has an error for what cannot be parsed, and others for the rest
            return Reason.PAYLOAD

    def to_json_all(self, values: Sequence[bytes]) -> Sequence[bytes | Reason]:
        """Return the same of several records."""
        return list(map(self.to_json, values))

    def _reader_of(self, encoded: bytes) -> tuple[Any, _Convert]:
        """Return what parses the message at some indexes, and what converts it.

        Raises:
            IndexError: the schema has no such message.
        """
        if encoded not in self._readers:
            messages, descriptor = list(self._file.message_types_by_name.values()), None
            for index in _indexes(encoded):
                descriptor = messages[index]
                messages = list(descriptor.nested_types)
            message = self._runtime.message_factory.GetMessageClass(descriptor)
            self._readers[encoded] = message.FromString, self._converter_of(descriptor)
        return self._readers[encoded]

    def _converter_of(self, descriptor: Any) -> _Convert:
        """Return the function that converts messages of a type; a type may contain itself."""
        name = descriptor.full_name
        if name in _TEXTS:
            return _as_text
        if name in _WRAPPERS:
            return lambda message: message.value
        if name in (_STRUCT, _LIST, _VALUE):
            return _DYNAMIC[name]
        if name not in self._converters:
            fields: list[tuple[str, bool, _Convert]] = []
            unknown = self._runtime.unknown_fields.UnknownFieldSet

            def convert(message: Any) -> dict[str, Any]:
                if len(unknown(message)):
                    raise _UnknownFieldError
                return {
                    name: value(getattr(message, name))
                    for name, has_presence, value in fields
                    if not has_presence or message.HasField(name)
                }

            self._converters[name] = convert
            fields += [(field.name, field.has_presence, self._value_of(field)) for field in descriptor.fields]
        return self._converters[name]

    def _value_of(self, field: Any) -> _Convert:
        """Return the function that converts the value of a field."""
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            value = self._single_of(field.message_type.fields_by_name["value"])
            return lambda entries: {_map_key(key): value(entries[key]) for key in entries}
        single = self._single_of(field)
        return (lambda values: list(map(single, values))) if field.is_repeated else single

    def _single_of(self, field: Any) -> _Convert:
        if field.message_type is not None:
            return self._converter_of(field.message_type)
        if field.enum_type is not None:
            names = {number: value.name for number, value in field.enum_type.values_by_number.items()}
            return lambda number: names.get(number, number)
        return lambda value: value


def import_protobuf() -> Any:
    """Return the package ``google.protobuf`` with the modules that are used.

    Raises:
        DependencyMissingError: it is not installed.
    """
    for name in ("descriptor_pb2", "descriptor_pool", "message_factory", "unknown_fields"):
        import_extra(f"google.protobuf.{name}", "A topic in Protobuf")
    return import_extra("google.protobuf", "A topic in Protobuf")


def _end_of_indexes(value: bytes) -> int:
    """Return where the message indexes end that follow the frame.

    Raises:
        IndexError: they are cut off.
        ValueError: they are too many.
    """
    n, end = _signed(value, FRAME_BYTES)
    if not 0 <= n <= _MAX_INDEXES:
        raise ValueError("not a number of indexes")
    for _ in range(n):
        _, end = _signed(value, end)
    return end


def _indexes(encoded: bytes) -> list[int]:
    r"""Return message indexes; no index at all means the first message.

    >>> _indexes(b"\0"), _indexes(b"\4\2\6")
    ([0], [1, 3])
    """
    n, at = _signed(encoded, 0)
    indexes = []
    for _ in range(n):
        index, at = _signed(encoded, at)
        if index < 0:
            raise IndexError(index)
        indexes.append(index)
    return indexes or [0]


def _signed(value: bytes, at: int) -> tuple[int, int]:
    """Return the zigzag number at a place, and where it ends."""
    number = shift = 0
    while value[at] & _LAST_BYTE:
        number |= (value[at] & ~_LAST_BYTE) << shift
        shift, at = shift + 7, at + 1
        if shift > _MAX_SHIFT:
            raise ValueError("not a number of 32 bits")
    number |= value[at] << shift
    return (number >> 1) ^ -(number & 1), at + 1


def _map_key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _as_text(message: Any) -> str:
    """Return the text of a time, a duration or a mask; one that is out of range is not one of a time."""
    try:
        return str(message.ToJsonString())
    except ValueError:
        return "out of range"


def _struct(message: Any) -> dict[str, Any]:
    return {name: _dynamic(value) for name, value in message.fields.items()}


def _list(message: Any) -> list[Any]:
    return list(map(_dynamic, message.values))


def _dynamic(message: Any) -> Any:
    kind = message.WhichOneof("kind")
    if kind in ("struct_value", "list_value"):
        return (_struct if kind == "struct_value" else _list)(getattr(message, kind))
    return None if kind in (None, "null_value") else getattr(message, kind)


_DYNAMIC: dict[str, _Convert] = {_STRUCT: _struct, _LIST: _list, _VALUE: _dynamic}
