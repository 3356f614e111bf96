"""ONVIF metadata in XML, turned into the tree that its JSON form has; with no document type, so with no entities.

A document type is where a few bytes become gigabytes, and where a record would name files of the reader: it is rejected
where it begins, before any of it is read. Depth and the number of elements are bounded, and only elements of the ONVIF
schema are kept, the others skipped with all that is inside.

Source: W3C XML 1.0; ONVIF ``http://www.onvif.org/ver10/schema``.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers import expat

from stream_app.core.events.cameras.sightings import RecordFaultError
from stream_app.core.events.cameras.tree import Object
from stream_app.core.events.encoding import is_utf8
from stream_app.core.events.reasons import DeadLetterReason as Reason
from stream_app.core.events.strict_json import MAX_DEPTH

MAX_ELEMENTS = 20_000  # of a record: about forty for each of the objects that it may have
MAX_TEXT = 1_000_000  # characters of text that are kept
_SCHEMA = "http://www.onvif.org/ver10/schema"
_BOM = b"\xef\xbb\xbf"
_ENCODINGS = (None, "utf-8", "us-ascii")
# Elements that contain a face, a plate, a picture or a place: their name is kept, nothing inside is.
_CLOSED = frozenset({"HumanFace", "HumanBody", "LicensePlateInfo", "VehicleInfo", "Image", "ImageRef", "GeoLocation"})


def read_xml(text: bytes) -> Object:
    """Return the tree of a document.

    Raises:
        RecordFaultError: it is not well formed, has a document type, is too deep or too large, or is of another schema.
    """
    raw = text.removeprefix(_BOM)
    if b"\0" in raw[:4] or not is_utf8(raw):
        raise RecordFaultError(Reason.ENCODING)
    builder = _TreeBuilder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.XmlDeclHandler = _check_declaration
    parser.StartDoctypeDeclHandler = _reject_doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.add_text
    try:
        parser.Parse(raw, True)  # no more text comes
    except expat.ExpatError:
        raise RecordFaultError(Reason.XML) from None
    return builder.tree


def _check_declaration(version: str, encoding: str | None, standalone: int) -> None:
    del version, standalone
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise RecordFaultError(Reason.ENCODING)


def _reject_doctype(*_: Any) -> NoReturn:
    raise RecordFaultError(Reason.XML)


class _TreeBuilder:
    """Builds the tree from what the parser reads.

    Attributes:
        tree: The root element by its name.
    """

    def __init__(self) -> None:
        self.tree: Object = {}
        self._open: list[tuple[Object, list[str]]] = [(self.tree, [])]
        self._n_elements = self._n_characters = 0
        self._depth = 0
        self._skipped_from: int | None = None  # depth of the element inside of which nothing is kept

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self._depth += 1
        self._n_elements += 1
        if self._depth > MAX_DEPTH:
            raise RecordFaultError(Reason.XML)
        if self._n_elements > MAX_ELEMENTS:
            raise RecordFaultError(Reason.CARDINALITY)
        if self._skipped_from is not None:
            return
        namespace, _, local = name.rpartition(" ")
        if self._depth == 1 and namespace != _SCHEMA:
            raise RecordFaultError(Reason.SCHEMA)
        is_closed = local in _CLOSED
        element: Object = {} if is_closed else {f"@{key}": value for key, value in attributes.items() if " " not in key}
        if is_closed or namespace != _SCHEMA:
            self._skipped_from = self._depth
        self._add(local if namespace == _SCHEMA else "Extension", element)
        self._open.append((element, []))

    def end(self, name: str) -> None:
        """End an element; one with text alone becomes that text."""
        del name
        depth, self._depth = self._depth, self._depth - 1
        if self._skipped_from is not None and depth > self._skipped_from:
            return
        self._skipped_from = None
        element, texts = self._open.pop()
        if text := "".join(texts).strip():
            element["#text"] = text

    def add_text(self, text: str) -> None:
        """Add text to the element that is open."""
        if self._skipped_from is None:
            self._n_characters += len(text)
            if self._n_characters > MAX_TEXT:
                raise RecordFaultError(Reason.SIZE)
            self._open[-1][1].append(text)

    def _add(self, key: str, element: Object) -> None:
        parent = self._open[-1][0]
        if key not in parent:
            parent[key] = element
        elif isinstance(parent[key], list):
            parent[key].append(element)
        else:
            parent[key] = [parent[key], element]
