"""Reads the shipped rules; ``python -m tests.programs.alert_rules`` writes ``docs/alerts.md`` from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from tests.support.paths import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGE = ROOT / "docs" / "alerts.md"

_HEAD = """\
# Alerts

Generated from `deploy/prometheus/rules/` by `python -m tests.programs.alert_rules`; a test compares both. See
[alerting](how-to/alerting.md) for the meaning of the columns, the receiver of each severity and how to connect
a chat or a pager.

"""


@dataclass(frozen=True)
class Rule:
    """One rule of a file.

    Attributes:
        file: Name of the file without its ending.
        name: Of the alert, or of the recorded series.
        expr: What is evaluated.
        is_alert: Whether it is an alert.
        fields: All fields of the rule.
    """

    file: str
    name: str
    expr: str
    is_alert: bool
    fields: dict[str, Any]

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.fields.get("labels", {}))

    @property
    def annotations(self) -> dict[str, str]:
        return dict(self.fields.get("annotations", {}))


def read_rules() -> list[Rule]:
    """Read all shipped rules, in the order of their files."""
    rules = []
    for path in sorted(RULES.glob("*.yml")):
        for group in YAML(typ="safe").load(path)["groups"]:
            for fields in group["rules"]:
                name = fields.get("alert") or fields["record"]
                rules.append(Rule(path.stem, name, fields["expr"], "alert" in fields, fields))
    return rules


def read_alerts() -> list[Rule]:
    """Read all shipped alerts."""
    return [rule for rule in read_rules() if rule.is_alert]


def write_page() -> str:
    """Return the text of ``docs/alerts.md``."""
    lines = ["| alert | severity | team | waits | stays | summary |", "|---|---|---|---|---|---|"]
    lines += [_row(alert) for alert in read_alerts()]
    return _HEAD + "\n".join(lines) + "\n"


def _row(alert: Rule) -> str:
    summary = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"*\1*", alert.annotations["summary"].strip())
    summary = re.sub(r"\{\{-? with .*?\}\}(.*?)\{\{-? else \}\}.*?\{\{-? end \}\}", r"\1", summary, flags=re.DOTALL)
    summary = re.sub(r"\{\{.*?\}\}", "…", summary).replace("|", r"\|")
    cells = (
        f"[{alert.name}](runbooks/{alert.name}.md)",
        alert.labels["severity"],
        alert.labels["team"],
        alert.fields.get("for", "0"),
        alert.fields.get("keep_firing_for", ""),
        summary,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(write_page(), "utf-8")
