"""The release gate of the judge: what of each result readers may see beside everything that they saw before.

``release_gate`` decides it for each window and revision; ``inner_windows`` what a window may show beside the smaller
ones inside it, ``alert_counts`` what alerts may say, and windows beside them, ``running_totals`` what totals show, and
``early_totals`` which of them readers can compute. ``outcome_gate`` does it for outcomes, divided as in
``outcome_parts``; ``barriers`` are moments at which few people have none. ``tables`` turns results into tables of
people, and ``withheld`` names what is kept of these. What the gate remembers is in ``judge.stored.stored_releases``.
"""
