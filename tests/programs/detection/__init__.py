"""Verdicts through the whole pipeline on a real broker, where no alarm may be false and every drift must raise one:
``streams`` has the decisions, a fair stream and a drift against women with its recovery, and the ways in which they
are sent; ``truth`` says who is treated worse by how much, from the simulator's rates alone; ``stage`` is an
installation, a worker that is killed, the alerts read back; ``claims`` is what must be true of those alerts. Its short
form is ``tests/e2e/test_verdicts.py``.
"""
