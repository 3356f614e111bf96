"""Whether each path of a policy leads to a place where its field can be: in the record, in a header, in an instance."""

from __future__ import annotations

from collections.abc import Iterator

from stream_app.policy.model import ModelPolicy, declared_paths
from stream_app.policy.values.headers import HEADERS, header_faults


def faults_of_places(model: ModelPolicy) -> Iterator[tuple[str, str]]:
    """Yield each path that leads nowhere, with the reason."""
    yield from header_faults(model)
    if model.instance is not None:
        place = model.instance.path
        paths = [path for path, _ in declared_paths(model)]
        if place.split(".")[0] == HEADERS:
            yield place, "instances are in the value of a record, not in its headers"
        elif not any(path == place or path.startswith(f"{place}.") for path in paths):
            yield place, "no field of the policy is in the instance"
        elif model.instance.layout == "tensors" and place in paths:
            yield place, "is an object of all tensors; expected the name of one behind it"
