"""Sequential tests that are valid however often one looks: is a rule broken, with an estimated onset.

Read ``rules`` first (what is tested: a ratio or a gap of two rates), then ``bank``: detectors of rules about pairs, fed
period by period, from alarm to recovery; ``membership_bank`` has those of groups that are known by probabilities,
``amounts`` those of mean amounts. ``rate_bank`` tests single rates against known bounds. All derive from
``evidence_bank``, which states their common contract; their evidence is the statistic of ``shiryaev_roberts``, and
``betting`` has the e-values that go into it, with the proof. ``thresholds`` turns a false-alarm budget into the
threshold of each detector, and ``procedures`` selects the alarms. ``change_point`` estimates when a change began.
``score_drift`` is an index for display, ``ebh`` selects which of many e-values to report at a fixed time, and
``array_bytes`` stores arrays bit for bit.
"""
