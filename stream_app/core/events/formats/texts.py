"""Turns records into the JSON texts that a policy describes: out of their format, and with the headers that it names.

The named headers become an object under the key ``$headers``, at the beginning of the text. A record whose own JSON has
that key has it twice, which is rejected: nobody can write a header into the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stream_app.core.events.formats.instances import with_instance
from stream_app.core.events.formats.wire import WriterSchemas, json_texts
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.policy.fields import Instance
from stream_app.policy.values.headers import HEADERS

RecordHeaders = Sequence[tuple[str, bytes | None]]  # name and value of each header of one record

_BLANKS = b" \t\r\n"
_BEGIN = f'{{"{HEADERS}":'.encode()
_encode = msgspec.json.Encoder().encode


class RecordTexts:
    """Returns the texts of the records of one topic.

    Args:
        is_json: Whether records are plain JSON; if not, they are in a format of a schema registry.
        headers: Names of the headers that become part of the text.
        instance: The list of instances in it; None where it has none.
    """

    def __init__(self, *, is_json: bool, headers: frozenset[str], instance: Instance | None = None) -> None:
        self.is_value = is_json and not headers and instance is None
        self._instance = instance
        self._is_json = is_json
        self._headers = headers

    def read(
        self, values: Sequence[bytes], schemas: WriterSchemas | None, headers: Iterable[RecordHeaders] | None
    ) -> Sequence[bytes | Reason]:
        """Return the text of each record, or why it has none.

        Args:
            values: Their values.
            schemas: The schemas of their frames; records of a schema registry are rejected without.
            headers: Their headers; None where they have none, because they are not from Kafka.
        """
        texts: Sequence[bytes | Reason] = values
        if not self._is_json:
            texts = [Reason.SCHEMA] * len(values) if schemas is None else json_texts(values, schemas)
        if self._instance is not None:
            texts = [text if isinstance(text, Reason) else with_instance(text, self._instance) for text in texts]
        if self._headers and headers is not None:
            texts = list(self._with_headers(texts, headers))
        return texts

    def _with_headers(
        self, texts: Iterable[bytes | Reason], headers: Iterable[RecordHeaders]
    ) -> Iterator[bytes | Reason]:
        for text, of_record in zip(texts, headers, strict=True):
            if isinstance(text, Reason):
                yield text
                continue
            named = [header for header in of_record if header[0] in self._headers]
            try:
                found = {name: value if value is None else value.decode() for name, value in named}
            except UnicodeDecodeError:
                yield Reason.ENCODING
            else:
                yield _joined(_encode(found), text) if len(found) == len(named) else Reason.DUP_KEY


def _joined(headers: bytes, text: bytes) -> bytes:
    r"""Return an object with one more member; what is no object is returned as it is, to be rejected as that.

    >>> _joined(b'{"a":"1"}', b' {"b":2}'), _joined(b"{}", b"{ }"), _joined(b"{}", b"[1]")
    (b'{"$headers":{"a":"1"},"b":2}', b'{"$headers":{} }', b'[1]')
    """
    members = text.lstrip(_BLANKS)
    if members[:1] != b"{" or b"\0" in members[:4]:  # with a zero byte it is UTF-16, which is another fault
        return text
    members = members[1:]
    is_empty = members.lstrip(_BLANKS)[:1] == b"}"
    return b"".join((_BEGIN, headers, b"" if is_empty else b",", members))
