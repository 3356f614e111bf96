"""Outcomes that come late, joined to their decisions and counted by cell.

``step`` is the lane of the outcome-join topic, ``join_reader`` reads its records; ``join_log`` stores what waits as
entries of the lane's state;
``report`` is what the lane reports after a commit. ``stream_app.pipeline.ingest.outcome_step`` reads raw outcomes.
"""
