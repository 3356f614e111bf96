"""Where the parts of a policy are in a record."""

from __future__ import annotations

from stream_app.policy.model import ModelPolicy


def declared_paths(model: ModelPolicy) -> list[tuple[str, str]]:
    """List every path in a policy, with the part that names it."""
    paths = [(identifier.path, "identifier") for identifier in model.all_identifiers]
    paths += [(model.event_time.path, "event_time")]
    paths += [(model.decision.path, "decision")] if model.decision else []
    paths += [(attribute.path, "attribute") for attribute in model.attributes]
    paths += [(path, "proxy") for proxy in model.proxies for path in proxy.groups.values()]
    paths += [(model.segment.path, "segment")] if model.segment else []
    paths += [(model.model_version, "model_version")] if model.model_version else []
    paths += [(model.score.path, "score")] if model.score else []
    paths += [(feature.path, "feature") for feature in model.features]
    paths += [(constant.path, "constant") for constant in model.constants]
    paths += [(box.path, "box") for box in model.boxes]
    paths += [(path, kind) for kind, places in (("keep", model.keep), ("drop", model.drop)) for path in places]
    if model.cluster is not None and model.cluster not in {path for path, _ in paths}:
        paths.append((model.cluster, "cluster"))
    return paths


def is_cluster_alone(model: ModelPolicy) -> bool:
    """Return whether the place of the cluster is declared as nothing else, so that its value must not leave."""
    return (model.cluster, "cluster") in declared_paths(model)
