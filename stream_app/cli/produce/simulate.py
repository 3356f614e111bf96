"""``fairstream produce``: write simulated or stored events to a raw topic."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from stream_app.cli import app
from stream_app.cli.output import Json, Kafka, PolicyName
from stream_app.cli.produce.options import (
    Count,
    DryRun,
    EventRate,
    FileRate,
    Late,
    LateBy,
    LiveRate,
    Model,
    Partition,
    Repeat,
    Seed,
    Spacing,
    Start,
)
from stream_app.cli.produce.sending import SendOptions, find_destination, now_ms, send

produce = typer.Typer(no_args_is_help=True, help="Write simulated or stored events to a raw topic.")
app.add_typer(produce, name="produce")


@produce.command()
def loans(  # noqa: PLR0913, PLR0917 - one for each flag
    drift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: 0@0,0.8@60s or 0..0.8@60s-300s.")] = "0",
    model_version: Annotated[
        str | None,
        typer.Option(help="Who decides; else each stage of --drift is a release: 1, 2, ...", show_default=False),
    ] = None,
    rate: LiveRate = 1000.0,
    event_rate: EventRate = None,
    count: Count = None,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    partition: Partition = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Simulate loan decisions: approval rate 0.70, for women 0.70 - 0.4 x drift.

    The field model_version is left out where the policy does not name it.

    Example: fairstream produce loans --rate 500 --drift 0@0,0.8@60s
    """
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.simulated.drift import parse_drift  # noqa: PLC0415
    from producers.simulated.loans import releases, simulate_loans  # noqa: PLC0415
    from producers.timeline import live_timeline  # noqa: PLC0415

    schedule = parse_drift(drift)
    target = find_destination("loans", kafka, policy, model)
    timeline = live_timeline(start, now_ms(), count=count, rate=rate, event_rate=event_rate)
    is_versioned = model_version is not None or target.model.model_version == "model_version"
    events = simulate_loans(seed, timeline, schedule, releases(model_version) if is_versioned else None)
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(islice(events, count), SendOptions(target, partition, rate, count, is_dry_run, is_json), disorder)


@produce.command()
def credit(  # noqa: PLR0913, PLR0917 - one for each flag
    label_drift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: outcomes of women get worse.")] = "0",
    score_shift: Annotated[str, typer.Option(help="Level 0-1, or a schedule: scores of women get lower.")] = "0",
    outcome_delay: Annotated[
        float, typer.Option(min=0.001, help="Longest time from decision to outcome, seconds of event time.")
    ] = 60.0,
    is_denied_known: Annotated[
        bool, typer.Option("--outcomes-of-denied", help="Outcomes of refused cases come too, as from another lender.")
    ] = False,
    rate: LiveRate = 500.0,
    event_rate: EventRate = None,
    count: Count = None,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Simulate loan decisions by a calibrated score, and what came of the loans; --count counts decisions.

    Example: fairstream produce credit --rate 500 --label-drift 0@0,1@120s
    """
    from producers.simulated.credit import EVENTS_PER_DECISION, EVENTS_PER_KNOWN_CASE, CreditDrift, simulate_credit  # noqa: PLC0415
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.simulated.drift import parse_drift  # noqa: PLC0415
    from producers.timeline import live_timeline  # noqa: PLC0415

    drifts = CreditDrift(parse_drift(label_drift, "--label-drift"), parse_drift(score_shift, "--score-shift"))
    target = find_destination("credit", kafka, policy, model)
    decision_rate = rate / (EVENTS_PER_KNOWN_CASE if is_denied_known else EVENTS_PER_DECISION)
    timeline = live_timeline(start, now_ms(), count=count, rate=decision_rate, event_rate=event_rate)
    events = simulate_credit(
        seed, timeline, drifts, n=count, longest_delay_s=outcome_delay, is_denied_known=is_denied_known
    )
    if target.model.outcome is None:
        events = (event for event in events if not event.is_outcome)
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(events, SendOptions(target, None, rate, None, is_dry_run, is_json), disorder)


@produce.command()
def camera(  # noqa: PLR0913, PLR0917 - one for each flag
    rate: LiveRate = 50.0,
    event_rate: EventRate = None,
    count: Count = None,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    partition: Partition = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Simulate camera tracks in zones, leaking persons, positions and boxes as real cameras do.

    Example: fairstream produce camera --rate 20
    """
    from producers.simulated.camera import simulate_camera  # noqa: PLC0415
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.timeline import live_timeline  # noqa: PLC0415

    target = find_destination("camera", kafka, policy, model)
    events = simulate_camera(seed, live_timeline(start, now_ms(), count=count, rate=rate, event_rate=event_rate))
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(islice(events, count), SendOptions(target, partition, rate, count, is_dry_run, is_json), disorder)


@produce.command()
def loanapp(  # noqa: PLR0913, PLR0917 - one for each flag
    rate: FileRate = 0.0,
    spacing: Spacing = 1.0,
    count: Count = None,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    partition: Partition = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Send 1,989 real mortgage decisions (Boston, 1990) in file order.

    Event times end before now and start at a multiple of 1000 s, so that windows of 100 s and 500 s hold 100 and 500
    rows. With several partitions use --partition 0 where the order of sending matters.

    Example: fairstream produce loanapp
    """
    from producers.recorded.loanapp import N_ROWS, stream_loanapp  # noqa: PLC0415
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.timeline import file_timeline  # noqa: PLC0415

    target = find_destination("loanapp", kafka, policy, model)
    n_rows = N_ROWS if count is None else min(count, N_ROWS)
    events = islice(stream_loanapp(file_timeline(start, now_ms(), n_rows=N_ROWS, spacing_s=spacing)), n_rows)
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(events, SendOptions(target, partition, rate, n_rows, is_dry_run, is_json), disorder)


@produce.command()
def reference(  # noqa: PLR0913, PLR0917 - one for each flag
    rate: FileRate = 0.0,
    seed: Seed = 42,
    start: Start = None,
    late: Late = 0.0,
    late_by: LateBy = 30.0,
    repeat: Repeat = 0.0,
    partition: Partition = None,
    kafka: Kafka = None,
    policy: PolicyName = None,
    model: Model = None,
    is_dry_run: DryRun = False,
    is_json: Json = False,
) -> None:
    """Send 6,000 decisions without randomness whose counts are known: fair, then unfair from the 3,001st on.

    Event time starts at a full hour and is 60 ms apart, so each 1-minute window holds 1,000 decisions.

    Example: fairstream produce reference
    """
    from producers.recorded.reference import ALIGN_S, N_DECISIONS, SPACING_S, stream_reference  # noqa: PLC0415
    from producers.simulated.disorder import Disorder  # noqa: PLC0415
    from producers.timeline import file_timeline  # noqa: PLC0415

    target = find_destination("loans", kafka, policy, model)
    events = stream_reference(file_timeline(start, now_ms(), n_rows=N_DECISIONS, spacing_s=SPACING_S, align_s=ALIGN_S))
    disorder = Disorder(seed, late_share=late, duplicate_share=repeat, late_by_s=late_by)
    send(events, SendOptions(target, partition, rate, N_DECISIONS, is_dry_run, is_json), disorder)
