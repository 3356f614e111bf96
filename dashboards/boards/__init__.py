"""The content of each dashboard, one module per dashboard.

``overview`` (with ``overview_groups``), ``explanation``, ``intersections``, ``outcomes``, ``errors`` and
``amounts`` are about fairness, ``privacy`` and ``camera`` about privacy; ``pipeline`` (with
``pipeline_lanes``) is about the workers, ``replay`` compares replays with live results.
"""

from __future__ import annotations

from dashboards.board import Board
from dashboards.boards import (
    amounts,
    camera,
    errors,
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
    errors.BOARD,
    amounts.BOARD,
    privacy.BOARD,
    camera.BOARD,
    pipeline.BOARD,
    replay.BOARD,
)
