"""Lists which extras are installed, and which of them this deployment needs and lacks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import metadata

from stream_app.edges.host.machine import Component
from stream_app.extras import EXTRAS, MODULES, install_command
from stream_app.policy import Policy
from stream_app.settings import Settings

_ADDS = {
    "local": "a local Kafka",
    "data": "produce loanapp",
    "replay": "Parquet files",
    "avro": "topics in Avro",
    "protobuf": "topics in Protobuf",
    "otlp": "an OTLP push",
    "web-config": "TLS and passwords of the pages",
    "web": "the web application",
    "oidc": "the web application with single sign-on",
    "postgresql": "the web application on PostgreSQL",
    "confluent": "the transport of the new group protocol",
    "pandas": "DataFrames of the Python API",
    "ml": "anomaly tags, and models of scikit-learn in a search",
    "remedies": "limits of allocate",
    "onnx": "models in ONNX in a search",
}
_FORMATS = ("avro", "protobuf")  # that have an extra of the same name
_REQUIREMENT = re.compile(r"'([a-z0-9-]+)(?:\[[a-z]+\])?(>=[^']+)'")


def look_for_extras(needs: Mapping[str, list[str]]) -> list[Component]:
    """Check every extra; one that is needed and incomplete is wrong.

    Args:
        needs: What needs an extra, by ``needed_extras``.
    """
    return [_look_for(extra, needs.get(extra, [])) for extra in EXTRAS]


def needed_extras(settings: Settings, policy: Policy | None, *, is_pushing: bool) -> dict[str, list[str]]:
    """Return the extras that a worker with these settings and this policy imports, with what needs each.

    Args:
        settings: How the process runs.
        policy: What is monitored; None where it is not known.
        is_pushing: Whether metrics or alerts are pushed to a collector.
    """
    needs: dict[str, list[str]] = defaultdict(list)
    for topic, topic_format in _formats(policy):
        if topic_format in _FORMATS:
            needs[topic_format].append(f"topic {topic}")
    for model in () if policy is None else policy.models:
        if model.anomalies is not None:
            needs["ml"].append(f"anomalies of {model.name}")
    if settings.web_config:
        needs["web-config"].append("the setting web_config")
    if settings.oidc_issuer:
        needs["oidc"].append("the setting oidc_issuer")
    if settings.database_url:
        needs["postgresql"].append("the setting database_url")
    if is_pushing:
        needs["otlp"].append("the OTEL_* variables")
    return needs


def _formats(policy: Policy | None) -> Iterator[tuple[str, str]]:
    for model in () if policy is None else policy.models:
        yield model.topic, model.format
        if model.outcome is not None:
            yield model.outcome.topic, model.outcome.format


def _look_for(extra: str, needed_by: list[str]) -> Component:
    bounds = dict(_REQUIREMENT.findall(EXTRAS[extra]))
    found = {package: _version_of(package) for of, package in MODULES.values() if of == extra}
    texts = [_describe(package, version, bounds[package]) for package, version in found.items()]
    is_there = all(version and fits(version, bounds[package]) for package, version in found.items())
    return Component(
        part=f"extra {extra}",
        is_there=is_there,
        found=", ".join(texts),
        needed_for=", ".join(needed_by) or _ADDS[extra],
        how_to_get="" if is_there else install_command(extra),
        is_wrong=bool(needed_by) and not is_there,
    )


def fits(version: str, bounds: str) -> bool:
    """Return whether a version is within bounds such as ``>=6.33,<8``; what follows its numbers does not matter.

    >>> fits("6.33.1", ">=6.33,<8"), fits("6.9", ">=6.33,<8"), fits("8.0rc1", ">=6.33,<8")
    (True, False, False)
    """
    numbers = _numbers(version)
    low, *high = (_numbers(bound) for bound in bounds.split(","))
    return low <= numbers and all(numbers < one for one in high)


def _numbers(text: str) -> list[int]:
    match = re.search(r"\d+(\.\d+)*", text)
    return [int(number) for number in match[0].split(".")] if match else []


def _describe(package: str, version: str | None, bounds: str) -> str:
    if version is None:
        return f"{package} is not installed"
    return f"{package} {version}" + ("" if fits(version, bounds) else f" (needs {bounds})")


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
