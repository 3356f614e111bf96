"""The content of each dashboard, one module per dashboard.

``overview``, ``explanation``, ``intersections`` and ``outcomes`` are about fairness, ``privacy`` and ``camera`` about
privacy; ``pipeline`` is about the workers, ``replay`` compares replays with live results.
"""

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
