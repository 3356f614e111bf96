"""Which detectors raise an alarm together: by thresholds alone, or by the number of alarms that are open.

``PER_MILLION`` compares each statistic with its threshold ``c``: at most one false alarm in ``c`` decisions.

``FDR`` is the e-detector Benjamini-Hochberg procedure (e-d-BH). With the statistics in order of how far each is above
its threshold, it raises the ``k``-th when at least ``k`` reach ``c / k``; alarms that are open count among the ``k``.
Its promise is another one. Let ``k`` be the number of alarms open once a false alarm is raised, itself included; then
the sum of ``1 / k`` over the false alarms of a detector is at most ``N / c`` in ``N`` decisions, on average: an alarm
at ``c / k`` takes at least that much from a supermartingale ``R - N``, whatever chose ``k``. A false alarm that is
alone counts in full, one beside nine others a tenth.

A *gated* detector raises its alarm only while another one's is open: for rules that cannot be broken unless the other
is broken too. Of two such rules that are kept all the time, no alarm of the gated one is false without one of its gate;
where the gate's rule is broken, only the gated one can be false. So both may use the threshold of one test, if both
alarms of a pair count as one (closed testing).

Source: Wang and Ramdas 2022, "False discovery rate control with e-values"; Dandapanthula and Ramdas 2025, "Multiple
testing in multi-stream sequential change detection", arXiv 2501.04130 (e-d-BH, error over patience); Marcus, Peritz and
Gabriel 1976, "On closed testing procedures".
"""

from __future__ import annotations

import enum

import numpy as np

from stream_app.core.arrays import Bools, Floats, Rows


class Procedure(enum.StrEnum):
    """How alarms are selected, and so what is promised about false ones."""

    PER_MILLION = "per_million"
    FDR = "fdr"


def select_alarms(excess: Floats, is_open: Bools, gates: Rows, procedure: Procedure) -> tuple[Bools, int]:
    """Return which detectors raise an alarm.

    Args:
        excess: Log of statistic / threshold of the alarm, shape (m,); of any value where an alarm is open.
        is_open: Whether a detector's alarm is open and stays so, shape (m,).
        gates: The detector whose alarm each needs; its own number where it needs none; shape (m,).
        procedure: How alarms are selected.

    Returns:
        Whether each raises an alarm, shape (m,), and ``k``: the part ``1 / k`` of its threshold that was needed.

    >>> excess, none = np.log([0.4, 0.4, 0.01]), np.zeros(3, np.bool_)
    >>> select_alarms(excess, none, np.arange(3), Procedure.PER_MILLION)[0].tolist()
    [False, False, False]
    >>> alarms, k = select_alarms(excess, np.array([False, False, True]), np.arange(3), Procedure.FDR)
    >>> alarms.tolist(), k
    ([True, True, False], 3)
    """
    strength = np.where(is_open, np.inf, excess)
    strength = np.minimum(strength, strength[gates])
    k = 1 if procedure is Procedure.PER_MILLION else _most_together(strength)
    alarms: Bools = ~is_open & (strength >= -np.log(k))
    return alarms, k


def _most_together(strength: Floats) -> int:
    """Return the largest k of which at least k reach ``-log k``; 1 where there is none."""
    downwards = np.sort(strength)[::-1]
    enough = np.flatnonzero(downwards >= -np.log(np.arange(1, strength.size + 1)))
    return int(enough[-1]) + 1 if enough.size else 1
