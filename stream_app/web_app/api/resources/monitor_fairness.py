"""``/api/monitor_fairness``: the two scenarios of the FairLens specification, simulated or from the running stream."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
from cryptography.fernet import Fernet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema
from pydantic import Field

from stream_app.core.audit.entries import Entry
from stream_app.core.groups.counts import GroupCount
from stream_app.edges.files.fernet_key import FILE_NAME, init_key
from stream_app.pipeline.disclosure.results import DisclosedGroup, DisclosedResult
from stream_app.policy import ModelPolicy
from stream_app.programs.audit.events import append_event
from stream_app.web_app.api.access.faults import ApiError
from stream_app.web_app.api.access.gate import holder_of
from stream_app.web_app.api.access.scopes import Scope
from stream_app.web_app.api.document import Route, route
from stream_app.web_app.api.filters import Name, policy_shown, selection_of
from stream_app.web_app.api.paging import answer
from stream_app.web_app.api.resources.audit_history import EXAMPLE, newest_entries
from stream_app.web_app.api.running import running
from stream_app.web_app.api.scenarios import Scenario, compare_rates, describe, simulate
from stream_app.web_app.pages.verdict_rows import decode_body
from stream_app.web_app.projection.models import WindowRow

_N_SEARCHED = 500  # windows among which one without an alert is searched
_GROUPS = ("female", "male")

log = logging.getLogger(__name__)


class DriftedScenario(Scenario, frozen=True, kw_only=True):
    """A scenario with what explains it.

    Attributes:
        explanation: The verdict and what differs, in words; statistical, not causal.
        encrypted_alert: The alert as a Fernet token under ``secret.key`` of the state folder; None without an alert.
    """

    explanation: str
    encrypted_alert: str | None


class Monitored(msgspec.Struct, frozen=True, kw_only=True):
    """Two scenarios.

    Attributes:
        fair_scenario: Simulated without drift; of the stream, the newest window without an alert, if there is one.
        drifted_scenario: Simulated with drift; of the stream, the newest window.
        audit_tail: The last ten entries of the audit log; None where the token lacks the scope ``audit``.
    """

    fair_scenario: Scenario | None
    drifted_scenario: DriftedScenario
    audit_tail: tuple[Entry, ...] | None


_FAIR = {"female_rate": 0.7, "male_rate": 0.7, "dir": 1.0, "dir_alert": False, "gap": 0.0, "gap_alert": False}
_DRIFTED = {
    "female_rate": 0.5,
    "male_rate": 0.7,
    "dir": 0.7142857142857143,
    "dir_alert": True,
    "gap": 0.2,
    "gap_alert": False,
    "explanation": "DIR = 0.71 (<0.8): women are approved less often than the four-fifths rule permits.",
    "encrypted_alert": "gAAAAABpVz...",
}
_EXAMPLE = {"fair_scenario": _FAIR, "drifted_scenario": _DRIFTED, "audit_tail": [EXAMPLE]}


class MonitorFilter(Schema):
    """What is simulated, or which model of the stream is meant."""

    n_samples: Annotated[int, Field(ge=0, le=100_000)] = Field(1000, description="Applications of each data set.")
    drift_level: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        0.5, description="Women are approved with rate max(0, 0.70 - 0.4 x drift_level), men with 0.70."
    )
    source: Literal["simulated", "live"] = Field("simulated", description="live: the newest results of the stream.")
    model: Name | None = Field(
        None, description="For live: the model; without it the first that compares women and men."
    )


class _Scenarios(NamedTuple):
    fair: Scenario | None
    drifted: Scenario
    explanation: str


_route = Route(
    "/monitor_fairness",
    Scope.FAIRNESS,
    MonitorFilter,
    answers=Monitored,
    example=_EXAMPLE,
    other_statuses=(404,),
    is_costly=True,
)


@route(_route)
def monitor_fairness(request: HttpRequest, chosen: Query[MonitorFilter]) -> HttpResponse:
    """Compare women with men in two scenarios: ratio below 0.8 or not computable, or gap above 0.2, is an alert."""
    found = _live(chosen.model) if chosen.source == "live" else _simulated(chosen.n_samples, chosen.drift_level)
    encrypted = _report(chosen, found)
    fields = {name: getattr(found.drifted, name) for name in Scenario.__struct_fields__}
    drifted = DriftedScenario(**fields, explanation=found.explanation, encrypted_alert=encrypted)
    holder = holder_of(request)
    may_audit = holder is not None and Scope.AUDIT in holder.scopes
    tail = newest_entries(running().settings) if may_audit else None
    return answer(Monitored(fair_scenario=found.fair, drifted_scenario=drifted, audit_tail=tail))


def _simulated(n_samples: int, drift_level: float) -> _Scenarios:
    drifted = simulate(n_samples, drift_level)
    return _Scenarios(simulate(n_samples, 0.0).scenario, drifted.scenario, drifted.explanation)


def _live(name: str | None) -> _Scenarios:
    """Return the scenarios of the running stream.

    Raises:
        ApiError: no model compares women with men, or there is no result yet.
    """
    selection_of(name)
    model, attribute = _compared(model for model in _with_rates() if name in (None, model.name))
    window = min(model.windows, key=lambda each: each.size_s).name
    rows = WindowRow.objects.filter(model=model.name, attribute=attribute, window=window).order_by("-end_s")
    results = [decode_body(row.body) for row in rows[:_N_SEARCHED]]
    if not results:
        raise ApiError(404, "There is no result yet.")
    scenarios = [_scenario(result) for result in results]
    fair = next((each for each in scenarios if each.dir is not None and not each.is_alert), None)
    sentences = [describe(scenarios[0]), *(group.sentence for group in results[0].groups if group.sentence)]
    return _Scenarios(fair, scenarios[0], " ".join(sentences))


def _with_rates() -> list[ModelPolicy]:
    """Return the models that have approval rates."""
    return [model for model in policy_shown().models if model.kind == "decisions"]


def _compared(models: Iterable[ModelPolicy]) -> tuple[ModelPolicy, str]:
    for model in models:
        for attribute in model.attributes:
            if {*_GROUPS} <= {label.casefold() for label in attribute.groups}:
                return model, attribute.name
    raise ApiError(404, "No model compares women with men.")


def _scenario(result: DisclosedResult) -> Scenario:
    counts = {group.group.casefold(): _count(group) for group in result.groups}
    return compare_rates(*(counts.get(name) for name in _GROUPS))


def _count(group: DisclosedGroup) -> GroupCount | None:
    return None if group.n is None or group.favorable is None else GroupCount(group.n, group.favorable)


def _report(chosen: MonitorFilter, found: _Scenarios) -> str | None:
    """Log the verdict; of an alert return the encrypted text, and append it to the audit log.

    Raises:
        FairStreamError: the key or the audit log cannot be used.
    """
    ratio = "none" if found.drifted.dir is None else f"{found.drifted.dir:.2f}"
    if not found.drifted.is_alert:
        log.info("fairness stable source=%s dir=%s", chosen.source, ratio)
        return None
    log.warning("fairness alert source=%s dir=%s", chosen.source, ratio)
    settings = running().settings
    token = Fernet(init_key(Path(settings.state_dir) / FILE_NAME)).encrypt(found.explanation.encode()).decode()
    facts = {"source": chosen.source, "n_samples": chosen.n_samples, "drift_level": repr(chosen.drift_level)}
    append_event(settings, "fairness-alert", {**facts, "dir": ratio, "encrypted_alert": token})
    return token
