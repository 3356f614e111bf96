"""How a model is judged: windows, limits of fairness, sequential tests, and what may leave."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from stream_app.policy.types import AuditorKey, FractionText, JsonPath, Name, PolicyPart, WindowName


class WindowPolicy(PolicyPart, frozen=True, kw_only=True):
    """A tumbling window of event time, aligned to the epoch.

    Attributes:
        name: Its name in metrics and results; not ``total``, which is the running total.
        size_s: Its length in seconds; a multiple of ``event_time.pane_s``.
    """

    name: WindowName
    size_s: Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400)]


class Rules(PolicyPart, frozen=True, kw_only=True):
    """The limits of fairness, for the plain rules of a window and for the sequential tests.

    Attributes:
        min_disparate_impact_ratio: Violated if ratio or 1 / ratio is below this value.
        max_gap: Violated if the rate of the group is further than this below or above that of the reference; also the
            limit for the share of high scores.
        max_rate_difference: Violated if, with outcomes, the true or the false positive rate of the group, or under
            selective labels its share of good outcomes among the approved, is further than this below or above that
            of the reference.
        min_n: A pair with fewer decisions in either group is ``insufficient``.
        max_hours_ratio: For ``allocations``: violated in a window if the ratio of the hours per capita of a group to
            those of the reference, or its inverse, is above this value.
        max_mean_difference: For ``amounts``, where it is required: violated if the mean of the group is further than
            this below or above that of the reference, in the unit of the amount.
        min_mean_ratio: For ``amounts`` that cannot be negative, beside ``max_mean_difference``: violated if the mean of
            the group divided by that of the reference, or the inverse, is below this value. Not compared without it.
    """

    min_disparate_impact_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.8
    max_gap: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.2
    max_rate_difference: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    min_n: Annotated[int, msgspec.Meta(ge=1)] = 30
    max_hours_ratio: Annotated[float, msgspec.Meta(gt=1, le=1000)] = 1.5
    max_mean_difference: Annotated[float, msgspec.Meta(gt=0)] | None = None
    min_mean_ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None


class Detection(PolicyPart, frozen=True, kw_only=True):
    """How sequential tests monitor every group and every intersection of groups, continuously.

    Attributes:
        period_s: Length of a comparison period in seconds, a multiple of ``event_time.pane_s``; the smallest window
            where it is not given. The rules are about the decisions of each period, all taken together: periods are
            compared one by one and never added up, and a period without one of the two groups says nothing about them.
            A thin stream needs a longer one (``fairstream policy check --sample`` proposes it).
        wait_s: How long the tests wait for a source partition that is silent, in seconds; what it delivers after that
            is counted and not tested. Longer than the time between two uploads where a source is fed in batches. Where
            it is not given, twice the longest window, at least two hours and at most two days.
        false_alarms_per_million: False-alarm budget: expected false alarms per million decisions, over everything that
            is tested; sets all thresholds. Lower means fewer false alarms and slower detection. Alarms about the ratio
            and the gap of the same pair and direction count as one where the gap cannot be broken without the ratio.
        procedure: What is promised about false alarms. ``per_million``: at most ``false_alarms_per_million``. ``fdr``:
            the more alarms are open, the less evidence the next one needs; at most ``false_discovery_rate``, where a
            false alarm raised beside ``k - 1`` open ones counts ``1 / k``.
        false_discovery_rate: For ``fdr``: the expected sum of these shares per million decisions; instead of
            ``false_alarms_per_million``.
        design_effect: Counts are divided by this before they are tested, where decisions copy one another (one
            applicant, one officer, one batch); 1 for independent decisions. With a ``cluster`` it is for the tests of
            scores and outcomes alone.
        max_depth: How many attributes are crossed to intersections; 1 tests single attributes only.
        is_stratified: Test inside each value of the segment, so that a change of the mix cannot look like a change of
            the rates; needs a segment.
        plain_rules: Report a window that breaks ``rules`` as a breach too. This raises false alarms: with a group of
            10 % and 70 % approval in two of a hundred windows of 500 fair decisions, near the limit in every second
            one.
        unknown_groups: How decisions count whose group is ``unknown`` or not listed. ``excluded``: for nobody.
            ``worst_case``: alarms and recoveries of decisions, outcomes and scores between groups hold for every
            allocation of these decisions to the groups, so hiding groups cannot raise an alarm; the larger their share,
            the longer detection takes, and where they could explain a difference, nothing raises an alarm. The drift
            of a group's scores, warnings, windows and plain rules are about known groups in any case.
    """

    period_s: Annotated[int, msgspec.Meta(ge=1, le=366 * 86_400)] | None = None
    wait_s: Annotated[float, msgspec.Meta(gt=0, le=366 * 86_400)] | None = None
    false_alarms_per_million: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 0.1
    procedure: Literal["per_million", "fdr"] = "per_million"
    false_discovery_rate: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 0.1
    design_effect: Annotated[float, msgspec.Meta(ge=1, le=1000)] = 1.0
    max_depth: Annotated[int, msgspec.Meta(ge=1, le=3)] = 3
    is_stratified: bool = False
    plain_rules: bool = False
    unknown_groups: Literal["excluded", "worst_case"] = "excluded"


class Privacy(PolicyPart, frozen=True, kw_only=True):
    """What may leave.

    Attributes:
        k: Group values with fewer people are suppressed in metrics and aggregates.
        exportable_records: Which individual records ``fairstream replay export-records`` may write to a file: ``none``,
            the ``pseudonymized`` events, or also the ``raw`` records with their identifiers. For ``decisions`` only.
    """

    k: Annotated[int, msgspec.Meta(ge=5)] = 10
    exportable_records: Literal["none", "pseudonymized", "raw"] = "none"


class Noise(PolicyPart, frozen=True, kw_only=True):
    """Exact discrete Laplace noise on published counts; see ``docs/how-to/cameras.md``.

    Attributes:
        epsilon: Privacy loss of a track and day (UTC) by all that is published about that day.
        budget: Most epsilon that a day may cost, under all policies by which it was published together. Beyond it
            nothing more of that day is published; the next day has a budget of its own.
    """

    epsilon: FractionText
    budget: FractionText = "1"


class Publication(PolicyPart, frozen=True, kw_only=True):
    """How counts are published; for ``counts`` only. Without it each first window is published exactly, above ``k``.

    Attributes:
        ladder: Names of further windows, from short to long, at most a day: cells below ``k`` are added up to these,
            until they have ``k`` or stay hidden. What was shown before is not in them.
        pooled: Attribute over which cells are added up, too, if they are still below ``k`` in the last of these.
        track: Identifier of those who are protected; without it the event id. It must be required.
        most_cells: Cells of a day in which a track counts: its first ones. Needed for noise. Not bounded without it.
        noise: Noise on the counts; exact without it.
    """

    ladder: Annotated[tuple[WindowName, ...], msgspec.Meta(max_length=7)] = ()
    pooled: Name | None = None
    track: JsonPath | None = None
    most_cells: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    noise: Noise | None = None


class Sealing(PolicyPart, frozen=True, kw_only=True):
    """Who may read alerts. Without it every reader of ``fairness-alerts`` may.

    Attributes:
        auditors: Public keys of the auditors (``fairstream keys init --sealing`` prints one). Each of them can read the
            alerts, and no worker can.
        scope: What is sealed. ``records``: the records of ``fairness-alerts``; metrics, dashboards and notifications
            stay clear, for those inside the organization. ``everywhere``: these, too, say only that the model has a
            breach, without group, rate and cause. Results in ``fairness-results`` are not alerts: access rights protect
            them.
    """

    auditors: Annotated[tuple[AuditorKey, ...], msgspec.Meta(min_length=1, max_length=16)]
    scope: Literal["records", "everywhere"] = "everywhere"
