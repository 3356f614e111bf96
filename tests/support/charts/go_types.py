"""JSON Schemas of Go's structs, from their source: names, types, what is required, and simple rules of validation.

The types of the Prometheus operator are published as source only; its schemas are generated from the same tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TYPE = re.compile(r"^type (\w+) (struct \{\n(?:.*\n)*?\}|[\w.\[\]*]+)$", re.MULTILINE)
_FIELD = re.compile(r'^\t(?:(?P<name>\w+) +)?(?P<type>[\w.\[\]*]+) +`json:"(?P<key>[\w-]*),?(?P<options>[^"]*)"`')
_RULE = re.compile(r"^\s*// \+kubebuilder:validation:(Enum|Pattern|MinLength|Minimum|Maximum):?=(.+)$")
_BASIC = {"string": "string", "bool": "boolean", "float64": "number"}
_NUMBERS = ("Minimum", "Maximum", "MinLength")

Schema = dict[str, Any]


class GoTypes:
    """The types of one package.

    Args:
        folder: Of its source.
    """

    def __init__(self, folder: Path) -> None:
        self._types: dict[str, tuple[str, Schema]] = {}  # the text after the name, and the rules before the type
        for path in [*sorted(folder.glob("*_types.go")), folder / "types.go", folder / "http_config.go"]:
            text = path.read_text("utf-8")
            for match in _TYPE.finditer(text):
                comment = text[: match.start()].rpartition("\n\n")[2]
                self._types[match[1]] = (match[2], _rules(comment.splitlines()))

    def schema(self, name: str) -> Schema:
        """Return the schema of a type, with those of the types that it uses under ``$defs``.

        Args:
            name: Name of the type.

        Raises:
            KeyError: there is no such type.
        """
        return {"$ref": f"#/$defs/{name}", "$defs": {known: self._definition(known) for known in [name, *self._types]}}

    def _definition(self, name: str) -> Schema:
        text, rules = self._types[name]
        return (self._struct(text) if text.startswith("struct") else self._reference(text)) | rules

    def _struct(self, text: str) -> Schema:
        properties: dict[str, Schema] = {}
        required = []
        for key, type_name, options, comment in _fields(text):
            if not key:  # embedded: its fields are those of this struct
                inner = self._definition(type_name) if type_name in self._types else {}
                properties |= inner.get("properties", {})
                required += inner.get("required", [])
                continue
            properties[key] = {"allOf": [self._reference(type_name), _rules(comment)]}
            if "omitempty" not in options and not any("+optional" in line for line in comment):
                required.append(key)
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _reference(self, type_name: str) -> Schema:
        type_name = type_name.removeprefix("*")
        if type_name.startswith("[]"):
            return {"type": "array", "items": self._reference(type_name[2:])}
        if match := re.fullmatch(r"map\[string\](.+)", type_name):
            return {"type": "object", "additionalProperties": self._reference(match[1])}
        if type_name in self._types:
            return {"$ref": f"#/$defs/{type_name}"}
        if type_name in _BASIC:
            return {"type": _BASIC[type_name]}
        if re.fullmatch(r"u?int\d*", type_name):
            return {"type": "integer"}
        return {}  # of another package, such as a selector of Kubernetes


def _fields(struct: str) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield the key in JSON, the type, the options of the tag and the comment of each field."""
    comment: list[str] = []
    for line in struct.splitlines():
        if match := _FIELD.match(line):
            yield match["key"], match["type"], match["options"], comment
            comment = []
        elif line.strip().startswith("//"):
            comment.append(line)


def _rules(comment: list[str]) -> Schema:
    rules: Schema = {}
    for match in filter(None, map(_RULE.match, comment)):
        name, value = match[1], match[2].strip().strip('"`')
        if name == "Enum":
            rules["enum"] = [option.strip('"') for option in value.split(";")]
        elif name in _NUMBERS:
            rules[name[0].lower() + name[1:]] = int(value)
        elif not value.startswith("^(?i)"):  # a flag that Python wants in front
            rules["pattern"] = value
    return rules
