"""How well the pattern recognizers of Presidio recognize the labeled fields of `fairstream privacy inspect`.

Usage, in an environment of its own, as FairStream does not depend on Presidio:

    uv run --isolated --no-project --with presidio-analyzer benchmarks/presidio_fields.py

Only values are given to it, one by one, as `presidio-structured` does, and only to recognizers of patterns and check
digits: those of names and places need a language model. A field is reported if at least half of its values are, with at
least the score that is printed.
"""

from __future__ import annotations

import importlib
import json
import logging
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "unit" / "core" / "inspection"
SCORES = (0.0, 0.4, 0.6)
MIN_SHARE = 0.5  # of the values of a field, so that it is reported


def main() -> None:
    """Print a row of the table for each fixture and score."""
    logging.disable(logging.WARNING)
    recognizers = pattern_recognizers()
    print(f"presidio-analyzer {version('presidio-analyzer')}, {len(recognizers)} recognizers")
    for name in ("labeled", "unseen"):
        lines = FOLDER.joinpath(f"{name}_fields.jsonl").read_text("utf-8").splitlines()
        fields = [field for field in map(json.loads, lines) if field["values"]]
        is_personal = [field["kind"] != "none" for field in fields]
        shares = [{score: reported_share(recognizers, field["values"], score) for score in SCORES} for field in fields]
        for score in SCORES:
            is_reported = [share[score] >= MIN_SHARE for share in shares]
            n_right = sum(a and b for a, b in zip(is_personal, is_reported, strict=True))
            n_reported = sum(is_reported)
            print(
                f"{name}, score > {score:g}: {len(fields)} fields with values, {sum(is_personal)} personal, "
                f"{n_reported} reported, precision {n_right / max(n_reported, 1):.3f}, "
                f"recall {n_right / sum(is_personal):.3f}"
            )


def pattern_recognizers() -> list[Any]:
    """Return the predefined recognizers that need no language model."""
    analyzer = importlib.import_module("presidio_analyzer")
    registry = analyzer.RecognizerRegistry()
    registry.load_predefined_recognizers()
    return [recognizer for recognizer in registry.recognizers if isinstance(recognizer, analyzer.PatternRecognizer)]


def reported_share(recognizers: list[Any], values: list[object], score: float) -> float:
    """Return the share of values in which something is recognized."""
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    found = (any(is_found(recognizer, text, score) for recognizer in recognizers) for text in texts)
    return sum(found) / len(texts)


def is_found(recognizer: Any, text: str, score: float) -> bool:
    """Return whether a recognizer finds something of more than a score."""
    results = recognizer.analyze(text, recognizer.supported_entities, None) or []
    return any(result.score > score for result in results)


if __name__ == "__main__":
    main()
