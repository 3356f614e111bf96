"""``fairstream produce loans``, ``credit`` and ``camera``: simulated streams."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from producers.simulated.camera import simulate_camera
from producers.simulated.control import ControlFile, steer_loans
from producers.simulated.credit import EVENTS_PER_DECISION, EVENTS_PER_KNOWN_CASE, CreditDrift, simulate_credit
from producers.simulated.drift import parse_drift
from producers.simulated.loans import releases, simulate_loans
from producers.timeline import live_timeline
from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.sending import DestinationFlags, DisorderFlags, LiveRate, LiveTimeFlags, Partition
from stream_app.cli.produce.destination import SendOptions, find_destination, make_disorder
from stream_app.cli.produce.sending import now_ms, send
from stream_app.errors import ConfigError


@with_flags
def loans(
    *,
    drift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: 0@0,0.8@60s or 0..0.8@60s-300s.")] = "0",
    model_version: Annotated[
        str | None,
        typer.Option(help="Model version. Default: one per stage of --drift: 1, 2, ...", show_default=False),
    ] = None,
    control: Annotated[
        Path | None,
        typer.Option(help="JSON file whose drift_level and rate apply as soon as they change.", show_default=False),
    ] = None,
    rate: LiveRate = 1000.0,
    partition: Partition = None,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate loan decisions with a drift against women.

    The approval rate is 0.70, for women 0.70 - 0.4 x drift. The field model_version is left out if the policy does
    not name it. With --control each event is sent at its event time.

    Example: fairstream produce loans --rate 500 --drift 0@0,0.8@60s
    """
    schedule = parse_drift(drift)
    destination = find_destination(flags, "loans")
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=rate, event_rate=time.event_rate)
    has_version = model_version is not None or destination.model.model_version == "model_version"
    version_of = releases(model_version) if has_version else None
    if control is None:
        events = simulate_loans(disorder.seed, timeline, schedule, version_of)
    else:
        if rate == 0 or time.event_rate not in (None, rate):
            raise ConfigError("--control needs event time at the pace of the clock", action="Give --rate alone")
        events = steer_loans(disorder.seed, timeline, schedule, ControlFile(control).setting, version_of)
    pace = rate if control is None else None
    options = SendOptions(destination, partition, pace, time.count, flags.is_dry_run, flags.as_json)
    send(islice(events, time.count), options, make_disorder(disorder))


@with_flags
def credit(
    *,
    label_drift: Annotated[
        str, typer.Option(metavar="DRIFT", help="Level 0-1, or a schedule: outcomes of women get worse.")
    ] = "0",
    score_shift: Annotated[
        str, typer.Option(metavar="DRIFT", help="Level 0-1, or a schedule: scores of women get lower.")
    ] = "0",
    outcome_delay: Annotated[
        float, typer.Option(min=0.001, help="Longest time from decision to outcome, in seconds of event time.")
    ] = 60.0,
    is_denied_known: Annotated[
        bool, typer.Option("--outcomes-of-denied", help="Send outcomes of denied cases too, as from another lender.")
    ] = False,
    rate: LiveRate = 500.0,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate loan decisions by a score, and later the outcomes.

    The score is calibrated; outcomes say whether the loans were repaid. --count counts decisions.

    Example: fairstream produce credit --rate 500 --label-drift 0@0,1@120s
    """
    drifts = CreditDrift(parse_drift(label_drift, "--label-drift"), parse_drift(score_shift, "--score-shift"))
    destination = find_destination(flags, "credit")
    decision_rate = rate / (EVENTS_PER_KNOWN_CASE if is_denied_known else EVENTS_PER_DECISION)
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=decision_rate, event_rate=time.event_rate)
    events = simulate_credit(
        disorder.seed, timeline, drifts, n=time.count, longest_delay_s=outcome_delay, is_denied_known=is_denied_known
    )
    if destination.model.outcome is None:
        events = (event for event in events if not event.is_outcome)
    options = SendOptions(destination, None, rate, None, flags.is_dry_run, flags.as_json)
    send(events, options, make_disorder(disorder))


@with_flags
def camera(
    *,
    rate: LiveRate = 50.0,
    partition: Partition = None,
    time: LiveTimeFlags,
    disorder: DisorderFlags,
    flags: DestinationFlags,
) -> None:
    """Simulate camera tracks with the leaks of real cameras.

    Tracks go from zone to zone and leak persons, positions and boxes.

    Example: fairstream produce camera --rate 20
    """
    destination = find_destination(flags, "camera")
    timeline = live_timeline(time.start, now_ms(), count=time.count, rate=rate, event_rate=time.event_rate)
    options = SendOptions(destination, partition, rate, time.count, flags.is_dry_run, flags.as_json)
    send(islice(simulate_camera(disorder.seed, timeline), time.count), options, make_disorder(disorder))
