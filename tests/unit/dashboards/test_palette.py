"""The colors of the dashboards are distinguishable and legible: with any color vision, on light and on dark."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from dashboards import palette
from tests.support.boards.pictures.fields import text_on

WHITE, DARK = "#FFFFFF", "#181B1F"  # Grafana's panels
LINES = {*palette.GROUPS, palette.REFERENCE, palette.VALUE, palette.LIMIT, palette.MIX, palette.RATE}
FILLED = [
    color for states in (palette.STATES, palette.NO_VERDICT, palette.GROUP_STATES) for _, color in states.values()
]

# Machado, Oliveira and Fernandes 2009: what linear RGB becomes for eyes without one kind of cone.
VISION = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("vision", VISION)
def test_the_colors_of_the_states_are_distinguishable_with_any_color_vision(vision: str) -> None:
    seen = [lab(color, VISION[vision]) for _, color in palette.STATES.values()]
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) > 20
    parts = [lab(color, VISION[vision]) for color in (palette.MIX, palette.RATE)]
    assert math.dist(*parts) > 20


@pytest.mark.parametrize("vision", VISION)
def test_the_colors_of_groups_are_distinguishable_with_any_color_vision(vision: str) -> None:
    seen = [lab(color, VISION[vision]) for color in palette.GROUPS]  # limits and references are dashed
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) > 15


@pytest.mark.parametrize("color", sorted(LINES))
def test_a_line_can_be_seen_on_light_and_on_dark(color: str) -> None:
    assert min(contrast(color, WHITE), contrast(color, DARK)) >= 3


@pytest.mark.parametrize("color", sorted(set(FILLED)))
def test_the_word_on_a_state_can_be_read(color: str) -> None:
    assert contrast(color, text_on(color)) >= 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors (WCAG 2.2)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    """Return the relative luminance of a color."""
    return dot((0.2126, 0.7152, 0.0722), linear_rgb(color))


def dot(weights: tuple[float, ...], values: list[float]) -> float:
    """Return the weighted sum."""
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


def lab(color: str, vision: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """Return CIE L*a*b* (D65) of a color as an eye sees it; a distance of 2 is just noticed."""
    linear = linear_rgb(color)
    seen = [min(1.0, max(0.0, dot(row, linear))) for row in vision]
    x = dot((0.4124, 0.3576, 0.1805), seen) / 0.9505
    y = dot((0.2126, 0.7152, 0.0722), seen)
    z = dot((0.0193, 0.1192, 0.9505), seen) / 1.089
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def linear_rgb(color: str) -> list[float]:
    """Return the linear parts of a color, from 0 to 1."""
    encoded = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in encoded]
