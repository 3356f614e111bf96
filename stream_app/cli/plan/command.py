"""``fairstream plan``: simulate how long a violation goes undetected, before anything runs."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.flags.expand import with_flags
from stream_app.cli.flags.settings import Json
from stream_app.cli.output import print_json
from stream_app.cli.plan.options import JudgingFlags, StreamFlags, request_of
from stream_app.cli.plan.text import print_forecast
from stream_app.cli.replay.progress import progress_bar
from stream_app.offline.planning.forecast import forecast


@with_flags
def plan(
    *,
    stream: StreamFlags,
    judging: JudgingFlags,
    runs: Annotated[int, typer.Option(metavar="NUMBER", help="Simulated streams for each answer.")] = 200,
    seed: Annotated[int, typer.Option(min=0, metavar="NUMBER", help="Seed of the simulation.")] = 1,
    as_json: Json = False,
) -> None:
    """Simulate how long a violation goes undetected.

    Answers for your own rates and traffic, with the detectors that judge them: after how many decisions and days a
    violation is detected, what a false-alarm budget costs, and which comparison period suits the traffic. Ratio and
    gap of a group share one budget; the plan is for the ratio unless --rule says otherwise.

    Ends with 2 if a flag or the policy is invalid, or if a ratio does not violate the rule.

    Example: fairstream plan --reference-rate 0.7 --share 0.1 --per-day 5000
    """
    request = request_of(stream, judging, n_runs=runs, seed=seed)
    with progress_bar("Simulated streams", as_json=as_json) as show:
        answers = forecast(request, show)
    if as_json:
        print_json(answers)
    else:
        print_forecast(request, answers)
