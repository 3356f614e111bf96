"""Fairness values as metric rows: only what may be shown, only at window close, gone when their owner is gone.

Running totals are not exported: a counter of a group that is scraped twice gives the decisions in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Metric

from stream_app.core.fairness.pairs import Rule, State
from stream_app.edges.metrics.instruments import Counter, Gauge
from stream_app.errors import ConfigError
from stream_app.pipeline.disclosed import disclosable_state, disclose_result
from stream_app.pipeline.results import TOTAL_WINDOW, Result, shown_groups
from stream_app.policy import ModelPolicy, Policy

RATIO, GAP = "disparate_impact_ratio", "gap"
KINDS: Mapping[str, frozenset[Rule]] = {
    RATIO: frozenset({Rule.DISPARATE_IMPACT_RATIO, Rule.DISPARATE_IMPACT_UNDEFINED}),
    GAP: frozenset({Rule.GAP}),
}
LEVELS = {State.OK: 0, State.INSUFFICIENT: 1, State.WATCH: 2, State.BREACH: 3}
_GROUP_LABELS = ("model", "attribute", "window", "group")
_SMALL, _COMPLEMENTARY = "small_cell", "complementary"


class FairnessRows:
    """Rows of all models whose judge lane is in this process.

    Args:
        policy: What is watched.
        max_series: Most series that these rows may ever make.

    Raises:
        ConfigError: the policy declares more.
    """

    def __init__(self, policy: Policy, max_series: int) -> None:
        self._models = {model.name: model for model in policy.models if model.kind == "decisions"}
        if (n_series := count_series(policy)) > max_series:
            raise ConfigError(
                f"The policy makes {n_series} fairness series, max_series allows {max_series}",
                action="Declare fewer groups or windows, or raise FAIRSTREAM_MAX_SERIES",
            )
        self._approval = Gauge(
            "fairstream_approval_ratio", "Approval rate of a group in the last closed window.", _GROUP_LABELS
        )
        self._ratio = Gauge(
            "fairstream_disparate_impact_ratio",
            "Approval rate of a group divided by that of the reference group.",
            _GROUP_LABELS,
        )
        self._gap = Gauge(
            "fairstream_approval_gap_ratio",
            "Approval rate of a group minus that of the reference group; negative is harm.",
            _GROUP_LABELS,
        )
        self._decisions = Gauge(
            "fairstream_window_decisions", "Decisions about a group in the last closed window.", _GROUP_LABELS
        )
        self._end = Gauge(
            "fairstream_window_end_timestamp_seconds",
            "Event time at which the last closed window ended.",
            ("model", "attribute", "window"),
        )
        self._level = Gauge(
            "fairstream_alert_level",
            "State of the worst pair under a rule: 0 ok, 1 insufficient data, 2 warning, 3 breach.",
            ("model", "attribute", "kind", "window"),
        )
        self._values = (self._approval, self._ratio, self._gap, self._decisions, self._end, self._level)
        self._transitions = Counter(
            "fairstream_alert_transitions",
            "Changes of the state of an attribute under a rule.",
            ("model", "attribute", "kind", "window", "to"),
        )
        self._suppressed = Counter(
            "fairstream_cells_suppressed",
            "Groups or cells of closed windows that were hidden.",
            ("model", "attribute", "reason"),
        )
        self._threshold = Gauge(
            "fairstream_threshold_ratio", "Threshold of a rule of the policy.", ("model", "attribute", "kind")
        )
        self._reference = Gauge(
            "fairstream_reference_info", "Reference group of an attribute.", ("model", "attribute", "reference")
        )
        for model in policy.models:
            self._start(model)

    def show(self, results: Iterable[Result], *, is_new: bool) -> None:
        """Take over results of closed windows.

        Args:
            results: In the order in which they were made.
            is_new: Whether they were found just now; else they are shown again by a new owner and nothing is counted.
        """
        for result in results:
            model = self._models.get(result.model)
            key = (result.model, result.attribute, result.window)
            if model is None or result.window == TOTAL_WINDOW:
                continue
            if result.end_s >= self._end.rows().get(key, result.end_s):  # not a revision of an older window
                self._show(result, model.privacy.k, is_new=is_new)

    def suppressed(self, model: str, attribute: str, n_small: int, n_complementary: int) -> None:
        """Count what was hidden."""
        self._suppressed.add((model, attribute, _SMALL), n_small)
        self._suppressed.add((model, attribute, _COMPLEMENTARY), n_complementary)

    def drop(self, model: str) -> None:
        """Remove the values of a model that another process owns now."""
        for gauge in self._values:
            gauge.drop(model)

    def families(self) -> Iterator[Metric]:
        """Return all rows."""
        for gauge in self._values:
            yield gauge.family()
        for instrument in (self._transitions, self._suppressed, self._threshold, self._reference):
            yield instrument.family()

    def _start(self, model: ModelPolicy) -> None:
        if model.kind == "counts":
            self.suppressed(model.name, "cell", 0, 0)
            return
        for attribute in model.attributes:
            self.suppressed(model.name, attribute.name, 0, 0)
            self._threshold.set((model.name, attribute.name, RATIO), model.rules.min_disparate_impact_ratio)
            self._threshold.set((model.name, attribute.name, GAP), model.rules.max_gap)
            self._reference.set((model.name, attribute.name, attribute.reference or ""), 1)
            for window in model.windows:
                for kind in KINDS:
                    for state in State:
                        self._transitions.add((model.name, attribute.name, kind, window.name, state.value), 0)

    def _show(self, result: Result, k: int, *, is_new: bool) -> None:
        if is_new:
            release = shown_groups(result, k)
            self.suppressed(result.model, result.attribute, len(release.small), len(release.complementary))
        window = (result.model, result.attribute, result.window)
        for gauge in (self._approval, self._decisions, self._ratio, self._gap):
            gauge.drop(*window)
        for group in disclose_result(result, k).groups:
            for gauge, value in (
                (self._approval, group.rate),
                (self._decisions, group.n),
                (self._ratio, group.disparate_impact_ratio),
                (self._gap, group.gap),
            ):
                if value is not None:
                    gauge.set((*window, group.group), value)
        self._end.set(window, result.end_s)
        for kind, rules in KINDS.items():
            self._show_level(result, kind, disclosable_state(result, k, rules), is_new=is_new)

    def _show_level(self, result: Result, kind: str, state: State, *, is_new: bool) -> None:
        labels = (result.model, result.attribute, kind, result.window)
        before = self._level.rows().get(labels)
        self._level.set(labels, LEVELS[state])
        if is_new and before is not None and before != LEVELS[state]:
            self._transitions.add((*labels, state.value))


def count_series(policy: Policy) -> int:
    """Return how many fairness series a policy can make at most.

    >>> from stream_app.policy import load_policy
    >>> count_series(load_policy("loans"))
    279
    """
    n_series = 0
    for model in policy.models:
        if model.kind == "counts":
            n_series += 2
            continue
        for attribute in model.attributes:
            n_labels = len(attribute.groups) + 2
            per_window = 2 * n_labels + 2 * (n_labels - 1) + 1 + len(KINDS) * (1 + len(State))
            n_series += len(model.windows) * per_window + 2
    return n_series
