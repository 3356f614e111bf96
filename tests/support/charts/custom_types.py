"""The schemas of the custom resources: those of KEDA and the Prometheus operator are published, that of Strimzi is not.

Strimzi publishes no Go module. Its part here was written by hand after the definitions of version 1.0 and covers the
fields that are used; no other field passes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.support.charts.go_modules import module_folder
from tests.support.charts.go_types import GoTypes, Schema

_KEDA = "github.com/kedacore/keda/v2@v2.21.0"
_PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring@v0.95.2"
_KEDA_FILES = {
    "ScaledObject": "keda.sh_scaledobjects.yaml",
    "TriggerAuthentication": "keda.sh_triggerauthentications.yaml",
}
_OPERATIONS = "Read Write Create Delete Alter Describe ClusterAction AlterConfigs DescribeConfigs IdempotentWrite All"


def faults(manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with the specification in a custom resource; empty if it is valid.

    Raises:
        KeyError: there is no schema of its kind.
    """
    validator = Draft202012Validator(_schema_of_spec(manifest["apiVersion"], manifest["kind"]))
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(manifest["spec"])]


def is_custom(manifest: dict[str, Any]) -> bool:
    """Return whether an object is a custom resource, not one of Kubernetes itself."""
    return manifest["apiVersion"].partition("/")[0] in ("keda.sh", "monitoring.coreos.com", "kafka.strimzi.io")


@lru_cache
def _schema_of_spec(api: str, kind: str) -> Schema:
    """Return a closed schema: a field that it does not have is a fault."""
    if api == "keda.sh/v1alpha1":
        path = module_folder(_KEDA) / "config" / "crd" / "bases" / _KEDA_FILES[kind]
        definition = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
        (version,) = [version for version in definition["spec"]["versions"] if version["name"] == "v1alpha1"]
        return dict(_closed(version["schema"]["openAPIV3Schema"]["properties"]["spec"]))
    if api == "monitoring.coreos.com/v1":
        return GoTypes(module_folder(_PROMETHEUS_OPERATOR) / "v1").schema(f"{kind}Spec")
    return {("kafka.strimzi.io/v1", "KafkaTopic"): _KAFKA_TOPIC, ("kafka.strimzi.io/v1", "KafkaUser"): _KAFKA_USER}[
        (api, kind)
    ]


def _closed(schema: Any) -> Any:
    """Return a schema of Kubernetes in which unknown fields are faults, as ``kubectl`` rejects them."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    closed = {name: _closed(part) for name, part in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and not is_open and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_TEXT = {"type": "string", "minLength": 1}
_KAFKA_TOPIC = _object(
    {
        "topicName": _TEXT,
        "partitions": {"type": "integer", "minimum": 1},
        "replicas": {"type": "integer", "minimum": 1, "maximum": 32767},
        "config": {"type": "object"},
    }
)
_RESOURCE = _object(
    {
        "type": {"enum": ["topic", "group", "cluster", "transactionalId"]},
        "name": _TEXT,
        "patternType": {"enum": ["literal", "prefix"]},
    },
    "type",
)
_ACL = _object(
    {
        "type": {"enum": ["allow", "deny"]},
        "resource": _RESOURCE,
        "host": _TEXT,
        "operations": {"type": "array", "items": {"enum": _OPERATIONS.split()}},
    },
    "resource",
    "operations",
)
_KAFKA_USER = _object(
    {
        "authentication": _object({"type": {"enum": ["tls", "tls-external", "scram-sha-512"]}}, "type"),
        "authorization": _object(
            {"type": {"enum": ["simple"]}, "acls": {"type": "array", "items": _ACL}}, "type", "acls"
        ),
    }
)
