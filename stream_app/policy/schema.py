"""The JSON Schema of a policy file, for editors: completion, descriptions and checks while one writes.

It is made from the same structs that are checked, so it accepts what ``load_policy`` accepts in form. How the parts
must fit together (``stream_app.policy.check``) is beyond a schema.
"""

from __future__ import annotations

from typing import Any

from stream_app.json_schema import schema_of
from stream_app.policy.model import Policy
from stream_app.policy.types import EXAMPLES, PATTERNS


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a policy.

    Every field has its description, limits, pattern with an example, and default; unknown fields are errors.

    >>> schema = policy_schema()
    >>> schema["title"], schema["$defs"]["Attribute"]["additionalProperties"]
    ('FairStream policy', False)
    """
    schema = schema_of(Policy, title="FairStream policy")
    for definition in schema["$defs"].values():
        for field in definition.get("properties", {}).values():
            _add_examples(field)
    return schema


def _add_examples(field: dict[str, Any]) -> None:
    """Say at each pattern what it means, by words and by an example."""
    values = field.get("additionalProperties")
    for part in (field, field.get("items", {}), values if isinstance(values, dict) else {}, *field.get("anyOf", ())):
        if (pattern := part.get("pattern")) is not None:
            part["examples"] = [EXAMPLES[pattern]]
            part["$comment"] = PATTERNS[pattern]
