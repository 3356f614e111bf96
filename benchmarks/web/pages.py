"""Opens every page and every reading route of the API, and measures time, queries and memory.

The requests go through all of Django in this process; what the server in front of it adds is the same for each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psutil
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, resolve

from benchmarks.web.history import N_DRAWN
from stream_app.policy import Policy
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.tokens import create
from stream_app.web_app.cases.models import Case
from stream_app.web_app.history.keeping import DAY_S
from stream_app.web_app.policies.models import PolicyDraft
from stream_app.web_app.projection.models import AlertRow
from stream_app.web_app.replays.models import Replay
from stream_app.web_app.routes import urlpatterns

_HOST = "127.0.0.1"


def addresses(policy: Policy, end_s: int) -> dict[str, str]:
    """Return what is opened, by what it shows; old parts of lists too."""
    model = [model for model in policy.models if model.kind == "decisions"][:N_DRAWN][-1]
    name, attribute, window = model.name, model.attributes[-1].name, model.windows[0].name
    alert, case = AlertRow.every_alert.order_by("-at_s").first(), Case.objects.order_by("-id").first()
    if alert is None or case is None:
        raise LookupError("The history has no alert or no case")
    of_series = f"model={name}&attribute={attribute}&window={window}"
    old = f"until={_moment(end_s - 300 * DAY_S):%Y-%m-%dT00:00:00Z}"
    return _of_what_is_there(policy) | {
        "overview": "/",
        "overview, last page": "/?page=100000",
        "overview, searched": f"/?search={name}",
        "overview, nothing found": "/?search=none-of-this-name",
        "model": f"/models/{name}?attribute={attribute}",
        "alerts": "/alerts",
        "alerts, last page": "/alerts?page=100000",
        "alerts of a model": f"/alerts?model={name}",
        "alerts, searched": f"/alerts?search={attribute}",
        "alert": f"/alerts/{alert.id}",
        "cases": "/cases",
        "cases, all": "/cases?state=every&page=3",
        "case": f"/cases/{case.pk}",
        "policies": "/policies",
        "privacy": "/privacy",
        "users": "/users",
        "tokens": "/tokens",
        "tokens, searched": "/tokens?search=program",
        "tokens, last page": "/tokens?page=100000",
        "data quality": "/quality",
        "data quality, last page": "/quality?page=100000",
        "data quality, searched": f"/quality?search={name}",
        "data quality of a model": f"/quality/{name}",
        "data quality of an old day": f"/quality/{name}?day={_moment(end_s - 300 * DAY_S):%Y-%m-%d}",
        "replays": "/replays",
        "replays, last page": "/replays?page=100000",
        "policy comparison": f"/policies/comparison?model={name}",
        "audit": "/audit",
        "runbooks": "/runbooks",
        "runbook": "/runbooks/FairnessBreach",
        "livez": "/livez",
        "readyz": "/readyz",
        "api results": "/api/results",
        "api results, 1000": "/api/results?limit=1000",
        "api results, old": f"/api/results?{old}",
        "api results of a model": f"/api/results?model={name}",
        "api results of a model, old": f"/api/results?model={name}&{old}",
        "api results of an attribute": f"/api/results?{of_series}",
        "api results of an attribute, old": f"/api/results?{of_series}&{old}",
        "api results in breach": f"/api/results?model={name}&state=breach",
        "api results in no window": f"/api/results?model={name}&window=total",
        "api explanation": f"/api/explanation?{of_series}",
        "api alerts": "/api/alerts",
        "api alerts of an attribute": f"/api/alerts?model={name}&attribute={attribute}&limit=1000",
        "api alert": f"/api/alerts/{alert.id}",
        "api policies": "/api/policies",
        "api cases": "/api/cases",
        "api case": f"/api/cases/{case.pk}",
        "api quality": f"/api/quality?model={name}&days=31",
        "api replays": "/api/replays",
        "api monitor_fairness": "/api/monitor_fairness",
        "api audit_history": "/api/audit_history",
        "api metrics": "/api/metrics",
        "api health": "/api/health",
        "api document": "/api/openapi.json",
    }


def _moment(time_s: int) -> datetime:
    return datetime.fromtimestamp(time_s, UTC)


def _of_what_is_there(policy: Policy) -> dict[str, str]:
    """Return pages of what not every policy and database has."""
    found: dict[str, str] = {}
    for model in policy.models:
        if model.kind == "counts":
            of_model = f"model={model.name}"
            found |= {"cameras": f"/cameras?{of_model}", "cameras, last page": f"/cameras?{of_model}&page=100000"}
            found["api cameras"] = f"/api/cameras?{of_model}"
    if replay := Replay.objects.order_by("-id").first():
        found |= {"replay": f"/replays/{replay.pk}", "api replay": f"/api/replays/{replay.pk}"}
    if draft := PolicyDraft.objects.order_by("-id").first():
        found["draft"] = f"/policies/drafts/{draft.pk}"
    return found


def not_opened(opened: dict[str, str]) -> list[str]:
    """Return the addresses of the application that none of these is."""

    def every(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from every(pattern.url_patterns, f"{prefix}{pattern.pattern}")
            elif isinstance(pattern, URLPattern) and "GET" in getattr(pattern.callback, "methods", ()):
                yield f"{prefix}{pattern.pattern}"

    seen = set()
    for address in opened.values():
        try:
            seen.add(resolve(address.partition("?")[0]).route)
        except Resolver404:
            continue
    return sorted({*every([*urlpatterns], "")} - seen)


def measure_pages(opened: dict[str, str], rounds: int) -> dict[str, Any]:
    """Open everything several times; milliseconds of the median and the slowest, CPU, queries, status.

    Under a load of other work the CPU time says more: that of this process and of the database.
    """
    browser, program = _browser(), _program()
    figures: dict[str, Any] = {}
    memory = []
    for name, address in opened.items():
        client = program if address.startswith("/api") else browser
        client.get(address)
        walls, before_s = [], _cpu_s()
        for _ in range(rounds):
            started = time.perf_counter()
            with _counted() as queries:
                answer = client.get(address)
            walls.append(time.perf_counter() - started)
        cpu_s = (_cpu_s() - before_s) / rounds
        figures[name] = {
            "ms": round(1000 * float(np.median(walls)), 1),
            "max_ms": round(1000 * max(walls), 1),
            "cpu_ms": round(1000 * cpu_s, 1),
            "queries": len(queries),
            "status": answer.status_code,
            "kb": round(len(answer.content) / 1000),
        }
        memory.append(round(psutil.Process().memory_info().rss / 2**20))
    return {"pages": figures, "memory_mb": [memory[0], max(memory), memory[-1]]}


def _cpu_s() -> float:
    """Return the CPU time of this process, and of the process that works for it in a PostgreSQL on this machine."""
    if connection.vendor != "postgresql":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + float(times.user + times.system)


@contextmanager
def _counted() -> Iterator[list[str]]:
    queries: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001  # Django's
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield queries


def _browser() -> Client:
    user, _ = User.objects.get_or_create(username="everybody")
    user.groups.set(Group.objects.filter(name__in=[*Role]))
    client = Client(headers={"host": _HOST})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _program() -> Client:
    _, token = create("benchmark", Role.AUDITOR, [], 1)
    return Client(headers={"host": _HOST, "authorization": f"Bearer {token}"})
