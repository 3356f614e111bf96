"""Writes a year of hourly results straight into the database of the web application: what the rule keeps of them.

Of a few models every hour of the year is drawn for every attribute, and of old days the worst result is kept, as the
application does while results arrive. Of the newest week each window has a record of its own; older ones are taken
from a few of the same model and attribute, since only their size matters. The other models are copies of these in the
columns that are searched, with the records of the model that was copied.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
from django.contrib.auth.models import User
from django.db import connection, transaction

from stream_app.pipeline.disclosure.alerts import disclose_alert
from stream_app.pipeline.disclosure.results import DisclosedResult
from stream_app.pipeline.disclosure.shown import disclose_window
from stream_app.policy import Attribute, ModelPolicy, Policy, load_policy
from stream_app.policy.limits import WindowPolicy
from stream_app.web_app.cases.models import About, Case, CaseAlert, CaseEvent, Status
from stream_app.web_app.history.bodies import compress
from stream_app.web_app.history.keeping import DAY_S, HOUR_S, Keeping
from stream_app.web_app.history.models import AppliedKeeping, ShownModel
from stream_app.web_app.projection.alert_bodies import encode_body
from stream_app.web_app.projection.models import AlertRow, Verdict, WindowRow
from tests.support.sample_alert import ALERT
from tests.support.web.window_results import FAIR, MODEL, UNFAIR, Counts, race_result

HOURS = 8760
_FEW: Counts = {"white": (400, 300), "black": (4, 3), "hispan": (400, 300)}
_STATES = ("ok", "insufficient", "warning", "breach")  # from good to bad
_CHANCES = (0.90, 0.05, 0.04, 0.01)
_N_VARIANTS = 6
_ALERTS_PER_CASE = 15
N_DRAWN = 10  # models; the others are copies
_WINDOW = "1h"

Row = tuple[Any, ...]


class Size(NamedTuple):
    """How much is written.

    Attributes:
        n_models: Models.
        n_attributes: Attributes of each.
        alerts_per_model: Alerts of each, over the year.
        end_s: End of the newest window.
    """

    n_models: int
    n_attributes: int
    alerts_per_model: int
    end_s: int


def policy_of(size: Size) -> Policy:
    """Return a policy with that many models and attributes, in windows of one hour, and one model of cameras."""
    groups = ("white", "black", "hispan")
    attributes = tuple(
        Attribute(name=f"attribute-{number:02}", path=f"a{number}", groups=groups, reference="white")
        for number in range(size.n_attributes)
    )
    changes: dict[str, Any] = {"attributes": attributes, "windows": (WindowPolicy(name=_WINDOW, size_s=HOUR_S),)}
    models = (msgspec.structs.replace(MODEL, name=f"model-{n:04}", **changes) for n in range(size.n_models))
    return Policy(schema=1, models=(*models, load_policy("cameras").models[0]))


def write_history(size: Size, policy: Policy) -> int:
    """Fill an empty database, and return how many results it has."""
    generator = random.Random(1)
    templates = {state: _template(state) for state in _STATES}
    newest: list[Verdict] = []
    with _without_indexes():
        models = _of_decisions(policy)
        for model in models[:N_DRAWN]:
            for attribute in model.attributes:
                bodies = {state: _Bodies(result, model.name, attribute.name) for state, result in templates.items()}
                rows = [*_series(size, generator, bodies, model.name, attribute.name)]
                _insert(rows)
                newest.append(_verdict(rows[-1], bodies))
        for number, model in enumerate(models[N_DRAWN:], start=N_DRAWN):
            former = models[number % N_DRAWN].name
            _copy(former, model.name)
            newest += [_renamed(verdict, model.name) for verdict in newest if verdict.model == former]
    Verdict.objects.bulk_create(newest, batch_size=500)
    ShownModel.objects.bulk_create(ShownModel(model=model.name, k=model.privacy.k) for model in policy.models)
    AppliedKeeping.objects.create(**Keeping()._asdict())
    _write_alerts(size, policy, generator)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return WindowRow.objects.count()


def _of_decisions(policy: Policy) -> list[ModelPolicy]:
    return [model for model in policy.models if model.kind == "decisions"]


class _Bodies:
    """Records of one model, attribute and state, compressed.

    Args:
        result: What they say.
        model: Name of the model.
        attribute: Name of the attribute.
    """

    def __init__(self, result: DisclosedResult, model: str, attribute: str) -> None:
        self._result = msgspec.structs.replace(result, model=model, attribute=attribute, window=_WINDOW, size_s=HOUR_S)
        self._old = [compress(self.plain(number * HOUR_S)) for number in range(1, _N_VARIANTS)]

    def plain(self, end_s: int) -> bytes:
        """Return the record of one window."""
        return msgspec.json.encode(msgspec.structs.replace(self._result, start_s=end_s - HOUR_S, end_s=end_s))

    def stored(self, end_s: int, *, is_exact: bool) -> bytes:
        """Return what is stored of one window."""
        return compress(self.plain(end_s)) if is_exact else self._old[end_s // HOUR_S % len(self._old)]


def _template(state: str) -> DisclosedResult:
    counts = {"ok": FAIR, "insufficient": _FEW, "warning": UNFAIR, "breach": UNFAIR}[state]
    result = disclose_window(race_result(HOUR_S, counts), MODEL.privacy.k)
    return msgspec.structs.replace(result, state=state)


def _series(
    size: Size, generator: random.Random, bodies: dict[str, _Bodies], model: str, attribute: str
) -> Iterator[Row]:
    """Yield the rows of one attribute, oldest first."""
    draw = np.random.default_rng(generator.getrandbits(32))
    states = draw.choice(len(_STATES), HOURS, p=_CHANCES)
    ends = size.end_s - HOUR_S * np.arange(HOURS - 1, -1, -1)
    keeping = Keeping()
    is_old = ends <= keeping.days_until(size.end_s)
    spans, numbers = (ends[is_old] - 1) // DAY_S, np.flatnonzero(is_old)
    worst_last = np.lexsort((numbers, states[is_old], spans))
    is_kept = np.append(spans[worst_last][1:] != spans[worst_last][:-1], [True])  # the last row of each day
    kept = [*numbers[worst_last][is_kept].tolist(), *np.flatnonzero(~is_old).tolist()]
    for number in kept:
        end_s, state = int(ends[number]), _STATES[int(states[number])]
        body = bodies[state].stored(end_s, is_exact=end_s > size.end_s - keeping.every_days * DAY_S)
        yield model, attribute, _WINDOW, end_s, end_s, 0, state, MODEL.privacy.k, body


def _verdict(row: Row, bodies: dict[str, _Bodies]) -> Verdict:
    model, attribute, window, end_s, _, _, state, _, _ = row
    return Verdict(
        model=model,
        attribute=attribute,
        is_intersection=False,
        window=window,
        size_s=HOUR_S,
        end_s=end_s,
        since_s=end_s,
        state=state,
        severity=float(_STATES.index(state)),
        received_s=end_s,
        body=bodies[state].plain(end_s),
    )


def _renamed(verdict: Verdict, model: str) -> Verdict:
    values = {name: getattr(verdict, name) for name in _VERDICT if name != "model"}
    result = msgspec.json.decode(verdict.body, type=DisclosedResult)
    body = msgspec.json.encode(msgspec.structs.replace(result, model=model))
    return Verdict(model=model, **values | {"body": body})


_VERDICT = [field.attname for field in Verdict._meta.fields if not field.primary_key]  # noqa: SLF001  # documented
_INDEXES = WindowRow._meta.indexes  # noqa: SLF001  # documented
_COLUMNS = ("model", "attribute", "window", "end_s", "order_s", "revision", "state", "k", "body")


def _insert(rows: list[Row]) -> None:
    """Insert rows past the models of Django, as fast as the database takes them."""
    connection.ensure_connection()
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy(f"COPY projection_windowrow ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(_COLUMNS))
    with transaction.atomic():
        connection.connection.executemany(f"INSERT INTO projection_windowrow ({names}) VALUES ({marks})", rows)  # noqa: S608  # names of ours


def _copy(former: str, model: str) -> None:
    """Insert the rows of a model again under another name."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    rest = ", ".join(f'"{name}"' for name in _COLUMNS if name != "model")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO projection_windowrow ({names}) "  # noqa: S608  # names of ours
            f"SELECT %s, {rest} FROM projection_windowrow WHERE model = %s ORDER BY attribute, end_s",
            [model, former],
        )


