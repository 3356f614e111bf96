"""Requests that schemathesis makes from the API document: no server error, and answers as the document says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_RESULTS
from stream_app.web_app.api.access.rates import Buckets
from stream_app.web_app.api.document import DECLARED, openapi_document
from stream_app.web_app.api.running import running, start_api
from stream_app.web_app.api.service import api
from stream_app.web_app.projection.models import Reading
from stream_app.web_app.projection.store import TOPICS, Store
from tests.support.sample_alert import ALERT
from tests.support.web.programs import make_token
from tests.support.web.window_results import FAIR, MODEL, POLICY, UNFAIR, race_result, run_of

ENOUGH = 1_000_000
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
)

SCHEMA = schemathesis.openapi.from_dict(msgspec.json.decode(openapi_document(api)))
SCHEMA.app = get_wsgi_application()
SCHEMA.config.update(base_url="http://127.0.0.1/")
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}

NO_INPUT = ("GET /api/health", GenerationMode.NEGATIVE)  # nothing of it can be wrong


@pytest.fixture(autouse=True)
def content(tmp_path: Path) -> Iterator[None]:
    """Store something to list, limit nothing, and keep the connection of the test between two requests."""
    start_api(Settings(state_dir=str(tmp_path), api_reads_per_min=ENOUGH, api_writes_per_min=ENOUGH))
    running().anonymous = Buckets(ENOUGH)
    results = [race_result(100 * number, UNFAIR if number % 2 else FAIR) for number in range(1, 6)]
    Store(POLICY).apply(FAIRNESS_RESULTS, None, run_of(results))
    alert = msgspec.structs.replace(ALERT, model=MODEL.name, attribute="race")
    Store(POLICY).apply(FAIRNESS_ALERTS, None, run_of([alert]))
    for topic in TOPICS:
        Reading.objects.create(topic=topic, current_at_s=time.time() + 600)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize(("label", "mode"), [case for case in product(OPERATIONS, GenerationMode) if case != NO_INPUT])
def test_no_request_fails_and_answers_are_those_of_the_document(label: str, mode: GenerationMode) -> None:
    operation = OPERATIONS[label]
    declared = DECLARED[operation.definition.raw["operationId"]]
    token = make_token(min(declared.roles)) if declared.scope else ""

    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=12, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def ask(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    ask()
