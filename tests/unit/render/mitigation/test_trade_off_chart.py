"""The picture of a trade-off has a mark for every rule inside its frame, and hides no text of others in markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import msgspec

from stream_app.pipeline.replay.mitigation.results import RuleKind, RuleValue, TradeOff, ValueBounds
from stream_app.render.mitigation.chart import draw_trade_off

SVG = "{http://www.w3.org/2000/svg}"


def rule(kind: RuleKind, ratio: float, value: float, *, width: float = 0.0, is_best: bool = False) -> RuleValue:
    bounds = ValueBounds(value, value + width)
    return RuleValue(
        rule=kind, setting=0.5, ratio=ratio, approved=0.5, accuracy=bounds, repayment=ValueBounds(0.1, 0.1),
        is_best=is_best,
    )  # fmt: skip


RULES = (
    rule("logged", 0.4, 0.7),
    rule("cut", 0.5, 0.6),
    rule("group_cuts", 0.8, 0.65, is_best=True),
    rule("fitted", 0.5, 0.72, is_best=True),
    rule("weighted", 0.6, 0.71, is_best=True),
    rule("repaired", 0.7, 0.66, is_best=True),
)
TRADE_OFF = TradeOff(against="accuracy", n=1000, rules=RULES, missing=None)


def shapes(trade_off: TradeOff, name: str, model: str = "credit") -> list[ET.Element]:
    return ET.fromstring(draw_trade_off(trade_off, model, "gender", 0.8)).findall(f"{SVG}{name}")  # noqa: S314  # own text


def test_every_rule_has_a_mark_and_every_kind_a_name() -> None:
    texts = [text.text for text in shapes(TRADE_OFF, "text")]
    assert {"as decided", "one cut for all", "cuts by group", "model without weights"} <= set(texts)
    assert len(shapes(TRADE_OFF, "polygon")) == 2 * 5  # with the legend
    assert len(shapes(TRADE_OFF, "circle")) == 2
    [front] = shapes(TRADE_OFF, "polyline")
    assert len(str(front.get("points")).split()) == 4


def test_bounds_are_bars_and_a_front_of_bounds_is_not_connected() -> None:
    wide = msgspec.structs.replace(TRADE_OFF, rules=(*RULES[:-1], rule("repaired", 0.7, 0.6, width=0.2, is_best=True)))
    assert not shapes(wide, "polyline")
    assert len(shapes(wide, "line")) == len(shapes(TRADE_OFF, "line")) + 1


def test_marks_are_inside_the_picture_also_for_extreme_values() -> None:
    extreme = (rule("cut", 0.0, 0.0), rule("cut", 1.0, 1.0, is_best=True), rule("cut", 1.0, 0.0, width=1.0))
    places = [
        (float(str(each.get("cx"))), float(str(each.get("cy"))))
        for each in shapes(msgspec.structs.replace(TRADE_OFF, rules=extreme), "circle")
    ]
    assert all(0 < x < 760 and 0 < y < 560 for x, y in places)
    assert shapes(msgspec.structs.replace(TRADE_OFF, rules=()), "text")[-1].text == "Nobody was approved."


def test_names_of_others_are_text() -> None:
    text = draw_trade_off(TRADE_OFF, "<script>alert(1)</script>", "a\u202eb", 0.8)
    assert "<script" not in text
    assert "\u202e" not in text
    assert not re.search(r"href|url\(", text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
