"""Judging a range of event time again under one or several scenarios, in one pass over the log.

``range_replay`` counts and judges the range; ``range_run`` drives it over the sources of a model; ``pace`` says when
records are due in a replay that is slowed down; ``similar_cases`` samples records for individual consistency;
``run_request`` is what was requested of a run, and ``manifest`` records what a run was made from.
"""
