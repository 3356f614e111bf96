"""What is on each dashboard, one module each."""

from __future__ import annotations

from dashboards.board import Board
from dashboards.boards import (
    camera,
    explanation,
    intersections,
    outcomes,
    overview,
    pipeline,
    privacy,
    replay,
)

__all__ = ["BOARDS"]

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    explanation.BOARD,
    intersections.BOARD,
    outcomes.BOARD,
    privacy.BOARD,
    camera.BOARD,
    pipeline.BOARD,
    replay.BOARD,
)
