"""Writes what the web application has besides results: counts of records and cameras, replays, drafts, tokens.

Of counts that is what the rule keeps of two years in which every hour had some.
"""

from __future__ import annotations

import msgspec
from django.contrib.auth.models import User
from django.db import connection

from benchmarks.web.history import Size
from stream_app.pipeline.records.aggregates import encode_aggregate
from stream_app.policy import ModelPolicy, Policy, read_policy_text
from stream_app.web_app.accounts.roles import Role
from stream_app.web_app.api.access.tokens import create
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping
from stream_app.web_app.policies.drafts import propose
from stream_app.web_app.policies.models import RegisteredPolicy
from stream_app.web_app.projection.models import LATE, CameraWindow, RecordCount
from stream_app.web_app.replays.models import Kind, Replay, ReplayStatus
from tests.support.web.camera_counts import counts

_N_DAYS = 730
_N_REPLAYS, _N_TOKENS, _N_DRAFTS, _N_REGISTERED = 2000, 1000, 200, 3
_ZONES, _CLASSES = ("entrance", "hall", "street", "yard"), ("person", "car", "bicycle")
_AT_ONCE = 5000


def write_further(size: Size, policy: Policy) -> None:
    """Fill the other tables of an empty database."""
    _write_record_counts(policy.models[0], size.end_s)
    for model in policy.models[1:]:
        _copy_record_counts(policy.models[0].name, model.name)
    for model in policy.models:
        if model.kind == "counts":
            _write_camera_counts(model, size.end_s)
    user = User.objects.create(username="author")
    for number in range(_N_TOKENS):
        create(f"program {number}", Role.VIEWER, [], 90, user if number % 2 else None)
    text = read_policy_text("loanapp")
    for number in range(_N_DRAFTS):
        propose(user, text, f"draft {number}")
    RegisteredPolicy.objects.bulk_create(
        (
            RegisteredPolicy(
                model=model.name,
                hash=f"{number:016x}",
                registered_s=size.end_s - number * DAY_S,
                policy=msgspec.to_builtins(model),
            )
            for model in policy.models
            for number in range(_N_REGISTERED)
        ),
        batch_size=_AT_ONCE,
    )
    names = [model.name for model in policy.models if model.kind == "decisions"]
    Replay.objects.bulk_create(_replay(names[number % len(names)], size.end_s, user) for number in range(_N_REPLAYS))


def _replay(model: str, end_s: int, user: User) -> Replay:
    lines = ["VERIFIED: 1,000 results and 3 alerts are those that follow from the records."] * 20
    return Replay(
        kind=Kind.VERIFY,
        model=model,
        from_s=end_s - DAY_S,
        to_s=end_s,
        status=ReplayStatus.DONE,
        user=user,
        requested_s=end_s,
        ended_s=end_s,
        n_done=1_000_000,
        n_total=1_000_000,
        answer={"is_equal": True, "lines": lines, "n_records": 1_000_000},
    )


def _write_record_counts(model: ModelPolicy, end_s: int) -> None:
    until_s = Keeping().days_until(end_s)
    starts = [(day_s, True) for day_s in range(until_s - _N_DAYS * DAY_S, until_s, DAY_S)]
    starts += [(hour_s, False) for hour_s in range(until_s, end_s, HOUR_S)]
    RecordCount.objects.bulk_create(
        (
            RecordCount(model=model.name, hour_s=start_s, what=what, n=40, is_day=is_day)
            for start_s, is_day in starts
            for what in ("schema", LATE)
        ),
        batch_size=_AT_ONCE,
    )


def _copy_record_counts(former: str, model: str) -> None:
    columns = '"hour_s", "what", "n", "is_day"'
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO projection_recordcount ("model", {columns}) '  # noqa: S608  # names of ours
            f"SELECT %s, {columns} FROM projection_recordcount WHERE model = %s",
            [model, former],
        )


def _write_camera_counts(model: ModelPolicy, end_s: int) -> None:
    """Write every window of a week, one of each hour of the weeks before, then one of each day."""
    window, keeping = model.windows[0], Keeping()
    newest = end_s // window.size_s * window.size_s
    ends = [*range(newest - keeping.every_days * DAY_S, newest, window.size_s)]
    ends += [*range(newest - keeping.hourly_days * DAY_S, newest - keeping.every_days * DAY_S, HOUR_S)]
    ends += [*range(newest - _N_DAYS * DAY_S, newest - keeping.hourly_days * DAY_S, DAY_S)]
    cells = {(zone, kind): 20 for zone in _ZONES for kind in _CLASSES}
    CameraWindow.objects.bulk_create(
        (
            CameraWindow(
                model=model.name,
                window=window.name,
                start_s=window_end_s - window.size_s,
                end_s=window_end_s,
                policy_hash=model.hash(),
                is_over_budget=False,
                n_tracks=240,
                body=encode_aggregate(
                    counts(
                        window_end_s, cells, model=model.name, window=window.name, start_s=window_end_s - window.size_s
                    )
                ),
            )
            for window_end_s in ends
        ),
        batch_size=_AT_ONCE,
    )
