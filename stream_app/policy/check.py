"""What the types of a policy cannot say: how its parts must fit together."""

from __future__ import annotations

from stream_app.errors import PolicyError
from stream_app.policy.model import ModelPolicy, Policy, declared_paths
from stream_app.policy.parts import OTHER, UNKNOWN, Attribute, Decision, Feature


def check_policy(policy: Policy) -> None:
    """Refuse a policy whose parts do not fit together.

    Raises:
        PolicyError: with the path of the field and what was expected.
    """
    _refuse_repeats([model.name for model in policy.models], "$.models[...].name")
    _refuse_repeats([model.topic for model in policy.models], "$.models[...].topic")
    for number, model in enumerate(policy.models):
        _check_model(model, f"$.models[{number}]")


def _check_model(model: ModelPolicy, where: str) -> None:
    if (model.kind == "decisions") != (model.decision is not None):
        raise PolicyError(f"Kind {model.kind!r} needs {'a' if model.decision is None else 'no'} decision - at {where}")
    if model.decision is not None:
        _check_decision(model.decision, f"{where}.decision")
    for number, attribute in enumerate(model.attributes):
        _check_attribute(attribute, model.kind, f"{where}.attributes[{number}]")
    for number, feature in enumerate(model.features):
        _check_feature(feature, f"{where}.features[{number}]")
    for number, window in enumerate(model.windows):
        if window.size_s % model.event_time.pane_s:
            raise PolicyError(
                f"Expected a multiple of pane_s = {model.event_time.pane_s} - at {where}.windows[{number}].size_s"
            )
    _refuse_repeats([a.name for a in model.attributes], f"{where}.attributes[...].name")
    _refuse_repeats([w.name for w in model.windows] + ["total"], f"{where}.windows[...].name")
    _refuse_repeats([path for path, _ in declared_paths(model)], f"{where} (path)")
    _refuse_nested([path for path, _ in declared_paths(model)], where)
    if model.drop and model.unknown_fields == "reject":
        raise PolicyError(f"Expected unknown_fields = 'drop' beside a list of fields to drop - at {where}.drop")


def _check_decision(decision: Decision, where: str) -> None:
    values = (decision.favourable, *decision.unfavourable)
    if len({type(value) for value in values}) > 1:
        raise PolicyError(f"Expected values of one type - at {where}")
    _refuse_repeats([str(value) for value in values], where)


def _check_attribute(attribute: Attribute, kind: str, where: str) -> None:
    _refuse_repeats(list(attribute.groups), f"{where}.groups")
    if {UNKNOWN, OTHER} & set(attribute.groups):
        raise PolicyError(
            f"Expected groups other than {UNKNOWN!r} and {OTHER!r}, which are implied - at {where}.groups"
        )
    if attribute.reference is None and kind == "decisions":
        raise PolicyError(f"Expected a reference group - at {where}.reference")
    if attribute.reference is not None and attribute.reference not in attribute.groups:
        raise PolicyError(f"Expected one of the groups - at {where}.reference")


def _check_feature(feature: Feature, where: str) -> None:
    if not feature.minimum < feature.maximum:
        raise PolicyError(f"Expected minimum < maximum - at {where}")
    if max(abs(feature.minimum), abs(feature.maximum)) * feature.scale > 2**20:
        raise PolicyError(f"Expected |value| * scale <= 2**20, so that sums stay exact - at {where}.scale")


def _refuse_repeats(values: list[str], where: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise PolicyError(f"{value!r} is given twice - at {where}")


def _refuse_nested(paths: list[str], where: str) -> None:
    for outer in paths:
        for inner in paths:
            if inner.startswith(outer + "."):
                raise PolicyError(f"{inner!r} lies inside {outer!r}, which is read as one value - at {where}")
