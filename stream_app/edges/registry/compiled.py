"""Makes registered schemas ready to read records."""

from __future__ import annotations

from stream_app.core.events.formats.avro import AvroSchema, UnsupportedSchemaError, import_fastavro
from stream_app.core.events.formats.wire import JsonText, Rejecting, WriterSchema
from stream_app.edges.registry.client import SchemaText
from stream_app.errors import RegistryUnavailableError
from stream_app.policy.types import Format

_KINDS: dict[Format, str] = {"avro": "AVRO", "json-schema": "JSON"}


def require_runtime(topic_format: Format) -> None:
    """Check that what reads a format is installed.

    Raises:
        DependencyMissingError: it is not.
    """
    if topic_format == "avro":
        import_fastavro()


def compile_schema(schema: SchemaText, topic_format: Format, *, times_as_numbers: bool) -> WriterSchema:
    """Return what reads the records of a schema in a topic of a format.

    Raises:
        RegistryUnavailableError: it is not a schema, which a registry does not accept: the answer is damaged.
        DependencyMissingError: what reads the format is not installed.
    """
    if schema.kind != _KINDS[topic_format]:
        return Rejecting()
    try:
        if topic_format == "json-schema":
            return JsonText()
        return AvroSchema(schema.text, schema.references.values(), times_as_numbers=times_as_numbers)
    except UnsupportedSchemaError:
        return Rejecting()
    except ValueError:
        raise RegistryUnavailableError(
            f"The schema registry answers with what is not a schema of type {schema.kind}", action="Check registry_url"
        ) from None
