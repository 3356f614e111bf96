"""Writes models in ONNX: the parts of the format that linear models and cuts need, as bytes of protocol buffers.

Source: onnx.proto3 of ONNX 1.16 (intermediate representation 9, operator set 19); numbers of fields are from there.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_IR_VERSION, _OPERATOR_SET = 9, 19
_INT64, _STRING, _BOOL, _DOUBLE = 7, 8, 9, 11
TYPES = {"int64": _INT64, "string": _STRING, "bool": _BOOL, "double": _DOUBLE}
_VARINT, _BYTES = 0, 2
_GROUP_BITS, _HIGH_BIT = 7, 128
_INTEGER = 2  # type of an attribute


def write_model(
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    properties: Mapping[str, str],
) -> bytes:
    """Return a model.

    Args:
        nodes: From ``node``, each after those whose outputs it takes.
        constants: From ``numbers`` and ``texts``.
        inputs: From ``column``.
        outputs: Likewise.
        properties: What a person should know about it.
    """
    graph = b"".join(
        [
            *(_field(1, each) for each in nodes),
            _field(2, b"fairstream"),
            *(_field(5, each) for each in constants),
            *(_field(11, each) for each in inputs),
            *(_field(12, each) for each in outputs),
        ]
    )
    described = [_field(14, _field(1, name.encode()) + _field(2, text.encode())) for name, text in properties.items()]
    operators = _field(8, _field(1, b"") + _number(2, _OPERATOR_SET))
    return b"".join([_number(1, _IR_VERSION), _field(2, b"fairstream"), _field(7, graph), operators, *described])


def node(operator: str, inputs: Sequence[str], output: str, **attributes: int) -> bytes:
    """Return a node: an operator with the names of what it takes and gives, and with integers as attributes."""
    taken = b"".join(_field(1, name.encode()) for name in inputs)
    options = b"".join(
        _field(5, _field(1, name.encode()) + _number(3, value) + _number(20, _INTEGER))
        for name, value in attributes.items()
    )
    return taken + _field(2, output.encode()) + _field(4, operator.encode()) + options


def numbers(name: str, values: NDArray[np.float64] | NDArray[np.int64]) -> bytes:
    """Return constant numbers, of type double or int64."""
    kind = _INT64 if values.dtype == np.int64 else _DOUBLE
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    return _shape(values.shape) + _number(2, kind) + _field(8, name.encode()) + _field(9, raw)


def texts(name: str, values: Sequence[str]) -> bytes:
    """Return constant texts, as one row."""
    strings = b"".join(_field(6, value.encode()) for value in values)
    return _shape((1, len(values))) + _number(2, _STRING) + strings + _field(8, name.encode())


def column(name: str, kind: str, width: int) -> bytes:
    """Return the description of an input or output: a table of any number of rows.

    Args:
        name: Its name.
        kind: One of ``TYPES``.
        width: Its number of columns.
    """
    shape = _field(1, _field(2, b"n")) + _field(1, _number(1, width))
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, TYPES[kind]) + _field(2, shape)))


def _shape(sizes: Sequence[int]) -> bytes:
    return b"".join(_number(1, size) for size in sizes)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first; each but the last has its high bit set."""
    groups = []
    while value >> _GROUP_BITS:
        groups.append(value % _HIGH_BIT + _HIGH_BIT)
        value >>= _GROUP_BITS
    return struct.pack(f"{len(groups) + 1}B", *groups, value)