class _without_indexes:  # noqa: N801  # a context manager
    """Leaves the indexes of results out while the block writes them."""

    def __enter__(self) -> None:
        with connection.schema_editor() as editor:
            for index in _INDEXES:
                editor.remove_index(WindowRow, index)

    def __exit__(self, *_: object) -> None:
        for index in _INDEXES:
            with connection.schema_editor() as editor:
                editor.add_index(WindowRow, index)


def _write_alerts(size: Size, policy: Policy, generator: random.Random) -> None:
    """Write alerts over the year, and a case for every few of them, all but the newest closed."""
    user = User.objects.create(username="analyst")
    year_s = HOURS * HOUR_S
    for model in _of_decisions(policy):
        name, rows, joined, cases = model.name, [], [], []
        times = sorted(generator.randrange(size.end_s - year_s, size.end_s) for _ in range(size.alerts_per_model))
        for number, at_s in enumerate(times):
            attribute = generator.choice(model.attributes).name
            alert = disclose_alert(msgspec.structs.replace(ALERT, model=name, attribute=attribute, at_s=at_s), 10)
            change, alert_id = ("breach", "recovery")[number % 2], f"{generator.getrandbits(48):012x}"
            body = encode_body(msgspec.structs.replace(alert, id=alert_id, change=change))
            rows.append(
                AlertRow(id=alert_id, model=name, attribute=attribute, change=change, at_s=at_s, k=10, body=body)
            )
            if number % _ALERTS_PER_CASE == 0:
                cases.append(_case(name, attribute, at_s, user, is_open=number + _ALERTS_PER_CASE >= len(times)))
            joined.append((alert_id, len(cases) - 1, change, at_s))
        with transaction.atomic():
            AlertRow.every_alert.bulk_create(rows)
            stored = Case.objects.bulk_create(cases)
            CaseAlert.objects.bulk_create(
                CaseAlert(alert_id=alert_id, case=stored[place], change=change, at_s=at_s, joined_s=at_s)
                for alert_id, place, change, at_s in joined
            )
            CaseEvent.objects.bulk_create(
                CaseEvent(case=case, kind="note", at_s=case.opened_s, actor=user, text="looked at", facts={})
                for case in stored
            )


def _case(model: str, attribute: str, at_s: int, user: User, *, is_open: bool) -> Case:
    case = Case(model=model, about=About.ATTRIBUTE, attribute=attribute, opened_s=at_s, first_alert_s=at_s)
    case.due_s = at_s + 7 * DAY_S
    if is_open:
        case.status, case.open_key = Status.OPEN, f"{model}|{attribute}"[:64]
        return case
    case.status, case.conclusion, case.concluded_by, case.concluded_s = Status.CLOSED, "explained", user, at_s
    case.closed_by, case.closed_s = user, at_s
    return case
