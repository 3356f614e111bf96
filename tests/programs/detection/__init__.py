"""Verdicts through the whole pipeline on a real broker: nobody is accused without a cause, and every cause is found.

streams   the decisions: a fair stream, a drift against women with its recovery, and the ways in which they are sent
truth     who is treated worse by how much, from the simulator's rates alone
stage     an installation, the sending, a worker that is killed, the alerts read back
claims    what must hold of those alerts

``python -m tests.programs.detection`` prints one line for each claim; ``tests/e2e/test_verdicts.py`` is its short form.
"""
