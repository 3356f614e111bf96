"""A policy that grows while workers run: each change as TOML, and under which policy each offset was counted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream_app.policy import parse_policy
from tests.programs.chaos.logs import Partial
from tests.programs.chaos.recount import InForce, Model

GROWTHS = (
    {
        'groups = ["female", "male"]': 'groups = ["male", "unlisted", "female"]',
        "windows = [": 'windows = [{ name = "20s", size_s = 20 }, ',
    },
    {'values = ["auto",': 'values = ["boat", "auto",'},
)  # what the input has too, and was counted as __other__ before


@dataclass
class Policies:
    """The policies that a run has followed, the newest last.

    Attributes:
        path: File of the newest one.
        texts: All of them.
        by_hash: The model of each, by the hash that partials and results carry.
    """

    path: Path
    texts: list[str] = field(default_factory=list)
    by_hash: dict[str, Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._add(self.path.read_text("utf-8"))

    @property
    def newest(self) -> Model:
        return _model_of(self.texts[-1])

    @property
    def first(self) -> Model:
        return _model_of(self.texts[0])

    def grow(self, folder: Path) -> None:
        """Write the next policy to a file of its own."""
        text = self.texts[-1]
        for old, new in GROWTHS[len(self.texts) - 1].items():
            assert old in text
            text = text.replace(old, new)
        self.path = folder / f"policy-{len(self.texts)}.toml"
        self.path.write_text(text, "utf-8")
        self._add(text)

    def in_force(self, partials: Iterable[Partial]) -> dict[int, list[InForce]]:
        """Return for each partition under which policy it was counted, from which offset of which log on."""
        found: dict[int, list[InForce]] = {}
        for partial in partials:
            now = InForce(partial.log_number, partial.counted_since, self.by_hash[partial.policy_hash])
            of_partition = found.setdefault(partial.partition, [])
            if not of_partition or of_partition[-1] != now:
                of_partition.append(now)
        return found

    def _add(self, text: str) -> None:
        self.texts.append(text)
        self.by_hash[parse_policy(text).models[0].hash()] = _model_of(text)


def _model_of(text: str) -> Model:
    [model] = tomllib.loads(text)["models"]
    found: dict[str, Any] = model
    return found
